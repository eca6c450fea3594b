"""Closing: the record is sealed and kept for good, and what was agreed becomes activities.

In the transaction of the last signature, or of the completion. Nothing of a closed version ever changes.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime

from sqlalchemy import Connection, insert, select, update

from crdt.content import Row
from crdt.schema import ROW_ID
from server import activities, audit, conversations
from server.activities import Agreed, GoalType
from server.audit import Event
from server.conversations import Conversation
from server.documents import Standing
from server.record import format as record_format
from server.record.sealing import Seals
from server.rules import life
from server.rules.access import Actor, Pane, State
from server.storage import tables
from server.template.parts import Creates

ACTIVITY_ID_CHARACTERS = 32


def close(
    connection: Connection,
    actor: Actor,
    conversation: Conversation,
    documents: Mapping[Pane, Standing],
    seals: Seals,
    now: datetime,
) -> None:
    """Close a conversation whose record is frozen, with the signatures that it has.

    ``documents`` are all three as they stand; the actor is whoever did what closed it.
    """
    _seal(connection, conversation, seals, now)
    connection.execute(
        insert(tables.record_document),
        [
            {
                "conversation_id": conversation.id,
                "version": conversation.version,
                "pane": pane,
                "snapshot": document.snapshot,
            }
            for pane, document in documents.items()
        ],
    )
    activities.add_agreed(
        connection, conversation.employee.id, conversation.id, agreed(conversation, documents)
    )
    conversations.move(connection, conversation, State.CLOSED, actor, now)
    audit.record(
        connection,
        Event.CONVERSATION_CLOSED,
        actor.person,
        now,
        conversation=conversation.id,
        version=str(conversation.version),
    )


def agreed(conversation: Conversation, documents: Mapping[Pane, Standing]) -> Iterator[Agreed]:
    """What the rows of the conversation's tables say is to be done (F33, F65)."""
    for element in conversation.template.elements:
        for part in element.parts():
            creates = part.creates
            if creates is None:
                continue
            for pane in life.settled_in(element):
                for row in part.rows(documents[pane].content):
                    if creates.makes_activity(row):
                        yield _activity(f"{conversation.id}/{pane}/{part.name}/{row[ROW_ID]}", creates, row)


def _activity(origin: str, creates: Creates, row: Row) -> Agreed:
    due = row.get(creates.due) if creates.due is not None else None
    return Agreed(
        id=hashlib.sha256(origin.encode()).hexdigest()[:ACTIVITY_ID_CHARACTERS],
        goal_type=GoalType(creates.goal_type(row)),
        title=creates.description(row),
        due_on=date.fromisoformat(due) if isinstance(due, str) else None,
    )


def _seal(connection: Connection, conversation: Conversation, seals: Seals, now: datetime) -> None:
    record, signature = tables.record, tables.signature
    is_this = (record.c.conversation_id == conversation.id) & (record.c.version == conversation.version)
    content = connection.scalars(select(record.c.content).where(is_this)).one()
    signatures = connection.execute(
        select(signature.c.statement, signature.c.seal)
        .where(signature.c.conversation_id == conversation.id, signature.c.version == conversation.version)
        .order_by(signature.c.at, signature.c.person_id)
    )
    seal = seals(connection, now)
    # One certificate vouches for the whole: should the organisation have changed its key since somebody
    # signed, it seals that statement again.
    said = [
        (row.statement, row.seal if seal.made(row.statement, row.seal) else seal.sign(row.statement))
        for row in signatures
    ]
    sealed = record_format.sealed(content, said, now, seal.certificate, seal.sign)
    connection.execute(update(record).where(is_this).values(closed_at=now, sealed=sealed))
