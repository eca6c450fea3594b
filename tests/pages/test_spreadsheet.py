"""Tables as files: a spreadsheet opens them as they are, and calculates nothing."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.pages.spreadsheet import MARK, answer, line
from server.rules.limits import SPREADSHEET_CHUNK_ROWS


def read(text: str) -> list[list[str]]:
    """As a spreadsheet of this region reads it."""
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_is_a_formula(first: str) -> None:
    for typed in (f"{first}HYPERLINK(A1)", first, f"{first}=1", f" {first}=1", f"\n{first}1"):
        ((cell,),) = read(line([typed]))
        assert cell == f"'{typed}"


def test_numbers_and_days_stay_what_they_are() -> None:
    assert line([12, -3, date(2026, 11, 20), None, ""]) == "12;-3;2026-11-20;;\r\n"


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=2))
def test_whatever_is_typed_stays_in_its_cell(cells: list[str]) -> None:
    (row,) = read(line(cells))
    assert [cell.removeprefix("'") for cell in row] == [cell.removeprefix("'") for cell in cells]


async def test_the_file_is_utf_8_with_its_mark_and_is_sent_in_parts() -> None:
    sent = answer(
        "people.csv", ([str(number), "Öberg; Maja"] for number in range(SPREADSHEET_CHUNK_ROWS * 2))
    )
    parts = [bytes(part) async for part in sent.body_iterator]  # type: ignore[arg-type]
    whole = b"".join(parts).decode()
    assert len(parts) > 2
    assert whole.startswith(MARK)
    assert read(whole.removeprefix(MARK))[-1] == ["999", "Öberg; Maja"]
    assert sent.headers["content-disposition"] == 'attachment; filename="people.csv"'
