"""DUR-1: the power goes while eight devices type; what was acknowledged by then is on the disk.

One server's life is recorded (``disk.py``), with the moment at which each device heard that its keystroke was
saved. Of the recording many disks are made, as each might have been left; Samsyn opens every one.
"""

from __future__ import annotations

import asyncio
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
from tests.running import RunningServer

SECONDS = 5.0
"""Of the recorded life."""
SYNCS_FAIL_EVERY = 20


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
    syncs_fail_every: int = 0,
) -> Outcome:
    """Record `server` for so long under eight typists, and open `count` disks that it might have left.

    Every so many syncs one fails, none if that is 0: then the server goes on, and what it has called saved
    must be on the disk all the same.
    """
    dice = random.Random(seed)
    await asyncio.to_thread(server.stop)
    before = {path.name: path.read_bytes() for path in server.data.glob("samsyn.sqlite3*")}
    server.recording = server.data / "recording"
    server.syncs_fail_every = syncs_fail_every
    await asyncio.to_thread(server.start)
    typists = await Typists.of(server.url, dice=dice)
    await typists.connect()
    async with typists.typing():
        await asyncio.sleep(seconds)
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
