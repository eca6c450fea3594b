"""When and where two people meet, and changing it (F48, F52).

Whoever takes part is told as the conversation was made: by e-mail, in the calendar, or not at all
(F53, F54; ``server/letters.py``).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, update

from server import audit, conversations, letter_format, letters
from server.audit import Event
from server.conversations import Meeting
from server.rules.access import Action, Actor
from server.rules.day import day_of
from server.rules.errors import TextTooLong, TimeSkipped, TooFarAway
from server.rules.limits import MEETING_DAYS_MAX, PLACE_CHARACTERS_MAX
from server.storage import tables
from server.storage.bells import ConversationChanged
from server.storage.database import Database, ring


def meeting(local: datetime, time_zone: str, place: str) -> Meeting:
    """The meeting at what clocks in ``time_zone`` say; ``local`` has no zone of its own.

    Of an hour that comes twice, in the autumn, it is the first. The place, on one line, may be empty.
    Raises TimeSkipped for a time that clocks skip, in spring, and TooFarAway for a year without UTC.
    """
    zone = ZoneInfo(time_zone)
    try:
        at = local.replace(tzinfo=zone).astimezone(UTC)
        is_skipped = at.astimezone(zone).replace(tzinfo=None) != local
    except OverflowError:
        raise TooFarAway(days=MEETING_DAYS_MAX) from None
    if is_skipped:
        raise TimeSkipped(time=f"{local:%H:%M}")
    return Meeting(at, time_zone, " ".join(place.split()))


def required(meeting: Meeting, now: datetime) -> Meeting:
    """The same meeting, if it can be kept. Raises TooFarAway or TextTooLong."""
    if abs(meeting.at - now) > timedelta(days=MEETING_DAYS_MAX):
        raise TooFarAway(days=MEETING_DAYS_MAX)
    if len(meeting.place) > PLACE_CHARACTERS_MAX:
        raise TextTooLong(characters=PLACE_CHARACTERS_MAX)
    return meeting


def move(connection: Connection, actor: Actor, id_: str, meeting: Meeting, now: datetime) -> None:
    """Have the two meet then and there instead. Nothing happens where they were to already.

    The responsible decides, or whoever stands in today.
    A time that has passed is taken: two people may have met on another day than was planned. Raises
    NotFound, NoLongerPossible, TooFarAway or TextTooLong.
    """
    seen = conversations.locked_planned(connection, actor, id_, day_of(now))
    conversation = conversations.required(seen, actor, Action.MOVE_MEETING)
    required(meeting, now)
    before = conversation.meeting
    if meeting == before:
        return
    table = tables.conversation
    values = {"meeting_at": meeting.at, "time_zone": meeting.time_zone, "place": meeting.place}
    connection.execute(update(table).where(table.c.id == id_).values(values))
    letters.queue(connection, id_, letter_format.Kind.MOVED, now, before=before.at if before else None)
    audit.record(connection, Event.MEETING_MOVED, actor.person, now, conversation=id_)
    ring(connection, ConversationChanged(id_))


class Meetings:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def move(self, actor: Actor, id_: str, meeting: Meeting) -> None:
        """As ``move``."""
        await self._database.write(lambda c: move(c, actor, id_, meeting, self._clock()))
