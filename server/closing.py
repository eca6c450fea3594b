"""Closing: the record is sealed and kept for good, and what was agreed becomes activities.

In the transaction of the last signature, or of the completion. Nothing of a closed version ever changes.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, cast

from sqlalchemy import Connection, insert, select, update

from crdt.content import Row, TextContent, plain_text
from crdt.schema import ROW_ID
from server import audit, conversations, new_activities
from server.activities import GoalType
from server.activity_documents import Wording
from server.audit import Event
from server.conversations import Conversation
from server.documents import Standing
from server.new_activities import Agreed
from server.record import format as record_format
from server.rules import life
from server.rules.access import Actor, Pane, State
from server.storage import tables
from server.template.parts import Column, Creates, PartKind

if TYPE_CHECKING:
    from server.record.sealing import Seals

ACTIVITY_ID_CHARACTERS = 32


def close(
    connection: Connection,
    actor: Actor,
    conversation: Conversation,
    documents: Mapping[Pane, Standing],
    seals: "Seals",
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
    new_activities.add_agreed(
        connection, actor, conversation.employee.id, conversation.id, agreed(conversation, documents), now
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
                        origin = f"{conversation.id}/{pane}/{part.name}/{row[ROW_ID]}"
                        yield Agreed(
                            id=hashlib.sha256(origin.encode()).hexdigest()[:ACTIVITY_ID_CHARACTERS],
                            goal_type=GoalType(creates.goal_type(row)),
                            wording=_wording(creates, row, conversation.employee.locale),
                        )


def _wording(creates: Creates, row: Row, locale: str) -> Wording:
    """All that a row says, so that nobody need look it up in the record."""
    title = creates.described_in(row)

    def text(name: str | None) -> str:
        return "" if name == title else creates.text(row, name)

    def said(name: str | None) -> str | None:
        value = row.get(name) if name is not None else None
        return value if isinstance(value, str) else None

    due, follow_up = said(creates.due), said(creates.follow_up)
    others = (
        f"{column.label.to(locale).rstrip(':?')}: {_said(column, row, locale)}"
        for column in creates.others
        if column.name not in (title, creates.goal_column) and column.is_filled(row)
    )
    return Wording(
        title=creates.description(row),
        goal=creates.text(row, creates.serves),
        description="\n".join(others),
        develop=text(creates.develop),
        how=text(creates.how),
        owner=said(creates.responsible),
        due_on=date.fromisoformat(due) if due else None,
        follow_up_on=date.fromisoformat(follow_up) if follow_up else None,
    )


def _said(column: Column, row: Row, locale: str) -> str:
    """What a row says in one of its other columns, in words."""
    value = row.get(column.name)
    match column.kind:
        case PartKind.TEXT:
            return plain_text(cast(TextContent, value))
        case PartKind.SINGLE_CHOICE:
            return next(each.label.to(locale) for each in column.options if each.id == value)
        case PartKind.CHECKBOX:
            return "✓"
        case PartKind.NUMBER if column.unit is not None:
            return f"{value} {column.unit.to(locale)}"
        case _:
            return str(value)


def _seal(connection: Connection, conversation: Conversation, seals: "Seals", now: datetime) -> None:
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
