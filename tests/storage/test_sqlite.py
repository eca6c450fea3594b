"""What only SQLite promises: text leaves the disk, and a failing disk is survived (PRI-1, DUR-2)."""

# Tests may look at files while the event loop waits.
# ruff: noqa: ASYNC240

import asyncio
import os
import resource
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, make_url, select, text

from server.rules import limits
from server.rules.errors import StorageUnavailable
from server.storage import sqlite_writer, tables
from server.storage.bells import Bell, PersonChanged
from server.storage.database import Database, ring
from server.storage.opening import open_database
from server.storage.update_log import Append, DocumentGone, LogUnavailable, Touch
from tests.conftest import SetClock
from tests.storage.scene import MAJA, Scene, typed, wait_within

CANARY = b"I am thinking of applying for the other job"
LARGE = bytes(3_000_000)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """These tests run on SQLite alone."""
    return sqlite_url


@pytest.fixture
def file(sqlite_url: str) -> Path:
    return Path(str(make_url(sqlite_url).database))


def on_disk(file: Path) -> bytes:
    """Every byte of the file and of what SQLite keeps beside it."""
    return b"".join(path.read_bytes() for path in sorted(file.parent.glob(f"{file.name}*")))


@contextmanager
def full_disk(file: Path) -> Iterator[None]:
    """Let no file of this process grow over its present size: writing fails as on a full disk."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = max(path.stat().st_size for path in file.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


# Nobody else of the machine reads it


async def test_nobody_but_the_servers_own_user_may_open_any_of_its_files(
    sqlite_url: str, file: Path, clock: SetClock
) -> None:
    before = os.umask(0)
    try:
        database = await open_database(sqlite_url, clock)
        await database.write(lambda c: c.scalar(text("SELECT count(*) FROM person")))
        rights = {path.name: path.stat().st_mode & 0o777 for path in file.parent.glob(f"{file.name}*")}
        await database.close()
    finally:
        os.umask(before)
    assert {f"{file.name}{end}" for end in ("", "-wal", "-shm", ".lock")} == rights.keys()
    assert set(rights.values()) == {0o600}


# Deleted text leaves the disk


async def test_compaction_takes_the_text_off_the_disk(scene: Scene, file: Path) -> None:
    for number in range(50):
        await scene.database.log.append(typed(scene.private, CANARY + b" %d" % number * 50))
    assert CANARY in on_disk(file)
    await scene.database.log.compact(scene.private, 50, b"nothing of it")
    assert CANARY not in on_disk(file)


async def test_a_second_compaction_takes_the_first_snapshot_off_the_disk(scene: Scene, file: Path) -> None:
    await scene.database.log.append(typed(scene.private))
    await scene.database.log.compact(scene.private, 1, CANARY * 500)
    assert CANARY in on_disk(file)
    await scene.database.log.append(typed(scene.private))
    await scene.database.log.compact(scene.private, 2, b"nothing of it")
    assert CANARY not in on_disk(file)


async def test_a_dropped_generation_leaves_the_disk(scene: Scene, file: Path) -> None:
    await scene.database.log.append(
        Append(scene.private, CANARY, (MAJA,), (Touch("maja", CANARY.decode()),), ((7, "maja"),))
    )
    assert CANARY in on_disk(file)
    await scene.replace_private(drop=True)
    assert CANARY not in on_disk(file)


async def test_text_leaves_the_disk_as_soon_as_no_reader_is_in_the_way(
    scene: Scene, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ERASURE_RETRY_SECONDS", 0.01)
    await scene.database.log.append(typed(scene.private, CANARY))

    wait = wait_within()

    def read_meanwhile(rows: Connection) -> bool:
        rows.execute(text("SELECT count(*) FROM document_update")).all()
        wait(scene.replace_private(drop=True))
        return CANARY in on_disk(file)

    assert await scene.database.read(read_meanwhile)
    while CANARY in on_disk(file):
        await scene.database.log.append(typed(scene.joint))
    assert (await scene.database.log.load(scene.joint)).sequence > 0


async def test_what_a_crash_left_behind_leaves_the_disk_at_the_next_start(
    scene: Scene, file: Path, tmp_path: Path
) -> None:
    def deleted_but_not_erased(rows: Connection) -> None:
        rows.execute(tables.document_update.delete())

    await scene.database.log.append(typed(scene.private, CANARY))
    await scene.database.write(deleted_but_not_erased)
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for path in file.parent.glob(f"{file.name}*"):
        if path.suffix != ".lock":
            (crashed / path.name).write_bytes(path.read_bytes())
    assert CANARY in on_disk(crashed / file.name)
    again = await open_database(f"sqlite:///{crashed / file.name}", scene.clock)
    assert CANARY not in on_disk(crashed / file.name)
    await again.close()


async def test_closing_leaves_one_file_with_everything(scene: Scene, file: Path) -> None:
    await scene.database.log.append(typed(scene.joint, b"kept"))
    await scene.database.close()
    assert not file.with_name(f"{file.name}-wal").exists()
    assert b"kept" in file.read_bytes()


# The disk fails


async def test_nothing_is_taken_for_stored_while_the_disk_is_full_and_then_all_is_well(
    scene: Scene, file: Path
) -> None:
    await scene.database.log.append(typed(scene.joint, b"before"))
    with full_disk(file):
        for _ in range(3):
            with pytest.raises(LogUnavailable):
                await scene.database.log.append(typed(scene.joint, LARGE))
            with pytest.raises(StorageUnavailable):
                await scene.database.write(
                    lambda rows: rows.execute(
                        insert(tables.template).values(id="large", version=1, body={"text": "x" * 3_000_000})
                    )
                )
        assert (await scene.database.log.load(scene.joint)).updates == (b"before",)
    assert await scene.database.log.append(typed(scene.joint, b"after")) == 2
    assert (await scene.database.log.load(scene.joint)).updates == (b"before", b"after")


async def test_a_full_database_fails_everything_of_its_commit_and_the_next_goes_well(scene: Scene) -> None:
    heard: list[Bell] = []
    scene.database.listen(heard.append)
    pages = await scene.database.write(lambda rows: rows.execute(text("PRAGMA page_count")).scalar_one())
    await scene.database.write(
        lambda rows: rows.execute(text(f"PRAGMA max_page_count = {pages + 10}")) and None
    )
    begun, may_end = threading.Event(), threading.Event()

    def keep_busy(_: Connection) -> None:
        begun.set()
        may_end.wait()

    before = asyncio.create_task(scene.database.write(keep_busy))
    await asyncio.to_thread(begun.wait)
    together = asyncio.gather(
        scene.database.log.append(typed(scene.joint, b"small")),
        scene.database.write(lambda rows: ring(rows, PersonChanged("maja"))),
        scene.database.log.append(typed(scene.private, LARGE)),
        return_exceptions=True,
    )
    # Those who ask, and the task that carries appends, have asked by then.
    for _ in range(3):
        await asyncio.sleep(0)
    may_end.set()
    await before
    results = await together
    assert [type(result) for result in results] == [LogUnavailable, StorageUnavailable, LogUnavailable]
    assert heard == []
    assert await scene.database.log.append(typed(scene.joint, b"small")) == 1


async def test_a_lock_that_another_process_keeps_is_waited_out_and_then_an_error(
    scene: Scene, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.database.write(lambda rows: rows.execute(text("PRAGMA busy_timeout = 10")) and None)
    monkeypatch.setattr(limits, "STORAGE_BUSY_MILLISECONDS", 10)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogUnavailable, match="locked"):
        await scene.database.log.append(typed(scene.joint))
    other.execute("ROLLBACK")
    other.close()
    assert await scene.database.log.append(typed(scene.joint)) == 1


async def test_a_file_that_is_gone_is_an_error_and_no_empty_one_takes_its_place(
    scene: Scene, file: Path, tmp_path: Path
) -> None:
    await scene.database.log.append(typed(scene.joint, b"before"))
    await scene.database.log.compact(scene.joint, 1, b"folded")
    away = tmp_path / "away"
    file.rename(away)
    for _ in range(2):
        with pytest.raises(LogUnavailable):
            await scene.database.log.append(typed(scene.joint))
    assert not file.exists()
    with pytest.raises(LogUnavailable):
        await scene.database.log.load(scene.joint)
    away.rename(file)
    number = await scene.database.log.append(typed(scene.joint, b"after"))
    loaded = await scene.database.log.load(scene.joint)
    assert (loaded.snapshot, loaded.updates[-1], loaded.sequence) == (b"folded", b"after", number)


async def test_readers_follow_to_a_file_that_was_put_in_place(
    scene: Scene, file: Path, clock: SetClock
) -> None:
    await scene.database.log.append(typed(scene.joint, b"lost"))
    backup = file.with_name("backup.db")
    restored = await open_database(f"sqlite:///{backup}", clock)
    other = Scene(restored, clock)
    await other.set_up()
    await restored.log.append(typed(other.joint, b"restored"))
    await restored.close()
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink()
    backup.rename(file)
    with pytest.raises(LogUnavailable):
        await scene.database.log.append(typed(scene.joint))
    assert await scene.database.log.append(typed(scene.joint, b"after")) == 2
    assert (await scene.database.log.load(scene.joint)).updates == (b"restored", b"after")


# Opening and closing


async def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path, clock: SetClock) -> None:
    with pytest.raises(StorageUnavailable, match="unable to open"):
        await open_database(f"sqlite:///{tmp_path / 'none' / 'samsyn.db'}", clock)


async def test_a_file_that_is_no_database_is_one_clear_error(file: Path, clock: SetClock) -> None:
    file.write_bytes(b"This is a letter, and a rather long one at that. " * 100)
    with pytest.raises(StorageUnavailable, match="not a database"):
        await open_database(f"sqlite:///{file}", clock)


async def test_a_database_in_memory_is_refused(clock: SetClock) -> None:
    with pytest.raises(StorageUnavailable, match="path of a file"):
        await open_database("sqlite://", clock)


async def test_a_second_server_on_the_same_file_is_refused(
    database: Database, database_url: str, clock: SetClock
) -> None:
    with pytest.raises(StorageUnavailable, match="another server"):
        await open_database(database_url, clock)
    await database.close()
    again = await open_database(database_url, clock)
    await again.close()


async def test_what_waits_is_carried_out_before_the_database_closes(scene: Scene, file: Path) -> None:
    waiting = [asyncio.create_task(scene.database.log.append(typed(scene.joint))) for _ in range(5)]
    await asyncio.gather(*waiting[:1])
    await scene.database.close()
    assert sorted([await task for task in waiting]) == [1, 2, 3, 4, 5]
    with pytest.raises(LogUnavailable, match="closed"):
        await scene.database.log.append(typed(scene.joint))


async def test_work_whose_caller_has_gone_does_not_disturb_the_rest(scene: Scene) -> None:
    gate = threading.Event()
    blocking = asyncio.create_task(scene.database.write(lambda rows: gate.wait()))
    leaving = asyncio.create_task(scene.database.log.append(typed(scene.joint)))
    await scene.rows(tables.unit)
    leaving.cancel()
    gate.set()
    assert await blocking
    await scene.database.log.append(typed(scene.private))
    assert leaving.cancelled()


async def test_nothing_of_what_has_been_answered_is_kept(scene: Scene) -> None:
    class Text:
        """Somebody's."""

    is_gone = asyncio.Event()
    answer = await scene.database.write(lambda _: Text())
    weakref.finalize(answer, asyncio.get_running_loop().call_soon_threadsafe, is_gone.set)
    del answer
    async with asyncio.timeout(5):
        await is_gone.wait()


async def test_a_file_has_no_other_nodes_to_tell(scene: Scene) -> None:
    assert scene.database.others is None


# A glance


async def test_no_connection_keeps_more_of_the_file_than_it_should(database: Database) -> None:
    def kept(connection: Connection) -> int:
        kib: int = connection.execute(text("PRAGMA cache_size")).scalar_one()
        return -kib * limits.KIB

    seen = [await way(kept) for way in (database.read, database.glance, database.write)]
    assert seen == [limits.READER_CACHE_BYTES, limits.READER_CACHE_BYTES, limits.WRITER_CACHE_BYTES]


async def test_a_glance_stays_in_the_event_loop_and_goes_to_a_thread_where_it_would_wait(
    database: Database,
) -> None:
    def where(_: Connection) -> threading.Thread:
        return threading.current_thread()

    def locked_here(rows: Connection) -> threading.Thread:
        if where(rows) is threading.main_thread():
            locked = sqlite3.OperationalError("database is locked")
            locked.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise locked
        return where(rows)

    assert await database.glance(where) is threading.main_thread()
    assert await database.glance(locked_here) is not threading.main_thread()
    assert await database.glance(where) is threading.main_thread()


async def test_what_is_small_and_folded_is_loaded_at_a_glance_and_nothing_else(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, read, trips = scene.database.log, scene.database.read, []

    async def count(work: Any) -> Any:
        trips.append(work)
        return await read(work)

    monkeypatch.setattr(scene.database, "read", count)
    largest = bytes(limits.GLANCED_BYTES_MAX)
    for number, (folded, is_quick) in enumerate(
        ((b"small", True), (largest, True), (largest + b"1", False)), 1
    ):
        await log.append(typed(scene.joint, b"typed"))
        trips.clear()
        loaded = await log.load(scene.joint)
        assert (loaded.updates, loaded.sequence, len(trips)) == ((b"typed",), number, 1)
        await log.compact(scene.joint, number, folded)
        trips.clear()
        loaded = await log.load(scene.joint)
        assert (loaded.snapshot, loaded.updates, loaded.sequence) == (folded, (), number)
        assert len(trips) == (not is_quick)
    with pytest.raises(DocumentGone):
        await log.load(999_999)


# What is jotted down


def where(_: Connection) -> threading.Thread:
    return threading.current_thread()


async def test_what_is_jotted_down_is_committed_in_the_event_loop(database: Database) -> None:
    assert await database.jot(where) is threading.main_thread()
    assert await database.write(where) is not threading.main_thread()


async def test_the_event_loop_waits_for_no_lock_to_jot_something_down(database: Database, file: Path) -> None:
    def patience(rows: Connection) -> int:
        milliseconds: int = rows.execute(text("PRAGMA busy_timeout")).scalar_one()
        return milliseconds

    for _ in range(2):
        assert await database.jot(patience) == 0
        assert await database.write(patience) == limits.STORAGE_BUSY_MILLISECONDS
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    jotted = asyncio.create_task(database.jot(where))
    # What is done here comes after the wait, if the event loop is where it waits.
    await asyncio.sleep(0)
    other.execute("ROLLBACK")
    other.close()
    assert await jotted is not threading.main_thread()
    assert await database.jot(where) is threading.main_thread()


class Disk:
    """What the writer takes for its clock: every commit takes so long by it."""

    seconds = 0.0001

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += self.seconds
        return self.now


async def test_the_event_loop_waits_once_for_a_disk_that_is_slow_and_again_when_it_is_not(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk()
    monkeypatch.setattr(sqlite_writer, "time", disk)
    disk.seconds = 0.1
    assert await database.jot(where) is threading.main_thread()
    for _ in range(100):
        assert await database.jot(where) is not threading.main_thread()
    del disk.seconds
    ways = [await database.jot(where) is threading.main_thread() for _ in range(100)]
    assert ways == sorted(ways)
    assert not ways[0]
    assert ways[-1]


async def test_nothing_that_waits_is_overtaken_by_what_is_jotted_down(scene: Scene) -> None:
    def count(rows: Connection) -> int:
        return rows.execute(select(func.count()).select_from(tables.document_update)).scalar_one()

    waiting = asyncio.create_task(scene.database.write(count))
    jotted = asyncio.create_task(scene.database.log.append_all([typed(scene.joint)]))
    assert (await waiting, list(await jotted)) == (0, [1])


async def test_a_few_key_presses_are_jotted_down_and_many_or_long_ones_are_not(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, jotted = scene.database.log, []

    async def jot(work: Any) -> Any:
        jotted.append(work)
        return await scene.database.write(work)

    monkeypatch.setattr(scene.database, "jot", jot)
    few = [typed(scene.joint)] * limits.JOTTED_APPENDS_MAX
    await log.append_all(few)
    assert len(jotted) == 1
    await log.append_all([*few, typed(scene.joint)])
    await log.append_all([typed(scene.joint, bytes(limits.JOTTED_BYTES_MAX + 1))])
    assert len(jotted) == 1


async def test_a_disk_that_is_full_when_something_is_jotted_down_keeps_what_was_answered_well(
    scene: Scene, file: Path
) -> None:
    log, answers = scene.database.log, list[Any]()
    with full_disk(file):
        # The write-ahead log grows to where it may not.
        while not answers or not isinstance(answers[-1], Exception):
            answers += await log.append_all([typed(scene.joint, bytes(limits.JOTTED_BYTES_MAX))])
    *numbers, refused = answers
    assert isinstance(refused, LogUnavailable)
    assert numbers == list(range(1, len(answers)))
    assert await log.append_all([typed(scene.joint, b"after")]) == [len(answers)]
    loaded = await log.load(scene.joint)
    assert (len(loaded.updates), loaded.updates[-1]) == (len(answers), b"after")


async def test_who_leaves_while_the_log_carries_for_him_holds_up_nobody(scene: Scene) -> None:
    gate = threading.Event()
    blocking = asyncio.create_task(scene.database.write(lambda rows: gate.wait()))
    await scene.rows(tables.unit)
    leaving = asyncio.create_task(scene.database.log.append_all([typed(scene.joint)]))
    behind = asyncio.create_task(scene.database.log.append(typed(scene.private)))
    await scene.rows(tables.unit)
    leaving.cancel()
    gate.set()
    assert await blocking
    assert await behind == 1
    assert leaving.cancelled()
