"""Holding back what would be erased: all of one person's, or one conversation, because a dispute goes on.

A hold has a reason, for those who may erase alone, and lasts until one of them lifts it. Whom it is about
neither places nor lifts it, nor reads why.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from server import audit, conversations
from server.audit import Event
from server.rules.access import Action, Actor, OrganisationFacts, allowed, may_decide_on
from server.rules.errors import ByAnother, HeldAlready, NotFound
from server.rules.limits import REASON_CHARACTERS_MAX
from server.rules.saying import reason as checked_reason
from server.storage import tables

ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Hold:
    """One thing that is held back."""

    id: str
    person: str
    """Whose it is."""
    name: str
    """Of that person."""
    conversation: str
    """Empty where all of the person's is held."""
    reason: str
    """Empty for somebody whom it is about: she is not told why."""
    placed_at: datetime
    placed_by: str
    """Person id; empty when that one has been erased."""
    is_about_reader: bool = False
    """Whoever reads this is the person, or a party to the conversation."""


@dataclass(frozen=True, slots=True)
class Held:
    """Everything that is held back."""

    persons: frozenset[str]
    conversations: frozenset[str]


def held(connection: Connection) -> Held:
    """What may not be erased now. The caller has asked for the right."""
    rows = connection.execute(select(tables.hold.c.person_id, tables.hold.c.conversation_id)).all()
    return Held(
        frozenset(row.person_id for row in rows if row.person_id),
        frozenset(row.conversation_id for row in rows if row.conversation_id),
    )


def held_by(found: Iterable[Hold]) -> Held:
    """As ``held``, of all that there are."""
    whole = list(found)
    return Held(
        frozenset(each.person for each in whole if not each.conversation),
        frozenset(each.conversation for each in whole if each.conversation),
    )


def all_of(connection: Connection, actor: Actor) -> list[Hold]:
    """Everything that is held back, the newest first. Raises NotFound without the right to erase."""
    _require_right(actor)
    hold, conversation, person = tables.hold, tables.conversation, tables.person
    rows = connection.execute(
        select(hold, person.c.id.label("whose"), person.c.name)
        .outerjoin(conversation, conversation.c.id == hold.c.conversation_id)
        .join(person, person.c.id == func.coalesce(hold.c.person_id, conversation.c.employee_id))
        .order_by(hold.c.placed_at.desc(), hold.c.id)
    ).all()
    parties = conversations.parties(connection, {row.conversation_id for row in rows if row.conversation_id})

    def held(row: Row[Any]) -> Hold:
        is_about_reader = not may_decide_on(actor, parties.get(row.conversation_id, {row.whose}))
        return Hold(
            row.id,
            row.whose,
            row.name,
            row.conversation_id or "",
            "" if is_about_reader else row.reason,
            row.placed_at,
            row.placed_by or "",
            is_about_reader,
        )

    return [held(row) for row in rows]


def place(
    connection: Connection, actor: Actor, person: str, conversation: str, reason: str, now: datetime
) -> None:
    """Hold back all of a person's, or only one of her conversations.

    Raises NotFound, ByAnother, HeldAlready, ReasonMissing or TextTooLong.
    """
    _require_right(actor)
    table, subject = tables.conversation, tables.person.c.id
    named = select(subject).where(subject == person)
    if conversation:
        named = select(table.c.id).where(table.c.id == conversation, table.c.employee_id == person)
    if connection.scalar(named.with_for_update()) is None:
        raise NotFound
    about = conversations.parties(connection, {conversation})[conversation] if conversation else {person}
    if not may_decide_on(actor, about):
        raise ByAnother
    said = checked_reason(reason, REASON_CHARACTERS_MAX)
    already = held(connection)
    if conversation in already.conversations or (not conversation and person in already.persons):
        raise HeldAlready
    id_ = secrets.token_hex(ID_BYTES)
    connection.execute(
        insert(tables.hold).values(
            id=id_,
            person_id=None if conversation else person,
            conversation_id=conversation or None,
            reason=said,
            placed_at=now,
            placed_by=actor.person or None,
        )
    )
    audit.record(connection, Event.HOLD_PLACED, actor.person, now, conversation, hold=id_, person=person)


def lift(connection: Connection, actor: Actor, id_: str, now: datetime) -> None:
    """Hold it back no longer. Raises NotFound or ByAnother."""
    _require_right(actor)
    found = next((each for each in all_of(connection, actor) if each.id == id_), None)
    if found is None:
        raise NotFound
    if found.is_about_reader:
        raise ByAnother
    connection.execute(delete(tables.hold).where(tables.hold.c.id == id_))
    audit.record(
        connection, Event.HOLD_LIFTED, actor.person, now, found.conversation, hold=id_, person=found.person
    )


def _require_right(actor: Actor) -> None:
    if not allowed(actor, Action.ERASE, OrganisationFacts()):
        raise NotFound
