"""DUR-2: the disk refuses every write, again and again: no false "saved", and recovery by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tests.running import RunningServer
from tests.typist import Device, documents_with, sign_in

FIELD = "a8"
PING = b"\x09"


@dataclass
class Outcome:
    """What was seen over all failures."""

    failures: int = 0
    false_acknowledgements: int = 0
    recovered: int = 0
    lost: int = 0

    @property
    def holds(self) -> bool:
        return not self.lost and not self.false_acknowledgements and self.recovered == self.failures > 0


async def starve(
    server: RunningServer, people: tuple[str, str], failures: int, progress: Callable[[], None]
) -> Outcome:
    """Let storage fail so many times while the first of `people` writes in their joint pane."""
    cookie = await sign_in(server.url, people[0])
    document = (await documents_with(server.url, cookie, people[1].capitalize()))["joint"]
    device = Device(server.url, cookie)
    await device.connect(document)
    await device.until_synced()
    attached = device.documents[document]
    outcome = Outcome()
    for number in range(failures):
        await device.type(document, FIELD, f"before{number} ")
        await device.until_acknowledged(document)
        key = f"during{number} "
        with server.without_storage():
            await device.type(document, FIELD, key)
            await _until_next_ping(device)
            outcome.false_acknowledgements += key in attached.acknowledged
        async with device.changed:
            await device.changed.wait_for(lambda key=key: key in attached.acknowledged)  # type: ignore[misc]
        outcome.recovered += 1
        outcome.failures += 1
        progress()
    stranger = Device(server.url, cookie)
    await stranger.connect(document)
    await stranger.until_synced()
    text = stranger.text(document, FIELD)
    outcome.lost = sum(text.count(key.strip() + " ") != 1 for key in attached.written)
    await asyncio.gather(device.close(), stranger.close())
    return outcome


async def _until_next_ping(device: Device) -> None:
    """The server's clock goes on while its disk does not: the next ping is the end of the wait."""
    heard = len(device.received)
    async with device.changed:
        await device.changed.wait_for(lambda: PING in device.received[heard:])
