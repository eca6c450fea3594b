"""``samsyn conversation``: one conversation between an employee and the employee's manager."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from server import meetings, people
from server.audit import Event
from server.commands.ground import Ground, Misuse, now, run
from server.conversations import Conversations, Meeting
from server.people import Person
from server.rules.errors import NotFound, TimeSkipped, TooFarAway
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
    notify: Annotated[
        bool, typer.Option("--e-mail", help="Tell both by e-mail now, and whenever the meeting is moved.")
    ] = False,
    invite: Annotated[
        bool, typer.Option("--calendar", help="Put the meeting into both calendars by e-mail.")
    ] = False,
) -> None:
    """Make a conversation and print its address.

    It is made in the manager's name, who becomes responsible for it: they must be the employee's manager now,
    and the template available to the employee.
    """
    telling = Telling(notify, invite)
    run(lambda ground: _make(ground, employee, template, _meeting(at, place, time_zone), telling))


@dataclass(frozen=True, slots=True)
class Telling:
    """How the two are told of their meeting."""

    notify: bool
    invite: bool


async def _make(ground: Ground, email: str, template: str, meeting: Meeting, telling: Telling) -> None:
    if (telling.notify or telling.invite) and ground.settings.mail_server is None:
        raise Misuse("There is no mail server: set SAMSYN_SMTP_URL and SAMSYN_MAIL_FROM, or make it without.")
    employee = await ground.person(email)
    manager = await _manager_of(ground, employee)
    version = await Templates(ground.database, now).newest(template)
    if not version:
        raise Misuse(f"There is no template {template} in {ground.place}.")
    conversations = Conversations(ground.database, now)
    try:
        id_ = await conversations.create(
            manager.actor,
            employee.id,
            (template, version),
            meeting,
            notify=telling.notify,
            invite=telling.invite,
            event=Event.CONVERSATION_ENTERED,
        )
    except NotFound:
        raise Misuse(f"The template {template} is not available to {employee.name}.") from None
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
        ZoneInfo(time_zone)
    except (OSError, ValueError, KeyError):
        raise Misuse(f"--time-zone must be a name as Europe/Oslo, and {time_zone} is none.") from None
    try:
        local = datetime.strptime(at, AT)  # noqa: DTZ007 (its zone is given beside it)
        return meetings.meeting(local, time_zone, place)
    except (ValueError, TooFarAway):
        raise Misuse(f'--at must be a day and a time as "2026-12-01 10:00", and "{at}" is none.') from None
    except TimeSkipped:
        raise Misuse(f"--at is {at}, which clocks in {time_zone} skip that night.") from None
