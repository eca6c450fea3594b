"""Opening a frozen or closed conversation again, with a reason that both parties are told (S10).

The documents begin anew from what was frozen, written afresh by the server: shares stay shared, rows keep
their ids, so that what has become an activity does not become another. Before closing the signatures are
void and gone with the record that they were about; afterwards the closed version stays, and the
conversation goes on as the next one.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, delete, update

from crdt.content import fresh
from server import audit, conversations, decisions, documents, sharing
from server.audit import Event
from server.conversations import Conversation
from server.decisions import Kind
from server.rules.access import Action, Actor, Pane, State
from server.storage import tables
from server.storage.database import Database, drop_document, erase_soon
from server.templates import schemas


def reopen(connection: Connection, actor: Actor, id_: str, reason: str, now: datetime) -> None:
    """Open the conversation again. Raises NotFound, NoLongerPossible, ReasonMissing or TextTooLong."""
    conversation = conversations.locked_for(connection, actor, id_, Action.REOPEN)
    decisions.decide(connection, conversation, Kind.REOPENED, actor, reason, now)
    for pane in conversation.panes:
        _begin_anew(connection, conversation, pane)
    version = conversation.version
    if conversation.state is State.CLOSED:
        version += 1
    else:
        _void(connection, conversation)
    conversations.move(connection, conversation, State.OPEN, actor, now, version)
    audit.record(
        connection,
        Event.CONVERSATION_REOPENED,
        actor.person,
        now,
        conversation=id_,
        version=str(conversation.version),
    )


def _void(connection: Connection, conversation: Conversation) -> None:
    """Take away a record that never was closed. Its signatures go with it; the audit keeps that they were."""
    record = tables.record.c
    connection.execute(
        delete(tables.record).where(
            record.conversation_id == conversation.id, record.version == conversation.version
        )
    )
    erase_soon(connection)


def _begin_anew(connection: Connection, conversation: Conversation, pane: Pane) -> None:
    old = conversation.panes[pane].document
    content = documents.content_of(connection, conversation, pane)
    schema = schemas(conversation.template, pane)
    new = sharing.begin_anew(connection, conversation, pane, fresh(content, schema, renumber_rows=False))
    # When it was shared still holds. Who wrote what, and when, belongs to what is closed now.
    log = tables.change_log
    connection.execute(
        update(log).where(log.c.document_id == old, log.c.field == sharing.SHARED).values(document_id=new)
    )
    drop_document(connection, old)


class Reopening:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def reopen(self, actor: Actor, id_: str, reason: str) -> None:
        """As ``reopen``."""
        await self._database.write(lambda c: reopen(c, actor, id_, reason, self._clock()))
