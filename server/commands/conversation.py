"""``samsyn conversation``: one conversation between an employee and the employee's manager."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from server import people
from server.commands.ground import Ground, Misuse, now, run
from server.conversations import Conversations, Meeting
from server.people import Person
from server.rules.errors import NotFound
from server.rules.limits import PLACE_CHARACTERS_MAX
from server.templates import Templates

AT = "%Y-%m-%d %H:%M"


def conversation(
    employee: Annotated[
        str, typer.Option("--employee", metavar="EMAIL", help="With whom. Their manager is the other party.")
    ],
    template: Annotated[
        str,
        typer.Option("--template", metavar="ID", help="What it asks: the newest version of this template."),
    ],
    at: Annotated[str, typer.Option("--at", metavar="TIME", help='When they meet, as "2026-12-01 10:00".')],
    place: Annotated[str, typer.Option("--place", metavar="TEXT", help='Where they meet, as "Room 2".')],
    time_zone: Annotated[
        str, typer.Option("--time-zone", metavar="NAME", help="Whose time it is.")
    ] = "Europe/Stockholm",
) -> None:
    """Make a conversation and print its address.

    It is made in the manager's name, who becomes responsible for it: they must be the employee's manager now,
    and the template available to the employee's unit.
    """
    run(lambda ground: _make(ground, employee, template, _meeting(at, place, time_zone)))


async def _make(ground: Ground, email: str, template: str, meeting: Meeting) -> None:
    employee = await ground.person(email)
    manager = await _manager_of(ground, employee)
    version = await Templates(ground.database, now).newest(template)
    if not version:
        raise Misuse(f"There is no template {template} in {ground.place}.")
    conversations = Conversations(ground.database, now)
    try:
        id_ = await conversations.create(manager.actor, employee.id, (template, version), meeting)
    except NotFound:
        raise Misuse(f"The template {template} is not available to the unit of {employee.name}.") from None
    print(f"{ground.settings.address}/conversations/{id_}")


async def _manager_of(ground: Ground, employee: Person) -> Person:
    id_ = employee.manager_id
    if id_ is None:
        raise Misuse(f"{employee.name} has no manager: samsyn organisation sets one.")
    manager = await ground.database.read(lambda connection: people.get(connection, id_))
    if not manager.active:
        raise Misuse(f"The manager of {employee.name}, {manager.name}, is not active.")
    return manager


def _meeting(at: str, place: str, time_zone: str) -> Meeting:
    place = place.strip()
    if not 1 <= len(place) <= PLACE_CHARACTERS_MAX:
        raise Misuse(f"--place must have between 1 and {PLACE_CHARACTERS_MAX} characters.")
    try:
        zone = ZoneInfo(time_zone)
    except (OSError, ValueError, KeyError):
        raise Misuse(f"--time-zone must be a name as Europe/Oslo, and {time_zone} is none.") from None
    try:
        local = datetime.strptime(at, AT).replace(tzinfo=zone)
    except ValueError:
        raise Misuse(f'--at must be a day and a time as "2026-12-01 10:00", and "{at}" is none.') from None
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise Misuse(f"--at is {at}, which clocks in {time_zone} skip that night.")
    return Meeting(instant, time_zone, place)
