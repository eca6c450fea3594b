"""Which roots, kinds and columns a document may hold: plain data, made by ``server/templates.py``.

text        a root XmlFragment named after the field, seeded with one empty paragraph
scalar      a key of the root map ``values``
choice set  a root map, option id -> true
table       a root array of row maps: ``id``, ``removed`` and one key a column
"""

from dataclasses import dataclass
from enum import StrEnum

VALUES = "values"
"""Name of the root map that holds every scalar of a document."""

ROW_ID = "id"
ROW_REMOVED = "removed"

SERVER_CLIENT = 1
"""The fixed Yjs client id under which the server writes. No client may write under it."""


class Scalar(StrEnum):
    """What one key holds."""

    CHOICE = "choice"
    """An option's id."""
    SCALE = "scale"
    """A whole number between ``minimum`` and ``maximum``."""
    DATE = "date"
    """An ISO 8601 calendar date, ``2026-11-26``."""
    NUMBER = "number"
    CHECKBOX = "checkbox"
    PERSON = "person"
    """A person's id."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text. ``rich`` has paragraphs, lists, bold and italic; otherwise one paragraph, no marks."""

    name: str
    rich: bool = True


@dataclass(frozen=True, slots=True)
class Value:
    """One scalar. A cleared value is an absent key or ``None``."""

    name: str
    scalar: Scalar
    options: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class ChoiceSet:
    """Any number of the options."""

    name: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that can be added, filled in and removed, never deleted or moved."""

    name: str
    columns: tuple[Text | Value, ...]


Field = Text | Value | ChoiceSet | Table


@dataclass(frozen=True, slots=True)
class DocumentSchema:
    """All fields of one document, in the order in which they are shown and written."""

    fields: tuple[Field, ...]
