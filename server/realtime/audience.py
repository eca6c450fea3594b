"""Everybody who has one document open, and what each of them is told of the others.

Whoever is connected to another node speaks as if by a connection here, so that the rules of
``crdt.presence`` hold across nodes too: who moves from one to another leaves no ghost behind.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from crdt.messages import GONE, AwarenessEntry
from crdt.presence import Presence
from server.realtime.closings import DocumentClosing
from server.realtime.herald import Herald
from server.realtime.ports import Clock
from server.realtime.seat import Seat
from server.rules import limits
from server.storage.bells import BellsMissed, NodeLeft, PresenceSpoken, PresenceWanted


@dataclass(frozen=True, slots=True)
class _Distant:
    """A connection to another node."""

    node: str
    client: int


@dataclass(frozen=True, slots=True)
class _Heard:
    """What is known of one: whose it is, whether others may be told, and when it was heard of."""

    person: str
    private: bool
    at: float


class Audience:
    """The seats of a document. ``herald`` is None where there are no other nodes."""

    __slots__ = ("_clock", "_distant", "_document", "_herald", "_presence", "seats")

    def __init__(self, document: int, clock: Clock, herald: Herald | None) -> None:
        self.seats: set[Seat] = set()
        self._document = document
        self._clock = clock
        self._herald = herald
        self._presence = Presence(clock.epoch_milliseconds, limits.PRESENCE_CLIENTS_OF_PERSON_MAX)
        self._distant: dict[_Distant, _Heard] = {}

    @property
    def persons(self) -> Mapping[int, str]:
        """Whose each Yjs client id is that anybody has been told of."""
        return self._presence.persons

    def deliver(self, worths: Mapping[Seat, int], change: bytes | None) -> None:
        """Acknowledge what has been written, then pass the change on.

        ``worths``: how many of its changes that settles, for each seat that wrote. If it is only one, it has
        the change.
        """
        is_known = len(worths) == 1
        for seat in self.seats:
            worth = worths.get(seat)
            if worth is None:
                seat.deliver(0, change)
            else:
                seat.deliver(worth, None if is_known else change)

    def broadcast(self, change: bytes | None) -> None:
        """Pass on what came from elsewhere."""
        if change is not None:
            for seat in self.seats:
                seat.deliver(0, change)

    def welcome(self, seat: Seat) -> None:
        """Let somebody in, and show who is here."""
        seat.grant()
        self.show_everybody(seat)

    def show_everybody(self, seat: Seat) -> None:
        if all(_may_see(seat, other) for other in self.seats) and all(
            _may_see_distant(seat, heard) for heard in self._distant.values()
        ):
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
        self._announce(entries, speaker)

    # Other nodes.

    def ask_elsewhere(self) -> None:
        """Ask the other nodes who is there."""
        if self._herald is not None:
            self._herald.ask(self._document)

    def hear(self, bell: PresenceSpoken | PresenceWanted | NodeLeft | BellsMissed) -> None:
        """Take in what another node says of who is there, or answer it."""
        match bell:
            case PresenceSpoken() if bell.state == GONE:
                self._forget(_Distant(bell.node, bell.client))
            case PresenceSpoken():
                self._hear_distant(bell)
            case NodeLeft(node):
                for distant in [distant for distant in self._distant if distant.node == node]:
                    self._forget(distant)
            case PresenceWanted():
                self._announce_everybody()
            case BellsMissed():
                self._announce_everybody()
                self.ask_elsewhere()

    def expire(self) -> None:
        """Forget those whom their nodes no longer speak of. Called every PULSE_SECONDS."""
        oldest = self._clock.now() - limits.PRESENCE_SECONDS_MAX
        for distant in [distant for distant, heard in self._distant.items() if heard.at < oldest]:
            self._forget(distant)

    def _hear_distant(self, spoken: PresenceSpoken) -> None:
        distant = _Distant(spoken.node, spoken.client)
        user = json.loads(spoken.state)["user"]
        self._presence.count_from(spoken.clock)
        said = AwarenessEntry(spoken.client, spoken.clock, spoken.state)
        if entries := self._presence.speak(distant, (said,), user):
            heard = self._distant[distant] = _Heard(user["id"], spoken.private, self._clock.now())
            self._show_distant(entries, heard)

    def _forget(self, distant: _Distant) -> None:
        if (heard := self._distant.pop(distant, None)) is not None:
            self._show_distant(self._presence.leave(distant), heard)

    def _show_distant(self, entries: tuple[AwarenessEntry, ...], heard: _Heard) -> None:
        for seat in self.seats:
            if _may_see_distant(seat, heard):
                seat.presence(entries)

    def _announce_everybody(self) -> None:
        for seat in self.seats:
            self._announce(self._presence.of(seat), seat)

    def _announce(self, entries: tuple[AwarenessEntry, ...], speaker: Seat) -> None:
        if self._herald is not None:
            for entry in entries:
                self._herald.tell(self._document, entry, speaker.opening.private)


def _may_see(seat: Seat, other: Seat) -> bool:
    """Of a private document only its owner's own connections are told, whoever else was let in.

    The other's own opening says whether it is private now: the pane may have been opened since.
    """
    return not other.opening.private or seat.author.person == other.author.person


def _may_see_distant(seat: Seat, heard: _Heard) -> bool:
    """The same. The other node may have learnt of a change before this one did, or after it."""
    is_private = heard.private or seat.opening.private
    return not is_private or seat.author.person == heard.person
