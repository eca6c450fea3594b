"""How long what one person sends may occupy this node: while it is merged, everybody else waits.

A small update can be made to cost a second (``crdt.bounds``, ``update_comparisons_max``), and be sent
again and again. What honest people write takes milliseconds.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from server.realtime.ports import Clock
from server.rules import limits


class Effort:
    """Seconds that each person has left: EFFORT_SECONDS_MAX, which come back EFFORT_SECONDS_BACK a second.

    The last piece of work is let through whole, so that even the largest can be done: then there is a debt.
    """

    __slots__ = ("_clock", "_left")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}
        """Person -> seconds that were left, and when. Whoever is not in here has them all."""

    def is_spent(self, person: str) -> bool:
        """Say whether the person has to wait."""
        return self._left_of(person, self._clock.now()) <= 0

    @contextmanager
    def of(self, person: str) -> Iterator[None]:
        """Count the time that passes inside, which must not await, as the person's."""
        began = self._clock.now()
        try:
            yield
        finally:
            now = self._clock.now()
            self._left[person] = self._left_of(person, began) - (now - began), now

    def _left_of(self, person: str, now: float) -> float:
        left, at = self._left.get(person, (limits.EFFORT_SECONDS_MAX, now))
        return min(limits.EFFORT_SECONDS_MAX, left + (now - at) * limits.EFFORT_SECONDS_BACK)
