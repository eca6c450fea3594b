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

Guests whom the predecessor invited take part no longer: the employee agreed to them beside that one. Who were
invited by the employee stay.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from crdt.content import Content, fresh
from crdt.document import Document
from server import audit, conversations, documents, former, invitations, letters, people, sharing
from server.audit import Event
from server.conversations import Conversation
from server.letter_format import Kind as LetterKind
from server.people import Person
from server.rules.access import Action, Actor, Pane, PartFacts, State, allowed, may_be_responsible
from server.rules.errors import (
    AnswerMissing,
    NobodyResponsible,
    NotFound,
    NotYourself,
    OtherDeviceHasWritten,
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
class Question:
    """One thing that the employee is asked: does this go over to whoever is responsible now?"""

    handover: str
    pane: Pane
    predecessor: Person
    content: Content
    """What would go over: as it stood, and of the employee's own pane as it stands now."""
    state_vector: bytes
    """Of her own pane as it is shown to her; empty for the others, which nobody writes."""

    @property
    def key(self) -> str:
        """What the form calls it."""
        return f"{self.handover}-{self.pane}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A conversation that was handed over, and what its employee is asked. Empty when all is answered."""

    conversation: Conversation
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer from the form."""

    goes_over: bool
    state_vector: bytes = b""
    """As the question had it."""


def see(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """Who meets whom and when, for whoever may name another responsible. Raises NotFound or SignedByName."""
    return _required(conversations.see_handed(connection, actor, id_), actor)


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
    left = invitations.end_invited_by(connection, actor, before, before.responsible.id, now)
    for pane in Pane:
        TURNS[pane](connection, before, handover, now)
    _set_pane(connection, id_, Pane.MANAGER, owner_id=after.id)
    table = tables.conversation
    connection.execute(update(table).where(table.c.id == id_).values(responsible_id=after.id))
    for guest in (before.responsible.id, *left):
        letters.queue_to(connection, id_, LetterKind.LEFT, guest, now)
    letters.queue(connection, id_, LetterKind.REASSIGNED, now)
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


def asked(connection: Connection, actor: Actor, id_: str) -> Asked:
    """What the employee is asked about her conversation. Raises NotFound for anybody else."""
    conversation = conversations.see(connection, actor, id_)
    if actor.person != conversation.employee.id:
        raise NotFound
    return Asked(conversation, _questions(connection, actor, conversation))


def answer(
    connection: Connection, actor: Actor, id_: str, answers: Mapping[str, Answer], now: datetime
) -> None:
    """Let the employee say what goes over: ``answers`` has one for each ``Question.key``.

    Her own answers that go over are shared, as if she pressed the button. Raises NotFound, NoLongerPossible,
    AnswerMissing when something is not answered, OtherDeviceHasWritten or NotReadyToShare.
    """
    conversation = conversations.locked(connection, actor, id_)
    if actor.person != conversation.employee.id:
        raise NotFound
    questions = _questions(connection, actor, conversation)
    if any(question.key not in answers for question in questions):
        raise AnswerMissing
    for question in questions:
        given = answers[question.key]
        snapshot = _carry_out(connection, actor, conversation, question, given, now)
        connection.execute(
            update(PART)
            .where(PART.c.handover_id == question.handover, PART.c.pane == question.pane)
            .values(
                goes_over=given.goes_over, answered_at=now, **({"snapshot": snapshot} if snapshot else {})
            )
        )
        audit.record(
            connection,
            Event.HANDOVER_ANSWERED,
            actor.person,
            now,
            id_,
            pane=question.pane,
            kind="goes_over" if given.goes_over else "stays",
        )
    ring(connection, ConversationChanged(id_))


def waiting(connection: Connection, actor: Actor) -> frozenset[str]:
    """The actor's own open conversations in which something is asked. For lists: one query."""
    table = tables.conversation
    rows = connection.execute(
        select(table.c.id, table.c.shares, PART.c.pane, PANE.c.shared_at)
        .join(HANDOVER, HANDOVER.c.conversation_id == table.c.id)
        .join(PART, PART.c.handover_id == HANDOVER.c.id)
        .join(PANE, (PANE.c.conversation_id == table.c.id) & (PANE.c.pane == PART.c.pane))
        .where(
            table.c.employee_id == actor.person,
            table.c.state == State.OPEN,
            PART.c.received,
            PART.c.goes_over.is_(None),
        )
    )
    return frozenset(row.id for row in rows if not _has_shared_anew(row.pane, row.shares, row.shared_at))


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
            _begin_anew(connection, conversation, Pane.EMPLOYEE, {})
        else:
            _set_pane(connection, conversation.id, Pane.EMPLOYEE, withheld=True)
    elif stored.facts.shared:
        _settle(connection, conversation.id, now)
        _begin_anew(connection, conversation, Pane.EMPLOYEE, content or {})
        _set_pane(connection, conversation.id, Pane.EMPLOYEE, shared_at=None, opened_at=None)
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
            snapshot=_snapshot(conversation, Pane.MANAGER, content),
        )
    _begin_anew(connection, conversation, Pane.MANAGER, {})
    _set_pane(connection, conversation.id, Pane.MANAGER, shared_at=None, opened_at=None)


def _of_both(connection: Connection, conversation: Conversation, handover: str, _now: datetime) -> None:
    """What they wrote together is withheld; where they wrote nothing, she and the successor can begin."""
    if conversation.panes[Pane.JOINT].facts.withheld:
        return
    content = _written(connection, conversation, Pane.JOINT)
    _begin_anew(connection, conversation, Pane.JOINT, content or {})
    if content is not None:
        _set_pane(connection, conversation.id, Pane.JOINT, withheld=True)
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


def _snapshot(conversation: Conversation, pane: Pane, content: Content) -> bytes:
    made = Document.made(schemas(conversation.template, pane), UPDATE, content)
    snapshot = made.snapshot()
    made.close()
    return snapshot


def _begin_anew(connection: Connection, conversation: Conversation, pane: Pane, content: Content) -> None:
    """Put a new generation in the place of the pane's, whose history and change log go."""
    sharing.begin_anew(connection, conversation, pane, content)
    drop_document(connection, conversation.panes[pane].document)


def _keep(
    connection: Connection, handover: str, pane: Pane, *, received: bool, snapshot: bytes | None = None
) -> None:
    values = {"handover_id": handover, "pane": pane, "received": received, "snapshot": snapshot}
    connection.execute(insert(PART).values(**values))


def _set_pane(connection: Connection, id_: str, pane: Pane, **values: Any) -> None:
    connection.execute(
        update(PANE).where(PANE.c.conversation_id == id_, PANE.c.pane == pane).values(**values)
    )


# The employee's answers.


def _questions(connection: Connection, actor: Actor, conversation: Conversation) -> tuple[Question, ...]:
    """What is asked, the oldest handover first, in reading order."""
    rows = connection.execute(
        select(PART, HANDOVER.c.predecessor_id)
        .join(HANDOVER, HANDOVER.c.id == PART.c.handover_id)
        .where(HANDOVER.c.conversation_id == conversation.id, PART.c.goes_over.is_(None))
        .order_by(HANDOVER.c.at, HANDOVER.c.id)
    ).all()
    order = list(Pane)
    found = []
    for row in sorted(rows, key=lambda row: order.index(row.pane)):
        facts = PartFacts(conversation.facts, row.pane, row.predecessor_id, row.received)
        stored = conversation.panes[row.pane]
        if not allowed(actor, Action.ANSWER_HANDOVER, facts):
            continue
        if _has_shared_anew(row.pane, conversation.facts.shares, stored.shared_at):
            continue
        content, vector = _shown(connection, conversation, row.pane, row.snapshot)
        predecessor = people.get(connection, row.predecessor_id)
        found.append(Question(row.handover_id, row.pane, predecessor, content, vector))
    return tuple(found)


def _has_shared_anew(pane: Pane, shares: bool, shared_at: datetime | None) -> bool:
    """Whether she has answered by sharing her pane with whoever is responsible now."""
    return pane is Pane.EMPLOYEE and shares and shared_at is not None


def _shown(
    connection: Connection, conversation: Conversation, pane: Pane, snapshot: bytes | None
) -> tuple[Content, bytes]:
    """What a question is about, and the state vector of what can still change."""
    if snapshot is not None:
        return former.content_of(conversation, pane, snapshot), b""
    document = sharing.stored_document(connection, conversation, pane)
    try:
        content = fresh(document.content(), schemas(conversation.template, pane), renumber_rows=False)
        return content, document.state_vector() if pane is Pane.EMPLOYEE else b""
    finally:
        document.close()


def _carry_out(
    connection: Connection,
    actor: Actor,
    conversation: Conversation,
    question: Question,
    given: Answer,
    now: datetime,
) -> bytes | None:
    """Do what was answered. Returns what is kept of what stays and began anew."""
    pane = question.pane
    if pane is Pane.MANAGER:
        return None
    if pane is Pane.EMPLOYEE and conversation.facts.shares:
        if given.goes_over:
            sharing.share(connection, actor, conversation.id, pane, given.state_vector, now)
        return None
    if pane is Pane.EMPLOYEE and given.goes_over:
        document = sharing.stored_document(connection, conversation, pane)
        has_written = document.is_ahead_of(given.state_vector)
        document.close()
        if has_written:
            raise OtherDeviceHasWritten
        _begin_anew(connection, conversation, pane, question.content)
    elif not given.goes_over:
        _begin_anew(connection, conversation, pane, {})
    _set_pane(connection, conversation.id, pane, withheld=False)
    return None if given.goes_over else _snapshot(conversation, pane, question.content)


class Handovers:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def see(self, actor: Actor, id_: str) -> Conversation:
        """As ``see``."""
        return await self._database.read(lambda c: see(c, actor, id_))

    async def reassign(self, actor: Actor, id_: str, successor: str, reason: str = "") -> None:
        """As ``reassign``."""
        await self._database.write(lambda c: reassign(c, actor, id_, successor, reason, self._clock()))

    async def asked(self, actor: Actor, id_: str) -> Asked:
        """As ``asked``."""
        return await self._database.read(lambda c: asked(c, actor, id_))

    async def answer(self, actor: Actor, id_: str, answers: Mapping[str, Answer]) -> None:
        """As ``answer``."""
        await self._database.write(lambda c: answer(c, actor, id_, answers, self._clock()))

    async def waiting(self, actor: Actor) -> frozenset[str]:
        """As ``waiting``."""
        return await self._database.read(lambda c: waiting(c, actor))
