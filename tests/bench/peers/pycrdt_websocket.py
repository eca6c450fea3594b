"""pycrdt-websocket with its SQLite store, on uvicorn: `python pycrdt_websocket.py PORT FOLDER`."""

import asyncio
import contextlib
import socket
import sys
from logging import Logger
from pathlib import Path

import uvicorn
import uvloop
from pycrdt.store import SQLiteYStore, YDocNotFound
from pycrdt.websocket import ASGIServer, WebsocketServer, YRoom

PORT, FOLDER = int(sys.argv[1]), Path(sys.argv[2])


class Store(SQLiteYStore):
    db_path = str(FOLDER / "pycrdt.sqlite")


class Rooms(WebsocketServer):
    """Each room is loaded from its store before anybody is let in."""

    async def get_room(self, name: str) -> YRoom:
        room = self.rooms.get(name)
        if room is None:
            store = Store(name.strip("/"))
            room = self.rooms[name] = YRoom(ready=False, ystore=store, exception_handler=go_on)
            await self.start_room(room)
            await store.started.wait()
            with contextlib.suppress(YDocNotFound):
                await store.apply_updates(room.ydoc)
            room.ready = True
        await room.ready_event.wait()
        return room


def go_on(error: Exception, log: Logger) -> bool:
    """A busy database costs a room an update, not its life."""
    log.warning("%r", error)
    return True


class Server(uvicorn.Server):
    """Says when it takes connections."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print("ready", flush=True)


async def main() -> None:
    async with Rooms(exception_handler=go_on) as rooms:
        app = ASGIServer(rooms)
        await Server(
            uvicorn.Config(app, port=PORT, log_level="error", ws_per_message_deflate=False, lifespan="off")
        ).serve()


with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
