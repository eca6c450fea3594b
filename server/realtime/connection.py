"""One socket: the protocol's state machine, with a transport, deadlines and limits around it."""

import asyncio
import logging
from typing import TYPE_CHECKING

from crdt import protocol
from crdt.errors import ProtocolError
from crdt.messages import AwarenessEntry, Ping, encode
from crdt.protocol import Attachment
from server.realtime.allowance import Allowance
from server.realtime.closings import (
    RESET,
    STALLED,
    TIMEOUT,
    TOO_MUCH,
    DocumentClosing,
    SocketClosing,
)
from server.realtime.inbox import Asked, PresenceAsked, Spoken, Written
from server.realtime.outbox import Outbox, Post
from server.realtime.ports import Clock, OpeningDenied, Scope, Transport
from server.realtime.seat import Seat
from server.realtime.tasks import Tasks
from server.rules import limits
from server.rules.errors import StorageUnavailable
from server.storage.update_log import Author

if TYPE_CHECKING:
    from server.realtime.live_document import LiveDocument
    from server.realtime.rooms import Rooms

log = logging.getLogger(__name__)

PING = encode("", Ping())


class Connection:
    """See the module. ``receive`` and every other method returns at once; what takes time is a task.

    A frame that cannot be decoded closes the socket; what concerns one document closes that alone.
    """

    __slots__ = (
        "_allowance", "_clock", "_has_been_granted", "_openings", "_outbox", "_protocol", "_rooms",
        "_seats", "_since", "_tasks", "_waiting_since", "author",
    )  # fmt: skip

    def __init__(
        self,
        author: Author,
        rooms: "Rooms",
        transport: Transport,
        post: Post,
        clock: Clock,
        tasks: Tasks,
    ) -> None:
        self.author = author
        self._rooms = rooms
        self._clock = clock
        self._tasks = tasks
        self._since = clock.now()
        self._protocol = protocol.Connection(limits.WIRE)
        self._outbox = Outbox(transport, post, tasks, clock, self._ended)
        self._allowance = Allowance(
            limits.INBOUND_BYTES_PER_SECOND_MAX, limits.INBOUND_BURST_BYTES_MAX, self._since
        )
        self._openings: dict[Attachment, asyncio.Task[None]] = {}
        self._seats: dict[Attachment, tuple[Seat, LiveDocument]] = {}
        self._waiting_since: dict[Attachment, float] = {}
        self._has_been_granted = False

    @property
    def is_closed(self) -> bool:
        return self._outbox.closing is not None

    async def flushed(self) -> None:
        """Return when everything has been handed to the socket, its closing included."""
        await self._outbox.flushed()

    # From the socket.

    def receive(self, frame: bytes) -> None:
        """Take one binary frame from the client."""
        if self._outbox.closing is not None or self._rooms.is_draining:
            return
        if not self._allowance.take(len(frame), self._clock.now()):
            self.close(TOO_MUCH)
            return
        if (pressed := self._protocol.pressed(frame)) is not None:
            key, update = pressed
            seat, document = self._seats[key]
            document.put(Written(seat, update, False, 1))
            return
        try:
            events = self._protocol.receive(frame)
        except ProtocolError as error:
            log.info("a socket is reset: %s", error)
            self.close(RESET)
            return
        self._take(events)

    def close(self, closing: SocketClosing) -> None:
        """Close the socket behind what has been sent, and give up every seat."""
        self._outbox.close(closing)

    def gone(self) -> None:
        """The socket is no more."""
        self._outbox.drop()

    def tick(self, now: float, ping: bool) -> None:
        """Look at the deadlines. Called every PULSE_SECONDS; ``ping`` on the fixed clock of all sockets."""
        self._outbox.cut_if_stalled()
        if self.is_closed:
            return
        if not self._has_been_granted and now - self._since > limits.AUTH_SECONDS_MAX:
            self.close(TIMEOUT)
            return
        for key, since in tuple(self._waiting_since.items()):
            if now - since > limits.AUTH_SECONDS_MAX:
                self._give_up(key)
        if ping:
            self._outbox.put((PING,))

    # What the client says.

    def _take(self, events: list[protocol.Event]) -> None:
        for event in events:
            if self.is_closed:
                return
            match event:
                case protocol.Authenticate(key, again=False):
                    self._waiting_since[key] = self._clock.now()
                    self._openings[key] = self._tasks.start(self._open(key))
                case protocol.Authenticate(key):
                    self._rooms.ask_again_about(self._seats[key][0].opening.room)
                case protocol.StateVector(key, state_vector):
                    seat, document = self._seats[key]
                    document.put(Asked(seat, state_vector))
                case protocol.Update(key, update, step2, worth):
                    seat, document = self._seats[key]
                    document.put(Written(seat, update, step2, worth))
                case protocol.Presence(key, entries):
                    seat, document = self._seats[key]
                    document.put(Spoken(seat, entries))
                case protocol.PresenceAsked(key):
                    seat, document = self._seats[key]
                    document.put(PresenceAsked(seat))
                case protocol.Detached(key):
                    self._leave(key)
                case protocol.Violation(key, error, frames):
                    log.info("a document is closed: %s", error)
                    self._outbox.put(frames)
                    self._leave(key)
                case protocol.Pong():
                    pass

    async def _open(self, key: Attachment) -> None:
        """Ask for the document, and sit down at it. Cancelled when the client leaves meanwhile."""
        changes = None
        try:
            # Rights may change while they are read, which no bell reaches before the seat is taken.
            while changes != self._rooms.changes:
                changes = self._rooms.changes
                opening = await self._rooms.desk.open(self.author.session, key.document)
        except OpeningDenied as denied:
            self._deny(key, denied.reason)
        except StorageUnavailable:
            self._deny(key, DocumentClosing.UNAVAILABLE)
        else:
            del self._openings[key]
            seat = Seat(self, key, opening)
            document = self._rooms.document(opening)
            self._seats[key] = seat, document
            await document.join(seat)
            # What it has been told waits for no further turn of the event loop.
            self._outbox.write()

    def _deny(self, key: Attachment, reason: str) -> None:
        del self._openings[key]
        self._waiting_since.pop(key, None)
        self._outbox.put(self._protocol.deny(key, reason))

    def _leave(self, key: Attachment) -> None:
        self._waiting_since.pop(key, None)
        if (opening := self._openings.pop(key, None)) is not None:
            opening.cancel()
        if (seated := self._seats.pop(key, None)) is not None:
            seat, document = seated
            document.leave(seat)

    def _give_up(self, key: Attachment) -> None:
        """The document has not been opened in time."""
        if (opening := self._openings.get(key)) is not None:
            opening.cancel()
            self._deny(key, DocumentClosing.UNAVAILABLE)
        elif (seated := self._seats.get(key)) is not None:
            seat, document = seated
            document.expel(seat, DocumentClosing.UNAVAILABLE)

    def _ended(self) -> None:
        for key in (*self._openings, *self._seats):
            self._leave(key)

    # What is said to the client: the ``Line`` of its seats.

    def granted(self, seat: Seat, scope: Scope) -> None:
        self._waiting_since.pop(seat.key, None)
        self._has_been_granted = True
        frames, events = self._protocol.grant(seat.key, scope)
        self._outbox.put(frames)
        self._take(events)

    def denied(self, seat: Seat, closing: str) -> None:
        self._forget(seat)
        self._outbox.put(self._protocol.deny(seat.key, closing))

    def closed(self, seat: Seat, closing: str) -> None:
        self._forget(seat)
        self._outbox.put(self._protocol.close_document(seat.key, closing))

    def over_limit(self) -> None:
        self.close(STALLED)

    def handshake(self, key: Attachment, state_vector: bytes, diff: bytes) -> None:
        self._outbox.put(self._protocol.handshake(key, state_vector, diff))

    def resync(self, key: Attachment, state_vector: bytes, worth: int) -> None:
        self._outbox.put(self._protocol.resync(key, state_vector, worth))

    def deliver(self, key: Attachment, worth: int, update: bytes | None) -> None:
        self._outbox.put(self._protocol.deliver(key, worth, update))

    def refuse(self, key: Attachment) -> None:
        self._outbox.put(self._protocol.refuse(key))

    def presence(self, key: Attachment, entries: tuple[AwarenessEntry, ...]) -> None:
        self._outbox.put(self._protocol.presence(key, entries))

    def stateless(self, key: Attachment, payload: str) -> None:
        self._outbox.put(self._protocol.stateless(key, payload))

    def _forget(self, seat: Seat) -> None:
        self._waiting_since.pop(seat.key, None)
        self._seats.pop(seat.key, None)
