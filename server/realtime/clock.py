"""Time for the rooms as the event loop tells it."""

import asyncio
import time


class LoopClock:
    """The ``Clock`` of ports.py on the running event loop."""

    # The loop's own time could not be asked in other threads.
    now = staticmethod(time.monotonic)

    def epoch_milliseconds(self) -> int:
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
