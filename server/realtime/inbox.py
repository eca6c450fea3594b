"""What waits for one document: everything that anybody asks of it, in one order."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crdt.messages import AwarenessEntry
from server.realtime.seat import Seat
from server.rules import limits
from server.storage.bells import BellsMissed, NodeLeft, PresenceSpoken, PresenceWanted


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody who may read the document has come."""

    seat: Seat


@dataclass(frozen=True, slots=True)
class Asked:
    """Step1: what the client has. It is answered with what it lacks."""

    seat: Seat
    state_vector: bytes


class Written(NamedTuple):
    """An Update or a Step2. ``worth`` is how many of the client's changes its acknowledgement settles."""

    seat: Seat
    update: bytes
    step2: bool
    worth: int


@dataclass(frozen=True, slots=True)
class Lacking:
    """A Written that turned out to build on what the document does not have."""

    seat: Seat
    worth: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """A client's presence."""

    seat: Seat
    entries: tuple[AwarenessEntry, ...]


@dataclass(frozen=True, slots=True)
class PresenceAsked:
    seat: Seat


@dataclass(frozen=True, slots=True)
class Gone:
    """The seat is empty, whoever ended it."""

    seat: Seat


@dataclass(frozen=True, slots=True)
class LogAhead:
    """Somebody else has written to the log: it reaches to ``sequence`` at least, or nobody knows how far."""

    sequence: int | None


@dataclass(frozen=True, slots=True)
class SpokenElsewhere:
    """Something about who has the document open on other nodes."""

    bell: PresenceSpoken | PresenceWanted | NodeLeft | BellsMissed


FromClient = Asked | Written | Spoken | PresenceAsked
_FROM_CLIENT = (Written, Asked, Spoken, PresenceAsked)
"""The same, as it is asked for at every key press."""
Item = FromClient | Joined | Lacking | Gone | LogAhead | SpokenElsewhere


def weight(item: FromClient) -> int:
    """Bytes that an item holds on to."""
    if type(item) is Written:
        return len(item.update)
    match item:
        case Asked(_, state_vector):
            return len(state_vector)
        case Spoken(_, entries):
            return sum(len(entry.state) for entry in entries)
        case _:
            return 0


def is_typing(item: Item | None) -> bool:
    """Whether it may be a key press, or is what pages say of where somebody is."""
    if type(item) is Written:
        return not item.step2 and len(item.update) <= limits.KEY_PRESS_BYTES_MAX
    return type(item) is Spoken


class Inbox:
    """Items in the order of their arrival. What a client sent is counted against its seat while it waits."""

    __slots__ = ("_items",)

    def __init__(self) -> None:
        self._items: deque[Item] = deque()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Item) -> bool:
        """Take an item in. False, and it is not taken, when its seat already has too much waiting."""
        if isinstance(item, _FROM_CLIENT) and not item.seat.wait(size := weight(item)):
            item.seat.waited(size)
            return False
        self._items.append(item)
        return True

    @property
    def first(self) -> Item | None:
        """What ``take`` would take; None if nothing waits."""
        return self._items[0] if self._items else None

    def take(self) -> Item:
        item = self._items.popleft()
        if isinstance(item, _FROM_CLIENT):
            item.seat.waited(weight(item))
        return item

    def put_back(self, items: Sequence[Item]) -> None:
        """Undo ``take`` of the items, which were taken in this order."""
        for item in items:
            if isinstance(item, _FROM_CLIENT):
                item.seat.wait(weight(item))
        self._items.extendleft(reversed(items))

    def clear(self) -> None:
        self._items.clear()
