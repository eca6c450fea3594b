"""The start page: what waits for me, my conversations, what I am to do, what comes next."""

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.responses import Response

from server.former import Left
from server.pages import activities_view, asking_view, invitations_view, start_view
from server.pages.activities_view import Goal
from server.pages.asking import ASK
from server.pages.context import PersonVisit
from server.pages.rendering import View
from server.pages.start_view import Row
from server.people import Person
from server.start import Start


@dataclass(frozen=True, slots=True)
class ToDo:
    """Something that I am to do. ``whose`` is empty for what stands on my own list."""

    goal: Goal
    whose: str


@dataclass(frozen=True, slots=True)
class LeftSeen:
    """A conversation that I have handed over, and of which something is kept for me."""

    id: str
    employee: Person
    name: str
    day: str


async def show(visit: PersonVisit) -> Response:
    """GET /."""
    view = visit.view()
    start = await visit.features.starts.of(visit.actor, has_staff=visit.session.has_staff)
    rows = [start_view.row(talk, visit.me, view) for talk in start.talks]
    unanswered = invitations_view.unanswered(start.invitations, visit.me)
    return visit.page(
        view,
        "start/page.html",
        lead=start_view.lead(rows, unanswered, tuple(_others(start, view)), view),
        groups=_groups(rows, view.catalogue.say("Going on"), view.catalogue.say("Earlier")),
        has_older=start.has_older,
        guest_groups=invitations_view.groups(start.invitations, visit.me, view),
        requests=asking_view.waiting(start.requests, visit.me, view),
        left=[_left(each, view) for each in start.left],
        coming=start_view.coming(rows),
        to_do=_to_do(start, visit.me, view),
        declined=[start_view.declined_row(each, view) for each in start.declined],
        # Whoever is led by nobody has nobody to ask.
        ask=ASK if visit.me.manager_id else "",
    )


def _left(left: Left, view: View) -> LeftSeen:
    return LeftSeen(
        left.conversation, left.employee, left.template.to(view.locale), view.days.day(view.days.of(left.at))
    )


def _to_do(start: Start, me: Person, view: View) -> list[ToDo]:
    return [
        ToDo(activities_view.goal(activity, view), "" if employee.id == me.id else employee.name)
        for activity, employee in start.to_do
    ]


def _others(start: Start, view: View) -> Iterator[str]:
    """What waits beside conversations and invitations, each a sentence."""
    yield from start_view.asked_for([each.employee for each in start.requests], view)
    late = sum(each.due_on is not None and each.due_on < view.days.today for each, _ in start.to_do)
    if late:
        yield view.catalogue.say_number("One activity is late.", "%(num)s activities are late.", late)


def _groups(rows: list[Row], going_on: str, earlier: str) -> list[tuple[str, list[Row]]]:
    groups = [
        (going_on, [row for row in rows if row.goes_on]),
        (earlier, [row for row in rows if not row.goes_on]),
    ]
    return [group for group in groups if group[1]]
