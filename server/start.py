"""What is one's own, and what waits for one: everything that the start page shows, read at one moment.

In as many queries for a hundred conversations as for one. Nothing in it rests on what somebody else has not
shared.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, select

from server import activities, asking, conversations, decisions, former, handover_answers, invitations
from server.activities import Activity
from server.asking import Asked
from server.conversations import Conversation
from server.decisions import Declined
from server.former import Left
from server.invitations import Invitation
from server.people import Person
from server.rules.access import GOES_ON, Action, Actor, OrganisationFacts, allowed
from server.rules.limits import EARLIER_SHOWN_MAX
from server.storage import tables
from server.storage.database import Database

TALK = tables.conversation


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation for one of its parties."""

    conversation: Conversation
    is_started: bool
    """As far as the party can know."""
    has_signed: bool
    """The party has signed what is frozen."""
    hands_over: bool = False
    """The party is asked which shared parts go over to the new responsible."""


@dataclass(frozen=True, slots=True)
class Start:
    """Everything of one person."""

    talks: tuple[Talk, ...]
    """Those that go on, by their meetings, then those that are over, the newest first."""
    has_older: bool
    """More are over than are listed here."""
    invitations: tuple[Invitation, ...]
    to_do: tuple[tuple[Activity, Person], ...]
    """What is active, each with the employee on whose list it stands."""
    requests: tuple[Asked, ...]
    """What employees have asked for, and wait for an answer to."""
    left: tuple[Left, ...]
    """Conversations that the person has handed over, and of which something is kept for her."""
    declined: tuple[Declined, ...]
    """For HR."""


def of(connection: Connection, actor: Actor, now: datetime, *, has_staff: bool) -> Start:
    """All that the actor begins with. ``has_staff`` as a session has it."""
    found, rows = _read(connection, actor)
    over = [each.id for each in found if each.state not in GOES_ON]
    left_out = over[EARLIER_SHOWN_MAX:]
    mine = [each for each in found if actor.person in each.facts.parties and each.id not in left_out]
    return Start(
        talks=talks(mine, rows),
        has_older=bool(left_out),
        invitations=tuple(invitations.of_these(connection, actor, found)),
        to_do=tuple(activities.to_do(connection, actor)),
        requests=tuple(asking.requests(connection, actor, now)) if has_staff else (),
        left=tuple(former.mine(connection, actor)),
        declined=_declined(connection, actor),
    )


def led(connection: Connection, actor: Actor) -> tuple[Talk, ...]:
    """The conversations that go on for which the actor is responsible, by their meetings."""
    rows = connection.execute(
        select(TALK, *beside(actor))
        .where(TALK.c.responsible_id == actor.person, TALK.c.state.in_(GOES_ON))
        .order_by(*conversations.in_order())
    ).all()
    return talks(conversations.seen(connection, actor, rows), rows)


def beside(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """What ``talks`` needs beside the columns of ``conversation``."""
    signature = tables.signature
    has_signed = exists().where(
        signature.c.conversation_id == TALK.c.id,
        signature.c.version == TALK.c.version,
        signature.c.person_id == actor.person,
    )
    return (
        has_signed.label("has_signed"),
        conversations.is_written_in(actor).label("is_written_in"),
        handover_answers.is_asked(actor).label("is_asked"),
    )


def talks(found: Iterable[Conversation], rows: Iterable[Row[Any]]) -> tuple[Talk, ...]:
    """The conversations as they stand for the actor of ``beside``, whose columns their ``rows`` have."""
    by_id = {row.id: row for row in rows}
    return tuple(
        Talk(
            each,
            is_started=each.is_shared or by_id[each.id].is_written_in,
            has_signed=by_id[each.id].has_signed,
            hands_over=by_id[each.id].is_asked,
        )
        for each in found
    )


def _read(connection: Connection, actor: Actor) -> tuple[list[Conversation], list[Row[Any]]]:
    """What goes on, by its meetings, then what is over, newest first; with the rows that it was made of.

    Of what is over, one more than is shown.
    """
    is_party = (TALK.c.employee_id == actor.person) | (TALK.c.responsible_id == actor.person)
    goes_on = TALK.c.state.in_(GOES_ON)
    over = (
        select(TALK.c.id)
        .where(is_party, ~goes_on)
        .order_by(TALK.c.created_at.desc(), TALK.c.id)
        .limit(EARLIER_SHOWN_MAX + 1)
    )
    is_going_on = goes_on & (is_party | invitations.is_guest(actor))
    rows = connection.execute(
        select(TALK, *beside(actor))
        .where(is_going_on | TALK.c.id.in_(over))
        .order_by(*conversations.in_order())
    ).all()
    found = conversations.seen(connection, actor, rows, invited=True)
    going_on = [each for each in found if each.state in GOES_ON]
    is_over = [each for each in found if each.state not in GOES_ON]
    is_over.sort(key=lambda each: each.created_at, reverse=True)
    return [*going_on, *is_over], list(rows)


def _declined(connection: Connection, actor: Actor) -> tuple[Declined, ...]:
    if not allowed(actor, Action.SEE_DECLINED, OrganisationFacts()):
        return ()
    return tuple(decisions.declined(connection, actor))


class Starts:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def of(self, actor: Actor, *, has_staff: bool) -> Start:
        """As ``of``, now."""
        return await self._database.read(lambda c: of(c, actor, self._clock(), has_staff=has_staff))

    async def led(self, actor: Actor) -> tuple[Talk, ...]:
        """As ``led``."""
        return await self._database.read(lambda c: led(c, actor))
