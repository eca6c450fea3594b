"""Sharing my pane, taking it back, and opening the other party's: three forms, from a page or a script.

A script sends ``{"state_vector": base64}`` with a share and gets 204, or 409 with a sentence and what is
missing. A form without a script comes back to the conversation, or to a page that says why not.
"""

import base64

from pydantic import BaseModel
from starlette.responses import Response

from crdt.errors import ProtocolError
from server.pages import failures, turns
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
        await visit.features.sharing.share(visit.actor, turns.id_of(visit), pane, await _state_vector(visit))
    except ProtocolError:
        return failures.page(visit, NoLongerPossible())
    except NotReadyToShare as refusal:
        return failures.page(visit, refusal, missing=await _labels(visit, refusal))
    return turns.done(visit)


async def withdraw(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/panes/{pane}/withdraw."""
    await visit.features.sharing.withdraw(visit.actor, turns.id_of(visit), pane_of(visit))
    return turns.done(visit)


async def open_pane(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/panes/{pane}/open."""
    await visit.features.sharing.open_pane(visit.actor, turns.id_of(visit), pane_of(visit))
    return turns.done(visit)


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
    conversation = await visit.features.conversations.see(visit.actor, turns.id_of(visit))
    locale = visit.me.locale
    return [
        {"id": element.id, "label": element.label.to(locale)}
        for element in conversation.template.elements
        if element.id in refusal.missing
    ]
