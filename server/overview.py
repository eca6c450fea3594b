"""A manager's overview: who of the staff has had a conversation, what is agreed and due (F32-F37, F65-F68).

It holds dates, states and numbers, and nothing that anybody wrote. That somebody's conversation has been
started is said from the day on which it is planned, so that nobody's private writing shows in it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Subquery, case, exists, func, select

from server import people, policy
from server.activities import ActivityState
from server.coverage import not_about_pay
from server.people import Person
from server.policy import Policy
from server.rules.access import GOES_ON, Action, Actor, PersonFacts, State, allowed
from server.rules.day import day_of
from server.rules.requirement import Due, Urgency, due
from server.storage import tables
from server.storage.database import Database


class Talked(StrEnum):
    """What the cell of somebody's conversations says."""

    STARTED = "started"
    """One is planned or goes on, with whomever (F34, F36)."""
    COMPLETED = "completed"
    NONE = "none"


class Agreed(StrEnum):
    """What the cell of somebody's activities says."""

    ACTIVE = "active"
    """Some are to be done, however many are done (F67, F68)."""
    ALL_DONE = "all_done"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Talks:
    """Somebody's conversations, cancelled ones left out."""

    kind: Talked
    completed_on: date | None
    """When the last one was completed, whatever has been started since."""
    is_elsewhere: bool
    """Those that go on are all with somebody else than the manager, who cannot open them (F36)."""
    is_declined: bool
    """The newest one was declined."""
    meets_at: datetime | None
    """When the manager and the employee meet next."""


@dataclass(frozen=True, slots=True)
class Goals:
    """Somebody's activities, cancelled ones and those of an older system left out."""

    kind: Agreed
    active: int
    late: int
    """How many of the active ones should have been done by now."""
    done_on: date | None
    """When the last one was done, however many are active."""


@dataclass(frozen=True, slots=True)
class Member:
    """One of a manager's staff."""

    person: Person
    talks: Talks
    goals: Goals
    due: Due
    asks: bool
    """Has asked for a conversation, and waits for an answer (F75)."""
    opens_activities: bool
    """Whether the viewer may see the activities themselves."""

    @property
    def has_none(self) -> bool:
        """Is required to have a conversation, has never had one, and none is planned."""
        return self.due.urgency is not Urgency.NONE and self.talks.kind is Talked.NONE


@dataclass(frozen=True, slots=True)
class Section:
    """One manager's staff, by name."""

    manager: Person
    members: tuple[Member, ...]
    until: date | None = None
    """The last day on which the viewer stands in for the manager; None for one's own staff."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How a team stands, for its manager's manager: numbers alone."""

    held: int
    """How many have had a conversation in the period that is asked about."""
    overdue: int


@dataclass(frozen=True, slots=True)
class Team:
    """The staff of somebody who is of the viewer's own staff."""

    manager: Person
    size: int
    figures: Figures | None
    """None for a small group, where a number would tell of a person (F105)."""


@dataclass(frozen=True, slots=True)
class Overview:
    """All that one person sees of other people's conversations."""

    sections: tuple[Section, ...]
    """One's own staff first, if there is any; then of each manager for whom one stands in."""
    teams: tuple[Team, ...]


def staff(connection: Connection, actor: Actor, now: datetime) -> Overview:
    """What the actor sees of the staff: one's own, theirs for whom one stands in, and figures of teams.

    In a handful of queries, however many people it is about. Empty for whoever has no staff.
    """
    today = day_of(now)
    here = policy.get(connection)
    led = _led(connection, actor, today)
    rows = _rows(connection, _seen_by(actor, [person.id for person, _ in led]), now, today)
    by_manager: dict[str, list[Row[Any]]] = {}
    for row in rows:
        by_manager.setdefault(row.manager_id, []).append(row)

    def section(manager: Person, until: date | None) -> Section:
        stand_ins = frozenset({actor.person} if until else ())
        members = (
            _member(row, actor, stand_ins, here, today)
            for row in by_manager.get(manager.id, [])
            if allowed(actor, Action.SEE_STAFF, PersonFacts(row.id, manager.id, stand_ins=stand_ins))
        )
        return Section(manager, tuple(members), until)

    sections = (section(manager, until) for manager, until in led)
    teams = (
        _team(people.person_of(row), by_manager[row.id], here, today)
        for row in by_manager.get(actor.person, [])
        if row.id in by_manager and allowed(actor, Action.SEE_COUNTS, PersonFacts(row.id, row.manager_id))
    )
    return Overview(tuple(each for each in sections if each.members), tuple(teams))


def _led(connection: Connection, actor: Actor, today: date) -> list[tuple[Person, date | None]]:
    """Whose staff the actor sees: one's own, then theirs for whom one stands in, and until when."""
    person, delegation = tables.person, tables.delegation
    stands_in = (
        select(delegation.c.manager_id, func.max(delegation.c.ends_on).label("until"))
        .where(delegation.c.stand_in_id == actor.person, people.stands_in_on(today))
        .group_by(delegation.c.manager_id)
        .subquery()
    )
    is_self = person.c.id == actor.person
    rows = connection.execute(
        select(person, stands_in.c.until)
        .outerjoin(stands_in, stands_in.c.manager_id == person.c.id)
        .where(person.c.active, is_self | stands_in.c.until.is_not(None))
        .order_by(~is_self, person.c.name, person.c.id)
    )
    return [(people.person_of(row), row.until) for row in rows]


def _seen_by(actor: Actor, led: list[str]) -> Select[Any]:
    """Ids of everybody of whom the actor sees anything, numbers included."""
    person, leader = tables.person, tables.person.alias()
    leads = select(leader.c.id).where(leader.c.manager_id == actor.person, leader.c.active)
    return select(person.c.id).where(
        person.c.active, person.c.manager_id.in_(led) | person.c.manager_id.in_(leads)
    )


def _rows(connection: Connection, wanted: Select[Any], now: datetime, today: date) -> list[Row[Any]]:
    """One row each, by name: the person, and what there is of conversations and activities."""
    person, request = tables.person, tables.request
    talks, goals = _talks(wanted, not_about_pay(connection), now), _goals(wanted, today)
    asks = exists().where(request.c.employee_id == person.c.id, request.c.answer.is_(None))
    return list(
        connection.execute(
            select(
                person,
                *(column for column in (*talks.c, *goals.c) if column.name != "employee_id"),
                asks.label("asks"),
            )
            .outerjoin(talks, talks.c.employee_id == person.c.id)
            .outerjoin(goals, goals.c.employee_id == person.c.id)
            .where(person.c.id.in_(wanted))
            .order_by(person.c.name, person.c.id)
        )
    )


def _talks(wanted: Select[Any], counts_as_yearly: ColumnElement[bool], now: datetime) -> Subquery:
    """Of each employee: the conversations, added up. One about pay is held, and not the one that is due."""
    talk, record, person = tables.conversation, tables.record, tables.person
    goes_on = talk.c.state.in_(GOES_ON)
    is_ours = goes_on & (talk.c.responsible_id == person.c.manager_id)
    counts = talk.c.state != State.CANCELLED
    is_declined = talk.c.state == State.DECLINED
    return (
        select(
            talk.c.employee_id,
            func.max(case((goes_on, 1), else_=0)).label("goes_on"),
            func.max(case((is_ours, 1), else_=0)).label("is_ours"),
            # Of a conversation that was opened again, whatever became of it: what was signed was held.
            func.max(record.c.closed_at).label("completed_at"),
            func.max(case((counts_as_yearly, record.c.closed_at))).label("held_at"),
            func.max(case((counts, talk.c.created_at))).label("newest_at"),
            func.max(case((is_declined, talk.c.created_at))).label("declined_at"),
            func.min(case((is_ours & (talk.c.meeting_at >= now), talk.c.meeting_at))).label("meets_at"),
        )
        .join(person, person.c.id == talk.c.employee_id)
        .outerjoin(record, record.c.conversation_id == talk.c.id)
        .where(talk.c.employee_id.in_(wanted))
        .group_by(talk.c.employee_id)
        .subquery()
    )


def _goals(wanted: Select[Any], today: date) -> Subquery:
    """Of each employee: the activities, added up."""
    goal = tables.activity
    is_active = goal.c.state == ActivityState.ACTIVE
    is_done = goal.c.state == ActivityState.COMPLETED
    return (
        select(
            goal.c.employee_id,
            func.sum(case((is_active, 1), else_=0)).label("goals_active"),
            func.sum(case((is_active & (goal.c.due_on < today), 1), else_=0)).label("goals_late"),
            func.max(case((is_done, goal.c.completed_on))).label("goals_done_on"),
        )
        .where(goal.c.employee_id.in_(wanted))
        .group_by(goal.c.employee_id)
        .subquery()
    )


def _member(row: Row[Any], actor: Actor, stand_ins: frozenset[str], here: Policy, today: date) -> Member:
    person = people.person_of(row)
    facts = PersonFacts(person.id, person.manager_id, stand_ins=stand_ins)
    return Member(
        person=person,
        talks=_talks_of(row),
        goals=_goals_of(row),
        due=_due(person, row, here, today),
        asks=row.asks,
        opens_activities=allowed(actor, Action.SEE_ACTIVITIES, facts),
    )


def _talks_of(row: Row[Any]) -> Talks:
    completed_on = _completed_on(row)
    kind = Talked.STARTED if row.goes_on else Talked.COMPLETED if completed_on else Talked.NONE
    return Talks(
        kind=kind,
        completed_on=completed_on,
        is_elsewhere=bool(row.goes_on) and not row.is_ours,
        is_declined=row.declined_at is not None and row.declined_at == row.newest_at,
        meets_at=row.meets_at,
    )


def _goals_of(row: Row[Any]) -> Goals:
    active = row.goals_active or 0
    kind = Agreed.ACTIVE if active else Agreed.ALL_DONE if row.goals_done_on else Agreed.NONE
    return Goals(kind, active, row.goals_late or 0, row.goals_done_on)


def _completed_on(row: Row[Any]) -> date | None:
    return day_of(row.completed_at) if row.completed_at else None


def _held_on(row: Row[Any]) -> date | None:
    """When somebody last had a conversation of those that are required."""
    return day_of(row.held_at) if row.held_at else None


def _due(person: Person, row: Row[Any], here: Policy, today: date) -> Due:
    employment = person.employment
    return due(here.rule, employment.began_on, employment.ends_on, _held_on(row), today)


def _team(manager: Person, rows: Iterable[Row[Any]], here: Policy, today: date) -> Team:
    """The figures of one team."""
    members = list(rows)
    if len(members) < here.small_group:
        return Team(manager, len(members), None)
    period = here.period_on(today)
    held = sum(
        (on := _held_on(row)) is not None and period.begins_on <= on <= period.ends_on for row in members
    )
    overdue = sum(_due(people.person_of(row), row, here, today).urgency is Urgency.OVERDUE for row in members)
    return Team(manager, len(members), Figures(held, overdue))


class Overviews:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def staff(self, actor: Actor) -> Overview:
        """As ``staff``, now."""
        return await self._database.read(lambda c: staff(c, actor, self._clock()))
