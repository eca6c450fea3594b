"""What waits for one reader: bounded, in order, and written together.

What is put in while one thing is done (an acknowledgement, what others wrote) leaves in one write when that
is over. Only where the socket cannot take it at once does a task wait for that, frame by frame.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from server.realtime.closings import STALLED, SocketClosing
from server.realtime.ports import Clock, Transport
from server.realtime.tasks import Tasks
from server.rules import limits

log = logging.getLogger(__name__)


class Post:
    """Outboxes with something in them, written when the event loop gets there: a turn fills many of them."""

    __slots__ = ("_due",)

    def __init__(self) -> None:
        self._due: list[Outbox] = []

    def add(self, outbox: "Outbox") -> None:
        """Have ``outbox`` written."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self.write)
        self._due.append(outbox)

    def write(self) -> None:
        """Write them now."""
        due, self._due = self._due, []
        for outbox in due:
            try:
                outbox.write()
            except Exception:
                log.exception("a socket could not be written to")


class Outbox:
    """Frames for one socket, and its closing.

    A reader that lets more than the limits pile up, or takes nothing for SEND_SECONDS_MAX, is told
    1013 and cut off; nobody else waits for it. ``ended`` is called once, when the socket will take
    no more frames, and from then on every frame is dropped.
    """

    __slots__ = (
        "_bytes",
        "_clock",
        "_ended",
        "_frames",
        "_is_due",
        "_post",
        "_since",
        "_tasks",
        "_transport",
        "_writer",
        "closing",
    )

    def __init__(
        self, transport: Transport, post: Post, tasks: Tasks, clock: Clock, ended: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._post = post
        self._tasks = tasks
        self._clock = clock
        self._ended = ended
        self._frames: list[bytes] = []
        self._bytes = 0
        self._is_due = False
        """What waits is about to be written, as soon as the event loop gets there."""
        self._writer: asyncio.Task[None] | None = None
        self._since: float | None = None
        self.closing: SocketClosing | None = None
        """How it was closed; None while it takes frames."""

    async def flushed(self) -> None:
        """Return when everything has been handed to the socket, the closing included."""
        self.write()
        while self._writer is not None:
            await asyncio.wait((self._writer,))

    def put(self, frames: Sequence[bytes]) -> None:
        """Let ``frames`` be sent behind everything that already waits."""
        if self.closing is not None or not frames:
            return
        self._frames.extend(frames)
        for frame in frames:
            self._bytes += len(frame)
        if len(self._frames) > limits.OUTBOX_FRAMES_MAX or self._bytes > limits.OUTBOX_BYTES_MAX:
            self.cut()
        elif self._writer is None and not self._is_due:
            self._is_due = True
            self._post.add(self)

    def close(self, closing: SocketClosing) -> None:
        """Close the socket behind what waits. Only the first closing counts."""
        if self.closing is not None:
            return
        self.closing = closing
        if self._writer is None:
            self._writer = self._tasks.start(self._send())
        self._ended()

    def cut(self) -> None:
        """Give up on a reader that does not read: what waits is dropped, and it is told so."""
        self._frames.clear()
        self._bytes = 0
        self.close(STALLED)

    def cut_if_stalled(self) -> None:
        """Cut the reader off if it has taken nothing for too long. Called every PULSE_SECONDS."""
        if self._since is not None and self._clock.now() - self._since > limits.SEND_SECONDS_MAX:
            self.cut()
            # An orderly closing would wait behind what the socket does not take.
            self._transport.abort()

    def drop(self) -> None:
        """The socket is gone: forget what waits."""
        self._frames.clear()
        self._bytes = 0
        if self._writer is not None:
            self._writer.cancel()
            self._writer = None
        if self.closing is None:
            self.closing = STALLED
            self._ended()

    def write(self) -> None:
        """Write what waits at once, or have it written by a task."""
        self._is_due = False
        if self._writer is not None or not self._frames:
            return
        if self._transport.send_at_once(self._frames):
            self._frames.clear()
            self._bytes = 0
        else:
            self._writer = self._tasks.start(self._send())

    async def _send(self) -> None:
        try:
            while self._frames:
                frame = self._frames.pop(0)
                self._bytes -= len(frame)
                self._since = self._clock.now()
                await self._transport.send(frame)
                self._since = None
            if self.closing is not None:
                self._since = self._clock.now()
                await self._transport.close(self.closing.code, self.closing.reason)
        except ConnectionError:
            self._frames.clear()
            self._bytes = 0
        finally:
            self._since = None
            if self._writer is asyncio.current_task():
                self._writer = None
