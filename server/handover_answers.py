"""What goes over to a new responsible, as the employee answers it (``server/handover.py``).

She is asked about each part that was shared: her own answers, what the predecessor had shared with her, what
the two wrote together. Until then the successor reads none of it, and nothing can be signed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, not_, select, update

from crdt.content import Content, fresh
from server import audit, conversations, former, people, sharing
from server.audit import Event
from server.conversations import Conversation
from server.handover import HANDOVER, PANE, PART, begin_anew, set_pane, snapshot
from server.people import Person
from server.rules.access import Action, Actor, Pane, PartFacts, State, allowed
from server.rules.errors import AnswerMissing, NoLongerPossible, NotFound, OtherDeviceHasWritten
from server.storage import tables
from server.storage.bells import ConversationChanged
from server.storage.database import Database, ring
from server.templates import schemas


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


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a conversation that was handed over stands, as much as one person may know."""

    predecessor: Person
    """Who was responsible before whoever is now."""
    at: datetime
    reason: str
    is_asked: bool
    """The employee has not answered everything yet."""
    parts: tuple[former.Part, ...]
    """What is kept of the time before, for this reader."""


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
    if not questions:
        raise NoLongerPossible
    if any(question.key not in answers for question in questions):
        raise AnswerMissing
    for question in questions:
        given = answers[question.key]
        kept = _carry_out(connection, actor, conversation, question, given, now)
        connection.execute(
            update(PART)
            .where(PART.c.handover_id == question.handover, PART.c.pane == question.pane)
            .values(goes_over=given.goes_over, answered_at=now, **({"snapshot": kept} if kept else {}))
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


def is_asked(actor: Actor) -> ColumnElement[bool]:
    """Beside rows of ``conversation``: whether something is asked of the actor in it. For lists."""
    table = tables.conversation
    has_shared_anew = (PART.c.pane == Pane.EMPLOYEE) & table.c.shares & PANE.c.shared_at.is_not(None)
    asked = (
        select(PART.c.pane)
        .join(HANDOVER, HANDOVER.c.id == PART.c.handover_id)
        .join(PANE, (PANE.c.conversation_id == HANDOVER.c.conversation_id) & (PANE.c.pane == PART.c.pane))
        .where(
            HANDOVER.c.conversation_id == table.c.id,
            table.c.employee_id == actor.person,
            table.c.state == State.OPEN,
            PART.c.received,
            PART.c.goes_over.is_(None),
            not_(has_shared_anew),
        )
    )
    return asked.correlate(table).exists()


def standing(connection: Connection, actor: Actor, id_: str) -> Standing | None:
    """Where it stands, for whoever takes part in it; None where nothing was handed over. Raises NotFound."""
    latest = connection.execute(
        select(HANDOVER)
        .where(HANDOVER.c.conversation_id == id_)
        .order_by(HANDOVER.c.at.desc(), HANDOVER.c.id)
        .limit(1)
    ).one_or_none()
    if latest is None:
        return None
    conversation = conversations.see(connection, actor, id_)
    employee = conversation.employee.actor
    return Standing(
        predecessor=people.get(connection, latest.predecessor_id),
        at=latest.at,
        reason=latest.reason if actor.person in conversation.facts.parties else "",
        is_asked=bool(_questions(connection, employee, conversation)),
        parts=former.of(connection, actor, id_).parts,
    )


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
        begin_anew(connection, conversation, pane, question.content)
    elif not given.goes_over:
        begin_anew(connection, conversation, pane, {})
    set_pane(connection, conversation.id, pane, withheld=False)
    return None if given.goes_over else snapshot(conversation, pane, question.content)


class HandoverAnswers:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def asked(self, actor: Actor, id_: str) -> Asked:
        """As ``asked``."""
        return await self._database.read(lambda c: asked(c, actor, id_))

    async def answer(self, actor: Actor, id_: str, answers: Mapping[str, Answer]) -> None:
        """As ``answer``."""
        await self._database.write(lambda c: answer(c, actor, id_, answers, self._clock()))

    async def standing(self, actor: Actor, id_: str) -> Standing | None:
        """As ``standing``."""
        return await self._database.read(lambda c: standing(c, actor, id_))
