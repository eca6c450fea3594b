"""All rooms of this node: who is connected, what is loaded, what the bells say, and the one clock."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Coroutine, Iterable, Iterator
from typing import Any

from server.realtime.closings import SERVICE_RESTART, TOO_MUCH, UNAUTHORIZED
from server.realtime.connection import Connection
from server.realtime.effort import Effort
from server.realtime.herald import Herald
from server.realtime.inbox import LogAhead, SpokenElsewhere
from server.realtime.keystrokes import Keystrokes
from server.realtime.live_document import LiveDocument
from server.realtime.memory import give_back
from server.realtime.outbox import Post
from server.realtime.ports import Clock, Desk, Opening, Transport
from server.realtime.room import Room
from server.realtime.tasks import Tasks
from server.rules import limits
from server.rules.errors import StorageUnavailable
from server.storage.bells import (
    Bell,
    BellsMissed,
    ConversationChanged,
    LogMoved,
    NodeLeft,
    OtherNodes,
    PersonChanged,
    PresenceSpoken,
    PresenceWanted,
    RoomChanged,
    SessionEnded,
)
from server.storage.update_log import Author, UpdateLog

log = logging.getLogger(__name__)


class Rooms:
    """Made once, in ``server/app.py``: ``start`` it, let it ``hear`` the database's bells, ``drain`` it.

    Everything happens in one event loop.
    """

    def __init__(
        self, desk: Desk, update_log: UpdateLog, clock: Clock, others: OtherNodes | None = None
    ) -> None:
        self.desk = desk
        self.is_draining = False
        self.changes = 0
        """How often rights may have changed. Whoever asked before the last change asks again."""
        self._log = update_log
        self._clock = clock
        self._tasks = Tasks()
        self._herald = None if others is None else Herald(others, clock, self._tasks)
        self._effort = Effort(clock)
        self._post = Post()
        self._keystrokes = Keystrokes(update_log, clock, self._tasks, self._post)
        self._connections: set[Connection] = set()
        self._connections_of: defaultdict[str, set[Connection]] = defaultdict(set)
        self._rooms: dict[str, Room] = {}
        self._documents: dict[int, LiveDocument] = {}
        self._session_check: asyncio.Task[None] | None = None
        self._let_go = 0
        """Documents whose memory was let go of since it was last given back."""

    # Connections.

    def connect(self, author: Author, transport: Transport) -> Connection:
        """A new socket of a person. It is closed at once if the person has too many, or when draining."""
        connection = Connection(author, self, transport, self._post, self._clock, self._tasks)
        mine, most = self._connections_of[author.person], limits.CONNECTIONS_PER_PERSON_MAX
        self._connections.add(connection)
        mine.add(connection)
        if self.is_draining:
            connection.close(SERVICE_RESTART)
        elif len(mine) > most and sum(1 for one in mine if not one.is_closed) > most:
            connection.close(TOO_MUCH)
        return connection

    def disconnect(self, connection: Connection) -> None:
        """The socket is no more."""
        connection.gone()
        self._connections.discard(connection)
        mine = self._connections_of[connection.author.person]
        mine.discard(connection)
        if not mine:
            del self._connections_of[connection.author.person]

    # Documents.

    def document(self, opening: Opening) -> LiveDocument:
        """The live document of an opening."""
        room = self._rooms.get(opening.room)
        if room is None:
            room = self._rooms[opening.room] = Room(opening.room, self.desk, self._make)
        return room.document(opening)

    def _make(self, room: Room, opening: Opening) -> LiveDocument:
        def ended(document: LiveDocument) -> None:
            room.forget(document)
            if self._documents.get(document.id) is document:
                del self._documents[document.id]
            if not room.documents and self._rooms.get(room.key) is room:
                del self._rooms[room.key]

        document = LiveDocument(
            opening,
            self._log,
            self._clock,
            self._tasks,
            self._effort,
            self._herald,
            self._keystrokes,
            room.ask_again,
            ended,
        )
        self._documents[opening.document] = document
        return document

    def ask_again_about(self, key: str) -> None:
        """Read the rights of everybody in a room anew."""
        if (room := self._rooms.get(key)) is not None:
            self._tasks.start(room.ask_again())

    # The doorbell.

    def hear(self, bell: Bell) -> None:
        """Act on what a transaction said once it had committed, on this node or another. Returns at once."""
        match bell:
            case LogMoved(document, sequence):
                if (live := self._documents.get(document)) is not None:
                    live.put(LogAhead(sequence))
                return
            case PresenceSpoken(document) | PresenceWanted(document):
                if (live := self._documents.get(document)) is not None:
                    live.put(SpokenElsewhere(bell))
                return
            case NodeLeft():
                for live in self._documents.values():
                    live.put(SpokenElsewhere(bell))
                return
            case SessionEnded(session):
                self._end_session(session)
            case ConversationChanged(key) | RoomChanged(key):
                if (room := self._rooms.get(key)) is not None:
                    self._tasks.start(room.changed())
            case PersonChanged(person):
                for room in self._rooms_of(person):
                    self._tasks.start(room.ask_again())
                self._tasks.start(self._check_sessions(self._connections_of.get(person, ())))
            case BellsMissed():
                self._look_at_everything(bell)
        self.changes += 1

    def _look_at_everything(self, bell: BellsMissed) -> None:
        for document in self._documents.values():
            document.put(LogAhead(None))
            document.put(SpokenElsewhere(bell))
        for room in self._rooms.values():
            self._tasks.start(room.changed())
        self._tasks.start(self._check_sessions(self._connections))

    def _end_session(self, session: str) -> None:
        for connection in tuple(self._connections):
            if connection.author.session == session:
                connection.close(UNAUTHORIZED)

    def _rooms_of(self, person: str) -> Iterator[Room]:
        for room in self._rooms.values():
            if any(seat.author.person == person for live in room.documents.values() for seat in live.seats):
                yield room

    # The clock.

    def start(self) -> None:
        """Begin to look at the clock."""
        self._tasks.start(self._pulse())

    async def _pulse(self) -> None:
        began = self._clock.now()
        beat = 0
        while True:
            beat += 1
            await self._clock.sleep(max(0.0, began + beat * limits.PULSE_SECONDS - self._clock.now()))
            await self._tick(self._clock.now(), beat * limits.PULSE_SECONDS)

    async def _tick(self, now: float, elapsed: int) -> None:
        ping = elapsed % limits.PING_SECONDS == 0
        connections = tuple(self._connections)
        # Thousands of pings at once would take milliseconds: a few, and who types has a turn.
        pause = limits.PULSE_SECONDS / 4 * limits.CONNECTIONS_A_TURN / max(1, len(connections))
        for number, connection in enumerate(connections, start=1):
            if number % limits.CONNECTIONS_A_TURN == 0:
                await self._clock.sleep(pause)
            try:
                connection.tick(now, ping)
            except Exception:
                log.exception("the clock failed for one connection")
        began = self._clock.now()
        for document in tuple(self._documents.values()):
            try:
                self._let_go += document.tick(now)
            except Exception:
                log.exception("the clock failed for document %d", document.id)
            # Many documents may be due to be folded at once; whoever writes does not wait for all of them.
            if self._clock.now() - began >= limits.TURN_SECONDS_MAX:
                await asyncio.sleep(0)
                began = self._clock.now()
        if self._let_go >= limits.LET_GO_DOCUMENTS:
            self._let_go = 0
            self._tasks.start(asyncio.to_thread(give_back))
        is_checking = self._session_check is not None and not self._session_check.done()
        if elapsed % limits.SESSION_CHECK_SECONDS == 0 and not is_checking:
            self._session_check = self._tasks.start(self._check_sessions(self._connections))

    async def _check_sessions(self, connections: Iterable[Connection]) -> None:
        """Close the sockets whose session no longer holds, also when its bell has been lost."""
        unchecked = {connection.author.session for connection in connections}
        while unchecked:
            session = unchecked.pop()
            try:
                if not await self.desk.session_holds(session):
                    self._end_session(session)
            except StorageUnavailable as error:
                log.warning("sessions could not be checked: %s", error)
                unchecked.add(session)
                await self._clock.sleep(limits.STORAGE_RETRY_SECONDS_MAX)

    # The end.

    async def drain(self) -> None:
        """Take nothing more, store and acknowledge what was taken, and send everybody away.

        Returns within DRAIN_SECONDS_MAX, when nothing of the rooms runs any more. Call it before the
        server closes its sockets.
        """
        self.is_draining = True
        # The goodbyes get the last fifth, however long the database takes.
        await self._at_most(0.8 * limits.DRAIN_SECONDS_MAX, self._rest())
        for connection in self._connections:
            connection.close(SERVICE_RESTART)
        await self._at_most(0.2 * limits.DRAIN_SECONDS_MAX, self._say_goodbye())
        for connection in tuple(self._connections):
            self.disconnect(connection)
        await self._tasks.stop()

    async def _rest(self) -> None:
        for document in tuple(self._documents.values()):
            await document.rest()

    async def _say_goodbye(self) -> None:
        goodbyes = [connection.flushed() for connection in self._connections]
        await asyncio.gather(*goodbyes, *([] if self._herald is None else [self._herald.leave()]))

    async def _at_most(self, seconds: float, work: Coroutine[Any, Any, None]) -> None:
        tasks = (self._tasks.start(work), self._tasks.start(self._clock.sleep(seconds)))
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
