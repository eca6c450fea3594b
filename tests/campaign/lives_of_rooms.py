"""CON-1 and CON-2 of the rooms themselves: lives of 200 steps on two nodes with one log.

``tests/campaign/simulation.py`` plays documents without rooms, where every packet can be lost and overtaken.
Here are the real rooms of two nodes: people type on several devices, which lose their sockets and come back
to the other node; a frame is lost, so that the next builds on what nobody has; the log fails and hangs; bells
between the nodes are lost; a node dies; the conversation is frozen, opened again and shared, with new
generations each time. All waits on clocks that are moved and on a log in memory: a seed plays one life.

Every keystroke is a token of its own. Whatever was acknowledged, in whatever generation, must be there at the
end once, on every device and in the log; nothing may be there twice, and after a freeze nothing comes.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pycrdt

from crdt.content import fresh
from crdt.document import Document
from crdt.errors import DocumentBroken
from crdt.messages import Message, SyncStatus, SyncStep2, SyncUpdate
from server.realtime.ports import Opening, Scope
from server.realtime.rooms import Rooms
from server.rules import limits
from server.rules.access import Pane
from server.storage.bells import Bell, BellsMissed, ConversationChanged, LogMoved
from server.storage.rights import check_clients
from server.storage.update_log import (
    Append,
    Appended,
    AppendRefused,
    Author,
    Loaded,
    LogError,
    LogUnavailable,
)
from tests.realtime.doubles import SCHEMA, ManualClock, MemoryDesk, MemoryLog, Page

STEPS = 200
FIELD = "a1"
NODES = 2
OWNERS = ("kari", "ola")
DEVICES = ("kari", "kari", "ola", "ola")
TURNS_MAX = 30
SETTLING_TURNS_MAX = 4_000
REFUSED = "refused"


async def _outcome(appending: Awaitable[int]) -> Appended:
    try:
        return await appending
    except LogError as refusal:
        return refusal


class LogOfNode:
    """The log as one node reaches it. A node that has died writes nothing more, whatever it still does."""

    def __init__(self, shared: MemoryLog) -> None:
        self._shared = shared
        self.is_dead = False

    def _require_life(self) -> None:
        if self.is_dead:
            raise LogUnavailable

    async def append(self, append: Append) -> int:
        self._require_life()
        await self._shared.gate.wait()
        self._require_life()
        return await self._shared.append(append)

    async def append_all(self, appends: Sequence[Append]) -> Sequence[Appended]:
        return [await _outcome(self.append(append)) for append in appends]

    async def load(self, document: int) -> Loaded:
        self._require_life()
        return await self._shared.load(document)

    async def read_after(self, document: int, sequence: int) -> Sequence[tuple[int, bytes]]:
        self._require_life()
        return await self._shared.read_after(document, sequence)

    async def compact(
        self, document: int, sequence: int, snapshot: bytes, state_vector: bytes | None = None
    ) -> None:
        self._require_life()
        await self._shared.compact(document, sequence, snapshot, state_vector)


class AtOnce(ThreadPoolExecutor):
    """Does in the loop's own thread, at once, what the rooms have other threads do: time plays no part."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 (it belongs to whoever waits)
            done.set_exception(error)
        return done


class Node:
    """A server process."""

    def __init__(self, desk: MemoryDesk, log: MemoryLog) -> None:
        self.clock = ManualClock()
        self.log = LogOfNode(log)
        self.rooms = Rooms(desk, self.log, self.clock, None)
        self.rooms.start()


class Socket(Page):
    """One connection of a device, which knows what of it has been acknowledged."""

    def __init__(self, rooms: Rooms, author: Author) -> None:
        self.unanswered: Counter[str] = Counter()
        self.is_behind: set[str] = set()
        """Documents of which a frame was lost: the server has not been sent all that is here."""
        super().__init__(rooms, author)

    def say(self, name: str, message: Message) -> None:
        if isinstance(message, SyncUpdate | SyncStep2):
            self.unanswered[name] += 1
        if isinstance(message, SyncStep2):
            self.is_behind.discard(name)
        super().say(name, message)

    def _hear(self, name: str, message: Message) -> None:
        if isinstance(message, SyncStatus) and message.saved:
            self.unanswered[name] -= 1
        super()._hear(name, message)

    def may_write(self, name: str) -> bool:
        return self.ended(name) is None and self.scopes(name)[-1:] == ["read-write"]

    def has_all_stored(self, name: str) -> bool:
        """Whether the page would say "saved"."""
        return self.may_write(name) and not self.unanswered[name] and name not in self.is_behind


@dataclass
class Device:
    """What a person holds, with the documents that are on it."""

    person: str
    node: int
    socket: Socket | None = None
    docs: dict[str, pycrdt.Doc[Any]] = field(default_factory=dict)
    typed_last: tuple[str, str] = ("", "")
    """Document and token."""


class Life:
    """A conversation, its two nodes and its people's devices."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._log = MemoryLog()
        self._log.refuse = self._refuse
        self._log.moved = self._ring_of_log
        self._desk = MemoryDesk()
        self._documents = 0
        self._tokens = 0
        self._names: dict[Pane, str] = {}
        self._rows: dict[Pane, int] = {}
        self._frozen: dict[Pane, Any] | None = None
        """What stood there when it was frozen."""
        self._is_shared = False
        self.acknowledged: defaultdict[Pane, set[str]] = defaultdict(set)
        for pane in (Pane.JOINT, Pane.EMPLOYEE):
            self._begin(pane, None)
        self._nodes = [Node(self._desk, self._log) for _ in range(NODES)]
        self._dead: list[Node] = []
        """Their tasks wait for ever, for a clock that nobody moves."""
        self._devices = [Device(person, dice.randrange(NODES)) for person in DEVICES]

    # The conversation.

    def _begin(self, pane: Pane, content: Any) -> None:
        """A new generation."""
        old = self._names.get(pane)
        self._documents += 1
        row, name = self._documents, f"talk/{pane.value}/{self._documents}"
        made = (
            Document.made(SCHEMA, limits.UPDATE, content) if content else Document.made(SCHEMA, limits.UPDATE)
        )
        self._log.snapshots[row] = (0, made.snapshot())
        made.close()
        if old is not None:
            for person in OWNERS:
                if (person, old) in self._desk.openings:
                    self._desk.openings[person, old] = "moved"
            del self._log.snapshots[self._rows[pane]]
        self._names[pane], self._rows[pane] = name, row
        self._grant()

    def _grant(self) -> None:
        """Let everybody have what is theirs now."""
        for pane, name in self._names.items():
            for person in OWNERS:
                is_own = pane is Pane.JOINT or person == "kari"
                if not is_own and not self._is_shared:
                    continue
                scope: Scope = "read-write" if is_own and self._frozen is None else "readonly"
                self._desk.openings[person, name] = Opening(
                    document=self._rows[pane],
                    name=name,
                    room="talk",
                    pane=pane,
                    schema=SCHEMA,
                    scope=scope,
                    author=Author(person, ""),
                    user={"id": person, "name": person.title(), "initials": person[:1], "colour": "emp"},
                    private=pane is Pane.EMPLOYEE and not self._is_shared,
                )

    def _refuse(self, append: Append) -> None:
        if self._frozen is not None:
            raise AppendRefused("frozen", frozenset(author.person for author in append.authors))
        check_clients(append, self._log.clients[append.document])

    def stored(self, pane: Pane) -> Any:
        """What the replayed log says."""
        row = self._rows[pane]
        rows = self._log.rows[row]
        replayed = Document.loaded(
            SCHEMA, limits.UPDATE, self._log.snapshots[row][1], [rows[n] for n in sorted(rows)], {}
        )
        try:
            return replayed.content()
        finally:
            replayed.close()

    def _ring(self, bell: Bell, *, surely: bool = False) -> None:
        for node in self._nodes:
            if surely or self._dice.random() < 0.8:
                node.rooms.hear(bell)

    def _ring_of_log(self, document: int, sequence: int) -> None:
        self._ring(LogMoved(document, sequence, "another"))

    def freeze(self) -> None:
        """Nothing comes into it from now on."""
        if self._frozen is None:
            self._frozen = {pane: self.stored(pane) for pane in self._names}
            self._grant()
            self._ring(ConversationChanged("talk"))

    def open_again(self) -> None:
        """As it stood when it was frozen, in new generations."""
        if self._frozen is None:
            return
        frozen, self._frozen = self._frozen, None
        for pane, content in frozen.items():
            assert self.stored(pane) == content, "something came after the freeze"
            self._begin(pane, fresh(content, SCHEMA, renumber_rows=False))
        self._ring(ConversationChanged("talk"))

    def share(self) -> None:
        """Let Ola read Kari's pane, in a new generation."""
        if not self._is_shared and self._frozen is None:
            self._is_shared = True
            self._begin(Pane.EMPLOYEE, fresh(self.stored(Pane.EMPLOYEE), SCHEMA, renumber_rows=True))
            self._ring(ConversationChanged("talk"))

    # People and their devices.

    def _readable(self, device: Device) -> list[str]:
        return [name for name in self._names.values() if (device.person, name) in self._desk.openings]

    def type(self, device: Device, *, astray: bool = False) -> None:
        """One keystroke, where she can write. ``astray``: its frame is lost, and the socket stays."""
        name = self._names[self._dice.choice((Pane.JOINT, Pane.EMPLOYEE))]
        socket = device.socket
        if socket is None or name not in device.docs or not socket.may_write(name):
            return
        if not _is_loaded(device.docs[name]):
            return
        self._tokens += 1
        device.typed_last = name, f"<{self._tokens}>"
        if astray:
            _typed(device.docs[name], f"<{self._tokens}>")
            socket.is_behind.add(name)
        else:
            socket.say(name, SyncUpdate(_typed(device.docs[name], f"<{self._tokens}>")))

    def type_on(self, device: Device) -> None:
        """A few characters behind the last keystroke, each in a frame of its own."""
        name, token = device.typed_last
        socket = device.socket
        if socket is None or name not in device.docs or not socket.may_write(name):
            return
        for _ in range(self._dice.randint(1, 4)):
            change = _typed_on(device.docs[name], token)
            if change is not None:
                socket.say(name, SyncUpdate(change))

    def type_offline(self, device: Device) -> None:
        """One keystroke on a device without a socket."""
        name = self._names[Pane.JOINT]
        if device.socket is None and name in device.docs and _is_loaded(device.docs[name]):
            self._tokens += 1
            _typed(device.docs[name], f"<{self._tokens}>")

    def disconnect(self, device: Device) -> None:
        """The socket is gone."""
        if device.socket is not None:
            device.socket.vanish(self._nodes[device.node].rooms)
            device.socket = None

    def connect(self, device: Device, node: int) -> None:
        """Come back, to whichever node."""
        self.disconnect(device)
        device.node = node
        session = f"{device.person}-session"
        self._desk.persons[session] = device.person
        device.socket = Socket(self._nodes[node].rooms, Author(device.person, session))
        # What was never acknowledged in an earlier generation is kept text, and stays on the device.
        device.docs = {
            name: device.docs.get(name) or pycrdt.Doc(client_id=self._dice.getrandbits(31))
            for name in self._readable(device)
        }
        device.socket.docs = device.docs
        device.socket.attach(*self._readable(device))

    def note(self) -> None:
        """Take down what people have been told is stored."""
        for device in self._devices:
            for pane, name in self._names.items():
                if device.socket is not None and device.socket.has_all_stored(name) and name in device.docs:
                    self.acknowledged[pane] |= set(tokens(device.socket.text(name)))

    # Nodes and the log.

    def kill(self, number: int) -> None:
        """A node dies with what it had not stored, and another takes its place."""
        for device in self._devices:
            if device.node == number and device.socket is not None:
                device.socket.was_aborted = True
                device.socket = None
        self._nodes[number].log.is_dead = True
        self._dead.append(self._nodes[number])
        self._nodes[number] = Node(self._desk, self._log)

    def _fail(self) -> None:
        self._log.failures += self._dice.randint(1, 2)

    async def step(self) -> None:
        """Something happens, and then some time passes."""
        dice = self._dice
        device = dice.choice(self._devices)
        actions: dict[Callable[[], None], int] = {
            lambda: self.type(device): 60,
            lambda: self.type_on(device): 60,
            lambda: self.type(device, astray=True): 1,
            lambda: self.type_offline(device): 6,
            lambda: self.disconnect(device): 4,
            lambda: self.connect(device, dice.randrange(NODES)): 8,
            lambda: self.kill(dice.randrange(NODES)): 1,
            self._log.gate.clear: 2,
            self._log.gate.set: 12,
            self._fail: 1,
            lambda: self._ring(BellsMissed()): 1,
            self.freeze: 1,
            self.open_again: 4,
            self.share: 1,
        }
        (action,) = dice.choices(list(actions), list(actions.values()))
        action()
        if dice.random() < 0.1:
            await dice.choice(self._nodes).clock.advance(dice.choice((1, 5, 12)))
        await turns(dice.randrange(TURNS_MAX))
        self.note()

    # The end.

    async def settle(self) -> None:
        """Everything works again, and everybody comes back."""
        self._log.failures = 0
        self._log.gate.set()
        self.open_again()
        self._ring(ConversationChanged("talk"), surely=True)
        for number, device in enumerate(self._devices):
            self.connect(device, number % NODES)
        for turn in range(SETTLING_TURNS_MAX):
            await turns(1)
            if turn % 100 == 99:
                self._ring(BellsMissed(), surely=True)
                for node in self._nodes:
                    await node.clock.advance(limits.STORAGE_RETRY_SECONDS_MAX)
            if turn % 20 == 19 and self._has_settled():
                break
        self.note()

    def _has_settled(self) -> bool:
        return all(
            device.socket is not None
            and device.socket.count(name, SyncStatus)
            and device.socket.text(name) == _text_of(self.stored(pane))
            for device in self._devices
            for pane, name in self._names.items()
            if name in self._readable(device)
        )

    def verify(self) -> None:
        """After ``settle``: CON-1."""
        for pane, name in self._names.items():
            said = _text_of(self.stored(pane))
            for device in self._devices:
                if name in self._readable(device):
                    assert device.socket is not None
                    shown = device.socket.text(name)
                    assert shown == said, f"{device.person} {device.socket.messages[-6:]}: {shown} {said}"
            present = Counter(tokens(said))
            assert not [each for each, times in present.items() if times > 1]
            assert self.acknowledged[pane] <= present.keys(), self.acknowledged[pane] - present.keys()


def _is_loaded(doc: pycrdt.Doc[Any]) -> bool:
    """Whether the device has been sent what the server began the document with."""
    return len(doc.get(FIELD, type=pycrdt.XmlFragment).children) > 0


def _typed(doc: pycrdt.Doc[Any], token: str) -> bytes:
    """Type at the end of the text. Returns the update, unsent."""
    before = doc.get_state()
    with doc.transaction():
        paragraph = doc.get(FIELD, type=pycrdt.XmlFragment).children[0]
        text = paragraph.children[len(paragraph.children) - 1]
        text.insert(len(str(text).encode()), token)
    return doc.get_update(before)


def _typed_on(doc: pycrdt.Doc[Any], token: str) -> bytes | None:
    """Type one character more behind a token and what was typed behind it; None if it is not there."""
    before = doc.get_state()
    with doc.transaction():
        for paragraph in doc.get(FIELD, type=pycrdt.XmlFragment).children:
            for text in paragraph.children:
                begins, found, rest = str(text).partition(token)
                if found:
                    typed = len(rest) - len(rest.lstrip("x"))
                    text.insert(len((begins + token).encode()) + typed, "x")
                    return doc.get_update(before)
    return None


def _text_of(content: Any) -> str:
    return "\n".join("".join(run.get("text", "") for run in block["runs"]) for block in content[FIELD])


def tokens(text: str) -> list[str]:
    """Every token of a text."""
    return re.findall(r"<\d+>", text)


async def turns(count: int) -> None:
    """Let the event loop turn so many times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def live(seed: int) -> int:
    """Play one life. Returns how many keystrokes were acknowledged; raises AssertionError if one is gone."""
    asyncio.get_running_loop().set_default_executor(AtOnce())
    life = Life(random.Random(seed))
    for _ in range(STEPS):
        await life.step()
    await life.settle()
    life.verify()
    return sum(map(len, life.acknowledged.values()))


@dataclass
class Outcome:
    """What was seen over many lives."""

    lives: int = 0
    acknowledged: int = 0
    """Keystrokes, each of which was there at the end."""
    broken: list[str] = field(default_factory=list)
    """Seeds whose lives did not end as they should, and how."""

    @property
    def holds(self) -> bool:
        return self.acknowledged > 0 and not self.broken


def lives(_played: Path, _data: Path, count: int, seed: int, advance: Callable[[], None]) -> Outcome:
    """Play so many lives."""
    outcome = Outcome()
    # That the log fails is what they are there for.
    logging.getLogger("server.realtime").setLevel(logging.CRITICAL)
    for number in range(seed, seed + count):
        try:
            outcome.acknowledged += asyncio.run(live(number))
        except (AssertionError, DocumentBroken, TimeoutError) as error:
            outcome.broken.append(f"seed {number}: {type(error).__name__} {error}")
        outcome.lives += 1
        advance()
    return outcome
