"""Preparing a conversation: each party's own list of what is done, and who has read the material (F85, F119).

The list is its owner's alone, as an unshared pane is. That somebody has read the material, where the template
asks for it, both may know: it says nothing of what anybody thinks or writes.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from crdt.content import TextContent
from server import activities, conversations, notes, people
from server.activities import Activity
from server.conversations import Conversation
from server.notes import Note
from server.rules.access import Action, Actor
from server.storage import tables
from server.storage.bells import ConversationChanged
from server.storage.database import Database, ring


@dataclass(frozen=True, slots=True)
class Preparation:
    """How far somebody has come."""

    conversation: Conversation
    done: frozenset[str]
    """Ids of the advice that the person has ticked off."""
    read_at: datetime | None
    """When the employee said that the material was read; None too where nobody asks for it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """All that somebody has in front of them while they prepare."""

    preparation: Preparation
    goals: Sequence[Mapping[str, str]]
    """Of the employee's unit, each in every language (F78)."""
    activities: Sequence[Activity]
    """What was agreed on with the employee; nothing where it is not shown (F151)."""
    note: tuple[Note, TextContent] | None
    """The newest that the person keeps about this conversation, with what it says."""


def see(connection: Connection, actor: Actor, id_: str) -> Desk:
    """What the actor prepares with. Raises as ``of``."""
    preparation = of(connection, actor, id_)
    conversation = preparation.conversation
    return Desk(
        preparation,
        people.unit_goals(connection, conversation.employee.unit),
        activities.beside(connection, actor, conversation),
        notes.beside(connection, actor, id_),
    )


def of(connection: Connection, actor: Actor, id_: str) -> Preparation:
    """How far the actor has come. Raises NotFound, and NoLongerPossible when the conversation is over."""
    conversation = conversations.required(conversations.see(connection, actor, id_), actor, Action.PREPARE)
    table = tables.preparation
    rows = connection.execute(select(table).where(table.c.conversation_id == id_))
    by_person = {row.person_id: row for row in rows}
    mine, employees = by_person.get(actor.person), by_person.get(conversation.employee.id)
    return Preparation(
        conversation,
        frozenset(mine.done if mine else ()),
        employees.read_at if employees and conversation.prepare.employee_must_read else None,
    )


def tick(connection: Connection, actor: Actor, id_: str, done: Collection[str]) -> None:
    """Have the actor's list be so. Raises as ``of``."""
    conversations.required(conversations.locked(connection, actor, id_), actor, Action.PREPARE)
    _put(connection, actor, id_, done=sorted(done))


def confirm_read(connection: Connection, actor: Actor, id_: str, now: datetime) -> None:
    """The employee has read the material. Said once, it stays. Raises as ``of``; nobody else is asked."""
    conversations.required(conversations.locked(connection, actor, id_), actor, Action.CONFIRM_READ)
    table = tables.preparation
    read_at = connection.scalar(
        select(table.c.read_at).where(table.c.conversation_id == id_, table.c.person_id == actor.person)
    )
    if read_at is None:
        _put(connection, actor, id_, read_at=now)
        ring(connection, ConversationChanged(id_))


def _put(connection: Connection, actor: Actor, id_: str, **values: object) -> None:
    """In a transaction that has locked the conversation."""
    table = tables.preparation
    key = {"conversation_id": id_, "person_id": actor.person}
    is_mine = (table.c.conversation_id == id_) & (table.c.person_id == actor.person)
    if not connection.execute(update(table).where(is_mine).values(**values)).rowcount:
        connection.execute(insert(table).values({**key, "done": [], **values}))


class Preparing:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def see(self, actor: Actor, id_: str) -> Desk:
        """As ``see``."""
        return await self._database.read(lambda c: see(c, actor, id_))

    async def of(self, actor: Actor, id_: str) -> Preparation:
        """As ``of``."""
        return await self._database.read(lambda c: of(c, actor, id_))

    async def tick(self, actor: Actor, id_: str, done: Collection[str]) -> None:
        """As ``tick``."""
        await self._database.write(lambda c: tick(c, actor, id_, done))

    async def confirm_read(self, actor: Actor, id_: str) -> None:
        """As ``confirm_read``."""
        await self._database.write(lambda c: confirm_read(c, actor, id_, self._clock()))
