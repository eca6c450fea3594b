"""Every table, as SQLAlchemy Core sees it. Features name them here; nothing else holds data.

Ids of people, templates, conversations and sessions are random strings or names of the organisation's
own, never counters. The one counter, ``document.id``, never leaves the server. Instants are aware and
in UTC. Localised words are JSON objects, locale -> text.
"""

from server.storage.tables.activities import activity, activity_comment
from server.storage.tables.columns import METADATA, Instant
from server.storage.tables.conversations import (
    conversation,
    decision,
    guest,
    handover,
    handover_part,
    pane,
    preparation,
    request,
    template,
)
from server.storage.tables.documents import (
    change_log,
    document,
    document_client,
    document_snapshot,
    document_update,
)
from server.storage.tables.keeping import audit, erasure, hold
from server.storage.tables.letters import letter, letter_choice
from server.storage.tables.notes import note
from server.storage.tables.organisation import delegation, person, policy, unit
from server.storage.tables.own_data import own_bundle, own_bundle_file
from server.storage.tables.records import organisation_seal, record, record_document, signature
from server.storage.tables.sessions import session, sign_in_attempt

__all__ = [
    "METADATA",
    "Instant",
    "activity",
    "activity_comment",
    "audit",
    "change_log",
    "conversation",
    "decision",
    "delegation",
    "document",
    "document_client",
    "document_snapshot",
    "document_update",
    "erasure",
    "guest",
    "handover",
    "handover_part",
    "hold",
    "letter",
    "letter_choice",
    "note",
    "organisation_seal",
    "own_bundle",
    "own_bundle_file",
    "pane",
    "person",
    "policy",
    "preparation",
    "record",
    "record_document",
    "request",
    "session",
    "sign_in_attempt",
    "signature",
    "template",
    "unit",
]
