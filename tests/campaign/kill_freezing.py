"""SIG-1: the server is killed while it freezes; afterwards the conversation is open or frozen, never between.

In the end it is killed once more between the freeze and the signatures, and can then be signed and closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Connection, select

from server.rules.access import Pane, State
from server.settings import Settings
from server.storage import tables
from server.storage.opening import open_database
from tests.campaign.races import now, template
from tests.organisation import JONAS, MAJA, PASSWORD, Organisation, text
from tests.running import RunningServer

SECONDS_MAX = 0.05
"""The kill comes at a random moment within this time of the request."""


@dataclass
class Outcome:
    """What was seen over all kills."""

    kills: int = 0
    frozen: int = 0
    """Kills after which it was frozen; it was open after the others."""
    torn: int = 0
    """Kills after which state, record and documents did not belong together."""
    closed: bool = False


@asynccontextmanager
async def _stored(data: Path) -> AsyncIterator[Organisation]:
    """The features on what the server has left. It must not run."""
    database = await open_database(Settings(data=data).database_url, now)
    try:
        yield Organisation(database, now)
    finally:
        await database.close()


async def _press_sign(server: RunningServer, cookies: httpx.Cookies, id_: str) -> None:
    async with httpx.AsyncClient(base_url=server.url, cookies=cookies) as client:
        await client.post(f"/conversations/{id_}/freeze", headers={"origin": server.url})


def _records(connection: Connection, id_: str) -> list[tuple[Any, ...]]:
    record = tables.record.c
    found = select(record.content, record.sha256).where(record.conversation_id == id_)
    return [tuple(row) for row in connection.execute(found)]


async def _look(here: Organisation, id_: str, outcome: Outcome) -> State:
    """Whether what is stored belongs together."""
    conversation = await here.conversations.see(MAJA.actor, id_)
    records = await here.database.read(lambda connection: _records(connection, id_))
    is_frozen = conversation.state is State.FROZEN
    is_whole = all(hashlib.sha256(content).hexdigest() == sha256 for content, sha256 in records)
    outcome.kills += 1
    outcome.frozen += is_frozen
    outcome.torn += not is_whole or len(records) != is_frozen
    return conversation.state


async def kill_while_freezing(data: Path, kills: int, seed: int) -> Outcome:
    """Kill a server on an empty data folder so many times while it freezes, and once afterwards."""
    dice = random.Random(seed)
    outcome = Outcome()
    async with _stored(data) as here:
        await here.found(template())
        id_ = await here.conversation()
        await here.write("maja", id_, Pane.JOINT, {"q1": text("Vi är nöjda.")})
    server = RunningServer(data, demo=False)
    await asyncio.to_thread(server.start)
    async with httpx.AsyncClient(base_url=server.url) as client:
        form = {"email": MAJA.email, "password": PASSWORD}
        await client.post("/sign-in", data=form, headers={"origin": server.url})
        cookies = client.cookies
    for _ in range(kills):
        pressing = asyncio.create_task(_press_sign(server, cookies, id_))
        await asyncio.wait((pressing,), timeout=dice.uniform(0, SECONDS_MAX))
        await asyncio.to_thread(server.kill)
        with contextlib.suppress(httpx.HTTPError):
            await pressing
        async with _stored(data) as here:
            if await _look(here, id_, outcome) is State.FROZEN:
                await here.reopening.reopen(JONAS.actor, id_, "Ett ord till.")
        await asyncio.to_thread(server.start)
    await _press_sign(server, cookies, id_)
    await asyncio.to_thread(server.kill)
    async with _stored(data) as here:
        await _look(here, id_, outcome)
        ((_, sha256),) = await here.database.read(lambda connection: _records(connection, id_))
        await here.sign(MAJA.actor, id_, sha256)
        outcome.closed = await here.sign(JONAS.actor, id_, sha256)
    return outcome
