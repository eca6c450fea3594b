"""Documents: made, merged, read, and made anew."""

import gc
import os
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from crdt.content import fresh
from crdt.document import Document
from crdt.errors import (
    BorrowedClient,
    DocumentBroken,
    ForeignContent,
    IncompleteUpdate,
    MalformedUpdate,
    OverLimit,
)
from crdt.schema import SERVER_CLIENT, VALUES
from crdt.update import parse
from server.rules.limits import UPDATE
from tests.crdt import forged
from tests.crdt.documents import EMPTY, FULL, SCHEMA, Writer, add_text, made, reloaded, text_of


def paragraph(text: str) -> list[Any]:
    return [{"type": "paragraph", "runs": [{"text": text}] if text else []}]


# Made.


def test_an_empty_document_has_one_empty_paragraph_in_every_text() -> None:
    assert made().content() == EMPTY


def test_every_empty_paragraph_has_one_text_that_two_people_can_start_in() -> None:
    roots = Writer(made({**EMPTY, "plan": FULL["plan"][1:]}), 7).roots
    for fragment in (roots["a1"], roots["a2"], roots["plan"][0]["goal"]):
        assert [type(child) for child in fragment.children[0].children] == [XmlText]


def test_what_is_filled_in_later_goes_into_the_text_that_is_there() -> None:
    document = made()
    begins_with_a_break: Any = [{"type": "paragraph", "runs": [{"break": True}, {"text": "sen"}]}]
    document.merge(document.fill({"a1": begins_with_a_break, "a2": FULL["a2"]}, 9), "ann")
    roots = Writer(document, 7).roots
    assert [type(child) for child in roots["a1"].children[0].children] == [XmlElement, XmlText]
    assert [str(child) for child in roots["a2"].children[0].children] == ["kort"]


def test_a_document_made_from_content_says_it_and_nothing_else() -> None:
    assert made(FULL).content() == FULL


def test_some_fields_can_be_read_alone() -> None:
    assert made(FULL).content({"a2", "nothing"}) == {"a2": FULL["a2"]}
    assert made(FULL).content(()) == {}


def test_made_documents_are_written_under_the_servers_client_alone_and_hold_no_deletion() -> None:
    parsed = parse(made(FULL).snapshot(), UPDATE)
    assert set(parsed.sections) == {SERVER_CLIENT}
    assert parsed.deletes == []


def test_making_a_document_is_no_change_to_be_stored() -> None:
    assert made(FULL).take_change() is None


def test_equal_content_gives_equal_bytes_in_every_process() -> None:
    program = (
        "import sys; from tests.crdt.documents import FULL, made;"
        "sys.stdout.buffer.write(made(FULL).snapshot())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": str(seed), "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in range(3)
    }
    assert outputs == {made(FULL).snapshot()}


def test_many_documents_of_equal_content_have_equal_bytes() -> None:
    assert len({made(FULL).snapshot() for _ in range(20)}) == 1


# Two drafting histories (PRI-2).


def draft_straight(writer: Writer) -> None:
    writer.type("Jag vill ha mer tid")
    choose_scale(writer, 4)
    writer.write(lambda roots: add_row(roots["plan"], "row-77", "kurs"))


def draft_with_regrets(writer: Writer) -> None:
    writer.type("HEMLIGT chefen är en idiot")
    writer.write(lambda roots: text_of(roots["a1"]).clear())
    writer.write(lambda roots: roots["a1"].children.append(XmlElement("bulletList")))
    writer.write(lambda roots: roots["a1"].children.__delitem__(1))
    writer.type("tid")
    writer.write(lambda roots: text_of(roots["a1"]).insert(0, "Jag vill ha mer "))
    writer.write(lambda roots: text_of(roots["a1"]).format(0, 3, {"bold": {}}))
    writer.write(lambda roots: text_of(roots["a1"]).format(0, 3, {"bold": None}))
    for scale in (1, 2, 4):
        choose_scale(writer, scale)
    writer.write(lambda roots: roots[VALUES].__setitem__("person", "HEMLIGT-person"))
    writer.write(lambda roots: roots[VALUES].__delitem__("person"))
    writer.write(lambda roots: roots[VALUES].__setitem__("box", True))
    writer.write(lambda roots: roots[VALUES].__setitem__("box", False))
    writer.write(lambda roots: roots["topics"].__setitem__("health", True))
    writer.write(lambda roots: roots["topics"].__delitem__("health"))
    writer.write(lambda roots: add_row(roots["plan"], "row-1", "HEMLIGT mål"))
    writer.write(lambda roots: roots["plan"][0].__setitem__("removed", True))
    writer.write(lambda roots: add_row(roots["plan"], "row-2", "kurs"))


def choose_scale(writer: Writer, scale: int) -> None:
    writer.write(lambda roots: roots[VALUES].__setitem__("scale", scale))


def add_row(table: Any, row_id: str, goal: str) -> None:
    row: Map[Any] = Map()
    table.append(row)
    row["id"] = row_id
    row["goal"] = XmlFragment()
    row["goal"].children.append(XmlElement("paragraph"))
    add_text(row["goal"], goal)


def test_two_drafting_histories_with_the_same_content_give_the_same_bytes() -> None:
    straight, regrets = made(), made()
    draft_straight(Writer(straight, 2**20))
    draft_with_regrets(Writer(regrets, 77))
    bytes_of = {
        Document.made(SCHEMA, UPDATE, fresh(document.content(), SCHEMA, renumber_rows=True)).snapshot()
        for document in (straight, regrets)
    }
    assert len(bytes_of) == 1
    assert b"HEMLIGT" not in bytes_of.pop()


def test_a_fresh_generation_of_full_content_is_the_content() -> None:
    assert made(fresh(FULL, SCHEMA, renumber_rows=False)).content() == FULL


# Merged.


def test_what_one_person_writes_is_there_and_names_its_field() -> None:
    document = made()
    writer = Writer(document, 7)
    merged = document.merge(writer.change(lambda roots: add_text(roots["a1"], "hej å")), "ann")
    assert document.content()["a1"] == paragraph("hej å")
    assert merged.touched == {"a1"}
    assert merged.new_clients == (7,)
    assert merged.changed


def test_a_client_id_is_new_once() -> None:
    document = made()
    writer = Writer(document, 7)
    writer.type("a")
    assert document.merge(writer.change(lambda roots: add_text(roots["a1"], "b")), "ann").new_clients == ()


def test_two_who_write_in_one_text_at_once_both_keep_what_they_wrote() -> None:
    document = made()
    ann, bo = Writer(document, 7), Writer(document, 8, "bo")
    ann.type("hej")
    bo.type("hopp")
    runs = "".join(str(part) for part in document.content()["a1"])  # type: ignore[union-attr]
    assert "hej" in runs
    assert "hopp" in runs


def test_an_update_that_comes_twice_changes_nothing_the_second_time() -> None:
    document = made()
    update = Writer(document, 7).type("a")
    document.take_change()
    merged = document.merge(update, "ann")
    assert (merged.touched, merged.new_clients, merged.changed) == (frozenset(), (), False)
    assert document.take_change() is None


def test_a_client_id_belongs_to_the_first_person_who_wrote_under_it() -> None:
    document = made()
    writer = Writer(document, 7)
    known = writer.type("a")
    update = writer.change(lambda roots: add_text(roots["a1"], "b"))
    with pytest.raises(BorrowedClient):
        document.merge(update, "bo")
    assert document.content()["a1"] == paragraph("a")
    assert document.merge(known, "bo").changed is False
    assert document.merge(update, "ann").changed


def test_a_client_id_belongs_to_its_person_after_a_reload_too() -> None:
    document = made()
    writer = Writer(document, 7)
    writer.type("a")
    again = Document.loaded(SCHEMA, UPDATE, document.snapshot(), (), {7: "ann"})
    with pytest.raises(BorrowedClient):
        again.merge(writer.change(lambda roots: add_text(roots["a1"], "b")), "bo")


def test_an_update_whose_predecessor_is_missing_is_refused_and_leaves_no_trace() -> None:
    document = made()
    writer = Writer(document, 7)
    first = writer.change(lambda roots: add_text(roots["a1"], "a"))
    second = writer.change(lambda roots: add_text(roots["a1"], "b"))
    with pytest.raises(IncompleteUpdate):
        document.merge(second, "ann")
    assert document.snapshot() == made().snapshot()
    document.merge(first, "ann")
    document.merge(second, "ann")
    assert document.content()["a1"] == paragraph("ab")


def test_content_that_the_schema_does_not_have_is_refused() -> None:
    document = made()
    stranger: Doc[Any] = Doc(client_id=9)
    stranger.get("elsewhere", type=Text).insert(0, "x")
    with pytest.raises(ForeignContent):
        document.merge(stranger.get_update(), "ann")


def test_a_document_that_is_full_refuses_more_but_not_less() -> None:
    document = made(bounds=replace(UPDATE, document_bytes_max=len(made().snapshot()) + 400))
    writer = Writer(document, 7)
    writer.type("x" * 150)
    for _ in range(8):
        writer.write(lambda roots: text_of(roots["a1"]).insert(0, "y"))
    too_much = writer.change(lambda roots: add_text(roots["a1"], "z" * 300))
    with pytest.raises(OverLimit, match="document_bytes_max"):
        document.merge(too_much, "ann")
    size = document.size_bytes
    other = Writer(document, 8)
    other.write(lambda roots: text_of(roots["a1"]).clear())
    assert document.size_bytes < size
    assert document.size_bytes == len(document.snapshot())


# What leaves.


def test_nothing_merged_is_no_change() -> None:
    assert made().take_change() is None


def test_one_change_is_what_the_document_itself_encoded() -> None:
    document = made()
    before = document.snapshot()
    Writer(document, 7).type("hej")
    change = document.take_change()
    assert change is not None
    again = Document.loaded(SCHEMA, UPDATE, before, (change,), {})
    assert again.snapshot() == document.snapshot()
    assert document.take_change() is None


def test_several_merges_are_taken_as_one_change() -> None:
    document = made()
    before = document.snapshot()
    ann, bo = Writer(document, 7), Writer(document, 8, "bo")
    ann.type("hej")
    bo.type("hopp")
    ann.write(lambda roots: text_of(roots["a1"]).clear())
    change = document.take_change()
    assert change is not None
    assert Document.loaded(SCHEMA, UPDATE, before, (change,), {}).content() == document.content()


def test_a_diff_is_what_somebody_lacks() -> None:
    document = made()
    writer = Writer(document, 7)
    known = document.state_vector()
    writer.type("hej")
    reader = Document.loaded(SCHEMA, UPDATE, made().snapshot(), (document.diff(known),), {})
    assert reader.content() == document.content()
    assert document.diff(b"\x00") == document.snapshot()


def test_a_diff_for_somebody_who_claims_more_than_there_is_holds_nothing() -> None:
    document = made()
    assert parse(document.diff(bytes([2, 1, 100, 99, 5])), UPDATE).sections == {}


def test_a_state_vector_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(MalformedUpdate):
        made().diff(bytes([255, 255, 255, 255, 255, 255, 31]))


def test_equal_documents_have_equal_state_vectors() -> None:
    document = made()
    for client in (300, 7, 9000):
        Writer(document, client).type("x")
    assert reloaded(document).state_vector() == document.state_vector()


def test_a_document_is_ahead_of_who_lacks_something_and_not_of_who_has_more() -> None:
    document = made()
    writer = Writer(document, 7)
    before = document.state_vector()
    assert not document.is_ahead_of(before)
    writer.type("hej")
    assert document.is_ahead_of(before)
    unsent = writer.change(lambda roots: add_text(roots["a1"], "mer"))
    assert unsent
    assert not document.is_ahead_of(writer.doc.get_state())


def test_a_document_contains_what_it_was_given_and_not_what_it_lacks() -> None:
    document = made()
    writer = Writer(document, 7)
    typed = writer.type("hej å")
    assert document.contains(typed)
    assert document.contains(document.snapshot())
    longer = writer.change(lambda roots: add_text(roots["a1"], "mer"))
    assert not document.contains(longer)


def test_a_document_contains_a_deletion_only_if_it_has_it() -> None:
    document = made()
    writer = Writer(document, 7)
    writer.type("abcdef")
    deletions = [writer.change(lambda roots: text_of(roots["a1"]).__delitem__(1)) for _ in range(2)]
    assert not document.contains(deletions[0])
    document.merge(deletions[0], "ann")
    assert document.contains(deletions[0])
    assert not document.contains(deletions[1])
    document.merge(deletions[1], "ann")
    assert document.contains(deletions[1])
    assert document.contains(document.snapshot())


def test_what_lost_against_a_concurrent_value_is_contained_by_everybody_who_saw_both() -> None:
    document = made()
    ann, bo = Writer(document, 7), Writer(document, 8, "bo")
    ann.write(lambda roots: roots[VALUES].__setitem__("scale", 1))
    bo.write(lambda roots: roots[VALUES].__setitem__("scale", 2))
    ann.doc.apply_update(document.snapshot())
    assert document.contains(ann.doc.get_update())


# Filled in.


def test_filling_writes_into_what_is_empty_as_that_client() -> None:
    document = made()
    update = document.fill(FULL, 42)
    assert document.content() == EMPTY
    assert document.merge(update, "ann").new_clients == (42,)
    assert document.content() == FULL


def test_filling_leaves_what_somebody_wrote() -> None:
    document = made()
    Writer(document, 7).type("mitt")
    document.merge(document.fill(FULL, 42), "bo")
    assert document.content() == FULL | {"a1": paragraph("mitt")}


def test_a_paragraph_that_begins_with_a_line_break_can_be_filled_in() -> None:
    document = made()
    blocks: dict[str, Any] = {"a1": [{"type": "paragraph", "runs": [{"break": True}, {"text": "b"}]}]}
    document.merge(document.fill(blocks, 42), "ann")
    assert document.content()["a1"] == blocks["a1"]


def test_a_list_takes_the_empty_paragraphs_place() -> None:
    document = made()
    blocks: dict[str, Any] = {"a1": [{"type": "bulletList", "items": [paragraph("ett")]}]}
    document.merge(document.fill(blocks, 42), "ann")
    assert document.content()["a1"] == blocks["a1"]


# Read.


NESTED_FRAGMENT = bytes.fromhex("0101090007010261310400")
"""Client 9 begins an XmlFragment in the text a1: no editor can, and no schema has it."""


def test_foreign_things_are_skipped() -> None:
    document = made()
    content = document.content()
    document._doc.apply_update(NESTED_FRAGMENT)
    with document._doc.transaction():
        fragment = document._doc.get("a1", type=XmlFragment)
        fragment.children.append(XmlElement("heading"))
        text = fragment.children[0].children.append(XmlText())
        text.insert_embed(0, {"image": "x"})
        document._doc.get("plan", type=Array).append("no row")
    assert document.content() == content


# Loaded, broken, closed.


def test_a_document_reloads_from_its_snapshot_and_log() -> None:
    document = made()
    snapshot, log = document.snapshot(), []
    writer = Writer(document, 7)
    for letter in "hej":
        writer.type(letter)
        log.append(document.take_change())
    again = Document.loaded(SCHEMA, UPDATE, snapshot, [row for row in log if row], {7: "ann"})
    assert again.content() == document.content()
    assert again.take_change() is None


def test_a_document_that_was_set_aside_is_the_same_when_it_is_needed_again() -> None:
    document = made()
    writer = Writer(document, 7)
    writer.type("hej")
    assert document.set_aside(2**20)
    assert not document.set_aside(2**20)
    before = document.snapshot(), document.state_vector()
    assert Document.loaded(SCHEMA, UPDATE, *before[:1], (), {}).state_vector() == before[1]
    assert not document.set_aside(2**20)
    document.take_change()
    writer.type(" då")
    change = document.take_change()
    assert change is not None
    assert Document.loaded(SCHEMA, UPDATE, before[0], [change], {}).content() == document.content()


def test_what_is_not_needed_whole_for_a_while_is_set_aside() -> None:
    document = made()
    Writer(document, 7).type("hej")
    assert not document.set_aside_unneeded(2**20)
    assert document.set_aside_unneeded(2**20)
    assert not document.set_aside_unneeded(2**20)
    document.content()
    assert not document.set_aside_unneeded(2**20)
    assert document.set_aside_unneeded(2**20)


def test_a_document_that_would_take_long_to_be_whole_again_stays_so() -> None:
    document = made()
    Writer(document, 7).type("hej")
    assert not document.set_aside(10)
    assert not any(document.set_aside_unneeded(10) for _ in range(3))


def test_a_document_counts_as_large_by_what_it_holds_and_not_by_what_was_typed() -> None:
    document = made()
    writer = Writer(document, 7)
    for letter in "h" * 200:
        writer.type(letter)
        document.take_change()
    document.content()
    written = len(document.snapshot())
    for letter in "!" * 10:
        writer.type(letter)
        document.take_change()
    # From above, until somebody looks.
    assert not document.set_aside(written + 50)
    assert document.set_aside(2**20)
    document.content()
    # What pycrdt has still to be given counts too.
    writer.type("?")
    assert not document.set_aside(written + 20)
    assert document.set_aside(written + 70)
    document.content()
    assert not document.set_aside(written + 20)
    document.snapshot()
    assert document.set_aside(written + 20)


def test_a_gap_in_the_log_is_a_broken_document_never_a_shorter_one() -> None:
    document = made()
    writer = Writer(document, 7)
    writer.type("a")
    later = writer.type("b")
    with pytest.raises(DocumentBroken):
        Document.loaded(SCHEMA, UPDATE, made().snapshot(), (later,), {})


def test_a_log_row_that_cannot_be_read_is_a_broken_document() -> None:
    with pytest.raises(DocumentBroken):
        Document.loaded(SCHEMA, UPDATE, made().snapshot(), (b"\xff",), {})


def test_a_row_from_another_node_waits_for_the_row_before_it() -> None:
    here, there = made(), made()
    writer = Writer(there, 7)
    first, second = writer.type("a"), writer.type("b")
    with pytest.raises(IncompleteUpdate):
        here.merge_stored(second)
    here.merge_stored(first)
    here.merge_stored(second)
    assert here.content() == there.content()
    assert here.take_change() is not None


class Panic(BaseException):
    """pyo3's PanicException is no Exception either."""


class FailingDoc:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def fail(*_: object) -> Any:
            raise self.error

        return fail


@contextmanager
def failing(document: Document, error: BaseException) -> Iterator[None]:
    working = document._subscribed
    assert working is not None
    document._subscribed = FailingDoc(error), working[1]  # type: ignore[assignment]
    yield
    document._subscribed = working


def test_a_panic_is_a_broken_document() -> None:
    document = made()
    update = Writer(document, 7).change(lambda roots: add_text(roots["a1"], "a"))
    with failing(document, Panic()), pytest.raises(DocumentBroken):
        document.merge(update, "ann")


def test_an_interrupt_is_no_failure_of_the_document() -> None:
    document = made()
    with failing(document, KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
        document.snapshot()


def test_an_update_that_pycrdt_holds_back_is_a_broken_document(monkeypatch: pytest.MonkeyPatch) -> None:
    document = made()
    update = Writer(document, 7).change(lambda roots: add_text(roots["a1"], "a"))
    monkeypatch.setattr(document._doc, "apply_update", lambda _: None)
    with pytest.raises(DocumentBroken):
        document.merge(update, "ann")


def test_a_document_made_in_one_thread_is_used_and_closed_in_another() -> None:
    with ThreadPoolExecutor(1) as elsewhere:
        document = elsewhere.submit(made, FULL).result()
    Writer(document, 7).type("a")
    assert document.take_change() is not None
    document.close()


def test_closing_a_document_frees_its_memory() -> None:
    document = made(FULL)
    Writer(document, 7).type("a")
    inner, outer = weakref.ref(document._doc), weakref.ref(document)
    document.close()
    del document
    gc.collect()
    assert inner() is None
    assert outer() is None


def test_a_document_that_could_not_be_loaded_frees_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = made().snapshot()
    unfounded = forged.update(forged.section(7, 5, forged.text("x", origin=(7, 4))))
    inner: list[weakref.ref[Any]] = []

    class WatchedDoc(Doc[Any]):
        def __init__(self, **arguments: Any) -> None:
            super().__init__(**arguments)
            inner.append(weakref.ref(self))

    monkeypatch.setattr("crdt.document.Doc", WatchedDoc)
    with pytest.raises(DocumentBroken):
        Document.loaded(SCHEMA, UPDATE, snapshot, (unfounded,), {})
    gc.collect()
    assert [ref() for ref in inner] == [None]
