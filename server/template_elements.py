"""The element library (F59): each kind of question, what it stores and when it counts as filled.

A new kind is a class here and a name in ``Element``: it says which document fields it has and whether
their content is filled. Nothing else in the server needs to know the kinds, except the page that
draws them.
"""

import abc
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from crdt.content import Content, text_is_filled
from crdt.schema import VALUES, Scalar, Table, Text, Value
from crdt.schema import Field as DocumentField
from server.rules.access import Pane

LOCALES = ("sv", "nb", "en")

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Party = Literal["employee", "manager"]
Step = Literal["share", "sign", "complete"]


def _some(value: tuple[object, ...]) -> tuple[object, ...]:
    if not value:
        raise ValueError("at least one must be given")
    return value


NotEmpty = AfterValidator(_some)
"""For a list. Looks at it last, so that an error within it is not also reported as an empty list."""


class Strict(BaseModel):
    """A part of a template: unknown keys are errors, and nothing in it changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Words(Strict):
    """A text in every language of the product."""

    sv: Sentence
    nb: Sentence
    en: Sentence

    def to(self, locale: str) -> str:
        """The text in ``locale``, which is one of LOCALES."""
        return {"sv": self.sv, "nb": self.nb, "en": self.en}[locale]


class ElementShape(Strict, abc.ABC):
    """What every kind of element has."""

    id: Identifier
    label: Words
    help: Words | None = None
    panes: Annotated[tuple[Pane, ...], NotEmpty] | None = None
    filled_by: Annotated[tuple[Party, ...], NotEmpty] | None = None
    visible_to: tuple[Party, ...] | None = None
    sensitive: bool = False
    required_for: tuple[Step, ...] = ()

    @field_validator("id")
    @classmethod
    def _is_no_root_of_ours(cls, value: str) -> str:
        if value == VALUES:
            raise ValueError(f"{VALUES} is the name of a part of every document: choose another id")
        return value

    @field_validator("panes", mode="after")
    @classmethod
    def _in_reading_order(cls, value: tuple[Pane, ...] | None) -> tuple[Pane, ...] | None:
        return value if value is None else tuple(pane for pane in Pane if pane in value)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.visible_to is not None and set(self.visible_to) != {"employee", "manager"}:
            raise ValueError("visible_to differs from the readers of the pane, who are employee and manager")
        if "share" in self.required_for and self.lives_in == (Pane.JOINT,):
            raise ValueError("the joint pane is never shared, so nothing in it can be required for sharing")
        if self.required_for and not self.fields():
            raise ValueError("nothing is filled in here, so it cannot be required")
        return self

    @property
    def lives_in(self) -> tuple[Pane, ...]:
        """``panes`` if given, else the pane of the only one who fills it in, else the joint pane."""
        if self.panes is not None:
            return self.panes
        if self.filled_by is not None and len(self.filled_by) == 1:
            return (Pane(self.filled_by[0]),)
        return (Pane.JOINT,)

    @abc.abstractmethod
    def fields(self) -> tuple[DocumentField, ...]:
        """What it stores in the document of each pane that it lives in."""

    @abc.abstractmethod
    def is_filled(self, content: Content) -> bool:
        """Whether it counts as filled in a document with this content."""


class RichText(ElementShape):
    """Paragraphs and lists, bold and italic."""

    type: Literal["rich_text"]
    max_length: Annotated[int, Field(ge=1)] | None = None
    """Characters. Warns, and is a guard at freeze; it never refuses what is written."""

    def fields(self) -> tuple[DocumentField, ...]:
        return (Text(self.id),)

    def is_filled(self, content: Content) -> bool:
        blocks: Any = content.get(self.id) or []
        return text_is_filled(blocks)


class ScaleSteps(Strict):
    """A whole number from ``min`` to ``max``; ``labels`` says what some of them mean."""

    min: int
    max: int
    labels: dict[int, Words] = {}
    allow_blank: bool = True
    """Whether a chosen step can be taken back."""

    @model_validator(mode="after")
    def _is_a_scale(self) -> Self:
        if not self.min < self.max <= self.min + 10:
            raise ValueError("a scale goes from min up to max, in eleven steps at most")
        if strays := [step for step in self.labels if not self.min <= step <= self.max]:
            raise ValueError(f"the scale has no step {strays[0]}")
        return self


class Scale(ElementShape):
    """One step of a scale."""

    type: Literal["scale"]
    scale: ScaleSteps

    def fields(self) -> tuple[DocumentField, ...]:
        return (Value(self.id, Scalar.SCALE, minimum=self.scale.min, maximum=self.scale.max),)

    def is_filled(self, content: Content) -> bool:
        return content.get(self.id) is not None


class Date(ElementShape):
    """A calendar date."""

    type: Literal["date"]

    def fields(self) -> tuple[DocumentField, ...]:
        return (Value(self.id, Scalar.DATE),)

    def is_filled(self, content: Content) -> bool:
        return content.get(self.id) is not None


GOAL_TYPES = ("work_goal", "development_goal")

ACTIVITY_COLUMNS: dict[str, Text | Value] = {
    "goal_type": Value("goal_type", Scalar.CHOICE, options=GOAL_TYPES),
    "description": Text("description", rich=False),
    "responsible": Value("responsible", Scalar.PERSON),
    "due_date": Value("due_date", Scalar.DATE),
    "follow_up_date": Value("follow_up_date", Scalar.DATE),
}
"""The columns that an activity table can have, by name."""

ActivityColumn = Literal["goal_type", "description", "responsible", "due_date", "follow_up_date"]


class ActivityTable(ElementShape):
    """What the two agree to do: rows that become follow-up activities when the conversation closes."""

    type: Literal["activity_table"]
    creates: Literal["follow_up_activity"] = "follow_up_activity"
    columns: Annotated[tuple[ActivityColumn, ...], NotEmpty]

    @field_validator("columns")
    @classmethod
    def _describes_itself(cls, value: tuple[ActivityColumn, ...]) -> tuple[ActivityColumn, ...]:
        if "description" not in value:
            raise ValueError("an activity needs the column description")
        if len(set(value)) != len(value):
            raise ValueError("a column is there once at most")
        return value

    def fields(self) -> tuple[DocumentField, ...]:
        return (Table(self.id, tuple(ACTIVITY_COLUMNS[column] for column in self.columns)),)

    def is_filled(self, content: Content) -> bool:
        rows: Any = content.get(self.id) or []
        return any(text_is_filled(row.get("description", [])) for row in rows)


class ActivityReview(ElementShape):
    """The employee's activities as they stand, read-only: nothing is stored in the document."""

    type: Literal["activity_review"]

    def fields(self) -> tuple[DocumentField, ...]:
        return ()

    def is_filled(self, content: Content) -> bool:
        return False


Element = RichText | Scale | Date | ActivityTable | ActivityReview

ELEMENT_TYPES = ("rich_text", "scale", "date", "activity_table", "activity_review")
