"""One employee's page: what is started, what is completed, what is to be done and what is next (F38-F42).

For the employee, the manager, and whoever stands in for the manager. Each finds the conversations in which
they take part. Of the others the manager learns that there are some, and a stand-in when and in what state.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select

from server import activities, conversations, people, policy, start
from server.activities import Activity, ActivityState
from server.conversations import Meeting
from server.coverage import not_about_pay
from server.people import Person
from server.rules.access import GOES_ON, Action, Actor, PersonFacts, State, allowed
from server.rules.day import day_of
from server.rules.errors import NotFound
from server.rules.requirement import Due, due
from server.start import TALK, Talk
from server.storage import tables
from server.storage.database import Database


@dataclass(frozen=True, slots=True)
class Planned:
    """A conversation for whoever stands in for the responsible: when, and in what state."""

    id: str
    state: State
    meeting: Meeting | None
    completed_on: date | None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """That there are conversations with others than the viewer, and nothing of them."""

    goes_on: bool
    completed_on: date | None
    """When the last one was completed that the viewer cannot open."""


@dataclass(frozen=True, slots=True)
class Employee:
    """One employee for one viewer."""

    person: Person
    is_self: bool
    talks: tuple[Talk, ...]
    """Those in which the viewer takes part as employee or responsible: by their meetings, then the rest."""
    completed_on: Mapping[str, date]
    """Of those that have been completed: by the conversation's id, the last time."""
    planned: tuple[Planned, ...]
    elsewhere: Elsewhere
    active: tuple[Activity, ...] | None
    """What is to be done, the nearest day first; None for whoever may not see it."""
    active_count: int
    ended_count: int
    due: Due
    may_plan: bool
    may_ask: bool
    may_add_activity: bool


def see(connection: Connection, actor: Actor, id_: str, now: datetime) -> Employee:
    """One's own page, or that of an employee whom one leads, or stands in for today. Raises NotFound."""
    person, facts = _person(connection, actor, id_, day_of(now))
    is_self = actor.person == id_
    if not allowed(actor, Action.SEE_EMPLOYEE, facts):
        raise NotFound
    rows = _rows(connection, actor, id_)
    mine = conversations.seen(
        connection, actor, [row for row in rows if actor.person in (row.employee_id, row.responsible_id)]
    )
    found = {each.id for each in mine}
    others = [row for row in rows if row.id not in found]
    stands_in = actor.person in facts.stand_ins
    planned = [row for row in others if stands_in and row.responsible_id == person.manager_id]
    agreed = activities.of(connection, id_)
    may_read = allowed(actor, Action.SEE_ACTIVITIES, facts)
    active = [each for each in agreed if each.state is ActivityState.ACTIVE]
    # One about pay is not the one that is due.
    held = [on for row in rows if row.counts and (on := _completed_on(row)) is not None]
    employment = person.employment
    rule = policy.get(connection).rule
    return Employee(
        person=person,
        is_self=is_self,
        talks=start.talks(mine, [row for row in rows if row.id in found]),
        completed_on={row.id: on for row in rows if row.id in found and (on := _completed_on(row))},
        planned=tuple(map(_planned, planned)),
        elsewhere=_elsewhere([row for row in others if row not in planned]),
        active=tuple(active) if may_read else None,
        active_count=len(active),
        ended_count=len(agreed) - len(active),
        due=due(rule, employment.began_on, employment.ends_on, max(held, default=None), day_of(now)),
        may_plan=allowed(actor, Action.CREATE_CONVERSATION, facts),
        may_ask=allowed(actor, Action.ASK_FOR_CONVERSATION, facts),
        may_add_activity=allowed(actor, Action.ADD_ACTIVITY, facts),
    )


def _person(connection: Connection, actor: Actor, id_: str, today: date) -> tuple[Person, PersonFacts]:
    """The employee, and what decides about the actor's looking. Raises NotFound."""
    person, delegation = tables.person, tables.delegation
    stands_in = exists().where(
        delegation.c.manager_id == person.c.manager_id,
        delegation.c.stand_in_id == actor.person,
        people.stands_in_on(today),
    )
    row = connection.execute(
        select(person, stands_in.label("stands_in")).where(person.c.id == id_, person.c.active)
    ).one_or_none()
    if row is None:
        raise NotFound
    stand_ins = frozenset({actor.person} if row.stands_in else ())
    return people.person_of(row), PersonFacts(row.id, row.manager_id, stand_ins=stand_ins)


def _rows(connection: Connection, actor: Actor, id_: str) -> list[Row[Any]]:
    """All of the employee's conversations, with what ``start.talks`` needs and when each was completed."""
    record = tables.record
    completed_at = (
        select(func.max(record.c.closed_at)).where(record.c.conversation_id == TALK.c.id).scalar_subquery()
    )
    return list(
        connection.execute(
            select(
                TALK,
                *start.beside(actor),
                completed_at.label("completed_at"),
                not_about_pay(connection).label("counts"),
            )
            .where(TALK.c.employee_id == id_)
            .order_by(*conversations.in_order())
        )
    )


def _completed_on(row: Row[Any]) -> date | None:
    return day_of(row.completed_at) if row.completed_at else None


def _planned(row: Row[Any]) -> Planned:
    meeting = Meeting(row.meeting_at, row.time_zone, row.place) if row.meeting_at else None
    return Planned(row.id, row.state, meeting, _completed_on(row))


def _elsewhere(rows: Sequence[Row[Any]]) -> Elsewhere:
    completed = [on for row in rows if (on := _completed_on(row)) is not None]
    return Elsewhere(any(row.state in GOES_ON for row in rows), max(completed, default=None))


class Employees:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def see(self, actor: Actor, id_: str) -> Employee:
        """As ``see``, now."""
        return await self._database.read(lambda c: see(c, actor, id_, self._clock()))
