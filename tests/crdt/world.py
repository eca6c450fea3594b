"""A world of browsers, nodes and one log in pure memory, where everything that can go wrong on the way does.

Browsers are pycrdt Docs; nodes are Documents; the log is a list. Packets can be lost, overtaken and
doubled; nodes die between merge and commit; panes are shared into fresh generations, frozen and opened
again. ``settle`` ends the trouble and ``verify`` holds the world to CON-1: everybody has what the replayed
log has, nothing that was committed is missing or doubled, and nothing that was refused left a trace.

Every keystroke is a character of its own, so that a lost one and a doubled one are both seen.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import pytest
from pycrdt import Doc, Map, XmlElement, XmlFragment, XmlText

from crdt.content import Content, fresh, plain_text
from crdt.document import Document
from crdt.errors import IncompleteUpdate, ProtocolError
from crdt.schema import VALUES
from server.rules.limits import UPDATE
from tests.crdt.documents import SCHEMA, roots_of

TEXT = "a1"
FIRST_CLIENT_ID = 1_000
FIRST_TOKEN, FIRST_ASTRAL_TOKEN = 0x4E00, 0x20000


def token(number: int) -> str:
    """A character that is typed once in a world. Every third takes two UTF-16 code units."""
    return chr((FIRST_TOKEN if number % 3 else FIRST_ASTRAL_TOKEN) + number)


class Kind(Enum):
    """What a packet carries, in the words of the wire."""

    UPDATE = auto()
    STEP_1 = auto()


@dataclass(slots=True)
class Packet:
    kind: Kind
    payload: bytes
    generation: int
    browser: int
    upward: bool


@dataclass(slots=True)
class Node:
    """One server process. ``read``: how many rows of the log it has."""

    document: Document
    read: int
    uncommitted_owners: dict[int, str] = field(default_factory=dict)
    has_uncommitted: bool = False


class Browser:
    """One device of a person, with the state that it keeps when it is closed."""

    def __init__(self, number: int, person: str) -> None:
        self.number = number
        self.person = person
        self.generation = -1
        self.node: int | None = None
        self.typed: set[str] = set()

    def begin(self, client_id: int, generation: int, state: bytes | None) -> None:
        """A new Y.Doc, from what the device kept or (``None``) empty."""
        self.doc: Doc[Any] = Doc(client_id=client_id)
        self.roots = roots_of(self.doc)
        if self.generation != generation:
            self.typed = set()
        self.generation = generation
        if state is not None:
            self.doc.apply_update(state)

    def change(self, write: Callable[[], None]) -> bytes | None:
        updates: list[bytes] = []
        subscription = self.doc.observe(lambda event: updates.append(event.update))
        with self.doc.transaction():
            write()
        self.doc.unobserve(subscription)
        return updates[0] if updates else None


class World:
    def __init__(self, browsers: int, nodes: int) -> None:
        self.generation = 0
        self.next_client_id = FIRST_CLIENT_ID
        self.next_token = 0
        self.removed: set[str] = set()
        self.committed: set[str] = set()
        self.frozen: Content | None = None
        """What stood in the log when it was frozen; None while it is open."""
        self.packets: list[Packet] = []
        self._begin_log(Document.made(SCHEMA, UPDATE))
        self.nodes = [self._load() for _ in range(nodes)]
        self.browsers = [Browser(number, f"person {number % 2}") for number in range(browsers)]
        for browser in self.browsers:
            self._move(browser)

    # What people do.

    def type(self, browser: Browser, at: int) -> None:
        """Type one character somewhere in some paragraph."""
        letter = token(self.next_token)
        self.next_token += 1
        browser.typed.add(letter)
        self._write(browser, lambda: _insert(browser.roots[TEXT], letter, at))

    def erase(self, browser: Browser, at: int) -> None:
        """Erase one character, whoever typed it."""

        def write() -> None:
            text = _text(browser.roots[TEXT], at)
            letters = _letters(text)
            if letters:
                place = at % len(letters)
                self.removed.add(letters[place])
                start = len("".join(letters[:place]).encode())
                del text[start : start + len(letters[place].encode())]

        self._write(browser, write)

    def embolden(self, browser: Browser, at: int) -> None:
        def write() -> None:
            text = _text(browser.roots[TEXT], at)
            text.format(0, len(text), {("bold", "italic")[at % 2]: ({}, None)[at % 3 == 0]})

        self._write(browser, write)

    def break_paragraph(self, browser: Browser) -> None:
        self._write(browser, lambda: _append(browser.roots[TEXT], XmlElement("paragraph")))

    def choose(self, browser: Browser, at: int) -> None:
        """Answer a scale, tick an option, or change one's mind."""

        def write() -> None:
            if at % 2:
                browser.roots[VALUES]["scale"] = 1 + at % 5
            elif at % 4:
                browser.roots["topics"]["load"] = True
            elif "load" in browser.roots["topics"]:
                del browser.roots["topics"]["load"]

        self._write(browser, write)

    def add_row(self, browser: Browser) -> None:
        """No two rows ever get the same id, as in a browser, which makes them at random."""
        row_id = f"{browser.doc.client_id}-{len(browser.roots['plan'])}"
        self._write(browser, lambda: _add_row(browser.roots["plan"], row_id))

    def change_row(self, browser: Browser, at: int) -> None:
        """Remove a row, or bring it back by writing in it."""

        def write() -> None:
            table = browser.roots["plan"]
            if len(table):
                row = table[at % len(table)]
                row["removed"] = at % 2 == 0
                if at % 2:
                    _insert(row["goal"], "x", 0)

        self._write(browser, write)

    def _write(self, browser: Browser, write: Callable[[], None]) -> None:
        update = browser.change(write)
        if update is not None and browser.node is not None:
            self._send(Kind.UPDATE, update, browser, upward=True)

    # What happens to devices.

    def disconnect(self, browser: Browser) -> None:
        browser.node = None
        self.packets = [packet for packet in self.packets if packet.browser != browser.number]

    def connect(self, browser: Browser, node: int) -> None:
        """Attach anew, to some node: what the device has is said first, as the provider does."""
        browser.node = node % len(self.nodes)
        if browser.generation != self.generation:
            self._move(browser)
        else:
            self._send(Kind.STEP_1, browser.doc.get_state(), browser, upward=True)

    def reopen(self, browser: Browser) -> None:
        """Close the page and open it again, offline: a new client id over what the device kept."""
        self.disconnect(browser)
        browser.begin(self._client_id(), browser.generation, browser.doc.get_update())

    def _move(self, browser: Browser) -> None:
        """Begin with the current generation. What was never acknowledged in another is kept text."""
        browser.begin(self._client_id(), self.generation, None)
        browser.node = browser.number % len(self.nodes)
        self._send(Kind.STEP_1, browser.doc.get_state(), browser, upward=True)

    def _client_id(self) -> int:
        self.next_client_id += 1
        return self.next_client_id

    # What happens on the way.

    def _send(self, kind: Kind, payload: bytes, browser: Browser, *, upward: bool) -> None:
        self.packets.append(Packet(kind, payload, browser.generation, browser.number, upward))

    def lose(self, at: int) -> None:
        if self.packets:
            del self.packets[at % len(self.packets)]

    def double(self, at: int) -> None:
        if self.packets:
            self.packets.append(self.packets[at % len(self.packets)])

    def deliver(self, at: int) -> None:
        """Let one packet arrive, whichever of those on their way."""
        if not self.packets:
            return
        packet = self.packets.pop(at % len(self.packets))
        browser = self.browsers[packet.browser]
        if browser.node is None or packet.generation != browser.generation:
            return
        if packet.upward:
            self._arrive_at_node(packet, browser, browser.node)
        elif packet.kind is Kind.UPDATE:
            browser.doc.apply_update(packet.payload)
        else:
            self._send(Kind.UPDATE, browser.doc.get_update(packet.payload), browser, upward=True)

    def _arrive_at_node(self, packet: Packet, browser: Browser, number: int) -> None:
        node = self.nodes[number]
        if packet.generation != self.generation:
            self.disconnect(browser)
        elif packet.kind is Kind.UPDATE:
            self.merge(packet.payload, browser, number)
        else:
            # Whoever comes waits behind the commit.
            self.commit(number)
            self._send(Kind.STEP_1, node.document.state_vector(), browser, upward=False)
            self._send(Kind.UPDATE, node.document.diff(packet.payload), browser, upward=False)

    # What nodes do.

    def merge(self, update: bytes, browser: Browser, number: int) -> None:
        node = self.nodes[number]
        if not node.has_uncommitted:
            self._read_log(number)
        try:
            merged = node.document.merge(update, browser.person)
        except IncompleteUpdate:
            self._send(Kind.STEP_1, node.document.state_vector(), browser, upward=False)
            return
        node.has_uncommitted |= merged.changed
        node.uncommitted_owners |= dict.fromkeys(merged.new_clients, browser.person)

    def refuse(self, update: bytes, number: int) -> None:
        """Something that must be refused is refused, and leaves no trace."""
        document = self.nodes[number % len(self.nodes)].document
        before = document.snapshot(), document.state_vector()
        with pytest.raises((ProtocolError, IncompleteUpdate)):
            document.merge(update, "a stranger")
        assert (document.snapshot(), document.state_vector()) == before

    def commit(self, number: int) -> None:
        """Append what was merged to the log; only then does anybody else hear of it."""
        node = self.nodes[number % len(self.nodes)]
        change = node.document.take_change()
        if change is None:
            return
        if self.frozen is not None:
            # The append is refused: what the node has merged is thrown away with its document.
            self.crash(number)
            return
        self.rows.append(change)
        self.owners |= node.uncommitted_owners
        node.uncommitted_owners = {}
        node.has_uncommitted = False
        self.committed.update(tokens(node.document.content()))
        self._broadcast(number % len(self.nodes), change)

    def hear(self, number: int) -> None:
        """The doorbell rings: read what other nodes appended, unless something of one's own waits."""
        number %= len(self.nodes)
        if not self.nodes[number].has_uncommitted:
            self._read_log(number)

    def _read_log(self, number: int) -> None:
        node = self.nodes[number]
        for row in self.rows[node.read :]:
            node.document.merge_stored(row)
        node.read = len(self.rows)
        change = node.document.take_change()
        if change is not None:
            self._broadcast(number, change)

    def _broadcast(self, number: int, change: bytes) -> None:
        for browser in self.browsers:
            if browser.node == number and browser.generation == self.generation:
                self._send(Kind.UPDATE, change, browser, upward=False)

    def crash(self, number: int) -> None:
        """A node dies with what it had not committed, and comes back from the log."""
        number %= len(self.nodes)
        self.nodes[number].document.close()
        self.nodes[number] = self._load()
        for browser in self.browsers:
            if browser.node == number:
                self.disconnect(browser)

    def compact(self) -> None:
        """Fold the log into a snapshot, for those who load from now on."""
        scratch = self._load()
        self.snapshot, self.folded = scratch.document.snapshot(), len(self.rows)
        scratch.document.close()

    def freeze(self) -> None:
        """From now on nothing enters the log, whatever has been merged and not yet committed."""
        if self.frozen is None:
            self.frozen = self._replayed()

    def thaw(self) -> None:
        """Open what is frozen again, as it stood, in a fresh generation."""
        if self.frozen is not None:
            assert self._replayed() == self.frozen
            self.frozen = None
            self.share()

    def _replayed(self) -> Content:
        replayed = self._load().document
        content = replayed.content()
        replayed.close()
        return content

    def share(self) -> None:
        """What stands in the log goes into a fresh generation; every page begins anew."""
        if self.frozen is not None:
            return
        replayed = self._load().document
        content = fresh(replayed.content(), SCHEMA, renumber_rows=True)
        document = Document.made(SCHEMA, UPDATE, content)
        assert document.content() == content
        twin = Document.made(SCHEMA, UPDATE, content)
        assert document.snapshot() == twin.snapshot()
        for closing in (replayed, twin, *(node.document for node in self.nodes)):
            closing.close()
        self.generation += 1
        self._begin_log(document)
        self.committed = set(tokens(content))
        self.nodes = [self._load() for _ in self.nodes]
        for browser in self.browsers:
            if browser.node is not None:
                self.disconnect(browser)
                self._move(browser)

    def _begin_log(self, document: Document) -> None:
        self.first_snapshot = self.snapshot = document.snapshot()
        document.close()
        self.folded = 0
        self.rows: list[bytes] = []
        self.owners: dict[int, str] = {}

    def _load(self) -> Node:
        later = self.rows[self.folded :]
        return Node(Document.loaded(SCHEMA, UPDATE, self.snapshot, later, self.owners), len(self.rows))

    # The end.

    def settle(self) -> None:
        """The network works again: every device comes back and says what it has."""
        self.thaw()
        self.packets.clear()
        for browser in self.browsers:
            self.disconnect(browser)
        for _ in range(2):
            for browser in self.browsers:
                self.connect(browser, browser.number)
            while self.packets:
                self.deliver(0)
                for number in range(len(self.nodes)):
                    self.commit(number)
                    self.hear(number)

    def verify(self) -> None:
        """After ``settle``: CON-1."""
        replayed = Document.loaded(SCHEMA, UPDATE, self.first_snapshot, self.rows, {})
        content, vector = replayed.content(), replayed.state_vector()
        replayed.close()
        for document in (self._load().document, *(node.document for node in self.nodes)):
            assert (document.content(), document.state_vector()) == (content, vector)
        for browser in self.browsers:
            mirror = Document.loaded(SCHEMA, UPDATE, browser.doc.get_update(), (), {})
            assert (mirror.content(), mirror.state_vector()) == (content, vector)
            mirror.close()
        present = Counter(tokens(content))
        assert not [letter for letter, times in present.items() if times > 1]
        assert self.committed - self.removed <= present.keys()
        for browser in self.browsers:
            assert browser.typed - self.removed <= present.keys()

    def close(self) -> None:
        for node in self.nodes:
            node.document.close()


def tokens(content: Content) -> list[str]:
    """The characters of the text, in their order."""
    blocks: Any = content[TEXT]
    return list(plain_text(blocks).replace("\n", ""))


def _append(fragment: XmlFragment, element: XmlElement) -> None:
    fragment.children.append(element)


def _text(fragment: XmlFragment, at: int) -> XmlText:
    """The text of one of the paragraphs, begun if it is not there."""
    paragraphs = [child for child in fragment.children if isinstance(child, XmlElement)]
    if not paragraphs:
        paragraphs = [fragment.children.append(XmlElement("paragraph"))]
    paragraph = paragraphs[at % len(paragraphs)]
    for child in paragraph.children:
        if isinstance(child, XmlText):
            return child
    return paragraph.children.append(XmlText())


def _letters(text: XmlText) -> list[str]:
    return list("".join(part for part, _ in text.diff() if isinstance(part, str)))


def _insert(fragment: XmlFragment, letter: str, at: int) -> None:
    text = _text(fragment, at)
    letters = _letters(text)
    text.insert(len("".join(letters[: at % (len(letters) + 1)]).encode()), letter)


def _add_row(table: Any, row_id: str) -> None:
    row: Map[Any] = Map()
    table.append(row)
    row["id"] = row_id
    row["goal"] = XmlFragment()
    row["goal"].children.append(XmlElement("paragraph"))
