"""Stand-ins: who plans in the place of a manager who is away and sees the overview, and reads nothing.

The manager names them, or HR does for one who is away already. What a stand-in may do is asked of
``server.rules.access`` on the day itself (``people.stand_ins``): nothing is to be taken back afterwards.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, true, update

from server import audit, letters, people
from server.audit import Event
from server.letter_format import Kind
from server.people import Person
from server.rules.access import Action, Actor, PersonFacts, allowed
from server.rules.day import day_of
from server.rules.errors import (
    AlreadyStandsIn,
    DayPassed,
    DaysReversed,
    NotByOneself,
    NotFound,
    NotOneself,
    TooFarAway,
    TooLongAway,
)
from server.rules.limits import (
    MEETING_DAYS_MAX,
    SEARCH_RESULTS_MAX,
    STAND_IN_DAYS_MAX,
    STAND_IN_REASON_CHARACTERS_MAX,
)
from server.rules.saying import said
from server.storage import tables
from server.storage.database import Database

ID_BYTES = 16
PATH = "/staff"
"""Where a stand-in sees the staff."""


@dataclass(frozen=True, slots=True)
class Days:
    """The first day and the last, both included."""

    begins_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class StandIn:
    """Somebody stands in for a manager."""

    id: str
    manager: Person
    person: Person
    """Who stands in."""
    days: Days
    reason: str
    """Read by the three whom it concerns: the manager, the stand-in and HR. Empty for none."""

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.days.begins_on <= day <= self.days.ends_on


def name(
    connection: Connection, actor: Actor, manager: str, person: str, days: Days, reason: str, now: datetime
) -> str:
    """Have ``person`` stand in for ``manager`` on these days, and be told of it. Returns its id.

    Raises NotFound without the right, and when there is no such active person; NotOneself, NotByOneself,
    DaysReversed, DayPassed, TooFarAway, TooLongAway, AlreadyStandsIn or TextTooLong.
    """
    _require_right(connection, actor, manager, now)
    stand_in = people.get(connection, person)
    if not stand_in.active:
        raise NotFound
    if person == manager:
        raise NotOneself
    if person == actor.person:
        # A stand-in reads what employees ask for: nobody of HR takes that for herself.
        raise NotByOneself
    _check(days, day_of(now))
    table = tables.delegation
    overlaps = (table.c.begins_on <= days.ends_on) & (table.c.ends_on >= days.begins_on)
    same = (table.c.manager_id == manager) & (table.c.stand_in_id == person)
    if connection.scalar(select(exists().where(same, overlaps))):
        raise AlreadyStandsIn(name=stand_in.name)
    id_ = secrets.token_hex(ID_BYTES)
    connection.execute(
        insert(table).values(
            id=id_,
            manager_id=manager,
            stand_in_id=person,
            begins_on=days.begins_on,
            ends_on=days.ends_on,
            reason=said(reason, STAND_IN_REASON_CHARACTERS_MAX),
        )
    )
    letters.queue_notice(
        connection,
        Kind.STAND_IN,
        _matter(id_),
        to=person,
        about=manager,
        path=PATH,
        now=now,
        first_on=days.begins_on,
        last_on=days.ends_on,
    )
    audit.record(connection, Event.STAND_IN_NAMED, actor.person, now, person=person, manager=manager)
    return id_


def end(connection: Connection, actor: Actor, id_: str, now: datetime) -> None:
    """End it now, before its last day, or take it back before its first. Raises NotFound."""
    table = tables.delegation
    row = connection.execute(select(table).where(table.c.id == id_)).one_or_none()
    if row is None or row.ends_on < day_of(now):
        raise NotFound
    _require_right(connection, actor, row.manager_id, now)
    yesterday = day_of(now) - timedelta(days=1)
    if row.begins_on <= yesterday:
        connection.execute(update(table).where(table.c.id == id_).values(ends_on=yesterday))
    else:
        connection.execute(delete(table).where(table.c.id == id_))
    letters.drop(connection, _matter(id_), row.stand_in_id)
    about = {"person": row.stand_in_id, "manager": row.manager_id}
    audit.record(connection, Event.STAND_IN_ENDED, actor.person, now, **about)


def of_manager(connection: Connection, actor: Actor, manager: str, now: datetime) -> list[StandIn]:
    """Who stands in for a manager, today or later. Raises NotFound without the right."""
    _require_right(connection, actor, manager, now)
    return _read(connection, tables.delegation.c.manager_id == manager, day_of(now))


def of_everybody(connection: Connection, actor: Actor, now: datetime) -> list[StandIn]:
    """Who stands in for whom, today or later: for HR. Raises NotFound for others."""
    if not names_for_others(actor):
        raise NotFound
    return _read(connection, true(), day_of(now))


def mine(connection: Connection, actor: Actor, now: datetime) -> list[StandIn]:
    """For whom the actor stands in, today or later."""
    return _read(connection, tables.delegation.c.stand_in_id == actor.person, day_of(now))


def names_for_others(actor: Actor) -> bool:
    """Whether the actor names stand-ins for managers who are away, whoever they are: HR does."""
    return allowed(actor, Action.NAME_STAND_IN, PersonFacts("", None, leads=True))


def found(connection: Connection, words: str, *, leading: bool = False) -> list[Person]:
    """Active people by name, as ``people.named``: for a form; ``leading``, only those who have staff."""
    persons = people.named(connection, words, SEARCH_RESULTS_MAX)
    if not leading:
        return persons
    leaders = _leaders(connection, (person.id for person in persons))
    return [person for person in persons if person.id in leaders]


def leads(connection: Connection, person: str) -> bool:
    """Whether a person has staff, so that somebody can stand in for them."""
    return person in _leaders(connection, [person])


def _leaders(connection: Connection, persons: Iterable[str]) -> set[str]:
    table = tables.person
    led = select(table.c.manager_id).where(table.c.manager_id.in_(list(persons)), table.c.active)
    return {manager for manager in connection.scalars(led.distinct()) if manager is not None}


def _require_right(connection: Connection, actor: Actor, manager: str, now: datetime) -> None:
    facts = people.facts_on(connection, manager, day_of(now))
    if not allowed(actor, Action.NAME_STAND_IN, replace(facts, leads=leads(connection, manager))):
        raise NotFound


def _check(days: Days, today: date) -> None:
    if days.ends_on < days.begins_on:
        raise DaysReversed
    if days.ends_on < today:
        raise DayPassed
    if days.begins_on - today > timedelta(days=MEETING_DAYS_MAX):
        raise TooFarAway(days=MEETING_DAYS_MAX)
    if days.ends_on - days.begins_on >= timedelta(days=STAND_IN_DAYS_MAX):
        raise TooLongAway(days=STAND_IN_DAYS_MAX)


def _read(connection: Connection, whose: ColumnElement[bool], today: date) -> list[StandIn]:
    """Those that hold or will, by their first day."""
    table, person = tables.delegation, tables.person
    rows = connection.execute(
        select(table)
        .where(whose, table.c.ends_on >= today)
        .order_by(table.c.begins_on, table.c.ends_on, table.c.id)
    ).all()
    named = {id_ for row in rows for id_ in (row.manager_id, row.stand_in_id)}
    persons = {
        row.id: people.person_of(row)
        for row in connection.execute(select(person).where(person.c.id.in_(named)))
    }
    return [
        StandIn(
            row.id,
            persons[row.manager_id],
            persons[row.stand_in_id],
            Days(row.begins_on, row.ends_on),
            row.reason,
        )
        for row in rows
    ]


def _matter(id_: str) -> str:
    return f"stand-in/{id_}"


class StandIns:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def name(self, actor: Actor, manager: str, person: str, days: Days, reason: str = "") -> str:
        """As ``name``."""
        return await self._database.write(
            lambda c: name(c, actor, manager, person, days, reason, self._clock())
        )

    async def end(self, actor: Actor, id_: str) -> None:
        """As ``end``."""
        await self._database.write(lambda c: end(c, actor, id_, self._clock()))

    async def of_manager(self, actor: Actor, manager: str) -> list[StandIn]:
        """As ``of_manager``."""
        return await self._database.read(lambda c: of_manager(c, actor, manager, self._clock()))

    async def of_everybody(self, actor: Actor) -> list[StandIn]:
        """As ``of_everybody``."""
        return await self._database.read(lambda c: of_everybody(c, actor, self._clock()))

    async def mine(self, actor: Actor) -> list[StandIn]:
        """As ``mine``."""
        return await self._database.read(lambda c: mine(c, actor, self._clock()))

    async def found(self, words: str, *, leading: bool = False) -> list[Person]:
        """As ``found``."""
        return await self._database.read(lambda c: found(c, words, leading=leading))

    async def leads(self, person: str) -> bool:
        """As ``leads``."""
        return await self._database.read(lambda c: leads(c, person))
