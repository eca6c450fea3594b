"""How nearly every socket comes in: by one plain request, which is answered past HTTP and ASGI.

Whoever opens a conversation sends a dozen lines, in one piece, with nothing unusual in them. Through a parser
for HTTP, another for the handshake, an application with all its middlewares and a task that lives as long as
the socket, they cost more than everything that is then done about the document.

Only who is let in there is let in here, by the same questions (``Door``). Whatever else comes goes the long
way as if nobody had looked at it: every page, a request in pieces, a header twice, another host or origin,
no session, a database that does not answer. Nothing is refused here.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any, Final, cast

from uvicorn.config import Config
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.server import ServerState
from websockets.utils import accept_key

from server.realtime.direct_socket import DirectSocket
from server.realtime.socket import Door, Headers
from server.rules import limits

log = logging.getLogger(__name__)

_BEGINNING: Final = b"GET /live HTTP/1.1\r\n"
_END: Final = b"\r\n\r\n"
_HEADER: Final = re.compile(
    rf"^([0-9A-Za-z-]+):([ -~]{{0,{limits.PLAIN_HEADER_CHARACTERS_MAX}}})\r\n", re.MULTILINE
)
_KEY: Final = re.compile(r"[A-Za-z0-9+/]{22}==")
_UNUSUAL: Final = frozenset(
    {
        "content-length",
        "expect",
        "sec-websocket-protocol",
        "transfer-encoding",
    }
)

_ANSWER: Final = (
    "HTTP/1.1 101 Switching Protocols\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n"
)


class Reception(asyncio.Protocol):
    """The first to see a TCP connection: looks at its first bytes and gives it to whom it concerns."""

    def __init__(
        self,
        door: Door,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._door = door
        self._config = config
        self._state = server_state
        self._app_state = app_state
        self._early = b""
        """What came while the session was looked up. A browser waits for the answer."""
        self._is_asking = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._state.connections.add(cast(Any, self))

    def connection_lost(self, _: Exception | None) -> None:
        self._state.connections.discard(cast(Any, self))

    def shutdown(self) -> None:
        """Uvicorn ends, and nothing has been asked here."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._is_asking:
            self._early += data
            self._transport.pause_reading()
            return
        headers = plain_upgrade(data)
        if headers is None or not self._door.is_certainly_own(headers):
            self._go_the_long_way(data)
            return
        self._is_asking = True
        task = asyncio.get_running_loop().create_task(self._ask(data, headers))
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)

    async def _ask(self, request: bytes, headers: Headers) -> None:
        try:
            author = await self._door.admit(headers)
        except Exception:
            # The application asks again, and what it cannot answer either has a page.
            log.exception("nobody could say who opens a socket")
            author = None
        if self._transport.is_closing():
            return
        if self._early:
            self._transport.resume_reading()
        if author is None:
            self._go_the_long_way(request + self._early)
            return
        # At once: what is made here is ready before anything comes back.
        self._transport.write(_ANSWER.format(accept_key(headers["sec-websocket-key"])).encode())
        protocol = DirectSocket(self._config, self._state, self._transport, self._door.rooms, author)
        self._give_to(protocol)
        if self._early:
            protocol.data_received(self._early)

    def _go_the_long_way(self, data: bytes) -> None:
        # Of any protocol of uvicorn's; it says only that it is one of asyncio's.
        make = cast(Callable[..., asyncio.Protocol], AutoHTTPProtocol)
        protocol = make(config=self._config, server_state=self._state, app_state=self._app_state)
        self._give_to(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(data)

    def _give_to(self, protocol: asyncio.Protocol) -> None:
        self._state.connections.discard(cast(Any, self))
        self._transport.set_protocol(protocol)


def plain_upgrade(request: bytes) -> Headers | None:
    """The headers of a request that opens a WebSocket at /live, and is all that has come.

    None for whatever is to be looked at more closely.
    """
    if not (request.startswith(_BEGINNING) and request.endswith(_END) and request.isascii()):
        return None
    text = request[len(_BEGINNING) : -len(b"\r\n")].decode("ascii")
    lines = _HEADER.findall(text)
    headers = {name.lower(): value.strip(" ") for name, value in lines}
    is_plain = (
        len(headers) == len(lines) == text.count("\n") <= limits.PLAIN_HEADERS_MAX
        and _UNUSUAL.isdisjoint(headers)
        and headers.get("upgrade", "").lower() == "websocket"
        and "upgrade" in (word.strip() for word in headers.get("connection", "").lower().split(","))
        and headers.get("sec-websocket-version") == "13"
        and _KEY.fullmatch(headers.get("sec-websocket-key", "")) is not None
    )
    return headers if is_plain else None
