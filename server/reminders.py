"""Reminders: whom to tell today of what waits for them, at the times that the organisation has set.

    prepare, share, meet    so many days before the meeting: whoever has not begun to write; whoever has not
                            shared; everybody who takes part
    sign                    so many days after freezing, and again as many days later: whoever has not signed
    follow up               so many days before an activity's day: its owner and the employee

Key invariants:

1. Whether somebody has begun to write is asked of her own writing, and told to her alone. No letter, and
   no letter that fails to come, tells anybody of somebody else's unshared text.
2. Each reminder is stored once, whatever number of nodes look at the same time (``letters.put``).
3. What is past its use is not sent: neither by a node that was down for days (REMINDER_LATE_DAYS_MAX), nor
   by one whose mail server was (``still_holds``, asked when the letter's turn to leave comes).
4. Nobody is reminded of one meeting twice a day, nor in the night where the meeting is.

Days are those of the meeting's time zone; of the organisation's where there is no meeting. That a
conversation was made without e-mail is about its invitation: reminders are the organisation's matter, and
each person's own (``server/letter_choices.py``).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, or_, select

from server import letter_choices, letters, people, policy
from server.letter_format import Appointment, Kind, Letter, Notice
from server.policy import Reminders
from server.rules.access import GOES_ON, Action, Actor, PersonFacts, State, allowed
from server.rules.day import ZONE, day_of
from server.rules.limits import (
    REMINDER_DAYS_MAX,
    REMINDER_HOUR_MAX,
    REMINDER_HOUR_MIN,
    REMINDER_LATE_DAYS_MAX,
    REMINDERS_AT_ONCE_MAX,
)
from server.storage import tables
from server.storage.database import Database
from server.unfinished import TALK, held

BEFORE_MEETING = (Kind.MEET, Kind.SHARE, Kind.PREPARE)
"""The reminders of a meeting."""
ACTIVE = "active"
"""As ``server/activities.py`` stores it."""
LATE = timedelta(days=REMINDER_LATE_DAYS_MAX)


@dataclass(frozen=True, slots=True)
class Due:
    """One reminder that somebody is to get now."""

    kind: Kind
    matter: str
    """The conversation's id; ``activities/{employee}``."""
    person: str
    day: date
    """What makes it the same reminder: the meeting's day, the day on which it is due, the activities' day."""
    conversation: str | None = None
    employee: str = ""
    number: int = 1
    """Of activities."""


def due(connection: Connection, now: datetime) -> list[Due]:
    """Everything that is due now and has not been stored. A fixed number of queries, however much it is.

    Always in the same order: two nodes that store it at once wait for each other, and never both.
    """
    days = policy.get(connection).reminders
    unwanted = letter_choices.unwanted(connection)
    gone = frozenset(connection.scalars(select(tables.person.c.id).where(~tables.person.c.active)))
    found = [
        *_of_conversations(connection, days, gone, now),
        *_of_activities(connection, days.follow_up, now),
    ]
    wanted = (each for each in found if each.person not in gone and (each.person, each.kind) not in unwanted)
    return sorted(wanted, key=lambda each: (each.matter, each.person, each.kind, each.day))


def store(connection: Connection, found: Sequence[Due], now: datetime) -> None:
    """Store the letters of what is due, apart from those that another node has stored in the meantime."""
    talks = {each.conversation for each in found if each.conversation}
    rows = connection.execute(select(TALK).where(TALK.c.id.in_(talks)))
    told = {row.id: letters.appointment(connection, row, None) for row in rows}
    for each in found:
        about: Appointment | Notice
        if each.conversation is None:
            employee = letters.party(connection, each.employee)
            path = f"/people/{each.employee}/activities"
            about = Notice(employee, path, each.day, None, each.number)
        elif each.conversation in told:
            about = told[each.conversation]
        else:
            # It has been erased in the meantime.
            continue
        letters.put(connection, each.kind, each.matter, each.person, about, now, day=each.day)


def still_holds(connection: Connection, letter: Letter, now: datetime) -> bool:
    """Whether a reminder that is about to leave still tells what is so."""
    if letter.kind in letter_choices.unwanted_by(connection, letter.to.id):
        return False
    about = letter.about
    if isinstance(about, Notice):
        facts = people.facts_on(connection, about.person.id, day_of(now))
        may_see = allowed(Actor(letter.to.id), Action.SEE_ACTIVITIES, facts)
        return may_see and _is_still_to_do(connection, about, letter.to.id)
    rows, found = held(connection, TALK.c.id == about.conversation, now)
    is_moved = letter.kind in BEFORE_MEETING and rows and rows[0].meeting_at != about.meeting_at
    return not is_moved and letter.kind in found.get(about.conversation, {}).get(letter.to.id, ())


def _of_conversations(
    connection: Connection, days: Reminders, gone: Collection[str], now: datetime
) -> Iterator[Due]:
    latest = now + timedelta(days=REMINDER_DAYS_MAX + 1)
    wanted = or_(
        and_(TALK.c.state.in_(GOES_ON), TALK.c.meeting_at > now, TALK.c.meeting_at < latest),
        TALK.c.state == State.FROZEN,
    )
    rows, found = held(connection, wanted, now)
    frozen = _frozen_at(connection, wanted)
    stored = _stored(connection, wanted)
    for row in rows:
        zone = ZoneInfo(row.time_zone or ZONE)
        if not _is_hour(now.astimezone(zone)):
            continue
        today = now.astimezone(zone).date()
        times = [*_to_sign(frozen.get(row.id), days, zone, today)]
        # With somebody who has left nobody meets; what was written with her may still be signed.
        if row.employee_id not in gone and row.responsible_id not in gone:
            times = [*_before_meeting(row, days, zone, today), *times]
        for person, kinds in found.get(row.id, {}).items():
            before = stored[row.id, person]
            if any(made_at.astimezone(zone).date() == today for made_at in before.values()):
                continue
            wait = [(kind, day) for kind, day in times if kind in kinds and (kind, day) not in before]
            for kind, day in wait[:1]:
                yield Due(kind, row.id, person, day, conversation=row.id)


def _before_meeting(
    row: Row[Any], days: Reminders, zone: ZoneInfo, today: date
) -> Iterator[tuple[Kind, date]]:
    """What it is time for before a meeting, nearest to it first; each with the meeting's day."""
    if row.meeting_at is None:
        return
    meets_on = row.meeting_at.astimezone(zone).date()
    made_on = row.created_at.astimezone(zone).date()
    for kind, before in ((Kind.MEET, days.meet), (Kind.SHARE, days.share), (Kind.PREPARE, days.prepare)):
        if before is None:
            continue
        on = meets_on - timedelta(days=before)
        # Whoever was invited on that very day, or later, has just been told.
        if made_on < on <= today <= on + LATE:
            yield kind, meets_on


def _to_sign(
    frozen_at: datetime | None, days: Reminders, zone: ZoneInfo, today: date
) -> Iterator[tuple[Kind, date]]:
    """Whether it is time to remind of signing; with the day on which it became so."""
    if frozen_at is None or days.sign is None:
        return
    first = frozen_at.astimezone(zone).date() + timedelta(days=days.sign)
    if today >= first:
        pause = max(days.sign, 1)
        yield Kind.SIGN, today - timedelta(days=(today - first).days % pause)


def _frozen_at(connection: Connection, wanted: ColumnElement[bool]) -> dict[str, datetime]:
    """When each of the conversations that wait to be signed was frozen."""
    record = tables.record.c
    rows = connection.execute(
        select(TALK.c.id, record.frozen_at)
        .join(tables.record, and_(TALK.c.id == record.conversation_id, TALK.c.version == record.version))
        .where(wanted, TALK.c.state == State.FROZEN)
    )
    return {row.id: row.frozen_at for row in rows}


def _stored(
    connection: Connection, wanted: ColumnElement[bool]
) -> Mapping[tuple[str, str], dict[tuple[Kind, date], datetime]]:
    """(conversation, person) -> the reminders there have been, and when they were made."""
    letter = tables.letter.c
    rows = connection.execute(
        select(letter.conversation_id, letter.person_id, letter.kind, letter.day, letter.made_at).where(
            letter.conversation_id.in_(select(TALK.c.id).where(wanted)), letter.day.is_not(None)
        )
    )
    found: dict[tuple[str, str], dict[tuple[Kind, date], datetime]] = defaultdict(dict)
    for row in rows:
        found[row.conversation_id, row.person_id][Kind(row.kind), row.day] = row.made_at
    return found


def _of_activities(connection: Connection, days_before: int | None, now: datetime) -> Iterator[Due]:
    """One reminder a person of all activities of one employee that have their day: few letters, not many."""
    if days_before is None or not _is_hour(now.astimezone(ZoneInfo(ZONE))):
        return
    before = timedelta(days=days_before)
    first, last = day_of(now) - LATE + before, day_of(now) + before
    activity, person, letter = tables.activity, tables.person, tables.letter
    is_near = or_(activity.c.due_on.between(first, last), activity.c.follow_up_on.between(first, last))
    rows = connection.execute(
        select(activity, person.c.manager_id)
        .join(person, person.c.id == activity.c.employee_id)
        .where(activity.c.state == ACTIVE, is_near, person.c.active)
    ).all()
    employees = select(activity.c.employee_id).where(activity.c.state == ACTIVE, is_near)
    responsibles = _responsibles(connection, employees)
    numbers: Counter[tuple[str, str, date]] = Counter()
    for row in rows:
        facts = PersonFacts(row.employee_id, row.manager_id, responsibles=responsibles[row.employee_id])
        # An owner who cannot see it any more is told nothing.
        told = [
            each
            for each in {row.employee_id, row.owner_id} - {None}
            if allowed(Actor(each), Action.SEE_ACTIVITIES, facts)
        ]
        for day in {row.due_on, row.follow_up_on} - {None}:
            # Whoever agreed on it on that very day, or later, needs no reminder.
            is_news = row.created_at is not None and day_of(row.created_at) >= day - before
            if first <= day <= last and not is_news:
                numbers.update((each, row.employee_id, day) for each in told)
    stored = connection.execute(
        select(letter.c.person_id, letter.c.matter, letter.c.day).where(
            letter.c.kind == Kind.FOLLOW_UP.value, letter.c.day.between(first, last)
        )
    )
    there = {(row.person_id, row.matter, row.day) for row in stored}
    for (receiver, employee, day), number in numbers.items():
        matter = f"activities/{employee}"
        if (receiver, matter, day) not in there:
            yield Due(Kind.FOLLOW_UP, matter, receiver, day, employee=employee, number=number)


def _responsibles(connection: Connection, employees: Select[tuple[str]]) -> Mapping[str, frozenset[str]]:
    """Who is responsible for a conversation that goes on with each of the employees."""
    rows = connection.execute(
        select(TALK.c.employee_id, TALK.c.responsible_id).where(
            TALK.c.state.in_(GOES_ON), TALK.c.employee_id.in_(employees)
        )
    )
    found: dict[str, frozenset[str]] = defaultdict(frozenset)
    for row in rows:
        found[row.employee_id] |= {row.responsible_id}
    return found


def _is_still_to_do(connection: Connection, about: Notice, receiver: str) -> bool:
    """Whether there still is an activity of the day for somebody who is told."""
    activity = tables.activity.c
    found = exists().where(
        activity.employee_id == about.person.id,
        activity.state == ACTIVE,
        or_(activity.due_on == about.first_on, activity.follow_up_on == about.first_on),
        or_(activity.employee_id == receiver, activity.owner_id == receiver),
    )
    return bool(connection.scalar(select(found)))


def _is_hour(local: datetime) -> bool:
    """Whether letters that nobody waits for may come at that time of the day."""
    return REMINDER_HOUR_MIN <= local.hour < REMINDER_HOUR_MAX


class Reminding:
    """The way in for the task that looks at the clock."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def remind(self) -> None:
        """Store every letter that is due. Raises StorageUnavailable.

        A few at a time: nobody who writes waits for hundreds of letters.
        """
        now = self._clock()
        found = await self._database.read(lambda c: due(c, now))
        for at in range(0, len(found), REMINDERS_AT_ONCE_MAX):
            await self._database.write(partial(store, found=found[at : at + REMINDERS_AT_ONCE_MAX], now=now))
