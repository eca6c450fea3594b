"""A file of an older system's activities is read whole, or every fault of it is told by its line."""

import csv
import io
import unicodedata
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.activities import ActivityState, GoalType
from server.archive_file import read
from server.archive_format import (
    DESCRIPTION,
    HEADINGS,
    KINDS,
    RESPONSIBLE,
    STATES,
    ArchivedRow,
    ArchiveInvalid,
    RowFault,
    Wrong,
    identity,
    said,
)
from server.rules.limits import ARCHIVE_BYTES_MAX, ARCHIVE_CELL_CHARACTERS_MAX
from server.template.words import LOCALES

HEAD = "Employee,Type of goal,What is to be done,State"
ROW = "maja@nordljus.example,Work goal,Mend the alarm,Completed"

# No control characters, and no spaces around it, which a spreadsheet adds as it likes.
cells = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=40).map(
    lambda said: unicodedata.normalize("NFC", " ".join(said.split())).strip()
)
filled = cells.filter(bool)
days = st.dates(date(1000, 1, 1)) | st.none()


def wrong(data: str) -> list[tuple[int, Wrong]]:
    """Line and fault of everything that is wrong in a file."""
    try:
        faults = read(data.encode()).faults
    except ArchiveInvalid as refused:
        faults = refused.faults
    return [(fault.line, fault.sentence) for fault in faults]


def written(rows: list[list[str]], delimiter: str, newline: str, quoting: Any) -> str:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator=newline, quoting=quoting).writerows(rows)
    return file.getvalue()


@given(
    told=st.lists(
        st.tuples(
            filled,
            st.sampled_from(list(KINDS)),
            filled,
            st.sampled_from([ActivityState.COMPLETED, ActivityState.CANCELLED]),
            cells,
            cells,
            days,
            days,
            cells,
            cells,
        ),
        min_size=1,
        max_size=6,
    ),
    locale=st.sampled_from(LOCALES),
    order=st.permutations(range(10)),
    delimiter=st.sampled_from(",;"),
    newline=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    mark=st.sampled_from(["", "\ufeff"]),
    dots=st.booleans(),
)
def test_whatever_a_spreadsheet_writes_is_read_as_it_was_meant(
    told: list[Any],
    locale: str,
    order: list[int],
    delimiter: str,
    newline: str,
    quoting: Any,
    mark: str,
    dots: bool,
) -> None:
    def day(value: date | None) -> str:
        form = "%d.%m.%Y" if dots else "%Y-%m-%d"
        return value.strftime(form) if value else ""

    headings = [heading.words.to(locale) for heading in HEADINGS.values()] + ["Kostnadsställe"]
    rows = [headings] + [
        [
            who,
            KINDS[kind].to(locale),
            title,
            STATES[state].to(locale),
            text,
            by,
            day(due),
            day(ended),
            *rest,
        ]
        for who, kind, title, state, text, by, due, ended, *rest in told
    ]
    file = mark + written([[row[at] for at in order] for row in rows], delimiter, newline, quoting)
    assert [
        (
            one.employee,
            one.kind,
            one.title,
            one.state,
            said(one.says, DESCRIPTION),
            said(one.says, RESPONSIBLE),
            one.due_on,
            one.ended_on,
            one.reference,
            one.says.get("Kostnadsställe", ""),
        )
        for one in read(file.encode()).rows
    ] == told


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: f"{HEAD}\n{text}".encode()))
def test_anything_else_is_refused_in_words_with_a_line_that_is_there(data: bytes) -> None:
    faults: tuple[RowFault, ...] = ()
    rows: tuple[ArchivedRow, ...] = ()
    try:
        told = read(data)
        rows, faults = told.rows, told.faults
    except ArchiveInvalid as refused:
        faults = refused.faults
    assert rows or faults
    lines = len(data.decode("utf-8", "replace").splitlines()) + 1
    for fault in faults:
        assert 1 <= fault.line <= lines
        assert "%(" not in str(fault)


def test_every_fault_is_told_at_once_and_where_it_is() -> None:
    file = (
        f"{HEAD},Done by,Ended on\n"
        "\n"
        ",Work goal,Mend it,Completed,2024-02-30,\n"
        '"jonas@nordljus.example",Goal,"Two\nlines",Going on,,2024-03-31\n'
        "a@b.example,Work goal,,Done,31.3.2024,,1,2\n"
        f"{ROW},,\n"
    )
    assert wrong(file) == [
        (3, Wrong.CELL_MISSING),
        (3, Wrong.NOT_A_DAY),
        (4, Wrong.NOT_A_WORD),
        (4, Wrong.ENDED_BUT_ACTIVE),
        (6, Wrong.WRONG_LENGTH),
    ]


def test_what_goes_on_has_not_ended() -> None:
    assert wrong(f"{HEAD},Ended on\n{ROW.replace('Completed', 'Pågår')},2024-03-31\n") == [
        (2, Wrong.ENDED_BUT_ACTIVE)
    ]


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        ("", (1, Wrong.EMPTY)),
        ("\ufeff \n", (1, Wrong.EMPTY)),
        (HEAD, (1, Wrong.NO_ROWS)),
        (f"{HEAD}\n,,,\n", (1, Wrong.NO_ROWS)),
        (f'{HEAD}\n{ROW}\n{ROW[:8]}\n"{ROW}\n', (3, Wrong.CELL_MISSING)),
        (f"{HEAD},Status\n{ROW},\n", (1, Wrong.HEADING_TWICE)),
        (f"{HEAD},\n{ROW},more\n", (2, Wrong.HEADING_EMPTY)),
        (f"{HEAD}\n{ROW},x\n", (2, Wrong.WRONG_LENGTH)),
        (f"{HEAD}\n{ROW}\0\n", (2, Wrong.CELL_UNFIT)),
        (f'{HEAD}\n{ROW}\n"{ROW}\n', (3, Wrong.NOT_CSV)),
        ("," * 60, (1, Wrong.EMPTY)),
        (",".join(f"c{number}" for number in range(61)), (1, Wrong.TOO_MANY_COLUMNS)),
        (f"{HEAD}\n{ROW.replace('alarm', 'a' * ARCHIVE_CELL_CHARACTERS_MAX)}\n", (2, Wrong.CELL_TOO_LONG)),
        (f"{HEAD}\n{ROW.replace('Work goal', 'Wish')}\n", (2, Wrong.NOT_A_WORD)),
    ],
)
def test_a_fault_has_a_sentence_of_its_own(file: str, fault: tuple[int, Wrong]) -> None:
    assert wrong(file)[0] == fault


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("sv", "Arbetsmål, Utvecklingsmål"),
        ("nb", "Arbeidsmål, Utviklingsmål"),
        ("en", "Work goal, Development goal"),
    ],
)
def test_the_words_that_may_stand_there_are_named_in_the_language_of_the_reader(
    locale: str, words: str
) -> None:
    (fault,) = read(f"{HEAD}\n{ROW.replace('Work goal', 'Wish')}\n".encode()).faults
    assert fault.fields_in(locale)["words"] == words


def test_a_file_without_the_columns_that_are_needed_names_each() -> None:
    assert wrong("Name,Goal\nMaja,Mend it\n") == [(1, Wrong.HEADING_MISSING)] * 4


def test_another_encoding_is_told_and_where() -> None:
    with pytest.raises(ArchiveInvalid) as refused:
        read(f"{HEAD}\n{ROW}\n{ROW}, Öberg\n".encode("latin-1"))
    assert [(fault.line, fault.sentence) for fault in refused.value.faults] == [(3, Wrong.NOT_UTF_8)]


def test_a_file_that_is_too_large_is_not_looked_into() -> None:
    with pytest.raises(ArchiveInvalid) as refused:
        read(b"\xff" * (ARCHIVE_BYTES_MAX + 1))
    assert str(refused.value) == "line 1: The file is larger than 8 MiB. Divide it into several."


def test_empty_cells_at_the_end_of_a_row_may_be_there_or_not() -> None:
    more, less = read(f"{HEAD},Reference\n{ROW},,,,\n{ROW}\n".encode()).rows
    assert (more.reference, less.reference) == ("", "")


def row(**parts: Any) -> ArchivedRow:
    return ArchivedRow(
        **{
            "line": 2,
            "employee": "maja",
            "kind": GoalType.WORK,
            "title": "Mend the alarm",
            "state": ActivityState.COMPLETED,
            **parts,
        }
    )


def test_the_same_activity_is_known_again_wherever_it_stands_in_the_file() -> None:
    assert identity(row(line=2), "maja") == identity(row(line=7, employee="maja@nordljus.example"), "maja")
    assert identity(row(), "maja") != identity(row(), "jonas")
    assert identity(row(), "maja") != identity(row(due_on=date(2024, 1, 1)), "maja")
    assert identity(row(), "maja") != identity(row(ended_on=date(2024, 1, 1)), "maja")


def test_the_older_system_s_reference_says_which_it_is_whatever_else_the_row_says() -> None:
    assert identity(row(reference="A-7"), "maja") == identity(row(reference="A-7", title="Else"), "maja")
    assert identity(row(reference="A-7"), "maja") != identity(row(says={"Title": "A-7"}), "maja")
