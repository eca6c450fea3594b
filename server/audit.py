"""The audit: what was done, by whom and when, as ids and never as content, in one chain.

    sequence 1 ── hash ──▶ previous of 2 ── hash ──▶ previous of 3 ── …

A hash is SHA-256 over the event in canonical JSON (RFC 8785): its sequence, its instant in UTC, its name,
the ids that it is about and the hash before it. So an event that is altered, removed, inserted or moved
breaks the chain where it stands. What was cut off at the end leaves no trace in the chain itself: whoever
keeps its newest sequence and hash elsewhere (``samsyn audit verify`` prints them) can tell.

Key invariants:

1. Sequences count from 1 without gaps, on any number of nodes.
2. An event is stored with what it tells of, or neither is.
3. The head of the chain is locked last of all in a transaction, and one that holds it locks nothing else.
   So two transactions never wait for each other, wherever in their work they call ``record``.
4. No event is caused by typing: whatever happens in a pane before it is shared leaves nothing here.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import rfc8785
from sqlalchemy import Connection, Row, func, insert, select, text

from server.rules.access import Action, Actor, OrganisationFacts, allowed
from server.rules.errors import NotFound
from server.rules.limits import AUDIT_BATCH_EVENTS
from server.storage import tables
from server.storage.database import do_last

NOTHING = "0" * 64
"""What stands before the first event."""

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}")
"""A name or an id. A sentence, having spaces, is none."""

ABOUT = frozenset(
    {
        "activity",
        "erasure",
        "format",
        "guest",
        "hold",
        "kind",
        "manager",
        "pane",
        "person",
        "predecessor",
        "session",
        "sha256",
        "template",
        "unit",
        "version",
    }
)
"""What an event can be about, beside its person and conversation."""

_HEAD = 0x73616D61
"""Of the advisory lock under which one transaction at a time puts its events into the chain (PostgreSQL)."""


class Event(StrEnum):
    """Everything that the audit can hold: ``source:subject:action``.

    The source is where it was done: in a page, by somebody who is signed in, or by a command, where the
    database lies.
    """

    SESSION_BEGAN = "page:session:began"
    SESSION_ENDED = "page:session:ended"
    SESSION_REFUSED = "page:session:refused"
    """A wrong password. Nobody is signed in: ``about`` has whose address it was, if anybody's."""

    PASSWORD_REFUSED = "page:password:refused"  # noqa: S105 (the name of an event)
    """A wrong password from somebody who is signed in, and was asked for it before signing."""
    PASSWORD_CHANGED = "page:password:changed"  # noqa: S105 (the name of an event)
    """By the person whose it is; her other sessions end."""

    PANE_SHARED = "page:pane:shared"
    PANE_WITHDRAWN = "page:pane:withdrawn"
    PANE_OPENED = "page:pane:opened"

    CONVERSATION_CREATED = "page:conversation:created"
    CONVERSATION_FROZEN = "page:conversation:frozen"
    CONVERSATION_COMPLETED = "page:conversation:completed"
    CONVERSATION_CLOSED = "page:conversation:closed"
    CONVERSATION_REOPENED = "page:conversation:reopened"
    CONVERSATION_DECLINED = "page:conversation:declined"
    CONVERSATION_CANCELLED = "page:conversation:cancelled"
    CONVERSATION_HANDED_OVER = "page:conversation:handed-over"
    """To another responsible, ``person``, by the one before, ``predecessor``, or by HR."""
    HANDOVER_ANSWERED = "page:handover:answered"
    """The employee has said whether something goes over: ``kind`` is ``goes_over`` or ``stays``."""
    FORMER_REMOVED = "page:former:removed"
    MEETING_MOVED = "page:meeting:moved"

    REQUEST_MADE = "page:request:made"
    """An employee has asked for a conversation."""
    REQUEST_DECLINED = "page:request:declined"
    REQUEST_TAKEN_BACK = "page:request:taken-back"

    RECORD_SIGNED = "page:record:signed"
    RECORD_OPENED = "page:record:opened"
    RECORD_DOWNLOADED = "page:record:downloaded"
    DRAFT_DOWNLOADED = "page:draft:downloaded"

    GUEST_INVITED = "page:guest:invited"
    GUEST_AGREED = "page:guest:agreed"
    GUEST_ACCEPTED = "page:guest:accepted"
    GUEST_ENDED = "page:guest:ended"
    GUEST_GIVEN_JOINT_PANE = "page:guest:given-joint-pane"
    GUEST_JOINT_PANE_TAKEN_BACK = "page:guest:joint-pane-taken-back"

    POLICY_CHANGED = "page:policy:changed"
    COVERAGE_EXPORTED = "page:coverage:exported"
    STAND_IN_NAMED = "page:stand-in:named"
    STAND_IN_ENDED = "page:stand-in:ended"

    ACTIVITY_ADDED = "page:activity:added"
    ACTIVITY_COMPLETED = "page:activity:completed"
    ACTIVITY_CANCELLED = "page:activity:cancelled"
    ACTIVITY_TAKEN_UP = "page:activity:taken-up"
    ARCHIVE_IMPORTED = "page:archive:imported"

    OWN_DATA_ASKED = "page:own-data:asked"
    """Somebody wanted everything that is kept about her."""
    OWN_DATA_DOWNLOADED = "page:own-data:downloaded"
    HOLD_PLACED = "page:hold:placed"
    HOLD_LIFTED = "page:hold:lifted"
    ERASED_ON_REQUEST = "page:erasure:done"
    ERASED_BY_OPERATOR = "command:erasure:done"
    ERASED_BY_RULE = "rule:erasure:done"
    """The time had come that the organisation has set, and the server did it by itself."""

    UNIT_ADDED = "command:unit:added"
    UNIT_CHANGED = "command:unit:changed"
    PERSON_ADDED = "command:person:added"
    PERSON_CHANGED = "command:person:changed"
    POLICY_SET = "command:policy:changed"
    SESSION_CUT = "command:session:ended"
    PASSWORD_SET = "command:password:set"  # noqa: S105 (the name of an event)
    TEMPLATE_ADDED = "command:template:added"
    CONVERSATION_ENTERED = "command:conversation:created"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as it stands in the chain."""

    sequence: int
    at: datetime
    event: str
    person: str
    """Who did it; empty for the operator, and for somebody who could not sign in."""
    conversation: str
    """Empty for what is about none."""
    about: Mapping[str, str]
    previous: str
    hash: str

    def hashed(self) -> str:
        """What the hash has to be. Raises ValueError for what no event can hold."""
        told: dict[str, Any] = {
            "about": dict(self.about),
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "conversation": self.conversation,
            "event": self.event,
            "person": self.person,
            "previous": self.previous,
            "sequence": self.sequence,
        }
        return hashlib.sha256(rfc8785.dumps(told)).hexdigest()


class Unreadable(Exception):
    """What stands in the table at this place is no event."""


@dataclass(frozen=True, slots=True)
class _Told:
    """An event that has not got its place in the chain yet."""

    at: datetime
    event: Event
    person: str
    conversation: str
    about: Mapping[str, str]


def record(
    connection: Connection, event: Event, actor_id: str, now: datetime, conversation: str = "", **about: str
) -> None:
    """Have ``event`` in the chain when the transaction commits, and not when it does not.

    ``actor_id`` is who did it, empty for the operator. ``about`` has keys of ABOUT, and ids and names of
    things as values. Raises ValueError for any other, so that no content gets in here by mistake.
    """
    if unknown := about.keys() - ABOUT:
        raise ValueError(f"an event is not about {', '.join(sorted(unknown))}")
    for value in (actor_id, conversation):
        if value and not ID.fullmatch(value):
            raise ValueError("an event names people and conversations by their ids")
    for key, value in about.items():
        if not ID.fullmatch(value):
            raise ValueError(f"the {key} of an event must be an id or a name")
    do_last(connection, _chain, _Told(now, event, actor_id, conversation, about))


def _chain(connection: Connection, events: Iterable[_Told]) -> None:
    """Put events behind the newest one, in a transaction that does nothing else afterwards."""
    if connection.dialect.name == "postgresql":
        # A statement of its own: the next one then sees what a transaction stored that held the lock before.
        # Locking the newest row instead would not do: whoever waited for it still takes it for the newest.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _HEAD})
    newest = head(connection)
    sequence, previous = (newest.sequence, newest.hash) if newest else (0, NOTHING)
    rows = []
    for told in events:
        sequence += 1
        entry = Entry(
            sequence, told.at, told.event, told.person, told.conversation, told.about, previous, hash=""
        )
        previous = entry.hashed()
        rows.append(
            {
                "sequence": sequence,
                "at": told.at,
                "event": told.event.value,
                "person": told.person,
                "conversation": told.conversation,
                "about": dict(told.about),
                "previous": entry.previous,
                "hash": previous,
            }
        )
    connection.execute(insert(tables.audit), rows)


def head(connection: Connection) -> Entry | None:
    """The newest event; None when there is none."""
    row = connection.execute(
        select(tables.audit).order_by(tables.audit.c.sequence.desc()).limit(1)
    ).one_or_none()
    return _entry(row) if row is not None else None


def batch(
    connection: Connection, actor: Actor, after: Entry | None = None, conversation: str = ""
) -> list[Entry]:
    """The next events after one, from the beginning without it: at most AUDIT_BATCH_EVENTS, in order.

    ``conversation`` leaves out what is not about it. Raises NotFound for anybody but the operator, and
    Unreadable when the next row is no event.
    """
    if not allowed(actor, Action.VERIFY_AUDIT, OrganisationFacts()):
        raise NotFound
    table = tables.audit
    wanted = select(table).order_by(table.c.sequence)
    if after is not None:
        wanted = wanted.where(table.c.sequence > after.sequence)
    if conversation:
        wanted = wanted.where(table.c.conversation == conversation)
    most = AUDIT_BATCH_EVENTS
    while True:
        try:
            return [_entry(row) for row in connection.execute(wanted.limit(most))]
        except (ValueError, TypeError) as error:
            # Somebody has put there what is no instant or no JSON. What comes before it can be read.
            if most == 1:
                raise Unreadable from error
            most //= 2


def count(connection: Connection, actor: Actor) -> int:
    """How many events there are. Raises NotFound for anybody but the operator."""
    if not allowed(actor, Action.VERIFY_AUDIT, OrganisationFacts()):
        raise NotFound
    return connection.scalar(select(func.count()).select_from(tables.audit)) or 0


def verify(entries: Iterable[Entry], before: Entry | None = None) -> int | None:
    """Return the sequence at which the chain is broken, None where it is whole.

    ``before`` is the event ahead of the first, None for the beginning of the chain. What is missing is
    told by the sequence that ought to be there.
    """
    for entry in entries:
        expected = before.sequence + 1 if before else 1
        if entry.sequence != expected or entry.previous != (before.hash if before else NOTHING):
            return expected
        if not _is_whole(entry):
            return expected
        before = entry
    return None


def _is_whole(entry: Entry) -> bool:
    try:
        return entry.hashed() == entry.hash
    except (ValueError, TypeError, AttributeError):
        # What stands there is no event at all.
        return False


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        row.sequence, row.at, row.event, row.person, row.conversation, row.about, row.previous, row.hash
    )
