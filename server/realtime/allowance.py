"""How much one connection may send: a bucket that fills with time and empties with bytes."""


class Allowance:
    """``per_second`` bytes a second over time, ``burst`` bytes at once."""

    __slots__ = ("_at", "_burst", "_left", "_per_second")

    def __init__(self, per_second: int, burst: int, now: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._left = float(burst)
        self._at = now

    def take(self, amount: int, now: float) -> bool:
        """Take ``amount`` bytes at the time ``now`` (seconds), or say that there is not enough left."""
        left = self._left + (now - self._at) * self._per_second
        # At every frame: a comparison takes a third of what min() does.
        left = min(left, self._burst)
        self._at = now
        is_enough = amount <= left
        self._left = left - amount if is_enough else left
        return is_enough
