"""A socket without an application: ``reception`` has let it in, and no task waits behind it."""

import asyncio
import logging
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final, Literal, cast

from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.server import ServerState
from websockets.protocol import SERVER, Protocol
from websockets.server import ServerProtocol

from server.realtime.closings import RESET
from server.realtime.rooms import Rooms
from server.realtime.websocket_protocol import LiveWebSockets
from server.storage.update_log import Author


class _Unread(asyncio.Queue[Any]):
    """Where uvicorn puts what an application is to be told."""

    def put_nowait(self, item: Any) -> None:
        """Nobody waits for it behind a socket without an application."""


# Of thousands of sockets that are open, nearly all can be written to: none of them needs one of its own.
_UNREAD: Final = _Unread()
_WRITABLE: Final = asyncio.Event()
_WRITABLE.set()


class DirectSocket(LiveWebSockets):
    """See the module. Its handshake is over when it is made.

    Uvicorn's constructor is passed over: nearly all that it makes is for a handshake and for an application,
    and takes as long as finding out who comes. What is left of it is the same for every socket.
    """

    client = initial_response = None
    close_sent = disconnected = read_paused = False
    close_timer = ping_timer = pong_timer = pending_ping_payload = None
    close_timeout = 10.0
    curr_msg_data_type: Literal["text", "bytes"] = "bytes"
    handshake_initiated = handshake_complete = True
    logger = logging.getLogger("uvicorn.error")
    queue = _UNREAD
    writable = _WRITABLE

    _is_whole = True

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        transport: asyncio.Transport,
        rooms: Rooms,
        author: Author,
    ) -> None:
        self.config = config
        self.connections = server_state.connections
        self.frames = []
        self.loop = asyncio.get_running_loop()
        self.transport = transport
        self.connections.add(self)
        self._rooms = rooms
        self._connection = rooms.connect(author, DirectTransport(self))
        self._sink = self._connection.receive

    @cached_property
    def conn(self) -> ServerProtocol:  # type: ignore[override]  # it can be set as well
        """What frames go through that go the long way: on most sockets none ever does."""
        # After a handshake uvicorn asks of it what any Protocol has.
        return cast(ServerProtocol, Protocol(SERVER, max_size=self.config.ws_max_size))

    def pause_writing(self) -> None:
        """Let whoever sends wait until ``resume_writing``."""
        self.writable = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._rooms.disconnect(self._connection)

    def send_receive_event_to_app(self) -> None:
        """Hand on a binary message that came the long way. Text is none of the protocol."""
        if self.curr_msg_data_type == "bytes" or self.close_sent:
            super().send_receive_event_to_app()
        else:
            self.frames = []
            self._connection.close(RESET)


class DirectTransport:
    """The ``Transport`` of ports.py of a socket without an application."""

    __slots__ = ("_socket",)

    def __init__(self, socket: LiveWebSockets) -> None:
        self._socket = socket

    def send_at_once(self, frames: Sequence[bytes]) -> bool:
        return self._socket._write(frames)

    async def send(self, frame: bytes) -> None:
        await self._say({"type": "websocket.send", "bytes": frame})

    async def close(self, code: int, reason: str) -> None:
        await self._say({"type": "websocket.close", "code": code, "reason": reason})

    async def _say(self, message: ASGISendEvent) -> None:
        try:
            await self._socket.send(message)
        except (ClientDisconnected, RuntimeError) as error:
            raise ConnectionError from error

    def abort(self) -> None:
        self._socket.transport.abort()
