"""The tables of a template: typed columns, alone or in groups, and what their rows become."""

import abc
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, ValidationInfo, field_validator

from crdt.schema import ROW_ID, ROW_REMOVED, Scalar, Table, Text, Value
from server.rules.limits import UPDATE
from server.template.parts import Column, Creates, Option, Part, PartKind, Source
from server.template.words import Identifier, NotEmpty, Once, Party, Strict, Words

GoalType = Literal["work_goal", "development_goal"]

DATES: dict[str, Words] = {
    "do": Words(sv="Genomförande", nb="Gjennomføring", en="Doing it"),
    "follow_up": Words(sv="Uppföljning", nb="Oppfølging", en="Following up"),
}
"""The two dates of a pair: ``datum.do``, ``datum.follow_up``."""


BECOMES: dict[str, Literal["develop", "how"]] = {
    "utveckla": "develop", "utvikle": "develop", "develop": "develop",
    "hur": "how", "hvordan": "how", "how": "how",
}  # fmt: skip
"""What a column is called that says what is to be developed, or how, in each language."""


class NumberRange(Strict):
    """What a number may be, and what it counts: hours, per cent."""

    min: FiniteFloat | None = None
    max: FiniteFloat | None = None
    integer: bool = False
    unit: Words | None = None

    @field_validator("max")
    @classmethod
    def _is_a_range(cls, value: float | None, info: ValidationInfo) -> float | None:
        low = info.data.get("min")
        if low is not None and value is not None and not low < value:
            raise ValueError("max must be more than min")
        return value

    @field_validator("integer")
    @classmethod
    def _has_whole_ends(cls, value: bool, info: ValidationInfo) -> bool:
        ends = (info.data.get("min"), info.data.get("max"))
        if value and any(end is not None and not end.is_integer() for end in ends):
            raise ValueError("min and max of a whole number must be whole")
        return value

    def value(self, name: str) -> Value:
        """The document's field. What a whole number is to a document is a step of a scale."""
        scalar = Scalar.SCALE if self.integer else Scalar.NUMBER
        return Value(name, scalar, minimum=self.min, maximum=self.max)


class PlainOption(Strict):
    """One answer to choose."""

    id: Identifier
    label: Words


class ColumnShape(Strict, abc.ABC):
    """What every kind of column has."""

    id: Identifier
    label: Words
    required: bool = False
    """A row without it does not count as filled."""

    @field_validator("id")
    @classmethod
    def _is_no_key_of_ours(cls, value: str) -> str:
        if value in (ROW_ID, ROW_REMOVED):
            raise ValueError(f"{value} is the name of a part of every row: choose another id")
        return value

    @abc.abstractmethod
    def columns(self, group: Words | None) -> tuple[Column, ...]:
        """The columns of the table that it makes, below the heading ``group``."""


class TextColumn(ColumnShape):
    """One paragraph. ``suggestions`` can be chosen as a beginning."""

    type: Literal["text"]
    suggestions: Literal[Source.UNIT_GOALS] | None = None
    becomes: Literal["develop", "how"] | None = None
    """As what an activity keeps it that is made of the row. A column whose id says so need not."""

    def columns(self, group: Words | None) -> tuple[Column, ...]:
        field = Text(self.id, rich=False)
        return (
            Column(
                self.id,
                PartKind.TEXT,
                self.label,
                field,
                group=group,
                required=self.required,
                suggestions=self.suggestions,
                becomes=self.becomes or BECOMES.get(self.id),
            ),
        )


class PersonColumn(ColumnShape):
    """One of the conversation's two people."""

    type: Literal["person"]

    def columns(self, group: Words | None) -> tuple[Column, ...]:
        field = Value(self.id, Scalar.PERSON)
        return (Column(self.id, PartKind.PERSON, self.label, field, group=group, required=self.required),)


class DateColumn(ColumnShape):
    """A calendar date."""

    type: Literal["date"]

    def columns(self, group: Words | None) -> tuple[Column, ...]:
        field = Value(self.id, Scalar.DATE)
        return (Column(self.id, PartKind.DATE, self.label, field, group=group, required=self.required),)


class DatePairColumn(ColumnShape):
    """When something is done and when it is followed up (F140)."""

    type: Literal["date_pair"]

    def columns(self, group: Words | None) -> tuple[Column, ...]:
        return tuple(
            Column(
                name,
                PartKind.DATE,
                label,
                Value(name, Scalar.DATE),
                group=group,
                pair=self.label,
                required=self.required,
            )
            for name, label in ((f"{self.id}.{each}", label) for each, label in DATES.items())
        )


class ChoiceColumn(ColumnShape):
    """One of some options."""

    type: Literal["single_choice"]
    options: Annotated[tuple[PlainOption, ...], NotEmpty]

    def columns(self, group: Words | None) -> tuple[Column, ...]:
        return (
            Column(
                self.id,
                PartKind.SINGLE_CHOICE,
                self.label,
                Value(self.id, Scalar.CHOICE, options=tuple(option.id for option in self.options)),
                group=group,
                required=self.required,
                options=tuple(Option(option.id, option.label) for option in self.options),
            ),
        )


class NumberColumn(ColumnShape, NumberRange):
    """A number."""

    type: Literal["number"]

    def columns(self, group: Words | None) -> tuple[Column, ...]:
        return (
            Column(
                self.id,
                PartKind.NUMBER,
                self.label,
                self.value(self.id),
                group=group,
                required=self.required,
                minimum=self.min,
                maximum=self.max,
                is_whole=self.integer,
                unit=self.unit,
            ),
        )


class CheckboxColumn(ColumnShape):
    """Something that is so, or is not."""

    type: Literal["checkbox"]

    def columns(self, group: Words | None) -> tuple[Column, ...]:
        field = Value(self.id, Scalar.CHECKBOX)
        return (Column(self.id, PartKind.CHECKBOX, self.label, field, group=group, required=self.required),)


AnyColumn = Annotated[
    TextColumn | PersonColumn | DateColumn | DatePairColumn | ChoiceColumn | NumberColumn | CheckboxColumn,
    Field(discriminator="type"),
]

COLUMN_TYPES = ("text", "person", "date", "date_pair", "single_choice", "number", "checkbox")


class ColumnGroup(Strict):
    """Columns below one heading."""

    title: Words
    columns: Annotated[tuple[AnyColumn, ...], NotEmpty]


class TableRows(Strict):
    """How many rows make the table filled, and who adds them: whoever writes the pane."""

    min: Annotated[int, Field(ge=0, le=UPDATE.table_rows_max)] = 0
    add: Annotated[tuple[Party, ...], Once] | None = None
    stable_row_ids: Literal[True] = True


class TableCreates(Strict):
    """That each row becomes an activity when the conversation closes."""

    kind: Literal["follow_up_activity"]
    goal_type: GoalType


class TableShape(Strict):
    """What a table is made of. ``columns``, or ``column_groups`` with columns of their own."""

    rows: TableRows = TableRows()
    columns: Annotated[tuple[AnyColumn, ...], NotEmpty] | None = None
    column_groups: Annotated[
        Annotated[tuple[ColumnGroup, ...], NotEmpty] | None, Field(validate_default=True)
    ] = None
    creates: TableCreates | None = None

    @field_validator("column_groups")
    @classmethod
    def _one_of_the_two(
        cls, value: tuple[ColumnGroup, ...] | None, info: ValidationInfo
    ) -> tuple[ColumnGroup, ...] | None:
        if "columns" in info.data and (value is None) == (info.data["columns"] is None):
            raise ValueError("a table has either columns or column_groups")
        return value

    @field_validator("creates")
    @classmethod
    def _says_what_to_do(cls, value: TableCreates | None, info: ValidationInfo) -> TableCreates | None:
        if value is None or not {"columns", "column_groups"} <= info.data.keys():
            return value
        groups: tuple[ColumnGroup, ...] = info.data["column_groups"] or ()
        columns = (*(info.data["columns"] or ()), *(each for group in groups for each in group.columns))
        if not any(isinstance(column, TextColumn) for column in columns):
            raise ValueError(
                "an activity needs words, so a table that creates any needs a column of type text"
            )
        return value

    def part(self, name: str, *, sensitive: bool = False) -> Part:
        """The table as a field of the document."""
        columns = (
            *(made for column in self.columns or () for made in column.columns(None)),
            *(
                made
                for group in self.column_groups or ()
                for column in group.columns
                for made in column.columns(group.title)
            ),
        )
        return Part(
            name,
            PartKind.TABLE,
            Table(name, tuple(column.field for column in columns)),
            sensitive=sensitive,
            columns=columns,
            rows_min=self.rows.min,
            creates=_creates(columns, self.creates.goal_type) if self.creates else None,
        )


def _creates(columns: tuple[Column, ...], goal: GoalType) -> Creates:
    # What somebody must write says best what is to be done; the organisation's own goals say it last.
    texts = sorted(
        (column for column in columns if column.kind is PartKind.TEXT),
        key=lambda column: (not column.required, column.suggestions is not None),
    )
    dates = [column for column in columns if column.kind is PartKind.DATE]
    pair = next((column.name.removesuffix(".do") for column in dates if column.name.endswith(".do")), None)
    single = next((column.name for column in dates if column.pair is None), None)
    said = {
        "responsible": next((each.name for each in columns if each.kind is PartKind.PERSON), None),
        "due": single if pair is None else f"{pair}.do",
        "follow_up": None if pair is None else f"{pair}.follow_up",
        "serves": next((each.name for each in texts if each.suggestions is not None), None),
        "develop": next((each.name for each in texts if each.becomes == "develop"), None),
        "how": next((each.name for each in texts if each.becomes == "how"), None),
    }
    return Creates(
        described_by=tuple(column.name for column in texts),
        goal=goal,
        others=tuple(column for column in columns if column.name not in said.values()),
        **said,
    )
