"""Uvicorn's WebSockets, with a way to drop a socket that takes nothing more.

ASGI has none: a closing waits behind what the reader has not taken, so a reader that never reads would
be kept for ever. ``uvicorn.Config(ws=AbortableWebSockets)``.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from server.realtime.socket import ABORT


class AbortableWebSockets(WebSocketsSansIOProtocol):
    """See the module."""

    def handle_connect(self, event: Request) -> None:
        """Offer the extension before the application is run (uvicorn does that in a task of its own)."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["extensions"][ABORT] = {"abort": self.transport.abort}
