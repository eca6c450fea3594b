"""What was agreed earlier, as it stands now: title, kind, and a state in words and colour (F66)."""

from collections.abc import Iterable
from dataclasses import dataclass

from server.activities import Activity, ActivityState, GoalType
from server.pages.rendering import View


@dataclass(frozen=True, slots=True)
class Goal:
    """One activity to be read. ``tone``: ``good``, ``late`` or none; the words say the same."""

    title: str
    kind: str
    state: str
    tone: str


def review(activities: Iterable[Activity], view: View) -> list[Goal]:
    """Everything that was agreed and not cancelled."""
    return [_goal(each, view) for each in activities if each.state is not ActivityState.CANCELLED]


def still_active(activities: Iterable[Activity], view: View) -> list[Goal]:
    """What is not done yet, the nearest date first."""
    active = [each for each in activities if each.state is ActivityState.ACTIVE]
    return [_goal(each, view) for each in active]


def _goal(activity: Activity, view: View) -> Goal:
    say, days = view.catalogue.say, view.days
    kind = say("Work goal") if activity.goal_type is GoalType.WORK else say("Development goal")
    if activity.state is ActivityState.COMPLETED:
        done = activity.completed_on
        state = say("Done %(day)s", day=days.day(done)) if done else say("Done")
        return Goal(activity.title, kind, state, "good")
    if activity.due_on is None:
        return Goal(activity.title, kind, say("Going on"), "")
    if activity.due_on < days.today:
        return Goal(
            activity.title, kind, say("Should have been done %(day)s", day=days.day(activity.due_on)), "late"
        )
    return Goal(activity.title, kind, say("To be done by %(day)s", day=days.day(activity.due_on)), "")
