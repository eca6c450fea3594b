"""What the client is told of a conversation's page (``web/client/src/page_data.ts``)."""

from collections.abc import Mapping

from server.documents import shown
from server.pages import words
from server.pages.conversation_view import PaneSeen, Seen
from server.pages.rendering import View
from server.rules.access import Pane


def page_data(seen: Seen, view: View, panes: Mapping[Pane, PaneSeen], sha256: str = "") -> dict[str, object]:
    """What it must know, of panes that this person may read and no others. ``sha256``: of a record."""
    conversation = seen.conversation
    return {
        "me": shown(conversation, seen.viewer),
        "conversation": conversation.id,
        "turn": f"{conversation.version}/{conversation.state}/{sha256}",
        "locale": view.locale,
        "socket": "/live",
        "documents": {
            pane.value: {
                "name": conversation.panes[pane].name,
                "scope": "read-write" if each.writable else "readonly",
            }
            for pane, each in panes.items()
            if each.readable
        },
        **words.for_client(view.catalogue),
    }
