"""Asking one's manager for a conversation, and answering (F75): pages for the one and for the other."""

from starlette.responses import RedirectResponse, Response

from server.pages import asking_view
from server.pages.context import PersonVisit
from server.pages.failures import sentence_of
from server.pages.forms import read_form
from server.rules.errors import (
    AlreadyAnswered,
    AskedAlready,
    AskedOften,
    ReasonMissing,
    Refusal,
    TextTooLong,
)

ASK = "/conversations/ask"


async def show(visit: PersonVisit) -> Response:
    """GET /conversations/ask."""
    return await _mine(visit)


async def ask(visit: PersonVisit) -> Response:
    """POST /conversations/ask with ``wish`` and ``times``, both of which may be empty."""
    form = await read_form(visit.request)
    wish, times = form.get("wish", ""), form.get("times", "")
    try:
        await visit.features.asking.ask(visit.actor, wish, times)
    except (AskedAlready, AskedOften, TextTooLong) as refusal:
        return await _mine(visit, wish, times, refusal)
    return RedirectResponse(ASK, 303)


async def take_back(visit: PersonVisit) -> Response:
    """POST /requests/{request}/take-back."""
    await visit.features.asking.take_back(visit.actor, _id(visit))
    return RedirectResponse(ASK, 303)


async def read(visit: PersonVisit) -> Response:
    """GET /requests/{request}: what an employee asked, for whoever answers."""
    return await _to_answer(visit)


async def decline(visit: PersonVisit) -> Response:
    """POST /requests/{request}/decline with ``reply``."""
    reply = (await read_form(visit.request)).get("reply", "")
    try:
        await visit.features.asking.decline(visit.actor, _id(visit), reply)
    except (ReasonMissing, TextTooLong, AlreadyAnswered) as refusal:
        return await _to_answer(visit, reply, refusal)
    return RedirectResponse(f"/requests/{_id(visit)}", 303)


async def _mine(
    visit: PersonVisit, wish: str = "", times: str = "", refusal: Refusal | None = None
) -> Response:
    manager = await visit.features.asking.may_ask(visit.actor)
    view = visit.view()
    seen = [
        asking_view.seen(each, visit.me, view) for each in await visit.features.asking.of_mine(visit.actor)
    ]
    waits = next((each for each in seen if not each.sentence), None)
    return visit.page(
        view,
        "asking/ask.html",
        refusal.status if refusal else 200,
        manager=manager,
        waiting=waits,
        earlier=[each for each in seen if each is not waits],
        wish=wish,
        times=times,
        wrong=sentence_of(refusal, view) if refusal else "",
    )


async def _to_answer(visit: PersonVisit, reply: str = "", refusal: Refusal | None = None) -> Response:
    asked = await visit.features.asking.asked(visit.actor, _id(visit))
    view = visit.view()
    return visit.page(
        view,
        "asking/answer.html",
        refusal.status if refusal else 200,
        asked=asking_view.seen(asked, visit.me, view),
        employee=asked.employee,
        reply=reply,
        wrong=sentence_of(refusal, view) if refusal else "",
    )


def _id(visit: PersonVisit) -> str:
    id_: str = visit.request.path_params["request"]
    return id_
