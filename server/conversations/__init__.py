"""Conversations: making one, seeing one, and the facts on which every right in it rests.

There is no way to a conversation's panes but ``see``, ``see_panes`` and ``locked``, which read the facts that
``server.rules.access`` decides from.
"""

from server.conversations.conversation import (
    NOTHING_SENT,
    Conversation,
    ConversationPane,
    ConversationPanes,
    Meeting,
)
from server.conversations.making import ID_BYTES, create, new_name, required_responsible
from server.conversations.reading import handed_over_at, in_order, is_written_in, parties
from server.conversations.seeing import (
    locked,
    locked_handed,
    locked_invited,
    locked_planned,
    see,
    see_former,
    see_handed,
    see_invited,
    see_panes,
    see_planned,
    seen,
)
from server.conversations.turns import locked_for, move, required
from server.conversations.way_in import Conversations

__all__ = [
    "ID_BYTES",
    "NOTHING_SENT",
    "Conversation",
    "ConversationPane",
    "ConversationPanes",
    "Conversations",
    "Meeting",
    "create",
    "handed_over_at",
    "in_order",
    "is_written_in",
    "locked",
    "locked_for",
    "locked_handed",
    "locked_invited",
    "locked_planned",
    "move",
    "new_name",
    "parties",
    "required",
    "required_responsible",
    "see",
    "see_former",
    "see_handed",
    "see_invited",
    "see_panes",
    "see_planned",
    "seen",
]
