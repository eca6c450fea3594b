"""``samsyn organisation``: the organisation as a file says."""

from pathlib import Path
from typing import Annotated

import typer

from server import organisation as feature
from server.commands.ground import Ground, Misuse, now, run
from server.commands.yaml_files import yaml_in
from server.organisation_format import OrganisationInvalid
from server.rules.access import OPERATOR


def organisation(
    file: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="The units and people, as below.")],
) -> None:
    """Add or change units, goals and people as FILE.yaml says.

    All of it is done or, if anything in it is wrong, nothing. Whom the file does not name is left alone, and
    nobody is removed: whoever has left gets `active: false`. Nobody gets a password by this. The `locale` is
    where somebody begins: afterwards the language is their own choice.

    \b
    units:
      - id: operations
        name: {sv: Drift, nb: Drift, en: Operations}
        parent: null          # the unit above it
        goals: [{sv: Färre stopp, nb: Færre stans, en: Fewer outages}]
    people:
      - id: jonas
        name: Jonas Bergman
        email: jonas@example.org
        unit: operations
        title: {sv: Enhetschef, nb: Enhetsleder, en: Unit manager}
        manager: null         # the id of another person
        locale: sv            # sv, nb or en
        roles: [employee, manager]
        employment: {form: permanent, began_on: 2020-02-01}   # and ends_on

    Roles are employee, manager, hr, form_administrator, system_administrator and union_representative.
    """
    run(lambda ground: _bring(ground, file))


async def _bring(ground: Ground, file: Path) -> None:
    body = yaml_in(file).value
    try:
        brought = await ground.database.write(
            lambda connection: feature.bring(connection, OPERATOR, body, now())
        )
    except OrganisationInvalid as invalid:
        raise Misuse(*map(str, invalid.errors)) from None
    print(
        f"Added {brought.units_added} units and {brought.people_added} people, changed "
        f"{brought.units_changed} and {brought.people_changed}, in {ground.place}."
    )
    if brought.counted_since:
        print(
            f"Whoever has had no conversation here yet is counted from today, {brought.counted_since}. "
            'The page "Rules of the organisation" and samsyn policy can have another day.'
        )
    if brought.without_password:
        print(
            f"{brought.without_password} active people have no password and cannot sign in: "
            "samsyn password EMAIL gives one."
        )
