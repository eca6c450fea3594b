"""One document while people have it open: the order in which everything about it happens.

    inbox → merge → append to the log, COMMIT → acknowledge → broadcast → answers

Key invariants (DUR-1, CON-2, ROB-1):

1. One task reads the inbox, in order; it lives only while something waits there. Documents do not wait
   for each other, the three of one conversation included.
2. What a turn has merged is committed before anything of it, or of the document, is sent to anybody:
   acknowledgements, broadcasts and the answers to those who join all come after.
3. A turn that fails is undone whole: the document is loaded again and the turn's items, except the
   offender's, are taken once more. Nobody else notices.
4. Where there is nothing but typing, ``keystrokes`` does all this for many documents at once. It and the
   document's own task are never both at it, and what it cannot finish the task does.
5. Whatever cannot be loaded is closed, for those who have it open, and is never shown empty.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from crdt.errors import CrdtError, DocumentBroken
from server.realtime.answers import Answers
from server.realtime.audience import Audience
from server.realtime.closings import DocumentClosing
from server.realtime.effort import Effort
from server.realtime.folding import Folding, UnfaithfulSnapshot
from server.realtime.herald import Herald
from server.realtime.inbox import (
    Gone,
    Inbox,
    Item,
    Joined,
    LogAhead,
    Written,
    is_typing,
)
from server.realtime.insistence import Insistence
from server.realtime.keystrokes import Keystrokes
from server.realtime.merging import Merging
from server.realtime.ports import Clock, Opening
from server.realtime.refusals import find_refused
from server.realtime.replica import Replica
from server.realtime.seat import Seat, Stage
from server.realtime.tasks import Tasks
from server.realtime.turn import Turn
from server.rules import limits
from server.storage.update_log import (
    Append,
    Appended,
    AppendRefused,
    DocumentGone,
    LogError,
    LogMovedOn,
    UpdateLog,
)

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
        keystrokes: Keystrokes,
        ask_again: Callable[[], Awaitable[None]],
        ended: Callable[["LiveDocument"], None],
    ) -> None:
        self.id = opening.document
        self.name = opening.name
        self.pane = opening.pane
        self._clock = clock
        self._tasks = tasks
        self._keystrokes = keystrokes
        self._ask_again = ask_again
        self._ended = ended
        self._replica = Replica(opening, update_log)
        self._audience = Audience(opening.document, clock, herald)
        self._inbox = Inbox()
        self._insist = Insistence(self.id, clock)
        self._merging = Merging(self._replica, self._inbox, self._audience, effort, self._insist, self.expel)
        self._answers = Answers(self._replica, self._audience, effort, self.expel)
        self._worker: asyncio.Task[None] | None = None
        self._folder: asyncio.Task[None] | None = None
        self._is_due = False
        """``keystrokes`` will ask what has been typed."""
        self._typed: Turn | None = None
        """What ``keystrokes`` is committing."""
        self._is_over = False
        self._take_at_once = limits.BATCH_ITEMS_MAX
        self._fold_due = False
        self._written_at = self._left_at = clock.now()

    @property
    def seats(self) -> set[Seat]:
        """Everybody who has it open."""
        return self._audience.seats

    # What others ask of it. Nothing here waits, but ``join`` may.

    async def join(self, seat: Seat) -> None:
        """Let a connection in, as soon as the document is loaded.

        Where nothing else is under way the task that calls carries it out: one of its own would begin later.
        """
        self.seats.add(seat)
        if self._worker is not None or self._typed is not None or self._inbox:
            self.put(Joined(seat))
        else:
            self._inbox.put(Joined(seat))
            self._worker = asyncio.current_task()
            await self._work()

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
        if not self._is_over and self._inbox.put(item):
            self._go_on()

    def tick(self, now: float) -> bool:
        """Look whether it is time to fold the log, to let go of memory, or to unload.

        Called every PULSE_SECONDS. Returns whether memory was let go of.
        """
        is_busy = self._worker is not None or self._typed is not None or self._folder is not None
        if is_busy or self._is_over:
            return False
        self._audience.expire()
        if self._fold_due and now - self._written_at >= limits.COMPACTION_IDLE_SECONDS:
            self._start_folding()
        elif not self.seats and now - self._left_at >= limits.ROOM_IDLE_SECONDS:
            self._end()
            return True
        else:
            return self._replica.set_aside()
        return False

    async def rest(self) -> None:
        """Return when nothing waits in the inbox."""
        while self._worker is not None or self._typed is not None or self._is_due:
            if self._worker is not None:
                await asyncio.wait((self._worker,))
            else:
                await self._keystrokes.rest()

    def _go_on(self) -> None:
        """See to it that what waits in the inbox is carried out, unless somebody is at it."""
        if self._worker is not None or self._typed is not None or not self._inbox or self._is_over:
            return
        if not self._begins_with_typing:
            self._worker = self._tasks.start(self._work())
        elif not self._is_due:
            self._is_due = True
            self._keystrokes.add(self)

    @property
    def _begins_with_typing(self) -> bool:
        replica, first = self._replica, self._inbox.first
        if not replica.is_loaded or replica.is_repeated or not is_typing(first):
            return False
        if len(self._inbox) > limits.TYPED_WAITING_MAX:
            # Nobody types so fast: on the long way it is counted how long it takes.
            return False
        # What somebody says of where she is waits for no other document's commit if there is nothing else.
        return type(first) is Written or len(self._inbox) > 1

    # What is typed.

    def begin_typed(self) -> Append | None:
        """See ``keystrokes.Typed``."""
        self._is_due = False
        if self._worker is not None or not self._inbox or self._is_over:
            return None
        turn = Turn()
        try:
            if self._replica.is_loaded and self._merging.gather_typed(turn, limits.BATCH_ITEMS_MAX):
                self._typed = turn
                return turn.as_append(self.id, None, self._replica.sequence)
        except Exception:
            log.exception("document %d broke and is loaded again", self.id)
            self._replica.drop()
        self._worker = self._tasks.start(self._work())
        self._inbox.put_back(turn.items)
        return None

    def end_typed(self, outcome: Appended) -> None:
        """See ``keystrokes.Typed``. What fails here must not keep other documents waiting."""
        turn = self._typed
        try:
            if turn is not None and not self._is_over:
                self._end_turn(turn, outcome)
        except Exception:
            log.exception("document %d failed", self.id)
            self._close(DocumentClosing.UNAVAILABLE)
        finally:
            self._typed = None
        self._go_on()

    def _end_turn(self, turn: Turn, outcome: Appended) -> None:
        if isinstance(outcome, Exception):
            self._replica.drop()
            self._inbox.put_back(turn.items)
            return
        is_next = self._replica.count(outcome)
        if not is_next:
            self._inbox.put_back((LogAhead(outcome),))
        self._announce(turn)
        for spoken in turn.spoken:
            self._answers.hear(spoken)
        if is_next:
            self._fold_if_long()
        self._replica.rest()

    # The task.

    async def _work(self) -> None:
        try:
            await self._take_turn()
            while self._inbox and not self._is_over and not self._begins_with_typing:
                await self._take_turn()
            self._replica.rest()
        except DocumentGone:
            # Of a pane there is a newer generation; an activity or a note has been erased.
            self._close(DocumentClosing.DENIED if self.pane is None else DocumentClosing.MOVED)
        except (LogError, CrdtError):
            log.exception("document %d could not be loaded", self.id)
            self._close(DocumentClosing.UNAVAILABLE)
        except Exception:
            log.exception("document %d failed", self.id)
            self._close(DocumentClosing.UNAVAILABLE)
        finally:
            self._worker = None
        self._go_on()

    async def _take_turn(self) -> None:
        if not self._replica.is_loaded:
            await self._load()
        turn = Turn()
        try:
            await self._merging.gather(turn, self._take_at_once)
            foreign = await self._merging.commit(turn)
        except DocumentBroken:
            log.exception("document %d broke and is loaded again", self.id)
            self._undo(turn)
        except AppendRefused as refusal:
            await self._refuse(turn, refusal)
        except LogMovedOn:
            # Another node was first. Nothing was stored, and nothing is wrong with what was written.
            self._replica.drop()
            self._inbox.put_back(turn.items)
        else:
            self._announce(turn)
            self._audience.broadcast(foreign)
            await self._settle(turn)
            self._take_at_once = min(self._take_at_once * 2, limits.BATCH_ITEMS_MAX)
            self._fold_if_long()

    async def _load(self) -> None:
        """The first time, a failure is told to those who wait; later on, somebody's text is at stake."""
        if self._replica.was_loaded:
            self._audience.broadcast(await self._insist.on(self._replica.load))
        else:
            await self._replica.load()
            self._audience.ask_elsewhere()
        self._fold_due = self._replica.rows > 0

    # One turn.

    def _undo(self, turn: Turn) -> None:
        """Forget the turn, and take its items one by one, so that an offender stands alone."""
        self._replica.drop()
        self._inbox.put_back(turn.items)
        self._take_at_once = 1

    async def _refuse(self, turn: Turn, refusal: AppendRefused) -> None:
        """Somebody's rights do not hold: they alone are told, the others' text is taken once more."""
        if refusal.reason == DocumentClosing.MOVED:
            self._close(DocumentClosing.MOVED)
            return
        for seat in await find_refused(turn, refusal, self._ask_again):
            self.expel(seat, refusal.reason)
        self._replica.drop()
        self._inbox.put_back(turn.items)

    # After the commit.

    def _announce(self, turn: Turn) -> None:
        """Acknowledge what has been written, and pass it on."""
        for item in turn.writes:
            if item.step2:
                item.seat.is_lacking = False
        if turn.change is not None:
            self._written_at = self._clock.now()
            self._fold_due = True
        if turn.writes:
            self._audience.deliver(turn.worths(), turn.change)

    async def _settle(self, turn: Turn) -> None:
        for position, item in enumerate(turn.later):
            if isinstance(item, Gone):
                self._left_at = self._clock.now()
            try:
                await self._answers.answer(item)
            except DocumentBroken:
                log.exception("document %d broke and is loaded again", self.id)
                self._replica.drop()
                self._inbox.put_back(turn.later[position + 1 :])
                return

    # Folding the log, and the end.

    def _fold_if_long(self) -> None:
        if self._replica.rows >= limits.COMPACTION_ROWS and self._folder is None:
            self._start_folding()

    def _start_folding(self) -> None:
        self._fold_due = False
        try:
            folding = self._replica.fold()
        except DocumentBroken:
            log.exception("document %d broke and is loaded again", self.id)
            self._replica.drop()
            return
        self._replica.rest()
        self._folder = self._tasks.start(self._fold(folding))

    async def _fold(self, folding: Folding) -> None:
        try:
            await self._insist.on(folding.finish)
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
