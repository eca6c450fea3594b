"""The variable-length encoding of lib0, strictly: numbers up to 2**53 - 1, buffers, strings in UTF-8."""

from typing import Final

from crdt.errors import MalformedFrame, ProtocolError

UINT_MAX = 2**53 - 1
"""The largest whole number that JavaScript counts exactly."""

_MORE = 128
"""Set in every byte of a number but its last."""

_BITS = 127
_SHORT: Final = tuple(bytes((number,)) for number in range(_MORE))
_BEFORE_ANOTHER: Final = tuple(bytes((_MORE | number,)) for number in range(_MORE))
_UINT_SHIFT_MAX = 49
"""The eighth byte carries the bits from here: there is no ninth."""


def uint(number: int) -> bytes:
    """``number`` (0 … UINT_MAX), seven bits a byte, lowest first."""
    if number < _MORE:
        return _SHORT[number]
    if number < _MORE * _MORE:
        return _BEFORE_ANOTHER[number & _BITS] + _SHORT[number >> 7]
    out = bytearray()
    while number > _BITS:
        out.append(_MORE | number & _BITS)
        number >>= 7
    out.append(number)
    return bytes(out)


def buffer(data: bytes) -> bytes:
    """``data`` behind its length in bytes."""
    return uint(len(data)) + data


def string(text: str) -> bytes:
    """``text`` in UTF-8 behind its length in bytes."""
    return buffer(text.encode())


class Reader:
    """Reads bytes from outside, front to back. Raises ``error`` for anything it cannot read."""

    __slots__ = ("_at", "_data", "_error", "_size")

    def __init__(self, data: bytes, error: type[ProtocolError] = MalformedFrame) -> None:
        self._data = data
        self._at = 0
        self._size = len(data)
        self._error = error

    def byte(self) -> int:
        at = self._at
        if at >= self._size:
            raise self._error("unexpected end")
        self._at = at + 1
        return self._data[at]

    def uint(self) -> int:
        data, at, size = self._data, self._at, self._size
        number = shift = 0
        while at < size:
            part = data[at]
            at += 1
            if part < _MORE:
                number |= part << shift
                if number > UINT_MAX:
                    break
                self._at = at
                return number
            number |= (part & _BITS) << shift
            if shift >= _UINT_SHIFT_MAX:
                break
            shift += 7
        else:
            raise self._error("unexpected end")
        raise self._error("number out of range")

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        start = self._at
        end = start + count
        if end > self._size:
            raise self._error("unexpected end")
        self._at = end
        return self._data[start:end]

    def buffer(self) -> bytes:
        return self.take(self.uint())

    def string(self) -> str:
        try:
            return self.take(self.uint()).decode()
        except UnicodeDecodeError as error:
            raise self._error("not UTF-8") from error

    def count(self, bytes_each: int) -> int:
        """A number of things that take at least ``bytes_each`` bytes each: never more than can follow."""
        number = self.uint()
        if number * bytes_each > self._size - self._at:
            raise self._error("a count of more things than bytes")
        return number

    @property
    def position(self) -> int:
        """How many bytes have been read."""
        return self._at

    @property
    def at_end(self) -> bool:
        return self._at == self._size

    def end(self) -> None:
        """Nothing may be left."""
        if self._at != self._size:
            raise self._error("bytes after the end")
