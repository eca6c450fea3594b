"""ROB-4: people come and go, and a day's work passes; the server keeps nothing of it but what is stored."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from server.rules import limits
from tests.figures.crowd import Seat, resident_bytes, settle
from tests.running import RunningServer
from tests.typist import Device

CONVERSATIONS = 20
CONVERSATIONS_OF_DAY = 400
"""So many that each is visited a few times and then at rest: one that is visited all day grows itself."""
FIELDS = ("a1", "a8")
"""Of one's own pane, and of the joint one."""
AT_ONCE = 8
LEFT_BEHIND_MAX = 10
"""Objects of one class that a thousand visits may leave: one of a hundred would be a leak."""
DOCUMENT = "crdt.document.Document"
CONNECTION = "server.realtime.connection.Connection"
OURS = ("server.", "crdt.", "pycrdt.", "_asyncio.", "asyncio.", "uvicorn.", "starlette.", "websockets.")
SECONDS_TO_SETTLE = limits.ROOM_IDLE_SECONDS + 10

KEYS_OF_VISIT = 30
SECONDS_BETWEEN_KEYS = 0.02
SECONDS_BETWEEN_LOOKS = 1.0
GROWTH_MAX = 0.02
"""Of its memory, over the second half of the day: what the allocator's ups and downs come to."""
MIB = 1024 * 1024


@dataclass
class Coming:
    """What was left of people who came and went."""

    visits: int = 0
    before: Counter[str] = field(default_factory=Counter, repr=False)
    """Objects by class, and descriptors, when everybody had been there once."""
    left: dict[str, int] = field(default_factory=dict)
    """How many more there were in the end, of what is more than LEFT_BEHIND_MAX."""
    growth: int = 0
    """Of its memory, in bytes."""

    @property
    def holds(self) -> bool:
        return self.visits > 0 and not self.left


@dataclass
class Day:
    """A day's work. Memory is the server's resident set, in bytes, as it was looked at again and again."""

    visits: int = 0
    keystrokes: int = 0
    memory: list[tuple[float, int]] = field(default_factory=list)
    """Seconds from the beginning, and bytes."""

    def __str__(self) -> str:
        half = self.memory[len(self.memory) // 2 :]
        first, middle, last = (size / MIB for _, size in (self.memory[0], half[0], half[-1]))
        return (
            f"{self.visits} visits, {self.keystrokes} keystrokes; memory {first:.1f} MiB at first, "
            f"{middle:.1f} at half time, {last:.1f} at last; the second half's slope is {self.growth:+.2%}"
        )

    @property
    def growth(self) -> float:
        """What the slope of the second half comes to over that half, as a part of what there was."""
        half = self.memory[len(self.memory) // 2 :]
        seconds, sizes = [at for at, _ in half], [size for _, size in half]
        slope = float(statistics.linear_regression(seconds, sizes).slope)
        return slope * (seconds[-1] - seconds[0]) / sizes[0]

    @property
    def holds(self) -> bool:
        return self.keystrokes > 0 and self.growth <= GROWTH_MAX


async def come_and_go(
    data: Path,
    visits: int,
    seed: int,
    progress: Callable[[], None],
    *,
    conversations: int = CONVERSATIONS,
    unloading: bool = True,
) -> Coming:
    """Let people come and go so many times on a server on the empty folder `data`.

    It is looked at when it keeps no document. Not `unloading`, it is when it has no connection: then nobody
    writes, since a document that is loaded knows who did.
    """
    dice = random.Random(seed)
    seats = [seat for pair in await settle(data, conversations) for seat in pair]
    last, keys = (DOCUMENT, (0, 0, 1)) if unloading else (CONNECTION, (0,))
    server = RunningServer(data, demo=False)
    await asyncio.to_thread(server.start)
    try:
        for seat in seats:
            await _visit(server, seat, dice, keys=1)
        await _until_gone(server, last)
        outcome = Coming(before=_kept(server))
        memory = resident_bytes(server)

        async def come() -> None:
            while outcome.visits < visits:
                outcome.visits += 1
                await _visit(server, dice.choice(seats), dice, keys=dice.choice(keys))
                progress()

        await asyncio.gather(*(come() for _ in range(AT_ONCE)))
        await _until_gone(server, last)
        kept = _kept(server)
        outcome.left = {
            name: more for name, more in (kept - outcome.before).items() if more > LEFT_BEHIND_MAX
        }
        outcome.growth = resident_bytes(server) - memory
    finally:
        await asyncio.to_thread(server.stop)
    return outcome


async def work_all_day(data: Path, seconds: float, seed: int, progress: Callable[[float], None]) -> Day:
    """Let people work for so long on a server on the empty folder `data`. `progress` is told of minutes."""
    dice = random.Random(seed)
    pairs = await settle(data, CONVERSATIONS_OF_DAY)
    server = RunningServer(data, demo=False)
    await asyncio.to_thread(server.start)
    day = Day()
    began = time.monotonic()

    async def work() -> None:
        while time.monotonic() < began + seconds:
            employee, manager = dice.choice(pairs)
            await asyncio.gather(
                *(_visit(server, seat, dice, keys=KEYS_OF_VISIT, pages=True) for seat in (employee, manager))
            )
            day.visits += 2
            day.keystrokes += 2 * KEYS_OF_VISIT

    try:
        working = asyncio.gather(*(work() for _ in range(AT_ONCE // 2)))
        while not working.done():
            day.memory.append((time.monotonic() - began, resident_bytes(server)))
            await asyncio.wait((working,), timeout=SECONDS_BETWEEN_LOOKS)
            progress(SECONDS_BETWEEN_LOOKS / 60)
        await working
    finally:
        await asyncio.to_thread(server.stop)
    return day


async def _visit(
    server: RunningServer, seat: Seat, dice: random.Random, *, keys: int, pages: bool = False
) -> None:
    """Open a conversation, write a little in both panes, take that back and leave, politely or not."""
    if pages:
        cookie = {"Cookie": seat.cookie}
        async with httpx.AsyncClient(base_url=server.url, headers=cookie, timeout=None) as client:
            for address in ("/", f"/conversations/{seat.joint.split('/')[0]}"):
                (await client.get(address)).raise_for_status()
    device = Device(server.url, seat.cookie)
    await device.connect(seat.own, seat.joint)
    await device.until_synced()
    assert device.connected, "the server let go of a connection"
    for attached in device.documents.values():
        assert attached.synced, f"a document was refused: {attached.denied or attached.closed}"
    places = tuple(zip((seat.own, seat.joint), FIELDS, strict=True))
    for number in range(keys):
        document, field_name = dice.choice(places)
        await device.type(document, field_name, f"{number} ")
        await device.present(document, number + 1, "{}")
        await asyncio.sleep(SECONDS_BETWEEN_KEYS)
    for document, field_name in places:
        if keys:
            await device.delete_all(document, field_name)
        await device.until_acknowledged(document)
    if dice.random() < 0.5:
        device.vanish()
    await device.close()


def _kept(server: RunningServer) -> Counter[str]:
    kept = Counter({name: count for name, count in server.alive().items() if name.startswith(OURS)})
    assert server.process is not None
    kept["descriptors"] = sum(1 for _ in Path(f"/proc/{server.process.pid}/fd").iterdir())
    return kept


async def _until_gone(server: RunningServer, name: str) -> None:
    """Wait until the server keeps no object of a class."""
    for _ in range(SECONDS_TO_SETTLE):
        if not (await asyncio.to_thread(server.alive))[name]:
            return
        await asyncio.sleep(1)
    raise AssertionError(f"there is a {name} though nobody is there")
