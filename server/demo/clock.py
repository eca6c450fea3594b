"""Time in the play: a clock that is moved from day to day, and what happens on each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

MORNING = time(9, 0)


class Played:
    """A clock that stands where the play has come to, and never in the future."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._at = now

    def __call__(self) -> datetime:
        return self._at

    @property
    def today(self) -> datetime:
        return self._now

    def go_to(self, day: int) -> None:
        """Go to the morning of a day, counted from the day of the play; a minute on if it is there."""
        morning = datetime.combine(self._now + timedelta(days=day), MORNING, UTC)
        later = self._at + timedelta(minutes=1)
        same_day = later.date() == morning.date()
        self._at = min(max(morning, later) if same_day else morning, self._now)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens on a day, counted from the day of the play."""

    day: int
    happens: Callable[[], Awaitable[None]]
