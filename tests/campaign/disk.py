"""A disk that can lose power: what SQLite asked of it is recorded, and what it may hold afterwards is made.

``record`` puts itself between SQLite and the system in this process, by the table of functions through which
SQLite opens, writes, truncates, syncs and deletes files (https://sqlite.org/c3ref/vfs.html), so it needs no
compiler and no tracer. ``images`` plays a recording on copies of the files as they were before:

    writes ── until a sync of the same file has returned they may be there whole, in part, or not at all;
              if it has failed, for ever, whatever is synced later

A disk's sector is written whole or not; bytes that a write does not name are never harmed by it, which is
what SQLite asks of a disk ("powersafe overwrite").
"""

from __future__ import annotations

import _sqlite3
import ctypes
import os
import pickle
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

OK: Final = 0
SYNC_FAILED: Final = 10 | 4 << 8
"""SQLite's results."""
SECTOR_BYTES: Final = (512, 4096)

_WRITE, _TRUNCATE, _SYNC = 3, 4, 5
"""Places in ``sqlite3_io_methods``; its version is at 0."""
_METHODS = 19

# Paths as pointers: SQLite keeps them, and reads on behind their ends.
_Open = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
)
_Delete = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_Write = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_Truncate = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64)
_Sync = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)

_Methods = ctypes.c_void_p * _METHODS


class _Vfs(ctypes.Structure):
    """The beginning of ``sqlite3_vfs``."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_bytes", ctypes.c_int),
        ("path_bytes_max", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
        ("delete", ctypes.c_void_p),
    )


class Kind(StrEnum):
    WRITE = "write"
    TRUNCATE = "truncate"
    SYNCED = "synced"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Event:
    """A write or a truncation when it begins, or a sync when it has returned or failed."""

    at: int
    """In ns of the machine's monotonic clock."""
    kind: Kind
    file: str
    """Its name, without the folder."""
    offset: int = 0
    """In bytes; of a truncation the size that is left."""
    data: bytes = b""


_kept: list[Any] = []
"""What SQLite calls, which must not be collected."""


def record(recording: Path, syncs_fail: float = 0) -> None:
    """Record from now on, in this process, what is done to the files that SQLite opens from now on.

    A sync fails with the probability ``syncs_fail``. No seed plays that again; the recording says which did.
    """
    library = ctypes.CDLL(_sqlite3.__file__)
    try:
        find = library.sqlite3_vfs_find
    except AttributeError as error:
        raise OSError(
            "This Python has SQLite built in, where nobody can get between it and the disk."
        ) from error
    find.restype = ctypes.POINTER(_Vfs)
    vfs = find(None).contents
    out = os.open(recording, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    names: dict[int, str] = {}
    tables: dict[int, Any] = {}
    dice = random.Random()

    def keep(kind: Kind, file: str, offset: int = 0, data: bytes = b"") -> None:
        os.write(out, pickle.dumps(Event(time.monotonic_ns(), kind, file, offset, data)))

    open_, delete = _Open(vfs.open), _Delete(vfs.delete)

    def opened(this: int, path: int, file: int, flags: int, out_flags: int) -> int:
        result = open_(this, path, file, flags, out_flags)
        if result == OK and path:
            names[file] = _name(path)
            methods = ctypes.cast(file, ctypes.POINTER(ctypes.c_void_p))
            methods[0] = ctypes.addressof(recorded(methods[0] or 0))
        return int(result)

    def deleted(this: int, path: int, sync: int) -> int:
        keep(Kind.TRUNCATE, _name(path))
        return int(delete(this, path, sync))

    def recorded(address: int) -> Any:
        """A copy of a file's functions, of which three are recorded."""
        if address in tables:
            return tables[address]
        table = _Methods.from_buffer_copy(_Methods.from_address(address))
        write, truncate, sync = (
            _Write(table[_WRITE] or 0),
            _Truncate(table[_TRUNCATE] or 0),
            _Sync(table[_SYNC] or 0),
        )

        def written(file: int, data: int, size: int, offset: int) -> int:
            keep(Kind.WRITE, names[file], offset, ctypes.string_at(data, size))
            return int(write(file, data, size, offset))

        def truncated(file: int, size: int) -> int:
            keep(Kind.TRUNCATE, names[file], size)
            return int(truncate(file, size))

        def synced(file: int, flags: int) -> int:
            result = SYNC_FAILED if dice.random() < syncs_fail else int(sync(file, flags))
            keep(Kind.SYNCED if result == OK else Kind.FAILED, names[file])
            return result

        for place, function in (
            (_WRITE, _Write(written)),
            (_TRUNCATE, _Truncate(truncated)),
            (_SYNC, _Sync(synced)),
        ):
            _kept.append(function)
            table[place] = ctypes.cast(function, ctypes.c_void_p).value
        tables[address] = table
        return table

    _kept.extend((opening := _Open(opened), deleting := _Delete(deleted), tables))
    vfs.open = ctypes.cast(opening, ctypes.c_void_p).value
    vfs.delete = ctypes.cast(deleting, ctypes.c_void_p).value


def _name(path: int) -> str:
    return Path(os.fsdecode(ctypes.string_at(path))).name


def read(recording: Path) -> list[Event]:
    """All events of a recording, in order."""
    events = []
    with recording.open("rb") as file:
        while file.peek(1):
            events.append(pickle.load(file))
    return events


@dataclass(frozen=True, slots=True)
class Image:
    """What a disk may hold when the power goes."""

    at: int
    """When it goes, in ns of the machine's monotonic clock."""
    harm: str
    """What has become of the writes that were not synced, in a word."""
    files: Mapping[str, bytes]


def images(
    before: Mapping[str, bytes], events: list[Event], number: int, dice: random.Random
) -> Iterator[Image]:
    """Make so many images at random moments of a recording that began with the files ``before``."""
    firm = {name: bytearray(data) for name, data in before.items()}
    loose: list[Event] = []
    done = 0
    for cut in sorted(dice.randrange(len(events)) for _ in range(number)):
        for event in events[done:cut]:
            if event.kind in (Kind.WRITE, Kind.TRUNCATE):
                loose.append(event)
                continue
            settled = [each for each in loose if each.file == event.file]
            if event.kind is Kind.FAILED:
                # What the system could not write it forgets, though it shows it until the power goes:
                # the next sync succeeds without it (Rebello et al., USENIX ATC 2020).
                settled = _reordered(settled, dice)
            _apply(firm, settled)
            loose = [each for each in loose if each.file != event.file]
        done = cut
        files = {name: bytearray(data) for name, data in firm.items()}
        harm = dice.choice(tuple(_HARMS))
        _apply(files, _HARMS[harm](loose, dice))
        yield Image(events[cut].at, harm, {name: bytes(data) for name, data in files.items()})


def _apply(files: dict[str, bytearray], events: Iterable[Event]) -> None:
    for event in events:
        file = files.setdefault(event.file, bytearray())
        end = event.offset + len(event.data)
        if event.kind is Kind.TRUNCATE:
            del file[event.offset :]
        if len(file) < end:
            file.extend(bytes(end - len(file)))
        file[event.offset : end] = event.data


def _dropped(loose: list[Event], dice: random.Random) -> list[Event]:
    """All from some moment on is missing: a disk that was slow."""
    return loose[: dice.randint(0, len(loose))]


def _torn(loose: list[Event], dice: random.Random) -> list[Event]:
    """In the middle of a write: some of its sectors are there."""
    if not loose:
        return []
    last = dice.randrange(len(loose))
    return [*loose[:last], *(each for each in _sectors(loose[last], dice) if dice.random() < 0.5)]


def _reordered(loose: list[Event], dice: random.Random) -> list[Event]:
    """Any sectors of any writes, in any order: a disk that sorts what it writes."""
    pieces = [piece for event in loose for piece in _sectors(event, dice) if dice.random() < 0.5]
    dice.shuffle(pieces)
    return pieces


_HARMS: Final = {"dropped": _dropped, "torn": _torn, "reordered": _reordered}


def _sectors(event: Event, dice: random.Random) -> Iterator[Event]:
    """The parts of a write that lie in one sector each; a truncation is one."""
    if event.kind is Kind.TRUNCATE:
        yield event
        return
    size = dice.choice(SECTOR_BYTES)
    start, end = event.offset, event.offset + len(event.data)
    while start < end:
        stop = min(end, (start // size + 1) * size)
        piece = event.data[start - event.offset : stop - event.offset]
        yield Event(event.at, event.kind, event.file, start, piece)
        start = stop
