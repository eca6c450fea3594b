"""Coverage, for HR: who should have had a conversation in a period, and who has (F110–F115, F105).

It holds dates and states of conversations, and nothing that anybody wrote in them; nothing in it rests on a
pane that has not been shared. Figures are made for reports, so those that would tell of a few people are left
out (``server.rules.small_groups``). The list of people is for HR's own follow-up, and whole.

Everybody's conversations are added up by the database: as many queries for 10,000 people as for ten. Of
everybody only what the figures need is read, and when who met whom only of those who are looked at.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from operator import add
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Subquery,
    and_,
    case,
    false,
    func,
    not_,
    or_,
    select,
    true,
    union_all,
)

from server import audit, people, policy
from server.audit import Event
from server.policy import Period, Policy
from server.rules.access import GOES_ON, Action, Actor, OrganisationFacts, State, allowed
from server.rules.coverage import Employed, Standing, Talked, overdue_until, standing
from server.rules.day import ZONE, day_of
from server.rules.errors import NotFound
from server.rules.limits import COVERAGE_NAMED_MAX
from server.rules.requirement import Rule
from server.rules.small_groups import shown
from server.storage import tables
from server.storage.database import Database

WHOLE = ""
"""The organisation as a whole, above all units."""
UNPLACED = "-"
"""Whoever is in no unit. No unit's id is this."""
DAY = timedelta(days=1)


class Employee(NamedTuple):
    """One person employed in the period, and how it stands."""

    id: str
    name: str
    unit: str
    """Its id, or UNPLACED."""
    standing: Standing
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Details:
    """What else a list says of one employee. Days are the organisation's own."""

    manager: str
    """The manager's name; empty for none."""
    employed: Employed
    due_on: date | None
    """By when, for whoever is to have one and has had none in the period."""
    held_on: date | None
    """The last conversation in the period."""
    held_before: date | None
    """The last one before the period."""
    declined_on: date | None
    """In the period."""
    meets_on: date | None
    """The next meeting of a conversation that goes on, or the last that was planned."""


class Figures(NamedTuple):
    """How many people of a unit, and of the units below it."""

    required: int = 0
    """Who should have had a conversation: the sum of the next four."""
    held: int = 0
    goes_on: int = 0
    declined: int = 0
    none: int = 0
    overdue: int = 0
    """Of those who have had none."""
    not_required: int = 0


FIGURES = Figures._fields


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with what is below it."""

    id: str
    """WHOLE and UNPLACED are units here, too."""
    name: Mapping[str, str]
    """Locale -> words; empty for those two."""
    above: str | None
    """None for the organisation as a whole."""
    below: tuple[str, ...]
    """Ids of the units directly below."""
    figures: Figures | None
    """Of the unit and all below it. None where they would tell of a few people."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which people of the list are asked for. Empty: all."""

    unit: str = WHOLE
    """With those below it."""
    standing: Standing | None = None
    overdue: bool = False
    words: str = ""
    """Of the name."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """A period: its people by name, its units, and their figures."""

    period: Period
    own_period: Period | None
    """The one that the policy names, if it names one."""
    small_group: int
    """Figures of fewer people are left out."""
    employees: Sequence[Employee]
    units: Mapping[str, Unit]

    def people(self, wanted: Wanted) -> list[Employee]:
        """Those who are asked for, by name. Nobody of a unit that does not exist."""
        units = self.within(wanted.unit)
        return [
            each
            for each in self.employees
            if each.unit in units
            and (wanted.standing is None or each.standing is wanted.standing)
            and (each.is_overdue or not wanted.overdue)
            and (not wanted.words or people.is_named(each.name, wanted.words))
        ]

    def within(self, unit: str) -> frozenset[str]:
        """The unit and all below it."""
        found: set[str] = set()
        waiting = [unit] if unit in self.units else []
        while waiting:
            each = waiting.pop()
            found.add(each)
            waiting += self.units[each].below
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Read:
    """What the database says, of which a Coverage is made."""

    period: Period
    policy: Policy
    today: date
    late: date
    """Whoever is employed for good is overdue if the last conversation was on this day, or before."""
    rows: Sequence[Any]
    """As ``_rows`` has them."""
    go_on: Collection[str]
    """Employees of whose conversations one goes on."""
    declined: Collection[str]
    """Employees who declined one in the period."""
    units: Sequence[Any]
    """Id, name, and the one above."""


def _read(connection: Connection, actor: Actor, period: Period | None, now: datetime) -> _Read:
    if not allowed(actor, Action.SEE_COVERAGE, OrganisationFacts()):
        raise NotFound
    here, today = policy.get(connection), day_of(now)
    period = period or here.period_on(today)
    late = overdue_until(here.rule, period.ends_on, today)
    unit, counts = tables.unit, not_about_pay(connection)
    go_on, declined = _of_whose(connection, counts, period)
    return _Read(
        period,
        here,
        today,
        late,
        _rows(connection, counts, period, late),
        go_on,
        declined,
        connection.execute(select(unit.c.id, unit.c.name, unit.c.parent).order_by(unit.c.id)).all(),
    )


def _made(read: _Read) -> Coverage:
    here = read.policy
    employees = _employees(read)
    units = _units(employees, read.units, here.small_group)
    return Coverage(read.period, here.period, here.small_group, employees, units)


def note_export(connection: Connection, actor: Actor, kind: str, unit: str, now: datetime) -> None:
    """Note that the actor takes ``figures`` or ``people`` (``kind``) of a unit out of the system.

    Raises NotFound for anybody but HR.
    """
    if not allowed(actor, Action.SEE_COVERAGE, OrganisationFacts()):
        raise NotFound
    about = {"kind": kind, "format": "csv"} | ({"unit": unit} if unit not in (WHOLE, UNPLACED) else {})
    audit.record(connection, Event.COVERAGE_EXPORTED, actor.person, now, **about)


def not_about_pay(connection: Connection) -> ColumnElement[bool]:
    """Of rows of ``conversation``: those of a kind that is required each year, so not about pay (F155)."""
    template, talk = tables.template, tables.conversation
    paid = connection.execute(
        select(template.c.id, template.c.version).where(template.c.body["kind"].as_string() == "salary")
    )
    same = (and_(talk.c.template_id == row.id, talk.c.template_version == row.version) for row in paid.all())
    return not_(or_(false(), *same))


def _rows(connection: Connection, counts: ColumnElement[bool], period: Period, late: date) -> Sequence[Any]:
    """One row for each person, by name: columns in the order in which ``_employees`` takes them.

    When the last conversation was is read of the few only of whom the rule asks for the day: to make instants
    of ten thousand values, and days of these, takes longer than to compare them here.
    """
    person, talk, record = tables.person, tables.conversation, tables.record
    first, after = instants(period)
    last = (
        select(talk.c.employee_id, func.max(record.c.closed_at).label("at"))
        .join(record, record.c.conversation_id == talk.c.id)
        .where(counts, record.c.closed_at < after)
        .group_by(talk.c.employee_id)
        .subquery()
    )
    ends_on = person.c.employment["ends_on"].as_string()
    is_for_good = person.c.active & ends_on.is_(None)
    rows = connection.execute(
        select(
            person.c.id,
            person.c.name,
            person.c.unit,
            person.c.active,
            person.c.left_on,
            person.c.employment["began_on"].as_string().label("began_on"),
            ends_on.label("ends_on"),
            (last.c.at >= first).label("held"),
            (last.c.at < _begins(late + DAY)).label("is_late"),
            case((not_(is_for_good) & (last.c.at < first), last.c.at)).label("held_before"),
        )
        .outerjoin(last, last.c.employee_id == person.c.id)
        .order_by(person.c.name, person.c.id)
    )
    # All at once: one by one, the driver is asked for each.
    return rows.all()


def _of_whose(
    connection: Connection, counts: ColumnElement[bool], period: Period
) -> tuple[frozenset[str], frozenset[str]]:
    """The employees of whose conversations one goes on, and those of whose one was declined in the period.

    They are few, and to ask of each of all the people takes a database longer.
    """
    talk, decision = tables.conversation, tables.decision
    first, after = instants(period)
    go_on = select(talk.c.employee_id, false()).where(counts, _goes_on(after))
    declined = (
        select(talk.c.employee_id, true())
        .join(decision, decision.c.conversation_id == talk.c.id)
        .where(counts, decision.c.kind == "declined", _is_declined(first, after))
    )
    found: tuple[set[str], set[str]] = (set(), set())
    for employee, is_declined in connection.execute(union_all(go_on, declined)).all():
        found[is_declined].add(employee)
    return frozenset(found[0]), frozenset(found[1])


def _read_details(
    connection: Connection, actor: Actor, period: Period, ids: Collection[str], now: datetime
) -> tuple[Rule, Sequence[Any]]:
    """The rule, and a row for each of some people: columns in the order in which ``_details`` takes them."""
    if not allowed(actor, Action.SEE_COVERAGE, OrganisationFacts()):
        raise NotFound
    person, manager, talk = tables.person, tables.person.alias(), tables.conversation
    # A database takes so many values in one query. Of more people it says everybody's.
    are_named = len(ids) <= COVERAGE_NAMED_MAX
    counts = not_about_pay(connection)
    talks = _talks(counts & talk.c.employee_id.in_(ids) if are_named else counts, period, now)
    rows = connection.execute(
        select(
            person.c.id,
            manager.c.name,
            person.c.active,
            person.c.left_on,
            person.c.employment["began_on"].as_string().label("began_on"),
            person.c.employment["ends_on"].as_string().label("ends_on"),
            talks.c.held_at,
            talks.c.held_before,
            talks.c.declined_at,
            talks.c.meets_at,
        )
        .outerjoin(manager, manager.c.id == person.c.manager_id)
        .outerjoin(talks, talks.c.employee_id == person.c.id)
        .where(person.c.id.in_(ids) if are_named else true())
    )
    return policy.get(connection).rule, rows.all()


def _details(rows: Iterable[Any], rule: Rule, last: date, today: date) -> dict[str, Details]:
    """What else a list says of people in a period that ends on ``last``, by their ids."""
    found = {}
    for id_, name, active, left_on, began_on, ends_on, *moments in rows:
        employed = _employed(active, left_on, began_on, ends_on)
        held_on, held_before, declined_on, meets_on = (_day(each) for each in moments)
        talked = Talked(held_on is not None, held_before)
        _, due_on, _ = standing(rule, employed, talked, last, today)
        found[id_] = Details(name or "", employed, due_on, held_on, held_before, declined_on, meets_on)
    return found


def _goes_on(after: datetime) -> ColumnElement[bool]:
    """Of rows of ``conversation``: those that go on, and were there before an instant."""
    talk = tables.conversation
    return talk.c.state.in_(GOES_ON) & (talk.c.created_at < after)


def _is_declined(first: datetime, after: datetime) -> ColumnElement[bool]:
    """Of rows of ``conversation`` and ``decision``: those of a conversation that was declined in between."""
    at = tables.decision.c.at
    return and_(tables.conversation.c.state == State.DECLINED, at >= first, at < after)


def _talks(counts: ColumnElement[bool], period: Period, now: datetime) -> Subquery:
    """Of each employee: when the conversations were, added up."""
    talk, record, decision = tables.conversation, tables.record, tables.decision
    first, after = instants(period)
    goes_on = _goes_on(after)
    # Of a conversation that was opened again, whatever became of it: what was closed was held.
    held, declined = record.c.closed_at, decision.c.at
    return (
        select(
            talk.c.employee_id,
            func.coalesce(
                func.min(case((goes_on & (talk.c.meeting_at >= now), talk.c.meeting_at))),
                func.max(case((goes_on, talk.c.meeting_at))),
            ).label("meets_at"),
            func.max(case(((held >= first) & (held < after), held))).label("held_at"),
            func.max(case((held < first, held))).label("held_before"),
            func.max(case((_is_declined(first, after), declined))).label("declined_at"),
        )
        .outerjoin(record, record.c.conversation_id == talk.c.id)
        .outerjoin(decision, and_(decision.c.conversation_id == talk.c.id, decision.c.kind == "declined"))
        .where(counts)
        .group_by(talk.c.employee_id)
        .subquery()
    )


def instants(period: Period) -> tuple[datetime, datetime]:
    """When the period begins, and when it is over."""
    return _begins(period.begins_on), _begins(period.ends_on + DAY)


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(ZONE)).astimezone(UTC)


def _employees(read: _Read) -> list[Employee]:
    """Whoever was employed in the period, without those of whom nobody knows when they left."""
    rule, first, last, today = read.policy.rule, read.period.begins_on, read.period.ends_on, read.today
    go_on, declined = read.go_on, read.declined

    @cache
    def for_good(held: bool, is_late: bool, goes_on: bool, is_declined: bool) -> tuple[Standing, bool]:
        """How it stands with everybody who is employed for good, and of whom this is so."""
        day = read.late if is_late else read.late + DAY
        talked = Talked(held, day, goes_on, is_declined)
        stands, _, is_overdue = standing(rule, Employed(day, None), talked, last, today)
        return stands, is_overdue

    # Days as they are stored, which are in their order as texts too.
    last_day, late_day = last.isoformat(), read.late.isoformat()
    since = rule.since.isoformat() if rule.since else ""
    found = []
    # Taken apart at once: of ten thousand rows each column by its name takes a while.
    for id_, name, unit, active, left_on, began_on, ends_on, held, is_late, before in read.rows:
        goes_on, is_declined = id_ in go_on, id_ in declined
        if active and ends_on is None:
            # Nearly everybody. For whoever has had none yet, the employment's beginning counts instead.
            if began_on > last_day:
                continue
            late = max(began_on, since) <= late_day if is_late is None else is_late
            stands, is_overdue = for_good(bool(held), late, goes_on, is_declined)
        else:
            employed = _employed(active, left_on, began_on, ends_on)
            is_unknown = not active and left_on is None and ends_on is None
            if is_unknown or not employed.overlaps(first, last):
                continue
            talked = Talked(bool(held), _day(before), goes_on, is_declined)
            stands, _, is_overdue = standing(rule, employed, talked, last, today)
        found.append(Employee(id_, name, unit or UNPLACED, stands, is_overdue))
    return found


def _employed(active: bool, left_on: date | None, began_on: str, ends_on: str | None) -> Employed:
    """An employment as it is stored."""
    until = date.fromisoformat(ends_on) if ends_on else None
    return Employed(date.fromisoformat(began_on), until, None if active else left_on)


def _day(moment: datetime | None) -> date | None:
    return day_of(moment) if moment else None


def _units(employees: Iterable[Employee], stored: Iterable[Any], small_group: int) -> dict[str, Unit]:
    """Every unit, with the figures that may be shown. ``stored``: rows of id, name and the one above."""
    own = _counted(employees)
    names: dict[str, Mapping[str, str]] = {}
    above: dict[str, str] = {}
    for id_, name, parent in stored:
        names[id_], above[id_] = name, parent or WHOLE
    if UNPLACED in own:
        above[UNPLACED] = WHOLE
    below: dict[str, list[str]] = {unit: [] for unit in (WHOLE, *above)}
    for unit, over in above.items():
        below[over].append(unit)
    required = {unit: figures.required for unit, figures in own.items()}
    visible = shown(below, required, WHOLE, small_group)
    totals = _totals(own, above, below)
    return {
        unit: Unit(
            unit,
            names.get(unit, {}),
            above.get(unit),
            tuple(under),
            totals[unit] if unit in visible else None,
        )
        for unit, under in below.items()
    }


def _counted(employees: Iterable[Employee]) -> dict[str, Figures]:
    """The figures of each unit's own people."""
    counts: dict[str, dict[str, int]] = {}
    # Counted first: there are thousands of people, and a few ways in which one can stand.
    of_a_kind = Counter((unit, stands, is_overdue) for _, _, unit, stands, is_overdue in employees)
    for (name, stands, is_overdue), number in of_a_kind.items():
        unit = counts.setdefault(name, dict.fromkeys(FIGURES, 0))
        unit[stands.value] += number
        unit["required"] += number if stands is not Standing.NOT_REQUIRED else 0
        unit["overdue"] += number if is_overdue else 0
    return {unit: Figures(**counted) for unit, counted in counts.items()}


def _totals(
    own: Mapping[str, Figures], above: Mapping[str, str], below: Mapping[str, Sequence[str]]
) -> dict[str, Figures]:
    """The figures of each unit with all below it."""
    order, waiting = [], [WHOLE]
    while waiting:
        order.append(waiting.pop())
        waiting += below[order[-1]]
    totals = {unit: own.get(unit, Figures()) for unit in order}
    # Each is whole before it is added to the one above it. The first is above all.
    for unit in reversed(order[1:]):
        over = above[unit]
        totals[over] = Figures(*map(add, totals[over], totals[unit]))
    return totals


class Coverages:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def read(self, actor: Actor, period: Period | None = None) -> Coverage:
        """How it stands in a period; None for the one that the policy names. Raises NotFound but for HR."""
        found = await self._database.read(lambda c: _read(c, actor, period, self._clock()))
        # Thousands of people take a tenth of a second: meanwhile everybody else types on.
        return await asyncio.to_thread(_made, found)

    async def detailed(
        self, actor: Actor, period: Period, employees: Sequence[Employee]
    ) -> list[tuple[Employee, Details]]:
        """Employees with their details, without those who have been erased meanwhile.

        Raises NotFound for anybody but HR.
        """
        ids, now = [each.id for each in employees], self._clock()
        rule, rows = await self._database.read(lambda c: _read_details(c, actor, period, ids, now))
        # As above: a file has everybody's.
        found = await asyncio.to_thread(_details, rows, rule, period.ends_on, day_of(now))
        return [(each, found[each.id]) for each in employees if each.id in found]

    async def note_export(self, actor: Actor, kind: str, unit: str) -> None:
        """As ``note_export``."""
        await self._database.write(lambda c: note_export(c, actor, kind, unit, self._clock()))
