"""Sharing my pane, taking it back, and opening the other party's: three forms, from a page or a script.

A script sends ``{"state_vector": base64}`` with a share and gets 204, or 409 with a sentence and what is
missing. A form without a script comes back to the conversation, or to a page that says why not.
"""

import base64

from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from crdt.errors import ProtocolError
from server.pages import failures
from server.pages.context import PersonVisit
from server.pages.conversation import pane_of
from server.pages.forms import read_form
from server.rules.errors import NoLongerPossible, NotReadyToShare


class ShareRequest(BaseModel):
    """What the page has of the pane that it shares."""

    state_vector: str


async def share(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/panes/{pane}/share."""
    pane = pane_of(visit)
    try:
        await visit.features.sharing.share(visit.actor, _id(visit), pane, await _state_vector(visit))
    except ProtocolError:
        return failures.page(visit, NoLongerPossible())
    except NotReadyToShare as refusal:
        return failures.page(visit, refusal, missing=await _labels(visit, refusal))
    return _done(visit)


async def withdraw(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/panes/{pane}/withdraw."""
    await visit.features.sharing.withdraw(visit.actor, _id(visit), pane_of(visit))
    return _done(visit)


async def open_pane(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/panes/{pane}/open."""
    await visit.features.sharing.open_pane(visit.actor, _id(visit), pane_of(visit))
    return _done(visit)


def _id(visit: PersonVisit) -> str:
    id_: str = visit.request.path_params["id"]
    return id_


def _done(visit: PersonVisit) -> Response:
    if failures.wants_data(visit.request):
        return Response(status_code=204)
    return RedirectResponse(f"/conversations/{_id(visit)}", 303)


async def _state_vector(visit: PersonVisit) -> bytes:
    """Read the state vector. Raises NoLongerPossible when the page did not send a proper one."""
    try:
        if failures.wants_data(visit.request):
            encoded = ShareRequest.model_validate_json(await visit.request.body()).state_vector
        else:
            encoded = (await read_form(visit.request)).get("state_vector", "")
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        # What pydantic, base64 and ASCII say of it.
        raise NoLongerPossible from None


async def _labels(visit: PersonVisit, refusal: NotReadyToShare) -> list[dict[str, str]]:
    """The missing elements by id and question, so that the page can lead to them."""
    conversation = await visit.features.conversations.see(visit.actor, _id(visit))
    locale = visit.me.locale
    return [
        {"id": element.id, "label": element.label.to(locale)}
        for element in conversation.template.elements
        if element.id in refusal.missing
    ]
