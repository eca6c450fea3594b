"""lib0's encoding is read exactly as it was written, and nothing else is read at all."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.encoding import UINT_MAX, Reader, buffer, string, uint
from crdt.errors import MalformedFrame, MalformedUpdate


@given(st.integers(0, UINT_MAX))
def test_a_number_comes_back(number: int) -> None:
    reader = Reader(uint(number))
    assert reader.uint() == number
    reader.end()


@given(st.binary())
def test_a_buffer_comes_back(data: bytes) -> None:
    reader = Reader(buffer(data))
    assert reader.buffer() == data
    assert reader.at_end


@given(st.text())
def test_a_string_comes_back(text: str) -> None:
    reader = Reader(string(text))
    assert reader.string() == text
    assert reader.at_end


@given(st.binary(max_size=12))
def test_any_bytes_give_a_number_or_a_malformed_frame(data: bytes) -> None:
    with suppress(MalformedFrame):
        assert 0 <= Reader(data).uint() <= UINT_MAX


@pytest.mark.parametrize(
    ("data", "known_bytes"),
    [
        (b"\xff" * 7 + b"\x0f", True),
        (b"\xff" * 7 + b"\x10", False),
        (b"\xff" * 8 + b"\x00", False),
        (b"\x80" * 8 + b"\x00", False),
    ],
)
def test_numbers_end_at_what_javascript_counts_exactly(data: bytes, known_bytes: bool) -> None:
    if known_bytes:
        assert Reader(data).uint() == UINT_MAX
    else:
        with pytest.raises(MalformedFrame, match="out of range"):
            Reader(data).uint()


@pytest.mark.parametrize("data", [b"", b"\x80"])
def test_a_number_that_ends_early_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedFrame, match="unexpected end"):
        Reader(data).uint()


def test_a_byte_that_is_missing_is_refused() -> None:
    reader = Reader(b"\x07")
    assert reader.byte() == 7
    with pytest.raises(MalformedFrame, match="unexpected end"):
        reader.byte()


def test_a_buffer_that_ends_early_is_refused() -> None:
    with pytest.raises(MalformedFrame, match="unexpected end"):
        Reader(b"\x05abcd").buffer()


def test_a_string_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(MalformedFrame, match="not UTF-8"):
        Reader(b"\x02\xc3\x28").string()


def test_half_a_character_in_utf8_is_refused() -> None:
    with pytest.raises(MalformedFrame, match="not UTF-8"):
        Reader(b"\x03\xed\xa0\xbd").string()


def test_a_count_of_more_than_can_follow_is_refused() -> None:
    assert Reader(b"\x02abcd").count(2) == 2
    with pytest.raises(MalformedFrame, match="more things than bytes"):
        Reader(b"\x03abcde").count(2)


def test_bytes_after_the_end_are_refused() -> None:
    with pytest.raises(MalformedFrame, match="after the end"):
        Reader(b"\x00").end()


def test_the_error_is_the_one_that_was_asked_for() -> None:
    with pytest.raises(MalformedUpdate):
        Reader(b"", MalformedUpdate).byte()
