"""Signing begins, and completing: nothing is written in the conversation any more.

What is missing comes as a list: for a script ``{"sentence", "missing": [{"label", "place"}]}``, for a person
as a page of links into the conversation.
"""

from dataclasses import asdict

from starlette.responses import JSONResponse, Response

from server.pages import failures, missing_view, turns
from server.pages.context import PersonVisit
from server.pages.failures import sentence_of
from server.pages.heading import zone
from server.rules.access import Action
from server.rules.errors import NotReady


async def freeze(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/freeze: whoever presses Sign is shown what is to be signed."""
    try:
        await visit.features.freezing.freeze(visit.actor, turns.id_of(visit))
    except NotReady as refusal:
        return await _not_ready(visit, refusal)
    return turns.done(visit)


async def ask_complete(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/complete: what will happen, or what is missing. It changes nothing."""
    conversation = await turns.asked(visit, Action.COMPLETE)
    if missing := await visit.features.freezing.missing(visit.actor, conversation.id):
        return await _not_ready(visit, NotReady(missing))
    if failures.wants_data(visit.request):
        return Response(status_code=204)
    view = visit.view(zone(conversation))
    return visit.page(
        view,
        "freezing/complete.html",
        id=conversation.id,
        other=conversation.other(visit.me.id),
        wrong="",
    )


async def complete(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/complete."""
    try:
        await visit.features.freezing.complete(visit.actor, turns.id_of(visit))
    except NotReady as refusal:
        return await _not_ready(visit, refusal)
    return turns.done(visit)


async def _not_ready(visit: PersonVisit, refusal: NotReady) -> Response:
    conversation = await visit.features.conversations.see(visit.actor, turns.id_of(visit))
    view = visit.view(zone(conversation))
    missing = missing_view.told(conversation, refusal.missing, visit.me, view)
    if failures.wants_data(visit.request):
        data = {"sentence": sentence_of(refusal, view), "missing": [asdict(each) for each in missing]}
        return JSONResponse(data, refusal.status)
    return visit.page(
        view,
        "freezing/missing.html",
        refusal.status,
        id=conversation.id,
        sentence=sentence_of(refusal, view),
        missing=missing,
    )
