"""A socket without an application: what is rare is done as uvicorn would, though it made none of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.frames import Close, Frame, Opcode

from crdt.messages import AuthToken, encode
from server.realtime.closings import RESET
from server.realtime.direct_socket import DirectSocket
from server.realtime.websocket_protocol import LiveWebSockets
from server.storage.update_log import Author
from tests.realtime.doubles import JOINT, House
from tests.realtime.test_websocket_protocol import Wire, fragmented, masked

OF_A_HANDSHAKE = {"root_path", "asgi_version", "app_state", "default_headers", "server", "scheme"}
OF_AN_APPLICATION = {"app", "tasks"}
OF_PINGS = {"ping_interval", "ping_timeout", "ping_sent_at", "last_ping_rtt"}
"""Of uvicorn's, which begin with a handshake of its own. The rooms have theirs."""

OTHERWISE = {"conn", "handshake_complete", "handshake_initiated", "queue", "transport", "writable"}
"""What is there, and is something else."""


class Socket:
    """A direct socket with everything around it."""

    def __init__(self) -> None:
        self.config = uvicorn.Config(lambda: None, interface="asgi3", log_config=None, ws_ping_interval=None)
        self.config.load()
        self.state, self.wire, self.house = ServerState(), Wire(), House()
        author = Author("kari", "session")
        self.protocol = DirectSocket(self.config, self.state, self.wire, self.house.rooms, author)

    def receive(self, opcode: Opcode, data: bytes) -> None:
        self.protocol.data_received(masked(opcode, data))

    @property
    def documents_asked_for(self) -> int:
        (connection,) = self.house.rooms._connections
        return len(connection._openings)


@pytest.fixture
async def socket() -> AsyncIterator[Socket]:
    socket = Socket()
    yield socket
    await socket.house.rooms._tasks.stop()


async def test_it_has_all_that_uvicorn_gives_a_socket_after_its_handshake(socket: Socket) -> None:
    whole = vars(LiveWebSockets(socket.config, socket.state, {}))
    names = whole.keys() - OF_A_HANDSHAKE - OF_AN_APPLICATION - OF_PINGS
    assert {name for name in names if not hasattr(socket.protocol, name)} == set()
    assert {name for name in names if getattr(socket.protocol, name) != whole[name]} == OTHERWISE


async def test_a_message_in_pieces_is_heard_once_it_is_whole(socket: Socket) -> None:
    message = fragmented(encode(JOINT, AuthToken("", None)))
    socket.protocol.data_received(message[:-1])
    assert socket.documents_asked_for == 0
    socket.protocol.data_received(message[-1:])
    assert socket.documents_asked_for == 1


async def test_a_ping_is_answered(socket: Socket) -> None:
    socket.receive(Opcode.PING, b"there?")
    assert socket.wire.written == Frame(Opcode.PONG, b"there?").serialize(mask=False)
    assert not socket.wire.is_over


async def test_who_says_goodbye_is_told_so_too(socket: Socket) -> None:
    goodbye = Close(1000, "").serialize()
    socket.receive(Opcode.CLOSE, goodbye)
    assert socket.wire.written == Frame(Opcode.CLOSE, goodbye).serialize(mask=False)
    assert socket.wire.is_over
    socket.protocol.connection_lost(None)
    assert not socket.house.rooms._connections
    assert not socket.state.connections


async def test_text_is_none_of_the_protocol(socket: Socket) -> None:
    (connection,) = socket.house.rooms._connections
    socket.receive(Opcode.TEXT, b"hello")
    await connection.flushed()
    assert RESET.reason.encode() in socket.wire.written


async def test_the_rest_of_nothing_ends_it(socket: Socket) -> None:
    socket.receive(Opcode.CONT, b"hello")
    assert socket.protocol.close_sent
    assert socket.wire.is_over


async def test_sockets_do_not_share_what_one_of_them_waits_for(socket: Socket) -> None:
    other = DirectSocket(
        socket.config, socket.state, Wire(), socket.house.rooms, Author("ola", "another session")
    )
    socket.protocol.pause_writing()
    assert not socket.protocol.writable.is_set()
    assert other.writable.is_set()
    socket.receive(Opcode.PING, b"")
    assert socket.protocol.conn is not other.conn
