"""``samsyn policy``: how the organisation has it, as a file says."""

from pathlib import Path
from typing import Annotated

import typer
import yaml

from server import policy as feature
from server.commands.ground import Ground, Misuse, now, run
from server.commands.yaml_files import yaml_in
from server.policy import PolicyInvalid
from server.rules.access import OPERATOR


def policy(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE.yaml]", help="The rules, as below; without it they are printed."),
    ] = None,
) -> None:
    """Print the rules of the organisation, or have them as FILE.yaml says.

    What the file does not name is as it is below, by default. HR and the system administrator change the same
    rules on the page "Rules of the organisation".

    \b
    annual_required: true          # everybody to whom the rule applies must have a conversation
    required_every_months: 12
    required_from_months: 5        # a shorter temporary employment needs none
    required_since: null           # or 2026-09-01: whoever has had none is counted from no earlier day
    may_decline: true
    notice_days: [7, 14]           # an invitation comes so many days before the meeting
    period: null                   # or {name: …, begins_on: 2026-09-01, ends_on: 2026-12-20}
    small_group: 5                 # figures of fewer people are not shown
    reminders: {prepare: 7, share: 2, meet: 1, sign: 3, follow_up: 0}   # days; null: none
    retention: {draft_after_leaving_days: 90, completed_years: 2, signed_years: 2}
    """
    run(lambda ground: _show(ground) if file is None else _put(ground, file))


async def _show(ground: Ground) -> None:
    stored = (await ground.database.read(feature.get)).model_dump(mode="json")
    print(yaml.safe_dump(stored, allow_unicode=True, sort_keys=False, default_flow_style=None), end="")


async def _put(ground: Ground, file: Path) -> None:
    try:
        wanted = feature.read(yaml_in(file).value)
    except PolicyInvalid as invalid:
        raise Misuse(*map(str, invalid.faults)) from None
    await ground.database.write(lambda connection: feature.put(connection, OPERATOR, wanted, now()))
    print(f"These are the rules now, in {ground.place}.")
