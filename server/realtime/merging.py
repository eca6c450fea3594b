"""The first half of a turn: what waits in the inbox is merged, in order, and made durable."""

import logging
from collections.abc import Callable

from crdt.document import Merged
from crdt.errors import BorrowedClient, CrdtError, DocumentBroken, IncompleteUpdate, ProtocolError
from server.realtime.audience import Audience
from server.realtime.closings import DocumentClosing
from server.realtime.effort import Effort
from server.realtime.inbox import Inbox, Item, Lacking, LogAhead, Spoken, Written
from server.realtime.insistence import Insistence
from server.realtime.replica import Replica
from server.realtime.seat import Seat, Stage
from server.realtime.turn import Turn

log = logging.getLogger(__name__)


class Merging:
    """Of one document. Whoever sends what can never be part of it is expelled, and alone."""

    def __init__(
        self,
        replica: Replica,
        inbox: Inbox,
        audience: Audience,
        effort: Effort,
        insist: Insistence,
        expel: Callable[[Seat, str], None],
    ) -> None:
        self._id = replica.id
        self._replica = replica
        self._inbox = inbox
        self._audience = audience
        self._effort = effort
        self._insist = insist
        self._expel = expel

    async def gather(self, turn: Turn, items_max: int) -> None:
        """Take at most so many items from the inbox into the turn. Raises DocumentBroken."""
        while self._inbox and len(turn.items) < items_max:
            item = self._inbox.take()
            turn.items.append(item)
            if not await self._take(turn, item):
                turn.items.pop()
                self._inbox.put_back((item,))
                return

    def gather_typed(self, turn: Turn, items_max: int) -> bool:
        """Take at most so many items from the inbox into the turn, up to the first that is not plain typing.

        What people say of where they are is taken too, to be answered after the commit: pages say it at every
        key press. Returns whether there is anything to commit. Raises DocumentBroken.
        """
        inbox, document = self._inbox, self._replica.document
        items = turn.items
        while (item := inbox.first) is not None and len(items) < items_max:
            if type(item) is Written:
                seat = item.seat
                if item.step2 or seat.stage is Stage.EXPELLED or not seat.may_write:
                    break
                caret = document.merge_typed(item.update, seat.opening.author.person, seat.caret)
                if caret is None:
                    break
                seat.caret = caret
                turn.add_typed(item, caret.place.field)
            elif type(item) is Spoken:
                turn.spoken.append(item)
            else:
                break
            items.append(inbox.take())
        if turn.writes:
            turn.change = document.take_typed()
        return turn.change is not None

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
        person = seat.author.person
        if self._effort.is_spent(person):
            # The text stays with the page.
            self._expel(seat, DocumentClosing.UNAVAILABLE)
            return True
        try:
            await self._replica.prepare_for(item.update)
            spend = self._effort.spend if document.is_quick(item.update) else self._effort.spend_aside
            merging = spend(person, document.merge, item.update, person, self._audience.persons)
            turn.add(item, merging if isinstance(merging, Merged) else await merging)
        except (IncompleteUpdate, BorrowedClient) as error:
            if turn.writes:
                return False
            return await self._merge_after_catching_up(turn, item, error)
        except ProtocolError as error:
            self._refuse(item, error)
        except DocumentBroken:
            self._expel(seat, DocumentClosing.REFUSED)
            raise
        return True

    async def _merge_after_catching_up(
        self, turn: Turn, item: Written, error: IncompleteUpdate | BorrowedClient
    ) -> bool:
        """The client may come from another node, which has written what it builds on, or what it brings."""
        is_borrowed = isinstance(error, BorrowedClient)
        if is_borrowed or not item.seat.is_lacking:
            before = self._replica.sequence
            await self._catch_up()
            if self._replica.sequence > before:
                return False
        if is_borrowed or item.step2:
            # It was to carry everything that the document lacks: asking again cannot help.
            self._refuse(item, error)
        else:
            item.seat.is_lacking = True
            turn.later.append(Lacking(item.seat, item.worth))
        return True

    def _refuse(self, item: Written, error: CrdtError) -> None:
        log.info("document %d refuses an update: %s", self._id, error)
        self._expel(item.seat, DocumentClosing.REFUSED)

    async def _catch_up(self) -> None:
        self._audience.broadcast(await self._insist.on(self._replica.catch_up))

    async def commit(self, turn: Turn) -> bytes | None:
        """Make the turn durable. Returns what others have written to the log meanwhile.

        Raises LogMovedOn when they have, and the document's row must count it in.
        """
        if not turn.writes:
            return None
        turn.change = self._take_change(turn)
        if turn.change is None:
            return None
        summary = self._effort.spend(turn.writes[0].seat.author.person, self._replica.summary, turn.fields)
        append = turn.as_append(self._id, summary, self._replica.sequence)
        # Hundreds of documents may be waiting for one commit.
        self._replica.rest()
        is_next = await self._insist.on(lambda: self._replica.append(append))
        return None if is_next else await self._insist.on(self._replica.catch_up)

    def _take_change(self, turn: Turn) -> bytes | None:
        try:
            return self._replica.document.take_change()
        except DocumentBroken:
            if len(turn.writes) == 1:
                self._expel(turn.writes[0].seat, DocumentClosing.REFUSED)
            raise
