"""My staff: who has had a conversation, what is agreed, and what waits for me (F32-F37, F65-F68)."""

from collections.abc import Iterable

from starlette.responses import Response

from server.pages import staff_view, start_view
from server.pages.context import PersonVisit
from server.pages.staff_view import Filter
from server.pages.start_view import Row
from server.rules.errors import NotFound
from server.rules.limits import NAME_CHARACTERS_MAX

ADDRESS = "/staff"


async def show(visit: PersonVisit) -> Response:
    """GET /staff with ``q``, words of a name, and ``show``, a filter."""
    if not visit.session.has_staff:
        raise NotFound
    asked = visit.request.query_params
    words = asked.get("q", "")[:NAME_CHARACTERS_MAX].strip()
    chosen = next((each for each in Filter if each == asked.get("show")), Filter.ALL)
    view = visit.view()
    overview = await visit.features.overviews.staff(visit.actor)
    seen = staff_view.members(overview)
    staff = {member.person.id for member in seen}
    talks = [
        talk
        for talk in await visit.features.starts.led(visit.actor)
        if talk.conversation.employee.id in staff
    ]
    rows = [start_view.row(talk, visit.me, view) for talk in talks]
    asks = [each.person for each in seen if each.asks]
    return visit.page(
        view,
        "staff/page.html",
        lead=staff_view.lead(
            start_view.waiting(rows, view), start_view.asked_for(asks, view), overview, view
        ),
        choices=staff_view.choices(overview, chosen, words, ADDRESS, view),
        tables=staff_view.tables(overview, chosen, words, _stages(rows), view),
        teams=view.by_name(overview.teams, staff_view.MANAGER),
        words=words,
        chosen=chosen.value,
        count=len(staff),
    )


def _stages(rows: Iterable[Row]) -> dict[str, str]:
    """Where the talks with one's staff stand; nothing of one that is planned: here that counts as started."""
    return {row.other.id: row.stage for row in rows if row.is_started}
