"""A person's device without a browser: signs in, attaches to documents and types, over the real wire.

It keeps its own document across lost sockets, as a browser does, and knows which of its keystrokes the
server has acknowledged. Used where hundreds of devices are needed, or where the server is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections import deque
from dataclasses import dataclass, field

import httpx
import pycrdt
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from crdt.messages import (
    AuthDenied,
    AuthGranted,
    AuthToken,
    Awareness,
    AwarenessEntry,
    Close,
    Frame,
    Ping,
    Pong,
    Stateless,
    SyncStatus,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    decode,
    encode,
)
from server.rules.limits import WIRE

PROVIDER_VERSION = "4.8.0"
ATTEMPTS_MAX = 10
"""To sign in at a server whose disk fails now and then, as the page says."""


async def sign_in(url: str, person: str) -> str:
    """Sign in by the demo's button and return the Cookie header. Tries again where the disk failed."""
    async with httpx.AsyncClient(base_url=url) as client:
        for _ in range(ATTEMPTS_MAX):
            answer = await client.post("/sign-in", data={"person": person}, headers={"origin": url})
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
        assert answer.status_code in {302, 303}, answer.text[:500]
        return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())


async def documents_with(url: str, cookie: str, name: str) -> dict[str, str]:
    """The documents (pane -> name on the wire) of the conversation that the start page lists with `name`."""
    async with httpx.AsyncClient(base_url=url, headers={"Cookie": cookie}) as client:
        start = (await client.get("/")).text
        links = re.findall(r'<a\b[^>]*href="(/conversations/[^"/]+)"[^>]*>(.*?)</a>', start, re.S)
        rows = re.split(r"(?=<li\b)", start)
        path = next(
            (link for link, text in links if name in text),
            next(
                (
                    found[0]
                    for row in rows
                    if name in row and (found := re.findall(r'/conversations/[^"/]+', row))
                ),
                None,
            ),
        )
        assert path is not None, f"{name} is not on the start page"
        page = (await client.get(path)).text
        data = re.search(r'id="samsyn-page"[^>]*>(.*?)</script>', page, re.S)
        assert data is not None, page[:500]
        documents = json.loads(data[1])["documents"]
        return {pane: document["name"] for pane, document in documents.items()}


def _first_paragraph(doc: pycrdt.Doc[pycrdt.XmlFragment], field_name: str) -> pycrdt.XmlElement:
    paragraph = doc.get(field_name, type=pycrdt.XmlFragment).children[0]
    assert isinstance(paragraph, pycrdt.XmlElement)
    return paragraph


@dataclass
class Attached:
    """One document on the device."""

    name: str
    doc: pycrdt.Doc[pycrdt.XmlFragment] = field(default_factory=pycrdt.Doc)
    scope: str | None = None
    denied: str | None = None
    closed: str | None = None
    synced: bool = False
    unacknowledged: deque[list[str]] = field(default_factory=deque)
    """What each unanswered frame carried, oldest first."""
    written: list[str] = field(default_factory=list)
    acknowledged: dict[str, int] = field(default_factory=dict)
    """What has been called saved, and when this device heard it, in ns of the machine's monotonic clock."""


class Device:
    """One socket with any number of documents."""

    def __init__(self, url: str, cookie: str) -> None:
        self.url = url
        self.cookie = cookie
        self.documents: dict[str, Attached] = {}
        self.received: list[bytes] = []
        self.stateless: list[str] = []
        self.changed = asyncio.Condition()
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def connect(self, *names: str) -> None:
        """Open the socket and attach to `names`, or to all that were attached before."""
        self._socket = await connect(
            self.url.replace("http", "ws", 1) + "/live",
            origin=self.url,  # type: ignore[arg-type]
            additional_headers={"Cookie": self.cookie},
            compression=None,
            max_size=None,
        )
        for name in names:
            self.documents.setdefault(name, Attached(name))
        self._reader = asyncio.create_task(self._read(self._socket))
        for attached in self.documents.values():
            await self._attach(attached)

    async def _attach(self, attached: Attached) -> None:
        attached.scope = attached.denied = attached.closed = None
        attached.synced = False
        attached.unacknowledged.clear()
        await self._send(encode(attached.name, AuthToken("", PROVIDER_VERSION)))
        await self._send(encode(attached.name, SyncStep1(attached.doc.get_state())))

    async def _send(self, frame: bytes) -> None:
        if self._socket is not None:
            with contextlib.suppress(WebSocketException):
                await self._socket.send(frame)

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for raw in socket:
                assert isinstance(raw, bytes)
                self.received.append(raw)
                frame = decode(raw, WIRE)
                if isinstance(frame.message, Ping):
                    await self._send(encode("", Pong()))
                else:
                    await self._hear(frame)
                async with self.changed:
                    self.changed.notify_all()
        except WebSocketException:
            pass
        finally:
            self._socket = None
            async with self.changed:
                self.changed.notify_all()

    async def _hear(self, frame: Frame) -> None:
        attached = self.documents[frame.document]
        match frame.message:
            case AuthGranted(scope):
                attached.scope = scope
            case AuthDenied(reason):
                attached.denied = reason
            case Close(reason):
                attached.closed = reason or ""
            case SyncStep1(state_vector):
                # The answer carries everything that the server lacks: all that was never acknowledged.
                pending = [key for key in attached.written if key not in attached.acknowledged]
                attached.unacknowledged.append(pending)
                await self._send(encode(attached.name, SyncStep2(attached.doc.get_update(state_vector))))
            case SyncStep2(update):
                attached.doc.apply_update(update)
                attached.synced = True
            case SyncUpdate(update):
                attached.doc.apply_update(update)
            case SyncStatus(saved):
                keys = attached.unacknowledged.popleft()
                if saved:
                    attached.acknowledged.update(dict.fromkeys(keys, time.monotonic_ns()))
            case Stateless(payload):
                self.stateless.append(payload)
            case _:
                pass

    async def until_synced(self) -> None:
        """Wait until every attached document has been answered, or the socket is gone."""
        async with self.changed:
            await self.changed.wait_for(
                lambda: (
                    self._socket is None
                    or all(one.synced or one.denied is not None for one in self.documents.values())
                )
            )

    async def until_acknowledged(self, name: str) -> None:
        """Wait until all that was written is stored, or the socket is gone."""
        attached = self.documents[name]
        async with self.changed:
            await self.changed.wait_for(lambda: self._socket is None or not attached.unacknowledged)

    @property
    def connected(self) -> bool:
        return self._socket is not None

    async def type(self, name: str, field_name: str, key: str) -> None:
        """One keystroke (any text) at the end of a field's first paragraph, sent if there is a socket."""
        attached = self.documents[name]
        before = attached.doc.get_state()
        with attached.doc.transaction():
            paragraph = _first_paragraph(attached.doc, field_name)
            if len(paragraph.children) == 0:
                paragraph.children.append(pycrdt.XmlText(""))
            text = paragraph.children[len(paragraph.children) - 1]
            assert isinstance(text, pycrdt.XmlText)
            text.insert(len(str(text).encode()), key)
        attached.written.append(key)
        if self._socket is not None and attached.scope is not None:
            attached.unacknowledged.append([key])
            await self._send(encode(name, SyncUpdate(attached.doc.get_update(before))))

    async def delete_all(self, name: str, field_name: str) -> None:
        """Take away every character of a field, as somebody does who thinks better of it."""
        attached = self.documents[name]
        before = attached.doc.get_state()
        with attached.doc.transaction():
            for node in _first_paragraph(attached.doc, field_name).children:
                assert isinstance(node, pycrdt.XmlText)
                node.clear()
        if self._socket is not None and attached.scope is not None:
            attached.unacknowledged.append([])
            await self._send(encode(name, SyncUpdate(attached.doc.get_update(before))))

    async def present(self, name: str, clock: int, state: str) -> None:
        """Say where one is: a presence frame."""
        client = self.documents[name].doc.client_id
        await self._send(encode(name, Awareness((AwarenessEntry(client, clock, state),))))

    async def send(self, name: str, message: object) -> None:
        """Send any message as it is."""
        await self._send(encode(name, message))  # type: ignore[arg-type]

    def text(self, name: str, field_name: str) -> str:
        """The field's text on this device."""
        return str(self.documents[name].doc.get(field_name, type=pycrdt.XmlFragment))

    def vanish(self) -> None:
        """Be gone without a word, as a device that is switched off."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def close(self) -> None:
        """Close the socket and wait until it is closed."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader
            self._reader = None
