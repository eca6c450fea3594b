"""Strict, iterative parser of Yjs updates (version 1) and state vectors.

Nothing that this module has not read whole reaches pycrdt: nested values end its process, a clock
that crosses 2**31 or an empty section makes it panic, and a count that no bytes follow makes it
allocate. Lengths and clocks are UTF-16 code units, as Yjs counts them.

    update  = count · (client's section)… · delete set
    section = count of structs · client · clock of the first · (struct)…
    struct  = info (5 bits kind, 3 bits which of origin, right origin, key follow) · …
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, NamedTuple

from crdt.bounds import UpdateBounds
from crdt.encoding import Reader, uint
from crdt.errors import MalformedUpdate, OverLimit
from crdt.values import AnyValue, read_any, read_json

CLOCK_MAX: Final = 2**31 - 1

_KIND: Final = 0b0001_1111
_HAS_KEY: Final = 0b0010_0000
_HAS_RIGHT_ORIGIN: Final = 0b0100_0000
_HAS_ORIGIN: Final = 0b1000_0000
_FLAGS: Final = _HAS_KEY | _HAS_RIGHT_ORIGIN | _HAS_ORIGIN


class Kind(IntEnum):
    """What a struct holds, as numbered on the wire."""

    GC = 0
    DELETED = 1
    JSON = 2
    BINARY = 3
    STRING = 4
    EMBED = 5
    FORMAT = 6
    TYPE = 7
    ANY = 8
    SUBDOCUMENT = 9
    SKIP = 10


class TypeRef(IntEnum):
    """What a struct of kind TYPE begins, as numbered on the wire."""

    ARRAY = 0
    MAP = 1
    TEXT = 2
    XML_ELEMENT = 3
    XML_FRAGMENT = 4
    XML_HOOK = 5
    XML_TEXT = 6


_PLACELESS: Final = frozenset({Kind.GC, Kind.SKIP})
_NAMED: Final = frozenset({TypeRef.XML_ELEMENT, TypeRef.XML_HOOK})


class Id(NamedTuple):
    """One clock of one client: a character, a value, a type or a mark."""

    client: int
    clock: int


@dataclass(slots=True)
class Struct:
    """``length`` clocks of one client that were written as one.

    An item says where it belongs through ``origin`` (its left neighbour when it was written) and
    ``right_origin``; only if it has neither does it name its parent: ``root`` or ``parent``, with the
    key ``parent_sub`` if that is a map. GC and SKIP structs have none of these.
    """

    client: int
    clock: int
    length: int
    kind: Kind
    origin: Id | None = None
    right_origin: Id | None = None
    root: str | None = None
    parent: Id | None = None
    parent_sub: str | None = None
    type_ref: TypeRef | None = None
    name: str = ""
    """The tag of an element (TYPE) or the mark's name (FORMAT)."""
    values: tuple[AnyValue, ...] = ()
    """The values of an ANY, or the one value of a FORMAT (null ends the mark, ``{}`` reads as true)."""
    splits: tuple[int, ...] = ()
    """Clocks in a STRING that are the second half of a character outside the BMP."""
    begins: int = field(default=0, compare=False)
    """Where it stands in the update: from this byte up to, not including, ``ends``."""
    ends: int = field(default=0, compare=False)

    @property
    def end(self) -> int:
        return self.clock + self.length


@dataclass(frozen=True, slots=True)
class DeleteRange:
    """The clocks from ``start`` up to, not including, ``end``."""

    client: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ParsedUpdate:
    sections: dict[int, list[Struct]]
    """Structs in the order of their clocks, per client."""
    deletes: list[DeleteRange]


def parse(update: bytes, bounds: UpdateBounds) -> ParsedUpdate:
    """Raises MalformedUpdate or OverLimit."""
    if len(update) > bounds.update_bytes_max:
        raise OverLimit("update_bytes_max")
    reader = Reader(update, MalformedUpdate)
    count = reader.count(5)
    if count > bounds.update_clients_max:
        raise OverLimit("update_clients_max")
    sections: dict[int, list[Struct]] = {}
    structs_left = bounds.update_structs_max
    for _ in range(count):
        structs = _read_section(reader, bounds, structs_left)
        structs_left -= len(structs)
        client = structs[0].client
        if client in sections:
            raise MalformedUpdate("two sections of one client")
        sections[client] = structs
    deletes = _read_deletes(reader, structs_left)
    reader.end()
    return ParsedUpdate(sections, deletes)


def _read_section(reader: Reader, bounds: UpdateBounds, structs_left: int) -> list[Struct]:
    count = reader.count(2)
    client, clock = reader.uint(), reader.uint()
    if count == 0:
        raise MalformedUpdate("an empty section")
    if count > structs_left:
        raise OverLimit("update_structs_max")
    structs = []
    for _ in range(count):
        begins = reader.position
        struct = _read_struct(reader, client, clock, bounds)
        struct.begins, struct.ends = begins, reader.position
        clock += struct.length
        if struct.length == 0 or clock > CLOCK_MAX:
            raise MalformedUpdate("a clock out of range")
        structs.append(struct)
    return structs


def _read_struct(reader: Reader, client: int, clock: int, bounds: UpdateBounds) -> Struct:
    info = reader.byte()
    kind = info & _KIND
    if kind in _PLACELESS:
        if info & _FLAGS:
            raise MalformedUpdate("flags on a struct that has no place")
        return Struct(client, clock, reader.uint(), Kind(kind))
    struct = Struct(client, clock, 1, Kind.STRING)
    if info & _HAS_ORIGIN:
        struct.origin = _read_id(reader, client, clock)
    if info & _HAS_RIGHT_ORIGIN:
        struct.right_origin = _read_id(reader, client, clock)
        if struct.right_origin == struct.origin:
            raise MalformedUpdate("an item on both sides of the same neighbour")
    if not info & (_HAS_ORIGIN | _HAS_RIGHT_ORIGIN):
        _read_parent(reader, struct, info)
    if kind == Kind.STRING:
        _read_text(reader, struct)
    else:
        _read_content(reader, struct, kind, bounds)
    return struct


def _read_id(reader: Reader, client: int, clock: int) -> Id:
    found = Id(reader.uint(), reader.uint())
    if found.clock >= CLOCK_MAX:
        raise MalformedUpdate("a clock out of range")
    if found.client == client and found.clock >= clock:
        raise MalformedUpdate("an item that builds on itself")
    return found


def _read_parent(reader: Reader, struct: Struct, info: int) -> None:
    match reader.uint():
        case 1:
            struct.root = reader.string()
        case 0:
            struct.parent = _read_id(reader, struct.client, struct.clock)
        case _:
            raise MalformedUpdate("a parent that is neither a root nor an item")
    if info & _HAS_KEY:
        struct.parent_sub = reader.string()


def _read_text(reader: Reader, struct: Struct) -> None:
    text = reader.string()
    struct.length = len(text)
    if not text.isascii() and max(text) > "\uffff":
        at, splits = struct.clock, []
        for character in text:
            if character > "\uffff":
                at += 1
                splits.append(at)
            at += 1
        struct.splits = tuple(splits)
        struct.length += len(splits)


def _read_content(reader: Reader, struct: Struct, kind: int, bounds: UpdateBounds) -> None:
    """The content of every item but a text's."""
    match kind:
        case Kind.DELETED:
            struct.length = reader.uint()
        case Kind.ANY:
            struct.length = reader.count(1)
            struct.values = tuple(read_any(reader, bounds.any_depth_max) for _ in range(struct.length))
        case Kind.TYPE:
            _read_type(reader, struct)
        case Kind.FORMAT:
            struct.name = reader.string()
            struct.values = (read_json(reader, bounds.any_depth_max),)
        case Kind.JSON:
            struct.length = reader.count(1)
            struct.values = tuple(read_json(reader, bounds.any_depth_max) for _ in range(struct.length))
        case Kind.EMBED:
            struct.values = (read_json(reader, bounds.any_depth_max),)
        case Kind.BINARY:
            reader.buffer()
        case Kind.SUBDOCUMENT:
            struct.name = reader.string()
            struct.values = (read_any(reader, bounds.any_depth_max),)
        case _:
            raise MalformedUpdate("unknown kind of content")
    struct.kind = Kind(kind)


def _read_type(reader: Reader, struct: Struct) -> None:
    # One byte, as yrs reads it: Yjs would take a padded number as well.
    ref = reader.byte()
    if ref > TypeRef.XML_TEXT:
        raise MalformedUpdate("unknown type")
    struct.type_ref = TypeRef(ref)
    if ref in _NAMED:
        struct.name = reader.string()


def _read_deletes(reader: Reader, ranges_left: int) -> list[DeleteRange]:
    deletes = []
    seen = set()
    for _ in range(reader.count(2)):
        client = reader.uint()
        if client in seen:
            raise MalformedUpdate("two delete sets of one client")
        seen.add(client)
        count = reader.count(2)
        ranges_left -= count
        if ranges_left < 0:
            raise OverLimit("update_structs_max")
        for _ in range(count):
            start, length = reader.uint(), reader.uint()
            if length == 0 or start + length > CLOCK_MAX:
                raise MalformedUpdate("a delete range out of range")
            deletes.append(DeleteRange(client, start, start + length))
    return deletes


def parse_state_vector(data: bytes, bounds: UpdateBounds) -> dict[int, int]:
    """The clock up to which each client is known. Raises MalformedUpdate or OverLimit."""
    reader = Reader(data, MalformedUpdate)
    count = reader.count(2)
    if count > bounds.document_clients_max:
        raise OverLimit("document_clients_max")
    clocks: dict[int, int] = {}
    for _ in range(count):
        client, clock = reader.uint(), reader.uint()
        if client in clocks or clock > CLOCK_MAX:
            raise MalformedUpdate("a state vector out of range")
        clocks[client] = clock
    reader.end()
    return clocks


def encode_state_vector(clocks: dict[int, int]) -> bytes:
    """Highest client first, as Yjs does: equal clocks give equal bytes."""
    entries = sorted(clocks.items(), reverse=True)
    return uint(len(entries)) + b"".join(uint(client) + uint(clock) for client, clock in entries)
