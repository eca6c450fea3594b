"""Who gets a socket at all, and what becomes of one that misbehaves, over real TCP."""

import asyncio
import socket as tcp
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from crdt.messages import AuthGranted, AuthToken, SyncStep1, encode
from server.realtime.closings import RESET
from server.rules.limits import WIRE

PATIENCE_SECONDS = 20


async def _control(url: str, **order: Any) -> Any:
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS) as client:
        return (await client.post("/control", json=order)).raise_for_status().json()


@pytest.fixture(params=["/live", "/live?"], ids=["past_http", "through_the_application"])
def way(request: pytest.FixtureRequest) -> str:
    """Where a socket is opened: at the plain address, or at the same in a form that is looked at closely."""
    return str(request.param)


async def _connect(
    url: str, way: str, cookie: str = "person=kari", origin: str | None = None, **more: Any
) -> ClientConnection:
    return await connect(
        url.replace("http", "ws") + way,
        origin=origin or url,  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie} if cookie else {},
        compression=None,
        max_size=None,
        close_timeout=1,
        **more,
    )


@pytest.mark.parametrize(
    ("cookie", "origin", "status"),
    [
        pytest.param("person=kari", "http://elsewhere.example", 403, id="another_site_is_refused"),
        pytest.param("person=kari", "null", 403, id="a_page_without_an_origin_is_refused"),
        pytest.param("", None, 401, id="nobody_signed_in_is_refused"),
    ],
)
async def test_before_the_upgrade(
    wire_url: str, way: str, cookie: str, origin: str | None, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await _connect(wire_url, way, cookie, origin)
    assert refused.value.response.status_code == status


async def test_another_site_is_refused_before_the_session_is_looked_at(wire_url: str, way: str) -> None:
    await _control(wire_url, do="down", is_down=True)
    try:
        for origin, status in (("http://elsewhere.example", 403), (None, 503)):
            with pytest.raises(InvalidStatus) as refused:
                await _connect(wire_url, way, origin=origin)
            assert refused.value.response.status_code == status
    finally:
        await _control(wire_url, do="down", is_down=False)


async def _closing(socket: ClientConnection) -> tuple[int, str]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await socket.wait_closed()
    return socket.close_code or 0, socket.close_reason or ""


async def test_a_text_frame_resets_the_socket(wire_url: str, way: str) -> None:
    socket = await _connect(wire_url, way)
    await socket.send("text")
    assert await _closing(socket) == (RESET.code, RESET.reason)


async def test_bytes_that_are_no_frame_reset_the_socket(wire_url: str, way: str) -> None:
    socket = await _connect(wire_url, way)
    await socket.send(b"\xff\xff\xff")
    assert await _closing(socket) == (RESET.code, RESET.reason)


async def test_a_frame_over_the_limit_closes_the_socket(wire_url: str, way: str) -> None:
    socket = await _connect(wire_url, way)
    await socket.send(bytes(WIRE.frame_bytes_max + 1))
    assert (await _closing(socket))[0] == 1009


async def test_a_reader_that_reads_nothing_is_dropped_and_nothing_of_it_stays(
    wire_url: str, way: str
) -> None:
    name, text = "stalled/joint/1", "x" * 500_000
    await _control(wire_url, do="add", name=name, private=False, scopes={"kari": "read-write"}, text=text)
    before = await _control(wire_url, do="connections")
    # The client library stops reading from TCP when nobody takes what it has read.
    narrow = tcp.socket()
    narrow.setsockopt(tcp.SOL_SOCKET, tcp.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", urlsplit(wire_url).port))
    socket = await _connect(wire_url, way, sock=narrow)
    await socket.send(encode(name, AuthToken("", None)))
    assert await socket.recv() == encode(name, AuthGranted("read-write"))
    asking = asyncio.create_task(_ask_for_ever(socket, name))
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(ConnectionClosed):
            await asking
        await _control(wire_url, do="until_connections", are=before)
    assert socket.close_code == 1006


async def _ask_for_ever(socket: ClientConnection, name: str) -> None:
    while True:
        await socket.send(encode(name, SyncStep1(b"\x00")))
