"""Guests: support persons and union representatives, each invited to one conversation (F47, F99).

    invited ──the employee agrees──▶ agreed ──the guest accepts──▶ takes part ──▶ ended

Whom the employee invites is agreed to at once. Either party may end a guest's part at any time, and so may
the guest; when the conversation is over all of them end (``conversations.move``). Every turn locks the
conversation's row, so that the right to write the joint pane is given and taken between two appends, never
in the middle of one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, update

from server import audit, conversations, letters, people
from server.audit import Event
from server.conversations import Conversation, Meeting
from server.letter_format import Kind
from server.people import Person
from server.rules.access import Action, Actor, ConversationFacts, GuestFacts, InvitationFacts, allowed
from server.rules.errors import (
    InvitedAlready,
    NobodyToInvite,
    NoLongerPossible,
    NotFound,
    TakesPartAlready,
    TooManyGuests,
)
from server.rules.limits import GUESTS_MAX
from server.storage import tables
from server.storage.bells import ConversationChanged
from server.storage.database import Database, lock_conversation, ring
from server.template.words import Words

GUEST = tables.guest


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody's part in one conversation, from the invitation until it is ended."""

    person: Person
    invited_by: Person
    facts: GuestFacts
    invited_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the invited person is told: who meets whom, about what kind of thing, when and where."""

    conversation: str
    employee: Person
    responsible: Person
    template: Words
    """The template's name."""
    meeting: Meeting | None
    guest: Guest
    facts: InvitationFacts


@dataclass(frozen=True, slots=True)
class Gathering:
    """A conversation with everybody who takes part in it, or is to, as far as one person may know."""

    conversation: Conversation
    guests: tuple[Guest, ...]
    """In the order of their invitations."""


def of(connection: Connection, actor: Actor, conversation: Conversation) -> tuple[Guest, ...]:
    """The guests of a conversation that the actor sees. Of one who does not take part yet, only the
    parties and the invited know."""
    rows = connection.execute(
        select(GUEST.c.person_id, GUEST.c.invited_at)
        .where(GUEST.c.conversation_id == conversation.id, GUEST.c.ended_at.is_(None))
        .order_by(GUEST.c.invited_at, GUEST.c.person_id)
    )
    return tuple(
        Guest(
            person=people.get(connection, row.person_id),
            invited_by=people.get(connection, facts.invited_by),
            facts=facts,
            invited_at=row.invited_at,
        )
        for row in rows
        if (facts := conversation.facts.guest(row.person_id)) is not None
        and (
            (facts.takes_part and conversation.may(actor, Action.SEE_CONVERSATION))
            or _may(actor, Action.SEE_INVITATION, conversation.facts, facts)
        )
    )


def gathering(connection: Connection, actor: Actor, id_: str) -> Gathering:
    """Who takes part, for those who do. Raises NotFound for anybody else."""
    conversation = conversations.see(connection, actor, id_)
    return Gathering(conversation, of(connection, actor, conversation))


def invitation(connection: Connection, actor: Actor, id_: str) -> Invitation:
    """The actor's own part in a conversation, invited or accepted. Raises NotFound for anybody else."""
    conversation = conversations.see_invited(connection, actor, id_)
    (own,) = of_these(connection, actor, [conversation]) or (None,)
    if own is None:
        raise NotFound
    return own


def is_guest(actor: Actor) -> ColumnElement[bool]:
    """Of rows of ``conversation``: those in which the actor has a part as a guest, known of or not."""
    return exists().where(
        GUEST.c.conversation_id == tables.conversation.c.id,
        GUEST.c.person_id == actor.person,
        GUEST.c.ended_at.is_(None),
    )


def of_these(connection: Connection, actor: Actor, seen: Iterable[Conversation]) -> list[Invitation]:
    """The actor's own parts in conversations that she sees, or is invited to; the earliest first."""
    found = {each.id: each for each in seen if each.facts.guest(actor.person) is not None}
    if not found:
        return []
    guest, inviting = tables.person.alias(), tables.person.alias()
    rows = connection.execute(
        select(
            GUEST.c.conversation_id,
            GUEST.c.invited_at,
            *people.columns_of(guest, "guest"),
            *people.columns_of(inviting, "inviting"),
        )
        .join(guest, guest.c.id == GUEST.c.person_id)
        .join(inviting, inviting.c.id == GUEST.c.invited_by)
        .where(GUEST.c.conversation_id.in_(found), GUEST.c.person_id == actor.person)
        .order_by(GUEST.c.invited_at, GUEST.c.conversation_id)
    )
    own = []
    for row in rows:
        conversation = found[row.conversation_id]
        facts = conversation.facts.guest(actor.person)
        if facts is None or not _may(actor, Action.SEE_INVITATION, conversation.facts, facts):
            continue
        part = Guest(people.person_in(row, "guest"), people.person_in(row, "inviting"), facts, row.invited_at)
        own.append(
            Invitation(
                conversation=conversation.id,
                employee=conversation.employee,
                responsible=conversation.responsible,
                template=conversation.template.name,
                meeting=conversation.meeting,
                guest=part,
                facts=InvitationFacts(conversation.facts, facts),
            )
        )
    return own


def invite(connection: Connection, actor: Actor, id_: str, person: str, now: datetime) -> None:
    """Invite an active person of the organisation to one's conversation.

    Raises NotFound, NoLongerPossible, NobodyToInvite, TakesPartAlready, InvitedAlready or TooManyGuests.
    """
    conversation = conversations.locked(connection, actor, id_)
    if actor.person not in conversation.facts.parties:
        raise NotFound
    if not conversation.may(actor, Action.INVITE_GUEST):
        raise NoLongerPossible
    _invite(connection, actor, conversation, actor.person, person, now)


def invite_with(
    connection: Connection, actor: Actor, id_: str, persons: Iterable[str], now: datetime
) -> None:
    """Invite those whom somebody names who has just made the conversation: in the name of the responsible,
    who need not be the actor. Raises as ``invite``."""
    for person in persons:
        row = lock_conversation(connection, id_)
        if row is None:
            raise NotFound
        conversation = conversations.see(connection, Actor(row.responsible_id), id_)
        _invite(connection, actor, conversation, row.responsible_id, person, now)


def _invite(
    connection: Connection,
    actor: Actor,
    conversation: Conversation,
    invited_by: str,
    person: str,
    now: datetime,
) -> None:
    id_ = conversation.id
    invited = somebody(connection, person)
    if person in conversation.facts.parties:
        raise TakesPartAlready(name=invited.name)
    if conversation.facts.guest(person) is not None:
        raise InvitedAlready(name=invited.name)
    if len(conversation.facts.guests) >= GUESTS_MAX:
        raise TooManyGuests(most=GUESTS_MAX)
    # An earlier part that was ended; the audit remembers it.
    connection.execute(delete(GUEST).where(GUEST.c.conversation_id == id_, GUEST.c.person_id == person))
    connection.execute(
        insert(GUEST).values(
            conversation_id=id_,
            person_id=person,
            invited_by=invited_by,
            invited_at=now,
            agreed_at=now if invited_by == conversation.employee.id else None,
            writes=False,
        )
    )
    if actor.person == conversation.employee.id:
        letters.queue_to(connection, id_, Kind.GUEST_ASKED, person, now)
    _turned(connection, Event.GUEST_INVITED, actor, id_, person, now)


def agree(connection: Connection, actor: Actor, id_: str, person: str, now: datetime) -> None:
    """Let the employee agree to whom the other party has invited. Raises NotFound or NoLongerPossible."""
    _allowed(connection, actor, Action.AGREE_TO_GUEST, id_, person)
    _set(connection, id_, person, agreed_at=now)
    letters.queue_to(connection, id_, Kind.GUEST_ASKED, person, now)
    _turned(connection, Event.GUEST_AGREED, actor, id_, person, now)


def accept(connection: Connection, actor: Actor, id_: str, now: datetime) -> None:
    """Let the guest begin to take part. Raises NotFound or NoLongerPossible."""
    _allowed(connection, actor, Action.ACCEPT_INVITATION, id_, actor.person)
    _set(connection, id_, actor.person, accepted_at=now)
    letters.queue_to(connection, id_, Kind.INVITED, actor.person, now)
    _turned(connection, Event.GUEST_ACCEPTED, actor, id_, actor.person, now)


def end(connection: Connection, actor: Actor, id_: str, person: str, now: datetime) -> None:
    """End a guest's part, refuse it, or decline one's own invitation. Raises NotFound or NoLongerPossible."""
    guest = _allowed(connection, actor, Action.END_GUEST, id_, person)
    _set(connection, id_, person, ended_at=now, ended_by=actor.person, writes=False)
    _keep_writers(connection, id_)
    _tell_of_end(connection, actor, id_, guest, now)
    _turned(connection, Event.GUEST_ENDED, actor, id_, person, now)


def end_for_successor(
    connection: Connection, actor: Actor, conversation: Conversation, successor: str, now: datetime
) -> None:
    """End the part of those whom the responsible has invited to a locked conversation that is handed over.

    The employee has agreed to them beside that one. The successor, too, is a guest no longer.
    """
    leaving = conversation.responsible.id
    for guest in conversation.facts.guests:
        if guest.invited_by != leaving and guest.person != successor:
            continue
        _set(connection, conversation.id, guest.person, ended_at=now, ended_by=actor.person, writes=False)
        _tell_of_end(connection, actor, conversation.id, guest, now)
        audit.record(connection, Event.GUEST_ENDED, actor.person, now, conversation.id, guest=guest.person)
    _keep_writers(connection, conversation.id)


def let_write(
    connection: Connection, actor: Actor, id_: str, person: str, writes: bool, now: datetime
) -> None:
    """Give a guest the joint pane, or take it back. Raises NotFound or NoLongerPossible."""
    _allowed(connection, actor, Action.LET_GUEST_WRITE, id_, person)
    _set(connection, id_, person, writes=writes)
    _keep_writers(connection, id_)
    event = Event.GUEST_GIVEN_JOINT_PANE if writes else Event.GUEST_JOINT_PANE_TAKEN_BACK
    _turned(connection, event, actor, id_, person, now)


def somebody(connection: Connection, id_: str) -> Person:
    """An active person of the organisation. Raises NobodyToInvite."""
    try:
        person = people.get(connection, id_)
    except NotFound:
        raise NobodyToInvite from None
    if not person.active:
        raise NobodyToInvite
    return person


def _may(actor: Actor, action: Action, conversation: ConversationFacts, guest: GuestFacts) -> bool:
    return allowed(actor, action, InvitationFacts(conversation, guest))


def _allowed(connection: Connection, actor: Actor, action: Action, id_: str, person: str) -> GuestFacts:
    """Lock the conversation. Raises NotFound or NoLongerPossible without the right to ``action``."""
    facts = conversations.locked_invited(connection, actor, id_).facts
    guest = facts.guest(person)
    if guest is None or not _may(actor, action, facts, guest):
        # The two know of every guest: this one's part has just been ended, or has gone on.
        raise NoLongerPossible if actor.person in facts.parties else NotFound
    return guest


def _tell_of_end(connection: Connection, actor: Actor, id_: str, guest: GuestFacts, now: datetime) -> None:
    """Tell a guest whose part has ended, as far as she knew of it: her calendar gives the event up."""
    if guest.takes_part:
        letters.queue_to(connection, id_, Kind.LEFT, guest.person, now)
    elif guest.agreed and actor.person != guest.person:
        letters.queue_to(connection, id_, Kind.NOT_ASKED, guest.person, now)
    elif guest.agreed:
        letters.drop(connection, id_, guest.person)


def _set(connection: Connection, id_: str, person: str, **values: Any) -> None:
    connection.execute(
        update(GUEST).where(GUEST.c.conversation_id == id_, GUEST.c.person_id == person).values(**values)
    )


def _keep_writers(connection: Connection, id_: str) -> None:
    """Write on the conversation's own row who may write the joint pane: every append asks there."""
    writers = connection.scalars(
        select(GUEST.c.person_id)
        .where(GUEST.c.conversation_id == id_, GUEST.c.ended_at.is_(None), GUEST.c.writes)
        .order_by(GUEST.c.person_id)
    ).all()
    conversation = tables.conversation
    connection.execute(
        update(conversation)
        .where(conversation.c.id == id_)
        .values(joint_writers=list(writers) if writers else None)
    )


def _turned(connection: Connection, event: Event, actor: Actor, id_: str, person: str, now: datetime) -> None:
    """Remember the turn, and have open pages and sockets follow it."""
    audit.record(connection, event, actor.person, now, id_, guest=person)
    ring(connection, ConversationChanged(id_))


class Invitations:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def gathering(self, actor: Actor, id_: str) -> Gathering:
        """As ``gathering``."""
        return await self._database.read(lambda c: gathering(c, actor, id_))

    async def invitation(self, actor: Actor, id_: str) -> Invitation:
        """As ``invitation``."""
        return await self._database.read(lambda c: invitation(c, actor, id_))

    async def found(self, actor: Actor, id_: str, words: str, most: int) -> list[Person]:
        """Whom the actor could invite: as ``people.named``, without those who are there already.

        Raises NotFound without the right to invite.
        """

        def read(connection: Connection) -> list[Person]:
            conversation = conversations.see(connection, actor, id_)
            if not conversation.may(actor, Action.INVITE_GUEST):
                raise NotFound
            facts = conversation.facts
            there = {*facts.parties, *(guest.person for guest in facts.guests)}
            found = people.named(connection, words, most + len(there))
            return [person for person in found if person.id not in there][:most]

        return await self._database.read(read)

    async def invite(self, actor: Actor, id_: str, person: str) -> None:
        """As ``invite``."""
        await self._database.write(lambda c: invite(c, actor, id_, person, self._clock()))

    async def agree(self, actor: Actor, id_: str, person: str) -> None:
        """As ``agree``."""
        await self._database.write(lambda c: agree(c, actor, id_, person, self._clock()))

    async def accept(self, actor: Actor, id_: str) -> None:
        """As ``accept``."""
        await self._database.write(lambda c: accept(c, actor, id_, self._clock()))

    async def end(self, actor: Actor, id_: str, person: str) -> None:
        """As ``end``."""
        await self._database.write(lambda c: end(c, actor, id_, person, self._clock()))

    async def let_write(self, actor: Actor, id_: str, person: str, writes: bool) -> None:
        """As ``let_write``."""
        await self._database.write(lambda c: let_write(c, actor, id_, person, writes, self._clock()))
