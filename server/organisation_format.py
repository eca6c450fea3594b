"""The format in which an operator writes the organisation: its units, their goals and its people.

``read`` raises ``OrganisationInvalid`` with every fault at once: of the format, and of every id and address
that does not fit what the file and the database say together. Unknown keys are faults.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, StringConstraints, ValidationError, model_validator

from server.faults import Fault, mappings, path_of, sentence_of
from server.people import normal_email
from server.rules.access import Role
from server.rules.limits import EMAIL_CHARACTERS_MAX, NAME_CHARACTERS_MAX
from server.template.words import Identifier, NotEmpty, PersonId, Sentence, Strict, Words

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_CHARACTERS_MAX)]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[^@\s]+@[^@\s]+$", max_length=EMAIL_CHARACTERS_MAX),
    AfterValidator(normal_email),
]


class OrganisationName(Strict):
    """What the file is about, for whoever reads it: Samsyn shows it nowhere."""

    name: Name


class UnitEntry(Strict):
    """One unit, its goals in every language (F78, F102), and the unit above it."""

    id: Identifier
    name: Words
    parent: Identifier | None = None
    goals: tuple[Words, ...] = ()


class EmploymentEntry(Strict):
    """For the rules on who must have a conversation (F111)."""

    form: Sentence
    began_on: date
    ends_on: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        if self.ends_on is not None and self.ends_on < self.began_on:
            raise ValueError("the employment ends before it began")
        return self


class PersonEntry(Strict):
    """One person. Unit and manager stand in the same file, in any order, or in the database already."""

    id: PersonId
    name: Name
    email: Email
    unit: Identifier | None = None
    title: Words
    manager: PersonId | None = None
    locale: Literal["sv", "nb", "en"]
    roles: Annotated[tuple[Role, ...], NotEmpty] = (Role.EMPLOYEE,)
    employment: EmploymentEntry
    active: bool = True
    """False for whoever has left: no way in, and everything written stays."""


class OrganisationFile(Strict):
    """What the file says. Whom it does not name is left as they are."""

    organisation: OrganisationName | None = None
    units: tuple[UnitEntry, ...] = ()
    people: tuple[PersonEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Present:
    """What is in the database already."""

    parents: Mapping[str, str | None]
    """Unit -> the unit above it."""
    managers: Mapping[str, str | None]
    """Person -> the person's manager."""
    emails: Mapping[str, str]
    """Address -> the person who has it."""


class OrganisationInvalid(Exception):
    """The file breaks the format. ``errors`` has every fault."""

    def __init__(self, errors: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(map(str, errors)))
        self.errors = errors


def read(body: object, present: Present) -> OrganisationFile:
    """Make an OrganisationFile of what a YAML file holds. Raises OrganisationInvalid."""
    faults = list(_misfits(body, present)) if isinstance(body, dict) else []
    try:
        told = OrganisationFile.model_validate(body)
    except ValidationError as invalid:
        faults += [Fault(path_of(e["loc"], "file"), sentence_of(e)) for e in invalid.errors()]
    if faults:
        raise OrganisationInvalid(tuple(faults))
    return told


def _misfits(body: dict[Any, Any], present: Present) -> Iterator[Fault]:
    """Look at the unchecked mapping, so that these are reported along with everything else."""
    units, people = mappings(body.get("units")), mappings(body.get("people"))
    parents = _merged(present.parents, units, "parent")
    managers = _merged(present.managers, people, "manager")
    yield from _repeated(units, "units", "id")
    yield from _repeated(people, "people", "id")
    yield from _repeated(people, "people", "email")
    yield from _tree(units, "units", "parent", parents)
    yield from _tree(people, "people", "manager", managers)
    for number, person in enumerate(people):
        unit, id_, email = (person.get(key) for key in ("unit", "id", "email"))
        if isinstance(unit, str) and unit not in parents:
            yield Fault(
                f"people[{number}].unit", f"There is no {unit}, neither in the file nor in the database."
            )
        owner = present.emails.get(normal_email(email)) if isinstance(email, str) else None
        if owner is not None and owner != id_:
            yield Fault(f"people[{number}].email", f"{owner} has this address already.")


def _merged(
    present: Mapping[str, str | None], entries: list[dict[str, Any]], above: str
) -> dict[str, str | None]:
    told = {entry["id"]: entry.get(above) for entry in entries if isinstance(entry.get("id"), str)}
    return {**present, **{id_: over if isinstance(over, str) else None for id_, over in told.items()}}


def _repeated(entries: list[dict[str, Any]], where: str, key: str) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for number, entry in enumerate(entries):
        value = entry.get(key)
        if not isinstance(value, str):
            continue
        first = seen.setdefault(normal_email(value), number)
        if first != number:
            yield Fault(f"{where}[{number}].{key}", f"{value} stands in {where}[{first}] already.")


def _tree(
    entries: list[dict[str, Any]], where: str, above: str, merged: Mapping[str, str | None]
) -> Iterator[Fault]:
    """Everybody above somebody is there, and nobody is above themselves."""
    for number, entry in enumerate(entries):
        id_, over = entry.get("id"), entry.get(above)
        if not isinstance(over, str):
            continue
        path = f"{where}[{number}].{above}"
        if over not in merged:
            yield Fault(path, f"There is no {over}, neither in the file nor in the database.")
        elif isinstance(id_, str) and id_ in _chain(over, merged):
            yield Fault(path, f"{id_} would stand above itself.")


def _chain(start: str, merged: Mapping[str, str | None]) -> set[str]:
    """``start`` and all that stand above it."""
    found: set[str] = set()
    at: str | None = start
    while at is not None and at not in found:
        found.add(at)
        at = merged.get(at)
    return found
