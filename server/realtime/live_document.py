"""One document while people have it open: the order in which everything about it happens.

    inbox → merge → append to the log, COMMIT → acknowledge → broadcast → answers

Key invariants (DUR-1, CON-2, ROB-1):

1. One task reads the inbox, in order; it lives only while something waits there. Documents do not wait
   for each other, the three of one conversation included.
2. What a turn has merged is committed before anything of it, or of the document, is sent to anybody:
   acknowledgements, broadcasts and the answers to those who join all come after.
3. A turn that fails is undone whole: the document is loaded again and the turn's items, except the
   offender's, are taken once more. Nobody else notices.
4. Whatever cannot be loaded is closed, for those who have it open, and is never shown empty.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from crdt.errors import CrdtError, DocumentBroken, IncompleteUpdate, ProtocolError
from server.realtime.audience import Audience
from server.realtime.closings import DocumentClosing
from server.realtime.effort import Effort
from server.realtime.folding import Folding, UnfaithfulSnapshot
from server.realtime.herald import Herald
from server.realtime.inbox import (
    Asked,
    Gone,
    Inbox,
    Item,
    Joined,
    Lacking,
    LogAhead,
    PresenceAsked,
    Spoken,
    SpokenElsewhere,
    Written,
)
from server.realtime.ports import Clock, Opening
from server.realtime.replica import Replica
from server.realtime.seat import Seat, Stage
from server.realtime.tasks import Tasks
from server.realtime.turn import Turn
from server.rules import limits
from server.storage.update_log import AppendRefused, DocumentGone, LogError, LogUnavailable, UpdateLog

T = TypeVar("T")
log = logging.getLogger(__name__)


class LiveDocument:
    """See the module. It lives once: after ``ended`` has been called with it, it takes nothing more.

    ``ask_again`` reads the rights of everybody here anew, and expels whoever has lost theirs.
    """

    def __init__(
        self,
        opening: Opening,
        update_log: UpdateLog,
        clock: Clock,
        tasks: Tasks,
        effort: Effort,
        herald: Herald | None,
        ask_again: Callable[[], Awaitable[None]],
        ended: Callable[["LiveDocument"], None],
    ) -> None:
        self.id = opening.document
        self.name = opening.name
        self.pane = opening.pane
        self._clock = clock
        self._tasks = tasks
        self._effort = effort
        self._ask_again = ask_again
        self._ended = ended
        self._replica = Replica(opening, update_log)
        self._audience = Audience(opening.document, clock, herald)
        self._inbox = Inbox()
        self._worker: asyncio.Task[None] | None = None
        self._folder: asyncio.Task[None] | None = None
        self._is_over = False
        self._take_at_once = limits.BATCH_ITEMS_MAX
        self._fold_due = False
        self._written_at = self._left_at = clock.now()

    @property
    def seats(self) -> set[Seat]:
        """Everybody who has it open."""
        return self._audience.seats

    # What others ask of it. Nothing here waits.

    def join(self, seat: Seat) -> None:
        """Let a connection in, as soon as the document is loaded."""
        self.seats.add(seat)
        self.put(Joined(seat))

    def leave(self, seat: Seat) -> None:
        """The client has gone. What it had sent is still stored."""
        seat.leave()
        self.put(Gone(seat))

    def expel(self, seat: Seat, closing: str) -> None:
        """Close the document for one connection. What it had sent and is not stored yet is dropped."""
        if seat.stage is not Stage.EXPELLED:
            seat.expel(closing)
            self.put(Gone(seat))

    def put(self, item: Item) -> None:
        if not self._is_over and self._inbox.put(item) and self._worker is None:
            self._worker = self._tasks.start(self._work())

    def tick(self, now: float) -> None:
        """Look whether it is time to fold the log, or to unload. Called every PULSE_SECONDS."""
        if self._worker is not None or self._folder is not None or self._is_over:
            return
        self._audience.expire()
        if self._fold_due and now - self._written_at >= limits.COMPACTION_IDLE_SECONDS:
            self._start_folding()
        elif not self.seats and now - self._left_at >= limits.ROOM_IDLE_SECONDS:
            self._end()

    async def rest(self) -> None:
        """Return when nothing waits in the inbox."""
        while self._worker is not None:
            await asyncio.wait((self._worker,))

    # The task.

    async def _work(self) -> None:
        try:
            while self._inbox and not self._is_over:
                await self._take_turn()
        except DocumentGone:
            self._close(DocumentClosing.MOVED)
        except (LogError, CrdtError):
            log.exception("document %d could not be loaded", self.id)
            self._close(DocumentClosing.UNAVAILABLE)
        except Exception:
            log.exception("document %d failed", self.id)
            self._close(DocumentClosing.UNAVAILABLE)
        finally:
            self._worker = None

    async def _take_turn(self) -> None:
        if not self._replica.is_loaded:
            await self._load()
        turn = Turn()
        try:
            await self._gather(turn)
            foreign = await self._commit(turn)
        except DocumentBroken:
            log.exception("document %d broke and is loaded again", self.id)
            self._undo(turn)
        except AppendRefused as refusal:
            await self._refuse(turn, refusal)
        else:
            self._acknowledge(turn)
            self._audience.broadcast(turn.change, turn.sole_writer)
            self._audience.broadcast(foreign)
            self._settle(turn)
            self._take_at_once = min(self._take_at_once * 2, limits.BATCH_ITEMS_MAX)
            if self._replica.rows >= limits.COMPACTION_ROWS and self._folder is None:
                self._start_folding()

    async def _load(self) -> None:
        """The first time, a failure is told to those who wait; later on, somebody's text is at stake."""
        if self._replica.was_loaded:
            self._audience.broadcast(await self._insist(self._replica.load))
        else:
            await self._replica.load()
            self._audience.ask_elsewhere()
            self._fold_due = self._replica.rows > 0

    async def _insist(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do it again, ever more slowly, until the database answers."""
        wait = limits.STORAGE_RETRY_SECONDS_MIN
        while True:
            try:
                return await work()
            except LogUnavailable as error:
                log.warning("document %d waits for the database: %s", self.id, error)
                await self._clock.sleep(wait)
                wait = min(2 * wait, limits.STORAGE_RETRY_SECONDS_MAX)

    # One turn.

    async def _gather(self, turn: Turn) -> None:
        while self._inbox and len(turn.items) < self._take_at_once:
            item = self._inbox.take()
            turn.items.append(item)
            if not await self._take(turn, item):
                turn.items.pop()
                self._inbox.put_back((item,))
                return

    async def _take(self, turn: Turn, item: Item) -> bool:
        """Take one item into the turn, or return False when the turn must be committed before it."""
        match item:
            case Written(seat) if seat.stage is Stage.EXPELLED:
                return True
            case Written(seat) if seat.may_write:
                return await self._merge(turn, item)
            case LogAhead(sequence):
                if sequence is None or sequence > self._replica.sequence:
                    if turn.writes:
                        return False
                    await self._catch_up()
            case _:
                turn.later.append(item)
        return True

    async def _merge(self, turn: Turn, item: Written) -> bool:
        document, seat = self._replica.document, item.seat
        if self._must_wait(seat):
            return True
        try:
            with self._effort.of(seat.author.person):
                merged = document.merge(item.update, seat.author.person, self._audience.persons)
            turn.add(item, merged)
        except IncompleteUpdate:
            if turn.writes:
                return False
            return await self._merge_after_catching_up(turn, item)
        except ProtocolError as error:
            log.info("document %d refuses an update: %s", self.id, error)
            self.expel(seat, DocumentClosing.REFUSED)
        except DocumentBroken:
            self.expel(seat, DocumentClosing.REFUSED)
            raise
        return True

    def _must_wait(self, seat: Seat) -> bool:
        """Whether the person has occupied the node for long enough. The text stays with the page."""
        if is_spent := self._effort.is_spent(seat.author.person):
            self.expel(seat, DocumentClosing.UNAVAILABLE)
        return is_spent

    async def _merge_after_catching_up(self, turn: Turn, item: Written) -> bool:
        """The client may come from another node, which has written what it builds on."""
        if not item.seat.is_lacking:
            before = self._replica.sequence
            await self._catch_up()
            if self._replica.sequence > before:
                return False
        if item.step2:
            # It was to carry everything that the document lacks: asking again cannot help.
            self.expel(item.seat, DocumentClosing.REFUSED)
        else:
            item.seat.is_lacking = True
            turn.later.append(Lacking(item.seat, item.worth))
        return True

    async def _catch_up(self) -> None:
        self._audience.broadcast(await self._insist(self._replica.catch_up))

    async def _commit(self, turn: Turn) -> bytes | None:
        """Make the turn durable. Returns what others have written to the log meanwhile."""
        if not turn.writes:
            return None
        turn.change = self._take_change(turn)
        if turn.change is None:
            return None
        append = turn.as_append(self.id, turn.change)
        is_next = await self._insist(lambda: self._replica.append(append))
        self._written_at = self._clock.now()
        self._fold_due = True
        return None if is_next else await self._insist(self._replica.catch_up)

    def _take_change(self, turn: Turn) -> bytes | None:
        try:
            return self._replica.document.take_change()
        except DocumentBroken:
            if len(turn.writes) == 1:
                self.expel(turn.writes[0].seat, DocumentClosing.REFUSED)
            raise

    def _undo(self, turn: Turn) -> None:
        """Forget the turn, and take its items one by one, so that an offender stands alone."""
        self._replica.drop()
        self._inbox.put_back(turn.items)
        self._take_at_once = 1

    async def _refuse(self, turn: Turn, refusal: AppendRefused) -> None:
        """Somebody's rights do not hold: they alone are told, the others' text is taken once more.

        At least one of the turn's writers can write no more afterwards, so it is not refused for ever.
        """
        if refusal.reason == DocumentClosing.MOVED:
            self._close(DocumentClosing.MOVED)
            return
        writers = {item.seat for item in turn.writes}
        refused = {seat for seat in writers if seat.author.person in refusal.persons} or writers
        if refusal.reason == DocumentClosing.DENIED:
            refused = await self._find_offenders(refused)
        for seat in refused:
            self.expel(seat, refusal.reason)
        self._replica.drop()
        self._inbox.put_back(turn.items)

    async def _find_offenders(self, refused: set[Seat]) -> set[Seat]:
        """Of a refused person's sessions perhaps only one has ended. Returns who is to be expelled."""
        if gone := {seat for seat in refused if seat.stage is Stage.LEFT}:
            # Nobody can be asked about them any more; their devices still have what was not acknowledged.
            return gone
        await self._ask_again()
        still = {seat for seat in refused if seat.stage is Stage.SEATED and seat.may_write}
        return refused if still == refused else set()

    # After the commit.

    def _acknowledge(self, turn: Turn) -> None:
        for item in turn.writes:
            if item.step2:
                item.seat.is_lacking = False
            item.seat.acknowledge(True, item.worth)

    def _settle(self, turn: Turn) -> None:
        for position, item in enumerate(turn.later):
            try:
                self._answer(item)
            except DocumentBroken:
                log.exception("document %d broke and is loaded again", self.id)
                self._replica.drop()
                self._inbox.put_back(turn.later[position + 1 :])
                return

    def _answer(self, item: Item) -> None:
        """Carry out what only reads, or only concerns presence. Raises DocumentBroken."""
        match item:
            case Joined(seat):
                self._audience.welcome(seat)
            case Asked(seat) | Written(seat) | Lacking(seat) if seat.is_present:
                self._read(item)
            case Spoken(seat, entries) if seat.is_present:
                self._audience.speak(seat, entries)
            case PresenceAsked(seat):
                self._audience.show_everybody(seat)
            case SpokenElsewhere(bell):
                self._audience.hear(bell)
            case Gone(seat):
                self._left_at = self._clock.now()
                self._audience.remove(seat)
            case _:
                pass

    def _read(self, item: Asked | Written | Lacking) -> None:
        document, seat = self._replica.document, item.seat
        if self._must_wait(seat):
            return
        try:
            with self._effort.of(seat.author.person):
                match item:
                    case Asked(_, state_vector):
                        seat.answer(document.state_vector(), document.diff(state_vector))
                    case Written(_, update, _, worth):
                        seat.acknowledge(document.contains(update), worth)
                    case Lacking(_, worth):
                        seat.resync(document.state_vector(), worth)
        except ProtocolError as error:
            log.info("document %d refuses what it was asked: %s", self.id, error)
            self.expel(seat, DocumentClosing.REFUSED)
        except DocumentBroken:
            self.expel(seat, DocumentClosing.UNAVAILABLE)
            raise

    # Folding the log, and the end.

    def _start_folding(self) -> None:
        self._fold_due = False
        try:
            folding = self._replica.fold()
        except DocumentBroken:
            log.exception("document %d broke and is loaded again", self.id)
            self._replica.drop()
            return
        self._folder = self._tasks.start(self._fold(folding))

    async def _fold(self, folding: Folding) -> None:
        try:
            await self._insist(folding.finish)
        except UnfaithfulSnapshot:
            log.exception("document %d: its snapshot says something else; the log is kept as it is", self.id)
        except DocumentGone:
            # The next turn finds out, and tells everybody.
            self.put(LogAhead(None))
        finally:
            self._folder = None

    def _close(self, closing: DocumentClosing) -> None:
        """End it for everybody who has it open."""
        self._audience.close(closing)
        self._end()

    def _end(self) -> None:
        self._is_over = True
        self._inbox.clear()
        self._replica.drop()
        self._ended(self)
