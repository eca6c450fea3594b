"""For HR: conversations that go on with somebody who is not the employee's manager."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from starlette.responses import Response

from server.pages.context import PersonVisit
from server.pages.dates import Days
from server.pages.rendering import View
from server.people import Person
from server.rules.access import State
from server.rules.limits import HANDOVERS_SHOWN_MAX
from server.to_reassign import Misplaced


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation, in words."""

    id: str
    employee: Person
    responsible: Person
    manager: str
    """The name of the employee's manager; empty without one."""
    name: str
    when: str
    why: str
    can_hand_over: bool


async def show(visit: PersonVisit) -> Response:
    """GET /conversations/to-reassign."""
    found = await visit.features.to_reassign.find(visit.actor)
    view = visit.view()
    return visit.page(
        view,
        "handover/list.html",
        rows=[_row(each, view) for each in found],
        most=HANDOVERS_SHOWN_MAX,
        is_full=len(found) == HANDOVERS_SHOWN_MAX,
    )


def _row(found: Misplaced, view: View) -> Row:
    say, meeting = view.catalogue.say, found.meeting
    days = Days(view.catalogue, view.days.now, ZoneInfo(meeting.time_zone)) if meeting else view.days
    name = found.responsible.first_name
    return Row(
        id=found.id,
        employee=found.employee,
        responsible=found.responsible,
        manager=found.manager.name if found.manager else "",
        name=found.template.to(view.locale),
        when=days.when(meeting.at) if meeting else say("No time agreed"),
        why=say("%(name)s is not the manager.", name=name)
        if found.responsible.active
        else say("%(name)s has left.", name=name),
        can_hand_over=found.state is State.OPEN,
    )
