"""The embedded database: one thread writes, others read beside it.

A reader is a thread with a plain synchronous connection too: a function that reads goes there whole and comes
back once. Through an asynchronous wrapper each statement goes there and back four times, and on a busy
machine every one of those waits.

What a glance looks up lies in the caches of SQLite and of the system, and takes less than the way to a
thread: it is read in the event loop, which never waits for a lock there.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError

from server.rules import limits
from server.rules.errors import StorageUnavailable
from server.storage.database import Clock, Database
from server.storage.migrations import upgrade
from server.storage.sqlite_lock import FileLock
from server.storage.sqlite_log import SqliteLog
from server.storage.sqlite_writer import SqliteWriter, has_failed

T = TypeVar("T")


class SqliteDatabase(Database):
    """One file, one process."""

    def __init__(self, path: Path, clock: Clock) -> None:
        super().__init__()
        self._lock = FileLock(path)
        self.log = self._log = SqliteLog(self, clock)
        self._writer = SqliteWriter(path, self._tell, self._log.forget)
        self._readers = _readers(path)
        self._glances = _Glances(path)
        self._threads = ThreadPoolExecutor(limits.READERS_MAX, thread_name_prefix="samsyn-reader")
        self._readers_see = 0
        self._is_closed = False

    @classmethod
    async def open(cls, url: str, clock: Clock) -> "SqliteDatabase":
        path = make_url(url).database
        if not path or path == ":memory:":
            raise StorageUnavailable("SQLite needs the path of a file: sqlite:///samsyn.db")
        database = cls(Path(path), clock)
        try:
            await database._writer.start(upgrade)
        except BaseException:
            database._lock.release()
            raise
        database._readers_see = database._writer.files_seen
        return database

    async def write(self, work: Callable[[Connection], T]) -> T:
        return cast(T, await self._writer.submit(work))

    async def read(self, work: Callable[[Connection], T]) -> T:
        self._look_for_another_file()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, copy_context().run, self._read, work)

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._readers.connect() as connection, connection.begin():
                return work(connection)
        except (DBAPIError, sqlite3.Error) as error:
            if has_failed(error):
                raise StorageUnavailable(str(getattr(error, "orig", error))) from error
            raise

    async def glance(self, work: Callable[[Connection], T]) -> T:
        self._look_for_another_file()
        if not self._is_closed:
            try:
                return self._glances.look(work)
            except (DBAPIError, sqlite3.Error) as error:
                if not has_failed(error):
                    raise
                self._glances.close()
        # A thread may wait for a lock, and says what has failed.
        return await self.read(work)

    def _look_for_another_file(self) -> None:
        if self._readers_see != self._writer.files_seen:
            # The readers' connections belong to a file that is no longer there.
            self._readers_see = self._writer.files_seen
            self._readers.dispose()
            self._glances.close()

    async def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            # The readers first: the last connection to close is the one that empties the write-ahead log.
            await asyncio.to_thread(self._threads.shutdown)
            self._readers.dispose()
            self._glances.close()
            await self._log.close()
            await self._writer.close()
            self._lock.release()


class _Glances:
    """One connection, for the thread of the event loop."""

    def __init__(self, path: Path) -> None:
        self._engine = _reading(path, 1, 0)
        self._connection: Connection | None = None

    def look(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a transaction of its own. Raises what SQLite does, a lock's at once."""
        if self._connection is None:
            self._connection = self._engine.connect()
        driver = cast(sqlite3.Connection, self._connection.connection.driver_connection)
        # SQLAlchemy's own way to begin takes ten times as long.
        driver.execute("BEGIN")
        try:
            return work(self._connection)
        finally:
            self._connection.rollback()
            driver.rollback()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()


def _readers(path: Path) -> Engine:
    engine = _reading(path, limits.READERS_MAX, limits.STORAGE_BUSY_MILLISECONDS)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # One transaction around all that a function reads; the driver would begin none.
        connection.exec_driver_sql("BEGIN")

    return engine


def _reading(path: Path, connections_max: int, busy_milliseconds: int) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(
            f"file:{quote(str(path))}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=busy_milliseconds / 1000,
        ),
        # One for each thread: nobody waits for a connection.
        poolclass=QueuePool,
        pool_size=connections_max,
        max_overflow=0,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        # ``mode=ro`` could not open a log that the writer has yet to recover; this forbids writing.
        cursor.execute("PRAGMA query_only = ON")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.close()

    return engine
