"""What the pages of a conversation's turns share: who may take it, and where it leads.

A turn (decline, cancel, reopen, complete) has a page that says what will happen and asks once more. What was
typed there is never lost: a refused form comes back as it was, with a sentence.
"""

from starlette.responses import RedirectResponse, Response

from server import conversations
from server.conversations import Conversation
from server.pages import failures
from server.pages.context import PersonVisit
from server.rules.access import Action


async def asked(visit: PersonVisit, action: Action) -> Conversation:
    """The conversation of the address, for whoever may take this turn in it now.

    Raises NotFound for whoever may never take it, and NoLongerPossible when its state has moved on.
    """
    features, id_ = visit.features.conversations, id_of(visit)
    # Whoever stands in plans the meeting, and sees nothing else.
    see = features.see_planned if action is Action.MOVE_MEETING else features.see
    conversation = await see(visit.actor, id_)
    return conversations.required(conversation, visit.actor, action)


def id_of(visit: PersonVisit) -> str:
    """The conversation that the address names."""
    id_: str = visit.request.path_params["id"]
    return id_


def done(visit: PersonVisit, back: str = "") -> Response:
    """It was done: a person goes back to the conversation, or to ``back``; a script is told so."""
    if failures.wants_data(visit.request):
        return Response(status_code=204)
    return RedirectResponse(back or f"/conversations/{id_of(visit)}", 303)
