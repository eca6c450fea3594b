"""What an element stores, without its kind: its parts.

An element asks one question and has no, one or several **parts**. A part is one field of the document of each
pane that the element lives in, with everything that somebody needs who draws it, checks it, freezes it or
fills it in. Guards, pages, records, the sample organisation: all of them know parts, and no kind of element.

    rich_text, text …    one part, named as the element: ``a1``
    topic_text           one a topic: ``b1.belastning``
    options              one, and a text beside each option that has free text: ``c4``, ``c4.annet``
    date_pair            two: ``datum.do``, ``datum.follow_up``
    table                one, with columns: ``c6``, ``handlingsplan.mal``
    info, read-only      none
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, cast

from pydantic import Field as Default
from pydantic import ValidationInfo, field_validator

from crdt.content import Content, Row, TextContent, plain_text, text_is_filled
from crdt.schema import Field, Text, Value
from server.rules.limits import SCALE_STEPS_MAX
from server.template.words import Grounds, Strict, Words

GOAL_TYPES = ("work_goal", "development_goal")
"""What a row can become when the conversation closes: the kinds of activities."""


class PartKind(StrEnum):
    """How a part is filled in."""

    RICH_TEXT = "rich_text"
    TEXT = "text"
    """One paragraph without marks."""
    SINGLE_CHOICE = "single_choice"
    MULTI_CHOICE = "multi_choice"
    SCALE = "scale"
    DATE = "date"
    NUMBER = "number"
    CHECKBOX = "checkbox"
    PERSON = "person"
    """One of the conversation's two people."""
    TABLE = "table"


class Source(StrEnum):
    """What is shown without being asked: found out when the page is drawn and at freeze, never stored."""

    UNIT_GOALS = "unit_goals"
    ACTIVITIES = "activities"
    EMPLOYEE = "employee"
    RESPONSIBLE = "responsible"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose. ``free_text`` names the part with the text that stands beside it."""

    id: str
    label: Words
    free_text: str | None = None


class ScaleSteps(Strict):
    """A whole number from ``min`` to ``max``; ``labels`` says what some of them mean."""

    min: int
    max: int
    labels: dict[int, Words] = Default(default_factory=dict)
    allow_blank: bool = True
    """Whether a chosen step can be taken back."""

    @field_validator("max")
    @classmethod
    def _is_a_scale(cls, value: int, info: ValidationInfo) -> int:
        if "min" in info.data and not info.data["min"] < value <= info.data["min"] + SCALE_STEPS_MAX - 1:
            raise ValueError(f"a scale goes from min up to max, in {SCALE_STEPS_MAX} steps at most")
        return value

    @field_validator("labels")
    @classmethod
    def _name_steps(cls, value: dict[int, Words], info: ValidationInfo) -> dict[int, Words]:
        if not {"min", "max"} <= info.data.keys():
            return value
        if strays := [step for step in value if not info.data["min"] <= step <= info.data["max"]]:
            raise ValueError(f"the scale has no step {strays[0]}")
        return value


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. A pair of dates is two of them, with the pair's label in ``pair``."""

    name: str
    """The key in a row: ``ansvarig``, ``datum.do``."""
    kind: PartKind
    """Neither RICH_TEXT, MULTI_CHOICE, SCALE nor TABLE."""
    label: Words
    field: Text | Value
    group: Words | None = None
    """The heading above it and its neighbours."""
    pair: Words | None = None
    required: bool = False
    """A row without it is not filled."""
    options: tuple[Option, ...] = ()
    suggestions: Source | None = None
    """What can be chosen as a beginning instead of writing it."""
    becomes: Literal["develop", "how"] | None = None
    """As what an activity keeps a text."""
    minimum: float | None = None
    maximum: float | None = None
    is_whole: bool = False
    """Whether a number has no fraction."""
    unit: Words | None = None
    """What a number counts."""

    def is_filled(self, row: Row) -> bool:
        """Whether a row has something here."""
        return _is_filled(self.kind, row.get(self.name))


@dataclass(frozen=True, slots=True)
class Creates:
    """That a row becomes an activity when the conversation closes, and what of it says what."""

    described_by: tuple[str, ...]
    """Text columns, the one that says best what is to be done first."""
    goal: str | None = None
    """What kind of goal every row serves; None: its column ``goal_column`` says it."""
    goal_column: str | None = None
    responsible: str | None = None
    due: str | None = None
    follow_up: str | None = None
    serves: str | None = None
    """The text column with the goal of the organisation that the row serves (F106)."""
    develop: str | None = None
    """The text column with what is to be developed, and ``how`` (F138)."""
    how: str | None = None
    others: "tuple[Column, ...]" = ()
    """Every other column of the row, whatever it holds."""

    def goal_type(self, row: Row) -> str:
        """One of GOAL_TYPES. A row that does not say it is a work goal."""
        said = row.get(self.goal_column) if self.goal_column is not None else self.goal
        return said if isinstance(said, str) and said in GOAL_TYPES else GOAL_TYPES[0]

    def description(self, row: Row) -> str:
        """What is to be done: the first of its texts that has any; empty when none has."""
        name = self.described_in(row)
        return "" if name is None else self.text(row, name)

    def described_in(self, row: Row) -> str | None:
        """The text column that says it; None when none does."""
        return next((name for name in self.described_by if self.text(row, name)), None)

    def text(self, row: Row, name: str | None) -> str:
        """What a text column says, if there is such a column; empty where nothing can be seen."""
        blocks = cast(TextContent, row.get(name) or []) if name is not None else []
        return plain_text(blocks) if text_is_filled(blocks) else ""

    def makes_activity(self, row: Row) -> bool:
        """Whether there is anything to do in a row."""
        return self.description(row) != ""


@dataclass(frozen=True, slots=True)
class Part:
    """One field of the document, and all that is to be known of it."""

    name: str
    kind: PartKind
    field: Field
    label: Words | None = None
    """None: the element's own label is label enough."""
    help: Words | None = None
    sensitive: bool = False
    """May touch what GDPR art. 9 protects: a warning before writing, hidden in reports."""
    grounds: Grounds | None = None
    options: tuple[Option, ...] = ()
    scale: ScaleSteps | None = None
    columns: tuple[Column, ...] = ()
    rows_min: int = 0
    """Filled rows without which a table does not count as filled; one at least, whatever it says."""
    max_length: int | None = None
    """Characters. Warns, and is a guard at freeze; it never refuses what is written."""
    minimum: float | None = None
    maximum: float | None = None
    is_whole: bool = False
    unit: Words | None = None
    creates: Creates | None = None
    """What becomes of a table's rows."""
    choice: str | None = None
    """For the text beside an option: the part whose option it belongs to."""

    def is_filled(self, content: Content) -> bool:
        """Whether it counts as filled in a document with this content."""
        if self.kind is PartKind.TABLE:
            return len(self.filled_rows(content)) >= max(self.rows_min, 1)
        return _is_filled(self.kind, content.get(self.name))

    def filled_rows(self, content: Content) -> tuple[Row, ...]:
        """A table's rows whose required columns are filled; where none is required, those with anything."""
        return tuple(row for row in self.rows(content) if self._row_is_filled(row))

    def rows(self, content: Content) -> tuple[Row, ...]:
        """A table's rows, empty ones too."""
        return tuple(cast(list[Row], content.get(self.name) or []))

    def length(self, content: Content) -> int:
        """Characters of a text, as somebody counts them: lines are no characters. 0 for all else."""
        if self.kind not in (PartKind.RICH_TEXT, PartKind.TEXT):
            return 0
        return len(plain_text(cast(TextContent, content.get(self.name) or [])).replace("\n", ""))

    def is_too_long(self, content: Content) -> bool:
        """Whether a text has more characters than ``max_length``."""
        return self.max_length is not None and self.length(content) > self.max_length

    def _row_is_filled(self, row: Row) -> bool:
        required = [column for column in self.columns if column.required]
        if required:
            return all(column.is_filled(row) for column in required)
        return any(column.is_filled(row) for column in self.columns)


def _is_filled(kind: PartKind, value: Any) -> bool:
    """``value`` is of the shape that content has for the kind, or None."""
    match kind:
        case PartKind.RICH_TEXT | PartKind.TEXT:
            return text_is_filled(value or [])
        case PartKind.CHECKBOX:
            return value is True
        case PartKind.MULTI_CHOICE:
            return bool(value)
        case _:
            return value is not None
