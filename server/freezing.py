"""The barrier: from here on nothing enters the record, and everything acknowledged before is in it (SIG-1).

An append reads the conversation's row in its own transaction, and freezing locks that row: so an append
either has committed before the documents are read, or is refused. Nothing rests on clocks or on the rooms,
which are told after the commit.

A conversation that is signed is frozen by any of its signers; one that is not is frozen and closed in one
transaction, by whoever its template names.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select, update

from crdt.content import Content
from server import audit, closing, conversations, documents, sources
from server.audit import Event
from server.conversations import Conversation
from server.documents import Standing
from server.record import format as record_format
from server.record.format import Frozen
from server.rules import life
from server.rules.access import Action, Actor, Pane, State
from server.rules.errors import HandoverUnanswered, NotReady, TooMuchForRecord
from server.rules.life import Missing
from server.rules.limits import RECORD_CHARACTERS_MAX, SALT_BYTES
from server.storage import tables
from server.storage.database import Database
from server.template.parts import Part, PartKind

if TYPE_CHECKING:
    from server.record.sealing import Seals


def freeze(connection: Connection, actor: Actor, id_: str, now: datetime) -> str:
    """Freeze a conversation that is to be signed. Returns the SHA-256 of what is signed, in hexadecimal.

    Raises NotFound, NoLongerPossible, NotReady with everything that is missing, or TooMuchForRecord.
    """
    conversation = conversations.locked_for(connection, actor, id_, Action.FREEZE)
    sha256 = _freeze(connection, actor, conversation, _ready(connection, actor, conversation), now)
    conversations.move(connection, conversation, State.FROZEN, actor, now)
    return sha256


def complete(connection: Connection, actor: Actor, id_: str, seals: "Seals", now: datetime) -> None:
    """Freeze and close a conversation that nobody signs (F61, F63). Raises as ``freeze``."""
    conversation = conversations.locked_for(connection, actor, id_, Action.COMPLETE)
    ready = _ready(connection, actor, conversation)
    _freeze(connection, actor, conversation, ready, now)
    audit.record(connection, Event.CONVERSATION_COMPLETED, actor.person, now, conversation=id_)
    closing.close(connection, actor, conversation, ready, seals, now)


def missing(connection: Connection, actor: Actor, id_: str) -> tuple[Missing, ...]:
    """What keeps the conversation from being signed or completed, for whoever may do that.

    Raises NotFound or NoLongerPossible.
    """
    conversation = conversations.see(connection, actor, id_)
    action = Action.FREEZE if conversation.facts.signers else Action.COMPLETE
    conversations.required(conversation, actor, action)
    return _missing(conversation, actor, _shown(connection, actor, conversation))


def gathered(
    connection: Connection,
    conversation: Conversation,
    contents: Mapping[Pane, Content],
    salt: bytes,
    now: datetime,
) -> Frozen:
    """All that a record, or a draft of one, is made of: the contents, and what else the database says."""
    named = set(_named(conversation, contents))
    person = tables.person.c
    names = connection.execute(select(person.id, person.name).where(person.id.in_(named))) if named else ()
    return Frozen(
        conversation=conversation.id,
        version=conversation.version,
        template=conversation.template,
        employee=conversation.employee,
        responsible=conversation.responsible,
        meeting=conversation.meeting,
        frozen_at=now,
        salt=salt,
        contents=contents,
        resolved=sources.resolved(connection, conversation),
        names={row.id: row.name for row in names},
    )


def _ready(connection: Connection, actor: Actor, conversation: Conversation) -> dict[Pane, Standing]:
    """The documents as they stand, if nothing is missing in them. Raises NotReady or HandoverUnanswered."""
    if any(stored.facts.withheld for stored in conversation.panes.values()):
        raise HandoverUnanswered(name=conversation.employee.first_name)
    shown = _shown(connection, actor, conversation)
    if lacking := _missing(conversation, actor, shown):
        raise NotReady(lacking)
    # What nobody has shared because there is nothing in it is part of the record all the same.
    return shown | documents.standing(connection, conversation, conversation.panes.keys() - shown.keys())


def _shown(connection: Connection, actor: Actor, conversation: Conversation) -> dict[Pane, Standing]:
    """The panes that the guards may look into: all but those that somebody else keeps to themselves."""
    return documents.standing(
        connection,
        conversation,
        (
            pane
            for pane, stored in conversation.panes.items()
            if stored.facts.shared or conversation.may(actor, Action.READ_PANE, pane)
        ),
    )


def _missing(conversation: Conversation, actor: Actor, shown: Mapping[Pane, Standing]) -> tuple[Missing, ...]:
    template = conversation.template
    return life.missing(
        template,
        {pane: document.content for pane, document in shown.items()},
        unshared=[
            pane
            for pane, stored in conversation.panes.items()
            if life.must_be_shared(template, pane) and not stored.facts.shared
        ],
        unread=[pane for pane in shown if not conversation.may(actor, Action.READ_PANE, pane)],
    )


def _freeze(
    connection: Connection,
    actor: Actor,
    conversation: Conversation,
    ready: Mapping[Pane, Standing],
    now: datetime,
) -> str:
    """Keep the record of what stands in the documents, in a transaction that has locked the conversation."""
    contents = {pane: document.content for pane, document in ready.items()}
    if life.characters(conversation.template, contents) > RECORD_CHARACTERS_MAX:
        raise TooMuchForRecord(characters=RECORD_CHARACTERS_MAX)
    salt = secrets.token_bytes(SALT_BYTES)
    content = record_format.content(gathered(connection, conversation, contents, salt, now))
    sha256 = record_format.sha256(content)
    connection.execute(
        insert(tables.record).values(
            conversation_id=conversation.id,
            version=conversation.version,
            content=content,
            sha256=sha256,
            frozen_at=now,
            frozen_by=actor.person,
            responsible_id=conversation.responsible.id,
        )
    )
    # Everybody who signs reads everything: no share can be withdrawn any more.
    pane = tables.pane.c
    connection.execute(
        update(tables.pane)
        .where(pane.conversation_id == conversation.id, pane.shared_at.is_not(None), pane.opened_at.is_(None))
        .values(opened_at=now)
    )
    audit.record(
        connection,
        Event.CONVERSATION_FROZEN,
        actor.person,
        now,
        conversation=conversation.id,
        version=str(conversation.version),
        sha256=sha256,
    )
    return sha256


def _named(conversation: Conversation, contents: Mapping[Pane, Content]) -> Iterator[str]:
    """Ids of the people whom answers name."""
    for pane, content in contents.items():
        for element in conversation.template.elements_in(pane):
            for part in element.parts():
                yield from (each for each in _persons(part, content) if isinstance(each, str))


def _persons(part: Part, content: Content) -> Iterator[object]:
    if part.kind is PartKind.PERSON:
        yield content.get(part.name)
    elif part.kind is PartKind.TABLE:
        columns = [column.name for column in part.columns if column.kind is PartKind.PERSON]
        yield from (row.get(name) for row in part.rows(content) for name in columns)


class Freezing:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime], seals: "Seals") -> None:
        self._database = database
        self._clock = clock
        self._seals = seals

    async def freeze(self, actor: Actor, id_: str) -> str:
        """As ``freeze``."""
        return await self._database.write(lambda c: freeze(c, actor, id_, self._clock()))

    async def complete(self, actor: Actor, id_: str) -> None:
        """As ``complete``."""
        await self._database.write(lambda c: complete(c, actor, id_, self._seals, self._clock()))

    async def missing(self, actor: Actor, id_: str) -> tuple[Missing, ...]:
        """As ``missing``."""
        return await self._database.read(lambda c: missing(c, actor, id_))
