"""A document's content as plain data: what pages show, records keep and fresh documents start from.

It knows nothing of how the content came to be: no client, no clock, no order of writing, nothing that
was deleted, and nothing that the schema does not have. Two documents that look the same to their
readers have equal content: a box that was ticked and unticked is a box that was never touched.
"""

import calendar
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict, cast

from crdt.schema import ROW_ID, ROW_REMOVED, ChoiceSet, DocumentSchema, Field, Scalar, Table, Text, Value

BOLD = "bold"
ITALIC = "italic"
MARKS = (BOLD, ITALIC)

MONTHS = 12


class TextRun(TypedDict):
    text: str
    bold: NotRequired[Literal[True]]
    italic: NotRequired[Literal[True]]


BreakRun = TypedDict("BreakRun", {"break": Literal[True]})
Run = TextRun | BreakRun


class Paragraph(TypedDict):
    type: Literal["paragraph"]
    runs: list[Run]


class ListBlock(TypedDict):
    type: Literal["bulletList", "orderedList"]
    items: list[list["Block"]]
    """The blocks of each item. Neither a list nor an item is ever empty."""
    start: NotRequired[int]
    """First number of an ordered list that does not begin at 1."""


Block = Paragraph | ListBlock
TextContent = list[Block]
"""A text. Empty is one paragraph without runs."""
ScalarContent = str | int | float | bool
Row = dict[str, "str | TextContent | ScalarContent"]
"""``id`` and the columns: texts always, scalars when they have a value."""
FieldContent = TextContent | ScalarContent | list[str] | list[Row]
Content = dict[str, FieldContent]
"""By field name, in schema order: texts, choice sets and tables always, scalars if they have a value."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document's text with the marks on it, as the editor names them."""

    text: str
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a document's text."""

    tag: str
    attributes: Mapping[str, object]
    children: tuple["Node", ...]


Node = Chunk | Element


def text_content(nodes: Iterable[Node], field: Text) -> TextContent:
    """A text as it stands. One that is not rich is one paragraph, whatever two people made of it."""
    blocks = list(_blocks(nodes)) or [_paragraph([])]
    if field.rich:
        return blocks
    lines = " ".join(line for line in plain_text(blocks).split("\n") if line)
    return [_paragraph(_runs([Chunk(lines, frozenset())]))]


def scalar_content(value: object, field: Value) -> ScalarContent | None:
    """A scalar, or None for what is cleared, empty or not of the field's kind."""
    match field.scalar:
        case Scalar.CHECKBOX:
            return True if value is True else None
        case Scalar.SCALE | Scalar.NUMBER:
            return _number(value, field)
        case Scalar.CHOICE:
            return value if isinstance(value, str) and value in field.options else None
        case Scalar.DATE:
            return value if isinstance(value, str) and _is_date(value) else None
        case _:
            # No database takes NUL, which is in no id: what has one names nobody.
            return value if isinstance(value, str) and value and "\0" not in value else None


def choice_content(options: Mapping[str, object], field: ChoiceSet) -> list[str]:
    """The chosen options, in the schema's order."""
    return [option for option in field.options if options.get(option) is True]


def table_content(rows: Iterable[Mapping[str, object]], field: Table) -> list[Row]:
    """The rows that are not removed, in the table's order.

    A row maps its keys to scalars, and its text columns to tuples of nodes.
    """
    return [
        _row(row, field)
        for row in rows
        if isinstance(row.get(ROW_ID), str) and row[ROW_ID] and row.get(ROW_REMOVED) is not True
    ]


def fresh(content: Content, schema: DocumentSchema, *, renumber_rows: bool) -> Content:
    """The content for a new generation: what the schema has, in its order, and nothing else.

    ``renumber_rows``: row ids become 1, 2, …, so that they do not tell which rows there have been.
    """
    made: Content = {}
    for field in schema.fields:
        match field:
            case Text(name):
                made[name] = content.get(name) or empty_text()
            case Value(name):
                if name in content:
                    made[name] = content[name]
            case ChoiceSet(name):
                made[name] = content.get(name, [])
            case _:
                rows = cast(list[Row], content.get(field.name, []))
                made[field.name] = _renumbered(rows) if renumber_rows else rows
    return made


def empty_text() -> TextContent:
    return [_paragraph([])]


def is_empty(value: FieldContent | None, field: Field) -> bool:
    """Whether nobody has put anything into a field."""
    if isinstance(field, Text):
        return value in (None, empty_text())
    return value is None or value == []


def text_is_filled(blocks: TextContent) -> bool:
    """Whether a text has a character that can be seen: one outside Unicode Z*, Cc and Cf."""
    return any(
        category[0] != "Z" and category not in ("Cc", "Cf")
        for category in map(unicodedata.category, plain_text(blocks))
    )


def plain_text(blocks: TextContent) -> str:
    """The text alone: a line for each paragraph, list items included, and after each line break."""
    return "\n".join(_lines(blocks))


def _lines(blocks: TextContent) -> Iterator[str]:
    for block in blocks:
        if block["type"] == "paragraph":
            yield "".join("\n" if "break" in run else run["text"] for run in block["runs"])
        else:
            for item in block["items"]:
                yield from _lines(item)


def _blocks(nodes: Iterable[Node]) -> Iterator[Block]:
    for node in nodes:
        match node:
            case Element("paragraph", _, children):
                yield _paragraph(_runs(children))
            case Element("bulletList" | "orderedList" as kind, attributes, children):
                items = [
                    list(_blocks(item.children)) or [_paragraph([])]
                    for item in children
                    if isinstance(item, Element) and item.tag == "listItem"
                ]
                if items:
                    yield _list(kind, items, attributes.get("start"))


def _list(kind: str, items: list[TextContent], start: object) -> ListBlock:
    if kind == "bulletList":
        return {"type": "bulletList", "items": items}
    number = _whole(start)
    if number is None or number == 1 or number < 0:
        return {"type": "orderedList", "items": items}
    return {"type": "orderedList", "items": items, "start": number}


def _paragraph(runs: list[Run]) -> Paragraph:
    return {"type": "paragraph", "runs": runs}


def _runs(nodes: Iterable[Node]) -> list[Run]:
    runs: list[Run] = []
    previous: frozenset[str] | None = None
    for node in nodes:
        if isinstance(node, Element):
            if node.tag == "hardBreak":
                runs.append({"break": True})
                previous = None
            continue
        # Overlapping marks have keys of the form bold--hash. NUL is in no writing, and no database takes it.
        marks = frozenset(mark.partition("--")[0] for mark in node.marks) & frozenset(MARKS)
        text = node.text.replace("\0", "")
        if not text:
            continue
        if marks == previous:
            cast(TextRun, runs[-1])["text"] += text
        else:
            runs.append(_text_run(text, marks))
        previous = marks
    return runs


def _text_run(text: str, marks: frozenset[str]) -> TextRun:
    run: TextRun = {"text": text}
    if BOLD in marks:
        run["bold"] = True
    if ITALIC in marks:
        run["italic"] = True
    return run


def _number(value: object, field: Value) -> int | float | None:
    number = _whole(value)
    if number is None and field.scalar is Scalar.NUMBER and isinstance(value, float) and math.isfinite(value):
        return value if _within(value, field) else None
    return number if number is not None and _within(number, field) else None


def _within(number: float, field: Value) -> bool:
    low = -math.inf if field.minimum is None else field.minimum
    high = math.inf if field.maximum is None else field.maximum
    return low <= number <= high


def _whole(value: object) -> int | None:
    """A number without fraction as an int: a document does not tell 3 from 3.0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if abs(value) < 2**53 and value == int(value) else None


def _is_date(value: str) -> bool:
    parts = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", value, re.ASCII)
    if parts is None:
        return False
    year, month, day = map(int, parts.groups())
    return year > 0 and 1 <= month <= MONTHS and 1 <= day <= calendar.monthrange(year, month)[1]


def _row(row: Mapping[str, object], field: Table) -> Row:
    made: Row = {ROW_ID: cast(str, row[ROW_ID])}
    for column in field.columns:
        cell = row.get(column.name)
        if isinstance(column, Text):
            made[column.name] = text_content(cell if isinstance(cell, tuple) else (), column)
        elif (scalar := scalar_content(cell, column)) is not None:
            made[column.name] = scalar
    return made


def _renumbered(rows: list[Row]) -> list[Row]:
    return [row | {ROW_ID: str(number)} for number, row in enumerate(rows, start=1)]
