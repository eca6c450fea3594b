"""An organisation of many thousands: what its longest pages cost, and how often they ask the database."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
from sqlalchemy import Connection, func, select

from server.app import Node, create_app, opened
from server.demo.crowd import TEAM
from server.pages.cookies import PLAIN_NAME
from server.serving import settle_memory
from server.settings import Settings
from server.storage import tables
from tests.figures.answers import now
from tests.queries import counted

ORIGIN = "http://samsyn.example"
PAGE_MS_MAX = 150
"""On the server, at the median."""
HR = "helena"
"""Of the sample organisation, below which the large one stands."""


@dataclass(frozen=True, slots=True)
class Visited:
    """One page, asked for again and again."""

    what: str
    path: str
    ms: float
    """Median, from the request to the last byte."""
    processor_ms: float
    """Median of what the process used meanwhile: other programs of a busy machine do not count."""
    queries: int
    """The most that one request asked."""
    characters: int


@dataclass(frozen=True, slots=True)
class Addresses:
    """Whose pages are visited, as ids of people."""

    leads_most: str
    leads_team: str
    employee: str
    """One of those whom the first leads."""


def make(data: Path, size: int) -> float:
    """Have the command make it in an empty folder, and return how many seconds that took."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "server.cli", "demo", "--size", str(size)]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"SAMSYN_DATA": str(data)})
    return time.perf_counter() - began


def at_rest(data: Path) -> tuple[int, float]:
    """How many conversations there are, and how many bytes of the file there are for each."""
    file = data / "samsyn.sqlite3"
    with closing(sqlite3.connect(file)) as rows:
        (conversations,) = rows.execute("SELECT count(*) FROM conversation").fetchone()
    return conversations, file.stat().st_size / conversations


async def visit(data: Path, requests: int, advance: Callable[[], None] = lambda: None) -> list[Visited]:
    """Ask for each page `requests` times, after once to begin with, in the organisation of a data folder.

    No server runs there. `advance` is called for each page.
    """
    async with _served(data) as (node, client):
        settle_memory()
        who = await node.database.read(_addresses)
        pages = [
            ("my staff, the leader of most", who.leads_most, "/staff"),
            ("my staff, the leader of a team", who.leads_team, "/staff"),
            ("an employee's page, seen by the leader", who.leads_most, f"/people/{who.employee}"),
            ("coverage, seen by HR", HR, "/coverage"),
            ("start page, the leader of most", who.leads_most, "/"),
            ("start page, the leader of a team", who.leads_team, "/"),
            ("start page, an employee", who.employee, "/"),
            ("signing in as one of the sample", "", "/sign-in"),
            ("a search among everybody", HR, "/retention/people?name=an+li"),
        ]
        visited = []
        for what, person, path in pages:
            key = await node.sessions.begin(person, "figures") if person else ""
            visited.append(await _visit(client, what, path, key, requests))
            advance()
        return visited


PAGES = 9
"""How many pages are visited."""


async def _visit(client: httpx.AsyncClient, what: str, path: str, key: str, requests: int) -> Visited:
    headers = {"Accept": "text/html"} | ({"Cookie": f"{PLAIN_NAME}={key}"} if key else {})
    answer = await client.get(path, headers=headers)
    answer.raise_for_status()
    took, used, asked = [], [], []
    for _ in range(requests):
        began, began_processor = time.perf_counter(), time.process_time()
        with counted() as queries:
            await client.get(path, headers=headers)
        took.append(1000 * (time.perf_counter() - began))
        used.append(1000 * (time.process_time() - began_processor))
        asked.append(len(queries))
    return Visited(what, path, median(took), median(used), max(asked), len(answer.text))


@asynccontextmanager
async def _served(data: Path) -> AsyncIterator[tuple[Node, httpx.AsyncClient]]:
    async with opened(Settings(data=data, origin=ORIGIN, demo=True), now) as node:
        transport = httpx.ASGITransport(create_app(node))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            yield node, client


def _addresses(connection: Connection) -> Addresses:
    person = tables.person
    staff = func.count()
    leaders = (
        select(person.c.manager_id).where(person.c.manager_id.is_not(None)).group_by(person.c.manager_id)
    )
    most = connection.scalars(leaders.order_by(staff.desc(), person.c.manager_id).limit(1)).one()
    team = connection.scalars(leaders.having(staff == TEAM - 1).order_by(person.c.manager_id).limit(1)).one()
    employee = connection.scalars(
        select(person.c.id).where(person.c.manager_id == most).order_by(person.c.id).limit(1)
    ).one()
    return Addresses(most, team, employee)
