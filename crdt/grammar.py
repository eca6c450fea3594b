"""What may stand where in a document: one class for each kind of shared type, made from the schema.

    root text, text cell     paragraph · and if rich bulletList, orderedList
    paragraph                text, hardBreak
    bulletList, orderedList  listItem
    listItem                 paragraph, bulletList, orderedList
    values                   one scalar a key
    choice set               true, false or nothing a key
    table                    row: id, removed, one key a column

Everything raises ForeignContent for what has no place, and OverLimit for what is too large.
"""

import datetime
from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import isfinite
from typing import Final, cast

from crdt.bounds import UpdateBounds
from crdt.errors import ForeignContent, OverLimit
from crdt.schema import ROW_ID, ROW_REMOVED, VALUES, ChoiceSet, DocumentSchema, Scalar, Table, Text, Value
from crdt.update import Kind, Struct, TypeRef
from crdt.values import AnyValue, Nested

PARAGRAPH: Final = "paragraph"
BULLET_LIST: Final = "bulletList"
ORDERED_LIST: Final = "orderedList"
LIST_ITEM: Final = "listItem"
HARD_BREAK: Final = "hardBreak"
MARKS: Final = frozenset({"bold", "italic"})

_TEXT: Final = ""
"""Stands for the root of a text, where elements have their tag."""

_BLOCKS: Final = frozenset({PARAGRAPH, BULLET_LIST, ORDERED_LIST})
_CHILDREN: Final[Mapping[str, frozenset[str]]] = {
    _TEXT: _BLOCKS,
    PARAGRAPH: frozenset({HARD_BREAK}),
    BULLET_LIST: frozenset({LIST_ITEM}),
    ORDERED_LIST: frozenset({LIST_ITEM}),
    LIST_ITEM: _BLOCKS,
    HARD_BREAK: frozenset(),
}
_ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {ORDERED_LIST: frozenset({"start", "type"})}


class Place:
    """The sequence of a type, or one key of it. The same place is always the same object."""

    __slots__ = ("branch", "field", "grave", "key", "once")

    def __init__(self, branch: "Branch", key: str | None, field: str, *, once: bool) -> None:
        self.branch = branch
        self.key = key
        self.field = field
        """Name of the schema's field that changes when something is written here."""
        self.once = once
        """What is written here can neither be replaced nor deleted."""
        self.grave = Grave(self)


class Grave:
    """Marks what came as a tombstone: it still has a place, but nothing can stand in it."""

    __slots__ = ("place",)

    def __init__(self, place: Place) -> None:
        self.place = place


class Branch(ABC):
    """One shared type of a document, or of many: it knows what may stand in it, and not what does."""

    __slots__ = ("_keyed", "_sequence", "depth", "field")

    def __init__(self, field: str, depth: int = 0, *, keyed: bool = True) -> None:
        self.field = field
        self.depth = depth
        """Levels of elements from the text's root to here."""
        self._sequence = Place(self, None, field, once=False)
        self._keyed: dict[str, Place] | None = {} if keyed else None

    def place(self, key: str | None) -> Place:
        if key is None:
            return self._sequence
        place = self._keyed.get(key) if self._keyed is not None else None
        if place is None:
            field, once = self._key(key)
            # Another thread, with another document, may have come here at the same time.
            place = cast(dict[str, Place], self._keyed).setdefault(key, Place(self, key, field, once=once))
        return place

    def _key(self, key: str) -> tuple[str, bool]:
        """Field and ``once`` of the place ``key``."""
        raise ForeignContent("a key that the schema does not have")

    @abstractmethod
    def enter(self, struct: Struct, key: str | None, bounds: UpdateBounds) -> "Branch | None":
        """Check what is written at ``key``; gives the type that it begins, if it begins one."""


class Element(Branch):
    """An XML element, or the root of a text."""

    __slots__ = ("rich", "tag")

    def __init__(self, field: str, *, rich: bool, tag: str = _TEXT, depth: int = 0) -> None:
        super().__init__(field, depth, keyed=tag in _ATTRIBUTES)
        self.rich = rich
        self.tag = tag

    def _key(self, key: str) -> tuple[str, bool]:
        if key not in _ATTRIBUTES.get(self.tag, ()):
            raise ForeignContent("an attribute that the schema does not have")
        return self.field, False

    def begin_text(self) -> "Run | None":
        """A text that is begun in it; None where characters have no place."""
        return Run(self.field) if self.tag == PARAGRAPH else None

    def enter(self, struct: Struct, key: str | None, bounds: UpdateBounds) -> Branch | None:
        if struct.kind is Kind.DELETED:
            return None
        if key is not None:
            _check_attribute(_only_value(struct), bounds)
            return None
        if struct.type_ref is TypeRef.XML_TEXT and (text := self.begin_text()):
            return text
        if struct.type_ref is not TypeRef.XML_ELEMENT or struct.name not in _CHILDREN[self.tag]:
            raise ForeignContent("something in a text that has no place there")
        if not self.rich and struct.name not in (PARAGRAPH, HARD_BREAK):
            raise ForeignContent("a list in a short text")
        depth = self.depth + 1
        if depth > bounds.xml_depth_max:
            raise OverLimit("xml_depth_max")
        return Element(self.field, rich=self.rich, tag=struct.name, depth=depth)


class Run(Branch):
    """The characters of a paragraph and the marks between them."""

    __slots__ = ()

    def __init__(self, field: str) -> None:
        super().__init__(field, keyed=False)

    def enter(self, struct: Struct, key: str | None, bounds: UpdateBounds) -> None:
        match struct.kind:
            case Kind.STRING | Kind.DELETED:
                return
            case Kind.FORMAT:
                if struct.name not in MARKS or struct.values[0] not in (None, True):
                    raise ForeignContent("a mark that the schema does not have")
            case _:
                raise ForeignContent("something among characters that is neither a character nor a mark")


class Values(Branch):
    """The map that holds every scalar of the document."""

    __slots__ = ("_scalars",)

    def __init__(self, scalars: Mapping[str, Value]) -> None:
        super().__init__(VALUES)
        self._scalars = scalars

    def _key(self, key: str) -> tuple[str, bool]:
        if key not in self._scalars:
            raise ForeignContent("a value that the schema does not have")
        return key, False

    def enter(self, struct: Struct, key: str | None, bounds: UpdateBounds) -> None:
        rule = self._scalars[_required(key)]
        if struct.kind is not Kind.DELETED:
            _check_scalar(rule, _only_value(struct), bounds)


class Choices(Branch):
    """The options of one choice set that are chosen."""

    __slots__ = ("_options",)

    def __init__(self, field: str, options: frozenset[str]) -> None:
        super().__init__(field)
        self._options = options

    def _key(self, key: str) -> tuple[str, bool]:
        if key not in self._options:
            raise ForeignContent("an option that the schema does not have")
        return self.field, False

    def enter(self, struct: Struct, key: str | None, bounds: UpdateBounds) -> None:
        _required(key)
        if struct.kind is not Kind.DELETED:
            _check_flag(_only_value(struct))


class Rows(Branch):
    """A table: its rows, removed ones included."""

    __slots__ = ("_cells", "_scalars")

    def __init__(self, table: Table) -> None:
        super().__init__(table.name, keyed=False)
        self._cells = {column.name: column for column in table.columns if isinstance(column, Text)}
        self._scalars = {column.name: column for column in table.columns if isinstance(column, Value)}

    def enter(self, struct: Struct, key: str | None, bounds: UpdateBounds) -> Branch | None:
        if struct.kind is Kind.DELETED:
            return None
        if struct.type_ref is not TypeRef.MAP:
            raise ForeignContent("something in a table that is not a row")
        return Row(self, self._cells, self._scalars)


class Row(Branch):
    """One row. Its id and its texts are made with it and stay."""

    __slots__ = ("_cells", "_scalars", "rows")

    def __init__(self, rows: Rows, cells: Mapping[str, Text], scalars: Mapping[str, Value]) -> None:
        super().__init__(rows.field)
        self.rows = rows
        self._cells = cells
        self._scalars = scalars

    def _key(self, key: str) -> tuple[str, bool]:
        once = key == ROW_ID or key in self._cells
        if not once and key != ROW_REMOVED and key not in self._scalars:
            raise ForeignContent("a column that the schema does not have")
        return self.field, once

    def enter(self, struct: Struct, key: str | None, bounds: UpdateBounds) -> Branch | None:
        key = _required(key)
        if cell := self._cells.get(key):
            if struct.type_ref is not TypeRef.XML_FRAGMENT:
                raise ForeignContent("something in a text column that is not a text")
            return Element(self.field, rich=cell.rich)
        if key == ROW_ID:
            _check_string(_only_value(struct), bounds)
        elif struct.kind is Kind.DELETED:
            return None
        elif key == ROW_REMOVED:
            _check_flag(_only_value(struct))
        else:
            _check_scalar(self._scalars[key], _only_value(struct), bounds)
        return None


def roots(schema: DocumentSchema) -> dict[str, Branch]:
    """The types that a document of this schema has from the start, by name."""
    branches: dict[str, Branch] = {}
    scalars: dict[str, Value] = {}
    for field in schema.fields:
        match field:
            case Text(name, rich):
                branches[name] = Element(name, rich=rich)
            case Value(name):
                scalars[name] = field
            case ChoiceSet(name, options):
                branches[name] = Choices(name, frozenset(options))
            case _:
                branches[field.name] = Rows(field)
    branches[VALUES] = Values(scalars)
    return branches


def _required(key: str | None) -> str:
    if key is None:
        raise ForeignContent("an entry of a map without a key")
    return key


def _only_value(struct: Struct) -> AnyValue:
    if struct.kind is not Kind.ANY or struct.length != 1:
        raise ForeignContent("something under a key that is not one value")
    return struct.values[0]


def _check_attribute(value: AnyValue, bounds: UpdateBounds) -> None:
    """A list's first number, or the style of its numbers."""
    if value is not None and not _is_number(value):
        _check_string(value, bounds)


def _check_flag(value: AnyValue) -> None:
    if value is not None and not isinstance(value, bool):
        raise ForeignContent("a flag that is neither true nor false")


def _check_string(value: AnyValue, bounds: UpdateBounds) -> str:
    if not isinstance(value, str):
        raise ForeignContent("a value of the wrong type")
    if len(value) > bounds.value_bytes_max or len(value.encode()) > bounds.value_bytes_max:
        raise OverLimit("value_bytes_max")
    return value


def _check_scalar(rule: Value, value: AnyValue, bounds: UpdateBounds) -> None:
    if value is None:
        return
    if isinstance(value, Nested):
        raise ForeignContent("a value that is not a scalar")
    match rule.scalar:
        case Scalar.CHECKBOX:
            fits = isinstance(value, bool)
        case Scalar.NUMBER:
            fits = _is_number(value)
        case Scalar.SCALE:
            fits = _is_number(value) and float(value) == int(value) and _is_within(rule, float(value))
        case Scalar.DATE:
            fits = _is_date(_check_string(value, bounds))
        case Scalar.CHOICE:
            fits = _check_string(value, bounds) in rule.options
        case _:
            fits = bool(_check_string(value, bounds))
    if not fits:
        raise ForeignContent("a value that its field does not take")


def _is_number(value: AnyValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _is_within(rule: Value, value: float) -> bool:
    return (rule.minimum is None or value >= rule.minimum) and (rule.maximum is None or value <= rule.maximum)


def _is_date(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
