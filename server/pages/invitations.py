"""Who takes part in a conversation: inviting guests, agreeing to them, accepting, writing and ending.

A script that sends one of the forms gets 204, or the sentence why not.
"""

from starlette.responses import RedirectResponse, Response

from server.pages import failures, heading, invitations_view
from server.pages.context import PersonVisit
from server.pages.forms import read_form
from server.rules.access import Action
from server.rules.errors import InvitedAlready, NobodyToInvite, Refusal, TakesPartAlready, TooManyGuests
from server.rules.limits import SEARCH_RESULTS_MAX


async def show(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/guests. ``q`` is the name or address of somebody to invite."""
    return await _page(visit)


async def invite(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/guests with ``person``."""
    form = await read_form(visit.request)
    try:
        await visit.features.invitations.invite(visit.actor, _id(visit), form.get("person", ""))
    except (NobodyToInvite, TakesPartAlready, InvitedAlready, TooManyGuests) as refusal:
        return (
            failures.page(visit, refusal)
            if failures.wants_data(visit.request)
            else await _page(visit, refusal)
        )
    return _back(visit, f"/conversations/{_id(visit)}/guests")


async def agree(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/guests/{person}/agree."""
    await visit.features.invitations.agree(visit.actor, _id(visit), _person(visit))
    return _back(visit, f"/conversations/{_id(visit)}")


async def end(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/guests/{person}/end."""
    person = _person(visit)
    await visit.features.invitations.end(visit.actor, _id(visit), person)
    # To whoever has left, the conversation is no longer there.
    return _back(visit, "/" if person == visit.me.id else f"/conversations/{_id(visit)}")


async def let_write(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/guests/{person}/writing with ``writes``: ``yes`` gives the joint pane."""
    form = await read_form(visit.request)
    writes = form.get("writes") == "yes"
    await visit.features.invitations.let_write(visit.actor, _id(visit), _person(visit), writes)
    return _back(visit, f"/conversations/{_id(visit)}")


async def show_own(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/invitation: the invitation, to whoever is invited."""
    own = await visit.features.invitations.invitation(visit.actor, _id(visit))
    view = visit.view()
    return visit.page(
        view,
        "invitations/invitation.html",
        invitation=invitations_view.invitation(own, visit.me, view),
        responsible=own.responsible,
    )


async def accept(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/invitation: begin to take part."""
    await visit.features.invitations.accept(visit.actor, _id(visit))
    return _back(visit, f"/conversations/{_id(visit)}")


async def _page(visit: PersonVisit, refusal: Refusal | None = None) -> Response:
    here = await visit.features.invitations.gathering(visit.actor, _id(visit))
    talk, words = here.conversation, visit.request.query_params.get("q", "").strip()
    view = visit.view(heading.zone(talk))
    can_invite = talk.may(visit.actor, Action.INVITE_GUEST)
    found = []
    if can_invite and words:
        # One more than is shown: then there are more.
        found = await visit.features.invitations.found(visit.actor, talk.id, words, SEARCH_RESULTS_MAX + 1)
    return visit.page(
        view,
        "invitations/page.html",
        refusal.status if refusal else 200,
        id=talk.id,
        under=heading.under(talk, view),
        employee=talk.employee,
        responsible=talk.responsible,
        guests=invitations_view.guests(talk, here.guests, visit.me, view),
        is_employee=visit.me.id == talk.employee.id,
        can_invite=can_invite,
        words=words,
        found=view.by_name(found[:SEARCH_RESULTS_MAX]),
        there_are_more=len(found) > SEARCH_RESULTS_MAX,
        most=SEARCH_RESULTS_MAX,
        wrong=failures.sentence_of(refusal, view) if refusal else "",
    )


def _id(visit: PersonVisit) -> str:
    id_: str = visit.request.path_params["id"]
    return id_


def _person(visit: PersonVisit) -> str:
    person: str = visit.request.path_params["person"]
    return person


def _back(visit: PersonVisit, path: str) -> Response:
    if failures.wants_data(visit.request):
        return Response(status_code=204)
    return RedirectResponse(path, 303)
