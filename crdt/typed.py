"""The updates that nearly all key presses are, recognised at a glance: some characters of one client, behind
a character that is there already, or as the first of a paragraph. All other updates are read by
``crdt.update``, which says the same of these.

    1 section · 1 struct · client · clock · STRING · origin · (right origin) · text · no deletions
    1 section · 2 structs · client · clock · TYPE · paragraph · XML_TEXT · STRING · TYPE · text · no deletions

There is one way to write down such an update, and what is written in another is not recognised: its bytes are
those that a document itself would encode.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from crdt.encoding import buffer, uint
from crdt.grammar import Place
from crdt.update import CLOCK_MAX, Id

_ONE_STRUCT: Final = b"\x01\x01"
_BEHIND_ONE: Final = b"\x84"
_BETWEEN_TWO: Final = b"\xc4"
_NUMBER: Final = rb"([\x80-\xff]{1,7}[\x01-\x7f]|[\x00-\x7f])"
_END: Final = rb"([\x01-\x7f])(.+)\x00"
"""The text behind its length in bytes, and no deletions."""
_BEHIND: Final = re.compile(_ONE_STRUCT + 2 * _NUMBER + _BEHIND_ONE + 2 * _NUMBER + _END, re.DOTALL)
_BETWEEN: Final = re.compile(_ONE_STRUCT + 2 * _NUMBER + _BETWEEN_TWO + 4 * _NUMBER + _END, re.DOTALL)
_FIRST: Final = re.compile(
    b"\x01\x02" + 2 * _NUMBER + b"\x07\x00" + 2 * _NUMBER + b"\x06\x04\x00" + 2 * _NUMBER + _END, re.DOTALL
)


class Typed(NamedTuple):
    """``length`` clocks of a client from ``clock`` on: characters of the text that its neighbours are in."""

    client: int
    clock: int
    length: int
    origin: Id
    right_origin: Id | None
    struct: int
    """Where the struct begins in the update, behind client and clock."""
    text: int
    """Where the text stands in it, behind its length."""


class Begun(NamedTuple):
    """A text that a client begins in a paragraph, and characters of it: ``length`` clocks from ``clock``."""

    client: int
    clock: int
    length: int
    paragraph: Id
    struct: int
    """Where the first of the two structs begins, as above."""
    text: int


def read_typed(update: bytes) -> Typed | Begun | None:
    """What has been typed; None for every other update, broken ones among them."""
    found = _BEHIND.fullmatch(update) or _BETWEEN.fullmatch(update) or _FIRST.fullmatch(update)
    if found is None:
        return None
    client, clock, near, near_clock, *other, size, characters = found.groups()
    length = _clocks(characters) if len(characters) == size[0] else 0
    writer, begins, beside = _client(client), _uint(clock), Id(_client(near), _uint(near_clock))
    struct, text = found.end(2), len(update) - len(characters) - 1
    typed: Typed | Begun
    if update.startswith(_ONE_STRUCT):
        right = Id(_client(other[0]), _uint(other[1])) if other else None
        is_plain = beside != right
        typed = Typed(writer, begins, length, beside, right, struct, text)
    else:
        is_plain = other == [client, clock]
        typed = Begun(writer, begins, 1 + length, beside, struct, text)
    return typed if is_plain and length and typed.clock + typed.length <= CLOCK_MAX else None


def _clocks(characters: bytes) -> int:
    """How many clocks characters have, each one: 0 if one of them has two, which may not be parted."""
    try:
        text = characters.decode()
    except UnicodeDecodeError:
        return 0
    return len(text) if text.isascii() or max(text) <= "\uffff" else 0


def _uint(data: bytes) -> int:
    if len(data) == 1:
        return data[0]
    number = 0
    for byte in reversed(data):
        number = number << 7 | byte & 127
    return number


_client = lru_cache(maxsize=4_096)(_uint)
"""Few clients type much."""


Pressed = tuple[int, int, bytes]
"""A typed update: its client, where its first struct begins, and the update."""


class TypedRun:
    """What one client typed in a row: as one struct, it says what an update for each character would."""

    __slots__ = ("client", "head", "is_over", "struct", "text")

    def __init__(self, client: int, struct: int, head: bytes, text: bytes) -> None:
        self.client = client
        self.struct = struct
        """Where the first struct begins in an update that says nothing else."""
        self.head = head
        """All that such an update says up to the length of the text."""
        self.text = bytearray(text)
        self.is_over = False
        """It has been given to pycrdt: what comes next is another run."""


class Caret:
    """Somebody who types on: one character after the other, each behind the one before.

    Such an update is known but for its character before it comes, so it need not even be read.
    """

    __slots__ = (
        "_before", "_behind", "_between", "_head", "_last", "client", "clock", "judge", "person", "place",
        "run", "struct",
    )  # fmt: skip

    def __init__(self, judge: object, update: bytes, typed: Typed | Begun, person: str, place: Place) -> None:
        """``update``, which says ``typed``, has been let into ``place`` by ``judge``."""
        client = uint(typed.client)
        behind, right = _BEHIND_ONE, b""
        if isinstance(typed, Typed) and typed.right_origin is not None:
            behind, right = _BETWEEN_TWO, b"".join(map(uint, typed.right_origin))
        self.judge = judge
        self.client = typed.client
        self.person = person
        self.place = place
        self.run = TypedRun(typed.client, typed.struct, update[: typed.text - 1], update[typed.text : -1])
        self._before = _ONE_STRUCT + client
        self._between = behind + client
        self._behind = right + _ONE_BYTE
        self.clock = typed.clock + typed.length - 1
        self._last = uint(self.clock)
        self._step()

    def is_before(self, update: bytes) -> bool:
        """Whether ``update`` says that one character of one byte more comes behind the last."""
        is_one_more = update.startswith(self._head) and len(update) == len(self._head) + 2
        return is_one_more and update[-2] < _ONE_BYTE_END and update[-1] == 0

    def begin(self) -> TypedRun:
        """Begin another run with the next character."""
        self.run = TypedRun(self.client, self.struct, self._head[:-1], b"")
        return self.run

    def go_on(self, update: bytes) -> None:
        """Step behind the character that ``update`` brings."""
        self.run.text.append(update[-2])
        self._step()

    def _step(self) -> None:
        self.clock += 1
        last, self._last = self._last, uint(self.clock)
        self.struct = len(self._before) + len(self._last)
        self._head = b"".join((self._before, self._last, self._between, last, self._behind))


_ONE_BYTE: Final = b"\x01"
"""The length of a character that has one byte."""
_ONE_BYTE_END: Final = 128


def joined(pressed: Sequence[Pressed]) -> bytes:
    """Typed updates, each client's in their order, as one."""
    match pressed:
        case [(_, _, only)]:
            return only
        case [(one, _, first), (other, _, second)] if one != other:
            return b"".join((b"\x02", first[1:-1], second[1:]))
        case _:
            return _sections(pressed)


def _sections(pressed: Sequence[Pressed]) -> bytes:
    sections: dict[int, list[bytes]] = {}
    counts: dict[int, int] = {}
    for client, struct, update in pressed:
        known = sections.get(client)
        if known is None:
            # With the client and the clock that its structs begin at.
            sections[client] = [update[2:-1]]
            counts[client] = update[1]
        else:
            known.append(update[struct:-1])
            counts[client] += update[1]
    parts = [uint(len(sections))]
    for client, structs in sections.items():
        parts.append(uint(counts[client]))
        parts += structs
    parts.append(b"\x00")
    return b"".join(parts)


def joined_runs(runs: Iterable[TypedRun]) -> bytes:
    """Runs, each client's in their order, as one update."""
    return joined([(run.client, run.struct, run.head + buffer(bytes(run.text)) + b"\x00") for run in runs])
