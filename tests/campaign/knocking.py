"""ROB-1 over HTTP: requests that no browser would send, to every address, by people of all kinds and nobody.

Each round begins with the sample organisation as it was played, because a hostile request may well succeed in
declining the last conversation that there was.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from server.app import create_app, opened
from server.demo import loading
from server.settings import Settings
from tests.conftest import made_database, started_postgres
from tests.fuzz.requests import ORIGIN, Call, Door, hostile, hostile_file, shown
from tests.whole import all_routes

PEOPLE = ("maja", "jonas", "helena")
"""An employee, a manager, HR."""
PASSWORD = "nordljus"
ROUND = 2_500
"""Requests of one round, at least one to each address."""
Progress = Callable[[], None]


@dataclass
class Outcome:
    """What was seen."""

    requests: int = 0
    routes: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    """Of each fault the smallest request that shows it."""

    @property
    def holds(self) -> bool:
        return self.requests > 0 and not self.faults

    def add(self, other: Outcome) -> None:
        """Count another outcome in."""
        self.requests += other.requests
        self.routes = other.routes
        self.statuses = dict(Counter(self.statuses) + Counter(other.statuses))
        self.faults += other.faults


def now() -> datetime:
    """The real clock: sessions must hold."""
    return datetime.now(UTC)


@asynccontextmanager
async def door(data: Path, database: str, people: tuple[str, ...]) -> AsyncIterator[Door]:
    """The application over a played database: of the folder ``data``, or the one at ``database``."""
    async with opened(Settings(data=data, database=database, origin=ORIGIN), now) as node:
        yield Door(create_app(node), await all_routes(node), node.sessions, people)


def knock(
    data: Path,
    requests: int,
    seed: int,
    progress: Progress,
    *,
    database: str = "",
    addresses_of_one_route_max: int = 6,
) -> Outcome:
    """So many requests, spread over all addresses."""
    outcome = Outcome()
    with asyncio.Runner() as runner:
        entered = door(data, database, PEOPLE)
        there = runner.run(entered.__aenter__())
        try:
            runner.run(there.walk(addresses_of_one_route_max))
            outcome.routes = len(there.routes)
            calls = [hostile(there, route) for route in there.routes]
            calls += [hostile_file(mount) for mount in there.mounts]
            each, more = divmod(requests, len(calls))
            for number, call in enumerate(calls):
                count = each + (number < more)
                if count:
                    _knock_at(runner, there, call, count, seed + number, outcome, progress)
        finally:
            runner.run(entered.__aexit__(None, None, None))
    return outcome


def _knock_at(
    runner: asyncio.Runner,
    there: Door,
    calls: st.SearchStrategy[Call],
    count: int,
    seed: int,
    outcome: Outcome,
    progress: Progress,
) -> None:
    @seeded(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(calls)
    def property_(call: Call) -> None:
        try:
            answer = runner.run(there.ask(call))
        except Exception as error:
            error.add_note(shown(call))
            raise
        outcome.requests += 1
        outcome.statuses[answer.status] = outcome.statuses.get(answer.status, 0) + 1
        progress()

    try:
        property_()
    except Exception as error:  # noqa: BLE001 (every one of them is what is looked for)
        told = "; ".join(getattr(error, "__notes__", [])[:1])
        outcome.faults.append(f"{type(error).__name__}: {error} <- {told}")


def requests(played: Path, data: Path, count: int, seed: int, advance: Progress) -> Outcome:
    """So many, in rounds: every other on SQLite, and on PostgreSQL, which takes less of what is no text."""
    outcome = Outcome()
    # What it makes of bytes that are no form is of no interest to anybody.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    postgres = started_postgres(data / "requests-postgres")
    for number, first in enumerate(range(0, count, ROUND)):
        some = min(ROUND, count - first)
        folder = Path(shutil.copytree(played, data / f"requests-{number}"))
        database = made_database(postgres) if number % 2 else ""
        if database:
            asyncio.run(loading.once(database, now(), PASSWORD))
        outcome.add(knock(folder, some, seed + ROUND * number, advance, database=database))
    postgres.cleanup()
    return outcome
