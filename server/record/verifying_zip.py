"""Whether a zip file says the same to everybody who unpacks it.

A zip names its files twice, before each file and in the directory at its end, and readers differ in which
they believe: one could show another file than the one that was verified. So a bundle must be packed without
a gap, each file as the directory has it, and end with the directory.
"""

import struct
import zipfile
from collections.abc import Sequence

_FILE = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_FILE_BEGINS, _END_BEGINS = b"PK\x03\x04", b"PK\x05\x06"


def check_layout(data: bytes, entries: Sequence[zipfile.ZipInfo]) -> None:
    """Raise ValueError unless ``entries``, the directory's, are all that is in ``data``."""
    at = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset != at:
            raise ValueError("there is something between its files")
        if len(data) < at + _FILE.size:
            raise ValueError("it breaks off")
        begins, _, flags, method, _, _, check, packed, whole, name, extra = _FILE.unpack_from(data, at)
        told = (entry.flag_bits, entry.compress_type, entry.CRC, entry.compress_size, entry.file_size)
        if begins != _FILE_BEGINS or (flags, method, check, packed, whole) != told:
            raise ValueError("it says of a file one thing before it and another at its end")
        at += _FILE.size + name + extra + packed
    if len(data) < at + _END.size:
        raise ValueError("it breaks off")
    begins, *_, size, start, comment = _END.unpack_from(data, len(data) - _END.size)
    if begins != _END_BEGINS or comment or start != at or start + size + _END.size != len(data):
        raise ValueError("there is something behind its files")
