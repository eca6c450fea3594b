"""Coverage, for HR: who should have had a conversation in a period, and who has (F110–F115, F105).

It holds dates and states of conversations, and nothing that anybody wrote in them; nothing in it rests on a
pane that has not been shared. Figures are made for reports, so those that would tell of a few people are left
out (``server.rules.small_groups``). The list of people is for HR's own follow-up, and whole.

Everybody's conversations are added up by the database: as many queries for 10,000 people as for ten.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Row, Subquery, and_, case, false, func, not_, or_, select

from server import audit, people, policy
from server.audit import Event
from server.policy import Period, Policy
from server.rules.access import GOES_ON, Action, Actor, OrganisationFacts, State, allowed
from server.rules.coverage import Employed, Standing, Talked, standing
from server.rules.day import ZONE, day_of
from server.rules.errors import NotFound
from server.rules.requirement import Rule
from server.rules.small_groups import shown
from server.storage import tables
from server.storage.database import Database

WHOLE = ""
"""The organisation as a whole, above all units."""
UNPLACED = "-"
"""Whoever is in no unit. No unit's id is this."""


class Employee(NamedTuple):
    """One person employed in the period. Days are the organisation's own.

    There are many of them, and few are looked at: what day an instant was is said when it is asked for.
    """

    id: str
    name: str
    unit: str
    """Its id, or UNPLACED."""
    manager: str
    """The manager's name; empty for none."""
    employed: Employed
    standing: Standing
    due_on: date | None
    """By when, for whoever is to have one and has had none in the period."""
    is_overdue: bool
    held_at: datetime | None
    held_before_at: datetime | None
    declined_at: datetime | None
    meets_at: datetime | None

    @property
    def held_on(self) -> date | None:
        """The last conversation in the period."""
        return _day(self.held_at)

    @property
    def held_before(self) -> date | None:
        """The last one before the period."""
        return _day(self.held_before_at)

    @property
    def declined_on(self) -> date | None:
        """In the period."""
        return _day(self.declined_at)

    @property
    def meets_on(self) -> date | None:
        """The next meeting of a conversation that goes on, or the last that was planned."""
        return _day(self.meets_at)


@dataclass(frozen=True, slots=True)
class Figures:
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

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, each) + getattr(other, each) for each in FIGURES))


FIGURES = ("required", "held", "goes_on", "declined", "none", "overdue", "not_required")


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
    rows: list[Row[Any]]
    names: dict[str, dict[str, str]]
    """Of the units."""
    above: dict[str, str]
    """A unit -> the one above it, WHOLE for those at the top."""


def _read(connection: Connection, actor: Actor, period: Period | None, now: datetime) -> _Read:
    if not allowed(actor, Action.SEE_COVERAGE, OrganisationFacts()):
        raise NotFound
    here, today = policy.get(connection), day_of(now)
    period = period or here.period_on(today)
    unit = tables.unit
    return _Read(
        period,
        here,
        today,
        _rows(connection, period, now),
        people.unit_names(connection),
        {row.id: row.parent or WHOLE for row in connection.execute(select(unit.c.id, unit.c.parent))},
    )


def _made(read: _Read) -> Coverage:
    rule, period = read.policy.rule, read.period
    employees = [each for row in read.rows if (each := _employee(row, rule, period, read.today)) is not None]
    small_group = read.policy.small_group
    return Coverage(period, small_group, employees, _units(employees, read.names, read.above, small_group))


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


def _rows(connection: Connection, period: Period, now: datetime) -> list[Row[Any]]:
    """One row for each person, by name: columns in the order in which ``_employee`` takes them."""
    person, manager = tables.person, tables.person.alias()
    talks = _talks(not_about_pay(connection), period, now)
    return list(
        connection.execute(
            select(
                person.c.id,
                person.c.name,
                person.c.unit,
                person.c.active,
                person.c.left_on,
                manager.c.name.label("manager"),
                person.c.employment["began_on"].as_string().label("began_on"),
                person.c.employment["ends_on"].as_string().label("ends_on"),
                *(column for column in talks.c if column.name != "employee_id"),
            )
            .outerjoin(manager, manager.c.id == person.c.manager_id)
            .outerjoin(talks, talks.c.employee_id == person.c.id)
            .order_by(person.c.name, person.c.id)
        )
    )


def _talks(counts: ColumnElement[bool], period: Period, now: datetime) -> Subquery:
    """Of each employee: the conversations, added up."""
    talk, record, decision = tables.conversation, tables.record, tables.decision
    first, after = instants(period)
    goes_on = talk.c.state.in_(GOES_ON) & (talk.c.created_at < after)
    # Of a conversation that was opened again, whatever became of it: what was closed was held.
    held, declined = record.c.closed_at, decision.c.at
    is_declined = (talk.c.state == State.DECLINED) & (declined >= first) & (declined < after)
    return (
        select(
            talk.c.employee_id,
            func.max(case((goes_on, 1), else_=0)).label("goes_on"),
            func.coalesce(
                func.min(case((goes_on & (talk.c.meeting_at >= now), talk.c.meeting_at))),
                func.max(case((goes_on, talk.c.meeting_at))),
            ).label("meets_at"),
            func.max(case(((held >= first) & (held < after), held))).label("held_at"),
            func.max(case((held < first, held))).label("held_before"),
            func.max(case((is_declined, declined))).label("declined_at"),
        )
        .outerjoin(record, record.c.conversation_id == talk.c.id)
        .outerjoin(decision, and_(decision.c.conversation_id == talk.c.id, decision.c.kind == "declined"))
        .where(counts)
        .group_by(talk.c.employee_id)
        .subquery()
    )


def instants(period: Period) -> tuple[datetime, datetime]:
    """When the period begins, and when it is over."""
    zone = ZoneInfo(ZONE)
    first = datetime.combine(period.begins_on, time(), zone).astimezone(UTC)
    return first, datetime.combine(period.ends_on + timedelta(days=1), time(), zone).astimezone(UTC)


def _employee(row: Row[Any], rule: Rule, period: Period, today: date) -> Employee | None:
    """One of the people; None for whoever was not employed in the period, or left nobody knows when."""
    # Taken apart at once: of ten thousand rows each column by its name takes a while.
    columns: tuple[Any, ...] = tuple(row)
    id_, name, unit, active, left_on, manager, began_on, ends_on, *talks = columns
    goes_on, meets_at, held_at, held_before, declined_at = talks
    left = None if active else left_on
    employed = Employed(date.fromisoformat(began_on), date.fromisoformat(ends_on) if ends_on else None, left)
    is_unknown = not active and left is None and ends_on is None
    if is_unknown or not employed.overlaps(period.begins_on, period.ends_on):
        return None
    before = None if held_at else _day(held_before)
    talked = Talked(held_at is not None, before, bool(goes_on), declined_at is not None)
    stands, due_on, is_overdue = standing(rule, employed, talked, period.ends_on, today)
    return Employee(
        id_,
        name,
        unit or UNPLACED,
        manager or "",
        employed,
        stands,
        due_on,
        is_overdue,
        held_at,
        held_before,
        declined_at,
        meets_at,
    )


def _day(moment: datetime | None) -> date | None:
    return day_of(moment) if moment else None


def _units(
    employees: Iterable[Employee],
    names: Mapping[str, Mapping[str, str]],
    stored: Mapping[str, str],
    small_group: int,
) -> dict[str, Unit]:
    """Every unit, with the figures that may be shown. ``stored``: a unit -> the one above it."""
    own = _counted(employees)
    above = {**stored, **({UNPLACED: WHOLE} if UNPLACED in own else {})}
    below: dict[str, list[str]] = {unit: [] for unit in (WHOLE, *above)}
    for unit, over in above.items():
        below[over].append(unit)
    required = {unit: figures.required for unit, figures in own.items()}
    visible = shown(below, required, WHOLE, small_group)
    figures = _totals(own, below)
    return {
        unit: Unit(
            unit,
            names.get(unit, {}),
            above.get(unit),
            tuple(below[unit]),
            figures[unit] if unit in visible else None,
        )
        for unit in (WHOLE, *above)
    }


def _counted(employees: Iterable[Employee]) -> dict[str, Figures]:
    """The figures of each unit's own people."""
    counts: dict[str, dict[str, int]] = {}
    # Counted first: there are thousands of people, and a few ways in which one can stand.
    of_a_kind = Counter((each.unit, each.standing, each.is_overdue) for each in employees)
    for (name, stands, is_overdue), number in of_a_kind.items():
        unit = counts.setdefault(name, dict.fromkeys(FIGURES, 0))
        unit[stands.value] += number
        unit["required"] += number if stands is not Standing.NOT_REQUIRED else 0
        unit["overdue"] += number if is_overdue else 0
    return {unit: Figures(**counted) for unit, counted in counts.items()}


def _totals(own: Mapping[str, Figures], below: Mapping[str, Sequence[str]]) -> dict[str, Figures]:
    """The figures of each unit with all below it."""
    order, waiting = [], [WHOLE]
    while waiting:
        order.append(waiting.pop())
        waiting += below[order[-1]]
    totals: dict[str, Figures] = {}
    for unit in reversed(order):
        totals[unit] = sum((totals[each] for each in below[unit]), own.get(unit, Figures()))
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

    async def note_export(self, actor: Actor, kind: str, unit: str) -> None:
        """As ``note_export``."""
        await self._database.write(lambda c: note_export(c, actor, kind, unit, self._clock()))
