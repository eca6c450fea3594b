"""Follow-up activities as lists show them: what is to be done, and a state in words and colour (F66)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from server.activities import Activity, ActivityState, GoalType
from server.archive_format import STATE, said
from server.pages.rendering import View

SOON_DAYS: Final = 14
"""How near a date is of which the colour tells too."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One activity to be read. ``tone``: ``good``, ``late``, ``due`` or none; the words say the same."""

    address: str
    title: str
    kind: str
    state: str
    tone: str
    more: tuple[str, ...] = ()
    """Who does it, when it is followed up, how many have said something."""
    reason: str = ""
    """Why it was cancelled."""


def address_of(activity: Activity) -> str:
    """The page on which it is written."""
    return f"/people/{activity.employee}/activities/{activity.id}"


def review(activities: Iterable[Activity], view: View) -> list[Goal]:
    """Everything that was agreed and not cancelled."""
    return [goal(each, view) for each in activities if each.state is not ActivityState.CANCELLED]


def still_active(activities: Iterable[Activity], view: View) -> list[Goal]:
    """What is not done yet, the nearest date first."""
    return [goal(each, view) for each in activities if each.state is ActivityState.ACTIVE]


def ended(activities: Iterable[Activity], view: View) -> list[Goal]:
    """What was completed or cancelled (F72), the last first."""
    over = [each for each in activities if each.state is not ActivityState.ACTIVE]
    over.sort(key=lambda each: str(each.ended_on), reverse=True)
    return [goal(each, view) for each in over]


def goal(activity: Activity, view: View) -> Goal:
    """One activity."""
    words, tone = state(activity, view)
    return Goal(
        address=address_of(activity),
        title=title(activity, view),
        kind=kind(activity.goal_type, view),
        state=words,
        tone=tone,
        more=tuple(_more(activity, view)),
        reason=activity.cancel_reason,
    )


def title(activity: Activity, view: View) -> str:
    """What is to be done; until somebody has written it, that nobody has."""
    return activity.title or view.catalogue.say("Without a title")


def kind(goal_type: GoalType, view: View) -> str:
    """What kind of goal it serves."""
    say = view.catalogue.say
    return say("Work goal") if goal_type is GoalType.WORK else say("Development goal")


def state(activity: Activity, view: View) -> tuple[str, str]:
    """A sentence, and its tone."""
    say, days = view.catalogue.say, view.days
    on = activity.ended_on
    match activity.state:
        case ActivityState.COMPLETED:
            return (say("Done %(day)s", day=days.day(on)) if on else say("Done")), "good"
        case ActivityState.CANCELLED:
            return (say("Cancelled %(day)s", day=days.day(on)) if on else say("Cancelled")), ""
        case ActivityState.ARCHIVED:
            return said(activity.archive or {}, STATE), ""
        case ActivityState.ACTIVE:
            return _going_on(activity, view)


def _going_on(activity: Activity, view: View) -> tuple[str, str]:
    say, days, due = view.catalogue.say, view.days, activity.due_on
    if due is None:
        return say("Going on"), ""
    if due < days.today:
        return say("Should have been done %(day)s", day=days.day(due)), "late"
    if due == days.today:
        return say("To be done today"), "due"
    tone = "due" if (due - days.today).days < SOON_DAYS else ""
    return say("To be done by %(day)s", day=days.day(due)), tone


def _more(activity: Activity, view: View) -> Iterable[str]:
    say = view.catalogue.say
    if activity.owner is not None:
        yield activity.owner.name
    if activity.follow_up_on is not None and activity.state is ActivityState.ACTIVE:
        yield say("Followed up %(day)s", day=view.days.day(activity.follow_up_on))
    if activity.comments:
        yield view.catalogue.say_number("%(num)s comment", "%(num)s comments", activity.comments)
