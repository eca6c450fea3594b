"""Uvicorn's WebSockets, with a way to drop a socket that takes nothing more.

ASGI has none: a closing waits behind what the reader has not taken, so a reader that never reads would
be kept for ever. ``uvicorn.Config(ws=AbortableWebSockets)``.
"""

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from server.realtime.socket import ABORT
from server.rules import limits


class AbortableWebSockets(WebSocketsSansIOProtocol):
    """See the module."""

    def handle_connect(self, event: Request) -> None:
        """Offer the extension before the application is run (uvicorn does that in a task of its own)."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["extensions"][ABORT] = {"abort": self.transport.abort}

    async def send(self, message: ASGISendEvent) -> None:
        """Send, and drop a socket whose closing is not answered (uvicorn would wait for it to be read)."""
        await super().send(message)
        if message["type"] == "websocket.close" and self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(limits.GOODBYE_SECONDS_MAX, self.transport.abort)
