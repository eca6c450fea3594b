"""Every source, in the order of the reading guide, and every table that none of them tells, with the reason.

Conversations are told by ``server/own_data/conversation.py``, with all tables of CONVERSATION.
"""

from collections.abc import Mapping

from sqlalchemy import Table

from server.own_data.about_me import ERASURES, PERSON, SESSIONS, STAND_INS
from server.own_data.activities import ACTIVITIES, COMMENTS, SAID_ELSEWHERE
from server.own_data.source import Source
from server.own_data.taking_part import GUEST
from server.own_data.traces import EVENTS
from server.own_data.writing import LETTERS, NOTES, PREPARATIONS, REQUESTS, UNWANTED
from server.storage import tables

SOURCES: tuple[Source, ...] = (
    PERSON,
    ACTIVITIES,
    COMMENTS,
    SAID_ELSEWHERE,
    NOTES,
    PREPARATIONS,
    REQUESTS,
    GUEST,
    LETTERS,
    UNWANTED,
    STAND_INS,
    SESSIONS,
    EVENTS,
    ERASURES,
)

CONVERSATION: tuple[Table, ...] = (
    tables.conversation,
    tables.pane,
    tables.change_log,
    tables.decision,
    tables.record,
    tables.signature,
    tables.handover,
    tables.handover_part,
)
"""What is told with a conversation."""

EXCEPTIONS: Mapping[Table, str] = {
    tables.document_client: "numbers by which the merging tells devices apart; they go with the document",
    tables.hold: "a hold is between the organisation and those who keep its records; the reason may be about "
    "others. The organisation answers whoever asks for it",
    tables.own_bundle: "the bundle itself",
    tables.policy: "who changed a setting last; the audit has it as an event of that person",
}
