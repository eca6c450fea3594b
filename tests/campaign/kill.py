"""DUR-1: the server is killed while four devices type; nothing that was acknowledged may be missing.

Each keystroke is a token of its own, so that a lost one and a doubled one are both seen. The devices are
two of each party of one conversation, all in one field of the joint pane.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.running import RunningServer
from tests.typist import Device, documents_with, sign_in

FIELD = "a5"
SECONDS_ALIVE_MAX = 0.6
"""The kill comes at a random moment within this time of the first keystroke."""


@dataclass
class Outcome:
    """What was seen over all kills."""

    kills: int = 0
    typed: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0

    @property
    def holds(self) -> bool:
        return not self.lost and not self.doubled and self.acknowledged > 0


async def _type_until(
    device: Device,
    document: str,
    label: str,
    numbers: dict[str, int],
    stop: asyncio.Event,
    dice: random.Random,
) -> None:
    while not stop.is_set() and device.connected:
        numbers[label] += 1
        await device.type(document, FIELD, f"{label}{numbers[label]} ")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), dice.uniform(0.001, 0.01))


async def kill_while_typing(
    server: RunningServer, people: tuple[str, str], kills: int, seed: int, progress: Callable[[], None]
) -> Outcome:
    """Kill `server` so many times while two devices each of `people` write in their joint pane."""
    dice = random.Random(seed)
    cookies = [await sign_in(server.url, person) for person in people]
    document = (await documents_with(server.url, cookies[1], people[0].capitalize()))["joint"]
    devices = {
        label: Device(server.url, cookies[index % 2]) for index, label in enumerate(("a", "b", "c", "d"))
    }
    numbers = dict.fromkeys(devices, 0)
    outcome = Outcome()
    for device in devices.values():
        await device.connect(document)
        await device.until_synced()
    for _ in range(kills):
        stop = asyncio.Event()
        typing = [
            asyncio.create_task(_type_until(device, document, label, numbers, stop, dice))
            for label, device in devices.items()
        ]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), dice.uniform(0.02, SECONDS_ALIVE_MAX))
        await asyncio.to_thread(server.kill)
        stop.set()
        await asyncio.gather(*typing)
        for device in devices.values():
            await device.close()
        # Before any device is back: what was acknowledged must already be there.
        await asyncio.to_thread(server.start)
        seen = await _tokens(server, cookies[0], document)
        for device in devices.values():
            outcome.lost += sum(seen[key.strip()] == 0 for key in device.documents[document].acknowledged)
        outcome.doubled += sum(count > 1 for count in seen.values())
        outcome.kills += 1
        for device in devices.values():
            await device.connect()
            await device.until_synced()
            await device.until_acknowledged(document)
        progress()
    seen = await _tokens(server, cookies[0], document)
    for device in devices.values():
        attached = device.documents[document]
        outcome.typed += len(attached.written)
        outcome.acknowledged += len(attached.acknowledged)
        # In the end everything is there, once: also what was typed between a commit and a kill.
        outcome.lost += sum(seen[key.strip()] == 0 for key in attached.written)
        await device.close()
    outcome.doubled += sum(count > 1 for count in seen.values())
    return outcome


async def _tokens(server: RunningServer, cookie: str, document: str) -> Counter[str]:
    """Every token that a device which knows nothing is sent by the server."""
    stranger = Device(server.url, cookie)
    await stranger.connect(document)
    await stranger.until_synced()
    text = stranger.text(document, FIELD).replace("<", " <").replace(">", "> ")
    await stranger.close()
    return Counter(word for word in text.split() if not word.startswith("<"))
