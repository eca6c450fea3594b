"""Coverage, for HR: a page with the figures of units and the list of people, and both as files."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from starlette.responses import Response

from server.coverage import FIGURES, WHOLE, Coverage, Wanted, instants
from server.pages import coverage_view, spreadsheet, start_view
from server.pages.context import PersonVisit
from server.pages.rendering import View
from server.policy import Period
from server.rules.coverage import Standing
from server.rules.errors import NotFound
from server.rules.limits import COVERAGE_PEOPLE_SHOWN, COVERAGE_YEARS_MAX

ADDRESS = "/coverage"
OVERDUE = "overdue"
"""Beside the values of Standing, in the form: whoever is overdue, however it stands."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of the form, as they are shown."""

    period: str = "own"
    first: str = ""
    last: str = ""
    unit: str = WHOLE
    standing: str = ""
    words: str = ""

    def address(self, **changed: str | int) -> str:
        """The page with these fields, some of them changed."""
        fields = {
            "period": self.period,
            "from": self.first,
            "to": self.last,
            "unit": self.unit,
            "standing": self.standing,
            "q": self.words,
        }
        kept = {name: value for name, value in (fields | changed).items() if value}
        return f"?{urlencode(kept)}"


async def show(visit: PersonVisit) -> Response:
    """GET /coverage with ``period``, ``from``, ``to``, ``unit``, ``standing``, ``q`` and ``page``."""
    typed, number = _typed(visit), _number(visit)
    view = visit.view()
    period, faults = _period(typed, view)
    coverage = await visit.features.coverages.read(visit.actor, period)
    if typed.unit not in coverage.units:
        raise NotFound
    people = view.by_name(coverage.people(_wanted(typed)))
    pages = max(1, -(-len(people) // COVERAGE_PEOPLE_SHOWN))
    page = min(number, pages)
    first = (page - 1) * COVERAGE_PEOPLE_SHOWN
    here = people[first : first + COVERAGE_PEOPLE_SHOWN]
    rows = await visit.features.coverages.detailed(visit.actor, coverage.period, here)
    declined = await visit.features.declining.declined(visit.actor, instants(coverage.period))
    return visit.page(
        view,
        "coverage/page.html",
        409 if faults else 200,
        typed=typed,
        faults=faults,
        period=coverage_view.period(coverage.period, view),
        own=coverage_view.own_period(coverage.own_period, view),
        years=(view.days.today.year, view.days.today.year - 1),
        small_group=coverage.small_group,
        lines=coverage_view.lines(coverage, typed.unit, view),
        trail=coverage_view.trail(coverage, typed.unit, view),
        units=coverage_view.options(coverage, view),
        standings=coverage_view.standings(view),
        people=[coverage_view.row(each, more, coverage, view) for each, more in rows],
        declined=[start_view.declined_row(each, view) for each in declined],
        number=len(people),
        first=first + 1,
        last=first + len(rows),
        page=page,
        pages=pages,
    )


async def figures(visit: PersonVisit) -> Response:
    """GET /coverage/figures.csv with the same fields: the figures of the unit and of all below it."""
    typed, view = _typed(visit), visit.view()
    coverage = await _exported(visit, typed, "figures", view)
    say = view.catalogue.say
    titles = coverage_view.titles(view)
    heading = [say("Unit"), *(titles[each] for each in FIGURES), say("Remark")]
    remark = coverage_view.why_hidden(coverage.small_group, view)

    def row(unit: str) -> list[spreadsheet.Cell]:
        path, figures = coverage_view.path(coverage, unit, view), coverage.units[unit].figures
        if figures is None:
            return [path, *(None for _ in FIGURES), remark]
        return [path, *(getattr(figures, each) for each in FIGURES), None]

    rows = (row(unit) for unit, _ in coverage_view.from_above(coverage, typed.unit, view))
    return spreadsheet.answer(_file("coverage", coverage.period), _with(heading, rows))


async def people(visit: PersonVisit) -> Response:
    """GET /coverage/people.csv with the same fields: everybody on the list."""
    typed, view = _typed(visit), visit.view()
    coverage = await _exported(visit, typed, "people", view)
    wanted = view.by_name(coverage.people(_wanted(typed)))
    found = await visit.features.coverages.detailed(visit.actor, coverage.period, wanted)
    rows = (coverage_view.cells(each, more, coverage, view) for each, more in found)
    return spreadsheet.answer(
        _file("coverage-people", coverage.period), _with(coverage_view.columns(view), rows)
    )


async def _exported(visit: PersonVisit, typed: Typed, kind: str, view: View) -> Coverage:
    period, faults = _period(typed, view)
    coverage = await visit.features.coverages.read(visit.actor, period)
    if faults or typed.unit not in coverage.units:
        raise NotFound
    await visit.features.coverages.note_export(visit.actor, kind, typed.unit)
    return coverage


def _typed(visit: PersonVisit) -> Typed:
    given = visit.request.query_params
    return Typed(
        given.get("period", "own"),
        given.get("from", "").strip(),
        given.get("to", "").strip(),
        given.get("unit", WHOLE),
        given.get("standing", ""),
        given.get("q", "").strip(),
    )


def _number(visit: PersonVisit) -> int:
    given = visit.request.query_params.get("page", "")
    return max(1, int(given)) if given.isascii() and given.isdigit() and len(given) < 7 else 1  # noqa: PLR2004


def _wanted(typed: Typed) -> Wanted:
    is_one = typed.standing in tuple(Standing)
    standing = Standing(typed.standing) if is_one else None
    return Wanted(typed.unit, standing, typed.standing == OVERDUE, typed.words)


def _period(typed: Typed, view: View) -> tuple[Period | None, dict[str, str]]:
    """The period that is asked for, None for the organisation's own; and what is wrong with which field."""
    say, today = view.catalogue.say, view.days.today
    match typed.period:
        case "this" | "before":
            year = today.year - (typed.period == "before")
            return Period(begins_on=date(year, 1, 1), ends_on=date(year, 12, 31)), {}
        case "other":
            first, last = _day(typed.first, today), _day(typed.last, today)
            faults, most = {}, COVERAGE_YEARS_MAX
            if first is None:
                faults["from"] = say("Say from which day, at most %(years)s years from now.", years=most)
            if last is None:
                faults["to"] = say("Say until which day, at most %(years)s years from now.", years=most)
            if first and last and last < first:
                faults["to"] = say("The last day comes before the first.")
            if faults or first is None or last is None:
                return None, faults
            return Period(begins_on=first, ends_on=last), {}
        case _:
            return None, {}


def _day(typed: str, today: date) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if abs(day.year - today.year) <= COVERAGE_YEARS_MAX else None


def _with(heading: list[str], rows: Iterable[list[spreadsheet.Cell]]) -> Iterable[Iterable[spreadsheet.Cell]]:
    yield heading
    yield from rows


def _file(name: str, period: Period) -> str:
    return f"{name}-{period.begins_on}-{period.ends_on}.csv"
