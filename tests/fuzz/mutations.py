"""Frames and updates that almost make sense: recorded or generated ones with a few bytes changed."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from crdt.encoding import uint
from crdt.messages import (
    AuthToken,
    Awareness,
    AwarenessEntry,
    Close,
    Message,
    QueryAwareness,
    Stateless,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    encode,
)
from crdt.update import Kind, TypeRef
from tests.crdt import forged

DOCUMENT = "c/joint/1"

_ROOTS = ("rich", "short", "values", "chosen", "table", "unknown")
_KEYS = ("scale", "date", "check", "choice", "x", "id", "goal", "when", "removed", "start", "unknown")
_TAGS = ("paragraph", "bulletList", "orderedList", "listItem", "hardBreak", "script")
_NUMBERS = (0, 1, 2, 127, 128, 2**14, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53 - 1, 2**53, 2**63)
_TEXTS = ("x", "å", "😀", "a😀b", "", "long " * 20)


def mutated(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """``data`` after one to four changes."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        random.choice(_MUTATIONS)(random, changed, others)
    return bytes(changed)


def _at(random: Random, data: bytearray) -> int:
    return random.randrange(len(data) + 1)


def _set_byte(random: Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = _at(random, data)
    data[at : at + 1] = bytes([random.randrange(256)])


def _flip_bit(random: Random, data: bytearray, others: Sequence[bytes]) -> None:
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _nudge(random: Random, data: bytearray, others: Sequence[bytes]) -> None:
    if data:
        at = random.randrange(len(data))
        data[at] = (data[at] + random.choice((-1, 1))) % 256


def _insert_number(random: Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = _at(random, data)
    data[at : at + random.choice((0, 1))] = uint(random.choice(_NUMBERS))


def _cut(random: Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = _at(random, data)
    del data[at : at + random.choice((1, 2, 5, len(data)))]


def _repeat(random: Random, data: bytearray, others: Sequence[bytes]) -> None:
    at, end = sorted((_at(random, data), _at(random, data)))
    data[end:end] = data[at : min(end, at + 64)]


def _splice(random: Random, data: bytearray, others: Sequence[bytes]) -> None:
    other = random.choice(others)
    start = random.randrange(len(other) + 1)
    at = _at(random, data)
    data[at : at + random.choice((0, 3, 10))] = other[start : start + random.choice((2, 5, 30))]


_MUTATIONS: tuple[Callable[[Random, bytearray, Sequence[bytes]], None], ...] = (
    _set_byte,
    _flip_bit,
    _nudge,
    _insert_number,
    _cut,
    _repeat,
    _splice,
)


def generated_update(random: Random, clocks: dict[int, int]) -> bytes:
    """An update whose every part is well formed, on top of a document with these clocks."""
    sections = []
    for client in random.sample((1, 1001, 1002, 1003), random.choice((1, 1, 1, 2))):
        clock = max(0, clocks.get(client, 0) + random.choice((0, 0, 0, 0, 0, 0, -1, -3, 1)))
        structs = [_generated_struct(random, clocks) for _ in range(random.choice((1, 1, 2, 4)))]
        sections.append(forged.section(client, clock, *structs))
    deletes = [
        (client, random.randrange(clocks[client] + 1), random.choice((1, 1, 2, 5)))
        for client in clocks
        if random.random() < 0.2
    ]
    return forged.update(*sections, deletes=forged.deletes(*deletes))


def _generated_struct(random: Random, clocks: dict[int, int]) -> bytes:
    place = _generated_place(random, clocks)
    match random.randrange(9):
        case 0 | 1:
            return forged.text(random.choice(_TEXTS), **place)
        case 2:
            return forged.element(random.choice(_TAGS), **place)
        case 3:
            return forged.shared(random.choice((TypeRef.XML_TEXT, *TypeRef)), **place)
        case 4:
            return forged.mark(
                random.choice(("bold", "italic", "link")), random.choice(({}, None, 1)), **place
            )
        case 5 | 6:
            return forged.values(
                *(_generated_value(random) for _ in range(random.choice((1, 1, 1, 2)))), **place
            )
        case 7:
            return forged.deleted(random.choice((1, 3)), **place)
        case _:
            kind = random.choice((Kind.GC, Kind.SKIP, Kind.EMBED, Kind.BINARY))
            if kind in (Kind.GC, Kind.SKIP):
                return bytes([kind]) + uint(random.choice((1, 2, 10)))
            return forged.item(kind, b"\x02{}", **place)


def _generated_place(random: Random, clocks: dict[int, int]) -> dict[str, Any]:
    key = random.choice(_KEYS) if random.random() < 0.5 else None
    match random.randrange(5):
        case 0:
            return {"root": random.choice(_ROOTS), "key": key}
        case 1:
            return {"parent": _generated_id(random, clocks), "key": key}
        case 2:
            return {"right": _generated_id(random, clocks)}
        case 3:
            return {"origin": _generated_id(random, clocks), "right": _generated_id(random, clocks)}
        case _:
            return {"origin": _generated_id(random, clocks)}


def _generated_id(random: Random, clocks: dict[int, int]) -> tuple[int, int]:
    client = random.choice((*clocks, 1001))
    return client, max(0, random.randrange(clocks.get(client, 0) + 2) - 1)


def _generated_value(random: Random) -> bytes:
    match random.randrange(6):
        case 0:
            return forged.string_value(random.choice(("a", "b", "2026-11-26", "r9", "x" * 2000)))
        case 1:
            return forged.integer_value(random.randrange(-9, 10))
        case 2:
            return random.choice((forged.NULL, forged.UNDEFINED))
        case 3:
            return forged.nested_value(random.choice((1, 5, 2000)), keyed=random.random() < 0.5)
        case 4:
            return forged.bytes_value(b"x")
        case _:
            return forged.TRUE


def generated_message(random: Random) -> Message:
    """Any message that a client may send but for updates."""
    match random.randrange(6):
        case 0:
            return SyncStep1(random.choice((b"\x00", b"\x01\x01\x05", uint(2**33) + b"\x01\x01")))
        case 1:
            states = ("null", "{}", '{"user":{"name":"Å"}}', "[[[[", "{" * 4000)
            entry = AwarenessEntry(
                random.choice(_NUMBERS[:11]), random.choice(_NUMBERS[:11]), random.choice(states)
            )
            return Awareness((entry,) * random.choice((0, 1, 2, 70)))
        case 2:
            return AuthToken(random.choice(_TEXTS), random.choice((None, "4.8.0")))
        case 3:
            return Stateless(random.choice(_TEXTS))
        case 4:
            return QueryAwareness()
        case _:
            return Close(random.choice((None, "bye")))


def wrapped(random: Random, update: bytes) -> bytes:
    return encode(DOCUMENT, random.choice((SyncStep2, SyncUpdate))(update))
