"""What campaigns share that kill a server in the middle of a turn and look at what it has left."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from server.people import Person
from server.settings import Settings
from server.storage.opening import open_database
from tests.campaign.races import now
from tests.organisation import PASSWORD, Organisation
from tests.running import RunningServer


@asynccontextmanager
async def stored(data: Path) -> AsyncIterator[Organisation]:
    """The features on what the server has left. It must not run."""
    database = await open_database(Settings(data=data).database_url, now)
    try:
        yield Organisation(database, now)
    finally:
        await database.close()


async def signed_in(server: RunningServer, who: Person) -> httpx.Cookies:
    """The cookies of somebody who has signed in."""
    async with httpx.AsyncClient(base_url=server.url) as client:
        form = {"email": who.email, "password": PASSWORD}
        await client.post("/sign-in", data=form, headers={"origin": server.url})
        return client.cookies


async def press(server: RunningServer, cookies: httpx.Cookies, id_: str, turn: str) -> None:
    """Ask for a turn of a conversation, by the last part of its address."""
    async with httpx.AsyncClient(base_url=server.url, cookies=cookies) as client:
        await client.post(f"/conversations/{id_}/{turn}", headers={"origin": server.url})


async def press_and_kill(
    server: RunningServer, cookies: httpx.Cookies, id_: str, turn: str, seconds: float
) -> None:
    """Ask for a turn, and kill the server so many seconds later, or when it has answered."""
    pressing = asyncio.create_task(press(server, cookies, id_, turn))
    await asyncio.wait((pressing,), timeout=seconds)
    await asyncio.to_thread(server.kill)
    with contextlib.suppress(httpx.HTTPError):
        await pressing
