"""Frames that take the short way and frames that take the long one: the same messages, in the same order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from server.realtime.socket import DIRECT
from server.realtime.websocket_protocol import LiveWebSockets
from server.rules.limits import WIRE

UPGRADE = (
    b"GET /live HTTP/1.1\r\nHost: samsyn.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Wire(asyncio.Transport):
    """A TCP connection that keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_over = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.is_over

    def close(self) -> None:
        self.is_over = True

    def abort(self) -> None:
        self.is_over = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Opened:
    """A socket that has been accepted, from the server's side."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.others: list[Any] = []
        self.direct: Any = None
        self.wire = Wire()
        self.accepted = asyncio.Event()

    async def open(self, *, listens: bool = True) -> Opened:
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            log_config=None,
            ws_max_size=WIRE.frame_bytes_max,
            ws_per_message_deflate=False,
            ws_ping_interval=None,
        )
        config.load()
        self.protocol = LiveWebSockets(config, ServerState(), {})
        self.protocol.connection_made(self.wire)
        self.protocol.data_received(UPGRADE)
        await self.accepted.wait()
        if listens:
            self.direct["listen"](self.messages.append)
        self.wire.written = b""
        return self

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.direct = scope["extensions"][DIRECT]
        await receive()
        await send({"type": "websocket.accept"})
        self.accepted.set()
        while (message := await receive())["type"] != "websocket.disconnect":
            self.others.append(message)

    async def close(self) -> None:
        self.protocol.connection_lost(None)
        await asyncio.gather(*self.protocol.tasks)


def masked(opcode: Opcode, data: bytes, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


def fragmented(data: bytes) -> bytes:
    half = len(data) // 2
    return masked(Opcode.BINARY, data[:half], fin=False) + masked(Opcode.CONT, data[half:])


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(("plain", "plain", "plain", "fragmented", "ping", "pong")),
        st.one_of(st.binary(max_size=8), st.integers(120, 131).map(bytes), st.just(bytes(70_000))),
    ),
    max_size=8,
)


@given(messages=MESSAGES, cuts=st.lists(st.integers(1, 200), max_size=30))
def test_binary_messages_come_whole_and_in_order_however_they_are_cut(
    messages: list[tuple[str, bytes]], cuts: list[int]
) -> None:
    stream, sent, pings = b"", [], []
    for kind, data in messages:
        match kind:
            case "plain":
                stream += masked(Opcode.BINARY, data)
                sent.append(data)
            case "fragmented":
                stream += fragmented(data)
                sent.append(data)
            case "ping":
                stream += masked(Opcode.PING, data[:125])
                pings.append(data[:125])
            case _:
                stream += masked(Opcode.PONG, data[:125])

    async def play() -> None:
        opened = await Opened().open()
        rest = stream
        for cut in cuts:
            if rest:
                opened.protocol.data_received(rest[:cut])
                rest = rest[cut:]
        if rest:
            opened.protocol.data_received(rest)
        assert opened.messages == sent
        assert opened.others == []
        answered = b"".join(Frame(Opcode.PONG, data).serialize(mask=False) for data in pings)
        assert opened.wire.written == answered
        await opened.close()

    asyncio.run(play())


async def test_who_does_not_listen_gets_everything_as_asgi_has_it() -> None:
    opened = await Opened().open(listens=False)
    opened.protocol.data_received(masked(Opcode.BINARY, b"plain"))
    await opened.close()
    assert opened.others == [{"type": "websocket.receive", "bytes": b"plain"}]
    assert opened.messages == []


async def test_a_frame_that_began_before_anybody_listened_is_read_to_its_end() -> None:
    opened = await Opened().open(listens=False)
    early = masked(Opcode.BINARY, b"early")
    opened.protocol.data_received(early[:4])
    opened.direct["listen"](opened.messages.append)
    opened.protocol.data_received(early[4:] + masked(Opcode.BINARY, b"later"))
    assert opened.messages == [b"early", b"later"]
    await opened.close()


async def test_text_goes_the_long_way() -> None:
    opened = await Opened().open()
    opened.protocol.data_received(masked(Opcode.TEXT, b"text"))
    await opened.close()
    assert opened.others == [{"type": "websocket.receive", "text": "text"}]
    assert opened.messages == []


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        pytest.param(bytes((0x82, 0xFF)) + (WIRE.frame_bytes_max + 1).to_bytes(8), 1009, id="too_large"),
        pytest.param(Frame(Opcode.BINARY, b"x").serialize(mask=False), 1002, id="not_masked"),
        pytest.param(masked(Opcode.CONT, b"x"), 1002, id="the_end_of_nothing"),
        pytest.param(bytes((0xC2, 0x81, 0, 0, 0, 0, 0)), 1002, id="a_reserved_bit"),
    ],
)
async def test_what_is_against_the_protocol_closes_the_socket_as_ever(refused: bytes, code: int) -> None:
    opened = await Opened().open()
    opened.protocol.data_received(masked(Opcode.BINARY, b"before") + refused)
    assert opened.messages == [b"before"]
    assert opened.wire.written[2:4] == code.to_bytes(2)
    assert opened.wire.is_over
    await opened.close()


@pytest.mark.parametrize("size", [0, 5, 125, 126, 65_535, 65_536])
async def test_what_is_written_at_once_is_what_would_be_sent(size: int) -> None:
    opened = await Opened().open()
    message = bytes(size)
    assert opened.direct["write"]([message, b"and another"])
    frames = (Frame(Opcode.BINARY, data).serialize(mask=False) for data in (message, b"and another"))
    assert opened.wire.written == b"".join(frames)
    await opened.close()


class Gathering:
    """A transport of uvloop's: none of asyncio's, and it takes several pieces at once."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self.pieces.append(data)

    def writelines(self, pieces: list[bytes]) -> None:
        self.pieces += pieces


@pytest.mark.parametrize(("size", "is_copied"), [(65_529, True), (65_530, False)])
async def test_what_is_large_is_written_as_it_is_and_in_order(size: int, is_copied: bool) -> None:
    opened = await Opened().open()
    wire, message = Gathering(), bytes(size)
    opened.protocol.transport = wire  # type: ignore[assignment]
    assert opened.direct["write"]([b"before", message])
    assert opened.direct["write"]([b"after"])
    frames = (Frame(Opcode.BINARY, data).serialize(mask=False) for data in (b"before", message, b"after"))
    assert b"".join(wire.pieces) == b"".join(frames)
    assert any(piece is message for piece in wire.pieces) != is_copied
    opened.protocol.transport = opened.wire
    await opened.close()


async def test_where_a_reader_who_is_behind_might_go_unnoticed_nothing_is_gathered() -> None:
    opened = await Opened().open()
    opened.wire.writelines = None  # type: ignore[method-assign,assignment]
    assert opened.direct["write"]([bytes(65_536)])
    await opened.close()


async def test_nothing_is_written_at_once_to_a_reader_who_must_be_waited_for() -> None:
    opened = await Opened().open()
    opened.protocol.pause_writing()
    assert not opened.direct["write"]([b"later"])
    opened.protocol.resume_writing()
    assert opened.direct["write"]([b"now"])
    opened.wire.close()
    assert not opened.direct["write"]([b"too late"])
    assert b"later" not in opened.wire.written
    await opened.close()


async def test_an_upgrade_that_is_refused_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b""})

    config = uvicorn.Config(app, interface="asgi3", log_config=None, ws_per_message_deflate=False)
    config.load()
    protocol, wire = LiveWebSockets(config, ServerState(), {}), Wire()
    protocol.connection_made(wire)
    protocol.data_received(UPGRADE)
    await asyncio.gather(*protocol.tasks)
    assert wire.written.startswith(b"HTTP/1.1 401 ")
    assert wire.is_over
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        (b"Content-Length: 4\r\n", b"400 Bad Request"),
        (b"X: " + bytes(10_000) + b"\r\n", b"431 Request Header"),
    ],
    ids=["with_a_body", "with_a_long_header"],
)
async def test_an_upgrade_that_is_none_is_answered(more: bytes, answer: bytes) -> None:
    config = uvicorn.Config(lambda: None, interface="asgi3", log_config=None, ws_per_message_deflate=False)
    config.load()
    protocol, wire = LiveWebSockets(config, ServerState(), {}), Wire()
    protocol.connection_made(wire)
    protocol.data_received(UPGRADE.replace(b"Host:", more + b"Host:"))
    assert wire.written.startswith(b"HTTP/1.1 " + answer)
    assert wire.is_over
