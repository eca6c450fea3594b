"""Opening a frozen or closed conversation again: a page that says what this does to it, and asks why."""

from starlette.responses import Response

from server.pages import turns
from server.pages.context import PersonVisit
from server.pages.failures import sentence_of
from server.pages.forms import read_form
from server.pages.heading import zone
from server.rules.access import Action, State
from server.rules.errors import ReasonMissing, Refusal, TextTooLong


async def ask(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/reopen."""
    return await _page(visit)


async def reopen(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/reopen with ``reason``."""
    reason = (await read_form(visit.request)).get("reason", "")
    try:
        await visit.features.reopening.reopen(visit.actor, turns.id_of(visit), reason)
    except (ReasonMissing, TextTooLong) as refusal:
        return await _page(visit, reason, refusal)
    return turns.done(visit)


async def _page(visit: PersonVisit, reason: str = "", refusal: Refusal | None = None) -> Response:
    conversation = await turns.asked(visit, Action.REOPEN)
    view = visit.view(zone(conversation))
    return visit.page(
        view,
        "reopening/page.html",
        refusal.status if refusal else 200,
        id=conversation.id,
        other=conversation.other(visit.me.id),
        is_closed=conversation.state is State.CLOSED,
        signs=conversation.template.sign.enabled,
        reason=reason,
        wrong=sentence_of(refusal, view) if refusal else "",
    )
