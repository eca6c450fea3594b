"""The embedded database: one thread writes, others read beside it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import quote

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

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
        if self._readers_see != self._writer.files_seen:
            # The readers' connections belong to a file that is no longer there.
            self._readers_see = self._writer.files_seen
            await self._readers.dispose()
        try:
            async with self._readers.connect() as connection:
                return await connection.run_sync(work)
        except PoolTimeout as error:
            raise StorageUnavailable("all readers are busy") from error
        except DBAPIError as error:
            if has_failed(error):
                raise StorageUnavailable(str(error.orig)) from error
            raise

    async def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            # The readers first: the last connection to close is the one that empties the write-ahead log.
            await self._readers.dispose()
            await self._log.close()
            await self._writer.close()
            self._lock.release()


def _readers(path: Path) -> AsyncEngine:
    engine = create_async_engine(
        URL.create(
            "sqlite+aiosqlite",
            database=f"file:{quote(str(path))}",
            query={"mode": "rw", "uri": "true"},
        ),
        connect_args={"isolation_level": None, "timeout": limits.STORAGE_BUSY_MILLISECONDS / 1000},
        pool_size=limits.READERS_MAX,
        hide_parameters=True,
        max_overflow=0,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        # ``mode=ro`` could not open a log that the writer has yet to recover; this forbids writing.
        cursor.execute("PRAGMA query_only = ON")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        # One transaction around all that a function reads; the driver would begin none.
        connection.exec_driver_sql("BEGIN")

    return engine
