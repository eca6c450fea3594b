"""Sharing a pane, taking it back, and opening what the other party has shared (F11, F15–F17).

Each locks the conversation's row, so that a share, a withdrawal, an opening and every append to the
pane's text happen one after the other. A pane that becomes readable begins a new generation: its text
as it stands, written afresh by the server. What was typed and removed before is gone with the old one.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, insert, update

from crdt.content import Content, fresh
from crdt.document import Document
from server import audit, conversations
from server.audit import Event
from server.conversations import Conversation, ConversationPane
from server.rules.access import Action, Actor, Pane
from server.rules.errors import (
    NoLongerPossible,
    NotFound,
    NotReadyToShare,
    OtherDeviceHasWritten,
    ShareAlreadyOpened,
)
from server.rules.limits import UPDATE
from server.storage import log_rows, tables
from server.storage.bells import ConversationChanged
from server.storage.database import Database, add_document, drop_document, ring
from server.templates import schemas

SHARED = ""
"""The change log's field for a share: the one row that replaces those of the drafting."""


def stored_document(connection: Connection, conversation: Conversation, pane: Pane) -> Document:
    """Load the pane's document as it stands in this transaction: snapshot and log. The caller closes it."""
    stored = log_rows.load(connection, conversation.panes[pane].document)
    schema = schemas(conversation.template, pane)
    return Document.loaded(schema, UPDATE, stored.snapshot, stored.updates, stored.clients)


def shown_to_the_other(conversation: Conversation, pane: Pane, content: Content) -> Content:
    """What the other party receives when the pane is shared with this content."""
    return fresh(content, schemas(conversation.template, pane), renumber_rows=True)


def missing(conversation: Conversation, pane: Pane, content: Content) -> tuple[str, ...]:
    """Ids of the pane's elements that must be filled in before it is shared, and are not (F60)."""
    return tuple(
        element.id
        for element in conversation.template.elements_in(pane)
        if "share" in element.required_for and not element.is_filled(content)
    )


def share(
    connection: Connection, actor: Actor, id_: str, pane: Pane, state_vector: bytes, now: datetime
) -> None:
    """Share a whole pane. ``state_vector`` is what the page that asks has of it.

    Raises NotFound, NoLongerPossible, OtherDeviceHasWritten or NotReadyToShare; a state vector that
    cannot be read is a crdt ProtocolError.
    """
    conversation = _own(connection, actor, id_, pane)
    if not conversation.may(actor, Action.SHARE_PANE, pane):
        raise NoLongerPossible
    document = stored_document(connection, conversation, pane)
    try:
        if document.is_ahead_of(state_vector):
            raise OtherDeviceHasWritten
        if empty := missing(conversation, pane, document.content()):
            raise NotReadyToShare(empty)
    finally:
        document.close()
    _set(connection, id_, pane, shared_at=now)
    now_shared = conversations.see(connection, actor, id_)
    for each, state in now_shared.panes.items():
        # With ``reveal: together`` the second share opens both, so both begin anew; what the other party
        # has opened before has nothing left to hide.
        is_open = state.facts.shared and not state.facts.waiting
        if is_open and (each is pane or _is_released(conversation, each)):
            _begin_shared(connection, now_shared, each, state, now)
    audit.record(connection, Event.PANE_SHARED, actor.person, now, id_, pane=pane)
    ring(connection, ConversationChanged(id_))


def withdraw(connection: Connection, actor: Actor, id_: str, pane: Pane, now: datetime) -> None:
    """Take a share back, until the other party has opened it. The text stays, and nobody else has it.

    Raises NotFound, NoLongerPossible or ShareAlreadyOpened.
    """
    conversation = _own(connection, actor, id_, pane)
    if conversation.panes[pane].facts.opened:
        raise ShareAlreadyOpened(name=conversation.other(actor.person).first_name)
    if not conversation.may(actor, Action.WITHDRAW_SHARE, pane):
        raise NoLongerPossible
    _set(connection, id_, pane, shared_at=None)
    audit.record(connection, Event.PANE_WITHDRAWN, actor.person, now, id_, pane=pane)
    ring(connection, ConversationChanged(id_))


def open_pane(connection: Connection, actor: Actor, id_: str, pane: Pane, now: datetime) -> None:
    """Show the other party's answers; from here on the share cannot be withdrawn.

    Raises NotFound, also for a pane that was withdrawn in the meantime: the two look the same.
    """
    conversation = conversations.locked(connection, actor, id_)
    if not conversation.may(actor, Action.OPEN_PANE, pane):
        raise NotFound
    if conversation.panes[pane].opened_at is None:
        _set(connection, id_, pane, opened_at=now)
        audit.record(connection, Event.PANE_OPENED, actor.person, now, id_, pane=pane)
        ring(connection, ConversationChanged(id_))


def _own(connection: Connection, actor: Actor, id_: str, pane: Pane) -> Conversation:
    conversation = conversations.locked(connection, actor, id_)
    if conversation.panes[pane].facts.owner != actor.person:
        raise NotFound
    return conversation


def _is_released(before: Conversation, pane: Pane) -> bool:
    """Whether a pane that was waiting for the other one can be opened now."""
    return before.panes[pane].facts.waiting and not before.panes[pane].facts.opened


def begin_anew(connection: Connection, conversation: Conversation, pane: Pane, content: Content) -> int:
    """Make ``content`` the pane's new generation. Returns its row id; the old one is still to be dropped."""
    made = Document.made(schemas(conversation.template, pane), UPDATE, content)
    name = conversations.new_name(conversation.id, pane)
    document = add_document(connection, name, conversation.id, pane, made.snapshot())
    made.close()
    _set(connection, conversation.id, pane, document_id=document)
    return document


def _begin_shared(
    connection: Connection, conversation: Conversation, pane: Pane, old: ConversationPane, now: datetime
) -> None:
    """Write the pane's content into a new generation and drop the old one with its history."""
    before = stored_document(connection, conversation, pane)
    shown = shown_to_the_other(conversation, pane, before.content())
    before.close()
    document = begin_anew(connection, conversation, pane, shown)
    drop_document(connection, old.document)
    connection.execute(
        insert(tables.change_log).values(
            document_id=document,
            field=SHARED,
            person_id=old.facts.owner,
            first_at=now,
            last_at=now,
        )
    )


def _set(connection: Connection, id_: str, pane: Pane, **values: datetime | int | None) -> None:
    connection.execute(
        update(tables.pane)
        .where(tables.pane.c.conversation_id == id_, tables.pane.c.pane == pane)
        .values(**values)
    )


class Sharing:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def share(self, actor: Actor, id_: str, pane: Pane, state_vector: bytes) -> None:
        """As ``share``."""
        await self._database.write(lambda c: share(c, actor, id_, pane, state_vector, self._clock()))

    async def withdraw(self, actor: Actor, id_: str, pane: Pane) -> None:
        """As ``withdraw``."""
        await self._database.write(lambda c: withdraw(c, actor, id_, pane, self._clock()))

    async def open_pane(self, actor: Actor, id_: str, pane: Pane) -> None:
        """As ``open_pane``."""
        await self._database.write(lambda c: open_pane(c, actor, id_, pane, self._clock()))
