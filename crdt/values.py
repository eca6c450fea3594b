"""Values inside an update: scalars are read, everything nested is walked without recursion and left out.

Both readers raise MalformedUpdate, or OverLimit for more than ``depth_max`` levels of arrays and maps.
"""

import json
from dataclasses import dataclass
from enum import IntEnum
from struct import unpack
from typing import Final, NoReturn, Self

from crdt.encoding import UINT_MAX, Reader
from crdt.errors import MalformedUpdate, OverLimit

_INTEGER_BITS_MAX: Final = 62
"""Bits that a value's integer may be written in: nobody pads a number with empty bytes."""


class _Tag(IntEnum):
    """What follows in a value of kind ANY, as numbered on the wire by lib0."""

    BYTES = 116
    ARRAY = 117
    MAP = 118
    STRING = 119
    TRUE = 120
    FALSE = 121
    BIG = 122
    DOUBLE = 123
    FLOAT = 124
    INTEGER = 125
    NULL = 126
    UNDEFINED = 127


_NESTING: Final = frozenset({_Tag.ARRAY, _Tag.MAP})


class Nested:
    """Stands for a value that is not a scalar: an array, a map or bytes. No schema has any."""


NESTED: Final = Nested()

Scalar = None | bool | int | float | str
AnyValue = Scalar | Nested


def read_any(reader: Reader, depth_max: int) -> AnyValue:
    """The next value of kind ANY."""
    tag = reader.byte()
    if tag in _NESTING:
        _skip_nested(reader, tag, depth_max)
        return NESTED
    return _read_plain(reader, tag)


def _read_plain(reader: Reader, tag: int) -> AnyValue:
    """A value without others in it."""
    match tag:
        case _Tag.STRING:
            return reader.string()
        case _Tag.INTEGER:
            return _read_integer(reader)
        case _Tag.TRUE:
            return True
        case _Tag.FALSE:
            return False
        case _Tag.NULL | _Tag.UNDEFINED:
            return None
        case _Tag.DOUBLE:
            return float(unpack(">d", reader.take(8))[0])
        case _Tag.FLOAT:
            return float(unpack(">f", reader.take(4))[0])
        case _Tag.BIG:
            return int.from_bytes(reader.take(8), "big", signed=True)
        case _Tag.BYTES:
            reader.buffer()
            return NESTED
        case _:
            raise MalformedUpdate("unknown kind of value")


def _read_integer(reader: Reader) -> int:
    """Six bits and a sign in the first byte, seven bits in each that follows."""
    part = reader.byte()
    negative = part & 64
    number, shift = part & 63, 6
    while part & 128:
        part = reader.byte()
        number |= (part & 127) << shift
        shift += 7
        if number > UINT_MAX or shift > _INTEGER_BITS_MAX:
            raise MalformedUpdate("number out of range")
    return -number if negative else number


def _skip_nested(reader: Reader, tag: int, depth_max: int) -> None:
    """The array or map that ``tag`` began, with everything in it, without recursion."""
    opened = [_Opened.read(reader, tag)]
    while opened:
        if len(opened) > depth_max:
            raise OverLimit("any_depth_max")
        inmost = opened[-1]
        if inmost.values_left == 0:
            opened.pop()
            continue
        inmost.values_left -= 1
        if inmost.keyed:
            reader.string()
        tag = reader.byte()
        if tag in _NESTING:
            opened.append(_Opened.read(reader, tag))
        else:
            _read_plain(reader, tag)


@dataclass(slots=True)
class _Opened:
    values_left: int
    keyed: bool

    @classmethod
    def read(cls, reader: Reader, tag: int) -> Self:
        keyed = tag == _Tag.MAP
        return cls(reader.count(2 if keyed else 1), keyed)


def read_json(reader: Reader, depth_max: int) -> AnyValue:
    """The next string, which is JSON or ``undefined``. ``{}`` reads as true: so the editor writes a mark."""
    text = reader.string()
    if text == "undefined":
        return None
    # Counts brackets in strings too, and those that are closed again: no schema has a single pair.
    if text.count("[") + text.count("{") > depth_max:
        raise OverLimit("any_depth_max")
    try:
        value: object = json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        raise MalformedUpdate("not JSON") from error
    if value == {}:
        return True
    return value if value is None or isinstance(value, bool | int | float | str) else NESTED


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
