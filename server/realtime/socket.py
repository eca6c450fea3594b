"""The WebSocket at /live: who is let in at all, and bytes in and out."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.realtime.closings import RESET
from server.realtime.rooms import Rooms
from server.rules.errors import StorageUnavailable
from server.storage.update_log import Author

FindAuthor = Callable[[Mapping[str, str]], Awaitable[Author | None]]
"""Finds out who asks, by cookies; None when there is no session that holds."""

DIRECT: Final = "samsyn.direct"
"""The ASGI extension by which ``websocket_protocol`` lets a socket be dropped at once, and plain frames be
read and written without ASGI. Where it is missing everything goes through ASGI."""


_GONE: Final = (WebSocketDisconnect, RuntimeError)
"""What sending to a socket raises once it is closed: by us, by the other side, or by uvicorn itself."""


class _SocketTransport:
    """The ``Transport`` of ports.py over an accepted WebSocket."""

    __slots__ = ("_direct", "_socket")

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._direct: Mapping[str, Any] = socket.scope.get("extensions", {}).get(DIRECT, {})

    def listen(self, sink: Callable[[bytes], None]) -> None:
        """Have binary frames handed to ``sink`` as they come, if that is possible."""
        if self._direct:
            self._direct["listen"](sink)

    def send_at_once(self, frames: Sequence[bytes]) -> bool:
        return bool(self._direct) and self._direct["write"](frames)

    async def send(self, frame: bytes) -> None:
        try:
            await self._socket.send_bytes(frame)
        except _GONE as error:
            raise ConnectionError from error

    async def close(self, code: int, reason: str) -> None:
        try:
            await self._socket.close(code, reason)
        except _GONE as error:
            raise ConnectionError from error

    def abort(self) -> None:
        if self._direct:
            self._direct["abort"]()


_HOST: Final = re.compile(r"([0-9A-Za-z.-]+)(?::[0-9]{1,5})?")

Headers = Mapping[str, str]
"""Names in lower case."""


@dataclass(frozen=True, slots=True)
class Door:
    """What is asked before a socket is accepted, whichever way it comes."""

    rooms: Rooms
    find_author: FindAuthor
    origin: str | None
    """The public one; None means whatever the request came to."""
    hosts: tuple[str, ...] = ()
    """The names of this server, ``*`` for any. Only ``reception`` asks: elsewhere a middleware has."""

    def is_own(self, headers: Headers, secure: bool) -> bool:
        """Whether a page of ours opens it, by https or not. A browser sends Origin with every upgrade."""
        origin = self.origin
        if origin is None:
            origin = f"{'https' if secure else 'http'}://{headers.get('host', '')}"
        return headers.get("origin") == origin

    # For ``reception``, which lets nobody in unless it is certain.

    def is_certainly_own(self, headers: Headers) -> bool:
        """Whether it comes from a page and under a name of ours, and nothing has to be weighed."""
        if self.origin is None and "x-forwarded-proto" in headers:
            # Uvicorn knows which proxy is to be believed that people come by https.
            return False
        host = _HOST.fullmatch(headers.get("host", ""))
        if host is None or ("*" not in self.hosts and host[1].lower() not in self.hosts):
            return False
        return self.is_own(headers, secure=False)

    async def admit(self, headers: Headers) -> Author | None:
        """Say who it is. None for nobody who is to be let in, or not now."""
        try:
            author = await self.find_author(cookie_parser(headers.get("cookie", "")))
        except StorageUnavailable:
            return None
        return None if self.rooms.is_draining else author


def live_socket(door: Door) -> Callable[[WebSocket], Awaitable[None]]:
    """Make the endpoint.

    Refused before the socket is accepted: 403 from another site (before the session is looked at),
    401 without a session, 503 while nobody can be looked up or the server is going down.
    """

    async def live(socket: WebSocket) -> None:
        if not door.is_own(socket.headers, socket.scope["scheme"] == "wss"):
            await _refuse(socket, 403)
            return
        try:
            author = await door.find_author(socket.cookies)
        except StorageUnavailable:
            await _refuse(socket, 503)
            return
        if author is None:
            await _refuse(socket, 401)
        elif door.rooms.is_draining:
            await _refuse(socket, 503)
        else:
            await socket.accept()
            await _carry(door.rooms, author, socket)

    return live


async def _carry(rooms: Rooms, author: Author, socket: WebSocket) -> None:
    transport = _SocketTransport(socket)
    connection = rooms.connect(author, transport)
    transport.listen(connection.receive)
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            frame = message.get("bytes")
            if frame is None:
                # The protocol is binary: a text frame is none of it.
                connection.close(RESET)
            else:
                connection.receive(frame)
    finally:
        rooms.disconnect(connection)


async def _refuse(socket: WebSocket, status: int) -> None:
    await socket.send_denial_response(Response(status_code=status))
