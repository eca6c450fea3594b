"""Giving a conversation to another responsible, and what goes over to that one (design, section 3).

    reassign ──▶ the predecessor's pane: kept, his alone      ──▶ the successor's: new, empty
             ──▶ what the employee had shared: hers alone again, until she answers
             ──▶ what the two wrote together: withheld, until she answers ──▶ goes over │ stays

Key invariants:

1. Nothing that was written before reaches the successor without the employee's answer; of a pane that the
   predecessor had not shared, or that she had not opened, nothing ever does.
2. It is one transaction that locks the conversation: each key press came before it, and is kept, or is
   refused.
3. Every text that is kept or goes over is written afresh: nothing of how it was drafted is left (PRI-2).
4. Nothing is lost for anybody: whoever could read a text reads it on, where it stands or in what is kept
   (``server/former.py``); what went over to others is the exception, and is read by those two from then on.

Guests whom the predecessor invited take part no longer: the employee agreed to them beside that one. Those
whom the employee invited stay.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from crdt.content import Content, fresh
from crdt.document import Document
from server import audit, conversations, documents, invitations, letters, people, sharing
from server.audit import Event
from server.conversations import Conversation
from server.people import Person
from server.rules.access import Action, Actor, Pane, State, may_be_responsible
from server.rules.errors import (
    NobodyResponsible,
    NotFound,
    NotYourself,
    ResponsibleAlready,
    SignedByName,
)
from server.rules.limits import REASON_CHARACTERS_MAX, UPDATE
from server.rules.saying import said
from server.storage import tables
from server.storage.bells import ConversationChanged, PersonChanged
from server.storage.database import Database, drop_document, ring
from server.templates import schemas

ID_BYTES = 16
HANDOVER, PART, PANE = tables.handover, tables.handover_part, tables.pane


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who could be responsible next."""

    suggested: tuple[Person, ...]
    """Who is chosen, and the employee's manager."""
    found: tuple[Person, ...]
    """For the words that were typed, by name, without those who are suggested."""


def see(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """Who meets whom and when, for whoever may name another responsible, now or when it is open again.

    Raises NotFound or NoLongerPossible.
    """
    conversation = conversations.see_handed(connection, actor, id_)
    if conversation.may(actor, Action.SEE_RESPONSIBLE):
        return conversation
    return conversations.required(conversation, actor, Action.REASSIGN)


def candidates(
    connection: Connection, actor: Actor, id_: str, chosen: str, words: str, most: int
) -> Candidates:
    """Whom ``actor`` could name, who has ``chosen`` somebody, or typed ``words``; ``most`` are found."""
    conversation = see(connection, actor, id_)
    manager = conversation.employee.manager_id

    def could(person: Person) -> bool:
        return person.active and may_be_responsible(actor, conversation.facts, person.id, manager)

    first = people.these(connection, {each for each in (chosen, manager) if each})
    suggested = tuple(filter(could, sorted(first.values(), key=lambda each: each.id != chosen)))
    there = {each.id for each in suggested}
    found = people.named(connection, words, most + len(there) + len(conversation.facts.parties) + 1)
    return Candidates(suggested, tuple(each for each in found if each.id not in there and could(each))[:most])


def reassign(
    connection: Connection, actor: Actor, id_: str, successor: str, reason: str, now: datetime
) -> None:
    """Give an open conversation to an active person. ``reason`` may be empty.

    Raises NotFound, NoLongerPossible, SignedByName, NobodyResponsible, ResponsibleAlready, NotYourself or
    TextTooLong.
    """
    before = _required(conversations.locked_handed(connection, actor, id_), actor)
    after = _successor(connection, actor, before, successor)
    because = said(reason, REASON_CHARACTERS_MAX)
    handover = secrets.token_hex(ID_BYTES)
    connection.execute(
        insert(HANDOVER).values(
            id=handover,
            conversation_id=id_,
            predecessor_id=before.responsible.id,
            successor_id=after.id,
            by_id=actor.person,
            at=now,
            reason=because,
        )
    )
    invitations.end_for_successor(connection, actor, before, after.id, now)
    letters.hand_over(connection, id_, after.id, now)
    for pane in Pane:
        TURNS[pane](connection, before, handover, now)
    set_pane(connection, id_, Pane.MANAGER, owner_id=after.id)
    table = tables.conversation
    connection.execute(update(table).where(table.c.id == id_).values(responsible_id=after.id))
    audit.record(
        connection,
        Event.CONVERSATION_HANDED_OVER,
        actor.person,
        now,
        id_,
        person=after.id,
        predecessor=before.responsible.id,
    )
    ring(connection, ConversationChanged(id_))
    # With the conversation go the employee's activities.
    ring(connection, PersonChanged(before.responsible.id))


# Reassigning: what becomes of each pane.


def _required(conversation: Conversation, actor: Actor) -> Conversation:
    if conversation.state is State.FROZEN and conversation.may(actor, Action.SEE_RESPONSIBLE):
        raise SignedByName
    return conversations.required(conversation, actor, Action.REASSIGN)


def _successor(connection: Connection, actor: Actor, conversation: Conversation, id_: str) -> Person:
    nobody = NobodyResponsible(name=conversation.employee.name)
    try:
        person = people.get(connection, id_)
    except NotFound:
        raise nobody from None
    if person.id == conversation.responsible.id:
        raise ResponsibleAlready(name=person.name)
    if not person.active or person.id == conversation.employee.id:
        raise nobody
    if not may_be_responsible(actor, conversation.facts, person.id, conversation.employee.manager_id):
        raise NotYourself
    return person


def _of_employee(connection: Connection, conversation: Conversation, handover: str, now: datetime) -> None:
    """What she had shared is hers alone again: in a new generation, so that no open page has it."""
    stored = conversation.panes[Pane.EMPLOYEE]
    if stored.facts.withheld:
        # Nothing of it has gone over to whoever hands over now.
        return
    content = _written(connection, conversation, Pane.EMPLOYEE)
    if not conversation.facts.shares:
        # Nobody but her reads it while it is withheld, so she can write on in the same document.
        if content is None:
            begin_anew(connection, conversation, Pane.EMPLOYEE, {})
        else:
            set_pane(connection, conversation.id, Pane.EMPLOYEE, withheld=True)
    elif stored.facts.shared:
        _settle(connection, conversation.id, now)
        begin_anew(connection, conversation, Pane.EMPLOYEE, content or {})
        set_pane(connection, conversation.id, Pane.EMPLOYEE, shared_at=None, opened_at=None)
    else:
        return
    if content is not None:
        _keep(connection, handover, Pane.EMPLOYEE, received=True)


def _of_manager(connection: Connection, conversation: Conversation, handover: str, _now: datetime) -> None:
    """The predecessor keeps what he wrote; the successor begins with nothing."""
    facts = conversation.panes[Pane.MANAGER].facts
    content = _written(connection, conversation, Pane.MANAGER)
    if content is not None:
        received = not conversation.facts.shares or (facts.shared and facts.opened)
        _keep(
            connection,
            handover,
            Pane.MANAGER,
            received=received,
            snapshot=snapshot(conversation, Pane.MANAGER, content),
        )
    begin_anew(connection, conversation, Pane.MANAGER, {})
    set_pane(connection, conversation.id, Pane.MANAGER, shared_at=None, opened_at=None)


def _of_both(connection: Connection, conversation: Conversation, handover: str, _now: datetime) -> None:
    """What they wrote together is withheld; where they wrote nothing, she and the successor can begin."""
    if conversation.panes[Pane.JOINT].facts.withheld:
        return
    content = _written(connection, conversation, Pane.JOINT)
    begin_anew(connection, conversation, Pane.JOINT, content or {})
    if content is not None:
        set_pane(connection, conversation.id, Pane.JOINT, withheld=True)
        _keep(connection, handover, Pane.JOINT, received=True)


TURNS: Mapping[Pane, Callable[[Connection, Conversation, str, datetime], None]] = {
    Pane.EMPLOYEE: _of_employee,
    Pane.MANAGER: _of_manager,
    Pane.JOINT: _of_both,
}


def _settle(connection: Connection, id_: str, now: datetime) -> None:
    """Take as answered what an earlier handover asked about her own pane: she has shared it since."""
    earlier = select(HANDOVER.c.id).where(HANDOVER.c.conversation_id == id_)
    connection.execute(
        update(PART)
        .where(PART.c.handover_id.in_(earlier), PART.c.pane == Pane.EMPLOYEE, PART.c.goes_over.is_(None))
        .values(goes_over=True, answered_at=now)
    )


def _written(connection: Connection, conversation: Conversation, pane: Pane) -> Content | None:
    """What stands in a pane, as its readers see it; None when nothing does."""
    schema = schemas(conversation.template, pane)
    empty = Document.made(schema, UPDATE)
    nothing = empty.content()
    empty.close()
    content = fresh(documents.content_of(connection, conversation, pane), schema, renumber_rows=False)
    return None if content == nothing else content


def snapshot(conversation: Conversation, pane: Pane, content: Content) -> bytes:
    """A text as it is kept: one Yjs update (v1), the same bytes for the same text."""
    made = Document.made(schemas(conversation.template, pane), UPDATE, content)
    update_ = made.snapshot()
    made.close()
    return update_


def begin_anew(connection: Connection, conversation: Conversation, pane: Pane, content: Content) -> None:
    """Put a new generation in the place of the pane's, whose history and change log go."""
    sharing.begin_anew(connection, conversation, pane, content)
    drop_document(connection, conversation.panes[pane].document)


def _keep(
    connection: Connection, handover: str, pane: Pane, *, received: bool, snapshot: bytes | None = None
) -> None:
    values = {"handover_id": handover, "pane": pane, "received": received, "snapshot": snapshot}
    connection.execute(insert(PART).values(**values))


def set_pane(connection: Connection, id_: str, pane: Pane, **values: Any) -> None:
    """Change what is stored of a pane."""
    connection.execute(
        update(PANE).where(PANE.c.conversation_id == id_, PANE.c.pane == pane).values(**values)
    )


class Handovers:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def see(self, actor: Actor, id_: str) -> Conversation:
        """As ``see``."""
        return await self._database.read(lambda c: see(c, actor, id_))

    async def candidates(self, actor: Actor, id_: str, chosen: str, words: str, most: int) -> Candidates:
        """As ``candidates``."""
        return await self._database.read(lambda c: candidates(c, actor, id_, chosen, words, most))

    async def reassign(self, actor: Actor, id_: str, successor: str, reason: str = "") -> None:
        """As ``reassign``."""
        await self._database.write(lambda c: reassign(c, actor, id_, successor, reason, self._clock()))
