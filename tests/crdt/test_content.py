"""Canonical content: what there is to read, and nothing of how it came to be."""

import math
from typing import Any

import pytest

from crdt.content import (
    Chunk,
    Element,
    Node,
    choice_content,
    empty_text,
    fresh,
    is_empty,
    plain_text,
    scalar_content,
    table_content,
    text_content,
    text_is_filled,
)
from crdt.schema import ChoiceSet, DocumentSchema, Scalar, Table, Text, Value
from tests.crdt.documents import EMPTY, FULL, SCHEMA

RICH = Text("rich")
SHORT = Text("short", rich=False)


def chunk(text: str, *marks: str) -> Chunk:
    return Chunk(text, frozenset(marks))


def element(tag: str, *children: Node, **attributes: object) -> Element:
    return Element(tag, attributes, children)


def paragraph(*runs: Any) -> Any:
    return {"type": "paragraph", "runs": [{"text": run} if isinstance(run, str) else run for run in runs]}


def test_a_text_without_anything_is_one_empty_paragraph() -> None:
    assert text_content([], RICH) == empty_text() == [paragraph()]


def test_neighbouring_pieces_with_equal_marks_are_one_run() -> None:
    nodes = [element("paragraph", chunk("a"), chunk("b"), chunk("c", "bold"), chunk("d", "bold"))]
    assert text_content(nodes, RICH) == [paragraph("ab", {"text": "cd", "bold": True})]


def test_a_line_break_stands_between_two_runs() -> None:
    nodes = [element("paragraph", chunk("a"), element("hardBreak"), chunk("b"))]
    assert text_content(nodes, RICH) == [paragraph("a", {"break": True}, "b")]


def test_an_overlapping_mark_is_the_mark_before_the_dashes() -> None:
    nodes = [element("paragraph", chunk("a", "bold--x1"), chunk("b", "bold", "italic--y"))]
    assert text_content(nodes, RICH) == [
        paragraph({"text": "a", "bold": True}, {"text": "b", "bold": True, "italic": True})
    ]


def test_what_the_schema_does_not_have_is_skipped() -> None:
    nodes: list[Node] = [
        chunk("loose"),
        element("heading", chunk("h")),
        element("paragraph", element("image"), chunk("", "bold"), chunk("a\0b", "underline")),
        element("bulletList", chunk("loose"), element("paragraph", chunk("p"))),
    ]
    assert text_content(nodes, RICH) == [paragraph("ab")]


def test_a_list_has_items_of_blocks_and_a_start_only_when_it_is_another() -> None:
    item = element("listItem", element("paragraph", chunk("a")))
    nodes = [
        element("bulletList", item, element("listItem"), start=3.0),
        element("orderedList", item, start=1.0),
        element("orderedList", item, start=3.0),
        element("orderedList", item, start=-3.0),
        element("orderedList", item, start="x"),
        element("orderedList", item, start=True),
    ]
    blocks: list[Any] = text_content(nodes, RICH)
    assert blocks[0] == {"type": "bulletList", "items": [[paragraph("a")], [paragraph()]]}
    assert [block.get("start") for block in blocks] == [None, None, 3, None, None, None]


def test_a_short_text_is_one_paragraph_without_marks_whatever_was_made_of_it() -> None:
    nodes = [
        element("paragraph", chunk("a", "bold"), element("hardBreak"), chunk("b")),
        element("paragraph"),
        element("paragraph", chunk("c")),
    ]
    assert text_content(nodes, SHORT) == [paragraph("a b c")]
    assert text_content([element("paragraph")] * 2, SHORT) == empty_text()


SCALE = Value("v", Scalar.SCALE, minimum=1, maximum=5)
NUMBER = Value("v", Scalar.NUMBER, minimum=0)
ANY_NUMBER = Value("v", Scalar.NUMBER)
DATE = Value("v", Scalar.DATE)
CHOICE = Value("v", Scalar.CHOICE, options=("yes",))
BOX = Value("v", Scalar.CHECKBOX)
PERSON = Value("v", Scalar.PERSON)


@pytest.mark.parametrize(
    ("field", "value", "content"),
    [
        (SCALE, 3.0, 3),
        (SCALE, 5, 5),
        (SCALE, 6, None),
        (SCALE, 0, None),
        (SCALE, 2.5, None),
        (SCALE, True, None),
        (SCALE, "3", None),
        (SCALE, None, None),
        (NUMBER, 2.5, 2.5),
        (NUMBER, 2.0, 2),
        (NUMBER, -0.5, None),
        (NUMBER, math.nan, None),
        (NUMBER, math.inf, None),
        (ANY_NUMBER, -1e300, -1e300),
        (DATE, "2028-02-29", "2028-02-29"),
        (DATE, "2026-02-29", None),
        (DATE, "2026-13-01", None),
        (DATE, "2026-00-01", None),
        (DATE, "2026-01-00", None),
        (DATE, "0000-01-01", None),
        (DATE, "26-01-01", None),
        (DATE, "2026-01-01\n", None),
        (DATE, "", None),
        (DATE, 20260101, None),
        (CHOICE, "yes", "yes"),
        (CHOICE, "no", None),
        (CHOICE, 1, None),
        (BOX, True, True),
        (BOX, False, None),
        (BOX, 1, None),
        (PERSON, "per-1", "per-1"),
        (PERSON, "", None),
        (PERSON, 1, None),
        (PERSON, "per\0-1", None),
    ],
)
def test_a_scalar_is_of_its_kind_or_absent(field: Value, value: object, content: object) -> None:
    found = scalar_content(value, field)
    assert found == content
    assert type(found) is type(content)


def test_chosen_options_come_in_the_schemas_order() -> None:
    field = ChoiceSet("c", ("a", "b", "c"))
    assert choice_content({"c": True, "x": True, "a": True, "b": False}, field) == ["a", "c"]


def test_removed_rows_and_rows_without_an_id_are_no_rows() -> None:
    field = Table("t", (Text("goal"), Value("due", Scalar.DATE)))
    rows: list[dict[str, object]] = [
        {"id": "r1", "goal": (element("paragraph", chunk("mål")),), "due": "x", "stray": 1},
        {"id": "r2", "removed": True},
        {"id": "r3", "removed": False, "goal": "no text", "due": "2026-01-01"},
        {"id": 4.0},
        {"id": ""},
        {},
    ]
    assert table_content(rows, field) == [
        {"id": "r1", "goal": [paragraph("mål")]},
        {"id": "r3", "goal": [paragraph()], "due": "2026-01-01"},
    ]


def test_fresh_content_has_the_schemas_fields_in_their_order_and_no_other() -> None:
    schema = DocumentSchema(
        (Table("t", ()), Text("a"), ChoiceSet("c", ("x",)), SCALE, Value("w", Scalar.DATE))
    )
    made = fresh({"gone": "x", "v": 3}, schema, renumber_rows=True)
    assert list(made.items()) == [("t", []), ("a", empty_text()), ("c", []), ("v", 3)]


def test_rows_are_renumbered_where_their_ids_would_tell_of_others() -> None:
    assert fresh(FULL, SCHEMA, renumber_rows=False) == FULL
    renumbered: Any = fresh(FULL, SCHEMA, renumber_rows=True)
    assert [row["id"] for row in renumbered["plan"]] == ["1", "2"]
    assert [row["goal"] for row in renumbered["plan"]] == [row["goal"] for row in FULL["plan"]]


def test_a_field_is_empty_until_somebody_puts_something_into_it() -> None:
    for field in SCHEMA.fields:
        assert is_empty(EMPTY.get(field.name), field)
        assert is_empty(None, field)
        assert not is_empty(FULL[field.name], field)


def test_plain_text_has_a_line_for_each_paragraph_and_after_each_break() -> None:
    assert plain_text(FULL["a1"]) == "Blåbär och smör 🫐\n\nslut\nett\ntvå\n\ntre"


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("a", True),
        ("🫐", True),
        (".", True),
        ("", False),
        (" \t\u00a0\u2003\u2028\u2029", False),
        ("\u200b\u200d\ufeff\u00ad\x07", False),
        ("\u200b.", True),
    ],
)
def test_a_text_is_filled_by_one_character_that_can_be_seen(text: str, filled: bool) -> None:
    assert text_is_filled([paragraph(text)]) is filled
