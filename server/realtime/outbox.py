"""What waits for one reader: bounded, in order, and written together.

What is put in while one thing is done (an acknowledgement, what others wrote) leaves in one write when that
is over. Only where the socket cannot take it at once does a task wait for that, frame by frame.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from server.realtime.closings import STALLED, SocketClosing
from server.realtime.ports import Clock, Transport
from server.realtime.tasks import Tasks
from server.rules import limits


class Outbox:
    """Frames for one socket, and its closing.

    A reader that lets more than the limits pile up, or takes nothing for SEND_SECONDS_MAX, is told
    1013 and cut off; nobody else waits for it. ``ended`` is called once, when the socket will take
    no more frames, and from then on every frame is dropped.
    """

    __slots__ = (
        "_bytes",
        "_clock",
        "_closing",
        "_ended",
        "_frames",
        "_is_due",
        "_since",
        "_tasks",
        "_transport",
        "_writer",
    )

    def __init__(self, transport: Transport, tasks: Tasks, clock: Clock, ended: Callable[[], None]) -> None:
        self._transport = transport
        self._tasks = tasks
        self._clock = clock
        self._ended = ended
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._is_due = False
        """What waits is about to be written, as soon as the event loop gets there."""
        self._writer: asyncio.Task[None] | None = None
        self._since: float | None = None
        self._closing: SocketClosing | None = None

    @property
    def is_closed(self) -> bool:
        return self._closing is not None

    async def flushed(self) -> None:
        """Return when everything has been handed to the socket, the closing included."""
        self._write()
        while self._writer is not None:
            await asyncio.wait((self._writer,))

    def put(self, frame: bytes) -> None:
        """Let ``frame`` be sent behind everything that already waits."""
        if self._closing is not None:
            return
        self._frames.append(frame)
        self._bytes += len(frame)
        if len(self._frames) > limits.OUTBOX_FRAMES_MAX or self._bytes > limits.OUTBOX_BYTES_MAX:
            self.cut()
        elif self._writer is None and not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._write)

    def close(self, closing: SocketClosing) -> None:
        """Close the socket behind what waits. Only the first closing counts."""
        if self._closing is not None:
            return
        self._closing = closing
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
        if self._closing is None:
            self._closing = STALLED
            self._ended()

    def _write(self) -> None:
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
                frame = self._frames.popleft()
                self._bytes -= len(frame)
                self._since = self._clock.now()
                await self._transport.send(frame)
                self._since = None
            if self._closing is not None:
                self._since = self._clock.now()
                await self._transport.close(self._closing.code, self._closing.reason)
        except ConnectionError:
            self._frames.clear()
            self._bytes = 0
        finally:
            self._since = None
            if self._writer is asyncio.current_task():
                self._writer = None
