"""The update that nearly every key press is, recognised at a glance: some characters of one client, behind a
character that is there already. All other updates are read by ``crdt.update``, which says the same of these.

    1 section · 1 struct · client · clock · STRING · origin · (right origin) · text · no deletions
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from crdt.update import CLOCK_MAX, Id

_NUMBER: Final = rb"([\x80-\xff]{0,6}[\x00-\x7f])"
_END: Final = rb"([\x01-\x7f])(.+)\x00"
"""The text behind its length in bytes, and no deletions."""
_BEHIND: Final = re.compile(rb"\x01\x01" + 2 * _NUMBER + rb"\x84" + 2 * _NUMBER + _END, re.DOTALL)
_BETWEEN: Final = re.compile(rb"\x01\x01" + 2 * _NUMBER + rb"\xc4" + 4 * _NUMBER + _END, re.DOTALL)


class Typed(NamedTuple):
    """``length`` clocks of a client from ``clock`` on: characters of the text that its neighbours are in."""

    client: int
    clock: int
    length: int
    origin: Id
    right_origin: Id | None


def read_typed(update: bytes) -> Typed | None:
    """What has been typed; None for every other update, broken ones among them."""
    found = _BEHIND.fullmatch(update) or _BETWEEN.fullmatch(update)
    if found is None:
        return None
    client, clock, left, left_clock, *right, size, characters = found.groups()
    if len(characters) != size[0]:
        return None
    try:
        text = characters.decode()
    except UnicodeDecodeError:
        return None
    origin = Id(_client(left), _uint(left_clock))
    right_origin = Id(_client(right[0]), _uint(right[1])) if right else None
    typed = Typed(_client(client), _uint(clock), len(text), origin, right_origin)
    # Beyond the BMP a character has two clocks, which may not be parted.
    is_plain = text.isascii() or max(text) <= "\uffff"
    is_plain = is_plain and origin != right_origin and typed.clock + typed.length <= CLOCK_MAX
    return typed if is_plain else None


def _uint(data: bytes) -> int:
    if len(data) == 1:
        return data[0]
    number = 0
    for byte in reversed(data):
        number = number << 7 | byte & 127
    return number


_client = lru_cache(maxsize=4_096)(_uint)
"""Few clients type much."""
