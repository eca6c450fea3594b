"""The element library (F59): each kind of question as a form administrator writes it.

A new kind is a class here and a name in ``Element``: it says of which parts it consists
(``server/template/parts.py``). Nothing else in the server needs to know the kinds.
"""

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator

from crdt.content import Content
from crdt.schema import ChoiceSet, Scalar, Text, Value
from server.template.activities import ActivityReview, ActivityTable
from server.template.parts import Option, Part, PartKind, ScaleSteps, Source
from server.template.shape import ElementShape, home, who, writers
from server.template.tables import DATES, NumberRange, PlainOption, TableRows, TableShape
from server.template.words import Grounds, Identifier, NotEmpty, Strict, Words


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
            here = writers(home(info.data["panes"], info.data["filled_by"]))
            if set(value.add) != here:
                raise ValueError(f"rows.add differs from the writers of the pane, {who(here)}")
        return value

    def parts(self) -> tuple[Part, ...]:
        return (self.part(self.id, sensitive=self.sensitive),)


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

ELEMENT_TYPES: tuple[str, ...] = tuple(
    name for kind in get_args(Element) for name in get_args(kind.model_fields["type"].annotation)
)
