"""The end of the longest conversation: frozen over HTTP, signed, taken away as PDF, its bundle verified."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from server.settings import Settings
from server.storage.opening import open_database
from tests.figures.answers import now
from tests.long_conversation import long_conversation
from tests.organisation import JONAS, MAJA, Organisation
from tests.running import RunningServer

FREEZE_MS_MAX = 200
PDF_SECONDS_MAX = 1.5
VERIFY_SECONDS_MAX = 2


@dataclass(frozen=True, slots=True)
class Ending:
    """One run: milliseconds of the freeze, seconds of the rest."""

    freeze_ms: float
    first_pdf: float
    """The first that the process makes: it reads the fonts."""
    pdf: float
    verify: float
    """Of the command ``samsyn verify``, from its start to its end."""


def written(data: Path) -> str:
    """Have 60 texts in three panes written with 20,000 keystrokes into an empty folder. Returns the id."""
    data.mkdir(parents=True)
    return asyncio.run(_written(data))


def end(played: Path, into: Path, id_: str) -> Ending:
    """End a copy of the conversation that ``written`` made in ``played``."""
    shutil.copytree(played, into)
    server = RunningServer(into, demo=False)
    maja = asyncio.run(_session(into))
    server.start()
    try:
        with _browser(server, maja) as client:
            client.get(f"/conversations/{id_}").raise_for_status()
            began = time.perf_counter()
            answer = client.post(f"/conversations/{id_}/freeze")
            freeze_ms = 1000 * (time.perf_counter() - began)
            assert answer.status_code == httpx.codes.NO_CONTENT, answer.text
    finally:
        server.stop()
    asyncio.run(_sign(into, id_))
    server.start()
    try:
        with _browser(server, maja) as client:
            first_pdf, pdf = (_took(client, f"/conversations/{id_}/records/1.pdf") for _ in range(2))
            bundle = into / "record.zip"
            bundle.write_bytes(client.get(f"/conversations/{id_}/records/1.zip").raise_for_status().content)
    finally:
        server.stop()
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "server.cli", "verify", str(bundle)], check=True, stdout=subprocess.DEVNULL
    )
    return Ending(freeze_ms, first_pdf, pdf, time.perf_counter() - began)


async def _written(data: Path) -> str:
    async with _organisation(data) as here:
        return await long_conversation(here)


async def _session(data: Path) -> str:
    async with _organisation(data) as here:
        return await here.sessions.begin(MAJA.id, "")


async def _sign(data: Path, id_: str) -> None:
    async with _organisation(data) as here:
        record = await here.records.of(MAJA.actor, id_, 1)
        for signer in (MAJA, JONAS):
            await here.sign(signer.actor, id_, record.sha256)


@asynccontextmanager
async def _organisation(data: Path) -> AsyncIterator[Organisation]:
    """The organisation in a data folder, while no server runs there."""
    database = await open_database(Settings(data=data).database_url, now)
    try:
        yield Organisation(database, now)
    finally:
        await database.close()


def _browser(server: RunningServer, key: str) -> httpx.Client:
    return httpx.Client(
        base_url=server.url,
        cookies={"samsyn": key},
        headers={"Origin": server.url, "Accept": "application/json"},
        timeout=30,
    )


def _took(client: httpx.Client, path: str) -> float:
    began = time.perf_counter()
    client.get(path).raise_for_status()
    return time.perf_counter() - began
