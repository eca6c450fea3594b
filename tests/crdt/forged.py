"""Updates written by hand, byte by byte, as nobody honest would."""

import json

from crdt.encoding import buffer, string, uint
from crdt.update import Kind, TypeRef

Pair = tuple[int, int]

NULL, TRUE, UNDEFINED = b"\x7e", b"\x78", b"\x7f"


def update(*sections: bytes, deletes: bytes = b"\x00") -> bytes:
    return uint(len(sections)) + b"".join(sections) + deletes


def section(client: int, clock: int, *structs: bytes) -> bytes:
    return uint(len(structs)) + uint(client) + uint(clock) + b"".join(structs)


def deletes(*ranges: tuple[int, int, int]) -> bytes:
    """(client, start, length), each as a delete set of its own."""
    return uint(len(ranges)) + b"".join(
        uint(client) + uint(1) + uint(start) + uint(length) for client, start, length in ranges
    )


def item(
    kind: int,
    content: bytes,
    *,
    origin: Pair | None = None,
    right: Pair | None = None,
    root: str | None = None,
    parent: Pair | None = None,
    key: str | None = None,
) -> bytes:
    info = kind | (origin is not None) << 7 | (right is not None) << 6 | (key is not None) << 5
    out = bytes([info])
    for pair in (origin, right):
        if pair is not None:
            out += uint(pair[0]) + uint(pair[1])
    if root is not None:
        out += uint(1) + string(root)
    elif parent is not None:
        out += uint(0) + uint(parent[0]) + uint(parent[1])
    if key is not None and origin is None and right is None:
        out += string(key)
    return out + content


def text(characters: str, **place: object) -> bytes:
    return item(Kind.STRING, string(characters), **place)  # type: ignore[arg-type]


def deleted(length: int, **place: object) -> bytes:
    return item(Kind.DELETED, uint(length), **place)  # type: ignore[arg-type]


def element(tag: str, **place: object) -> bytes:
    return item(Kind.TYPE, uint(TypeRef.XML_ELEMENT) + string(tag), **place)  # type: ignore[arg-type]


def shared(ref: TypeRef, **place: object) -> bytes:
    return item(Kind.TYPE, uint(ref), **place)  # type: ignore[arg-type]


def mark(name: str, value: object, **place: object) -> bytes:
    return item(Kind.FORMAT, string(name) + string(json.dumps(value)), **place)  # type: ignore[arg-type]


def values(*encoded: bytes, **place: object) -> bytes:
    return item(Kind.ANY, uint(len(encoded)) + b"".join(encoded), **place)  # type: ignore[arg-type]


def gc(length: int) -> bytes:
    return bytes([Kind.GC]) + uint(length)


def skip(length: int) -> bytes:
    return bytes([Kind.SKIP]) + uint(length)


def string_value(characters: str) -> bytes:
    return b"\x77" + string(characters)


def integer_value(number: int) -> bytes:
    """Of one byte: -63 … 63."""
    return b"\x7d" + bytes([abs(number) | (64 if number < 0 else 0)])


def nested_value(depth: int, *, keyed: bool = False) -> bytes:
    opening = b"\x76\x01" + string("k") if keyed else b"\x75\x01"
    return opening * depth + NULL


def bytes_value(data: bytes) -> bytes:
    return b"\x74" + buffer(data)
