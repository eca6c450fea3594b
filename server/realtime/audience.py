"""Everybody who has one document open, and what each of them is told of the others."""

from collections.abc import Callable

from crdt.messages import AwarenessEntry
from crdt.presence import Presence
from server.realtime.closings import DocumentClosing
from server.realtime.seat import Seat


class Audience:
    """The seats of a document. ``epoch_milliseconds`` is the clock that presence counts by."""

    __slots__ = ("_presence", "seats")

    def __init__(self, epoch_milliseconds: Callable[[], int]) -> None:
        self.seats: set[Seat] = set()
        self._presence = Presence(epoch_milliseconds)

    def broadcast(self, change: bytes | None, writer: Seat | None = None) -> None:
        """Pass a change on to everybody but its writer."""
        if change is not None:
            for seat in self.seats:
                if seat is not writer:
                    seat.update(change)

    def welcome(self, seat: Seat) -> None:
        """Let somebody in, and show who is here."""
        seat.grant()
        self.show_everybody(seat)

    def show_everybody(self, seat: Seat) -> None:
        if all(_may_see(seat, other) for other in self.seats):
            seat.presence(self._presence.everybody())

    def speak(self, seat: Seat, entries: tuple[AwarenessEntry, ...]) -> None:
        """Show the others what somebody says of herself."""
        self._show(self._presence.speak(seat, entries, seat.user), seat)

    def remove(self, seat: Seat) -> None:
        """The seat is empty: the others see it at once."""
        self.seats.discard(seat)
        self._show(self._presence.leave(seat), seat)

    def close(self, closing: DocumentClosing) -> None:
        """End it for everybody."""
        for seat in self.seats:
            seat.expel(closing)
        self.seats.clear()

    def _show(self, entries: tuple[AwarenessEntry, ...], speaker: Seat) -> None:
        for seat in self.seats:
            if seat is not speaker and _may_see(seat, speaker):
                seat.presence(entries)


def _may_see(seat: Seat, other: Seat) -> bool:
    """Of a private document only its owner's own connections are told, whoever else was let in.

    The other's own opening says whether it is private now: the pane may have been opened since.
    """
    return not other.opening.private or seat.author.person == other.author.person
