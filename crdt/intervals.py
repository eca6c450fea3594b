"""Clock ranges of one client: where each clock stands (``Runs``), and which are gone (``Ranges``)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

Mark = TypeVar("Mark")


class Runs(Generic[Mark]):
    """What each clock from ``start`` on is marked with. Adjacent clocks with the same mark are one run,
    so that typing on costs nothing."""

    __slots__ = ("_ends", "_marks", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self._ends: list[int] = []
        self._marks: list[Mark] = []

    @property
    def end(self) -> int:
        return self._ends[-1] if self._ends else self.start

    def append(self, end: int, mark: Mark) -> None:
        """Mark the clocks from ``self.end`` up to ``end``."""
        if self._marks and self._marks[-1] is mark:
            self._ends[-1] = end
        else:
            self._ends.append(end)
            self._marks.append(mark)

    def extend(self, following: "Runs[Mark]") -> None:
        """Append runs that begin where these end."""
        for end, mark in zip(following._ends, following._marks, strict=True):
            self.append(end, mark)

    def followed_by(self, following: "Runs[Mark]") -> "Runs[Mark]":
        """Runs of their own: these, and others that begin where these end."""
        both = Runs[Mark](self.start)
        both.extend(self)
        both.extend(following)
        return both

    def at(self, clock: int) -> Mark:
        return self._marks[bisect_right(self._ends, clock)]

    def between(self, start: int, end: int) -> Iterator[Mark]:
        """The marks of the clocks that are within ``start`` … ``end``, one a run."""
        if start < self.end and end > self.start:
            first = bisect_right(self._ends, start)
            yield from self._marks[first : bisect_left(self._ends, end) + 1]


class Ranges:
    """A set of clocks, kept as disjoint ranges in order."""

    __slots__ = ("_ends", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def missing(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The parts of ``start`` … ``end`` that are not in the set."""
        for index in range(bisect_right(self._ends, start), len(self._starts)):
            if self._starts[index] >= end:
                break
            if start < self._starts[index]:
                yield start, self._starts[index]
            start = self._ends[index]
        if start < end:
            yield start, end

    def meets(self, start: int, end: int) -> bool:
        """Whether any of ``start`` … ``end`` is in the set."""
        index = bisect_right(self._ends, start)
        return index < len(self._starts) and self._starts[index] < end

    def update(self, other: "Ranges") -> None:
        for start, end in zip(other._starts, other._ends, strict=True):
            self.add(start, end)

    def add(self, start: int, end: int) -> None:
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]


def merged(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same clocks as disjoint ranges in order."""
    start = end = 0
    for begins, ends in sorted(ranges):
        if begins > end:
            if end > start:
                yield start, end
            start = begins
        end = max(end, ends)
    if end > start:
        yield start, end
