"""The embedded database: one thread writes, others read beside it.

A reader is a thread with a plain synchronous connection too: a function that reads goes there whole and comes
back once. Through an asynchronous wrapper each statement goes there and back four times, and on a busy
machine every one of those waits.

What a glance looks up lies in the caches of SQLite and of the system, which has read the file ahead, and
takes less than the way to a thread: it is read in the event loop, which never waits for a lock there. Nor
does it where something is jotted down, which takes less than that way too while the disk is quick.
"""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError

from server.rules import limits
from server.rules.errors import StorageUnavailable
from server.storage.database import Clock, Database, forget_remembered
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
        self._glances = _Reader(_engine(path, busy_milliseconds=0))
        self._reading = _engine(path, limits.STORAGE_BUSY_MILLISECONDS)
        self._readers: list[_Reader] = []
        self._of_thread = threading.local()
        self._threads = ThreadPoolExecutor(limits.READERS_MAX, thread_name_prefix="samsyn-reader")
        self._is_closed = False

    @classmethod
    async def open(cls, url: str, clock: Clock) -> "SqliteDatabase":
        path = make_url(url).database
        if not path or path == ":memory:":
            raise StorageUnavailable("SQLite needs the path of a file: sqlite:///samsyn.db")
        database = cls(Path(path), clock)
        try:
            await asyncio.to_thread(_call_up, Path(path))
            await database._writer.start(upgrade)
        except BaseException:
            database._lock.release()
            raise
        return database

    async def write(self, work: Callable[[Connection], T]) -> T:
        return cast(T, await self._writer.submit(work))

    async def jot(self, work: Callable[[Connection], T]) -> T:
        return cast(T, await self._writer.jot(work))

    async def read(self, work: Callable[[Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, copy_context().run, self._read, work)

    def _read(self, work: Callable[[Connection], T]) -> T:
        reader: _Reader | None = getattr(self._of_thread, "reader", None)
        if reader is None:
            reader = self._of_thread.reader = _Reader(self._reading)
            self._readers.append(reader)
        try:
            return reader.look(work, self._writer.files_seen)
        except (DBAPIError, sqlite3.Error) as error:
            if has_failed(error):
                reader.close()
                raise StorageUnavailable(str(getattr(error, "orig", error))) from error
            raise

    async def glance(self, work: Callable[[Connection], T]) -> T:
        if not self._is_closed:
            try:
                changes = self._writer.changes_seen
                return self._glances.look(work, self._writer.files_seen, changes)
            except (DBAPIError, sqlite3.Error) as error:
                if not has_failed(error):
                    raise
                self._glances.close()
        # A thread may wait for a lock, and says what has failed.
        return await self.read(work)

    async def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            # The readers first: the last connection to close is the one that empties the write-ahead log.
            await asyncio.to_thread(self._threads.shutdown)
            for reader in (*self._readers, self._glances):
                reader.close()
            await self._log.close()
            await self._writer.close()
            self._lock.release()


def _call_up(path: Path) -> None:
    """Have the system read the file ahead, so that a glance into it does not wait for the disk.

    Only before SQLite opens it: its locks are the process's, and would go with the first descriptor closed.
    """
    if path.exists() and hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, limits.CALLED_UP_BYTES, os.POSIX_FADV_WILLNEED)


class _Reader:
    """A connection that one thread keeps, and reads with: SQLAlchemy's way to lend it, to begin and to end
    takes ten times as long as SQLite's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._driver: sqlite3.Connection
        """Of the connection, which takes five calls to say so."""
        self._file = 0
        self._changes: int | None = None

    def look(self, work: Callable[[Connection], T], file: int, changes: int | None = None) -> T:
        """Run ``work`` on one state of the file, which has this number. Raises what SQLite does.

        With the number of the last change, what it reads may be ``remembered`` up to the next one.
        """
        if file != self._file:
            # What it has open is no longer there.
            self.close()
            self._file = file
        if self._connection is None:
            self._connection = self._engine.connect()
            self._driver = cast(sqlite3.Connection, self._connection.connection.driver_connection)
            self._changes = None
        if changes != self._changes:
            self._changes = changes
            forget_remembered(self._connection)
        self._driver.execute("BEGIN")
        try:
            return work(self._connection)
        finally:
            self._connection.rollback()
            self._driver.rollback()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _engine(path: Path, busy_milliseconds: int) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(
            f"file:{quote(str(path))}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=busy_milliseconds / 1000,
        ),
        poolclass=NullPool,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        # ``mode=ro`` could not open a log that the writer has yet to recover; this forbids writing.
        cursor.execute("PRAGMA query_only = ON")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.execute(f"PRAGMA cache_size = -{limits.READER_CACHE_BYTES // limits.KIB}")
        cursor.close()

    return engine
