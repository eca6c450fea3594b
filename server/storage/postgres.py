"""PostgreSQL, for several nodes beside each other: one transaction a write, and bells by NOTIFY."""

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

import asyncpg
from sqlalchemy import URL, Connection, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from server.rules import limits
from server.rules.errors import StorageUnavailable
from server.storage.bell_wire import CHANNEL, BellWire, encode
from server.storage.bells import Bell, BellsMissed, LogMoved
from server.storage.database import Clock, Database, finish, forget_last, take_bells, take_erasure
from server.storage.migrations import upgrade
from server.storage.postgres_log import PostgresLog

T = TypeVar("T")

_FAILURES = ("08", "25006", "40", "53", "57", "58", "XX")
"""How the SQLSTATEs begin that mean "not now": connection, read-only standby, deadlock, resources,
shutdown, the system, a broken database."""

_MIGRATING = 0x73616D73
"""Of the advisory lock under which one node at a time brings the tables up to date."""

_NOTIFY = text("SELECT pg_notify(:channel, payload) FROM unnest(CAST(:payloads AS text[])) AS payload")

_NOTIFY_ONLY = text(
    # Nothing is stored, so nobody need wait for the disk.
    "SELECT set_config('synchronous_commit', 'off', true), pg_notify(:channel, payload)"
    " FROM unnest(CAST(:payloads AS text[])) AS payload"
)


def has_failed(error: DBAPIError) -> bool:
    """Say whether ``error`` means that the database failed, rather than what was asked of it."""
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state.startswith(_FAILURES)


class PostgresDatabase(Database):
    """One node of however many share the database."""

    def __init__(self, url: URL, clock: Clock) -> None:
        super().__init__()
        self.node = secrets.token_hex(8)
        """Tells this node's bells from the others'."""
        self._engine = create_async_engine(
            url,
            pool_size=limits.CONNECTIONS_TO_POSTGRES_MAX,
            max_overflow=0,
            connect_args={
                "timeout": limits.STORAGE_ANSWER_SECONDS_MAX,
                "command_timeout": limits.STORAGE_ANSWER_SECONDS_MAX,
            },
            # A failed statement is reported with what it was, never with the text that it carried.
            hide_parameters=True,
        )
        self._is_closed = False
        self._wire = BellWire(self._connect_plainly, self.node, self._tell)
        self.others = self
        self.log = self._log = PostgresLog(self, self.node, clock)

    @classmethod
    async def open(cls, url: str, clock: Clock) -> "PostgresDatabase":
        database = cls(make_url(url).set(drivername="postgresql+asyncpg"), clock)
        try:
            async with database._connected() as connection, connection.begin():
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
                await connection.run_sync(upgrade)
            await database._wire.open()
        except BaseException:
            await database._wire.close()
            await database._engine.dispose()
            raise
        return database

    async def write(self, work: Callable[[Connection], T]) -> T:
        bells: list[Bell] = []
        try:
            async with self._connected() as connection, connection.begin():
                result, bells = await connection.run_sync(self._work_and_ring, work)
        except BaseException:
            if any(not isinstance(bell, LogMoved) for bell in bells):
                # The commit did not answer and may have been made: the others then hear, and this node not.
                self._tell([BellsMissed()])
            raise
        # The others hear through the database. This node need not wait for that, and knows its own log.
        self._tell([bell for bell in bells if not isinstance(bell, LogMoved)])
        return result

    async def read(self, work: Callable[[Connection], T]) -> T:
        async with self._connected() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            return await connection.run_sync(work)

    async def tell_others(self, bells: Sequence[Bell]) -> None:
        """See ``OtherNodes``."""
        payloads = [encode(bell, self.node) for bell in bells]
        async with self._connected() as connection, connection.begin():
            await connection.execute(_NOTIFY_ONLY, {"channel": CHANNEL, "payloads": payloads})

    async def close(self) -> None:
        await self._log.close()
        self._is_closed = True
        await self._wire.close()
        await self._engine.dispose()

    def _work_and_ring(self, connection: Connection, work: Callable[[Connection], T]) -> tuple[T, list[Bell]]:
        try:
            result = work(connection)
            finish(connection)
        except BaseException:
            forget_last(connection)
            take_bells(connection)
            raise
        finally:
            take_erasure(connection)
        bells = take_bells(connection)
        if bells:
            payloads = [encode(bell, self.node) for bell in bells]
            connection.execute(_NOTIFY, {"channel": CHANNEL, "payloads": payloads})
        return result, bells

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection; StorageUnavailable when there is none to be had, or when it fails in use."""
        if self._is_closed:
            raise StorageUnavailable("the database has been closed")
        connection = self._engine.connect()
        try:
            await connection.start()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError) as error:
            raise StorageUnavailable(_reason(error)) from error
        try:
            async with aclosing(connection):
                yield connection
        except TimeoutError as error:
            raise StorageUnavailable("the database does not answer") from error
        except DBAPIError as error:
            if has_failed(error):
                raise StorageUnavailable(_reason(error)) from error
            raise

    async def _connect_plainly(self) -> "asyncpg.Connection[asyncpg.Record]":
        _, options = self._engine.dialect.create_connect_args(self._engine.url)
        return await asyncpg.connect(
            **options,
            timeout=limits.STORAGE_ANSWER_SECONDS_MAX,
            command_timeout=limits.STORAGE_ANSWER_SECONDS_MAX,
        )


def _reason(error: BaseException) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return f"{type(cause).__name__}: {cause}"
