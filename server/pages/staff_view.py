"""A manager's staff in words: what the two cells say, where each leads, and what is required.

Pure. Whatever a colour says, the words say too.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import attrgetter
from urllib.parse import urlencode

from markupsafe import Markup, escape

from server.overview import Agreed, Goals, Member, Overview, Section, Talked, Team
from server.pages.rendering import View
from server.people import Person, is_found
from server.rules.requirement import Due, Urgency

MANAGER: Callable[[Team], str] = attrgetter("manager.name")
PERSON: Callable[[Member], str] = attrgetter("person.name")


class Filter(StrEnum):
    """Which of the staff are shown."""

    ALL = ""
    NONE = "none"
    """Who is required to have a conversation, and has never had or planned one."""
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. ``tone``: ``good``, ``late`` or none."""

    words: str
    tone: str = ""
    more: tuple[str, ...] = ()
    """What stands below, each a sentence."""
    address: str = ""
    """Where it leads; empty for whoever may not go there."""
    does: str = ""
    """What the link does, where it does more than show."""


@dataclass(frozen=True, slots=True)
class Row:
    """One of the staff."""

    person: Person
    title: str
    talks: Cell
    goals: Cell
    due: Cell


@dataclass(frozen=True, slots=True)
class Table:
    """One manager's staff. ``heading`` and ``words`` are empty for one's own."""

    id: str
    heading: str
    words: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter as a link."""

    words: str
    count: int
    address: str
    is_current: bool


def tables(
    overview: Overview, chosen: Filter, words: str, stages: Mapping[str, str], view: View
) -> list[Table]:
    """What is to be shown, by manager. ``stages``: employee -> where the talk with the viewer stands."""
    found = [
        Table(
            id=f"staff-{section.manager.id}",
            heading=_heading(section, view),
            words=_until(section, view),
            rows=tuple(
                _row(member, "" if section.until else stages.get(member.person.id, ""), view)
                for member in view.by_name(section.members, PERSON)
                if _is_in(member, chosen) and is_found(member.person.name, words)
            ),
        )
        for section in overview.sections
    ]
    return [table for table in found if table.rows]


def choices(overview: Overview, chosen: Filter, words: str, address: str, view: View) -> list[Choice]:
    """The filters, with how many each would show of those whom the search finds."""
    say = view.catalogue.say
    named = {
        Filter.ALL: say("All"),
        Filter.NONE: say("Required and none"),
        Filter.OVERDUE: say("Overdue"),
    }
    found = [each for each in members(overview) if is_found(each.person.name, words)]
    return [
        Choice(
            words=name,
            count=sum(_is_in(each, filter_) for each in found),
            address=address_of(address, filter_, words),
            is_current=filter_ is chosen,
        )
        for filter_, name in named.items()
    ]


def members(overview: Overview) -> list[Member]:
    """Everybody whom the viewer sees as a person."""
    return [member for section in overview.sections for member in section.members]


def lead(waiting: Markup | None, asked: Sequence[str], overview: Overview, view: View) -> Markup:
    """What waits for the manager, in one or two plain sentences.

    ``waiting``: of conversations, if any waits. ``asked``: of what employees ask for.
    """
    parts = [waiting] if waiting else []
    parts += map(escape, asked)
    overdue = [each for each in members(overview) if each.due.urgency is Urgency.OVERDUE]
    if overdue and not parts:
        parts.append(_overdue(overdue, view))
    return Markup(" ").join(parts or [escape(view.catalogue.say("Nothing waits for you right now."))])


def due_cell(due: Due, view: View) -> Cell:
    """Whether a conversation is required, and by when."""
    say = view.catalogue.say
    if due.by is None:
        return Cell(say("Not required"))
    by = say("By %(day)s", day=view.days.day(due.by))
    match due.urgency:
        case Urgency.OVERDUE:
            return Cell(say("Overdue"), "late", (by,))
        case Urgency.SOON:
            return Cell(say("Soon"), "due", (by,))
        case _:
            return Cell(by)


def goals_cell(goals: Goals, view: View) -> Cell:
    """How many are active, or when the last one was done."""
    say, say_number = view.catalogue.say, view.catalogue.say_number
    match goals.kind:
        case Agreed.ACTIVE:
            late = (say_number("%(num)s late", "%(num)s late", goals.late),) if goals.late else ()
            words = say_number("%(num)s active", "%(num)s active", goals.active)
            return Cell(words, "", late)
        case Agreed.ALL_DONE if goals.done_on:
            return Cell(say("All done %(day)s", day=view.days.day(goals.done_on)), "good")
        case _:
            return Cell(say("None"))


def address_of(address: str, chosen: Filter, words: str) -> str:
    """The page with a filter and a search."""
    kept = {name: value for name, value in (("show", chosen.value), ("q", words)) if value}
    return f"{address}?{urlencode(kept)}" if kept else address


def _row(member: Member, stage: str, view: View) -> Row:
    person, page = member.person, f"/people/{member.person.id}"
    goals = goals_cell(member.goals, view)
    return Row(
        person=person,
        title=person.title.get(view.locale, ""),
        talks=_talks_cell(member, stage, page, view),
        goals=replace(goals, address=f"{page}/activities" if member.opens_activities else ""),
        due=due_cell(member.due, view),
    )


def _talks_cell(member: Member, stage: str, page: str, view: View) -> Cell:
    talks, say = member.talks, view.catalogue.say
    more = tuple(_more(member, stage, view))
    match talks.kind:
        case Talked.STARTED:
            return Cell(say("Started"), "", more, page)
        case Talked.COMPLETED if talks.completed_on:
            words = say("Completed %(day)s", day=view.days.day(talks.completed_on))
            return Cell(words, "good", more, page)
        case _:
            return Cell(say("None"), "", more, f"{page}/conversations/new", say("Plan one"))


def _more(member: Member, stage: str, view: View) -> Iterable[str]:
    talks, say = member.talks, view.catalogue.say
    if member.asks:
        yield say("Asks for a conversation")
    if talks.is_elsewhere:
        yield say("A conversation is open with another manager.")
    if stage:
        yield stage
    if talks.meets_at is not None:
        day = view.days.of(talks.meets_at)
        yield say("Meeting %(day)s", day=view.days.near(day) or view.days.weekday(day))
    if talks.is_declined:
        yield say("The last one was declined")


def _overdue(overdue: list[Member], view: View) -> Markup:
    """How many should have had one, and with whom to begin: the one who has waited longest and has none."""
    first = min(overdue, key=lambda each: (each.talks.kind is Talked.STARTED, str(each.due.by)))
    count = view.catalogue.say_number(
        "One employee should have had a conversation by now.",
        "%(num)s employees should have had a conversation by now.",
        len(overdue),
    )
    then = view.catalogue.say("Begin with %(name)s.", name=first.person.first_name)
    return Markup("<b>{}</b> {}").format(count, then)


def _heading(section: Section, view: View) -> str:
    if section.until is None:
        return ""
    return view.catalogue.say("You stand in for %(name)s", name=section.manager.name)


def _until(section: Section, view: View) -> str:
    if section.until is None:
        return ""
    return view.catalogue.say(
        "Until and with %(day)s. You can plan conversations. What people write in them is not for you.",
        day=view.days.day(section.until),
    )


def _is_in(member: Member, chosen: Filter) -> bool:
    match chosen:
        case Filter.ALL:
            return True
        case Filter.NONE:
            return member.has_none
        case Filter.OVERDUE:
            return member.due.urgency is Urgency.OVERDUE
