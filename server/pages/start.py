"""The start page: my conversations, what waits for me, what comes next."""

from starlette.responses import Response

from server.pages import activities_view, invitations_view, start_view
from server.pages.context import PersonVisit
from server.pages.rendering import View
from server.pages.start_view import DeclinedRow, Row
from server.rules.access import Action, OrganisationFacts, allowed


async def show(visit: PersonVisit) -> Response:
    """GET /."""
    view = visit.view()
    mine = await visit.features.conversations.mine(visit.actor)
    activities = await visit.features.activities.of_employee(visit.actor, visit.me.id)
    invited = await visit.features.invitations.mine(visit.actor)
    signed = await visit.features.signing.signed_by(visit.actor)
    rows = [
        start_view.row(conversation, is_started, conversation.id in signed, visit.me, view)
        for conversation, is_started in mine
    ]
    return visit.page(
        view,
        "start/page.html",
        lead=start_view.lead(rows, invitations_view.unanswered(invited, visit.me), view),
        groups=_groups(rows, view.catalogue.say("Going on"), view.catalogue.say("Earlier")),
        guest_groups=invitations_view.groups(invited, visit.me, view),
        coming=start_view.coming(rows),
        agreed=activities_view.still_active(activities, view),
        declined=await _declined(visit, view),
    )


async def _declined(visit: PersonVisit, view: View) -> list[DeclinedRow]:
    """For HR: which conversations were declined, why, and what is proposed instead (F97, F98)."""
    if not allowed(visit.actor, Action.SEE_DECLINED, OrganisationFacts()):
        return []
    declined = await visit.features.declining.declined(visit.actor)
    return [start_view.declined_row(each, view) for each in declined]


def _groups(rows: list[Row], going_on: str, earlier: str) -> list[tuple[str, list[Row]]]:
    groups = [
        (going_on, [row for row in rows if row.goes_on]),
        (earlier, [row for row in rows if not row.goes_on]),
    ]
    return [group for group in groups if group[1]]
