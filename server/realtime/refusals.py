"""An append that the log refused: whose rights do not hold, and who is to be told."""

from collections.abc import Awaitable, Callable

from server.realtime.closings import DocumentClosing
from server.realtime.seat import Seat, Stage
from server.realtime.turn import Turn
from server.storage.update_log import AppendRefused


async def find_refused(
    turn: Turn, refusal: AppendRefused, ask_again: Callable[[], Awaitable[None]]
) -> set[Seat]:
    """Say which of the turn's writers can write no more. ``ask_again`` reads everybody's rights anew.

    None at all, if that has already made readers of them, or expelled them: at least one of the turn's
    writers can write no more afterwards, so it is not refused for ever.
    """
    writers = {item.seat for item in turn.writes}
    refused = {seat for seat in writers if seat.author.person in refusal.persons} or writers
    return await _offenders(refused, ask_again) if refusal.reason == DocumentClosing.DENIED else refused


async def _offenders(refused: set[Seat], ask_again: Callable[[], Awaitable[None]]) -> set[Seat]:
    """Of a refused person's sessions perhaps only one has ended."""
    if gone := {seat for seat in refused if seat.stage is Stage.LEFT}:
        # Nobody can be asked about them any more; their devices still have what was not acknowledged.
        return gone
    await ask_again()
    still = {seat for seat in refused if seat.stage is Stage.SEATED and seat.may_write}
    return refused if still == refused else set()
