"""The element library (F59): each kind of question as a form administrator writes it.

A new kind is a class here and a name in ``Element``: it says of which parts it consists
(``server/template_parts.py``). Nothing else in the server needs to know the kinds.
"""

import abc
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from crdt.content import Content
from crdt.schema import VALUES, ChoiceSet, Scalar, Table, Text, Value
from crdt.schema import Field as DocumentField
from server.rules.access import Pane
from server.template_parts import Column, Creates, Option, Part, PartKind, ScaleSteps, Source
from server.template_tables import DATES, NumberRange, PlainOption, TableRows, TableShape
from server.template_words import Grounds, Identifier, NotEmpty, Once, Party, Step, Strict, Words

BOTH: frozenset[Party] = frozenset(("employee", "manager"))


def writers(panes: tuple[Pane, ...]) -> frozenset[str]:
    """Who fills in these panes."""
    return BOTH if Pane.JOINT in panes else frozenset(pane.value for pane in panes)


class ElementShape(Strict, abc.ABC):
    """What every kind of element has."""

    answers: ClassVar[bool] = True
    """Whether anything is filled in."""

    id: Identifier
    label: Words
    help: Words | None = None
    panes: Annotated[tuple[Pane, ...], NotEmpty, Once] | None = None
    filled_by: Annotated[tuple[Party, ...], NotEmpty, Once] | None = None
    visible_to: tuple[Party, ...] | None = None
    sensitive: bool = False
    required_for: Annotated[tuple[Step, ...], Once] = ()

    @field_validator("id")
    @classmethod
    def _is_no_root_of_ours(cls, value: str) -> str:
        if value == VALUES:
            raise ValueError(f"{VALUES} is the name of a part of every document: choose another id")
        return value

    @field_validator("panes", mode="after")
    @classmethod
    def _in_reading_order(cls, value: tuple[Pane, ...] | None) -> tuple[Pane, ...] | None:
        if value is not None and not cls.answers and value != (Pane.JOINT,):
            raise ValueError("what is only shown is shown to both, so it stands in the joint pane")
        return value if value is None else tuple(pane for pane in Pane if pane in value)

    @field_validator("filled_by")
    @classmethod
    def _writes_the_panes(
        cls, value: tuple[Party, ...] | None, info: ValidationInfo
    ) -> tuple[Party, ...] | None:
        if value is not None and not cls.answers:
            raise ValueError("nothing is filled in here")
        panes = info.data.get("panes")
        if value is not None and panes is not None and set(value) != writers(panes):
            raise ValueError(f"filled_by differs from the writers of the panes, {_names(writers(panes))}")
        return value

    @field_validator("visible_to")
    @classmethod
    def _is_read_by_both(cls, value: tuple[Party, ...] | None) -> tuple[Party, ...] | None:
        if value is not None and set(value) != BOTH:
            raise ValueError("visible_to differs from the readers of the pane, who are employee and manager")
        return value

    @field_validator("required_for")
    @classmethod
    def _can_be_filled(cls, value: tuple[Step, ...], info: ValidationInfo) -> tuple[Step, ...]:
        if value and not cls.answers:
            raise ValueError("nothing is filled in here, so it cannot be required")
        is_joint = {"panes", "filled_by"} <= info.data.keys() and (
            _lives_in(info.data["panes"], info.data["filled_by"]) == (Pane.JOINT,)
        )
        if "share" in value and is_joint:
            raise ValueError("the joint pane is never shared, so nothing in it can be required for sharing")
        return value

    @property
    def lives_in(self) -> tuple[Pane, ...]:
        """``panes`` if given, else the pane of the only one who fills it in, else the joint pane."""
        return _lives_in(self.panes, self.filled_by)

    @property
    def source(self) -> Source | None:
        """What is shown, where nothing is asked."""
        return None

    @abc.abstractmethod
    def parts(self) -> tuple[Part, ...]:
        """What it stores in the document of each pane that it lives in."""

    def fields(self) -> tuple[DocumentField, ...]:
        """The document's field of each part."""
        return tuple(part.field for part in self.parts())

    def is_filled(self, content: Content) -> bool:
        """Whether it counts as filled: any part does, apart from texts beside options."""
        return any(part.is_filled(content) for part in self.parts() if part.choice is None)

    def demanded_in(self, step: Step) -> tuple[Pane, ...]:
        """The panes in which it must be filled before ``step`` (F60).

        To share, in the pane that is shared; else in the joint pane if it lives there, or in all its panes.
        """
        if step not in self.required_for:
            return ()
        if step == "share":
            return tuple(pane for pane in self.lives_in if pane is not Pane.JOINT)
        return (Pane.JOINT,) if Pane.JOINT in self.lives_in else self.lives_in


def _lives_in(panes: tuple[Pane, ...] | None, filled_by: tuple[Party, ...] | None) -> tuple[Pane, ...]:
    if panes is not None:
        return panes
    if filled_by is not None and len(set(filled_by)) == 1:
        return (Pane(filled_by[0]),)
    return (Pane.JOINT,)


def _names(parties: frozenset[str]) -> str:
    return "who are employee and manager" if len(parties) > 1 else f"who is {next(iter(parties))}"


class RichText(ElementShape):
    """Paragraphs and lists, bold and italic."""

    type: Literal["rich_text"]
    max_length: Annotated[int, Field(ge=1)] | None = None

    def parts(self) -> tuple[Part, ...]:
        return (
            Part(
                self.id,
                PartKind.RICH_TEXT,
                Text(self.id),
                sensitive=self.sensitive,
                max_length=self.max_length,
            ),
        )


class ShortText(ElementShape):
    """One paragraph without marks."""

    type: Literal["text"]
    max_length: Annotated[int, Field(ge=1)] | None = None

    def parts(self) -> tuple[Part, ...]:
        return (
            Part(
                self.id,
                PartKind.TEXT,
                Text(self.id, rich=False),
                sensitive=self.sensitive,
                max_length=self.max_length,
            ),
        )


class Topic(Strict):
    """One subject of a question, with a text of its own."""

    id: Identifier
    label: Words
    help: Words | None = None
    sensitive: bool = False
    grounds: Grounds | None = None


class TopicText(ElementShape):
    """A question of several topics, each with a text (F127)."""

    type: Literal["topic_text"]
    topics: Annotated[tuple[Topic, ...], NotEmpty]
    max_length: Annotated[int, Field(ge=1)] | None = None
    """Characters of each topic's text."""

    def parts(self) -> tuple[Part, ...]:
        return tuple(
            Part(
                f"{self.id}.{topic.id}",
                PartKind.RICH_TEXT,
                Text(f"{self.id}.{topic.id}"),
                label=topic.label,
                help=topic.help,
                sensitive=self.sensitive or topic.sensitive,
                grounds=topic.grounds,
                max_length=self.max_length,
            )
            for topic in self.topics
        )


class ChoiceOption(PlainOption):
    """One answer to choose, perhaps with a text of one's own beside it."""

    free_text: bool = False


class ChoiceShape(ElementShape):
    """A question with options."""

    options: Annotated[tuple[ChoiceOption, ...], NotEmpty]

    def _options(self) -> tuple[Option, ...]:
        return tuple(
            Option(option.id, option.label, f"{self.id}.{option.id}" if option.free_text else None)
            for option in self.options
        )

    def _texts(self) -> tuple[Part, ...]:
        """The texts beside options."""
        return tuple(
            Part(
                option.free_text,
                PartKind.TEXT,
                Text(option.free_text, rich=False),
                label=option.label,
                sensitive=self.sensitive,
                choice=self.id,
            )
            for option in self._options()
            if option.free_text is not None
        )


class SingleChoice(ChoiceShape):
    """One of some options."""

    type: Literal["single_choice"]

    def parts(self) -> tuple[Part, ...]:
        field = Value(self.id, Scalar.CHOICE, options=tuple(option.id for option in self.options))
        choice = Part(
            self.id, PartKind.SINGLE_CHOICE, field, sensitive=self.sensitive, options=self._options()
        )
        return (choice, *self._texts())


class MultiChoice(ChoiceShape):
    """Any number of some options."""

    type: Literal["multi_choice"]

    def parts(self) -> tuple[Part, ...]:
        field = ChoiceSet(self.id, tuple(option.id for option in self.options))
        choice = Part(
            self.id, PartKind.MULTI_CHOICE, field, sensitive=self.sensitive, options=self._options()
        )
        return (choice, *self._texts())


class Scale(ElementShape):
    """One step of a scale."""

    type: Literal["scale"]
    scale: ScaleSteps

    def parts(self) -> tuple[Part, ...]:
        field = Value(self.id, Scalar.SCALE, minimum=self.scale.min, maximum=self.scale.max)
        return (Part(self.id, PartKind.SCALE, field, sensitive=self.sensitive, scale=self.scale),)


class Date(ElementShape):
    """A calendar date."""

    type: Literal["date"]

    def parts(self) -> tuple[Part, ...]:
        return (Part(self.id, PartKind.DATE, Value(self.id, Scalar.DATE), sensitive=self.sensitive),)


class DatePair(ElementShape):
    """When something is done and when it is followed up. Filled when both are."""

    type: Literal["date_pair"]

    def parts(self) -> tuple[Part, ...]:
        return tuple(
            Part(name, PartKind.DATE, Value(name, Scalar.DATE), label=label, sensitive=self.sensitive)
            for name, label in ((f"{self.id}.{each}", label) for each, label in DATES.items())
        )

    def is_filled(self, content: Content) -> bool:
        return all(part.is_filled(content) for part in self.parts())


class Number(ElementShape, NumberRange):
    """A number."""

    type: Literal["number"]

    def parts(self) -> tuple[Part, ...]:
        return (
            Part(
                self.id,
                PartKind.NUMBER,
                self.value(self.id),
                sensitive=self.sensitive,
                minimum=self.min,
                maximum=self.max,
                is_whole=self.integer,
                unit=self.unit,
            ),
        )


class Checkbox(ElementShape):
    """Something that is so, or is not. Filled when it is checked."""

    type: Literal["checkbox"]

    def parts(self) -> tuple[Part, ...]:
        return (Part(self.id, PartKind.CHECKBOX, Value(self.id, Scalar.CHECKBOX), sensitive=self.sensitive),)


class PersonChoice(ElementShape):
    """One of the conversation's two people."""

    type: Literal["person"]

    def parts(self) -> tuple[Part, ...]:
        return (Part(self.id, PartKind.PERSON, Value(self.id, Scalar.PERSON), sensitive=self.sensitive),)


class TableOfRows(TableShape, ElementShape):
    """Rows of typed columns."""

    type: Literal["table"]

    @field_validator("rows")
    @classmethod
    def _are_added_by_writers(cls, value: TableRows, info: ValidationInfo) -> TableRows:
        if value.add is not None and {"panes", "filled_by"} <= info.data.keys():
            here = writers(_lives_in(info.data["panes"], info.data["filled_by"]))
            if set(value.add) != here:
                raise ValueError(f"rows.add differs from the writers of the pane, {_names(here)}")
        return value

    def parts(self) -> tuple[Part, ...]:
        return (self.part(self.id, sensitive=self.sensitive),)


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
                rows_min=1,
                creates=creates,
            ),
        )


class Info(ElementShape):
    """A sentence to read; its label is all of it."""

    answers: ClassVar[bool] = False
    type: Literal["info"]

    def parts(self) -> tuple[Part, ...]:
        return ()


class ReadOnlyList(ElementShape):
    """What the organisation says: the unit's goals, or who and where somebody is."""

    answers: ClassVar[bool] = False
    type: Literal["read_only_list"]
    shown: Literal[Source.UNIT_GOALS, Source.EMPLOYEE, Source.RESPONSIBLE, Source.UNIT] = Field(
        alias="source"
    )

    @property
    def source(self) -> Source:
        return self.shown

    def parts(self) -> tuple[Part, ...]:
        return ()


class ActivityReview(ElementShape):
    """The employee's activities as they stand, read-only: nothing is stored in the document."""

    answers: ClassVar[bool] = False
    type: Literal["activity_review"]

    @property
    def source(self) -> Source:
        return Source.ACTIVITIES

    def parts(self) -> tuple[Part, ...]:
        return ()


Element = (
    RichText
    | ShortText
    | TopicText
    | SingleChoice
    | MultiChoice
    | Scale
    | Date
    | DatePair
    | Number
    | Checkbox
    | PersonChoice
    | TableOfRows
    | ActivityTable
    | Info
    | ReadOnlyList
    | ActivityReview
)

ELEMENT_TYPES = (
    "rich_text",
    "text",
    "topic_text",
    "single_choice",
    "multi_choice",
    "scale",
    "date",
    "date_pair",
    "number",
    "checkbox",
    "person",
    "table",
    "activity_table",
    "info",
    "read_only_list",
    "activity_review",
)
