"""The change log: who has written in which element of which pane, when first and when last (F6).

Never what was written: that is in the panes. The rows are written in the transaction of the text that they
tell of, and go with the generation of the pane. What is told of a pane is told to those who read it now, so
nobody learns from here that another one has written in a pane which is not shared.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select

from server import activities, conversations, decisions, people
from server.activities import Detail
from server.conversations import Conversation
from server.people import Person
from server.rules.access import Action, Actor, Pane
from server.storage import tables
from server.storage.database import Database
from server.template.elements import Element


@dataclass(frozen=True, slots=True)
class Writing:
    """That somebody has written in one element of one pane."""

    pane: Pane
    element: Element
    by: Person
    first_at: datetime
    last_at: datetime


class Kind(StrEnum):
    """A turn in the life of a conversation, in the order in which they come when they come at once."""

    CREATED = "created"
    HANDED_OVER = "handed_over"
    """To another responsible: ``Turn.to``."""
    SHARED = "shared"
    OPENED = "opened"
    """The answers of a pane were opened: shown to the other party, at the latest when the text was frozen."""
    FROZEN = "frozen"
    SIGNED = "signed"
    COMPLETED = "completed"
    REOPENED = "reopened"
    DECLINED = "declined"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: who brought it about, or whose pane it is about."""

    kind: Kind
    at: datetime
    by: Person | None
    """None where nobody alone did it: a pane that was opened, the last signature that completes."""
    pane: Pane | None = None
    reason: str = ""
    alternative: str = ""
    """What the employee proposes instead of a conversation that she declines."""
    to: Person | None = None
    """Who is responsible from then on, of a conversation that was handed over."""


@dataclass(frozen=True, slots=True)
class ChangeLog:
    """A conversation, and as much of what happened in it as one person may know. Both newest first."""

    conversation: Conversation
    writings: tuple[Writing, ...]
    turns: tuple[Turn, ...]


def read(connection: Connection, actor: Actor, id_: str) -> ChangeLog:
    """The change log of a conversation for somebody who takes part in it. Raises NotFound for others."""
    conversation = conversations.see(connection, actor, id_)
    turns = [*_of_panes(conversation)]
    if actor.person in conversation.facts.parties:
        turns += _of_life(connection, actor, conversation)
    order = list(Kind)
    return ChangeLog(
        conversation,
        tuple(_writings(connection, actor, conversation)),
        tuple(sorted(turns, key=lambda turn: (turn.at, order.index(turn.kind)), reverse=True)),
    )


def _writings(connection: Connection, actor: Actor, conversation: Conversation) -> list[Writing]:
    readable = {
        state.document: pane
        for pane, state in conversation.panes.items()
        if conversation.may(actor, Action.READ_PANE, pane)
    }
    log = tables.change_log
    rows = connection.execute(select(log).where(log.c.document_id.in_(readable))).all()
    persons = _persons(connection, conversation, {row.person_id for row in rows})
    elements = {
        pane: {
            field.name: element
            for element in conversation.template.elements_in(pane)
            for field in element.fields()
        }
        for pane in readable.values()
    }
    found: dict[tuple[Pane, str, str], Writing] = {}
    for row in rows:
        pane = readable[row.document_id]
        element = elements[pane].get(row.field)
        if element is None:
            # The row of a share, which is told as a turn.
            continue
        key = pane, element.id, row.person_id
        known = found.get(key)
        found[key] = Writing(
            pane,
            element,
            persons[row.person_id],
            min(row.first_at, known.first_at) if known else row.first_at,
            max(row.last_at, known.last_at) if known else row.last_at,
        )
    return sorted(found.values(), key=lambda each: (each.last_at, each.first_at), reverse=True)


def _of_panes(conversation: Conversation) -> Iterator[Turn]:
    """What everybody who takes part sees of the panes anyway: which are shared, and which were opened."""
    for pane, state in conversation.panes.items():
        owner = next((each for each in _parties(conversation) if each.id == state.facts.owner), None)
        if state.shared_at is None or not any(conversation.template.elements_in(pane)):
            continue
        yield Turn(Kind.SHARED, state.shared_at, owner, pane)
        if state.opened_at is not None:
            yield Turn(Kind.OPENED, state.opened_at, None, pane)


def _of_life(connection: Connection, actor: Actor, conversation: Conversation) -> Iterator[Turn]:
    """What concerns the two parties alone."""
    handed = _handovers(connection, conversation)
    yield Turn(Kind.CREATED, conversation.created_at, handed[0][0] if handed else conversation.responsible)
    yield from (turn for _, turn in handed)
    yield from _of_records(connection, actor, conversation)
    if conversation.may(actor, Action.SEE_DECISION):
        for decision in decisions.of(connection, actor, conversation.id):
            yield Turn(
                Kind(decision.kind),
                decision.at,
                decision.by,
                reason=decision.reason,
                alternative=decision.alternative,
            )


def _handovers(connection: Connection, conversation: Conversation) -> list[tuple[Person, Turn]]:
    """Each handover in order, with who was responsible before."""
    handover = tables.handover
    rows = connection.execute(
        select(handover)
        .where(handover.c.conversation_id == conversation.id)
        .order_by(handover.c.at, handover.c.id)
    ).all()
    ids = {id_ for row in rows for id_ in (row.predecessor_id, row.successor_id, row.by_id)}
    persons = _persons(connection, conversation, ids)
    return [
        (
            persons[row.predecessor_id],
            Turn(
                Kind.HANDED_OVER,
                row.at,
                persons[row.by_id],
                reason=row.reason,
                to=persons[row.successor_id],
            ),
        )
        for row in rows
    ]


def _of_records(connection: Connection, actor: Actor, conversation: Conversation) -> Iterator[Turn]:
    """Of the versions that the actor reads: of those before it was handed over, the employee alone."""
    record, signature = tables.record, tables.signature
    theirs = [record.c.conversation_id == conversation.id]
    if actor.person != conversation.employee.id:
        theirs.append(record.c.responsible_id == conversation.responsible.id)
    records = connection.execute(
        select(record.c.version, record.c.frozen_at, record.c.frozen_by, record.c.closed_at).where(*theirs)
    ).all()
    signatures = connection.execute(
        select(signature.c.person_id, signature.c.at).where(
            signature.c.conversation_id == conversation.id,
            signature.c.version.in_([row.version for row in records]),
        )
    ).all()
    who = {row.frozen_by for row in records} | {person for person, _ in signatures}
    persons = _persons(connection, conversation, who)
    is_signed = conversation.template.sign.enabled
    for row in records:
        if is_signed:
            yield Turn(Kind.FROZEN, row.frozen_at, persons[row.frozen_by])
        if row.closed_at is not None:
            yield Turn(Kind.COMPLETED, row.closed_at, None if is_signed else persons[row.frozen_by])
    for person, at in signatures:
        yield Turn(Kind.SIGNED, at, persons[person])


def _parties(conversation: Conversation) -> tuple[Person, Person]:
    return conversation.employee, conversation.responsible


def _persons(connection: Connection, conversation: Conversation, ids: Iterable[str]) -> dict[str, Person]:
    """Those who took part, guests whose part has ended and earlier managers included."""
    known = {person.id: person for person in _parties(conversation)}
    return {id_: known.get(id_) or people.get(connection, id_) for id_ in ids}


@dataclass(frozen=True, slots=True)
class FieldWriting:
    """That somebody has written in one field of an activity."""

    field: str
    by: Person
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class ActivityLog:
    """An activity, and who wrote in which field of it, the newest first."""

    detail: Detail
    writings: tuple[FieldWriting, ...]


def read_activity(connection: Connection, actor: Actor, id_: str, now: datetime) -> ActivityLog:
    """The change log of an activity for somebody who may see it. Raises NotFound."""
    detail = activities.see(connection, actor, id_, now)
    log, activity = tables.change_log, tables.activity
    rows = connection.execute(
        select(log)
        .join(activity, activity.c.document_id == log.c.document_id)
        .where(activity.c.id == id_)
        .order_by(log.c.last_at.desc(), log.c.first_at.desc(), log.c.field)
    ).all()
    persons = people.these(connection, {row.person_id for row in rows})
    writings = (FieldWriting(row.field, persons[row.person_id], row.first_at, row.last_at) for row in rows)
    return ActivityLog(detail, tuple(writings))


class ChangeLogs:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def read(self, actor: Actor, id_: str) -> ChangeLog:
        """As ``read``."""
        return await self._database.read(lambda connection: read(connection, actor, id_))

    async def read_activity(self, actor: Actor, id_: str) -> ActivityLog:
        """As ``read_activity``."""
        return await self._database.read(
            lambda connection: read_activity(connection, actor, id_, self._clock())
        )
