"""What a document takes from its inbox for one commit."""

from functools import lru_cache

from crdt.document import Merged
from server.realtime.inbox import Item, Spoken, Written
from server.realtime.seat import Seat
from server.storage.update_log import Append, Summary, Touch

_touch = lru_cache(maxsize=4_096)(Touch)
"""Few people write in few fields, and each does so several times a second."""


class Turn:
    """Items in their order: those that were merged, and those that are answered after the commit."""

    __slots__ = ("_new_clients", "_touched", "change", "items", "later", "spoken", "writes")

    def __init__(self) -> None:
        self.items: list[Item] = []
        """All of them, to be taken once more if the turn fails."""
        self.writes: list[Written] = []
        self.later: list[Item] = []
        self.spoken: list[Spoken] = []
        """What is answered at once, beside what was typed."""
        self.change: bytes | None = None
        """What the writes changed together, as the document encodes it; None if nothing."""
        self._touched: dict[Touch, None] = {}
        self._new_clients: dict[int, str] = {}

    def add(self, item: Written, merged: Merged) -> None:
        """Count in a write that has been merged."""
        person = item.seat.author.person
        self.writes.append(item)
        for field in sorted(merged.touched):
            self._touched[Touch(person, field)] = None
        for client in merged.new_clients:
            self._new_clients[client] = person

    def add_typed(self, item: Written, field: str) -> None:
        """Count in a key press that has been merged."""
        self.writes.append(item)
        self._touched[_touch(item.seat.opening.author.person, field)] = None

    def worths(self) -> dict[Seat, int]:
        """How many of its changes are settled, for each seat that wrote."""
        worths: dict[Seat, int] = {}
        for seat, _, _, worth in self.writes:
            worths[seat] = worths.get(seat, 0) + worth
        return worths

    @property
    def fields(self) -> frozenset[str]:
        """The fields that the writes touched together."""
        return frozenset(touch.field for touch in self._touched)

    def as_append(self, document: int, summary: Summary | None, follows: int) -> Append:
        """Of a turn that has a change. ``follows``: number of the last change that the summary counts in."""
        authors = tuple({item.seat.opening.author: None for item in self.writes})
        new_clients = tuple(self._new_clients.items())
        change = self.change or b""
        return Append(document, change, authors, tuple(self._touched), new_clients, summary, follows)
