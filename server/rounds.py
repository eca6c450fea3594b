"""Work that is done again and again in the background, as long as the server runs: one task each, a node."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from server.rules.errors import StorageUnavailable
from server.rules.limits import DRAIN_SECONDS_MAX, ROUND_GRACE_SECONDS

log = logging.getLogger(__name__)


class Rounds:
    """Calls ``work`` every so many seconds, and at once when it is told that there may be something to do.

    ``work`` does what is due and returns; what it leaves half done it must find again. Other nodes call the
    same beside this one. What it raises is logged and ends nothing.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[None]],
        every_seconds: float,
        first_after_seconds: float = 0.0,
    ) -> None:
        self._name = name
        self._work = work
        self._every = every_seconds
        self._first = first_after_seconds
        self._called = asyncio.Event()
        self._is_stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in a task of its own."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name=self._name)

    def call(self) -> None:
        """Have the next round begin now."""
        self._called.set()

    async def stop(self) -> None:
        """End: after the round if that is soon over, else in its middle. The database keeps each transaction
        whole."""
        if self._task is not None:
            self._is_stopping = True
            self._called.set()
            # What is asked of the database while it closes would be answered to nobody.
            await asyncio.wait((self._task,), timeout=ROUND_GRACE_SECONDS)
            self._task.cancel()
            await asyncio.wait((self._task,), timeout=DRAIN_SECONDS_MAX)

    async def _run(self) -> None:
        await self._rest(self._first)
        while not self._is_stopping:
            self._called.clear()
            try:
                await self._work()
            except StorageUnavailable:
                log.warning("%s: waits for the database", self._name)
            except Exception:
                # Nobody waits for this task, so nobody would see that it has ended.
                log.exception("%s: could not be done; it is tried again", self._name)
            if not self._is_stopping:
                await self._rest(self._every)

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._called.wait()
