"""Which characters can be drawn on paper, and how the others are kept.

The fonts come with the browser client (``web/client/build.mjs`` puts them into ``web/static/paper``). A
letter with its accents, or an emoji with what is joined to it, must be in one font to be drawn as one. What
no font has is written out, as [U+1FAE8 SHAKING FACE]: readable, and never lost. So is what would hide or
cover other text: a control character, a turned direction, accents piled on one letter.
"""

import struct
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from server.rules.limits import CLUSTER_CHARACTERS_MAX

FOLDER = Path(__file__).parents[2] / "web" / "static" / "paper"

JOINER = 0x200D
MODIFIERS = range(0x1F3FB, 0x1F400)
FLAGS = range(0x1F1E6, 0x1F200)
UNSEEN = (
    range(0xAD, 0xAE),
    range(0x34F, 0x350),
    range(0x61C, 0x61D),
    range(0x180B, 0x1810),
    range(0x200B, 0x2010),
    range(0x202A, 0x202D),
    range(0x2060, 0x2061),
    range(0x2066, 0x206A),
    range(0xFE00, 0xFE10),
    range(0xE0100, 0xE01F0),
)
"""What joins, separates and directs what is seen, and is never seen itself."""
FORBIDDEN = (range(0xE000, 0xF900), range(0xFEFF, 0xFF00), range(0xF0000, 0x110000), range(0x202D, 0x202F))
"""What PDF/A does not allow in a text, private characters and the byte order mark; and what turns the order
of letters round, so that a text would read otherwise than it was written."""
FIRST_PLANE, WHOLE_UNICODE = 4, 12
"""Formats of the table of characters in a TrueType font."""
IDEOGRAPHS = "CJK "
CLUSTERS_KEPT = 10_000
"""How many clusters are remembered: those of a language are few."""


class FontsMissing(Exception):
    """The fonts have not been built. Its text is a sentence for the operator."""


@cache
def coverage(folder: Path = FOLDER) -> tuple[frozenset[int], ...]:
    """The characters of each font. Raises FontsMissing."""
    found = tuple(_characters(path.read_bytes()) for path in sorted(folder.glob("*.ttf")))
    if not found:
        raise FontsMissing(f"There are no fonts in {folder}: build the client (make run does).")
    return found


def drawable(text: str) -> Iterator[tuple[str, bool]]:
    """What to draw for ``text``, cluster by cluster, and whether it is the text itself."""
    for cluster in clusters(text):
        if len(cluster) <= CLUSTER_CHARACTERS_MAX and _is_in_one_font(cluster):
            yield cluster, True
        else:
            for character in cluster:
                is_kept = _is_in_one_font(character) and not _joins(ord(character))
                yield (character, True) if is_kept else (written_out(character), False)


def clusters(text: str) -> Iterator[str]:
    """The text in pieces that are drawn as one: a letter and its accents, a joined emoji, a flag."""
    start = 0
    for at in range(1, len(text)):
        if not _belongs(text, at, start):
            yield text[start:at]
            start = at
    if text:
        yield text[start:]


def written_out(character: str) -> str:
    """``[U+1FAE8 SHAKING FACE]``."""
    name = unicodedata.name(character, "")
    code = f"U+{ord(character):04X}"
    return f"[{code}]" if not name or name.startswith(IDEOGRAPHS) else f"[{code} {name}]"


def is_unseen(code: int) -> bool:
    """Whether a character has no look of its own: paper may lose it, the record never does."""
    return any(code in each for each in UNSEEN)


def _belongs(text: str, at: int, start: int) -> bool:
    here, before = ord(text[at]), ord(text[at - 1])
    if _joins(here) or before == JOINER:
        return True
    return here in FLAGS and before in FLAGS and (at - start) == 1


def _joins(code: int) -> bool:
    return code == JOINER or code in MODIFIERS or unicodedata.category(chr(code))[0] == "M" or is_unseen(code)


@lru_cache(maxsize=CLUSTERS_KEPT)
def _is_in_one_font(cluster: str) -> bool:
    """Whether one font has all of it."""
    if any(_is_never_drawn(character) for character in cluster):
        return False
    return any(
        all(is_unseen(ord(character)) or ord(character) in font for character in form)
        for form in {cluster, unicodedata.normalize("NFC", cluster)}
        for font in coverage()
    )


def _is_never_drawn(character: str) -> bool:
    return unicodedata.category(character) == "Cc" or any(ord(character) in each for each in FORBIDDEN)


def _characters(font: bytes) -> frozenset[int]:
    """The characters of a TrueType font: the table ``cmap``, in the format 12 or 4."""
    tables: dict[bytes, int] = {}
    for number in range(struct.unpack_from(">H", font, 4)[0]):
        tag, _, offset, _ = struct.unpack_from(">4sIII", font, 12 + 16 * number)
        tables[tag] = offset
    start = tables[b"cmap"]
    formats: dict[int, int] = {}
    for number in range(struct.unpack_from(">H", font, start + 2)[0]):
        at = start + struct.unpack_from(">I", font, start + 8 + 8 * number)[0]
        formats[struct.unpack_from(">H", font, at)[0]] = at
    whole = formats.get(WHOLE_UNICODE)
    return frozenset(_format_12(font, whole) if whole is not None else _format_4(font, formats[FIRST_PLANE]))


def _format_12(font: bytes, at: int) -> Iterator[int]:
    for number in range(struct.unpack_from(">I", font, at + 12)[0]):
        first, last, _ = struct.unpack_from(">III", font, at + 16 + 12 * number)
        yield from range(first, last + 1)


def _format_4(font: bytes, at: int) -> Iterator[int]:
    segments = struct.unpack_from(">H", font, at + 6)[0] // 2
    lasts = struct.unpack_from(f">{segments}H", font, at + 14)
    firsts = struct.unpack_from(f">{segments}H", font, at + 16 + 2 * segments)
    for first, last in zip(firsts, lasts, strict=True):
        yield from range(first, min(last, 0xFFFE) + 1)
