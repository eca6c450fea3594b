"""Rooms without a database, a network or waiting: a log in memory that can be told to fail, a desk
that answers what it is told, a clock that goes when it is moved, and pages that speak the real wire."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pycrdt

from crdt.document import Document
from crdt.messages import (
    AuthDenied,
    AuthGranted,
    AuthToken,
    Awareness,
    AwarenessEntry,
    Close,
    Message,
    Ping,
    Stateless,
    SyncStatus,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    decode,
    encode,
)
from crdt.schema import DocumentSchema, Scalar, Text, Value
from server.realtime.connection import Connection
from server.realtime.ports import Clock, Opening, OpeningDenied, Scope
from server.realtime.rooms import Rooms
from server.rules import limits
from server.rules.access import Pane
from server.rules.errors import StorageUnavailable
from server.storage.bells import OtherNodes
from server.storage.update_log import (
    Append,
    Appended,
    Author,
    DocumentGone,
    Loaded,
    LogUnavailable,
    UpdateLog,
)

PATIENCE_SECONDS = 10
Kind = type[Any]
"""One of the classes of crdt/messages.py."""
SCHEMA = DocumentSchema(
    (Text("a1"), Text("a2", rich=False), Value("scale", Scalar.SCALE, minimum=1, maximum=5))
)
JOINT = "talk/joint/1"
EMPLOYEE = "talk/employee/1"
MANAGER = "talk/manager/1"


class ManualClock:
    """Time stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 1000.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._slept = asyncio.Condition()

    def now(self) -> float:
        return self.time

    def epoch_milliseconds(self) -> int:
        return int(self.time * 1000)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        sleeper = (self.time + seconds, woken)
        self._sleepers.append(sleeper)
        async with self._slept:
            self._slept.notify_all()
        try:
            await woken
        finally:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)

    async def until_asleep(self, sleepers: int = 1) -> None:
        """Wait until so many sleep (the pulse is one of them)."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._slept:
            await self._slept.wait_for(lambda: len(self._sleepers) >= sleepers)

    async def advance(self, seconds: float) -> None:
        """Move the time and wake whoever is due, in steps of a second, as a clock on the wall does."""
        left = seconds
        while left > 0:
            step = min(1.0, left)
            left -= step
            self.time += step
            for due, woken in sorted(self._sleepers, key=lambda sleeper: sleeper[0]):
                if due <= self.time and not woken.done():
                    woken.set_result(None)
            # Everybody who woke runs, and falls asleep again, before time goes on.
            for _ in range(5):
                await asyncio.sleep(0)


class MemoryLog:
    """An ``UpdateLog`` that keeps its invariants, and can be told to fail, to hang and to refuse."""

    def __init__(self) -> None:
        self.snapshots: dict[int, tuple[int, bytes]] = {}
        self.rows: defaultdict[int, dict[int, bytes]] = defaultdict(dict)
        self.last: Counter[int] = Counter()
        self.clients: defaultdict[int, dict[int, str]] = defaultdict(dict)
        self.appends: list[Append] = []
        self.batches: list[int] = []
        """How many changes were stored together, each time."""
        self.loads: Counter[int] = Counter()
        self.failures = 0
        """How many of the next calls fail. Every failed one is counted down."""
        self.refuse: Callable[[Append], None] = lambda append: None
        self.moved: Callable[[int, int], None] = lambda document, sequence: None
        self.gate = asyncio.Event()
        """While it is not set, appends hang before they commit."""
        self.gate.set()
        self.loading = asyncio.Event()
        """While it is not set, loading hangs before it has read anything."""
        self.loading.set()
        self.happened = asyncio.Condition()
        self.waiting = 0

    async def until(self, predicate: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS), self.happened:
            await self.happened.wait_for(predicate)

    async def _tell(self) -> None:
        async with self.happened:
            self.happened.notify_all()

    async def _may_fail(self) -> None:
        if self.failures > 0:
            self.failures -= 1
            await self._tell()
            raise LogUnavailable("told to fail")

    def _known(self, document: int) -> None:
        if document not in self.snapshots:
            raise DocumentGone

    async def append(self, append: Append) -> int:
        self.waiting += 1
        await self._tell()
        await self.gate.wait()
        self.waiting -= 1
        await self._may_fail()
        self._known(append.document)
        self.refuse(append)
        self.last[append.document] += 1
        sequence = self.last[append.document]
        self.rows[append.document][sequence] = append.change
        self.clients[append.document].update(append.new_clients)
        self.appends.append(append)
        await self._tell()
        self.moved(append.document, sequence)
        return sequence

    async def append_all(self, appends: Sequence[Append]) -> Sequence[Appended]:
        self.batches.append(len(appends))
        appending = [self.append(append) for append in appends]
        return cast(Sequence[Appended], await asyncio.gather(*appending, return_exceptions=True))

    async def load(self, document: int) -> Loaded:
        self.loads[document] += 1
        await self._tell()
        await self.loading.wait()
        await self._may_fail()
        self._known(document)
        sequence, snapshot = self.snapshots[document]
        rows = self.rows[document]
        return Loaded(
            snapshot,
            tuple(rows[number] for number in sorted(rows)),
            max(self.last[document], sequence),
            dict(self.clients[document]),
        )

    async def read_after(self, document: int, sequence: int) -> Sequence[tuple[int, bytes]]:
        await self._may_fail()
        self._known(document)
        rows = self.rows[document]
        later = [(number, rows[number]) for number in sorted(rows) if number > sequence]
        folded_to, snapshot = self.snapshots[document]
        # As the real ones: what has been folded comes as one.
        return [(folded_to, snapshot), *later] if folded_to > sequence else later

    async def compact(
        self, document: int, sequence: int, snapshot: bytes, state_vector: bytes | None = None
    ) -> None:
        await self._may_fail()
        self._known(document)
        if sequence <= self.snapshots[document][0]:
            return
        self.snapshots[document] = (sequence, snapshot)
        self.rows[document] = {
            number: change for number, change in self.rows[document].items() if number > sequence
        }
        await self._tell()


class MemoryDesk:
    """A ``Desk`` that answers from a dictionary."""

    def __init__(self) -> None:
        self.openings: dict[tuple[str, str], Opening | str] = {}
        """(person, name) -> the opening, or the reason of the denial."""
        self.persons: dict[str, str] = {}
        """session -> person"""
        self.ended: set[str] = set()
        self.is_down = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[tuple[str, str]] = []
        self.happened = asyncio.Condition()

    async def until_asked(self, times: int = 1) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS), self.happened:
            await self.happened.wait_for(lambda: len(self.asked) >= times)

    async def open(self, session: str, name: str) -> Opening:
        self.asked.append((session, name))
        async with self.happened:
            self.happened.notify_all()
        answer = self.openings.get((self.persons[session], name), "denied")
        await self.gate.wait()
        if self.is_down:
            raise StorageUnavailable
        if session in self.ended or isinstance(answer, str):
            raise OpeningDenied(answer if isinstance(answer, str) else "denied")
        return replace(answer, author=Author(self.persons[session], session))

    async def session_holds(self, session: str) -> bool:
        if self.is_down:
            raise StorageUnavailable
        return session not in self.ended


@dataclass
class House:
    """A node's rooms with everything around them."""

    clock: ManualClock = field(default_factory=ManualClock)
    log: MemoryLog = field(default_factory=MemoryLog)
    desk: MemoryDesk = field(default_factory=MemoryDesk)
    real_clock: Clock | None = None
    """In place of ``clock``, for a server that runs."""

    real_log: UpdateLog | None = None
    """In place of ``log``, for a server that stores."""

    others: OtherNodes | None = None

    def __post_init__(self) -> None:
        self.rooms = Rooms(self.desk, self.real_log or self.log, self.real_clock or self.clock, self.others)
        self._sessions: Counter[str] = Counter()

    def add(
        self, document: int, name: str, pane: Pane, private: bool = False, text: str = "", **scopes: Scope
    ) -> None:
        """Store a document, readable by the persons named in ``scopes``."""
        content: Any = {"a1": [{"type": "paragraph", "runs": [{"text": text}] if text else []}]}
        made = Document.made(SCHEMA, limits.UPDATE, content)
        self.log.snapshots[document] = (0, made.snapshot())
        made.close()
        for person, scope in scopes.items():
            self.desk.openings[person, name] = Opening(
                document=document,
                name=name,
                room=name.partition("/")[0],
                pane=pane,
                schema=SCHEMA,
                scope=scope,
                author=Author(person, ""),
                user={"id": person, "name": person.title(), "initials": person[:1], "colour": "emp"},
                private=private,
            )

    def rescope(self, person: str, name: str, scope: Scope) -> None:
        opening = self.desk.openings[person, name]
        assert isinstance(opening, Opening)
        self.desk.openings[person, name] = replace(opening, scope=scope)

    def page(self, person: str, session: str | None = None) -> Page:
        """A new page of a person, with a socket of its own."""
        self._sessions[person] += 1
        session = session or f"{person}-{self._sessions[person]}"
        self.desk.persons[session] = person
        return Page(self.rooms, Author(person, session))

    def content(self, document: int) -> Any:
        """What the stored log says, replayed."""
        _, snapshot = self.log.snapshots[document]
        rows = self.log.rows[document]
        replayed = Document.loaded(SCHEMA, limits.UPDATE, snapshot, [rows[n] for n in sorted(rows)], {})
        try:
            return replayed.content()
        finally:
            replayed.close()

    def text(self, document: int, name: str = "a1") -> str:
        """A text of the stored log, paragraphs joined by line breaks."""
        blocks = self.content(document)[name]
        return "\n".join("".join(run.get("text", "") for run in block["runs"]) for block in blocks)


def shown(page: Page, name: str) -> set[str]:
    """The names of those whom the page shows, by the rules of y-protocols."""
    seen: dict[int, tuple[int, str]] = {}
    for message in page.all(name, Awareness):
        for entry in message.entries:
            if entry.clock > seen.get(entry.client, (-1, ""))[0]:
                seen[entry.client] = (entry.clock, entry.state)
    return {json.loads(state)["user"]["name"] for _, state in seen.values() if state != "null"}


class Page:
    """A browser page: answers as the provider does, and keeps every byte that it received.

    It is its connection's ``Transport``.
    """

    def __init__(self, rooms: Rooms, author: Author) -> None:
        self.author = author
        self.received: list[bytes] = []
        self.messages: list[tuple[str, Message]] = []
        self.docs: dict[str, pycrdt.Doc[Any]] = {}
        self.closed: tuple[int, str] | None = None
        self.was_aborted = False
        self.takes = asyncio.Event()
        """While it is not set, the page reads nothing."""
        self.takes.set()
        self.answers_sync = True
        self.happened = asyncio.Condition()
        self.connection: Connection = rooms.connect(author, self)

    # The transport.

    def send_at_once(self, frames: Sequence[bytes]) -> bool:
        # As a socket that has to be waited for; one that has not is what ``tests/wire`` connects to.
        return False

    async def send(self, frame: bytes) -> None:
        if self.was_aborted or self.closed is not None:
            raise ConnectionError
        await self.takes.wait()
        if self.was_aborted:
            raise ConnectionError
        self.received.append(frame)
        decoded = decode(frame, limits.WIRE)
        self.messages.append((decoded.document, decoded.message))
        self._hear(decoded.document, decoded.message)
        await self._tell()

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)
        await self._tell()

    def abort(self) -> None:
        self.was_aborted = True
        self.takes.set()

    async def _tell(self) -> None:
        async with self.happened:
            self.happened.notify_all()

    def _hear(self, name: str, message: Message) -> None:
        match message:
            case SyncStep1(state_vector) if self.answers_sync:
                self.say(name, SyncStep2(self.docs[name].get_update(state_vector)))
            case SyncStep2(update) | SyncUpdate(update):
                self.docs[name].apply_update(update)

    # What it does.

    def say(self, name: str, message: Message) -> None:
        self.connection.receive(encode(name, message))

    def attach(self, *names: str) -> None:
        """Attach as the provider does: token, Step1, presence."""
        for name in names:
            doc = self.docs.setdefault(name, pycrdt.Doc())
            self.say(name, AuthToken("", "4.8.0"))
            self.say(name, SyncStep1(doc.get_state()))

    async def join(self, *names: str) -> None:
        """Attach, and wait until each document is here and the handshake acknowledged."""
        self.attach(*names)
        for name in names:
            await self.until(lambda name=name: self.count(name, SyncStatus) > 0)  # type: ignore[misc]

    def write(self, name: str, text: str, field: str = "a1") -> bytes:
        """Type at the end of the first paragraph of a text; returns the update, unsent."""
        doc = self.docs[name]
        before = doc.get_state()
        with doc.transaction():
            paragraph = doc.get(field, type=pycrdt.XmlFragment).children[0]
            if len(paragraph.children) == 0:
                paragraph.children.append(pycrdt.XmlText(""))
            inner = paragraph.children[len(paragraph.children) - 1]
            inner.insert(len(str(inner).encode()), text)
        return doc.get_update(before)

    def type(self, name: str, text: str, field: str = "a1") -> None:
        """Type, and send it."""
        self.say(name, SyncUpdate(self.write(name, text, field)))

    def speak(self, name: str, clock: int = 1, state: str = '{"cursor":null}') -> None:
        client = self.docs[name].client_id
        self.say(name, Awareness((AwarenessEntry(client, clock, state),)))

    def vanish(self, rooms: Rooms) -> None:
        """The socket is gone."""
        rooms.disconnect(self.connection)

    # What it was told.

    def count(self, name: str, kind: Kind) -> int:
        return sum(1 for document, message in self.messages if document == name and isinstance(message, kind))

    def all(self, name: str, kind: Kind) -> list[Any]:
        return [
            message for document, message in self.messages if document == name and isinstance(message, kind)
        ]

    def saved(self, name: str) -> list[bool]:
        """The acknowledgements, in order."""
        return [message.saved for message in self.all(name, SyncStatus)]

    def pings(self) -> int:
        return self.count("", Ping)

    def denied(self, name: str) -> str | None:
        return next((message.reason for message in self.all(name, AuthDenied)), None)

    def ended(self, name: str) -> str | None:
        """The reason of the CLOSE that the document got."""
        return next((message.reason for message in self.all(name, Close)), None)

    def scopes(self, name: str) -> list[str]:
        return [message.scope for message in self.all(name, AuthGranted)]

    def told(self, name: str) -> list[str]:
        return [message.payload for message in self.all(name, Stateless)]

    def text(self, name: str, field: str = "a1") -> str:
        fragment = self.docs[name].get(field, type=pycrdt.XmlFragment)
        return "\n".join("".join(str(text) for text in child.children) for child in fragment.children)

    async def until(self, predicate: Callable[[], bool]) -> None:
        """Wait until something that this page receives makes it true."""
        async with asyncio.timeout(PATIENCE_SECONDS), self.happened:
            await self.happened.wait_for(predicate)

    async def until_saved(self, name: str, acknowledgements: int) -> None:
        await self.until(lambda: len(self.saved(name)) >= acknowledgements)
