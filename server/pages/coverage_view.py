"""Coverage in words: periods, units with their figures, and people. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from server.coverage import UNPLACED, WHOLE, Coverage, Details, Employee, Figures
from server.pages.rendering import View
from server.pages.spreadsheet import Cell
from server.policy import Period
from server.rules.coverage import Standing

INDENT = "\u2003"


@dataclass(frozen=True, slots=True)
class Line:
    """One unit of the table."""

    id: str
    name: str
    figures: Figures | None
    is_whole: bool
    """It holds all the others of the table."""


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the list."""

    id: str
    name: str
    unit: str
    manager: str
    standing: str
    kind: Standing
    detail: str
    """When; empty for nothing to say."""
    due: str
    is_overdue: bool
    has_left: bool


def period(period: Period, view: View) -> str:
    """``Conversations of the year: 21 September to 19 January 2027``."""
    days = view.catalogue.say(
        "%(first)s to %(last)s", first=view.days.day(period.begins_on), last=view.days.day(period.ends_on)
    )
    return f"{period.name}: {days}" if period.name else days


def own_period(own: Period | None, view: View) -> str:
    """What the organisation calls its own period; empty where it has none of its own."""
    if own is None:
        return ""
    return own.name or view.catalogue.say("The organisation’s period")


def unit_name(coverage: Coverage, unit: str, view: View) -> str:
    """The name of a unit, in the reader's language."""
    say = view.catalogue.say
    match unit:
        case _ if unit == WHOLE:
            return say("The whole organisation")
        case _ if unit == UNPLACED:
            return say("In no unit")
        case _:
            name = coverage.units[unit].name
            return name.get(view.locale) or next(iter(name.values()), unit)


def path(coverage: Coverage, unit: str, view: View) -> str:
    """``Management / Operations``: a unit with those above it."""
    names = [unit_name(coverage, each, view) for each in _above(coverage, unit)]
    return " / ".join(names[1:] or names)


def trail(coverage: Coverage, unit: str, view: View) -> list[tuple[str, str]]:
    """The units above one, from the top, as id and name."""
    return [(each, unit_name(coverage, each, view)) for each in _above(coverage, unit)[:-1]]


def _above(coverage: Coverage, unit: str) -> list[str]:
    found, each = [unit], coverage.units[unit].above
    while each is not None:
        found.append(each)
        each = coverage.units[each].above
    return found[::-1]


def from_above(coverage: Coverage, unit: str, view: View) -> Iterator[tuple[str, int]]:
    """A unit and all below it, each before those below it and these by name, and how deep each lies."""
    waiting = [(unit, 0)]
    while waiting:
        each, depth = waiting.pop()
        yield each, depth
        waiting += ((one, depth + 1) for one in reversed(_below(coverage, each, view)))


def _below(coverage: Coverage, unit: str, view: View) -> list[str]:
    """Directly below, by name; whoever is in no unit last."""
    below = coverage.units[unit].below
    named = view.by_name(below, lambda each: unit_name(coverage, each, view))
    return sorted(named, key=lambda each: each == UNPLACED)


def lines(coverage: Coverage, unit: str, view: View) -> list[Line]:
    """The unit, then those directly below it, by name."""
    return [
        Line(
            each,
            unit_name(coverage, each, view),
            coverage.units[each].figures,
            each == unit,
        )
        for each in (unit, *_below(coverage, unit, view))
    ]


def options(coverage: Coverage, view: View) -> list[tuple[str, str]]:
    """Every unit with the space that shows how deep it lies, as id and name."""
    return [
        (unit, INDENT * max(0, depth - 1) + unit_name(coverage, unit, view))
        for unit, depth in from_above(coverage, WHOLE, view)
    ]


def standings(view: View) -> list[tuple[str, str]]:
    """What people can be picked by, as value and words."""
    say = view.catalogue.say
    words = _words(view)
    return [
        ("", say("Everybody")),
        ("overdue", say("Overdue")),
        *((each.value, words[each]) for each in Standing),
    ]


def titles(view: View) -> dict[str, str]:
    """The headings of the figures."""
    say, words = view.catalogue.say, _words(view)
    return {"required": say("Should have one"), "overdue": say("Of these, overdue")} | {
        each.value: words[each] for each in Standing
    }


def why_hidden(small_group: int, view: View) -> str:
    """Why there are no figures."""
    return view.catalogue.say(
        "Not shown: fewer than %(number)s people, or figures from which fewer could be computed.",
        number=small_group,
    )


def row(employee: Employee, details: Details, coverage: Coverage, view: View) -> Row:
    """One person in words."""
    return Row(
        id=employee.id,
        name=employee.name,
        unit=unit_name(coverage, employee.unit, view),
        manager=details.manager,
        standing=_words(view)[employee.standing],
        kind=employee.standing,
        detail=_detail(employee.standing, details, view),
        due=view.days.day(details.due_on) if details.due_on else "",
        is_overdue=employee.is_overdue,
        has_left=details.employed.left_on is not None,
    )


def _detail(stands: Standing, details: Details, view: View) -> str:
    say, day = view.catalogue.say, view.days.day
    match stands:
        case Standing.HELD:
            return day(details.held_on) if details.held_on else ""
        case Standing.GOES_ON if details.meets_on:
            return say("Meeting %(day)s", day=day(details.meets_on))
        case Standing.GOES_ON:
            return say("No time agreed")
        case Standing.DECLINED:
            return day(details.declined_on) if details.declined_on else ""
        case Standing.NOT_REQUIRED if details.held_on:
            return say("Had one all the same, %(day)s", day=day(details.held_on))
        case _:
            return say("Last one %(day)s", day=day(details.held_before)) if details.held_before else ""


def columns(view: View) -> list[str]:
    """The headings of the list as a file."""
    say = view.catalogue.say
    return [
        say("Name"),
        say("Unit"),
        say("Manager"),
        say("Employed from"),
        say("Employed until"),
        say("State"),
        say("Held on"),
        say("Declined on"),
        say("Meeting on"),
        say("Last one before"),
        say("By when"),
        say("Overdue"),
    ]


def cells(employee: Employee, details: Details, coverage: Coverage, view: View) -> list[Cell]:
    """One person as a row of the file."""
    say, employed = view.catalogue.say, details.employed
    until: date | None = min(
        (day for day in (employed.ends_on, employed.left_on) if day is not None), default=None
    )
    return [
        employee.name,
        path(coverage, employee.unit, view),
        details.manager,
        employed.began_on,
        until,
        _words(view)[employee.standing],
        details.held_on,
        details.declined_on,
        details.meets_on,
        details.held_before,
        details.due_on,
        say("yes") if employee.is_overdue else say("no"),
    ]


def _words(view: View) -> dict[Standing, str]:
    say = view.catalogue.say
    return {
        Standing.HELD: say("Has had one"),
        Standing.GOES_ON: say("Planned or going on"),
        Standing.DECLINED: say("Declined"),
        Standing.NONE: say("None yet"),
        Standing.NOT_REQUIRED: say("Not required"),
    }
