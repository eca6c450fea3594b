"""Eight devices that write in one field together: each keystroke is a token of its own.

So a lost one and a doubled one are both seen, wherever one looks: on a device, or in what is stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pycrdt

from server.realtime.closings import DocumentClosing
from server.settings import Settings
from tests.typist import Attached, Device, documents_with, sign_in

FIELD = "a5"
LABELS = "abcdefgh"
SECONDS_BETWEEN_KEYS = (0.001, 0.01)
TRIES_MAX = 5
MANAGER_AND_EMPLOYEE = ("priya", "ingrid")
"""Of the sample organisation, with an open conversation."""


def tokens(doc: pycrdt.Doc[pycrdt.XmlFragment]) -> Counter[str]:
    """Every token in the field, with how often it is there."""
    text = str(doc.get(FIELD, type=pycrdt.XmlFragment)).replace("<", " <").replace(">", "> ")
    return Counter(word for word in text.split() if not word.startswith("<"))


def merged(changes: Iterable[bytes]) -> Counter[str]:
    """The tokens of a document that is made of a snapshot and what followed it."""
    doc: pycrdt.Doc[pycrdt.XmlFragment] = pycrdt.Doc()
    for change in changes:
        doc.apply_update(change)
    return tokens(doc)


def stored_tokens(data: Path, document: str) -> Counter[str]:
    """The tokens in the rows of an SQLite database, past the server, which may be running."""
    path = Settings(data=data).database_url.removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=10)) as rows:
        rows.execute("BEGIN")
        ((id_,),) = rows.execute("SELECT id FROM document WHERE name = ?", (document,)).fetchall()
        kept = rows.execute("SELECT snapshot FROM document_snapshot WHERE document_id = ?", (id_,)).fetchall()
        later = rows.execute(
            "SELECT change FROM document_update WHERE document_id = ? ORDER BY sequence", (id_,)
        ).fetchall()
    return merged(change for (change,) in (*kept, *later))


class Typists:
    """Devices of some people of whom each has the same document open."""

    def __init__(self, urls: tuple[str, ...], cookies: list[str], document: str, dice: random.Random) -> None:
        self.document = document
        self._urls = urls
        self._cookies = cookies
        self._dice = dice
        self._numbers = dict.fromkeys(LABELS, 0)
        self.devices = {
            label: Device(urls[index // 2 % len(urls)], cookies[index % len(cookies)])
            for index, label in enumerate(LABELS)
        }

    @classmethod
    async def of(cls, *urls: str, dice: random.Random) -> Typists:
        """Four devices of each of two people, over servers that have the sample organisation in common."""
        cookies = [await sign_in(urls[0], person) for person in MANAGER_AND_EMPLOYEE]
        documents = await documents_with(urls[0], cookies[1], MANAGER_AND_EMPLOYEE[0].capitalize())
        return cls(urls, cookies, documents["joint"], dice)

    async def connect(self) -> None:
        """Connect all, and wait until each has all that was written, and the server all of it."""
        for device in self.devices.values():
            await self._open(device)
        for device in self.devices.values():
            await device.until_acknowledged(self.document)

    async def _open(self, device: Device) -> None:
        """Open the document, again if the server lets go first: a machine may stand still for a while."""
        for _ in range(TRIES_MAX):
            await device.connect(self.document)
            await device.until_synced()
            if device.documents[self.document].synced:
                return
            await device.close()
        raise AssertionError("the server does not show the document")

    async def close(self) -> None:
        """Close all sockets. What each device has it keeps."""
        for device in self.devices.values():
            await device.close()

    @asynccontextmanager
    async def typing(self) -> AsyncIterator[None]:
        """While inside, every device writes on, as long as it has a socket."""
        stop = asyncio.Event()
        tasks = [asyncio.create_task(self._type(label, stop)) for label in self.devices]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    async def _type(self, label: str, stop: asyncio.Event) -> None:
        device = self.devices[label]
        while not stop.is_set() and device.connected:
            self._numbers[label] += 1
            await device.type(self.document, FIELD, f"{label}{self._numbers[label]} ")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._dice.uniform(*SECONDS_BETWEEN_KEYS))

    async def until_cut_off(self) -> None:
        """Wait until no device has a socket."""
        for device in self.devices.values():
            async with device.changed:
                await device.changed.wait_for(lambda device=device: not device.connected)  # type: ignore[misc]

    async def shown(self) -> Counter[str]:
        """The tokens that the server sends to a device which knows nothing."""
        stranger = Device(self._urls[0], self._cookies[0])
        await self._open(stranger)
        await stranger.close()
        return tokens(stranger.documents[self.document].doc)

    @property
    def acknowledged(self) -> dict[str, int]:
        """Every token that has been called saved, and when, in ns of the machine's monotonic clock."""
        return {
            key.strip(): at
            for device in self.devices.values()
            for key, at in device.documents[self.document].acknowledged.items()
        }

    @property
    def written(self) -> list[str]:
        """Every token that was written."""
        return [
            key.strip() for device in self.devices.values() for key in device.documents[self.document].written
        ]

    async def until_acknowledged(self) -> int:
        """Wait until everything that was written is called saved.

        Whoever has been sent away because the database was not there comes back, as a page does. Returns how
        often that was.
        """
        returns = 0
        for device in self.devices.values():
            attached = device.documents[self.document]
            while len(attached.acknowledged) < len(attached.written):
                async with device.changed:
                    await device.changed.wait_for(partial(_is_settled, device, attached))
                if _is_out(device, attached):
                    returns += 1
                    await device.close()
                    await device.connect()
                    await device.until_synced()
        return returns


def _is_settled(device: Device, attached: Attached) -> bool:
    return len(attached.acknowledged) == len(attached.written) or _is_out(device, attached)


def _is_out(device: Device, attached: Attached) -> bool:
    """Whether nothing that was written can be acknowledged until the document is opened again."""
    reason = attached.closed or attached.denied
    assert reason in (None, DocumentClosing.UNAVAILABLE), f"the document was closed: {reason}"
    return reason is not None or not device.connected
