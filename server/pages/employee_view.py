"""One employee's conversations in words, for each viewer as much as is theirs to know. Pure."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from server import people
from server.employee import Employee, Planned
from server.pages.dates import Days
from server.pages.rendering import View
from server.pages.start_view import Row
from server.rules.access import GOES_ON, State


@dataclass(frozen=True, slots=True)
class CompletedRow:
    """One that is completed. ``when`` says when."""

    row: Row
    when: str


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A conversation for whoever stands in: when, and in what state. ``address``: of its meeting."""

    state: str
    when: str
    place: str
    address: str
    """Empty for one that is over."""
    was_held: bool


def is_found(row: Row, words: str) -> bool:
    """Whether a search finds it, by its form, the other party, its state, or when and where (F39)."""
    return people.is_found(
        f"{row.name} {row.other.name} {row.state} {row.stage} {row.when} {row.place}", words
    )


def completed(employee: Employee, rows: list[Row], view: View) -> list[CompletedRow]:
    """Those that are completed, the newest first."""
    say, on = view.catalogue.say, employee.completed_on
    closed = {talk.conversation.id for talk in employee.talks if talk.conversation.state is State.CLOSED}
    found = sorted((row for row in rows if row.id in closed), key=lambda row: on[row.id], reverse=True)
    return [CompletedRow(row, say("Completed %(day)s", day=view.days.day(on[row.id]))) for row in found]


def not_held(employee: Employee, rows: list[Row]) -> list[Row]:
    """Those that were declined or cancelled."""
    over = (State.DECLINED, State.CANCELLED)
    ids = {talk.conversation.id for talk in employee.talks if talk.conversation.state in over}
    return [row for row in rows if row.id in ids]


def planned(each: Planned, view: View) -> PlannedRow:
    """As whoever stands in may know it: nothing rests on what is written."""
    say, meeting = view.catalogue.say, each.meeting
    days = Days(view.catalogue, view.days.now, ZoneInfo(meeting.time_zone)) if meeting else view.days
    return PlannedRow(
        state=_state(each, view),
        when=days.when(meeting.at) if meeting else say("No time agreed"),
        place=meeting.place if meeting else "",
        address=f"/conversations/{each.id}/meeting" if each.state in GOES_ON else "",
        was_held=each.state is State.CLOSED,
    )


def elsewhere(employee: Employee, view: View) -> list[str]:
    """What is to be known of conversations with others: that they are, and when the last was completed."""
    say, told = view.catalogue.say, []
    if employee.elsewhere.goes_on:
        told.append(say("A conversation is open with another manager."))
    if employee.elsewhere.completed_on is not None:
        day = view.days.day(employee.elsewhere.completed_on)
        told.append(say("A conversation with another manager was completed %(day)s.", day=day))
    return told


def _state(each: Planned, view: View) -> str:
    say = view.catalogue.say
    match each.state:
        case State.OPEN:
            return say("Started")
        case State.FROZEN:
            return say("Being signed")
        case State.CLOSED if each.completed_on is not None:
            return say("Completed %(day)s", day=view.days.day(each.completed_on))
        case State.CLOSED:
            return say("Completed")
        case State.DECLINED:
            return say("Declined")
        case State.CANCELLED:
            return say("Cancelled")
