"""What the client is told of a conversation's page."""

from collections.abc import Mapping

from server.documents import shown
from server.pages import live_page
from server.pages.conversation_view import PaneSeen, Seen
from server.pages.rendering import View
from server.rules.access import Pane


def page_data(seen: Seen, view: View, panes: Mapping[Pane, PaneSeen], sha256: str = "") -> dict[str, object]:
    """What it must know, of panes that this person may read and no others. ``sha256``: of a record."""
    conversation = seen.conversation
    withheld = "+".join(pane for pane, stored in conversation.panes.items() if stored.facts.withheld)
    return live_page.island(
        view,
        shown(conversation, seen.viewer),
        path=f"/conversations/{conversation.id}",
        about=conversation.id,
        turn="/".join(
            (str(conversation.version), conversation.state, sha256, conversation.responsible.id, withheld)
        ),
        documents={
            pane.value: (conversation.panes[pane].name, each.writable)
            for pane, each in panes.items()
            if each.readable
        },
    )
