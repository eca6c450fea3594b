"""The server is killed while it closes: a conversation is then closed with all that was agreed, or open.

What was agreed are follow-up activities, each a row and a document. Pressed again after the kill, it closes
and there are no more of them than were agreed; and opened again and closed, none more either.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from crdt.content import plain_text
from server import activity_documents
from server.rules.access import Pane, State
from server.storage import tables
from tests.campaign.killing import press, press_and_kill, signed_in, stored
from tests.organisation import JONAS, MAJA, Organisation, annual_template, text
from tests.running import RunningServer

AGREED = ("Handledarkurs", "Ny jourlista", "Larmrutin i drift")


@dataclass
class Outcome:
    """What was seen over all kills."""

    kills: int = 0
    closed: int = 0
    """Kills after which it was closed; it was open after the others."""
    torn: int = 0
    """Looks at which conversation, record, activities and documents did not belong together."""


def _agreed(connection: Connection, id_: str) -> tuple[list[str], list[str], int]:
    """Titles of the activities that came of a conversation, by their rows and by their documents, and the
    number of documents of activities in all that no activity has."""
    table, document = tables.activity, tables.document
    rows = connection.execute(
        select(table.c.title, table.c.document_id).where(table.c.from_conversation == id_)
    ).all()
    contents = [activity_documents.stored(connection, row.document_id) for row in rows]
    said: Any = [content[activity_documents.TITLE] for content in contents]
    strays = connection.execute(
        select(document.c.id).where(
            document.c.conversation_id.is_(None), document.c.id.not_in(select(table.c.document_id))
        )
    ).all()
    return sorted(row.title for row in rows), sorted(map(plain_text, said)), len(strays)


async def _look(here: Organisation, id_: str, outcome: Outcome) -> State:
    """Whether what is stored belongs together."""
    state = (await here.conversations.see(MAJA.actor, id_)).state
    titles, said, strays = await here.database.read(lambda connection: _agreed(connection, id_))
    agreed = sorted(AGREED) if state is State.CLOSED else []
    outcome.torn += (titles, said, strays) != (agreed, agreed, 0)
    return state


async def _begin(here: Organisation) -> str:
    id_ = await here.conversation()
    await here.ready(id_)
    rows: Any = [{"id": title[:3], "description": text(title)} for title in AGREED]
    await here.write("jonas", id_, Pane.JOINT, {"a7": rows})
    return id_


async def kill_while_closing(data: Path, kills: int, seed: int, advance: Callable[[], None]) -> Outcome:
    """Kill a server on an empty data folder so many times while it closes, each time another conversation."""
    dice = random.Random(seed)
    outcome = Outcome()
    async with stored(data) as here:
        await here.found(annual_template(sign={"enabled": False}))
        id_ = await _begin(here)
    server = RunningServer(data, demo=False)
    await asyncio.to_thread(server.start)
    cookies = await signed_in(server, JONAS)
    # As long as closing takes here, and a little longer: the kill comes at a random moment of it.
    seconds = 0.1
    for _ in range(kills):
        await press_and_kill(server, cookies, id_, "complete", dice.uniform(0, seconds))
        async with stored(data) as here:
            outcome.kills += 1
            outcome.closed += await _look(here, id_, outcome) is State.CLOSED
        await asyncio.to_thread(server.start)
        began = time.monotonic()
        await press(server, cookies, id_, "complete")
        seconds = 1.2 * (time.monotonic() - began)
        await asyncio.to_thread(server.kill)
        async with stored(data) as here:
            outcome.torn += await _look(here, id_, outcome) is not State.CLOSED
            await here.reopening.reopen(JONAS.actor, id_, "Ett ord till.")
            await here.freezing.complete(JONAS.actor, id_)
            await _look(here, id_, outcome)
            id_ = await _begin(here)
        await asyncio.to_thread(server.start)
        advance()
    await asyncio.to_thread(server.kill)
    return outcome
