"""What is kept of the time before a conversation was handed over, and who reads it (``server/handover.py``).

Of the predecessor: what he had written in his own pane. It is his alone, unless the employee had received it:
then she reads it on, and so does the successor where she has answered that it goes over. Of the two together:
what they wrote, where it stayed with them. None of it is part of a record: those who sign one sign what they
have written, or seen grow, themselves.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, select, update

from crdt.content import Content
from crdt.document import Document
from server import audit, conversations, documents, people
from server.audit import Event
from server.conversations import Conversation
from server.people import Person
from server.rules.access import Action, Actor, Pane, PartFacts, allowed
from server.rules.errors import NoLongerPossible, NotFound
from server.rules.limits import UPDATE
from server.storage import tables
from server.storage.bells import ConversationChanged
from server.storage.database import Database, erase_soon, lock_conversation, ring
from server.template.words import Words
from server.templates import schemas

HANDOVER, PART = tables.handover, tables.handover_part


@dataclass(frozen=True, slots=True)
class Part:
    """One pane as it stood when the conversation was handed over, for somebody who may read it."""

    handover: str
    pane: Pane
    predecessor: Person
    successor: Person
    at: datetime
    """When it was handed over."""
    content: Content
    facts: PartFacts


@dataclass(frozen=True, slots=True)
class Former:
    """All that is kept of one conversation, as much as one person may read, the newest first."""

    conversation: Conversation
    """With ``is_past`` as the reader left it: its responsible is who got it then, and there is no meeting."""
    parts: tuple[Part, ...]
    is_past: bool
    """The reader no longer takes part in the conversation, and sees nothing else of it."""


@dataclass(frozen=True, slots=True)
class Left:
    """A conversation that somebody has handed over, and of which something is kept. For a list."""

    conversation: str
    employee: Person
    template: Words
    at: datetime


def content_of(conversation: Conversation, pane: Pane, snapshot: bytes) -> Content:
    """What a kept snapshot says."""
    document = Document.loaded(schemas(conversation.template, pane), UPDATE, snapshot, (), {})
    try:
        return document.content()
    finally:
        document.close()


def of(connection: Connection, actor: Actor, id_: str) -> Former:
    """What is kept of a conversation, for whoever may read any of it. Raises NotFound for everybody else."""
    conversation = conversations.see_former(connection, actor, id_)
    found = []
    for row in _rows(connection, id_):
        facts = _facts(conversation, row)
        content = _content(connection, conversation, row)
        if content is None or not allowed(actor, Action.READ_FORMER, facts):
            continue
        predecessor = people.get(connection, row.predecessor_id)
        successor = people.get(connection, row.successor_id)
        found.append(Part(row.handover_id, row.pane, predecessor, successor, row.at, content, facts))
    is_past = not conversation.may(actor, Action.SEE_CONVERSATION)
    if is_past and not found and not _has_record(connection, actor, id_):
        raise NotFound
    if is_past:
        conversation = _as_left(connection, actor, conversation)
    return Former(conversation, tuple(found), is_past)


def _as_left(connection: Connection, actor: Actor, conversation: Conversation) -> Conversation:
    """The conversation as whoever handed it over knows it: who got it then, and nothing of when they meet."""
    successor = connection.scalars(
        select(HANDOVER.c.successor_id)
        .where(HANDOVER.c.conversation_id == conversation.id, HANDOVER.c.predecessor_id == actor.person)
        .order_by(HANDOVER.c.at.desc(), HANDOVER.c.id)
        .limit(1)
    ).one()
    return replace(conversation, responsible=people.get(connection, successor), meeting=None)


def remove(connection: Connection, actor: Actor, id_: str, handover: str, pane: Pane, now: datetime) -> None:
    """Erase one's own part from what is kept. What the other one had received stays with that one.

    Raises NotFound, and NoLongerPossible for what has been erased already.
    """
    lock_conversation(connection, id_)
    conversation = conversations.see_former(connection, actor, id_)
    rows = {(row.handover_id, row.pane): row for row in _rows(connection, id_)}
    row = rows.get((handover, pane))
    if row is None or row.snapshot is None:
        raise NotFound
    if not allowed(actor, Action.REMOVE_FORMER, _facts(conversation, row)):
        raise NoLongerPossible if conversation.may(actor, Action.SEE_CONVERSATION) else NotFound
    mine = (PART.c.handover_id == handover) & (PART.c.pane == pane)
    if pane is Pane.MANAGER and row.received:
        connection.execute(update(PART).where(mine).values(removed_at=now))
    else:
        connection.execute(delete(PART).where(mine))
        erase_soon(connection)
    audit.record(connection, Event.FORMER_REMOVED, actor.person, now, id_, pane=pane)
    ring(connection, ConversationChanged(id_))


def mine(connection: Connection, actor: Actor) -> list[Left]:
    """The conversations that the actor has handed over, and of which something is kept, the newest first."""
    conversation, template, employee = tables.conversation, tables.template, tables.person.alias()
    rows: Iterable[Row[Any]] = connection.execute(
        select(
            conversation.c.id,
            *people.columns_of(employee, "whose"),
            template.c.body["name"].label("name"),
            HANDOVER.c.at,
        )
        .join(conversation, conversation.c.id == HANDOVER.c.conversation_id)
        .join(
            template,
            (template.c.id == conversation.c.template_id)
            & (template.c.version == conversation.c.template_version),
        )
        .outerjoin(PART, PART.c.handover_id == HANDOVER.c.id)
        .join(employee, employee.c.id == conversation.c.employee_id)
        .where(
            HANDOVER.c.predecessor_id == actor.person,
            conversation.c.responsible_id != actor.person,
            ((PART.c.pane == Pane.MANAGER) & PART.c.removed_at.is_(None))
            | ((PART.c.pane == Pane.JOINT) & PART.c.goes_over.is_not(True))
            | conversation.c.id.in_(_closed_by(actor)),
        )
        .order_by(HANDOVER.c.at.desc(), HANDOVER.c.id)
    )
    found: dict[str, Left] = {}
    for row in rows:
        name = Words.model_validate(row.name)
        found.setdefault(row.id, Left(row.id, people.person_in(row, "whose"), name, row.at))
    return list(found.values())


def _has_record(connection: Connection, actor: Actor, id_: str) -> bool:
    """Whether a version of it was closed when the actor was responsible: that stays hers to read."""
    closed = _closed_by(actor).where(tables.record.c.conversation_id == id_)
    return bool(connection.scalar(select(closed.exists())))


def _closed_by(actor: Actor) -> Select[tuple[str]]:
    """Ids of the conversations of which a version was closed when the actor was responsible."""
    record = tables.record.c
    return select(record.conversation_id).where(
        record.responsible_id == actor.person, record.closed_at.is_not(None)
    )


def _rows(connection: Connection, id_: str) -> list[Row[tuple[object, ...]]]:
    rows = connection.execute(
        select(PART, HANDOVER.c.predecessor_id, HANDOVER.c.successor_id, HANDOVER.c.at)
        .join(HANDOVER, HANDOVER.c.id == PART.c.handover_id)
        .where(HANDOVER.c.conversation_id == id_)
        .order_by(HANDOVER.c.at.desc(), HANDOVER.c.id)
    ).all()
    order = list(Pane)
    return sorted(rows, key=lambda row: (-row.at.timestamp(), order.index(row.pane)))


def _facts(conversation: Conversation, row: Row[tuple[object, ...]]) -> PartFacts:
    return PartFacts(
        conversation=conversation.facts,
        pane=row.pane,
        predecessor=row.predecessor_id,
        received=row.received,
        goes_over=row.goes_over,
        removed=row.removed_at is not None,
    )


def _content(
    connection: Connection, conversation: Conversation, row: Row[tuple[object, ...]]
) -> Content | None:
    if row.snapshot is not None:
        return content_of(conversation, row.pane, row.snapshot)
    if row.pane is Pane.JOINT and row.goes_over is None:
        # Until the employee has answered it stands where it stood, and nobody writes there.
        return documents.content_of(connection, conversation, Pane.JOINT)
    return None


class Formers:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def of(self, actor: Actor, id_: str) -> Former:
        """As ``of``."""
        return await self._database.read(lambda c: of(c, actor, id_))

    async def remove(self, actor: Actor, id_: str, handover: str, pane: Pane) -> None:
        """As ``remove``."""
        await self._database.write(lambda c: remove(c, actor, id_, handover, pane, self._clock()))

    async def mine(self, actor: Actor) -> list[Left]:
        """As ``mine``."""
        return await self._database.read(lambda c: mine(c, actor))
