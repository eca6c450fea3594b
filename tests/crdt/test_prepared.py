"""What is stored can be read at once. It is judged when somebody writes, and says what it would have said."""

from __future__ import annotations

from typing import Any

import pytest

import crdt.document
from crdt.document import Document
from crdt.errors import BorrowedClient, DocumentBroken, IncompleteUpdate, MalformedUpdate
from crdt.schema import DocumentSchema, Text
from crdt.update import encode_state_vector, parse
from server.rules.limits import UPDATE
from tests.crdt.documents import FULL, SCHEMA
from tests.crdt.forged import deletes, element, section, text, update
from tests.crdt.test_typed import END, FIRST, KARI, OF_B, OLA, A, B, typed

SNAPSHOT = Document.made(SCHEMA, UPDATE, FULL).snapshot()
ROWS = (FIRST, OF_B, update(deletes=deletes((A, 3, 1))))
CLIENTS = {A: KARI, B: OLA}
NOTHING = b"\x00\x00"


def both() -> tuple[Document, Document]:
    """The same, read at once and judged first."""
    return (
        Document.stored(SCHEMA, UPDATE, SNAPSHOT, ROWS, CLIENTS),
        Document.loaded(SCHEMA, UPDATE, SNAPSHOT, ROWS, CLIENTS),
    )


@pytest.fixture
def nobody_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(*_: Any) -> None:
        pytest.fail("what is stored was judged")

    monkeypatch.setattr(crdt.document, "Shape", lambda *_: None)
    monkeypatch.setattr(Document, "prepare", judge)


@pytest.mark.usefixtures("nobody_judges")
def test_what_is_only_read_is_not_judged() -> None:
    document = Document.stored(SCHEMA, UPDATE, SNAPSHOT, ROWS, CLIENTS)
    assert document.content()["a1"]
    assert document.diff(document.state_vector())
    assert not document.is_ahead_of(document.state_vector())
    assert document.is_ahead_of(b"\x00")
    assert document.contains(OF_B)
    assert document.take_change() is None


@pytest.mark.usefixtures("nobody_judges")
@pytest.mark.parametrize("nothing_new", [NOTHING, FIRST, OF_B, ROWS[2]])
def test_what_brings_nothing_is_merged_without_judging_all_that_is_stored(nothing_new: bytes) -> None:
    document = Document.stored(SCHEMA, UPDATE, SNAPSHOT, ROWS, CLIENTS)
    assert document.is_ready_for(nothing_new)
    assert document.merge(nothing_new, KARI) == (frozenset(), (), False)


FOLDED = Document.loaded(SCHEMA, UPDATE, SNAPSHOT, ROWS, CLIENTS).snapshot()
"""The same as one snapshot: what it says is read from its bytes."""


@pytest.mark.parametrize(("snapshot", "rows"), [(SNAPSHOT, ROWS), (FOLDED, ())], ids=["rows", "folded"])
@pytest.mark.parametrize("theirs", [{}, {A: 4}, {A: END, B: 1}, {A: END + 5, 9: 9}])
def test_what_somebody_lacks_is_the_same(
    snapshot: bytes, rows: tuple[bytes, ...], theirs: dict[int, int]
) -> None:
    stored = Document.stored(SCHEMA, UPDATE, snapshot, rows, CLIENTS)
    loaded = Document.loaded(SCHEMA, UPDATE, snapshot, rows, CLIENTS)
    vector = encode_state_vector(theirs)
    assert parse(stored.diff(vector), UPDATE) == parse(loaded.diff(vector), UPDATE)
    assert [stored.contains(each) for each in ROWS] == [True, True, True]
    assert stored.snapshot() == loaded.snapshot()
    stored.close()


def test_what_is_stored_is_read_through_once_however_many_open_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = Document.stored(SCHEMA, UPDATE, FOLDED, (), CLIENTS)
    stored.diff(stored.state_vector())

    def read(*_: Any) -> None:
        pytest.fail("what is stored was read once more")

    monkeypatch.setattr(crdt.document, "get_state", read)
    monkeypatch.setattr(crdt.document, "get_update", read)
    assert stored.diff(NOTHING[:1]) == FOLDED
    assert stored.contains(stored.diff(stored.state_vector()))
    stored.close()


def test_what_a_snapshot_knows_is_believed_until_somebody_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Document.stored(SCHEMA, UPDATE, FOLDED, (), CLIENTS).state_vector()
    with monkeypatch.context() as patched:
        patched.setattr(crdt.document, "get_state", lambda _: pytest.fail("it was read through"))
        stored = Document.stored(SCHEMA, UPDATE, FOLDED, (), CLIENTS, known)
        assert (stored.state_vector(), stored.diff(NOTHING[:1])) == (known, FOLDED)
    assert stored.merge(typed(A, END, "x", origin=(B, 0)), KARI).changed
    of_another = Document.stored(SCHEMA, UPDATE, FOLDED, (), CLIENTS, encode_state_vector({A: END + 1}))
    with pytest.raises(DocumentBroken):
        of_another.merge(typed(A, END + 1, "x", origin=(B, 0)), KARI)


def test_a_stored_document_says_what_a_loaded_one_says() -> None:
    stored, loaded = both()
    assert stored.content() == loaded.content()
    assert stored.snapshot() == loaded.snapshot()
    assert stored.state_vector() == loaded.state_vector()
    assert stored.diff(b"\x00") == loaded.diff(b"\x00")
    assert stored.size_bytes == loaded.size_bytes


@pytest.mark.parametrize("is_prepared", [False, True], ids=["on_its_own", "before"])
def test_what_is_merged_is_judged_by_all_that_is_stored(is_prepared: bool) -> None:
    stored, loaded = both()
    written = typed(A, END, "x", origin=(B, 0))
    if is_prepared:
        assert not stored.is_ready_for(written)
        stored.prepare()
        assert stored.is_ready_for(written)
        stored.prepare()
    assert stored.merge(written, KARI) == loaded.merge(written, KARI)
    assert stored.take_change() == loaded.take_change()
    with pytest.raises(BorrowedClient):
        stored.merge(typed(B, 1, "x", origin=(B, 0)), KARI)
    with pytest.raises(IncompleteUpdate):
        stored.merge(typed(A, END + 9, "x", origin=(B, 0)), KARI)


def test_what_cannot_be_read_is_refused_whatever_is_stored() -> None:
    stored, _ = both()
    with pytest.raises(MalformedUpdate):
        stored.is_ready_for(b"\xff")


@pytest.mark.parametrize(
    ("schema", "rows"),
    [
        pytest.param(DocumentSchema((Text("a2", rich=False),)), (), id="of_another_schema"),
        pytest.param(
            SCHEMA, (update(section(7, 0, element("video", root="a1"))),), id="what_no_document_may_hold"
        ),
    ],
)
def test_what_was_damaged_on_the_disk_is_never_written_in(
    schema: DocumentSchema, rows: tuple[bytes, ...]
) -> None:
    document = Document.stored(schema, UPDATE, SNAPSHOT, rows, {})
    with pytest.raises(DocumentBroken):
        document.merge(typed(B, 1, "x", origin=(B, 0)), OLA)


@pytest.mark.parametrize(
    ("snapshot", "rows"),
    [
        pytest.param(b"\xff", (), id="a_snapshot_that_cannot_be_read"),
        pytest.param(SNAPSHOT, (OF_B,), id="a_row_is_missing"),
        pytest.param(SNAPSHOT, (FIRST, update(section(7, 5, text("x", origin=(A, 3))))), id="a_gap"),
    ],
)
def test_what_is_not_whole_is_not_shown(snapshot: bytes, rows: tuple[bytes, ...]) -> None:
    with pytest.raises(DocumentBroken):
        Document.stored(SCHEMA, UPDATE, snapshot, rows, {})


def test_what_pycrdt_takes_and_the_parser_does_not_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise MalformedUpdate

    monkeypatch.setattr(crdt.document, "parse", refuse)
    with pytest.raises(DocumentBroken):
        Document.stored(SCHEMA, UPDATE, SNAPSHOT, (FIRST,), {})
