"""A server of its own process with real rooms, sockets and loopback, and a desk that tests tell what to say.

Run as ``python -m tests.wire.serve``; prints its address. Who connects is named by the cookie ``person``.
"""

import asyncio
import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute

from server.realtime.clock import LoopClock
from server.realtime.closings import SERVICE_RESTART
from server.realtime.socket import live_socket
from server.realtime.websocket_protocol import AbortableWebSockets
from server.rules.access import Pane
from server.storage.bells import ConversationChanged, SessionEnded
from server.storage.update_log import Author
from tests.realtime.doubles import House


class Served:
    """What the tests may do to the server, one method for each ``do``."""

    def __init__(self) -> None:
        self.house = House(real_clock=LoopClock())
        self.documents = 0

    async def control(self, request: Request) -> JSONResponse:
        order = await request.json()
        return JSONResponse(getattr(self, order.pop("do"))(**order))

    def add(self, name: str, private: bool, scopes: dict[str, str]) -> int:
        self.documents += 1
        pane = Pane(name.split("/")[1])
        self.house.add(self.documents, name, pane, private=private, **scopes)  # type: ignore[arg-type]
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

    def text(self, document: int) -> str:
        return self.house.text(document)

    def loads(self, document: int) -> int:
        return self.house.log.loads[document]

    async def author(self, connection: HTTPConnection) -> Author | None:
        person = connection.cookies.get("person")
        if person is None:
            return None
        session = connection.cookies.get("session", person)
        self.house.desk.persons[session] = person
        return Author(person, session)


async def main() -> None:
    served = Served()
    served.house.rooms.start()
    app = Starlette(
        routes=[
            Route("/control", served.control, methods=["POST"]),
            WebSocketRoute("/live", live_socket(served.house.rooms, served.author, None)),
        ]
    )
    config = uvicorn.Config(
        app, ws=AbortableWebSockets, log_level="warning", lifespan="off", ws_ping_interval=None
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
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
