"""The update log on SQLite."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from typing import cast

from sqlalchemy import Connection

from server.rules.access import (
    GOES_ON,
    ConversationFacts,
    NoteFacts,
    Pane,
    PaneFacts,
    PersonFacts,
    Role,
    State,
)
from server.rules.limits import CHANGE_LOG_SECONDS, GLANCED_BYTES_MAX
from server.storage.append_queue import QueuedLog
from server.storage.database import Clock, Database, leave_rights
from server.storage.log_rows import available, load_folded
from server.storage.rights import (
    AuthorFacts,
    Written,
    activity_facts,
    check_append,
    check_clients,
    check_follows,
    writing_guests,
)
from server.storage.update_log import (
    ActivitySummary,
    Append,
    Appended,
    Author,
    DocumentGone,
    Loaded,
    LogError,
    NoteSummary,
    Summary,
    Touch,
)

# Plain SQL on the driver's connection: an append is the one thing that happens at every key press, and
# building and running its statements through SQLAlchemy takes several times as long as they do.
# The driver keeps each of them prepared. What is written is one statement for all appends of a transaction:
# the driver lets other threads run at each step of a statement, and then waits until it may go on.

# ``document.last`` has it where other nodes write too. Here it would be one more page at every commit.
_LAST = """
    SELECT coalesce((SELECT max(sequence) FROM document_update WHERE document_id = s.document_id), s.sequence)
    FROM document_snapshot s
    WHERE s.document_id = ?"""

_TARGET = """
    SELECT d.pane, c.employee_id, c.responsible_id, c.state, c.shares, c.joint_writers,
           p.owner_id, p.shared_at IS NOT NULL, p.opened_at IS NOT NULL, p.document_id IS d.id,
           p.withheld
    FROM document d
    JOIN conversation c ON c.id = d.conversation_id
    LEFT JOIN pane p ON p.conversation_id = d.conversation_id AND p.pane = d.pane
    WHERE d.id = ?"""

_AUTHOR = """
    SELECT s.began_at, s.seen_at, s.ended_at, p.active, p.roles
    FROM session s JOIN person p ON p.id = s.person_id
    WHERE s.id_hash = ? AND s.person_id = ?"""

# The changes come as one blob: JSON has no bytes.
_KEEP = """
    INSERT INTO document_update (document_id, sequence, change)
    SELECT value ->> 0, value ->> 1, coalesce(substr(?2, value ->> 2, value ->> 3), x'')
    FROM json_each(?1)"""

_TOUCH = """
    INSERT INTO change_log (document_id, field, person_id, first_at, last_at)
    SELECT value ->> 0, value ->> 1, value ->> 2, ?2, ?2 FROM json_each(?1) WHERE true
    ON CONFLICT (document_id, field, person_id) DO UPDATE SET last_at = excluded.last_at"""

# Asked only where there is no conversation: no pane's append takes longer for it.
_KEPT = """
    SELECT a.employee_id, e.manager_id, a.state, n.owner_id
    FROM document d
    LEFT JOIN activity a ON a.document_id = d.id
    LEFT JOIN person e ON e.id = a.employee_id
    LEFT JOIN note n ON n.document_id = d.id
    WHERE d.id = ?"""

_RESPONSIBLES = "SELECT responsible_id FROM conversation WHERE employee_id = ? AND state IN (?, ?)"

_REPEAT_ACTIVITY = """
    UPDATE activity
    SET title = ?, owner_id = (SELECT id FROM person WHERE id = ?), due_on = ?, follow_up_on = ?
    WHERE document_id = ?"""

_REPEAT_NOTE = "UPDATE note SET beginning = ? WHERE document_id = ?"

_OWNERS = "SELECT client, person_id FROM document_client WHERE document_id = ?"

_CLIENT = """
    INSERT INTO document_client (document_id, client, person_id) VALUES (?, ?, ?)
    ON CONFLICT (document_id, client) DO NOTHING"""


@dataclass(slots=True)
class _Known:
    """What the writer has read of one document. It holds until something else is written than appends."""

    target: Written
    last: int
    """Number of its last change."""
    until: dict[Author, datetime] = field(default_factory=dict)
    """Who may write, and up to when the session holds."""
    touched: dict[Touch, float] = field(default_factory=dict)
    """What the change log has, and since when, in seconds since 1970."""


class SqliteLog(QueuedLog):
    """Keeps ``update_log.UpdateLog``: the writer carries appends like any other work.

    It alone writes, so what it has read of the rights remains true until it writes something that
    they rest on: ``forget`` is called before any append after that. No right is ever older than the
    transaction in which it is used.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database)
        self._clock = clock
        self._known: dict[int, _Known] = {}

    async def load(self, document: int) -> Loaded:
        """See ``UpdateLog.load``. Most of what is opened is small and folded: it is there at a glance."""

        def look(rows: Connection) -> Loaded | None:
            return load_folded(rows, document, GLANCED_BYTES_MAX)

        folded = await available(self._database.glance(look))
        return await super().load(document) if folded is None else folded

    def forget(self) -> None:
        """Read again what decides. Called by the writer, which has the connection in hand."""
        self._known.clear()

    def store_all(self, appends: Sequence[Append], connection: Connection) -> Sequence[Appended]:
        """See ``QueuedLog``."""
        leave_rights(connection)
        rows = cast(sqlite3.Connection, connection.connection.driver_connection)
        now = self._clock()
        outcomes: list[Appended] = []
        accepted: list[tuple[int, Append]] = []
        for append in appends:
            try:
                known = self._known.get(append.document) or self._read(rows, append.document)
                self._check(rows, known, append, now)
            except LogError as refusal:
                outcomes.append(refusal)
            else:
                known.last += 1
                outcomes.append(known.last)
                accepted.append((known.last, append))
        if accepted:
            self._store(rows, accepted, now)
        return outcomes

    def _read(self, rows: sqlite3.Connection, document: int) -> _Known:
        known = self._known[document] = _target(rows, document)
        return known

    def _check(self, rows: sqlite3.Connection, known: _Known, append: Append, now: datetime) -> None:
        """Raise AppendRefused or LogMovedOn if it may not be appended."""
        for author in append.authors:
            if now >= known.until.get(author, now):
                self._look_up(rows, known, append, now)
                break
        check_follows(append, known.last)
        if append.new_clients:
            check_clients(append, dict(rows.execute(_OWNERS, (append.document,)).fetchall()))

    def _look_up(self, rows: sqlite3.Connection, known: _Known, append: Append, now: datetime) -> None:
        facts = {author: _author(rows, author) for author in append.authors}
        check_append(known.target, ((author.person, facts[author]) for author in facts), now)
        for author, found in facts.items():
            if found is not None:
                known.until[author] = found.holds_until

    def _store(self, rows: sqlite3.Connection, accepted: Sequence[tuple[int, Append]], now: datetime) -> None:
        places, changes, start = [], [], 1
        for number, append in accepted:
            size = len(append.change)
            # As JSON: they are numbers.
            places.append(f"[{append.document},{number},{start},{size}]")
            changes.append(append.change)
            start += size
        rows.execute(_KEEP, (f"[{','.join(places)}]", b"".join(changes)))
        touched, seconds = [], now.timestamp()
        for _, append in accepted:
            if append.summary is not None:
                _repeat(rows, append.document, append.summary)
            if append.new_clients:
                rows.executemany(_CLIENT, [(append.document, *each) for each in append.new_clients])
            noted = self._known[append.document].touched
            for touch in append.touched:
                # Whoever types touches the same field several times a second.
                if abs(seconds - noted.get(touch, -inf)) >= CHANGE_LOG_SECONDS:
                    noted[touch] = seconds
                    touched.append((append.document, touch.field, touch.person))
        if touched:
            rows.execute(_TOUCH, (json.dumps(touched), _text(now)))


def _repeat(rows: sqlite3.Connection, document: int, summary: Summary) -> None:
    """Write what the document's own row repeats of it."""
    match summary:
        case ActivitySummary(title, owner, due_on, follow_up_on):
            days = (each and each.isoformat() for each in (due_on, follow_up_on))
            rows.execute(_REPEAT_ACTIVITY, (title, owner, *days, document))
        case NoteSummary(beginning):
            rows.execute(_REPEAT_NOTE, (beginning, document))


def _target(rows: sqlite3.Connection, document: int) -> _Known:
    """Raises DocumentGone."""
    found = rows.execute(_TARGET, (document,)).fetchone()
    if found is None:
        return _kept(rows, document)
    pane, employee, responsible, state, shares, writers, owner, *is_so = found
    guests = writing_guests(json.loads(writers)) if writers else ()
    shared, opened, current, withheld = map(bool, is_so)
    target = PaneFacts(
        conversation=ConversationFacts(employee, responsible, State(state), bool(shares), guests=guests),
        pane=Pane(pane),
        owner=owner,
        shared=shared,
        opened=opened,
        current=current,
        withheld=withheld,
    )
    return _Known(target, _last(rows, document))


def _last(rows: sqlite3.Connection, document: int) -> int:
    """Number of the last change. Raises DocumentGone."""
    found = rows.execute(_LAST, (document,)).fetchone()
    if found is None:
        raise DocumentGone(document)
    return cast(int, found[0])


def _kept(rows: sqlite3.Connection, document: int) -> _Known:
    """What decides about a document that belongs to no conversation."""
    found = rows.execute(_KEPT, (document,)).fetchone()
    if found is None:
        raise DocumentGone(document)
    employee, manager, state, owner = found
    last = _last(rows, document)
    if owner is not None:
        return _Known(NoteFacts(owner), last)
    if employee is None:
        raise DocumentGone(document)
    responsibles = rows.execute(_RESPONSIBLES, (employee, *GOES_ON)).fetchall()
    person = PersonFacts(employee, manager, responsibles=frozenset(each for (each,) in responsibles))
    return _Known(activity_facts(person, state), last)


def _author(rows: sqlite3.Connection, author: Author) -> AuthorFacts | None:
    found = rows.execute(_AUTHOR, (author.session, author.person)).fetchone()
    if found is None:
        return None
    began_at, seen_at, ended_at, active, roles = found
    return AuthorFacts(
        began_at=_instant(began_at),
        seen_at=_instant(seen_at),
        ended_at=None if ended_at is None else _instant(ended_at),
        active=bool(active),
        roles=frozenset(Role(role) for role in json.loads(roles)),
    )


# As ``tables.Instant`` stores them on SQLite.


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
