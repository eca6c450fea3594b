"""The update log on SQLite."""

import json
import sqlite3
from datetime import UTC, datetime
from functools import partial
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
from server.storage.database import Clock, Database
from server.storage.log_rows import StoredLog, available
from server.storage.rights import (
    AuthorFacts,
    Written,
    activity_facts,
    check_append,
    check_clients,
    check_follows,
    writing_guests,
)
from server.storage.update_log import ActivitySummary, Append, Author, DocumentGone, NoteSummary, Summary

# Plain SQL on the driver's connection: an append is the one thing that happens at every key press, and
# building and running its statements through SQLAlchemy takes several times as long as they do.
# The driver keeps each of them prepared.

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

_NUMBER = "UPDATE document SET last = last + 1 WHERE id = ? RETURNING last"

_KEEP = "INSERT INTO document_update (document_id, sequence, change) VALUES (?, ?, ?)"

_TOUCH = """
    INSERT INTO change_log (document_id, field, person_id, first_at, last_at) VALUES (?, ?, ?, ?, ?)
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


class SqliteLog(StoredLog):
    """Keeps ``update_log.UpdateLog``: the writer's thread carries appends like any other work."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database)
        self._clock = clock

    async def append(self, append: Append) -> int:
        return await available(self._database.write(partial(_append, append, self._clock)))


def _append(append: Append, clock: Clock, connection: Connection) -> int:
    rows = cast(sqlite3.Connection, connection.connection.driver_connection)
    now = clock()
    check_append(
        _target(rows, append.document),
        ((author.person, _author(rows, author)) for author in append.authors),
        now,
    )
    if append.new_clients:
        check_clients(append, dict(rows.execute(_OWNERS, (append.document,)).fetchall()))
    # All rows are fetched: a statement that has not ended would hold up the end of the transaction.
    ((number,),) = rows.execute(_NUMBER, (append.document,)).fetchall()
    check_follows(append, number - 1)
    rows.execute(_KEEP, (append.document, number, append.change))
    if append.summary is not None:
        _repeat(rows, append.document, append.summary)
    instant = _text(now)
    rows.executemany(
        _TOUCH,
        [(append.document, touch.field, touch.person, instant, instant) for touch in append.touched],
    )
    if append.new_clients:
        rows.executemany(
            _CLIENT, [(append.document, client, person) for client, person in append.new_clients]
        )
    return int(number)


def _repeat(rows: sqlite3.Connection, document: int, summary: Summary) -> None:
    """Write what the document's own row repeats of it."""
    match summary:
        case ActivitySummary(title, owner, due_on, follow_up_on):
            days = (each and each.isoformat() for each in (due_on, follow_up_on))
            rows.execute(_REPEAT_ACTIVITY, (title, owner, *days, document))
        case NoteSummary(beginning):
            rows.execute(_REPEAT_NOTE, (beginning, document))


def _target(rows: sqlite3.Connection, document: int) -> Written:
    found = rows.execute(_TARGET, (document,)).fetchone()
    if found is None:
        return _kept(rows, document)
    pane, employee, responsible, state, shares, writers, owner, shared, opened, current, withheld = found
    guests = writing_guests(json.loads(writers)) if writers else ()
    return PaneFacts(
        conversation=ConversationFacts(employee, responsible, State(state), bool(shares), guests=guests),
        pane=Pane(pane),
        owner=owner,
        shared=bool(shared),
        opened=bool(opened),
        current=bool(current),
        withheld=bool(withheld),
    )


def _kept(rows: sqlite3.Connection, document: int) -> Written:
    """What decides about a document that belongs to no conversation."""
    found = rows.execute(_KEPT, (document,)).fetchone()
    if found is None:
        raise DocumentGone(document)
    employee, manager, state, owner = found
    if owner is not None:
        return NoteFacts(owner)
    if employee is None:
        raise DocumentGone(document)
    responsibles = rows.execute(_RESPONSIBLES, (employee, *GOES_ON)).fetchall()
    person = PersonFacts(employee, manager, responsibles=frozenset(each for (each,) in responsibles))
    return activity_facts(person, state)


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
