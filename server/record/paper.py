"""A record as PDF/A-2a, tagged in the order of reading, and sealed with the organisation's certificate.

``paper.typ`` says how it looks. What people wrote goes there as JSON and is never read as markup. A draft has
no seal, and says on each page that it is one.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crdt.content import Run, TextContent, plain_text
from server.record import fonts
from server.record.sheet import Sheet, SheetPart, SheetTable
from server.rules.errors import TooMuchForPaper
from server.rules.limits import PAPER_CHARACTERS_MAX, UNBROKEN_CHARACTERS_MAX

if TYPE_CHECKING:
    import typst

    from server.record.sealing import OrganisationSeal

SOURCE = Path(__file__).with_name("paper.typ")
KEYWORD = "samsyn-record-sha256="
"""What stands before the hash of the content in the PDF's keywords."""
LOWER = "samsyn-seal=lower"
"""Stands there where the seal is the lower of the two that fit (``sealing.lower``)."""
LINE_CHARACTERS_MIN = 40
"""A word of this many characters may be wider than a line."""
CELL_CHARACTERS_MIN = 8
"""The same in a table's column."""
PIECES_IN_LINE = 4
"""In how many pieces such a word is taken apart, in the width that it has."""
LINES = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
WORDS = re.compile(r"\s+|\S+")
RIGHT_TO_LEFT = ("R", "AL")
LEFT_TO_RIGHT = "L"


@dataclass(frozen=True, slots=True)
class PaperWords:
    """What stands on paper beside the record itself, in the reader's language."""

    brand: str
    draft: str
    """On each page of a draft."""
    unanswered: str
    signatures: str
    verifying: str
    footer: str
    how: tuple[str, ...]
    """How to verify, or why a draft cannot be: sentences."""
    digests: tuple[tuple[str, str], ...]
    """What and its digits: the hash of the content, the fingerprint of the key."""
    written_out: str
    """What a character in square brackets is; shown where there is one."""


def pdf(
    sheet: Sheet, words: PaperWords, sha256: str, seal: "OrganisationSeal | None", now: datetime
) -> bytes:
    """Make the file. ``seal`` is None for a draft. Takes some 100 ms: for a thread, never for the loop.

    Raises TooMuchForPaper: what takes gigabytes to set would take the server with it.
    """
    drawn = json.dumps(_drawn(sheet, words, sha256), ensure_ascii=False)
    if len(drawn) > PAPER_CHARACTERS_MAX:
        raise TooMuchForPaper
    # On demand: it is larger than all that pages need, and seldom is anything put on paper.
    import typst

    compiler = typst.Compiler(
        SOURCE, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs={"sheet": drawn}
    )
    made = compiler.compile(format="pdf", pdf_standards=["a-2a"], timestamp=now.replace(microsecond=0))
    assert isinstance(made, bytes)  # noqa: S101 (one file, as asked for)
    if seal is None:
        return made
    # Its library takes half a second to import: on demand, so that a server is up before that.
    from server.record.paper_seal import sealed

    return sealed(made, seal)


@cache
def _fonts() -> "typst.Fonts":
    import typst

    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts.FOLDER)]
    )


class _Writer:
    """Makes pieces of texts, and remembers whether anything had to be written out."""

    def __init__(self) -> None:
        self.has_written_out = False

    def pieces(self, text: str, longest: int = LINE_CHARACTERS_MIN) -> list[Any]:
        """A text of one line as ``paper.typ`` has it."""
        made: list[Any] = []
        for word in WORDS.findall(text.replace("\t", "    ")):
            drawn = [cluster for cluster, is_kept in self._drawable(word) if cluster]
            if len(drawn) >= longest:
                together = longest // PIECES_IN_LINE
                made.append(
                    {"long": ["".join(drawn[at : at + together]) for at in range(0, len(drawn), together)]}
                )
            elif made and isinstance(made[-1], str):
                made[-1] += "".join(drawn)
            else:
                made.append("".join(drawn))
        return made

    def blocks(self, text: TextContent, longest: int = LINE_CHARACTERS_MIN) -> list[Any]:
        """Blocks of ``crdt.content`` as ``paper.typ`` has them."""
        return [
            {
                "type": "paragraph",
                "rtl": _is_right_to_left(block["runs"]),
                "runs": self._runs(block["runs"], longest),
            }
            if block["type"] == "paragraph"
            else {**block, "items": [self.blocks(item, longest) for item in block["items"]]}
            for block in text
        ]

    def lines(self, text: str) -> list[Any]:
        """A plain text with its lines as one block."""
        return self.blocks([{"type": "paragraph", "runs": [{"text": text}] if text else []}])

    def _runs(self, runs: Iterable[Run], longest: int) -> list[Any]:
        made: list[Any] = []
        for run in runs:
            if "break" in run:
                made.append({"break": True})
                continue
            marks = {mark: True for mark in ("bold", "italic") if run.get(mark)}
            for number, line in enumerate(LINES.split(run["text"])):
                if number:
                    made.append({"break": True})
                if line:
                    made.append({"pieces": self.pieces(line, longest), **marks})
        return made

    def _drawable(self, word: str) -> Iterable[tuple[str, bool]]:
        if word.isascii() and word.isprintable():
            return ((character, True) for character in word)
        drawn = list(fonts.drawable(word))
        self.has_written_out |= not all(is_kept for _, is_kept in drawn)
        return drawn


def _drawn(sheet: Sheet, words: PaperWords, sha256: str) -> dict[str, Any]:
    writer = _Writer()
    line = writer.pieces
    drawn = {
        "locale": sheet.locale,
        "title": _plain(f"{sheet.title}: {sheet.under}"),
        "authors": [_plain(sheet.under)],
        "keywords": [KEYWORD + sha256, LOWER],
        "heading": line(sheet.title),
        "under": line(sheet.under),
        "state": line(sheet.state),
        "is_draft": sheet.is_draft,
        "facts": [[line(what), line(value)] for what, value in sheet.facts],
        "sections": [
            {
                "title": line(section.title),
                "help": line(section.help),
                "questions": [
                    {
                        "number": question.number,
                        "label": line(question.label),
                        "help": line(question.help),
                        "shown": [line(each) for each in question.shown],
                        "answers": [
                            {
                                "hand": answer.hand,
                                "who": line(answer.who),
                                "parts": [_part(part, writer) for part in answer.parts],
                            }
                            for answer in question.answers
                        ],
                    }
                    for question in section.questions
                ],
            }
            for section in sheet.sections
        ],
        "signatures": [
            {
                "name": line(signature.name),
                "party": line(signature.party),
                "words": line(signature.words),
                "language": signature.language,
                "comment": writer.lines(signature.comment) if signature.comment else [],
                "details": line(signature.details),
                "whole": len(signature.comment) < UNBROKEN_CHARACTERS_MAX,
            }
            for signature in sheet.signatures
        ],
        "footer": line(words.footer),
        "digests": [list(digest) for digest in words.digests],
        "words": {
            "brand": words.brand,
            "draft": words.draft,
            "unanswered": words.unanswered,
            "signatures": words.signatures,
            "verifying": words.verifying,
        },
    }
    how = (*words.how, words.written_out) if writer.has_written_out else words.how
    return drawn | {"verifying": [line(sentence) for sentence in how]}


def _part(part: SheetPart, writer: _Writer, longest: int = LINE_CHARACTERS_MIN) -> dict[str, Any]:
    return {
        "label": writer.pieces(part.label, longest),
        "help": writer.pieces(part.help),
        "grounds": writer.pieces(", ".join(part.grounds)),
        "text": None if part.text is None else writer.blocks(part.text, longest),
        "lines": [writer.pieces(each, longest) for each in part.lines],
        "table": part.table and _table(part.table, writer),
        "empty": part.is_empty,
    }


def _table(table: SheetTable, writer: _Writer) -> Mapping[str, Any]:
    return {
        "groups": [{"label": writer.pieces(group.label), "span": group.span} for group in table.groups],
        "headings": [writer.pieces(heading) for heading in table.headings],
        "widths": list(table.widths),
        "rows": [_row(row, writer) for row in table.rows],
    }


def _row(row: Sequence[Sequence[SheetPart]], writer: _Writer) -> dict[str, Any]:
    written = sum(len(plain_text(part.text)) for cell in row for part in cell if part.text is not None)
    return {
        "cells": [[_part(part, writer, CELL_CHARACTERS_MIN) for part in cell] for cell in row],
        "whole": written < UNBROKEN_CHARACTERS_MAX,
    }


def _is_right_to_left(runs: Sequence[Run]) -> bool:
    """Whether the first letter of a paragraph is one that is read from the right."""
    for run in runs:
        for character in "" if "break" in run else run["text"]:
            direction = unicodedata.bidirectional(character)
            if direction == LEFT_TO_RIGHT or direction in RIGHT_TO_LEFT:
                return direction in RIGHT_TO_LEFT
    return False


def _plain(text: str) -> str:
    """For the file's own data, which has no fonts and takes no control characters."""
    return "".join(each if is_kept else fonts.written_out(each[0]) for each, is_kept in fonts.drawable(text))
