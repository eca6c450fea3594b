"""SIG-1: the server is killed while it freezes; afterwards the conversation is open or frozen, never between.

In the end it is killed once more between the freeze and the signatures, and can then be signed and closed.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from server.rules.access import Pane, State
from server.storage import tables
from tests.campaign.killing import press, press_and_kill, signed_in, stored
from tests.campaign.races import template
from tests.organisation import JONAS, MAJA, Organisation, text
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
    async with stored(data) as here:
        await here.found(template())
        id_ = await here.conversation()
        await here.write("maja", id_, Pane.JOINT, {"q1": text("Vi är nöjda.")})
    server = RunningServer(data, demo=False)
    await asyncio.to_thread(server.start)
    cookies = await signed_in(server, MAJA)
    for _ in range(kills):
        await press_and_kill(server, cookies, id_, "freeze", dice.uniform(0, SECONDS_MAX))
        async with stored(data) as here:
            if await _look(here, id_, outcome) is State.FROZEN:
                await here.reopening.reopen(JONAS.actor, id_, "Ett ord till.")
        await asyncio.to_thread(server.start)
    await press(server, cookies, id_, "freeze")
    await asyncio.to_thread(server.kill)
    async with stored(data) as here:
        await _look(here, id_, outcome)
        ((_, sha256),) = await here.database.read(lambda connection: _records(connection, id_))
        await here.sign(MAJA.actor, id_, sha256)
        outcome.closed = await here.sign(JONAS.actor, id_, sha256)
    return outcome
