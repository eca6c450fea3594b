"""A key press is merged by a shorter way. It says and does what the long one would, or leaves it to that."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crdt.document
from crdt.bounds import UpdateBounds
from crdt.document import Document
from crdt.errors import BorrowedClient, CrdtError, DocumentBroken, OverLimit
from crdt.typed import read_typed
from crdt.update import CLOCK_MAX, Id, Kind, ParsedUpdate, TypeRef, parse
from server.rules.limits import UPDATE
from tests.crdt.documents import SCHEMA
from tests.crdt.forged import Pair, deletes, element, item, section, shared, text, update

A, B, STRANGER = 1_001, 1_002, 70_000
KARI, OLA = "kari", "ola"
PARAGRAPH, TEXT = (A, 0), (A, 1)
# A paragraph 0 with the text 1: "hej 🫐" 2-7 (two clocks for the last), and a text 8 behind it: "du" 9-10.
FIRST = update(
    section(
        A,
        0,
        element("paragraph", root="a1"),
        shared(TypeRef.XML_TEXT, parent=PARAGRAPH),
        text("hej 🫐", parent=TEXT),
        shared(TypeRef.XML_TEXT, origin=TEXT),
        text("du", parent=(A, 8)),
    )
)
END = 11
OF_B = update(section(B, 0, text("x", origin=(A, 3), right=(A, 4))))


def typed(client: int, clock: int, characters: str, *, origin: Pair, right: Pair | None = None) -> bytes:
    return update(section(client, clock, text(characters, origin=origin, right=right)))


def made(bounds: UpdateBounds = UPDATE) -> Document:
    """Kari has written as A, Ola as B."""
    document = Document.made(SCHEMA, bounds)
    document.merge(FIRST, KARI)
    document.merge(OF_B, OLA)
    document.take_change()
    return document


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (typed(A, 3, "x", origin=(A, 2)), (A, 3, 1, Id(A, 2), None)),
        (
            typed(A, 300, "åä", origin=(STRANGER, 200), right=(B, 0)),
            (A, 300, 2, Id(STRANGER, 200), Id(B, 0)),
        ),
        (typed(A, CLOCK_MAX - 1, "x", origin=(A, 2)), (A, CLOCK_MAX - 1, 1, Id(A, 2), None)),
    ],
)
def test_characters_behind_a_character_are_read_at_a_glance(written: bytes, read: tuple[object, ...]) -> None:
    said = read_typed(written)
    assert said is not None
    assert said[:5] == read
    ((struct,),) = parse(written, UPDATE).sections.values()
    assert (struct.client, struct.clock, struct.length, struct.origin, struct.right_origin) == read
    assert written[said.struct] & 31 == Kind.STRING


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(FIRST, id="several_structs"),
        pytest.param(typed(A, 3, "x", origin=(A, 2)) + b"\x00", id="bytes_behind_it"),
        pytest.param(typed(A, 3, "x", origin=(A, 2))[:-1], id="cut_off"),
        pytest.param(update(section(A, 3, text("x", parent=TEXT))), id="the_first_of_a_text"),
        pytest.param(update(section(A, 3, text("x", right=(A, 2)))), id="before_all_others"),
        pytest.param(
            update(section(A, 3, text("x", origin=(A, 2))), deletes=deletes((A, 2, 1))), id="with_a_deletion"
        ),
        pytest.param(typed(A, 3, "", origin=(A, 2)), id="no_character"),
        pytest.param(typed(A, 3, "🫐", origin=(A, 2)), id="two_clocks_for_one_character"),
        pytest.param(typed(A, 3, "x", origin=(A, 2), right=(A, 2)), id="between_one_and_the_same"),
        pytest.param(typed(A, CLOCK_MAX, "x", origin=(A, 2)), id="a_clock_out_of_range"),
        pytest.param(update(section(A, 3, item(4, b"\x01\xff", origin=(A, 2)))), id="not_UTF8"),
        pytest.param(update(section(A, 3, item(4, b"\x02x", origin=(A, 2)))), id="another_length"),
    ],
)
def test_everything_else_is_left_to_the_parser(other: bytes) -> None:
    assert read_typed(other) is None


NEIGHBOURS = st.tuples(st.sampled_from((A, B, STRANGER)), st.integers(0, END + 1))
KEY_PRESSES = st.builds(
    typed,
    st.sampled_from((A, A, B, STRANGER)),
    st.sampled_from((END, END, 1, 0, END + 1)),
    st.sampled_from(("x", "å", "ord", "🫐")),
    origin=NEIGHBOURS,
    right=st.none() | NEIGHBOURS,
)


def outcome(document: Document, written: bytes, person: str) -> object:
    try:
        return document.merge(written, person)
    except CrdtError as error:
        return type(error), str(error)


@given(presses=st.lists(st.tuples(KEY_PRESSES, st.sampled_from((KARI, OLA))), max_size=4))
def test_both_ways_say_the_same_and_leave_the_same(presses: list[tuple[bytes, str]]) -> None:
    short, long = made(), made()
    said = [outcome(short, *press) for press in presses]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crdt.document, "read_typed", lambda _: None)
        assert [outcome(long, *press) for press in presses] == said
    assert short.content() == long.content()
    assert short.snapshot() == long.snapshot()
    assert short.state_vector() == long.state_vector()
    assert short.take_change() == long.take_change()
    short.close()
    long.close()


@pytest.mark.parametrize(
    ("client", "clock", "origin", "right"),
    [
        pytest.param(A, END, (A, 3), None, id="at_the_end_of_the_text"),
        pytest.param(A, END, (A, 3), (B, 0), id="between_two"),
        pytest.param(B, 1, (B, 0), (A, 4), id="behind_ones_own"),
    ],
)
def test_a_key_press_takes_the_short_way(
    monkeypatch: pytest.MonkeyPatch, client: int, clock: int, origin: Pair, right: Pair | None
) -> None:
    document = made()
    monkeypatch.setattr(crdt.document, "parse", None)
    merged = document.merge(
        typed(client, clock, "x", origin=origin, right=right), KARI if client == A else OLA
    )
    assert merged == (frozenset({"a1"}), (), True)
    assert document.take_change() is not None


@pytest.mark.parametrize(
    ("origin", "right"),
    [
        pytest.param((STRANGER, 0), None, id="behind_what_is_unknown"),
        pytest.param((A, END), None, id="behind_itself"),
        pytest.param((A, 6), None, id="into_a_character"),
        pytest.param(TEXT, None, id="behind_a_text"),
        pytest.param((A, 3), (STRANGER, 0), id="before_what_is_unknown"),
        pytest.param((A, 5), (A, 7), id="before_half_a_character"),
        pytest.param((A, 3), (A, 9), id="between_two_texts"),
    ],
)
def test_what_is_not_plain_at_first_sight_takes_the_long_one(
    monkeypatch: pytest.MonkeyPatch, origin: Pair, right: Pair | None
) -> None:
    document = made()
    parsed: list[bytes] = []

    def noted(data: bytes, bounds: UpdateBounds) -> ParsedUpdate:
        parsed.append(data)
        return parse(data, bounds)

    monkeypatch.setattr(crdt.document, "parse", noted)
    outcome(document, written := typed(A, END, "x", origin=origin, right=right), KARI)
    assert written in parsed


def test_nobody_types_under_anothers_client_id() -> None:
    with pytest.raises(BorrowedClient):
        made().merge(typed(A, END, "x", origin=(A, 3)), OLA)


def test_a_document_that_is_full_takes_no_key_press() -> None:
    size = made().size_bytes
    document = made(replace(UPDATE, document_bytes_max=size))
    with pytest.raises(OverLimit):
        document.merge(typed(A, END, "x", origin=(A, 3)), KARI)


def test_what_pycrdt_holds_back_of_what_was_typed_breaks_the_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = made()
    document.merge(typed(A, END, "x", origin=(A, 3)), KARI)
    monkeypatch.setattr(document._doc, "apply_update", lambda update: None)
    with pytest.raises(DocumentBroken):
        document.take_change()
