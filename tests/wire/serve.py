"""A server of its own process with real rooms, sockets and loopback, and a desk that tests tell what to say.

Run as ``python -m tests.wire.serve``; prints its address. Who connects is named by the cookie ``person``.
"""

import asyncio
import socket
import sys
from collections.abc import Mapping
from functools import partial
from inspect import isawaitable
from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute

from server.realtime.clock import LoopClock
from server.realtime.closings import SERVICE_RESTART
from server.realtime.connection import Connection
from server.realtime.reception import Reception
from server.realtime.socket import Door, live_socket
from server.realtime.websocket_protocol import LiveWebSockets
from server.rules import limits
from server.rules.access import Pane
from server.rules.errors import StorageUnavailable
from server.storage.bells import ConversationChanged, SessionEnded
from server.storage.update_log import Author
from tests.realtime.doubles import House


class Served:
    """What the tests may do to the server, one method for each ``do``."""

    def __init__(self) -> None:
        self.house = House(real_clock=LoopClock())
        self.documents = 0
        self.is_down = False
        self.left = asyncio.Condition()
        self.notices: set[asyncio.Task[None]] = set()
        self.door = Door(self.house.rooms, self.author, None, ("127.0.0.1",))
        disconnect = self.house.rooms.disconnect

        def left(connection: Connection) -> None:
            disconnect(connection)
            self.notices.add(notice := asyncio.create_task(self.notify()))
            notice.add_done_callback(self.notices.discard)

        self.house.rooms.disconnect = left  # type: ignore[method-assign]

    async def notify(self) -> None:
        async with self.left:
            self.left.notify_all()

    async def control(self, request: Request) -> JSONResponse:
        order = await request.json()
        answer = getattr(self, order.pop("do"))(**order)
        return JSONResponse(await answer if isawaitable(answer) else answer)

    def add(self, name: str, private: bool, scopes: dict[str, str], text: str = "") -> int:
        self.documents += 1
        pane = Pane(name.split("/")[1])
        self.house.add(self.documents, name, pane, private=private, text=text, **scopes)  # type: ignore[arg-type]
        return self.documents

    def answer(self, person: str, name: str, reason: str) -> None:
        self.house.desk.openings[person, name] = reason

    def rescope(self, person: str, name: str, scope: str) -> None:
        self.house.rescope(person, name, scope)  # type: ignore[arg-type]

    def changed(self, conversation: str) -> None:
        self.house.rooms.hear(ConversationChanged(conversation))

    def end_session(self, session: str) -> None:
        self.house.rooms.hear(SessionEnded(session))

    def hold(self) -> None:
        self.house.log.gate.clear()

    def release(self) -> None:
        self.house.log.gate.set()

    def fail(self, times: int) -> None:
        self.house.log.failures = times

    def cut(self) -> None:
        """Close every socket, as a restart would."""
        for connection in tuple(self.house.rooms._connections):
            connection.close(SERVICE_RESTART)

    def connections(self) -> int:
        return len(self.house.rooms._connections)

    async def until_connections(self, are: int) -> None:
        async with self.left:
            await self.left.wait_for(lambda: self.connections() <= are)

    def down(self, is_down: bool) -> None:
        """Whether the database that knows the sessions is down."""
        self.is_down = is_down

    def text(self, document: int) -> str:
        return self.house.text(document)

    def loads(self, document: int) -> int:
        return self.house.log.loads[document]

    async def author(self, cookies: Mapping[str, str]) -> Author | None:
        if self.is_down:
            raise StorageUnavailable
        person = cookies.get("person")
        if person is None:
            return None
        session = cookies.get("session", person)
        self.house.desk.persons[session] = person
        return Author(person, session)


async def main() -> None:
    # A test cannot wait as long as a reader may be given.
    limits.SEND_SECONDS_MAX = limits.GOODBYE_SECONDS_MAX = 1
    served = Served()
    served.house.rooms.start()
    app = Starlette(
        routes=[
            Route("/control", served.control, methods=["POST"]),
            WebSocketRoute("/live", live_socket(served.door)),
        ]
    )
    config = uvicorn.Config(
        app,
        http=cast(type[Reception], partial(Reception, served.door)),
        ws=LiveWebSockets,
        ws_max_size=limits.WIRE.frame_bytes_max,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        lifespan="off",
        log_level="warning",
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        # Until the parent closes the pipe, and with it goes away.
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await asyncio.to_thread(sys.stdin.read)
        await served.house.rooms.drain()
        server.should_exit = True
        await serving


if __name__ == "__main__":
    asyncio.run(main())
