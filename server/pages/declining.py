"""Declining a conversation and cancelling it: each a page that says who is told, and asks why."""

from starlette.responses import Response

from server.pages import turns
from server.pages.context import PersonVisit
from server.pages.failures import sentence_of
from server.pages.forms import read_form
from server.pages.heading import zone
from server.rules.access import Action
from server.rules.errors import ReasonMissing, Refusal, TextTooLong


async def ask_decline(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/decline."""
    return await _page(visit, Action.DECLINE)


async def decline(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/decline with ``reason`` and ``alternative``."""
    form = await read_form(visit.request)
    reason, alternative = form.get("reason", ""), form.get("alternative", "")
    try:
        await visit.features.declining.decline(visit.actor, turns.id_of(visit), reason, alternative)
    except (ReasonMissing, TextTooLong) as refusal:
        return await _page(visit, Action.DECLINE, reason, alternative, refusal)
    return turns.done(visit)


async def ask_cancel(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/cancel."""
    return await _page(visit, Action.CANCEL)


async def cancel(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/cancel with ``reason``."""
    reason = (await read_form(visit.request)).get("reason", "")
    try:
        await visit.features.declining.cancel(visit.actor, turns.id_of(visit), reason)
    except (ReasonMissing, TextTooLong) as refusal:
        return await _page(visit, Action.CANCEL, reason, refusal=refusal)
    return turns.done(visit)


async def _page(
    visit: PersonVisit,
    action: Action,
    reason: str = "",
    alternative: str = "",
    refusal: Refusal | None = None,
) -> Response:
    conversation = await turns.asked(visit, action)
    view = visit.view(zone(conversation))
    return visit.page(
        view,
        f"declining/{action}.html",
        refusal.status if refusal else 200,
        id=conversation.id,
        other=conversation.other(visit.me.id),
        reason=reason,
        alternative=alternative,
        wrong=sentence_of(refusal, view) if refusal else "",
    )
