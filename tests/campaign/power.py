"""DUR-1: the power goes while eight devices type; what was acknowledged by then is on the disk.

One server's life is recorded (``disk.py``), with the moment at which each device heard that its keystroke was
saved. Of the recording many disks are made, as each might have been left; Samsyn opens every one.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, select

from server.rules.errors import StorageUnavailable
from server.settings import Settings
from server.storage import tables
from server.storage.opening import open_database
from tests.campaign import disk
from tests.campaign.races import now
from tests.campaign.typists import Typists, merged
from tests.running import NotServing, RunningServer

SECONDS = 5.0
"""Of the recording."""
SYNCS_FAIL = 0.05
LIVES = 20
"""Of the server, in a recording in which syncs fail: it is killed between them."""
STARTS_MAX = 10


@dataclass
class Outcome:
    """What was seen over all images."""

    images: int = 0
    harmed: Counter[str] = field(default_factory=Counter)
    """Images by what became of the writes that were not synced."""
    writes: int = 0
    """Of the recording."""
    syncs: int = 0
    failed_syncs: int = 0
    acknowledged: int = 0
    """Keystrokes, at the recording's end."""
    lost: int = 0
    """Keystrokes that an image lacks although they had been acknowledged, over all images."""
    corrupt: int = 0
    """Images that cannot be opened, or that the database's own check finds fault with."""

    @property
    def holds(self) -> bool:
        return not self.lost and not self.corrupt and self.images > 0 and self.acknowledged > 0


async def lose_power(
    server: RunningServer,
    count: int,
    seed: int,
    progress: Callable[[], None],
    *,
    seconds: float = SECONDS,
    lives: int = 1,
    syncs_fail: float = 0,
) -> Outcome:
    """Record `server` for so long under eight typists, and open `count` disks that it might have left.

    It has several lives in that time, if that is asked for, with a SIGKILL after each. Syncs fail with the
    probability `syncs_fail`: what the server then calls saved must be on the disk all the same.
    """
    dice = random.Random(seed)
    await asyncio.to_thread(server.stop)
    before = {path.name: path.read_bytes() for path in server.data.glob("samsyn.sqlite3*")}
    server.recording = server.data / "recording"
    server.syncs_fail = syncs_fail
    await asyncio.to_thread(_start, server)
    typists = await Typists.of(server.url, dice=dice)
    await typists.connect()
    for life in range(lives):
        if life:
            await asyncio.to_thread(server.kill)
            await typists.close()
            await asyncio.to_thread(_start, server)
            await typists.connect()
        async with typists.typing():
            await asyncio.sleep(dice.uniform(0, 2 * seconds / lives) if lives > 1 else seconds)
    await typists.until_acknowledged()
    await typists.close()
    await asyncio.to_thread(server.stop)
    events = disk.read(server.recording)
    acknowledged = typists.acknowledged
    outcome = Outcome(
        writes=sum(event.kind is disk.Kind.WRITE for event in events),
        syncs=sum(event.kind is disk.Kind.SYNCED for event in events),
        failed_syncs=sum(event.kind is disk.Kind.FAILED for event in events),
        acknowledged=len(acknowledged),
    )
    for image in disk.images(before, events, count, dice):
        seen, faults = await _opened(image, typists.document)
        outcome.images += 1
        outcome.harmed[image.harm] += 1
        outcome.corrupt += faults != ["ok"]
        outcome.lost += sum(not seen[key] for key, at in acknowledged.items() if at < image.at)
        progress()
    return outcome


def _start(server: RunningServer) -> None:
    """Start it, once more if its disk fails just then: as whatever looks after a service does."""
    for _ in range(STARTS_MAX):
        with contextlib.suppress(NotServing):
            server.start()
            return
    raise NotServing(f"the server did not start {STARTS_MAX} times")


async def _opened(image: disk.Image, document: str) -> tuple[Counter[str], list[str]]:
    """Let Samsyn open a disk: the document's tokens, and what SQLite's own check says."""
    with tempfile.TemporaryDirectory(prefix="samsyn-image-") as folder:
        for name, data in image.files.items():
            (Path(folder) / name).write_bytes(data)
        try:
            database = await open_database(Settings(data=Path(folder)).database_url, now)
        except StorageUnavailable as error:
            return Counter(), [str(error)]
        try:
            id_, faults = await database.read(lambda connection: _checked(connection, document))
            stored = await database.log.load(id_)
        finally:
            await database.close()
    return merged((stored.snapshot, *stored.updates)), faults


def _checked(connection: Connection, document: str) -> tuple[int, list[str]]:
    id_ = connection.scalars(select(tables.document.c.id).where(tables.document.c.name == document)).one()
    return id_, [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
