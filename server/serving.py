"""The HTTP server around the application: one socket on one address, and an end that loses nothing."""

import errno
import gc
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from types import FrameType
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from server.realtime.reception import Reception
from server.realtime.socket import Door
from server.realtime.websocket_protocol import LiveWebSockets
from server.rules.errors import CannotServe
from server.rules.limits import OPEN_FILES, WIRE

BACKLOG = 2048
REQUEST_SECONDS = 1
"""For the last requests, once the rooms are drained."""
OBJECTS_BETWEEN_LOOKS = 10_000
"""How many new objects have the collector of cyclic garbage look.

More often costs a long page a tenth of its time.
"""


class CannotListen(CannotServe):
    """The address cannot be listened on. Its text is a sentence for the operator."""


def listening_socket(host: str, port: int) -> socket.socket:
    """Take the address. Connections are accepted once it is served. Raises CannotListen."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        taken = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotListen(f"SAMSYN_HOST is {host}, which is not an address of this machine.") from error
    try:
        if sys.platform != "win32":
            # There it would allow a second server on the same port.
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
    except OSError as error:
        taken.close()
        raise CannotListen(_why(error, host, port)) from error
    return taken


def _why(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is in use. Stop what uses it, or choose another by SAMSYN_PORT."
        case errno.EACCES:
            return f"Port {port} may not be used by this user. Choose one above 1023 by SAMSYN_PORT."
        case _:
            return f"SAMSYN_HOST is {host}, which is not an address of this machine."


class DrainingServer(uvicorn.Server):
    """Uvicorn, which on SIGTERM or SIGINT first lets the rooms acknowledge what they have been sent."""

    def __init__(
        self,
        app: ASGIApp,
        door: Door,
        drain: Callable[[], Awaitable[None]],
        when_ready: Callable[[], None],
    ) -> None:
        """``drain`` ends rooms and sockets; ``when_ready`` is called once connections are accepted."""
        super().__init__(
            uvicorn.Config(
                app,
                http=cast(type[Reception], partial(Reception, door)),
                ws=LiveWebSockets,
                # Deflate costs memory for each connection and tells an observer more about the text.
                ws_per_message_deflate=False,
                ws_max_size=WIRE.frame_bytes_max,
                # The rooms send their own pings, on a fixed clock.
                ws_ping_interval=None,
                lifespan="off",
                log_config=None,
                # An address says which conversation, a cookie who: neither belongs in a log.
                access_log=False,
                server_header=False,
                backlog=BACKLOG,
                timeout_graceful_shutdown=REQUEST_SECONDS,
            )
        )
        self._drain = drain
        self._when_ready = when_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, then say so."""
        _allow_many_sockets()
        settle_memory()
        await super().startup(sockets)
        self._when_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, drain the rooms, then end what is left."""
        for server in self.servers:
            server.close()
        await self._drain()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End in order; a second Ctrl-C ends at once. The process then exits by itself, not by the signal."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def settle_memory() -> None:
    """Have the collector of cyclic garbage leave alone what has been made until now, and stays.

    A long list makes many objects, and the collector would look through all of the program each time: half of
    what a page of hundreds of rows costs.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)


def _allow_many_sockets() -> None:
    """Raise this process's allowance of open files, as far as the system lets it, to OPEN_FILES."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
