"""The two elements that are about follow-up activities: what is agreed, and how it stands."""

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import ValidationInfo, field_validator

from crdt.schema import Scalar, Table, Text, Value
from server.template.parts import Column, Creates, Option, Part, PartKind, Source
from server.template.shape import ElementShape
from server.template.words import NotEmpty, Once, Words

GOAL_OPTIONS = (
    Option("work_goal", Words(sv="Arbetsmål", nb="Arbeidsmål", en="Work goal")),
    Option("development_goal", Words(sv="Utvecklingsmål", nb="Utviklingsmål", en="Development goal")),
)

ACTIVITY_COLUMNS = (
    Column(
        "goal_type",
        PartKind.SINGLE_CHOICE,
        Words(sv="Typ av mål", nb="Type mål", en="Type of goal"),
        Value("goal_type", Scalar.CHOICE, options=tuple(option.id for option in GOAL_OPTIONS)),
        options=GOAL_OPTIONS,
    ),
    Column(
        "description",
        PartKind.TEXT,
        Words(sv="Vad som ska göras", nb="Hva som skal gjøres", en="What will be done"),
        Text("description", rich=False),
        required=True,
    ),
    Column(
        "responsible",
        PartKind.PERSON,
        Words(sv="Ansvarig", nb="Ansvarlig", en="Responsible"),
        Value("responsible", Scalar.PERSON),
    ),
    Column(
        "due_date",
        PartKind.DATE,
        Words(sv="Klart senast", nb="Ferdig innen", en="Done by"),
        Value("due_date", Scalar.DATE),
    ),
    Column(
        "follow_up_date",
        PartKind.DATE,
        Words(sv="Följs upp", nb="Følges opp", en="Followed up on"),
        Value("follow_up_date", Scalar.DATE),
    ),
)
"""The columns that an activity table can have."""

ActivityColumn = Literal["goal_type", "description", "responsible", "due_date", "follow_up_date"]


class ActivityTable(ElementShape):
    """What the two agree to do: rows that become follow-up activities when the conversation closes."""

    type: Literal["activity_table"]
    creates: Literal["follow_up_activity"] = "follow_up_activity"
    columns: Annotated[tuple[ActivityColumn, ...], NotEmpty, Once]
    required: Annotated[tuple[ActivityColumn, ...], Once] = ()
    """Columns without which a row is not filled, beside the description (F81)."""

    @field_validator("columns")
    @classmethod
    def _describes_itself(cls, value: tuple[ActivityColumn, ...]) -> tuple[ActivityColumn, ...]:
        if "description" not in value:
            raise ValueError("an activity needs the column description")
        return value

    @field_validator("required")
    @classmethod
    def _are_columns(
        cls, value: tuple[ActivityColumn, ...], info: ValidationInfo
    ) -> tuple[ActivityColumn, ...]:
        if strays := [name for name in value if name not in info.data.get("columns", value)]:
            raise ValueError(f"{strays[0]} is required, and is none of the columns")
        return value

    def parts(self) -> tuple[Part, ...]:
        known = {column.name: column for column in ACTIVITY_COLUMNS}
        columns = tuple(
            replace(known[name], required=known[name].required or name in self.required)
            for name in self.columns
        )
        creates = Creates(
            described_by=("description",),
            goal_column="goal_type" if "goal_type" in self.columns else None,
            responsible="responsible" if "responsible" in self.columns else None,
            due="due_date" if "due_date" in self.columns else None,
            follow_up="follow_up_date" if "follow_up_date" in self.columns else None,
        )
        field = Table(self.id, tuple(column.field for column in columns))
        return (
            Part(
                self.id,
                PartKind.TABLE,
                field,
                sensitive=self.sensitive,
                columns=columns,
                creates=creates,
            ),
        )


class ActivityReview(ElementShape):
    """The employee's activities as they stand, read-only: nothing is stored in the document."""

    answers: ClassVar[bool] = False
    type: Literal["activity_review"]

    @property
    def source(self) -> Source:
        return Source.ACTIVITIES

    def parts(self) -> tuple[Part, ...]:
        return ()
