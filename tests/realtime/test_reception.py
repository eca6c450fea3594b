"""Who is let in past HTTP: nobody who would not be let in through it, and nothing else is touched."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from crdt.messages import AuthGranted, AuthToken, encode
from server.realtime import reception
from server.realtime.closings import RESET
from server.realtime.reception import Reception, plain_upgrade
from server.realtime.socket import Door
from server.realtime.websocket_protocol import LiveWebSockets
from server.rules.errors import StorageUnavailable
from server.rules.limits import PLAIN_HEADERS_MAX
from server.storage.update_log import Author
from tests.realtime.doubles import JOINT, PATIENCE_SECONDS, House
from tests.realtime.test_websocket_protocol import Wire, masked

PLAIN = (
    b"GET /live HTTP/1.1\r\nHost: samsyn.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    b"Origin: http://samsyn.example\r\nCookie: person=kari\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.mark.parametrize(
    ("usual", "unusual"),
    [
        (b"GET", b"POST"),
        (b"/live", b"/live?"),
        (b"/live", b"/"),
        (b"HTTP/1.1", b"HTTP/1.0"),
        (b"\r\n\r\n", b"\r\n"),
        (b"\r\n\r\n", b"\r\n\r\nmore"),
        (b"\r\n\r\n", b"\r\nX: y\r\nx: y\r\n\r\n"),
        (b"\r\n\r\n", b"\r\n: y\r\n\r\n"),
        (b"\r\n\r\n", b"\r\nx_y: z\r\n\r\n"),
        (b"\r\n\r\n", b"\r\nx: a\tb\r\n\r\n"),
        (b"\r\n\r\n", b"".join(b"\r\nx%d: y" % number for number in range(PLAIN_HEADERS_MAX)) + b"\r\n\r\n"),
        (b"\r\n\r\n", b"\r\nContent-Length: 0\r\n\r\n"),
        (b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (b"\r\n\r\n", b"\r\nSec-WebSocket-Protocol: other\r\n\r\n"),
        (b"\r\nHost:", b"\nHost:"),
        (b"\r\nHost:", b"\r\n Host:"),
        (b"Host:", b"Host :"),
        (b"samsyn.example", b"samsyn.ex\xc3\xa9mple"),
        (b"kari", b"kari\x00"),
        (b"keep-alive, Upgrade", b"keep-alive"),
        (b"Upgrade: websocket\r\n", b"Upgrade: h2c\r\n"),
        (b"Upgrade: websocket\r\n", b""),
        (b"Version: 13", b"Version: 12"),
        (b"ZQ==", b"ZQ="),
        (b"ZQ==", b"Z===="),
        (b"Sec-WebSocket-Key", b"Sec-WebSocket-Lock"),
        (b"Cookie: ", b"Cookie: " + bytes(5_000).replace(b"\0", b"a")),
    ],
)
def test_what_is_unusual_is_looked_at_closely(usual: bytes, unusual: bytes) -> None:
    assert plain_upgrade(PLAIN) is not None
    assert plain_upgrade(PLAIN.replace(usual, unusual, 1)) is None


LINES = st.lists(
    st.sampled_from(
        (
            *PLAIN.split(b"\r\n")[1:-2],
            b"host:a",
            b"connection: UPGRADE ,x",
            b"Upgrade: WebSocket",
            b"Upgrade: websocket, other",
            b"Sec-WebSocket-Version: 8",
            b"X-\xe9: y",
            b" folded",
            b"",
            b"no colon",
        )
    ),
    max_size=12,
)


@given(lines=LINES)
def test_what_is_let_in_is_a_handshake_to_the_library_too(lines: list[bytes]) -> None:
    request = b"\r\n".join((b"GET /live HTTP/1.1", *lines, b"\r\n"))
    headers = plain_upgrade(request)
    if headers is None:
        return
    library = ServerProtocol()
    library.receive_data(request)
    (event,) = library.events_received()
    assert isinstance(event, Request)
    answer = library.accept(event)
    assert answer.status_code == 101
    assert {name.lower(): value for name, value in event.headers.raw_items()} == headers


class HandedOn(asyncio.Protocol):
    """What stands for HTTP here."""

    received = b""

    def __init__(self, **_: Any) -> None: ...

    def data_received(self, data: bytes) -> None:
        self.received += data


class Line(Wire):
    """A TCP connection that knows who has it."""

    owner: asyncio.BaseProtocol

    def __init__(self) -> None:
        super().__init__()
        self.wrote = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        super().write(data)
        self.wrote.set()

    async def until_written(self, frame: bytes) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while frame not in self.written:
                self.wrote.clear()
                await self.wrote.wait()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.owner = protocol


@dataclass
class Front:
    """A reception with everything around it. ``answer``: what is said of whoever knocks."""

    origin: str | None = None
    hosts: tuple[str, ...] = ("samsyn.example",)
    answer: asyncio.Future[Author | None] = field(default_factory=asyncio.Future)
    house: House = field(default_factory=House)
    line: Line = field(default_factory=Line)
    state: ServerState = field(default_factory=ServerState)

    def __post_init__(self) -> None:
        async def find(cookies: Mapping[str, str]) -> Author | None:
            assert cookies == {"person": "kari"}
            return await self.answer

        config = uvicorn.Config(lambda: None, log_config=None, ws_ping_interval=None)
        config.load()
        door = Door(self.house.rooms, find, self.origin, self.hosts)
        self.reception = Reception(door, config, self.state, {})
        self.line.owner = self.reception
        self.reception.connection_made(self.line)

    async def receive(self, data: bytes) -> None:
        """Let bytes come, and what they began come to its end."""
        cast(asyncio.Protocol, self.line.owner).data_received(data)
        if self.answer.done():
            await asyncio.gather(*self.state.tasks)

    @property
    def handed_on(self) -> bytes | None:
        """What HTTP has been given; None if it has not been asked."""
        return self.line.owner.received if isinstance(self.line.owner, HandedOn) else None


@pytest.fixture(autouse=True)
def http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "AutoHTTPProtocol", HandedOn)


@pytest.fixture
async def front() -> Front:
    return Front()


KARI = Author("kari", "session")


async def test_somebody_with_a_session_is_let_in_and_heard(front: Front) -> None:
    front.house.add(1, JOINT, pane=cast(Any, "joint"), kari="read-write")
    front.house.desk.persons["session"] = "kari"
    front.answer.set_result(KARI)
    await front.receive(PLAIN)
    assert front.line.written.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in front.line.written
    assert isinstance(front.line.owner, LiveWebSockets)
    assert front.state.connections == {front.line.owner}
    (connection,) = front.house.rooms._connections
    assert connection.author == KARI
    await front.receive(masked(Opcode.BINARY, encode(JOINT, AuthToken("", None))))
    await front.line.until_written(encode(JOINT, AuthGranted("read-write")))
    front.line.owner.connection_lost(None)
    assert not front.house.rooms._connections
    assert not front.state.connections


async def test_who_is_slow_to_read_is_waited_for_and_nobody_else(front: Front) -> None:
    sockets = []
    for each in (front, Front(house=front.house)):
        each.answer.set_result(KARI)
        await each.receive(PLAIN)
        sockets.append(cast(LiveWebSockets, each.line.owner))
    slow, quick = sockets
    slow.pause_writing()
    assert not slow._write([b"later"])
    assert quick._write([b"now"])
    sending = asyncio.ensure_future(slow.send({"type": "websocket.send", "bytes": b"in order"}))
    await asyncio.wait((sending,), timeout=0)
    assert not sending.done()
    slow.resume_writing()
    await sending
    assert front.line.written.endswith(b"in order")


@pytest.mark.parametrize(
    ("usual", "unusual"),
    [
        (b"GET", b"POST"),
        (b"Origin: http://", b"Origin: https://"),
        (b"Host: s", b"Host: elsewhere.s"),
        (b"samsyn.example", b"samsyn.example:@elsewhere"),
    ],
    ids=["not_a_socket", "another_site", "another_name", "no_name"],
)
async def test_nobody_looks_up_who_sends_anything_else(front: Front, usual: bytes, unusual: bytes) -> None:
    request = PLAIN.replace(usual, unusual)
    await front.receive(request)
    # Whoever had been looked up would still be waited for.
    assert front.handed_on == request


async def test_whether_a_proxy_is_to_be_believed_is_not_known_here() -> None:
    request = PLAIN.replace(b"Origin: http", b"X-Forwarded-Proto: https\r\nOrigin: http")
    for origin, is_let_in in ((None, False), ("http://samsyn.example", True)):
        front = Front(origin)
        front.answer.set_result(KARI)
        await front.receive(request)
        assert isinstance(front.line.owner, LiveWebSockets) is is_let_in


@pytest.mark.parametrize("why", ["nobody", "down", "broken", "draining"])
async def test_who_is_not_let_in_is_told_so_by_the_application(front: Front, why: str) -> None:
    if why in ("down", "broken"):
        front.answer.set_exception(StorageUnavailable() if why == "down" else RuntimeError("made to fail"))
    else:
        front.answer.set_result(KARI if why == "draining" else None)
    front.house.rooms.is_draining = why == "draining"
    await front.receive(PLAIN)
    assert front.handed_on == PLAIN
    assert not front.line.written
    assert not front.house.rooms._connections


@pytest.mark.parametrize("author", [None, KARI], ids=["nobody", "somebody"])
async def test_what_comes_too_early_is_not_lost(front: Front, author: Author | None) -> None:
    await front.receive(PLAIN)
    early = masked(Opcode.BINARY, b"\xff")
    await front.receive(early[:3])
    await front.receive(early[3:])
    front.answer.set_result(author)
    await asyncio.gather(*front.state.tasks)
    if author is None:
        assert front.handed_on == PLAIN + early
    else:
        # It is no frame of the protocol: the socket is reset, so it has been heard.
        await front.line.until_written(RESET.reason.encode())


async def test_who_has_gone_meanwhile_is_not_let_in(front: Front) -> None:
    await front.receive(PLAIN)
    front.line.is_over = True
    front.reception.connection_lost(None)
    front.answer.set_result(KARI)
    await asyncio.gather(*front.state.tasks)
    assert not front.house.rooms._connections
    assert not front.state.connections
    assert not front.line.written
