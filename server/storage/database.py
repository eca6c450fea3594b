"""The one way in which anything is read or written, whichever database is behind it.

A feature writes a plain function of a SQLAlchemy connection and hands it to ``write`` or ``read``:

    def end(connection: Connection) -> None:
        connection.execute(update(session).where(session.c.id_hash == mine).values(ended_at=now))
        ring(connection, SessionEnded(mine))

    await database.write(end)

The function must not commit, roll back or keep the connection. It may run in another thread, so what
it takes with it is plain data.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, delete, insert, select

from server.rules.access import Pane
from server.rules.limits import REMEMBERED_MAX
from server.storage.bells import Bell, OtherNodes
from server.storage.tables import conversation, document, document_snapshot
from server.storage.update_log import UpdateLog

T = TypeVar("T")
Clock = Callable[[], datetime]
"""Gives the present instant, aware."""

_BELLS = "samsyn.bells"
_LAST = "samsyn.last"
_ERASES = "samsyn.erases"
_LEAVES_RIGHTS = "samsyn.leaves_rights"
_MEMORY = "samsyn.memory"


class Database(ABC):
    """An open database. Its methods are safe to call from any number of tasks of one event loop."""

    log: UpdateLog
    others: OtherNodes | None = None
    """The nodes that share the database; None where there can be none."""

    @abstractmethod
    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a transaction and return what it returned, once that is durable.

        What ``work`` raises comes out unchanged, and nothing that it wrote stays. StorageUnavailable
        when the database fails. Of work whose caller is cancelled nobody knows whether it was done.
        """

    @abstractmethod
    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work``, which only reads, on one consistent state of the database.

        It sees everything whose ``write`` or ``append`` has returned. Raises StorageUnavailable.
        """

    async def glance(self, work: Callable[[Connection], T]) -> T:
        """As ``read``, for work that only looks up a few small rows by their keys.

        Where that takes less than going to a thread and back, it is done at once (SQLite).
        """
        return await self.read(work)

    async def jot(self, work: Callable[[Connection], T]) -> T:
        """As ``write``, for work that only adds a few small rows, and never removes text.

        Where that takes less than going to a thread and back, it is done at once (SQLite).
        """
        return await self.write(work)

    @abstractmethod
    async def close(self) -> None:
        """Carry out what is waiting, then close. Nothing may be asked of it afterwards."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Bell], None]] = []

    def listen(self, callback: Callable[[Bell], None]) -> None:
        """Call ``callback`` in the event loop for every bell, its own node's before ``write`` returns.

        It must be quick and must not raise: it puts the bell where a task will look.
        """
        self._listeners.append(callback)

    def _tell(self, bells: list[Bell]) -> None:
        for bell in bells:
            for callback in self._listeners:
                callback(bell)


def ring(connection: Connection, bell: Bell) -> None:
    """Have ``bell`` heard on every node once the surrounding ``write`` has committed."""
    connection.info.setdefault(_BELLS, []).append(bell)


def take_bells(connection: Connection) -> list[Bell]:
    """Take what has been rung on ``connection`` since the last call. For the databases themselves."""
    # What is known of a broken connection has gone with it.
    bells: list[Bell] = [] if connection.invalidated else connection.info.pop(_BELLS, [])
    return bells


def do_last(connection: Connection, work: Callable[[Connection, list[T]], None], item: T) -> None:
    """Have ``work`` done at the very end of the surrounding ``write``, once for all its items.

    For what locks something that every transaction wants: it is locked last and held shortest.
    """
    connection.info.setdefault(_LAST, {}).setdefault(work, []).append(item)


def finish(connection: Connection) -> None:
    """Do what was put off to the end of the transaction. For the databases themselves."""
    for work, items in connection.info.pop(_LAST, {}).items():
        work(connection, items)


def forget_last(connection: Connection) -> None:
    """Leave what was put off by a transaction that is rolled back. For the databases themselves."""
    if not connection.invalidated:
        connection.info.pop(_LAST, None)


def lock_conversation(connection: Connection, conversation_id: str) -> Row[Any] | None:
    """Read a conversation's row and keep every append to its documents out until the commit.

    The barrier of freeze, share, withdraw and reopen: an append either committed before this returned,
    or sees what the transaction changed. On SQLite the one writer is barrier enough.
    """
    return connection.execute(
        select(conversation).where(conversation.c.id == conversation_id).with_for_update()
    ).one_or_none()


def lock_document(connection: Connection, document_id: int) -> None:
    """Keep every append to one document out until the commit, as ``lock_conversation`` does for three.

    What decides about the append is to be read afterwards.
    """
    connection.execute(select(document.c.id).where(document.c.id == document_id).with_for_update()).all()


def add_document(
    connection: Connection, name: str, conversation_id: str | None, pane: Pane | None, snapshot: bytes
) -> int:
    """Store a new document with an empty log, and return its row id.

    ``name`` is as on the wire: "{conversation}/{pane}/{generation}", or, where it belongs to no conversation,
    "activities/{employee}/{activity}" or "notes/{owner}/{note}". ``snapshot`` is a Yjs update (v1).
    """
    document_id: int = connection.execute(
        insert(document)
        .values(name=name, conversation_id=conversation_id, pane=pane)
        .returning(document.c.id)
    ).scalar_one()
    connection.execute(
        insert(document_snapshot).values(document_id=document_id, sequence=0, snapshot=snapshot)
    )
    return document_id


def drop_document(connection: Connection, document_id: int) -> None:
    """Remove a document: its text, history, clients and change log. No row may point to it any more.

    On SQLite the text then leaves the disk as well, as soon as no reader needs it.
    """
    connection.execute(delete(document).where(document.c.id == document_id))
    erase_soon(connection)


def erase_soon(connection: Connection) -> None:
    """Have what this transaction deleted leave the disk after its commit (SQLite; see ``take_erasure``)."""
    connection.info[_ERASES] = True


def take_erasure(connection: Connection) -> bool:
    """Say whether text was deleted on ``connection`` since the last call. For the databases themselves."""
    return not connection.invalidated and connection.info.pop(_ERASES, False) is True


def remembered(connection: Connection, kind: str, key: str, read: Callable[[], T]) -> T:
    """What ``read`` reads; of a ``glance`` on SQLite perhaps what it read the last time for this key.

    That is so until anything is written but what says that it leaves rights alone: nobody has been told of a
    change who would not have it read again. What is read must rest on nothing else, and not on the time.
    """
    memory: dict[str, dict[str, T]] | None = connection.info.get(_MEMORY)
    if memory is None:
        return read()
    known = memory.setdefault(kind, {})
    if key not in known:
        while len(known) >= REMEMBERED_MAX:
            del known[next(iter(known))]
        known[key] = read()
    return known[key]


def forget_remembered(connection: Connection) -> None:
    """Begin to remember on ``connection``, or begin anew. For the databases themselves."""
    connection.info[_MEMORY] = {}


def leave_rights(connection: Connection) -> None:
    """Say that the surrounding ``write`` changes nothing that decides who may append to what.

    What has been read of that is then not read again (SQLite). Where it is not said, it is.
    """
    connection.info[_LEAVES_RIGHTS] = True


def take_left_rights(connection: Connection) -> bool:
    """Say whether rights were left alone since the last call. For the databases themselves."""
    return not connection.invalidated and connection.info.pop(_LEAVES_RIGHTS, False) is True
