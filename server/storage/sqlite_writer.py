"""What writes to SQLite: one connection, and a thread that commits everything that waits together.

    caller ── Job ──▶ queue ──▶ BEGIN IMMEDIATE · SAVEPOINT each job · COMMIT ──▶ answers, in the event loop

To be woken, and to get the interpreter back from the event loop at each statement, costs the thread more than
a quick disk takes for a few rows, and whoever types waits for it. So a job that is only jotted down is
committed by the event loop itself, with the same connection, while nothing else wants it.

Key invariants:

1. A job is answered well only after the commit that carried it, into the file that is still at its path.
2. A job that raises leaves nothing behind and takes no other job with it.
3. When the database fails, every job of that commit fails with StorageUnavailable, the connection is
   opened again, and the thread goes on: the next job that finds a working disk succeeds.
4. Whoever uses the connection has ``_turn``. The event loop waits neither for that nor for another process's
   lock, and for no disk that has been slow of late: then the thread does it. Nothing overtakes what waits.
   One commit in some hundreds moves the write-ahead log into the file as well, whoever makes it.

A thread with a plain synchronous connection, because a round trip per statement through an asynchronous
wrapper costs a third of the throughput.
"""

import asyncio
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from server.rules import limits
from server.rules.errors import StorageUnavailable
from server.storage.bells import Bell
from server.storage.database import finish, forget_last, take_bells, take_erasure, take_left_rights

FILE_RIGHTS = 0o600

_FAILURES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERNAL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
"""Primary result codes that mean "the disk or the file", not "the statement" or "the data"."""


def has_failed(error: BaseException) -> bool:
    """Say whether ``error`` means that the database failed, rather than what was asked of it."""
    return _result_code(error) in _FAILURES


def _result_code(error: BaseException | None) -> int:
    """SQLite's primary result code, 0 where the error is not SQLite's."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF


@dataclass(slots=True)
class Job:
    """A function of the writer's connection, and where its answer goes."""

    work: Callable[[Connection], Any]
    answer: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None
    erases: bool = False
    changes_rights: bool = False


class SqliteWriter:
    """Owns the connection that writes and checkpoints. Made, asked and closed from one event loop."""

    def __init__(
        self, path: Path, tell: Callable[[list[Bell]], None], rights_changed: Callable[[], None]
    ) -> None:
        """``tell`` is called in the event loop with what has been rung. ``rights_changed`` is called with
        the connection in hand after all work but that which says that it leaves rights alone, and after any
        that was not committed."""
        self.files_seen = 0
        """Grows whenever another file is found at the path: readers then open theirs again too."""
        self.changes_seen = 0
        """Grows after every commit of anything that does not leave rights alone, before its answer."""
        self._path = path
        self._path_of_file, self._path_of_log = str(path), f"{path}-wal"
        self._tell = tell
        self._rights_changed = rights_changed
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._unanswered = 0
        """Jobs that have not been answered yet; of the event loop."""
        self._turn = threading.Lock()
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._busy_milliseconds = 0
        """What SQLite has been told last: how long it may wait for another process."""
        self._commit_seconds = 0.0
        """What commits have taken of late."""
        self._files: tuple[int, ...] = ()
        self._erasure_is_due = False
        self._erase_at = 0.0
        """Not before this moment of the monotonic clock: readers prevented it a short while ago."""
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="samsyn-writer", daemon=True)

    async def start(self, prepare: Callable[[Connection], None]) -> None:
        """Open the file, making it if need be, and run ``prepare`` in the first transaction.

        Raises what ``prepare`` raises, or StorageUnavailable.
        """
        await asyncio.to_thread(self._start, prepare)
        self._thread.start()

    async def submit(self, work: Callable[[Connection], Any]) -> Any:
        """Run ``work`` in the next transaction. Returns or raises what it does, once that is durable."""
        job = self._made(work)
        self._jobs.put(job)
        return await job.answer

    async def jot(self, work: Callable[[Connection], Any]) -> Any:
        """The same, at once if the connection is free and the disk is quick. ``work`` removes no text."""
        job = self._made(work)
        if self._unanswered > 1 or not self._jot_down(job):
            self._jobs.put(job)
        return await job.answer

    def _made(self, work: Callable[[Connection], Any]) -> Job:
        if self._is_closed:
            raise StorageUnavailable("the database has been closed")
        self._unanswered += 1
        return Job(work, self._loop.create_future())

    def _jot_down(self, job: Job) -> bool:
        """Carry out and answer one job. False, and nothing has happened, where that could mean to wait."""
        if self._commit_seconds > limits.JOT_SECONDS_MAX or not self._turn.acquire(blocking=False):
            return False
        try:
            if self._connection is None:
                return False
            bells = self._carry_out([job], busy_milliseconds=0)
        finally:
            self._turn.release()
        if job.error is not None and _result_code(job.error.__cause__) == sqlite3.SQLITE_BUSY:
            job.error = None
            return False
        self._deliver(bells, [job])
        return True

    async def close(self) -> None:
        """Carry out what waits, empty the write-ahead log and close."""
        if not self._is_closed:
            self._is_closed = True
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)

    # Everything below runs in the writer's thread, except where the event loop has its turn.

    def _start(self, prepare: Callable[[Connection], None]) -> None:
        try:
            connection = self._open("rwc")
            with connection.begin():
                prepare(connection)
            # A crash may have come between a deletion and the moment when it left the disk.
            self._erasure_is_due = True
            self._erase()
        except BaseException as error:
            self._drop_connection()
            if isinstance(error, OSError) or has_failed(error):
                raise StorageUnavailable(_reason(error)) from error
            raise

    def _work(self) -> None:
        while not self._take_turn():
            pass
        self._drop_connection()

    def _take_turn(self) -> bool:
        """Commit what waits and answer it. True when it was the last.

        A function of its own, so that nothing of a turn is kept while the next one is waited for.
        """
        jobs, closing = self._take()
        if jobs:
            with self._turn:
                bells = self._carry_out(jobs, limits.STORAGE_BUSY_MILLISECONDS)
            self._answer(bells, (job for job in jobs if not job.erases))
        if self._erasure_is_due and time.monotonic() >= self._erase_at:
            with self._turn:
                self._erase()
        self._answer([], (job for job in jobs if job.erases))
        return closing

    def _take(self) -> tuple[list[Job], bool]:
        """Wait for work and take all there is, up to the limit. True when it is the last."""
        jobs: list[Job] = []
        try:
            item = self._jobs.get(timeout=limits.ERASURE_RETRY_SECONDS if self._erasure_is_due else None)
            while item is not None:
                jobs.append(item)
                if len(jobs) == limits.COMMIT_JOBS_MAX:
                    return jobs, False
                item = self._jobs.get_nowait()
        except queue.Empty:
            return jobs, False
        return jobs, True

    def _carry_out(self, jobs: list[Job], busy_milliseconds: int) -> list[Bell]:
        """Commit ``jobs`` together and note each one's result or error. Returns the bells to ring."""
        bells: list[Bell] = []
        try:
            connection = self._connection or self._open("rw")
            self._wait_at_most(busy_milliseconds, connection)
            with connection.begin():
                for job in jobs:
                    bells += self._run(connection, job)
                began = time.monotonic()
            took = time.monotonic() - began
            self._commit_seconds += (1 - limits.JOT_MEMORY) * (took - self._commit_seconds)
            self._check_files()
        except BaseException as error:  # noqa: BLE001
            # Whatever it is, nothing of this transaction may be taken for stored, and the thread goes on.
            self._drop_connection()
            self.changes_seen += 1
            for job in jobs:
                job.result, job.erases = None, False
                job.error = StorageUnavailable(_reason(error))
                job.error.__cause__ = error
            return []
        if any(job.changes_rights for job in jobs):
            self.changes_seen += 1
        self._erasure_is_due = self._erasure_is_due or any(job.erases for job in jobs)
        return bells

    def _run(self, connection: Connection, job: Job) -> list[Bell]:
        """Run one job in a SAVEPOINT of its own. Raises only when the database has failed."""
        # Emitted on the driver's connection: SQLAlchemy's own nesting costs more than a whole append.
        plain = connection.connection.cursor()
        plain.execute("SAVEPOINT job")
        try:
            job.result = job.work(connection)
            finish(connection)
        except BaseException as error:
            forget_last(connection)
            take_bells(connection)
            take_erasure(connection)
            take_left_rights(connection)
            self._rights_changed()
            if has_failed(error):
                raise
            job.error = error
            plain.execute("ROLLBACK TO job")
            plain.execute("RELEASE job")
            return []
        plain.execute("RELEASE job")
        if not take_left_rights(connection):
            job.changes_rights = True
            self._rights_changed()
        job.erases = take_erasure(connection)
        return take_bells(connection)

    def _erase(self) -> None:
        """Move the write-ahead log into the file and cut it to nothing, so that deleted text is nowhere.

        A reader in the middle of its transaction prevents that: then it is tried again soon.
        """
        try:
            connection = self._connection or self._open("rw")
            self._wait_at_most(limits.ERASURE_WAIT_MILLISECONDS, connection)
            cursor = connection.connection.cursor()
            was_prevented, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._erasure_is_due = bool(was_prevented)
            if was_prevented:
                self._erase_at = time.monotonic() + limits.ERASURE_RETRY_SECONDS
        except (SQLAlchemyError, sqlite3.Error, OSError):
            # What has been committed stays committed; the next connection tries again.
            self._drop_connection()

    def _wait_at_most(self, milliseconds: int, connection: Connection) -> None:
        if milliseconds != self._busy_milliseconds:
            connection.connection.cursor().execute(f"PRAGMA busy_timeout = {milliseconds}")
            self._busy_milliseconds = milliseconds

    def _answer(self, bells: list[Bell], jobs: Iterable[Job]) -> None:
        done = list(jobs)
        if done or bells:
            # A closed event loop has nobody left who waits.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._deliver, bells, done)

    def _deliver(self, bells: list[Bell], jobs: list[Job]) -> None:
        self._unanswered -= len(jobs)
        try:
            self._tell(bells)
        finally:
            for job in jobs:
                if job.answer.done():
                    continue
                if job.error is None:
                    job.answer.set_result(job.result)
                else:
                    job.answer.set_exception(job.error)

    def _open(self, mode: str) -> Connection:
        """Open the file; ``mode`` is SQLite's: ``rwc`` makes it, ``rw`` never puts an empty one in place
        of one that has gone."""
        engine = create_engine(
            "sqlite://",
            creator=lambda: self._connect(mode),
            poolclass=NullPool,
            # A failed statement is reported with what it was, never with the text that it carried.
            hide_parameters=True,
        )
        event.listen(engine, "begin", _begin)
        self._engine = engine
        self._connection = engine.connect()
        self._busy_milliseconds = limits.STORAGE_BUSY_MILLISECONDS
        files = self._identities()
        if files != self._files:
            self._files = files
            self.files_seen += 1
        return self._connection

    def _connect(self, mode: str) -> sqlite3.Connection:
        if mode == "rwc":
            # Everybody's answers and the organisation's key: SQLite would have others of the machine read
            # them. What it makes beside the file gets the same rights.
            with suppress(FileExistsError):
                os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_RIGHTS))
        connection = sqlite3.connect(
            f"file:{quote(str(self._path))}?mode={mode}",
            uri=True,
            # Transactions are begun and ended here and nowhere else: the module would not begin one
            # before a SAVEPOINT.
            isolation_level=None,
            check_same_thread=False,
            timeout=limits.STORAGE_BUSY_MILLISECONDS / 1000,
        )
        for pragma in (
            "journal_mode = WAL",
            # An answered commit has reached the disk, not only the operating system.
            "synchronous = FULL",
            "secure_delete = ON",
            "foreign_keys = ON",
            # No text in temporary files.
            "temp_store = MEMORY",
            f"cache_size = -{limits.WRITER_CACHE_BYTES // limits.KIB}",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        # Makes the write-ahead log's file, whose identity is compared below.
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        return connection

    def _identities(self) -> tuple[int, ...]:
        # Twice at every commit: os.stat takes a tenth of what pathlib takes.
        return os.stat(self._path_of_file).st_ino, os.stat(self._path_of_log).st_ino  # noqa: PTH116

    def _check_files(self) -> None:
        """Raise OSError if the files at the path are not those that were just written.

        SQLite would go on writing to a deleted file, and everything would seem well until the restart.
        """
        if self._identities() != self._files:
            raise OSError("the database's file has been replaced")

    def _drop_connection(self) -> None:
        self._rights_changed()
        connection, engine = self._connection, self._engine
        self._connection = self._engine = None
        if connection is not None and engine is not None:
            # It is being thrown away because it may be broken: closing may fail as well.
            with suppress(SQLAlchemyError, sqlite3.Error):
                connection.close()
            engine.dispose()


def _begin(connection: Connection) -> None:
    # On the driver's connection, as SAVEPOINT in ``_run``.
    connection.connection.cursor().execute("BEGIN IMMEDIATE")


def _reason(error: BaseException) -> str:
    """What went wrong, without the statement and its values, which may hold somebody's text."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return f"{type(cause).__name__}: {cause}"
