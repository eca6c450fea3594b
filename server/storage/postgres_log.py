"""The update log on PostgreSQL: one transaction at a time carries all appends that wait on this node."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from server.rules import limits
from server.rules.access import ConversationFacts, PaneFacts, Role
from server.storage.bells import LogMoved
from server.storage.database import Clock, Database, ring
from server.storage.log_rows import StoredLog, available
from server.storage.rights import AuthorFacts, check_append, check_clients, writing_guests
from server.storage.tables import (
    change_log,
    conversation,
    document,
    document_client,
    document_update,
    pane,
    person,
    session,
)
from server.storage.update_log import Append, DocumentGone, LogError, LogUnavailable

Outcome = int | Exception
"""An append's sequence number, or why there is none."""


class PostgresLog(StoredLog):
    """Keeps ``update_log.UpdateLog``; every append that commits is rung to the other nodes."""

    def __init__(self, database: Database, node: str, clock: Clock) -> None:
        super().__init__(database)
        self._node = node
        self._clock = clock
        self._waiting: list[tuple[Append, asyncio.Future[int]]] = []
        self._task: asyncio.Task[None] | None = None

    async def append(self, append: Append) -> int:
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((append, answer))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._carry_out(), name="append")
        return await answer

    async def close(self) -> None:
        """Return once everything that waits has been answered."""
        if self._task is not None:
            await self._task

    async def _carry_out(self) -> None:
        while self._waiting:
            batch = self._waiting[: limits.COMMIT_JOBS_MAX]
            del self._waiting[: len(batch)]
            outcomes = await self._commit([append for append, _ in batch])
            for (_, answer), outcome in zip(batch, outcomes, strict=True):
                if answer.done():
                    continue
                if isinstance(outcome, Exception):
                    answer.set_exception(outcome)
                else:
                    answer.set_result(outcome)

    async def _commit(self, appends: Sequence[Append]) -> Sequence[Outcome]:
        try:
            return await available(
                self._database.write(partial(_append_all, appends, self._node, self._clock))
            )
        except IntegrityError as error:
            if len(appends) == 1:
                return [error]
            # One of them names what does not exist. Each on its own, so that only that one fails.
            return [outcome for append in appends for outcome in await self._commit([append])]
        except LogUnavailable as error:
            return [error] * len(appends)
        except Exception as error:  # noqa: BLE001
            # Whatever it is, those who wait are told, and the next ones are carried.
            return [error] * len(appends)


def _append_all(
    appends: Sequence[Append], node: str, clock: Clock, connection: Connection
) -> Sequence[Outcome]:
    """Append all that may be appended. A refusal is known before its first row is written, so it needs no
    SAVEPOINT of its own, and a batch takes as many round trips as a single append."""
    targets = _lock(connection, sorted({append.document for append in appends}))
    authors = _authors(connection, {author.session for append in appends for author in append.authors})
    owners = _owners(connection, {append.document for append in appends if append.new_clients})
    now = clock()
    outcomes: list[Outcome] = []
    accepted: list[tuple[int, Append]] = []
    lasts: dict[int, int] = {}
    for append in appends:
        try:
            if append.document not in targets:
                raise DocumentGone(append.document)
            target, last = targets[append.document]
            check_append(
                target,
                ((author.person, authors.get((author.session, author.person))) for author in append.authors),
                now,
            )
            check_clients(append, owners.get(append.document, {}))
        except LogError as refusal:
            outcomes.append(refusal)
        else:
            number = lasts[append.document] = lasts.get(append.document, last) + 1
            outcomes.append(number)
            accepted.append((number, append))
    if accepted:
        _store(connection, accepted, lasts, now)
    for document_id, last in lasts.items():
        ring(connection, LogMoved(document_id, last, node))
    return outcomes


def _lock(connection: Connection, documents: Sequence[int]) -> dict[int, tuple[PaneFacts, int]]:
    """Lock the documents, and their conversations against freeze and share; read what decides, and each
    log's last number."""
    # A statement of its own: one that waits for a lock sees the other tables as they were before it
    # waited, so a share that it waited for would not be noticed.
    connection.execute(
        select(conversation.c.id)
        .where(conversation.c.id.in_(select(document.c.conversation_id).where(document.c.id.in_(documents))))
        .order_by(conversation.c.id)
        .with_for_update(read=True)
    )
    found = connection.execute(
        select(
            document.c.id,
            document.c.last,
            document.c.pane,
            conversation.c.employee_id,
            conversation.c.responsible_id,
            conversation.c.state,
            conversation.c.shares,
            conversation.c.joint_writers,
            pane.c.owner_id,
            pane.c.document_id,
            pane.c.shared_at,
            pane.c.opened_at,
            pane.c.withheld,
        )
        .join(conversation, conversation.c.id == document.c.conversation_id)
        .outerjoin(
            pane,
            (pane.c.conversation_id == document.c.conversation_id) & (pane.c.pane == document.c.pane),
        )
        .where(document.c.id.in_(documents))
        # Every node in the same order, so that none waits for another that waits for it.
        .order_by(document.c.id)
        .with_for_update(of=document)
    )
    return {
        row.id: (
            PaneFacts(
                conversation=ConversationFacts(
                    row.employee_id,
                    row.responsible_id,
                    row.state,
                    row.shares,
                    guests=writing_guests(row.joint_writers),
                ),
                pane=row.pane,
                owner=row.owner_id,
                shared=row.shared_at is not None,
                opened=row.opened_at is not None,
                current=row.document_id == row.id,
                withheld=bool(row.withheld),
            ),
            row.last,
        )
        for row in found
    }


def _authors(connection: Connection, sessions: set[str]) -> dict[tuple[str, str], AuthorFacts]:
    """Read what decides about the authors: (session, person) -> facts."""
    found = connection.execute(
        select(
            session.c.id_hash,
            session.c.person_id,
            session.c.began_at,
            session.c.seen_at,
            session.c.ended_at,
            person.c.active,
            person.c.roles,
        )
        .join(person, person.c.id == session.c.person_id)
        .where(session.c.id_hash.in_(sessions))
    )
    return {
        (row.id_hash, row.person_id): AuthorFacts(
            began_at=row.began_at,
            seen_at=row.seen_at,
            ended_at=row.ended_at,
            active=row.active,
            roles=frozenset(Role(role) for role in row.roles),
        )
        for row in found
    }


def _owners(connection: Connection, documents: set[int]) -> dict[int, dict[int, str]]:
    """Read whose the Yjs client ids are: document -> client -> person."""
    owners: dict[int, dict[int, str]] = {}
    if documents:
        found = connection.execute(
            select(document_client).where(document_client.c.document_id.in_(documents))
        )
        for row in found:
            owners.setdefault(row.document_id, {})[row.client] = row.person_id
    return owners


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
