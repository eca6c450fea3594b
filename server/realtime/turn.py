"""What a document takes from its inbox for one commit."""

from crdt.document import Merged
from server.realtime.inbox import Item, Written
from server.realtime.seat import Seat
from server.storage.update_log import Append, Summary, Touch


class Turn:
    """Items in their order: those that were merged, and those that are answered after the commit."""

    __slots__ = ("_new_clients", "_touched", "change", "items", "later", "writes")

    def __init__(self) -> None:
        self.items: list[Item] = []
        """All of them, to be taken once more if the turn fails."""
        self.writes: list[Written] = []
        self.later: list[Item] = []
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

    @property
    def sole_writer(self) -> Seat | None:
        """The one seat that wrote everything: it need not be told what it wrote."""
        seats = {item.seat for item in self.writes}
        return seats.pop() if len(seats) == 1 else None

    @property
    def fields(self) -> frozenset[str]:
        """The fields that the writes touched together."""
        return frozenset(touch.field for touch in self._touched)

    def as_append(self, document: int, change: bytes, summary: Summary | None, follows: int) -> Append:
        """``follows``: number of the last change that the summary counts in."""
        return Append(
            document=document,
            change=change,
            authors=tuple(dict.fromkeys(item.seat.author for item in self.writes)),
            touched=tuple(self._touched),
            new_clients=tuple(self._new_clients.items()),
            summary=summary,
            follows=follows,
        )
