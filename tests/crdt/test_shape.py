"""An update is accepted if the schema has a place for all of it, and refused whole if not."""

import struct
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, XmlElement, XmlFragment, XmlText

from crdt.bounds import UpdateBounds
from crdt.encoding import string, uint
from crdt.errors import CrdtError, ForeignContent, IncompleteUpdate, MalformedUpdate, OverLimit
from crdt.schema import SERVER_CLIENT
from crdt.shape import Checked, Shape
from crdt.update import DeleteRange, Kind, TypeRef, parse
from server.rules.limits import UPDATE
from tests.crdt import forged
from tests.crdt.forged import (
    NULL,
    TRUE,
    UNDEFINED,
    deleted,
    deletes,
    element,
    gc,
    integer_value,
    item,
    mark,
    section,
    shared,
    skip,
    string_value,
    text,
    update,
    values,
)
from tests.crdt.recordings import SCHEMA

A, B = 1001, 1002

# What the document holds before each test, by the clocks of A:
#   rich: paragraph 0 with text 1 "hello" 2–6 · orderedList 7 · listItem 8
#   table: row 9, id 10, goal 11, title 12, when 13 · values: scale 14 · rich: hardBreak in the paragraph 15
PARAGRAPH, CHARACTERS, LIST, LIST_ITEM, ROW, GOAL, TITLE, BREAK = (
    (A, clock) for clock in (0, 1, 7, 8, 9, 11, 12, 15)
)
HELLO = (A, 2)
FIRST_UPDATE = update(
    section(
        A,
        0,
        element("paragraph", root="rich"),
        shared(TypeRef.XML_TEXT, parent=PARAGRAPH),
        text("hello", parent=CHARACTERS),
        element("orderedList", origin=PARAGRAPH),
        element("listItem", parent=LIST),
        shared(TypeRef.MAP, root="table"),
        values(string_value("r1"), parent=ROW, key="id"),
        shared(TypeRef.XML_FRAGMENT, parent=ROW, key="goal"),
        shared(TypeRef.XML_FRAGMENT, parent=ROW, key="title"),
        values(string_value("2026-11-26"), parent=ROW, key="when"),
        values(integer_value(3), root="values", key="scale"),
        element("hardBreak", origin=CHARACTERS),
    )
)
END = 16


@pytest.fixture
def shape() -> Shape:
    return made()


def made(bounds: UpdateBounds = UPDATE, *updates: bytes) -> Shape:
    shape = Shape(SCHEMA, bounds)
    for admitted in updates or (FIRST_UPDATE,):
        shape.admit(parse(admitted, UPDATE))
    return shape


def check(shape: Shape, forgery: bytes) -> Checked:
    return shape.check(parse(forgery, UPDATE))


def by_b(*structs: bytes, removing: bytes = b"\x00") -> bytes:
    return update(section(B, 0, *structs), deletes=removing)


# Accepted.


@pytest.mark.parametrize(
    ("what", "structs", "field"),
    [
        ("a paragraph", [element("paragraph", origin=LIST)], "rich"),
        ("a list", [element("bulletList", root="rich")], "rich"),
        ("a list item", [element("listItem", origin=LIST_ITEM)], "rich"),
        ("a paragraph of a list item", [element("paragraph", parent=LIST_ITEM)], "rich"),
        ("a list in a list", [element("bulletList", parent=LIST_ITEM)], "rich"),
        ("characters after an origin", [text("x", origin=(A, 3))], "rich"),
        ("characters before a right origin", [text("x", right=HELLO)], "rich"),
        ("characters between two", [text("x", origin=(A, 3), right=(A, 4))], "rich"),
        ("bold", [mark("bold", {}, right=HELLO), mark("bold", None, origin=(A, 6))], "rich"),
        ("italic that is true", [mark("italic", True, right=HELLO)], "rich"),
        ("the number that a list starts with", [values(integer_value(3), parent=LIST, key="start")], "rich"),
        ("a list's kind of numbers", [values(string_value("a"), parent=LIST, key="type")], "rich"),
        ("a list without a kind", [values(NULL, parent=LIST, key="type")], "rich"),
        ("a line break", [element("hardBreak", origin=BREAK)], "rich"),
        ("a paragraph in a short text", [element("paragraph", root="short")], "short"),
        ("two paragraphs in a short text", [element("paragraph", root="short")] * 2, "short"),
        ("a paragraph in a cell", [element("paragraph", parent=GOAL)], "table"),
        ("a list in a rich cell", [element("bulletList", parent=GOAL)], "table"),
        ("a paragraph in a short cell", [element("paragraph", parent=TITLE)], "table"),
        ("an overwritten value", [values(integer_value(5), origin=(A, 14))], "scale"),
        ("a value", [values(integer_value(1), root="values", key="scale")], "scale"),
        (
            "a float that is whole",
            [values(b"\x7b" + struct.pack(">d", 2.0), root="values", key="scale")],
            "scale",
        ),
        ("a cleared value", [values(NULL, root="values", key="date")], "date"),
        ("a value of nothing", [values(UNDEFINED, root="values", key="scale")], "scale"),
        ("a date", [values(string_value("2028-02-29"), root="values", key="date")], "date"),
        ("a checkbox", [values(TRUE, root="values", key="check")], "check"),
        ("a choice", [values(string_value("b"), root="values", key="choice")], "choice"),
        ("a number", [values(b"\x7b" + struct.pack(">d", -2.5), root="values", key="number")], "number"),
        ("a person", [values(string_value("p1"), root="values", key="person")], "person"),
        ("an option", [values(TRUE, root="chosen", key="x")], "chosen"),
        ("an option that is not chosen", [values(NULL, root="chosen", key="y")], "chosen"),
        ("a row", [shared(TypeRef.MAP, origin=ROW)], "table"),
        ("a removed row", [values(TRUE, parent=ROW, key="removed")], "table"),
        ("an overwritten cell", [values(string_value("2026-12-24"), origin=(A, 13))], "table"),
    ],
)
def test_what_the_schema_has_is_accepted(shape: Shape, what: str, structs: list[bytes], field: str) -> None:
    if "two paragraphs" in what:
        structs = [structs[0], element("paragraph", origin=(B, 0))]
    checked = check(shape, by_b(*structs))
    assert checked == Checked(frozenset({field}), frozenset({B}), frozenset({B}), adds=True)


@pytest.mark.parametrize(
    "place",
    [
        {"root": "rich"},
        {"origin": HELLO},
        {"parent": LIST, "key": "start"},
        {"root": "values", "key": "scale"},
        {"root": "chosen", "key": "x"},
        {"root": "table"},
        {"parent": ROW, "key": "removed"},
    ],
)
def test_a_tombstone_is_accepted_where_its_content_would_have_been(
    shape: Shape, place: dict[str, Any]
) -> None:
    checked = check(shape, by_b(deleted(1, **place)))
    assert checked.adds
    assert not checked.touched


def test_garbage_is_accepted_and_touches_nothing(shape: Shape) -> None:
    assert check(shape, by_b(gc(7))) == Checked(frozenset(), frozenset({B}), frozenset({B}), adds=True)


def test_a_skip_over_what_is_known_is_accepted(shape: Shape) -> None:
    assert check(shape, update(section(A, 3, skip(END - 3), text("!", origin=(A, 6))))).adds


def test_a_deletion_touches_the_field_that_it_is_in(shape: Shape) -> None:
    checked = check(shape, update(deletes=deletes((A, 3, 2))))
    assert checked == Checked(frozenset({"rich"}), frozenset(), frozenset(), adds=True)


def test_a_deletion_that_was_admitted_touches_nothing_any_more(shape: Shape) -> None:
    shape.admit(parse(update(deletes=deletes((A, 3, 2))), UPDATE))
    assert not check(shape, update(deletes=deletes((A, 3, 2)))).adds
    assert check(shape, update(deletes=deletes((A, 3, 3)))).adds


def test_a_deletion_reaches_what_the_same_update_adds(shape: Shape) -> None:
    both = update(section(A, END, text("x", origin=(A, 6))), deletes=deletes((A, 2, 5)))
    assert check(shape, both).touched == {"rich"}
    added = update(section(B, 0, text("x", origin=(A, 6))), deletes=deletes((B, 0, 1)))
    assert check(shape, added).touched == {"rich"}


def test_checking_changes_nothing(shape: Shape) -> None:
    before = shape.clocks
    first = check(shape, by_b(text("x", origin=HELLO)))
    assert shape.clocks == before
    assert check(shape, by_b(text("x", origin=HELLO))) == first


def test_admitting_what_was_not_checked_last_records_it_too(shape: Shape) -> None:
    parsed = parse(by_b(text("x", origin=HELLO)), UPDATE)
    shape.check(parsed)
    check(shape, by_b(text("yy", origin=HELLO)))
    shape.admit(parsed)
    assert shape.clocks == {A: END, B: 1}


def test_a_known_beginning_of_a_struct_is_not_added_twice(shape: Shape) -> None:
    shape.admit(parse(by_b(text("ab", origin=HELLO)), UPDATE))
    longer = parse(by_b(text("abcd", origin=HELLO)), UPDATE)
    assert shape.check(longer).adds
    shape.admit(longer)
    assert shape.clocks[B] == 4


def test_clients_that_wait_for_each_other_in_turn_are_taken_in_turn(shape: Shape) -> None:
    in_turn = update(
        section(B, 0, text("1", origin=(A, 6)), text("3", origin=(1003, 0)), text("5", origin=(1003, 1))),
        section(1003, 0, text("2", origin=(B, 0)), text("4", origin=(B, 1)), text("6", origin=(B, 2))),
    )
    assert check(shape, in_turn).touched == {"rich"}


def test_the_server_may_write_what_no_client_may() -> None:
    made(UPDATE, update(section(SERVER_CLIENT, 0, element("paragraph", root="rich"))))


def test_what_the_server_wrote_may_come_back() -> None:
    seed = update(section(SERVER_CLIENT, 0, element("paragraph", root="rich")))
    assert not check(made(UPDATE, seed), seed).adds


# Gone: what an item builds on was garbage collected before this shape was made.


GONE = update(
    section(
        A,
        0,
        deleted(1, root="rich"),
        gc(6),
        element("paragraph", origin=(A, 0)),
        shared(TypeRef.XML_TEXT, parent=(A, 7)),
        text("end", parent=(A, 8)),
    )
)


@pytest.mark.parametrize(
    "struct_",
    [
        text("x", origin=(A, 3)),
        text("x", origin=(A, 3), right=(A, 4)),
        element("anything", parent=(A, 3)),
        element("anything", parent=(A, 0)),
    ],
    ids=["beside what is gone", "between what is gone", "in what is gone", "in a tombstone"],
)
def test_what_builds_on_what_is_gone_is_harmless(struct_: bytes) -> None:
    shape = made(UPDATE, GONE)
    assert check(shape, by_b(struct_)).touched == frozenset()
    shape.admit(parse(by_b(struct_), UPDATE))
    assert check(shape, update(section(B, 1, text("y", origin=(B, 0))))).touched == frozenset()


@pytest.mark.parametrize(
    "struct_",
    [
        text("x", origin=(A, 3), right=(A, 9)),
        text("x", origin=(A, 9), right=(A, 3)),
        element("paragraph", origin=(A, 0), right=(A, 3)),
    ],
    ids=["what is gone, and text", "text, and what is gone", "a tombstone, and what is gone"],
)
def test_what_stands_between_something_gone_and_something_there_is_refused_and_loads(struct_: bytes) -> None:
    """Yjs drops it; the server would show it, and seal it. Of what is stored it is known where it went."""
    shape = made(UPDATE, GONE)
    with pytest.raises(ForeignContent):
        check(shape, by_b(struct_))
    shape.admit(parse(by_b(struct_), UPDATE))
    assert shape.clocks[B] == 1


@pytest.mark.parametrize(
    "struct_",
    [
        deleted(1, right=(A, 14)),
        values(integer_value(5), right=(A, 14)),
        values(string_value("2026-12-24"), right=(A, 13)),
    ],
    ids=["a tombstone", "a value", "a cell"],
)
def test_what_stands_before_a_value_is_refused_and_loads(struct_: bytes) -> None:
    """Frame 814,562 of seed 20261141: once the document was loaded again, the value was gone."""
    with pytest.raises(ForeignContent):
        check(made(), by_b(struct_))
    shape = made()
    shape.admit(parse(by_b(struct_), UPDATE))
    assert shape.clocks[B] == 1


def test_beside_a_tombstone_only_what_has_a_place_there_is_accepted() -> None:
    shape = made(UPDATE, GONE)
    assert check(shape, by_b(element("paragraph", origin=(A, 0)))).adds
    with pytest.raises(ForeignContent):
        check(shape, by_b(text("x", origin=(A, 0))))


def test_what_is_gone_can_be_longer_than_what_is_known_of_it() -> None:
    shape = made(UPDATE, GONE, by_b(gc(2)))
    assert check(shape, by_b(gc(4))).adds
    assert check(shape, by_b(text("abcd", origin=(A, 3)))).adds


# Refused.


@pytest.mark.parametrize(
    ("what", "struct_"),
    [
        ("an unknown root", text("x", root="unknown")),
        ("an unknown root for a tombstone", deleted(1, root="unknown")),
        ("characters in a root", text("x", root="rich")),
        ("a text in a root", shared(TypeRef.XML_TEXT, root="rich")),
        ("a list item in a root", element("listItem", root="rich")),
        ("an element that no editor makes", element("script", root="rich")),
        ("a hook", item(Kind.TYPE, uint(TypeRef.XML_HOOK) + string("paragraph"), root="rich")),
        ("a paragraph in a paragraph", element("paragraph", parent=PARAGRAPH)),
        ("a text in a list item", shared(TypeRef.XML_TEXT, parent=LIST_ITEM)),
        ("a paragraph in a list", element("paragraph", parent=LIST)),
        ("anything in a line break", shared(TypeRef.XML_TEXT, parent=BREAK)),
        ("a list in a short text", element("bulletList", root="short")),
        ("a list in a short cell", element("orderedList", parent=TITLE)),
        ("an element among characters", element("paragraph", origin=HELLO)),
        ("a value among characters", values(TRUE, origin=HELLO)),
        ("an embedded thing", item(Kind.EMBED, string("{}"), origin=HELLO)),
        ("bytes", item(Kind.BINARY, b"\x01x", origin=HELLO)),
        ("JSON", item(Kind.JSON, b"\x01" + string("1"), root="values", key="number")),
        ("a subdocument", item(Kind.SUBDOCUMENT, string("guid") + b"\x76\x00", root="table")),
        ("a link", mark("link", {"href": "x"}, origin=HELLO)),
        ("bold with attributes", mark("bold", {"weight": 900}, origin=HELLO)),
        ("a mark in a paragraph", mark("bold", {}, parent=PARAGRAPH)),
        ("an attribute of a root", values(TRUE, root="rich", key="x")),
        ("an attribute of a paragraph", values(TRUE, parent=PARAGRAPH, key="class")),
        ("an attribute of a text", values(TRUE, parent=CHARACTERS, key="x")),
        ("an unknown attribute of a list", values(TRUE, parent=LIST, key="class")),
        ("a list that starts with a flag", values(TRUE, parent=LIST, key="start")),
        ("a list that starts with a type", shared(TypeRef.MAP, parent=LIST, key="start")),
        ("an unknown value", values(TRUE, root="values", key="unknown")),
        ("a value without a key", values(TRUE, root="values")),
        ("a tombstone in values without a key", deleted(1, root="values")),
        ("two values for one key", values(TRUE, TRUE, root="values", key="check")),
        ("a type for a value", shared(TypeRef.MAP, root="values", key="scale")),
        ("characters for a value", text("3", root="values", key="scale")),
        ("a nested value", values(b"\x75\x00", root="values", key="scale")),
        ("a scale's point that is too high", values(integer_value(6), root="values", key="scale")),
        ("a scale's point that is too low", values(integer_value(0), root="values", key="scale")),
        ("a scale's point in between", values(b"\x7b" + struct.pack(">d", 2.5), root="values", key="scale")),
        ("a flag for a scale's point", values(TRUE, root="values", key="scale")),
        ("no number", values(b"\x7b" + struct.pack(">d", float("nan")), root="values", key="number")),
        ("an endless number", values(b"\x7c" + struct.pack(">f", float("inf")), root="values", key="number")),
        ("a string for a number", values(string_value("3"), root="values", key="number")),
        ("a number for a checkbox", values(integer_value(1), root="values", key="check")),
        ("a day that is none", values(string_value("2026-02-30"), root="values", key="date")),
        ("a date in weeks", values(string_value("2026-W01-1"), root="values", key="date")),
        ("a number for a date", values(integer_value(1), root="values", key="date")),
        ("a choice that there is not", values(string_value("c"), root="values", key="choice")),
        ("nobody", values(string_value(""), root="values", key="person")),
        ("an option that there is not", values(TRUE, root="chosen", key="z")),
        ("an option without a key", values(TRUE, root="chosen")),
        ("an option that is neither true nor false", values(integer_value(1), root="chosen", key="x")),
        ("an array for a row", shared(TypeRef.ARRAY, root="table")),
        ("a value for a row", values(TRUE, root="table")),
        ("a table with keys", values(TRUE, root="table", key="x")),
        ("an unknown column", values(TRUE, parent=ROW, key="unknown")),
        ("a cell without a column", values(TRUE, parent=ROW)),
        ("a value for a text cell", values(string_value("x"), origin=(A, 11))),
        ("a second text for a cell", shared(TypeRef.XML_FRAGMENT, origin=(A, 11))),
        ("a second text for a cell, unseen", shared(TypeRef.XML_FRAGMENT, parent=ROW, key="goal")),
        ("a tombstone over a row's text", deleted(1, origin=(A, 11))),
        ("a second id for a row", values(string_value("r2"), origin=(A, 10))),
        ("a tombstone over a row's id", deleted(1, origin=(A, 10))),
        ("a wrong value in a column", values(TRUE, parent=ROW, key="when")),
        ("a row that is removed by a word", values(string_value("yes"), parent=ROW, key="removed")),
        ("a parent that is no type", text("x", parent=HELLO)),
        ("an item between two types", text("x", origin=HELLO, right=(A, 8))),
        ("an item between a sequence and a key", values(TRUE, origin=(A, 9), right=(A, 13))),
    ],
)
def test_what_the_schema_does_not_have_is_refused(shape: Shape, what: str, struct_: bytes) -> None:
    with pytest.raises(ForeignContent):
        check(shape, by_b(struct_))


def test_a_number_for_a_rows_id_is_refused(shape: Shape) -> None:
    with pytest.raises(ForeignContent):
        check(
            shape, by_b(shared(TypeRef.MAP, root="table"), values(integer_value(1), parent=(B, 0), key="id"))
        )


@pytest.mark.parametrize(
    "again", [values(string_value("r3"), parent=(B, 0), key="id"), deleted(1, origin=(B, 1))]
)
def test_a_second_id_in_the_same_update_is_refused(shape: Shape, again: bytes) -> None:
    row = [shared(TypeRef.MAP, root="table"), values(string_value("r2"), parent=(B, 0), key="id")]
    assert check(shape, by_b(*row)).adds
    with pytest.raises(ForeignContent):
        check(shape, by_b(*row, again))


@pytest.mark.parametrize("name", ["r1", "r2"])
def test_no_row_has_the_id_of_another(shape: Shape, name: str) -> None:
    row = shared(TypeRef.MAP, root="table")
    taken = [row, values(string_value("r2"), parent=(B, 0), key="id")]
    another = [row, values(string_value(name), parent=(B, 2), key="id")]
    with pytest.raises(ForeignContent, match="the id of another"):
        check(shape, by_b(*taken, *another))
    shape.admit(parse(by_b(*taken), UPDATE))
    with pytest.raises(ForeignContent, match="the id of another"):
        check(shape, update(section(B, 2, *another)))


@pytest.mark.parametrize(("clock", "length"), [(9, 1), (10, 1), (11, 1), (12, 1), (0, END), (8, 2)])
def test_rows_their_ids_and_texts_cannot_be_deleted(shape: Shape, clock: int, length: int) -> None:
    with pytest.raises(ForeignContent, match="deletion"):
        check(shape, update(deletes=deletes((A, clock, length))))


def test_a_row_cannot_be_deleted_with_its_own_update(shape: Shape) -> None:
    with pytest.raises(ForeignContent, match="deletion"):
        check(shape, by_b(shared(TypeRef.MAP, root="table"), removing=deletes((B, 0, 1))))


def test_a_rows_value_can_be_deleted_which_is_how_it_is_overwritten(shape: Shape) -> None:
    assert check(shape, update(deletes=deletes((A, 13, 1)))).touched == {"table"}


def test_nobody_writes_under_the_servers_client_id(shape: Shape) -> None:
    with pytest.raises(ForeignContent, match="server"):
        check(shape, update(section(SERVER_CLIENT, 0, text("x", origin=HELLO))))
    seeded = made(UPDATE, update(section(SERVER_CLIENT, 0, element("paragraph", root="rich"))))
    with pytest.raises(ForeignContent, match="server"):
        check(seeded, update(section(SERVER_CLIENT, 1, element("paragraph", root="rich"))))


@pytest.mark.parametrize(
    ("known", "longer"),
    [
        (text("ab", origin=(A, 9)), deleted(4, root="rich")),
        (text("ab", origin=(A, 9)), values(NULL, NULL, NULL, origin=(A, 3))),
        (gc(2), text("abcd", origin=(A, 9))),
    ],
    ids=["in another place", "beside what is gone", "after what is gone"],
)
def test_the_second_part_of_a_struct_cannot_go_elsewhere(known: bytes, longer: bytes) -> None:
    with pytest.raises(ForeignContent, match="two places"):
        check(made(UPDATE, GONE, by_b(known)), by_b(longer))


@pytest.mark.parametrize(
    ("what", "forgery"),
    [
        ("a gap", update(section(A, END + 1, text("x", origin=(A, 6))))),
        ("a gap within", update(section(A, END, skip(1), text("x", origin=(A, 6))))),
        ("a gap at the end", update(section(A, 3, skip(END)))),
        ("a gap in a new client", update(section(B, 1, text("x", origin=(A, 6))))),
        ("an unknown origin", by_b(text("x", origin=(A, END)))),
        ("an unknown right origin", by_b(text("x", right=(1003, 0)))),
        ("an unknown parent", by_b(text("x", parent=(1003, 0)))),
        (
            "an origin that the same update does not reach",
            update(section(B, 0, text("x", origin=(A, 20))), section(A, END, text("yy", origin=(A, 6)))),
        ),
        ("a deletion of an unknown client", update(deletes=deletes((B, 0, 1)))),
        ("a deletion past the end", update(deletes=deletes((A, END - 1, 2)))),
        ("a known struct with an unknown origin", update(section(A, 2, text("h", origin=(1003, 5))))),
    ],
)
def test_what_something_is_missing_for_is_incomplete(shape: Shape, what: str, forgery: bytes) -> None:
    with pytest.raises(IncompleteUpdate):
        check(shape, forgery)


def test_structs_that_wait_for_each_other_are_malformed(shape: Shape) -> None:
    with pytest.raises(MalformedUpdate, match="wait for each other"):
        check(
            shape,
            update(section(B, 0, text("x", origin=(1003, 0))), section(1003, 0, text("y", origin=(B, 0)))),
        )


EMOJI = by_b(text("a😀b", origin=HELLO))


@pytest.mark.parametrize(
    "forgery",
    [
        update(section(A, END, text("x", origin=(B, 1)))),
        update(section(A, END, text("x", right=(B, 2)))),
        update(deletes=deletes((B, 1, 1))),
        update(deletes=deletes((B, 2, 1))),
    ],
    ids=["origin", "right origin", "deletion of the first half", "deletion of the second half"],
)
def test_a_character_of_two_utf16_units_cannot_be_split(forgery: bytes) -> None:
    with pytest.raises(MalformedUpdate, match="half a character"):
        check(made(UPDATE, FIRST_UPDATE, EMOJI), forgery)


def test_a_character_that_is_gone_can_be_split_by_what_was_let_in_where_that_was_forgotten() -> None:
    deletion, beside = update(deletes=deletes((B, 1, 2))), update(section(A, END, text("x", right=(B, 2))))
    shape = made(UPDATE, FIRST_UPDATE, EMOJI, deletion)
    with pytest.raises(MalformedUpdate, match="half a character"):
        check(shape, beside)
    shape.admit(parse(beside, UPDATE))
    assert shape.clocks[A] == END + 1


def test_a_character_cannot_be_split_within_one_update(shape: Shape) -> None:
    with pytest.raises(MalformedUpdate, match="half a character"):
        check(shape, by_b(text("a😀b", origin=HELLO), text("x", origin=(B, 1))))


def test_a_character_cannot_be_split_by_what_is_known_of_it(shape: Shape) -> None:
    shape.admit(parse(by_b(text("ab", origin=HELLO)), UPDATE))
    with pytest.raises(MalformedUpdate, match="half a character"):
        check(shape, by_b(text("a😀b", origin=HELLO)))


def test_a_whole_character_of_two_utf16_units_can_be_deleted() -> None:
    assert check(made(UPDATE, FIRST_UPDATE, EMOJI), update(deletes=deletes((B, 1, 2)))).adds


# Limits.


def test_depth_counts_over_many_updates() -> None:
    bounds = replace(UPDATE, xml_depth_max=4)
    shape = made(bounds)
    shape.admit(parse(by_b(element("bulletList", parent=LIST_ITEM)), UPDATE))
    shape.admit(parse(update(section(B, 1, element("listItem", parent=(B, 0)))), UPDATE))
    with pytest.raises(OverLimit) as refused:
        check(shape, update(section(B, 2, element("paragraph", parent=(B, 1)))))
    assert refused.value.limit == "xml_depth_max"


def test_rows_are_counted_over_many_updates_and_within_one() -> None:
    bounds = replace(UPDATE, table_rows_max=3)
    shape = made(bounds)
    row = shared(TypeRef.MAP, root="table")
    with pytest.raises(OverLimit):
        check(shape, by_b(row, row, row))
    shape.admit(parse(by_b(row, row), UPDATE))
    with pytest.raises(OverLimit) as refused:
        check(shape, update(section(B, 2, row)))
    assert refused.value.limit == "table_rows_max"


def test_clients_are_counted() -> None:
    shape = made(replace(UPDATE, document_clients_max=2))
    shape.admit(parse(by_b(text("x", origin=HELLO)), UPDATE))
    with pytest.raises(OverLimit) as refused:
        check(shape, update(section(1003, 0, text("x", origin=HELLO))))
    assert refused.value.limit == "document_clients_max"


def test_items_that_all_go_between_the_same_far_neighbours_are_limited() -> None:
    """Yjs compares each with all that are there: a small update can keep it busy for hours."""
    shape = made(
        replace(UPDATE, update_comparisons_max=50), FIRST_UPDATE, by_b(*[text("x", parent=CHARACTERS)] * 5)
    )
    assert check(shape, update(section(1003, 0, *[text("x", parent=CHARACTERS)] * 4))).adds
    with pytest.raises(OverLimit) as refused:
        check(shape, update(section(1003, 0, *[text("x", parent=CHARACTERS)] * 5)))
    assert refused.value.limit == "update_comparisons_max"


@pytest.mark.parametrize("long", ["x" * 9, "å" * 5])
@pytest.mark.parametrize("key", ["date", "choice", "person"])
def test_long_scalars_are_refused(key: str, long: str) -> None:
    with pytest.raises(OverLimit) as refused:
        check(
            made(replace(UPDATE, value_bytes_max=8), by_b(gc(1))),
            update(section(A, 0, values(string_value(long), root="values", key=key))),
        )
    assert refused.value.limit == "value_bytes_max"


# What pycrdt clients write, whatever they write and in whatever order it arrives, is accepted.


class Writer:
    """A client that keeps to the schema and does everything in it at random."""

    def __init__(self, client: int, seed: bytes) -> None:
        self.doc: Doc[Any] = Doc(client_id=client)
        self.rich = self.doc.get("rich", type=XmlFragment)
        self.values = self.doc.get("values", type=Map)
        self.chosen = self.doc.get("chosen", type=Map)
        self.table = self.doc.get("table", type=Array)
        self.doc.apply_update(seed)
        self.sent: list[bytes] = []
        self._subscription = self.doc.observe(lambda event: self.sent.append(event.update))

    def receive(self, written: bytes) -> None:
        self.doc.apply_update(written)
        self.sent.clear()

    def act(self, what: int, where: int) -> None:
        blocks = self.rich.children
        with self.doc.transaction():
            match what:
                case 0:
                    blocks.insert(
                        where % (len(blocks) + 1), XmlElement("paragraph", {}, [XmlText("new 😀 ")])
                    )
                case 1 if len(blocks):
                    del blocks[where % len(blocks)]
                case 2 if characters := self._characters(where):
                    characters.insert(0, "å😀")
                case 3 if (characters := self._characters(where)) and len(characters):
                    del characters[0 : len(str(characters)[0].encode())]
                case 4 if (characters := self._characters(where)) and len(characters):
                    characters.format(0, len(characters), {"bold": where % 2 == 0 or None})
                case 5:
                    self.values["scale"] = where % 5 + 1
                case 6:
                    self.values.pop("scale", None)
                case 7:
                    self.chosen["xy"[where % 2]] = True
                case 8:
                    cell = XmlFragment([XmlElement("paragraph")])
                    self.table.append(Map({"id": f"{self.doc.client_id}-{len(self.table)}", "goal": cell}))
                case 9 if len(self.table):
                    self.table[where % len(self.table)]["removed"] = where % 2 == 0

    def _characters(self, where: int) -> XmlText | None:
        found = [
            child
            for block in self.rich.children
            if isinstance(block, XmlElement)
            for child in block.children
            if isinstance(child, XmlText) and not str(child).startswith("<")
        ]
        return found[where % len(found)] if found else None


def held(doc: Doc[Any]) -> tuple[dict[int, int], set[DeleteRange]]:
    """How far each client's writing goes, and what is deleted of it: bytes say, too, in how many pieces."""
    parsed = parse(doc.get_update(), UPDATE)
    return {client: structs[-1].end for client, structs in parsed.sections.items()}, set(parsed.deletes)


SEED = update(section(SERVER_CLIENT, 0, element("paragraph", root="rich")))


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 9), st.integers(0, 9), st.booleans()),
        min_size=1,
        max_size=25,
    )
)
@example([(0, 0, 1, True), (0, 2, 0, False), (0, 1, 1, False)])  # A paragraph's end, gone before it was sent.
def test_what_two_clients_write_concurrently_is_accepted(steps: list[tuple[int, int, int, bool]]) -> None:
    shape = made(UPDATE, SEED)
    server: Doc[Any] = Doc()
    server.apply_update(SEED)
    writers = [Writer(client, SEED) for client in (A, B)]
    for who, what, where, sends in steps:
        writer = writers[who]
        writer.act(what, where)
        if sends:
            for written in writer.sent:
                parsed = parse(written, UPDATE)
                shape.check(parsed)
                shape.admit(parsed)
                server.apply_update(written)
            writer.receive(server.get_update(writer.doc.get_state()))
    reloaded = made(UPDATE, server.get_update())
    assert reloaded.clocks == shape.clocks
    for writer in writers:
        whole = parse(writer.doc.get_update(), UPDATE)
        merged: Doc[Any] = Doc()
        merged.apply_update(server.get_update())
        merged.apply_update(writer.doc.get_update())
        assert reloaded.check(whole).adds == (held(merged) != held(server))
        assert shape.check(whole).writers == reloaded.check(whole).writers


def test_every_refusal_is_one_of_the_packages_errors(shape: Shape) -> None:
    with pytest.raises(CrdtError):
        check(shape, by_b(forged.text("x", root="unknown")))
