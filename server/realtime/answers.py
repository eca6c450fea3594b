"""The second half of a turn: what only reads, or only concerns presence, after the commit."""

import logging
from collections.abc import Callable

from crdt.errors import DocumentBroken, ProtocolError
from server.realtime.audience import Audience
from server.realtime.closings import DocumentClosing
from server.realtime.effort import Effort
from server.realtime.inbox import (
    Asked,
    Gone,
    Item,
    Joined,
    Lacking,
    PresenceAsked,
    Spoken,
    SpokenElsewhere,
    Written,
)
from server.realtime.replica import Replica
from server.realtime.seat import Seat

log = logging.getLogger(__name__)


class Answers:
    """Of one document."""

    def __init__(
        self, replica: Replica, audience: Audience, effort: Effort, expel: Callable[[Seat, str], None]
    ) -> None:
        self._id = replica.id
        self._replica = replica
        self._audience = audience
        self._effort = effort
        self._expel = expel

    async def answer(self, item: Item) -> None:
        """Carry out what only reads, or only concerns presence. Raises DocumentBroken."""
        match item:
            case Joined(seat):
                self._audience.welcome(seat)
            case Asked(seat) | Written(seat) | Lacking(seat) if seat.is_present:
                await self._read(item)
            case Spoken():
                self.hear(item)
            case PresenceAsked(seat):
                self._audience.show_everybody(seat)
            case SpokenElsewhere(bell):
                self._audience.hear(bell)
            case Gone(seat):
                self._audience.remove(seat)
            case _:
                pass

    def hear(self, item: Spoken) -> None:
        """Show the others what somebody says of herself."""
        if item.seat.is_present:
            self._audience.speak(item.seat, item.entries)

    async def _read(self, item: Asked | Written | Lacking) -> None:
        document, seat = self._replica.document, item.seat
        if self._effort.is_spent(seat.author.person):
            # The text stays with the page.
            self._expel(seat, DocumentClosing.UNAVAILABLE)
            return
        try:
            match item:
                case Asked(_, state_vector):
                    diff = self._effort.spend(seat.author.person, document.diff, state_vector)
                    seat.answer(document.state_vector(), diff)
                case Written(_, update, _, worth):
                    spend = self._effort.spend if document.is_quick(update) else self._effort.spend_aside
                    contains = spend(seat.author.person, document.contains, update)
                    seat.acknowledge(contains if isinstance(contains, bool) else await contains, worth)
                case Lacking(_, worth):
                    seat.resync(document.state_vector(), worth)
        except ProtocolError as error:
            log.info("document %d refuses what it was asked: %s", self._id, error)
            self._expel(seat, DocumentClosing.REFUSED)
        except DocumentBroken:
            self._expel(seat, DocumentClosing.UNAVAILABLE)
            raise
