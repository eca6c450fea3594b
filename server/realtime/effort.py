"""How long what one person sends may occupy this node: while it is merged, everybody else waits.

A small update can be made to cost a second (``crdt.bounds``, ``update_comparisons_max``), and be sent
again and again. What honest people write takes milliseconds.
"""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from server.realtime.ports import Clock
from server.rules import limits

T = TypeVar("T")
P = ParamSpec("P")


class Effort:
    """Seconds that each person has left: EFFORT_SECONDS_MAX, which come back EFFORT_SECONDS_BACK a second.

    The last piece of work is let through whole, so that even the largest can be done: then there is a debt.
    """

    __slots__ = ("_at_once", "_clock", "_left")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at_once = asyncio.Semaphore(limits.SLOW_MERGES_AT_ONCE_MAX)
        self._left: dict[str, tuple[float, float]] = {}
        """Person -> seconds that were left, and when. Whoever is not in here has them all."""

    def is_spent(self, person: str) -> bool:
        """Say whether the person has to wait."""
        return self._left_of(person, self._clock.now()) <= 0

    async def spend_aside(self, person: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As ``spend``, in another thread: others need not wait until it ends."""
        async with self._at_once:
            return await asyncio.to_thread(lambda: self.spend(person, work, *args, **kwargs))

    def spend(self, person: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do the work, and count the time that it takes as the person's."""
        began = self._clock.now()
        try:
            return work(*args, **kwargs)
        finally:
            now = self._clock.now()
            self._left[person] = self._left_of(person, began) - (now - began), now

    def _left_of(self, person: str, now: float) -> float:
        left, at = self._left.get(person, (limits.EFFORT_SECONDS_MAX, now))
        return min(limits.EFFORT_SECONDS_MAX, left + (now - at) * limits.EFFORT_SECONDS_BACK)
