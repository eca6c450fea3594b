"""The wire between nodes ends when it is told to, whatever it was about to hear."""

import asyncio
from collections.abc import Callable
from typing import Any

from server.storage.bell_wire import CHANNEL, BellWire


class Connection:
    """Stands for PostgreSQL's: hears every ring of its own at once, and says so to ``after``."""

    def __init__(self, after: Callable[[], None]) -> None:
        self.after = after
        self.rings = 0
        self.heard: dict[str, Callable[..., None]] = {}

    def add_termination_listener(self, _ended: Callable[..., None]) -> None: ...

    async def add_listener(self, channel: str, heard: Callable[..., None]) -> None:
        self.heard[channel] = heard

    async def execute(self, _statement: str, own: str) -> None:
        asyncio.get_running_loop().call_soon(self._ring, own)

    def _ring(self, own: str) -> None:
        self.rings += 1
        self.heard[own](self, 0, own, "")
        self.after()

    def terminate(self) -> None: ...


async def test_a_wire_that_is_closed_in_the_moment_it_hears_itself_ends() -> None:
    closings: list[asyncio.Task[None]] = []
    connection = Connection(lambda: closings.append(asyncio.create_task(wire.close())))

    async def connect() -> Any:
        return connection

    wire = BellWire(connect, "node", lambda _: None)
    await wire.open()
    async with asyncio.timeout(10):
        while not closings:
            await asyncio.wait([asyncio.create_task(_next_round())])
        await closings[0]
    assert CHANNEL in connection.heard
    assert connection.rings == 1


async def _next_round() -> None:
    """One round of the event loop."""
