"""Uvicorn's WebSockets, with what ASGI has no words for: ``uvicorn.Config(ws=LiveWebSockets)``.

**Dropping a socket that takes nothing more.** In ASGI a closing waits behind what the reader has not taken,
so a reader that never reads would be kept for ever.

**A short way for plain frames**, both ways. Nearly all that comes is one whole, masked, binary frame, and
nearly all that leaves is binary. Through the frame parser, uvicorn's queue, a task that waits there, and
middlewares that pass messages on, such a frame costs more than all that is done about it. Here it is unmasked
and handed on in the callback that it came in, and what a turn has for one socket is written at once.
Everything else (fragments, text, pings, closings, what is too large) goes the long way, frame by frame, and
stays in order.

An application that does not ask for the extension sees no difference, and where there is no extension (on
another server) the rooms do the same by ASGI alone.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, cast

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from server.realtime.socket import DIRECT
from server.rules import limits

try:
    from websockets.speedups import apply_mask
except ImportError:
    # Its wheel for this machine has none.
    from websockets.utils import apply_mask

_BINARY: Final = 0x82
"""The first byte of a whole binary frame: FIN and opcode 2."""
_FIN: Final = 0x80
_OPCODE: Final = 0x0F
_FIRST_CONTROL: Final = 8
_CONTINUATION: Final = 0
_MASKED: Final = 0x80
_LENGTH: Final = 0x7F
_LENGTH_OF_2: Final = 126
_LENGTH_OF_8: Final = 127
_MASK_BYTES: Final = 4
_SHORT_HEAD: Final = 6
"""Bytes before what a short masked frame carries: two, and the mask."""

_NO_HANDSHAKE: Final = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_SHORT_HEADS: Final = tuple(bytes((_BINARY, length)) for length in range(_LENGTH_OF_2))
_LARGE: Final = 1 << 16
"""Bytes from which on what is written is not put together first: there are no pages at hand for so much."""


class LiveWebSockets(WebSocketsSansIOProtocol):
    """See the module."""

    _sink: Callable[[bytes], None] | None = None
    """Who takes binary messages, once somebody has asked for them."""
    _is_whole = False
    """The parser of the long way is between two frames, and not within a fragmented message."""
    _rest = b""
    """The beginning of a frame of which not all has come."""

    def handle_connect(self, event: Request) -> None:
        """Offer the extension before the application is run (uvicorn does that in a task of its own)."""
        super().handle_connect(event)
        self._is_whole = True
        if hasattr(self, "scope"):
            self.scope["extensions"][DIRECT] = {
                "abort": self.transport.abort,
                "listen": self._listen,
                "write": self._write,
            }

    def _listen(self, sink: Callable[[bytes], None]) -> None:
        """Have ``sink`` called with every binary message that comes from now on, in order."""
        self._sink = sink

    def _write(self, messages: Sequence[bytes]) -> bool:
        """Send binary messages now. False, and nothing is sent, if that must be waited for, or is over."""
        if not self.writable.is_set() or self.close_sent or self.transport.is_closing():
            return False
        parts: list[bytes] = []
        size = 0
        for message in messages:
            length = len(message)
            size += length
            parts += (_SHORT_HEADS[length] if length < _LENGTH_OF_2 else _long_head(length), message)
        # Until 3.12.9 and 3.13.2 asyncio's own does not say after ``writelines`` that its reader is behind.
        if size < _LARGE or isinstance(cast(object, self.transport), asyncio.Transport):
            self.transport.write(b"".join(parts))
        else:
            self.transport.writelines(parts)
        return True

    def data_received(self, data: bytes) -> None:
        """Take plain frames the short way, and everything else frame by frame the long one."""
        if self._sink is None or not self._is_whole:
            # What comes before anybody listens may end within a frame: from then on only the parser knows.
            self._is_whole = self._is_whole and not self.handshake_initiated
            super().data_received(data)
            if not self.handshake_initiated and self.conn.handshake_exc is not None:
                # Uvicorn would leave it open, without an answer.
                self.transport.write(b"".join(self.conn.data_to_send()) or _NO_HANDSHAKE)
                self.transport.close()
            return
        if self._rest:
            data, self._rest = self._rest + data, b""
        at, size = 0, len(data)
        while at < size:
            head = at + _SHORT_HEAD
            if head <= size and data[at] == _BINARY and _MASKED <= data[at + 1] < _MASKED + _LENGTH_OF_2:
                end = head + data[at + 1] - _MASKED
                if end > size:
                    break
                if not self.close_sent:
                    self._sink(apply_mask(data[head:end], data[at + 2 : head]))
                at = end
            else:
                frame_end = _end_of_frame(data, at)
                if frame_end is None:
                    self._is_whole = False
                    super().data_received(data[at:])
                    return
                if frame_end > size:
                    break
                super().data_received(data[at:frame_end])
                at = frame_end
        self._rest = data[at:]

    def send_receive_event_to_app(self) -> None:
        """Hand on a binary message that came the long way where the others go."""
        if self._sink is None or self.close_sent or self.curr_msg_data_type == "text":
            super().send_receive_event_to_app()
        else:
            message, self.frames = b"".join(self.frames), []
            self._sink(message)

    async def send(self, message: ASGISendEvent) -> None:
        """Send, and drop a socket whose closing is not answered (uvicorn would wait for it to be read)."""
        await super().send(message)
        if self.close_sent:
            # Uvicorn takes an upgrade that was refused for one that was forgotten, and logs an error.
            self.handshake_complete = True
        if message["type"] == "websocket.close" and self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(limits.GOODBYE_SECONDS_MAX, self.transport.abort)


def _long_head(length: int) -> bytes:
    if length < 1 << 16:
        return bytes((_BINARY, _LENGTH_OF_2)) + length.to_bytes(2)
    return bytes((_BINARY, _LENGTH_OF_8)) + length.to_bytes(8)


def _end_of_frame(data: bytes, at: int) -> int | None:
    """Where the frame ends that begins at ``at``: beyond the end of ``data`` if not all of it has come.

    None for what is the parser's from here on: fragments, and what it will refuse, which is not waited for.
    """
    beyond = len(data) + 1
    if at + 2 > len(data):
        return beyond
    first, length, head = data[at], data[at + 1] & _LENGTH, at + 2
    if length >= _LENGTH_OF_2:
        head += 2 if length == _LENGTH_OF_2 else 8
        if head > len(data):
            return beyond
        length = int.from_bytes(data[at + 2 : head])
    is_fragment = first & _OPCODE == _CONTINUATION or (not first & _FIN and first & _OPCODE < _FIRST_CONTROL)
    if is_fragment or not data[at + 1] & _MASKED or length > limits.WIRE.frame_bytes_max:
        return None
    return head + _MASK_BYTES + length
