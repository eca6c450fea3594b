"""What every server is asked to hold: documents with sixty fields, empty or answered, the same for all.

Samsyn's are the joint panes of conversations, each of two people who are signed in; the others get the same
bytes under a name of their own.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from crdt.content import Content
from crdt.document import Document
from crdt.schema import DocumentSchema, Text
from crdt.update import Kind, TypeRef, parse
from server import conversations, people, sessions, templates
from server.demo.texts import blocks
from server.documents import open_document
from server.pages.cookies import PLAIN_NAME
from server.rules.access import OPERATOR, Pane, Role
from server.rules.limits import UPDATE
from server.settings import Settings
from server.storage.database import Database
from server.storage.opening import open_database
from server.storage.update_log import Append, Touch
from tests.figures.answers import ANSWER, now
from tests.organisation import HELENA, TOMAS, person

FIELDS = 60
EMPTY, ANSWERED = "empty", "answered"
"""With sixty empty fields, and with some 1.2 kB in each, which two people have gone over."""
_WRITER = 5_000
"""The Yjs client id that has written the answers."""
_REVISERS = (5_001, 5_002)
"""Those of the two who have gone over them."""
_WORDS_TO_ONE_REVISED = 12
"""Who types takes back about every sixteenth key press (Dhakal et al., CHI 2018), which is more than this."""
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Seat:
    """A document as one server knows it, and the Cookie headers of the two who have it open."""

    name: str
    cookies: tuple[str, str] = ("-", "-")


@dataclass(frozen=True, slots=True)
class Documents:
    """What was made: Samsyn's data folder, and for the others each kind as one update."""

    data: Path
    seats: dict[str, list[Seat]]
    """Samsyn's, by kind."""
    snapshots: dict[str, bytes]
    """By kind: a Yjs update (v1)."""
    paragraphs: tuple[tuple[int, int], ...]
    """Client and clock of the paragraph that each field begins with: where people type."""

    def write_plan(self, path: Path, seats: Sequence[Seat]) -> None:
        """Write what ``load`` is to open."""
        lines = ["paragraphs " + " ".join(f"{client}:{clock}" for client, clock in self.paragraphs)]
        lines += [f"document {seat.name} {seat.cookies[0]} {seat.cookies[1]}" for seat in seats]
        path.write_text("\n".join(lines) + "\n")


def names(kind: str, count: int) -> list[Seat]:
    """The documents of a server that asks nobody who he is."""
    return [Seat(f"{kind}-{number}") for number in range(count)]


async def make(data: Path, empty: int, answered: int, advance: Callable[[], None]) -> Documents:
    """Make so many conversations of each kind in the empty folder ``data``. ``advance``: after each."""
    database = await open_database(Settings(data=data).database_url, now)
    try:
        await database.write(_found)
        maker = _Maker(database)
        seats: dict[str, list[Seat]] = {EMPTY: [], ANSWERED: []}
        for kind, count in ((EMPTY, empty), (ANSWERED, answered)):
            for first in range(0, count, _AT_ONCE):
                numbers = range(first, min(first + _AT_ONCE, count))
                seats[kind] += await asyncio.gather(*(maker.meet(kind, number) for number in numbers))
                for _ in numbers:
                    advance()
        return Documents(data, seats, maker.snapshots, _paragraphs(maker.snapshots[EMPTY]))
    finally:
        await database.close()


def template() -> dict[str, Any]:
    """Sixty questions that both answer together."""

    def words(text: str) -> dict[str, str]:
        return dict.fromkeys(("sv", "nb", "en"), text)

    elements = [
        {
            "id": f"q{number}",
            "type": "rich_text",
            "panes": [Pane.JOINT.value],
            "label": words(f"Fråga {number}"),
        }
        for number in range(FIELDS)
    ]
    return {
        "id": "bench",
        "version": 1,
        "kind": "annual",
        "name": words("Sextio frågor"),
        "layout": "three_pane",
        "share": {"enabled": False},
        "sign": {"enabled": False},
        "completes": "manager",
        "sections": [{"id": "all", "title": words("Allt"), "elements": elements}],
    }


def _found(connection: Any) -> None:
    people.add(connection, OPERATOR, TOMAS, None, now())
    people.add(connection, TOMAS.actor, HELENA, None, now())
    templates.add(connection, HELENA.actor, template(), now())


class _Maker:
    """Makes conversations. What the answered ones say is written once, and stored in each."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answers = self._state_vector = b""
        self.snapshots: dict[str, bytes] = {}

    async def meet(self, kind: str, number: int) -> Seat:
        """A conversation of two people who have no other."""
        manager = person(f"manager-{kind}-{number}", f"Chef {number}", TOMAS.id, Role.MANAGER)
        employee = person(f"employee-{kind}-{number}", f"Medarbetare {number}", manager.id)

        def write(connection: Any) -> tuple[str, str, str]:
            for one in (manager, employee):
                people.add(connection, TOMAS.actor, one, None, now())
            id_ = conversations.create(connection, manager.actor, employee.id, ("bench", 1), None, now())
            made = conversations.see(connection, manager.actor, id_)
            of_employee, of_manager = (
                sessions.begin(connection, one.id, "", now()) for one in (employee, manager)
            )
            return made.panes[Pane.JOINT].name, of_employee, of_manager

        name, of_employee, of_manager = await self._database.write(write)
        await self._fill(kind, of_employee, name)
        return Seat(name, (f"{PLAIN_NAME}={of_employee}", f"{PLAIN_NAME}={of_manager}"))

    async def _fill(self, kind: str, key: str, name: str) -> None:
        opening = await self._database.read(
            lambda c: open_document(c, sessions.find(c, sessions.hashed(key), now()), name, now())
        )
        log, document, author = self._database.log, opening.document, opening.author
        if EMPTY not in self.snapshots:
            self.snapshots[EMPTY] = (await log.load(document)).snapshot
            self._answers, self.snapshots[ANSWERED], self._state_vector = _answered(
                opening.schema, self.snapshots[EMPTY]
            )
        if kind == ANSWERED:
            touched = tuple(Touch(author.person, field.name) for field in opening.schema.fields)
            clients = tuple((client, author.person) for client in (_WRITER, *_REVISERS))
            sequence = await log.append(Append(document, self._answers, (author,), touched, clients))
            # As it is stored once somebody has stopped writing.
            await log.compact(document, sequence, self.snapshots[ANSWERED], self._state_vector)


def _answered(schema: DocumentSchema, empty: bytes) -> tuple[bytes, bytes, bytes]:
    """An update that answers every question, and the document and its state vector afterwards."""
    document = Document.loaded(schema, UPDATE, empty, (), {})
    content: Content = {field.name: blocks(ANSWER) for field in schema.fields if isinstance(field, Text)}
    written = document.fill(content, _WRITER)
    update = _revised(empty, written, tuple(content))
    document.merge(update, "writers")
    after = document.snapshot(), document.state_vector()
    document.close()
    return update, *after


def _revised(empty: bytes, written: bytes, fields: Sequence[str]) -> bytes:
    """What was written into the empty document, and what two people did to it since, in turns, as one update.

    A text that nobody has gone over is one item however long it is; one that people have written is hundreds.
    """
    docs: list[Doc[Any]] = [Doc(client_id=client) for client in _REVISERS]
    for doc in docs:
        doc.apply_update(empty)
        nothing = doc.get_state()
        doc.apply_update(written)
    for number, field in enumerate(fields):
        doc, other = docs[number % 2], docs[1 - number % 2]
        for text in _texts(doc.get(field, type=XmlFragment)):
            _revise(text)
        other.apply_update(doc.get_update(other.get_state()))
    return docs[0].get_update(nothing)


def _texts(parent: XmlFragment | XmlElement) -> Iterator[XmlText]:
    for child in parent.children:
        if isinstance(child, XmlText):
            yield child
        else:
            yield from _texts(child)


def _revise(text: XmlText) -> None:
    """Take words back and type them again, from the end so that the rest stays where it is."""
    plain = "".join(str(characters) for characters, _ in text.diff())
    for word in reversed(list(re.finditer(r"\w+", plain))[::_WORDS_TO_ONE_REVISED]):
        at = len(plain[: word.start()].encode())
        del text[at : at + len(word[0].encode())]
        for letter in word[0]:
            text.insert(at, letter)
            at += len(letter.encode())


def _paragraphs(snapshot: bytes) -> tuple[tuple[int, int], ...]:
    structs = [struct for section in parse(snapshot, UPDATE).sections.values() for struct in section]
    return tuple(
        (struct.client, struct.clock)
        for struct in structs
        if struct.kind is Kind.TYPE and struct.type_ref is TypeRef.XML_ELEMENT and struct.root is not None
    )
