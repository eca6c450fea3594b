"""What only PostgreSQL promises: several nodes, locks between them, and a server that comes and goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

from server.rules import limits
from server.rules.errors import StorageUnavailable
from server.storage import tables
from server.storage.bells import Bell, BellsMissed, ConversationChanged, LogMoved
from server.storage.database import Database, lock_conversation, ring
from server.storage.opening import open_database
from server.storage.postgres import PostgresDatabase
from server.storage.update_log import Append, AppendRefused, LogUnavailable, Touch
from tests.conftest import SetClock, connected, made_database, started_postgres
from tests.storage.scene import MAJA, SNAPSHOT, Scene, typed

CANARY = b"I am thinking of applying for the other job"


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """These tests run on PostgreSQL alone."""
    return postgres_url


@pytest.fixture
async def other_node(scene: Scene, database_url: str, clock: SetClock) -> AsyncIterator[Database]:
    node = await open_database(database_url, clock)
    yield node
    await node.close()


@pytest.fixture
async def past(scene: Scene, database_url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """A connection past the server."""
    connection = await connected(database_url)
    yield connection
    await connection.close()


class Heard:
    """The bells of a node, to be waited for."""

    def __init__(self, database: Database) -> None:
        self.bells: asyncio.Queue[Bell] = asyncio.Queue()
        database.listen(self.bells.put_nowait)

    async def next(self) -> Bell:
        return await asyncio.wait_for(self.bells.get(), 10)


async def wait_for_a_lock(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Return once some transaction waits for another's lock. It must, so not waiting is a failure."""
    async with asyncio.timeout(10):
        while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            pass


# Several nodes


async def test_every_append_is_rung_to_the_other_nodes(scene: Scene, other_node: Database) -> None:
    heard = Heard(other_node)
    await scene.database.log.append(typed(scene.joint, b"first"))
    bell = await heard.next()
    assert isinstance(scene.database, PostgresDatabase)
    assert bell == LogMoved(scene.joint, 1, scene.database.node)
    assert list(await other_node.log.read_after(scene.joint, 0)) == [(1, b"first")]


async def test_a_refused_append_is_not_rung(scene: Scene, other_node: Database) -> None:
    heard = Heard(other_node)
    await scene.freeze()
    with pytest.raises(AppendRefused):
        await scene.database.log.append(typed(scene.joint))
    await scene.database.write(lambda rows: ring(rows, ConversationChanged("conversation")))
    assert await heard.next() == ConversationChanged("conversation")


async def test_what_a_feature_rings_is_heard_on_every_node_and_once_on_its_own(
    scene: Scene, other_node: Database
) -> None:
    own, others = Heard(scene.database), Heard(other_node)
    await scene.database.write(lambda rows: ring(rows, ConversationChanged("conversation")))
    assert await own.next() == await others.next() == ConversationChanged("conversation")
    await other_node.write(lambda rows: ring(rows, ConversationChanged("another")))
    assert await own.next() == await others.next() == ConversationChanged("another")
    assert own.bells.empty()


async def test_nodes_that_append_to_the_same_documents_leave_no_gap(
    scene: Scene, other_node: Database
) -> None:
    async def type_on(node: Database, document: int) -> list[int]:
        return [await node.log.append(typed(document)) for _ in range(20)]

    for document in (scene.joint, scene.private):
        one, other = await asyncio.gather(type_on(scene.database, document), type_on(other_node, document))
        assert sorted(one + other) == list(range(1, 41))
        stored = await other_node.log.read_after(document, 0)
        assert [number for number, _ in stored] == list(range(1, 41))


async def test_an_append_that_waited_for_a_freeze_on_another_node_is_refused(
    scene: Scene, past: "asyncpg.Connection[asyncpg.Record]", database_url: str
) -> None:
    watching = await connected(database_url)
    transaction = past.transaction()
    await transaction.start()
    await past.execute("UPDATE conversation SET state = 'frozen'")
    appending = asyncio.create_task(scene.database.log.append(typed(scene.joint)))
    await wait_for_a_lock(watching)
    await transaction.commit()
    with pytest.raises(AppendRefused, match="frozen"):
        await appending
    await watching.close()


async def test_an_append_that_waited_for_a_share_on_another_node_is_refused(
    scene: Scene, past: "asyncpg.Connection[asyncpg.Record]", database_url: str
) -> None:
    """The share changes the pane's row, not the one that the append waited for."""
    watching = await connected(database_url)
    transaction = past.transaction()
    await transaction.start()
    await past.execute("SELECT FROM conversation FOR UPDATE")
    appending = asyncio.create_task(scene.database.log.append(typed(scene.private)))
    await wait_for_a_lock(watching)
    new = await past.fetchval(
        "INSERT INTO document (name, conversation_id, pane) VALUES ('new', 'conversation', 'employee')"
        " RETURNING id"
    )
    await past.execute("UPDATE pane SET document_id = $1 WHERE document_id = $2", new, scene.private)
    await transaction.commit()
    with pytest.raises(AppendRefused, match="moved"):
        await appending
    await watching.close()


async def test_a_freeze_waits_for_the_append_that_is_under_way(
    scene: Scene, past: "asyncpg.Connection[asyncpg.Record]", database_url: str
) -> None:
    watching = await connected(database_url)
    transaction = past.transaction()
    await transaction.start()
    # As an append does, on another node.
    await past.execute("SELECT FROM conversation FOR SHARE")
    freezing = asyncio.create_task(scene.freeze())
    await wait_for_a_lock(watching)
    await past.execute("INSERT INTO document_update VALUES ($1, 1, 'typed')", scene.joint)
    await transaction.commit()
    assert await freezing == 1
    await watching.close()


async def test_a_feature_waits_for_the_append_that_is_under_way_before_it_reads(
    scene: Scene, past: "asyncpg.Connection[asyncpg.Record]", database_url: str
) -> None:
    watching = await connected(database_url)
    transaction = past.transaction()
    await transaction.start()
    await past.execute("SELECT FROM conversation FOR SHARE")
    locking = asyncio.create_task(scene.database.write(lambda rows: lock_conversation(rows, "conversation")))
    await wait_for_a_lock(watching)
    await transaction.commit()
    assert await locking is not None
    await watching.close()


async def test_nodes_that_start_together_bring_the_tables_up_to_date_once(
    postgres_server: Any, clock: SetClock
) -> None:
    url = await asyncio.to_thread(made_database, postgres_server)
    nodes = await asyncio.gather(*(open_database(url, clock) for _ in range(3)))
    for node in nodes:
        assert await node.read(lambda rows: rows.execute(select(tables.person)).all()) == []
        await node.close()


# Deleted text


async def test_compaction_and_a_dropped_generation_leave_the_text_in_no_row(
    scene: Scene, past: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async def is_stored() -> bool:
        for table in tables.METADATA.sorted_tables:
            for (row,) in await past.fetch(f'SELECT t::text FROM "{table.name}" t'):
                if CANARY.hex() in row or CANARY.decode() in row:
                    return True
        return False

    await scene.database.log.append(typed(scene.joint, CANARY))
    assert await is_stored()
    await scene.database.log.compact(scene.joint, 1, SNAPSHOT)
    assert not await is_stored()
    await scene.database.log.append(Append(scene.private, CANARY, (MAJA,), (Touch("maja", CANARY.decode()),)))
    assert await is_stored()
    await scene.replace_private(drop=True)
    assert not await is_stored()


# The server goes away


async def test_connections_that_the_server_ends_are_replaced_and_missed_bells_are_told(
    scene: Scene, past: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    heard = Heard(scene.database)
    await past.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with pytest.raises(LogUnavailable):
        await scene.database.log.append(typed(scene.joint))
    assert await scene.database.log.append(typed(scene.joint)) == 1
    assert await heard.next() == BellsMissed()


async def test_a_commit_that_fails_after_a_bell_counts_as_a_bell_missed(scene: Scene) -> None:
    def failing_late(rows: Connection) -> None:
        ring(rows, ConversationChanged("conversation"))
        rows.execute(text("CREATE TEMP TABLE parent (id int PRIMARY KEY)"))
        rows.execute(text("CREATE TEMP TABLE child (id int REFERENCES parent INITIALLY DEFERRED)"))
        rows.execute(text("INSERT INTO child VALUES (1)"))

    heard = Heard(scene.database)
    with pytest.raises(IntegrityError):
        await scene.database.write(failing_late)
    assert await heard.next() == BellsMissed()


async def test_a_wire_that_no_longer_hears_itself_is_replaced(
    scene: Scene,
    other_node: Database,
    past: "asyncpg.Connection[asyncpg.Record]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = Heard(scene.database)
    monkeypatch.setattr(limits, "POLL_SECONDS", 0.05)
    original = asyncpg.Connection.execute
    deaf = True

    async def unheard(self: Any, query: str, *arguments: object, **options: Any) -> str:
        return "" if deaf and "pg_notify" in query else await original(self, query, *arguments, **options)

    monkeypatch.setattr(asyncpg.Connection, "execute", unheard)
    assert await heard.next() == BellsMissed()
    deaf = False
    monkeypatch.setattr(limits, "POLL_SECONDS", 2.0)
    bell: Bell = BellsMissed()
    while bell == BellsMissed():
        # Rung while the wire was being replaced, it is one of those that the next BellsMissed stands for.
        await other_node.write(lambda rows: ring(rows, ConversationChanged("conversation")))
        bell = await heard.next()
    assert bell == ConversationChanged("conversation")


async def test_whoever_gives_up_opening_leaves_nobody_listening(
    database_url: str, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening = asyncio.Event()

    async def connect_for_ever(*_: object) -> None:
        listening.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(PostgresDatabase, "_connect_plainly", connect_for_ever)
    before = asyncio.all_tasks()
    opening = asyncio.create_task(open_database(database_url, clock))
    await listening.wait()
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert asyncio.all_tasks() == before


async def test_nothing_is_taken_for_stored_while_the_server_is_down_and_then_all_is_well(
    tmp_path_factory: pytest.TempPathFactory, clock: SetClock
) -> None:
    folder = tmp_path_factory.mktemp("own")
    server = await asyncio.to_thread(started_postgres, folder)
    try:
        url = await asyncio.to_thread(made_database, server)
        database = await open_database(url, clock)
        scene = Scene(database, clock)
        await scene.set_up()
        heard = Heard(database)
        await database.log.append(typed(scene.joint, b"before"))

        await asyncio.to_thread(server.stop)
        for _ in range(3):
            with pytest.raises(LogUnavailable):
                await database.log.append(typed(scene.joint))
            with pytest.raises(LogUnavailable):
                await database.log.load(scene.joint)
            with pytest.raises(StorageUnavailable):
                await database.write(lambda rows: rows.execute(text("SELECT 1")) and None)
        with pytest.raises(StorageUnavailable):
            await open_database(url, clock)

        await asyncio.to_thread(server.ensure_postgres_running)
        with suppress(LogUnavailable):
            # May still find a connection of the former server.
            await database.log.load(scene.joint)
        assert await database.log.append(typed(scene.joint, b"after")) == 2
        assert (await database.log.load(scene.joint)).updates == (b"before", b"after")
        assert await heard.next() == BellsMissed()
        await database.close()
    finally:
        await asyncio.to_thread(server.cleanup)


async def test_what_waits_is_carried_out_before_the_database_closes(scene: Scene) -> None:
    waiting = [asyncio.create_task(scene.database.log.append(typed(scene.joint))) for _ in range(5)]
    await scene.rows(tables.unit)
    await scene.database.close()
    assert sorted([await task for task in waiting]) == [1, 2, 3, 4, 5]
    with pytest.raises(LogUnavailable, match="closed"):
        await scene.database.log.append(typed(scene.joint))


async def test_an_append_whose_caller_has_gone_does_not_disturb_the_rest(scene: Scene) -> None:
    leaving = asyncio.create_task(scene.database.log.append(typed(scene.joint)))
    staying = asyncio.create_task(scene.database.log.append(typed(scene.private)))
    await scene.rows(tables.unit)
    leaving.cancel()
    assert await staying == 1
    assert await scene.database.log.append(typed(scene.private)) == 2
