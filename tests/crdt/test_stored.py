"""What two nodes have each taken before they heard of the other is stored: it must load, whatever it is."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from pycrdt import Doc

import crdt.document
from crdt.bounds import UpdateBounds
from crdt.document import Document
from crdt.errors import ForeignContent
from crdt.schema import DocumentSchema, Table, Text
from crdt.update import TypeRef
from server.rules.limits import UPDATE
from tests.crdt.forged import deletes, element, section, shared, string_value, text, update, values

SCHEMA = DocumentSchema((Table("plan", (Text("goal"),)),))
ROW = update(section(5, 0, shared(TypeRef.MAP, root="plan")))
"""A row as nobody honest makes it: without the id and the texts that are written once."""


def row_id(client: int, name: str) -> bytes:
    return update(section(client, 0, values(string_value(name), parent=(5, 0), key="id")))


def cell(client: int) -> bytes:
    return update(section(client, 0, shared(TypeRef.XML_FRAGMENT, parent=(5, 0), key="goal")))


@pytest.mark.parametrize(
    ("first", "here", "there", "bounds"),
    [
        pytest.param(ROW, row_id(6, "x"), row_id(7, "y"), UPDATE, id="two ids for one row"),
        pytest.param(ROW, cell(6), cell(7), UPDATE, id="two texts for one cell"),
        pytest.param(
            update(section(5, 0, *[shared(TypeRef.MAP, root="plan")] * 2)),
            row_id(6, "x"),
            update(section(7, 0, values(string_value("x"), parent=(5, 1), key="id"))),
            UPDATE,
            id="one id for two rows",
        ),
        pytest.param(
            ROW,
            update(section(6, 0, shared(TypeRef.MAP, root="plan"))),
            update(section(7, 0, shared(TypeRef.MAP, root="plan"))),
            replace(UPDATE, table_rows_max=2),
            id="one row more than the limit",
        ),
        pytest.param(ROW, row_id(6, "x"), cell(7), replace(UPDATE, document_clients_max=3), id="one client"),
    ],
)
def test_what_two_nodes_took_at_once_loads_on_both_and_after_folding(
    first: bytes, here: bytes, there: bytes, bounds: UpdateBounds
) -> None:
    snapshot = Document.made(SCHEMA, bounds).snapshot()
    stored = []
    nodes = [Document.loaded(SCHEMA, bounds, snapshot, (first,), {}) for _ in range(2)]
    for node, written in zip(nodes, (here, there), strict=True):
        assert node.merge(written, "jonas").changed
        change = node.take_change()
        assert change is not None
        stored.append(change)
    for node, change in zip(nodes, reversed(stored), strict=True):
        node.merge_stored(change)
    again = Document.loaded(SCHEMA, bounds, snapshot, (first, *stored), {})
    folded = Document.loaded(SCHEMA, bounds, again.snapshot(), (), {})
    assert nodes[0].content() == nodes[1].content() == again.content() == folded.content()
    # A page has dropped one of two by itself, and says so in its next handshake.
    page: Doc[Any] = Doc()
    page.apply_update(again.snapshot())
    for node in (*nodes, again, folded):
        node.merge(page.get_update(node.state_vector()), "maja")


A, B, KARI = 1_001, 1_002, "kari"


def test_what_was_let_in_beside_a_deleted_character_loads_beside_it() -> None:
    """Nobody can part a character that is there; what is left of one that is not can be parted."""
    schema = DocumentSchema((Text("a1"),))
    snapshot, rows = Document.made(schema, UPDATE).snapshot(), list[bytes]()
    paragraph = element("paragraph", root="a1"), shared(TypeRef.XML_TEXT, parent=(A, 0))
    for written in (
        update(section(A, 0, *paragraph, text("a🫐b", parent=(A, 1)))),
        update(deletes=deletes((A, 3, 2))),
        update(section(A, 6, text("x", origin=(A, 5), right=(A, 4)))),
    ):
        document = Document.stored(schema, UPDATE, snapshot, rows, {A: KARI} if rows else {})
        document.merge(written, KARI)
        change, said = document.take_change(), document.content()
        assert change is not None
        rows.append(change)
        document.close()
    for load in (Document.stored, Document.loaded):
        document = load(schema, UPDATE, snapshot, rows, {A: KARI})
        assert document.content() == said
        document.prepare()
        document.close()


def test_what_was_typed_is_loaded_as_one_up_to_a_deletion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Merging a key press costs nearly as much as merging a page of them."""
    schema = DocumentSchema((Text("a1"),))
    paragraph = element("paragraph", root="a1"), shared(TypeRef.XML_TEXT, parent=(A, 0))
    rows = (
        update(section(A, 0, *paragraph, text("a", parent=(A, 1)))),
        update(section(A, 3, text("b", origin=(A, 2)))),
        update(deletes=deletes((A, 3, 1))),
        update(section(A, 4, text("c", origin=(A, 2)))),
        update(section(A, 5, text("d", origin=(A, 4)))),
    )
    joined, join = list[int](), crdt.document._joined

    def noted(changes: Sequence[bytes]) -> bytes:
        joined.append(len(changes))
        return join(changes)

    monkeypatch.setattr(crdt.document, "_joined", noted)
    document = Document.stored(schema, UPDATE, Document.made(schema, UPDATE).snapshot(), rows, {A: KARI})
    assert joined[-2:] == [3, 2]
    assert "acd" in str(document.content()["a1"])
    document.close()


def test_nothing_that_no_browser_shows_is_let_in() -> None:
    """Yjs drops what stands beside something that was collected: the server's record would say it."""
    schema = DocumentSchema((Text("a1"),))
    document = Document.made(schema, UPDATE)
    for client, who, said in ((B, "ola", "honest"), (A, KARI, "zz")):
        paragraph = element("paragraph", root="a1"), shared(TypeRef.XML_TEXT, parent=(client, 0))
        document.merge(update(section(client, 0, *paragraph, text(said, parent=(client, 1)))), who)
    document.merge(update(deletes=deletes((A, 0, 1))), KARI)
    again = Document.stored(schema, UPDATE, document.snapshot(), (), {A: KARI, B: "ola"})
    before = again.content()
    with pytest.raises(ForeignContent):
        again.merge(update(section(A, 4, text("dis", origin=(A, 3), right=(B, 2)))), KARI)
    assert again.content() == before
