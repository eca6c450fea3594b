"""Reading and folding a document's log: what both databases do with the same SQL."""

from collections.abc import Awaitable, Sequence
from typing import Any, Final, TypeVar
from zlib import crc32

from sqlalchemy import Connection, bindparam, delete, exists, func, select, update

from server.rules.errors import StorageUnavailable
from server.storage.database import Database, erase_soon, leave_rights, lock_document
from server.storage.prepared import Prepared
from server.storage.tables import document_client, document_snapshot, document_update
from server.storage.update_log import DocumentGone, Loaded, LogIncomplete, LogUnavailable

T = TypeVar("T")


class StoredLog:
    """All of ``update_log.UpdateLog`` but ``append``, in which the two databases differ."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, document: int) -> Loaded:
        """See ``UpdateLog.load``."""
        return await available(self._database.read(lambda rows: load(rows, document)))

    async def read_after(self, document: int, sequence: int) -> Sequence[tuple[int, bytes]]:
        """See ``UpdateLog.read_after``."""
        return await available(self._database.read(lambda rows: read_after(rows, document, sequence)))

    async def compact(
        self, document: int, sequence: int, snapshot: bytes, state_vector: bytes | None = None
    ) -> None:
        """See ``UpdateLog.compact``."""

        def work(rows: Connection) -> None:
            leave_rights(rows)
            compact(rows, document, sequence, snapshot, state_vector)

        await available(self._database.write(work))


async def available(waiting: Awaitable[T]) -> T:
    """Wait, and raise the log's own LogUnavailable where the database raises StorageUnavailable."""
    try:
        return await waiting
    except StorageUnavailable as error:
        raise LogUnavailable(str(error)) from error


def load(connection: Connection, document_id: int) -> Loaded:
    """Read the snapshot and all later changes. Raises DocumentGone or LogIncomplete."""
    row = _snapshot(connection, document_id)
    later = _changes(connection, document_id, row.sequence)
    if later and (later[0][0] != row.sequence + 1 or later[-1][0] != row.sequence + len(later)):
        raise LogIncomplete(document_id)
    return _loaded(connection, row, later)


def load_folded(connection: Connection, document_id: int, bytes_max: int) -> Loaded | None:
    """The same of a document that is all in its snapshot, and small; None if it is not, or not there."""
    row = _FOLDED.one_or_none(connection, document=document_id, most=bytes_max)
    return None if row is None else _loaded(connection, row, [])


def _loaded(connection: Connection, row: Any, later: Sequence[tuple[int, bytes]]) -> Loaded:
    is_as_stored = row.checksum == _checksum(row.snapshot, row.state_vector)
    return Loaded(
        snapshot=row.snapshot,
        updates=tuple(change for _, change in later),
        sequence=later[-1][0] if later else row.sequence,
        clients=dict(_CLIENTS.all(connection, document=row.document_id)),
        # Whatever replaced one of the two, or damaged it, did not count on its being remembered.
        state_vector=row.state_vector if is_as_stored else None,
    )


def read_after(connection: Connection, document_id: int, sequence: int) -> list[tuple[int, bytes]]:
    """Read the changes after ``sequence``, in order. Raises DocumentGone.

    Changes that have been folded meanwhile come as one, the snapshot, numbered as the last of them:
    merging it gives the same as merging each.
    """
    later = _changes(connection, document_id, sequence)
    if later and later[0][0] == sequence + 1:
        return later
    row = _snapshot(connection, document_id)
    return [(row.sequence, row.snapshot), *later] if row.sequence > sequence else later


def last_change(connection: Connection, document_id: int) -> int | None:
    """Number of the last change in a document's log; None if there is no such document."""
    changes = select(func.max(document_update.c.sequence)).where(document_update.c.document_id == document_id)
    return connection.execute(
        select(func.coalesce(changes.scalar_subquery(), document_snapshot.c.sequence)).where(
            document_snapshot.c.document_id == document_id
        )
    ).scalar_one_or_none()


def compact(
    connection: Connection, document_id: int, sequence: int, snapshot: bytes, state_vector: bytes | None
) -> None:
    """Replace everything up to ``sequence`` by ``snapshot``. Raises DocumentGone.

    Nothing happens if as much has already been folded, by another node for instance.
    """
    # The document's row is what appends lock: two nodes that fold one document take turns.
    lock_document(connection, document_id)
    last = last_change(connection, document_id)
    if last is None:
        raise DocumentGone(document_id)
    if sequence > last:
        raise ValueError(f"a snapshot up to change {sequence} of a log that ends at {last}")
    folded = connection.execute(
        update(document_snapshot)
        .where(document_snapshot.c.document_id == document_id, document_snapshot.c.sequence < sequence)
        .values(
            sequence=sequence,
            snapshot=snapshot,
            state_vector=state_vector,
            checksum=_checksum(snapshot, state_vector),
        )
    )
    if folded.rowcount:
        connection.execute(
            delete(document_update).where(
                document_update.c.document_id == document_id, document_update.c.sequence <= sequence
            )
        )
        erase_soon(connection)


def _snapshot(connection: Connection, document_id: int) -> Any:
    """Its row."""
    row = _SNAPSHOT.one_or_none(connection, document=document_id)
    if row is None:
        raise DocumentGone(document_id)
    return row


def _checksum(snapshot: bytes, state_vector: bytes | None) -> int:
    return crc32(state_vector or b"", crc32(snapshot))


def _changes(connection: Connection, document_id: int, sequence: int) -> list[tuple[int, bytes]]:
    rows = _CHANGES.all(connection, document=document_id, after=sequence)
    return [(row.sequence, row.change) for row in rows]


_SNAPSHOT: Final = Prepared(
    select(document_snapshot).where(document_snapshot.c.document_id == bindparam("document"))
)
_FOLDED: Final = Prepared(
    select(document_snapshot).where(
        document_snapshot.c.document_id == bindparam("document"),
        func.length(document_snapshot.c.snapshot) <= bindparam("most"),
        ~exists().where(
            document_update.c.document_id == document_snapshot.c.document_id,
            document_update.c.sequence > document_snapshot.c.sequence,
        ),
    )
)
_CHANGES: Final = Prepared(
    select(document_update.c.sequence, document_update.c.change)
    .where(
        document_update.c.document_id == bindparam("document"),
        document_update.c.sequence > bindparam("after"),
    )
    .order_by(document_update.c.sequence)
)
_CLIENTS: Final = Prepared(
    select(document_client.c.client, document_client.c.person_id).where(
        document_client.c.document_id == bindparam("document")
    )
)
