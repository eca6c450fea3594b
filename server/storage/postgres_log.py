"""The update log on PostgreSQL: one transaction at a time carries all appends that wait on this node."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from server.storage.append_queue import QueuedLog
from server.storage.bells import LogMoved
from server.storage.database import Clock, Database, ring
from server.storage.postgres_targets import authors, lock, owners
from server.storage.rights import check_append, check_clients, check_follows
from server.storage.tables import (
    activity,
    change_log,
    document,
    document_client,
    document_update,
    note,
    person,
)
from server.storage.update_log import (
    ActivitySummary,
    Append,
    Appended,
    DocumentGone,
    LogError,
    NoteSummary,
    Summary,
)


class PostgresLog(QueuedLog):
    """Keeps ``update_log.UpdateLog``; every append that commits is rung to the other nodes."""

    def __init__(self, database: Database, node: str, clock: Clock) -> None:
        super().__init__(database)
        self._node = node
        self._clock = clock

    def store_all(self, appends: Sequence[Append], connection: Connection) -> Sequence[Appended]:
        """See ``QueuedLog``."""
        return _append_all(appends, self._node, self._clock, connection)


def _append_all(
    appends: Sequence[Append], node: str, clock: Clock, connection: Connection
) -> Sequence[Appended]:
    """Append all that may be appended. A refusal is known before its first row is written, so it needs no
    SAVEPOINT of its own, and a batch takes as many round trips as a single append."""
    targets = lock(connection, sorted({append.document for append in appends}))
    known = authors(connection, {author.session for append in appends for author in append.authors})
    whose = owners(connection, {append.document for append in appends if append.new_clients})
    now = clock()
    outcomes: list[Appended] = []
    accepted: list[tuple[int, Append]] = []
    lasts: dict[int, int] = {}
    for append in appends:
        try:
            if append.document not in targets:
                raise DocumentGone(append.document)
            target, last = targets[append.document]
            check_append(
                target,
                ((author.person, known.get((author.session, author.person))) for author in append.authors),
                now,
            )
            last = lasts.get(append.document, last)
            check_follows(append, last)
            check_clients(append, whose.get(append.document, {}))
        except LogError as refusal:
            outcomes.append(refusal)
        else:
            number = lasts[append.document] = last + 1
            outcomes.append(number)
            accepted.append((number, append))
    if accepted:
        _store(connection, accepted, lasts, now)
    for document_id, last in lasts.items():
        ring(connection, LogMoved(document_id, last, node))
    return outcomes


_KEEP = insert(document_update)

_MOVE = update(document).where(document.c.id == bindparam("document")).values(last=bindparam("reached"))

_TOUCHED = insert(change_log)
_TOUCH = _TOUCHED.on_conflict_do_update(
    index_elements=["document_id", "field", "person_id"], set_={"last_at": _TOUCHED.excluded.last_at}
)

_CLIENT = insert(document_client).on_conflict_do_nothing()


def _store(
    connection: Connection, accepted: Sequence[tuple[int, Append]], lasts: dict[int, int], now: datetime
) -> None:
    connection.execute(_MOVE, [{"document": key, "reached": last} for key, last in lasts.items()])
    connection.execute(
        _KEEP,
        [
            {"document_id": append.document, "sequence": number, "change": append.change}
            for number, append in accepted
        ],
    )
    for _, append in accepted:
        if append.summary is not None:
            _repeat(connection, append.document, append.summary)
    touches = [
        {
            "document_id": append.document,
            "field": touch.field,
            "person_id": touch.person,
            "first_at": now,
            "last_at": now,
        }
        for _, append in accepted
        for touch in append.touched
    ]
    if touches:
        connection.execute(_TOUCH, touches)
    clients = [
        {"document_id": append.document, "client": client, "person_id": owner}
        for _, append in accepted
        for client, owner in append.new_clients
    ]
    if clients:
        connection.execute(_CLIENT, clients)


def _repeat(connection: Connection, document_id: int, summary: Summary) -> None:
    """Write what the document's own row repeats of it."""
    match summary:
        case ActivitySummary(title, owner, due_on, follow_up_on):
            # Whoever does not exist is named in vain.
            owner_id = select(person.c.id).where(person.c.id == owner).scalar_subquery()
            row = update(activity).where(activity.c.document_id == document_id)
            values = {"title": title, "due_on": due_on, "follow_up_on": follow_up_on}
            connection.execute(row.values(owner_id=owner_id, **values))
        case NoteSummary(beginning):
            connection.execute(
                update(note).where(note.c.document_id == document_id).values(beginning=beginning)
            )
