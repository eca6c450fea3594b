"""Reads a file of an older system's activities: every fault at once, each with its line.

Pure: whether the people are there, the feature finds out (``server/archive.py``).
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeVar

from server.activities import ActivityState
from server.archive_format import (
    DATES,
    DUE,
    EMPLOYEE,
    ENDED,
    HEADINGS,
    KIND,
    KINDS,
    REFERENCE,
    STATE,
    STATES,
    TITLE,
    ArchivedRow,
    ArchiveInvalid,
    RowFault,
    Wrong,
    is_one_of,
    name_of,
    plain,
)
from server.rules.limits import (
    ARCHIVE_BYTES_MAX,
    ARCHIVE_CELL_CHARACTERS_MAX,
    ARCHIVE_COLUMNS_MAX,
    ARCHIVE_ROWS_MAX,
    MIB,
)
from server.template.words import LOCALES, Words

Chosen = TypeVar("Chosen")

DELIMITERS: Final = (",", ";")
UNFIT: Final = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but the tab and the ends of lines; halves of a character."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that could be taken apart: its rows in order, and what is wrong with others."""

    rows: tuple[ArchivedRow, ...]
    faults: tuple[RowFault, ...]
    named: tuple[tuple[int, str], ...]
    """Line and employee of every row that names one, those with faults too."""


def read(data: bytes) -> Reading:
    """What a file says. Raises ArchiveInvalid where there are no rows to speak of."""
    text = _text(data)
    delimiter = max(DELIMITERS, key=lambda each: _known_headings(text, each))
    table = _table(text, delimiter)
    first = next(table, None)
    if first is None:
        raise ArchiveInvalid((RowFault(1, Wrong.EMPTY),))
    columns = _columns(*first)
    faults: list[RowFault] = []
    rows: list[ArchivedRow] = []
    named: list[tuple[int, str]] = []
    try:
        for line, cells in table:
            if len(rows) + len(faults) >= ARCHIVE_ROWS_MAX:
                faults.append(RowFault(line, Wrong.TOO_MANY_ROWS, {"most": ARCHIVE_ROWS_MAX}))
                break
            row, wrong = _row(line, cells, columns)
            faults += wrong
            if employee := columns.cell(EMPLOYEE, cells):
                named.append((line, employee))
            if row is not None:
                rows.append(row)
    except ArchiveInvalid as broken:
        # After a quotation mark too many nobody knows where a row begins.
        faults += broken.faults
    if not rows and not faults:
        raise ArchiveInvalid((RowFault(1, Wrong.NO_ROWS),))
    return Reading(tuple(rows), tuple(faults), tuple(named))


def _text(data: bytes) -> str:
    if len(data) > ARCHIVE_BYTES_MAX:
        raise ArchiveInvalid((RowFault(1, Wrong.TOO_LARGE, {"size": ARCHIVE_BYTES_MAX // MIB}),))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ArchiveInvalid((RowFault(line, Wrong.NOT_UTF_8),)) from None
    return text


def _table(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the line where it begins. Raises ArchiveInvalid where it is no CSV."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = [unicodedata.normalize("NFC", cell).strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            raise ArchiveInvalid((RowFault(line, Wrong.NOT_CSV),)) from None
        if any(cells):
            yield line, cells


def _known_headings(text: str, delimiter: str) -> int:
    """How many columns would be known, were this what stands between the cells."""
    try:
        _, headings = next(_table(text, delimiter))
    except (ArchiveInvalid, StopIteration):
        return 0
    return sum(name_of(heading) is not None for heading in headings)


@dataclass(frozen=True, slots=True)
class _Columns:
    """The first row: each heading as it is written there, and which of the known columns it is."""

    headings: Sequence[str]
    names: Sequence[str | None]

    def said(self, name: str) -> str:
        """What the column is called in the file."""
        return self.headings[self.names.index(name)]

    def cell(self, name: str, cells: Sequence[str]) -> str:
        """What stands there in a row, however many cells it has."""
        at = self.names.index(name)
        return cells[at] if at < len(cells) else ""


def _columns(line: int, headings: list[str]) -> _Columns:
    if len(headings) > ARCHIVE_COLUMNS_MAX:
        raise ArchiveInvalid((RowFault(line, Wrong.TOO_MANY_COLUMNS, {"most": ARCHIVE_COLUMNS_MAX}),))
    names = [name_of(heading) for heading in headings]
    known = [name or plain(heading) for name, heading in zip(names, headings, strict=True)]
    faults = [
        RowFault(line, Wrong.HEADING_TWICE, {"column": heading})
        for at, heading in enumerate(headings)
        if heading and known[at] in known[:at]
    ]
    faults += [
        RowFault(line, Wrong.HEADING_MISSING, {"column": heading.words})
        for name, heading in HEADINGS.items()
        if heading.required and name not in names
    ]
    faults += [fault for heading in headings if (fault := _unfit(line, heading, heading[:40])) is not None]
    if faults:
        raise ArchiveInvalid(tuple(faults))
    return _Columns(headings, names)


def _unfit(line: int, cell: str, column: str) -> RowFault | None:
    """Whether a cell can be kept at all."""
    if len(cell) > ARCHIVE_CELL_CHARACTERS_MAX:
        return RowFault(line, Wrong.CELL_TOO_LONG, {"column": column, "most": ARCHIVE_CELL_CHARACTERS_MAX})
    if UNFIT.search(cell):
        return RowFault(line, Wrong.CELL_UNFIT, {"column": column})
    return None


def _row(line: int, cells: list[str], columns: _Columns) -> tuple[ArchivedRow | None, list[RowFault]]:
    """One row, or what is wrong with it."""
    # A spreadsheet leaves out the empty cells at the end of a row, or adds some.
    while len(cells) > len(columns.headings) and not cells[-1]:
        cells.pop()
    if len(cells) > len(columns.headings):
        counts = {"cells": len(cells), "columns": len(columns.headings)}
        return None, [RowFault(line, Wrong.WRONG_LENGTH, counts)]
    cells += [""] * (len(columns.headings) - len(cells))
    cell = _Cells(line, columns, dict(zip(columns.names, cells, strict=True)), [])
    for number, (heading, said) in enumerate(zip(columns.headings, cells, strict=True), 1):
        if fault := _unfit(line, said, heading):
            cell.faults.append(fault)
        elif said and not heading:
            cell.faults.append(RowFault(line, Wrong.HEADING_EMPTY, {"number": number}))
    if cell.faults:
        return None, cell.faults
    kind, state = cell.choice(KIND, KINDS), cell.choice(STATE, STATES)
    employee, title = cell.required(EMPLOYEE), cell.required(TITLE)
    due_on, ended_on = cell.day(DUE), cell.day(ENDED)
    if state is ActivityState.ACTIVE and ended_on is not None:
        cell.faults.append(RowFault(line, Wrong.ENDED_BUT_ACTIVE))
    if cell.faults or kind is None or state is None:
        return None, cell.faults
    says = {heading: said for heading, said in zip(columns.headings, cells, strict=True) if said}
    title = " ".join(title.split())
    reference = cell.said(REFERENCE)
    return ArchivedRow(line, employee, kind, title, state, due_on, ended_on, reference, says), []


@dataclass(frozen=True, slots=True)
class _Cells:
    """The known cells of one row, and what is found wrong in them."""

    line: int
    columns: _Columns
    cells: Mapping[str | None, str]
    faults: list[RowFault]

    def said(self, name: str) -> str:
        return self.cells.get(name, "")

    def required(self, name: str) -> str:
        if not self.said(name):
            self._wrong(name, Wrong.CELL_MISSING)
        return self.said(name)

    def choice(self, name: str, choices: Mapping[Chosen, Words]) -> Chosen | None:
        said = self.required(name)
        found = next((each for each, words in choices.items() if is_one_of(said, words)), None)
        if said and found is None:
            every = {locale: ", ".join(words.to(locale) for words in choices.values()) for locale in LOCALES}
            self._wrong(name, Wrong.NOT_A_WORD, said=said[:60], words=Words(**every))
        return found

    def day(self, name: str) -> date | None:
        said = self.said(name)
        for form in DATES if said else ():
            try:
                return datetime.strptime(said, form).date()  # noqa: DTZ007 (a day has no zone)
            except ValueError:
                continue
        if said:
            self._wrong(name, Wrong.NOT_A_DAY, said=said[:60])
        return None

    def _wrong(self, name: str, sentence: Wrong, **fields: str | Words) -> None:
        self.faults.append(RowFault(self.line, sentence, {"column": self.columns.said(name), **fields}))
