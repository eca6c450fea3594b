"""Notes that somebody keeps for themselves: to prepare a conversation, about a colleague, of their own work.

Live documents like an unshared pane that is never shared (F77, F89, F152): nobody but the owner ever learns
that there is one, and nothing about them reaches the audit. ``notes/{owner}/{note}`` on the wire.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select

from crdt.content import Content, TextContent, plain_text
from crdt.document import Document
from crdt.schema import DocumentSchema, Text
from server import activity_documents, conversations, people
from server.people import Person
from server.rules.access import Action, Actor, NoteFacts, allowed
from server.rules.errors import NotFound
from server.rules.limits import NOTE_BEGINNING_CHARACTERS_MAX, UPDATE
from server.storage import tables
from server.storage.bells import notes_of
from server.storage.database import Database, add_document, drop_document, lock_document, ring
from server.storage.update_log import NoteSummary

ID_BYTES = 16
TEXT = "text"
SCHEMA = DocumentSchema((Text(TEXT),))


@dataclass(frozen=True, slots=True)
class Note:
    """One note, as its row has it. About a person, a conversation, or neither."""

    id: str
    owner: str
    about_person: Person | None
    about_conversation: str | None
    beginning: str
    """Its first line that is not empty; empty while nothing is written."""
    created_at: datetime

    @property
    def name(self) -> str:
        """Of its document on the wire."""
        return name_of(self.owner, self.id)


def name_of(owner: str, id_: str) -> str:
    """Its name on the wire."""
    return f"notes/{owner}/{id_}"


def summary(content: Content) -> NoteSummary:
    """What the row repeats of a document with this content."""
    lines = plain_text(cast(TextContent, content[TEXT])).split("\n")
    first = next((line.strip() for line in lines if line.strip()), "")
    return NoteSummary(first[:NOTE_BEGINNING_CHARACTERS_MAX])


def mine(connection: Connection, actor: Actor) -> list[Note]:
    """All that the actor keeps, the newest first."""
    return _found(connection, tables.note.c.owner_id == actor.person)


def of_conversation(connection: Connection, actor: Actor, conversation: str) -> list[Note]:
    """What the actor keeps about one conversation, the newest first. Nothing for whoever keeps nothing."""
    note = tables.note.c
    return _found(connection, (note.owner_id == actor.person) & (note.about_conversation == conversation))


def beside(connection: Connection, actor: Actor, conversation: str) -> tuple[Note, TextContent] | None:
    """The newest that the actor keeps about one conversation, with what it says; None for nothing."""
    note = tables.note.c
    mine = (note.owner_id == actor.person) & (note.about_conversation == conversation)
    row = connection.execute(_newest_first(mine).limit(1)).one_or_none()
    return None if row is None else (_note(row), _text(connection, row.document_id))


def of_person(connection: Connection, actor: Actor, person: str) -> list[Note]:
    """What the actor keeps about one person, the newest first."""
    note = tables.note.c
    return _found(connection, (note.owner_id == actor.person) & (note.about_person == person))


def get(connection: Connection, actor: Actor, id_: str) -> tuple[Note, int]:
    """One note of the actor's, and the row id of its document. Raises NotFound."""
    row = connection.execute(_select().where(tables.note.c.id == id_)).one_or_none()
    if row is None or not allowed(actor, Action.KEEP_NOTE, NoteFacts(row.owner_id)):
        raise NotFound
    return _note(row), row.document_id


def read(connection: Connection, actor: Actor, id_: str) -> tuple[Note, TextContent]:
    """One note of the actor's with what it says. Raises NotFound."""
    note, document = get(connection, actor, id_)
    return note, _text(connection, document)


def add(
    connection: Connection,
    actor: Actor,
    now: datetime,
    *,
    about_person: str | None = None,
    about_conversation: str | None = None,
) -> str:
    """Begin an empty note and return its id, or that of the one that there is.

    About somebody who is active, about a conversation that the actor sees, or neither. About a conversation
    one keeps one note; of the others the newest is taken while nothing is written in it. So a button that is
    pressed twice begins one. Raises NotFound.
    """
    if about_conversation is not None:
        conversations.see(connection, actor, about_conversation)
    if about_person is not None and not people.get(connection, about_person).active:
        raise NotFound
    # The person's own row: of two presses at once one waits for the other.
    connection.execute(select(tables.person.c.id).where(tables.person.c.id == actor.person).with_for_update())
    note = tables.note.c
    alike = (note.about_person.is_not_distinct_from(about_person)) & (
        note.about_conversation.is_not_distinct_from(about_conversation)
    )
    newest = next(iter(_found(connection, (note.owner_id == actor.person) & alike)), None)
    if newest is not None and (about_conversation is not None or not newest.beginning):
        return newest.id
    id_ = secrets.token_hex(ID_BYTES)
    made = Document.made(SCHEMA, UPDATE)
    document = add_document(connection, name_of(actor.person, id_), None, None, made.snapshot())
    made.close()
    connection.execute(
        insert(tables.note).values(
            id=id_,
            owner_id=actor.person,
            about_person=about_person,
            about_conversation=about_conversation,
            document_id=document,
            beginning="",
            created_at=now,
        )
    )
    return id_


def throw_away(connection: Connection, actor: Actor, id_: str) -> None:
    """Erase a note of the actor's for good. Raises NotFound."""
    note, _ = get(connection, actor, id_)
    drop(connection, note.id)


def drop(connection: Connection, id_: str) -> None:
    """Erase a note with its document. The caller has asked for the right."""
    table = tables.note
    row = connection.execute(
        select(table.c.document_id, table.c.owner_id).where(table.c.id == id_)
    ).one_or_none()
    if row is not None:
        # First the document, as whoever appends to it: else each would wait for the other.
        lock_document(connection, row.document_id)
        connection.execute(delete(table).where(table.c.id == id_))
        drop_document(connection, row.document_id)
        ring(connection, notes_of(row.owner_id))


def _select() -> Any:
    table, person = tables.note, tables.person
    # The columns of the person keep their names; those of the note that are called the same do not.
    return select(
        person,
        table.c.id.label("note_id"),
        table.c.owner_id,
        table.c.about_conversation,
        table.c.document_id,
        table.c.beginning,
        table.c.created_at,
    ).select_from(table.outerjoin(person, person.c.id == table.c.about_person))


def _newest_first(where: ColumnElement[bool]) -> Any:
    note = tables.note.c
    return _select().where(where).order_by(note.created_at.desc(), note.id)


def _found(connection: Connection, where: ColumnElement[bool]) -> list[Note]:
    return [_note(row) for row in connection.execute(_newest_first(where))]


def _text(connection: Connection, document: int) -> TextContent:
    return cast(TextContent, activity_documents.stored(connection, document, SCHEMA)[TEXT])


def _note(row: Row[Any]) -> Note:
    return Note(
        id=row.note_id,
        owner=row.owner_id,
        about_person=people.person_of(row) if row.id is not None else None,
        about_conversation=row.about_conversation,
        beginning=row.beginning,
        created_at=row.created_at,
    )


class Notes:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def mine(self, actor: Actor) -> list[Note]:
        """As ``mine``."""
        return await self._database.read(lambda c: mine(c, actor))

    async def of_conversation(self, actor: Actor, conversation: str) -> list[Note]:
        """As ``of_conversation``."""
        return await self._database.read(lambda c: of_conversation(c, actor, conversation))

    async def of_person(self, actor: Actor, person: str) -> list[Note]:
        """As ``of_person``."""
        return await self._database.read(lambda c: of_person(c, actor, person))

    async def read(self, actor: Actor, id_: str) -> tuple[Note, TextContent]:
        """As ``read``."""
        return await self._database.read(lambda c: read(c, actor, id_))

    async def add(
        self, actor: Actor, *, about_person: str | None = None, about_conversation: str | None = None
    ) -> str:
        """As ``add``."""
        return await self._database.write(
            lambda c: add(
                c,
                actor,
                self._clock(),
                about_person=about_person,
                about_conversation=about_conversation,
            )
        )

    async def throw_away(self, actor: Actor, id_: str) -> None:
        """As ``throw_away``."""
        await self._database.write(lambda c: throw_away(c, actor, id_))
