"""Seeing conversations: the one way to them, for those who may."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select

from server import people
from server.conversations.conversation import Conversation, ConversationPanes
from server.conversations.reading import read, read_one, read_panes
from server.rules.access import Action, Actor, ConversationFacts, InvitationFacts, allowed
from server.rules.errors import NotFound
from server.storage import tables
from server.storage.database import lock_conversation, remembered
from server.storage.prepared import Prepared


def see(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """Return a conversation to those who take part in it. Raises NotFound for anybody else."""
    return _seen(connection, actor, _row(connection, id_))


def see_panes(connection: Connection, actor: Actor, id_: str) -> ConversationPanes:
    """As ``see``, for one who opens a document of it."""
    # Both open it, and after a cut everybody at once: this rests on nothing that is typed in it.
    panes = remembered(connection, "panes", id_, lambda: read_panes(connection, id_))
    if panes is None or not _may_see(actor, panes.facts, invited=False):
        raise NotFound
    return panes


def locked(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """As ``see``, for a change: nothing is appended to its documents until the transaction ends."""
    return _seen(connection, actor, lock_conversation(connection, id_))


def see_invited(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """As ``see``, also for somebody who is invited and may know it: who meets whom, and nothing else."""
    return _seen(connection, actor, _row(connection, id_), invited=True)


def locked_invited(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """As ``see_invited``, for a change: nothing is appended until the transaction ends."""
    return _seen(connection, actor, lock_conversation(connection, id_), invited=True)


def see_planned(connection: Connection, actor: Actor, id_: str, day: date) -> Conversation:
    """As ``see``, also for whoever stands in for the responsible on that day: who meets whom and when, and
    nothing that is written there."""
    return _seen(connection, actor, _row(connection, id_), stands_in_on=day)


def locked_planned(connection: Connection, actor: Actor, id_: str, day: date) -> Conversation:
    """As ``see_planned``, for a change of the meeting."""
    return _seen(connection, actor, lock_conversation(connection, id_), stands_in_on=day)


def see_handed(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """As ``see``, also for HR, who may name another responsible: who meets whom, nothing more."""
    return _seen(connection, actor, _row(connection, id_), hands_over=True)


def locked_handed(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """As ``see_handed``, for naming another responsible: nothing is appended until the transaction ends."""
    return _seen(connection, actor, lock_conversation(connection, id_), hands_over=True)


def see_former(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """As ``see``, also for whoever was responsible before: the caller asks what of it that one may see."""
    return _seen(connection, actor, _row(connection, id_), was_responsible=True)


def seen(
    connection: Connection, actor: Actor, rows: Sequence[Row[Any]], *, invited: bool = False
) -> list[Conversation]:
    """The conversations of rows of ``conversation``, in order, without those that the actor may not see.

    As many queries for a thousand as for one. ``invited`` as in ``see_invited``.
    """
    return [each for each in read(connection, rows) if _may_see(actor, each.facts, invited=invited)]


def _row(connection: Connection, id_: str) -> Any | None:
    return _CONVERSATION.one_or_none(connection, conversation=id_)


_CONVERSATION: Final = Prepared(
    select(tables.conversation).where(tables.conversation.c.id == bindparam("conversation"))
)


def _seen(
    connection: Connection,
    actor: Actor,
    row: Any | None,
    *,
    invited: bool = False,
    stands_in_on: date | None = None,
    hands_over: bool = False,
    was_responsible: bool = False,
) -> Conversation:
    if row is None:
        raise NotFound
    conversation = read_one(connection, row)
    may_see = _may_see(actor, conversation.facts, invited=invited)
    may_see = may_see or (hands_over and allowed(actor, Action.SEE_RESPONSIBLE, conversation.facts))
    may_see = may_see or (was_responsible and _was_responsible(connection, actor, row.id))
    if stands_in_on is not None:
        # Asked for here alone: to whoever sees the conversation anyway it makes no difference.
        stand_ins = people.stand_ins(connection, row.responsible_id, stands_in_on)
        conversation = replace(conversation, facts=replace(conversation.facts, stand_ins=stand_ins))
        may_see = may_see or allowed(actor, Action.MOVE_MEETING, conversation.facts)
    if not may_see:
        raise NotFound
    return conversation


def _may_see(actor: Actor, facts: ConversationFacts, *, invited: bool) -> bool:
    return allowed(actor, Action.SEE_CONVERSATION, facts) or (invited and _is_invited(actor, facts))


def _was_responsible(connection: Connection, actor: Actor, id_: str) -> bool:
    handover = tables.handover.c
    handed = select(handover.id).where(
        handover.conversation_id == id_, handover.predecessor_id == actor.person
    )
    return bool(connection.scalar(select(handed.exists())))


def _is_invited(actor: Actor, facts: ConversationFacts) -> bool:
    """Whether the actor is a guest who may know of the invitation."""
    guest = facts.guest(actor.person)
    return guest is not None and allowed(actor, Action.SEE_INVITATION, InvitationFacts(facts, guest))
