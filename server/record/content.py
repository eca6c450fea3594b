"""What a record says, as the people who took part read it: the shape of the format "samsyn-record/1".

A record stands on its own. It needs no template, no database and no server: the questions are in it as they
were asked, in every language of the template, and so are the names of those who answered. The classes below
are the format; their fields are the keys of the JSON, as they are named here. What is ``None`` or empty is
there as ``null``, ``[]`` or ``{}``; only answers that nobody gave are left out.

    words         {"sv": …, "nb": …, "en": …}: one text in every language
    instants      "2026-11-26T09:30:00Z", always UTC, whole seconds
    days          "2026-11-26"
    numbers       as RFC 8785 writes them: IEEE 754 doubles, so 2**60 is 1152921504606846976

An answer is, by the ``kind`` of its part:

    rich_text, text    a list of blocks, as ``crdt.content`` describes them
    single_choice      the id of an option
    multi_choice       a list of ids of options
    scale, number      a number
    date               a day
    checkbox           true
    person             the id of a person; ``people`` has the name
    table              a list of rows: {"id": …, column: answer}; rows that were removed are not in it
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from server.record.canonical_json import RecordUnreadable, parsed
from server.rules.access import Pane

FORMAT: Literal["samsyn-record/1"] = "samsyn-record/1"

Words = dict[str, str]
"""Locale -> text."""
Party = Literal["employee", "responsible"]
Meaning = Literal["seen", "agreed", "seen_and_done"]
Instant = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Shape(BaseModel):
    """A part of the format: unknown keys are errors, nothing is converted, nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RecordPerson(Shape):
    """One of the two parties."""

    id: str
    name: str
    title: Words
    party: Party


class RecordMeeting(Shape):
    """When and where the two meet."""

    at: Instant
    time_zone: str
    """As in the IANA database, ``Europe/Stockholm``."""
    place: str


class RecordTemplate(Shape):
    """Which questions these are."""

    id: str
    version: int
    kind: str
    name: Words


class RecordOption(Shape):
    """Something that could be chosen."""

    id: str
    label: Words
    free_text: str | None
    """The part with the text that stands beside it."""


class RecordScale(Shape):
    """A whole number from ``min`` to ``max``."""

    min: int
    max: int
    labels: dict[str, Words]
    """Step, as a decimal number -> what it means."""


class RecordColumn(Shape):
    """A column of a table."""

    name: str
    kind: str
    label: Words
    group: Words | None
    """The heading that it stands under with its neighbours."""
    pair: Words | None
    """Of one of two dates: what the pair is about."""
    unit: Words | None
    """What a number counts."""
    options: list[RecordOption]


class RecordPart(Shape):
    """One thing to fill in, and what was filled in."""

    name: str
    """The field of the documents: "a1", "b1.belastning", "handlingsplan.mal"."""
    kind: str
    label: Words | None
    """None: the label of the question is label enough."""
    help: Words | None
    sensitive: bool
    grounds: dict[str, list[str]]
    """Locale -> grounds that a law names, which the question asked about."""
    choice: str | None
    """Of a text beside an option: the part in which the option is chosen."""
    unit: Words | None
    """What a number counts."""
    options: list[RecordOption]
    scale: RecordScale | None
    columns: list[RecordColumn]
    answers: dict[str, Any]
    """Pane -> answer."""


class RecordElement(Shape):
    """One question."""

    id: str
    type: str
    label: Words
    help: Words | None
    sensitive: bool
    panes: list[str]
    """Where it is asked, in reading order: employee, manager, joint."""
    shown: list[str | Words]
    """What the question showed to be talked about: goals of the unit, activities, names."""
    parts: list[RecordPart]


class RecordSection(Shape):
    """Questions under one heading."""

    id: str
    title: Words
    help: Words | None
    note: Words | None
    """What was worth writing down here."""
    is_plan: bool
    elements: list[RecordElement]


class RecordContent(Shape):
    """All that was frozen, and that people sign."""

    format: Literal["samsyn-record/1"]
    conversation: str
    version: Annotated[int, Field(ge=1)]
    """Counts from 1; a conversation that was opened again has another."""
    template: RecordTemplate
    languages: list[str]
    employee: RecordPerson
    responsible: RecordPerson
    meeting: RecordMeeting | None
    panes: list[str]
    """The panes that are in here: in a record all, in a draft those that its reader may read."""
    meaning: Meaning | None
    """What a signature says; None where nobody signs."""
    people: dict[str, str]
    """Id -> name of everybody whom an answer names."""
    frozen_at: Instant
    salt: Sha256
    """256 random bits: who knows the hash alone cannot guess at the content."""
    sections: list[RecordSection]

    def parties(self) -> tuple[RecordPerson, RecordPerson]:
        """Both, the employee first."""
        return self.employee, self.responsible

    def name_of(self, person: str) -> str:
        """The name of somebody whom an answer names; the id, should the record not know it."""
        return self.people.get(person, person)


def read(content: bytes) -> RecordContent:
    """Read the canonical content of a record. Raises RecordUnreadable."""
    return content_of(parsed(content))


def _a_day(written: str) -> str:
    return date.fromisoformat(written).isoformat()


def content_of(value: Any) -> RecordContent:
    """As ``read``, for what has been parsed. Raises RecordUnreadable."""
    try:
        made = RecordContent.model_validate(value)
        for section in made.sections:
            for element in section.elements:
                for part in element.parts:
                    _check_answers(part)
    except (ValidationError, RecursionError) as error:
        raise RecordUnreadable(f"It is no record of the format {FORMAT}: {_first(error)}.") from error
    return made


class _Run(Shape):
    text: Annotated[str, StringConstraints(min_length=1)]
    bold: Literal[True] = True
    italic: Literal[True] = True


class _Break(Shape):
    is_break: Literal[True] = Field(alias="break")


class _Paragraph(Shape):
    type: Literal["paragraph"]
    runs: list[_Run | _Break]


class _List(Shape):
    type: Literal["bulletList", "orderedList"]
    items: Annotated[list[Annotated[list["_Block"], Field(min_length=1)]], Field(min_length=1)]
    start: int = 1


_Block = Annotated[_Paragraph | _List, Field(discriminator="type")]

_WORD: TypeAdapter[Any] = TypeAdapter(str)
_TEXT: TypeAdapter[Any] = TypeAdapter(list[_Block])
_NUMBER: TypeAdapter[Any] = TypeAdapter(int | float)
_ANSWERS: Mapping[str, TypeAdapter[Any]] = {
    "rich_text": _TEXT,
    "text": _TEXT,
    "single_choice": _WORD,
    "multi_choice": TypeAdapter(list[str]),
    "scale": _NUMBER,
    "number": _NUMBER,
    "date": TypeAdapter(Annotated[str, AfterValidator(_a_day)]),
    "checkbox": TypeAdapter(Literal[True]),
    "person": _WORD,
    "table": TypeAdapter(list[dict[str, Any]]),
}


def _check_answers(part: RecordPart) -> None:
    for answer in part.answers.values():
        _check(part.kind, answer)
        if part.kind == "table":
            for row in answer:
                for column in part.columns:
                    if column.name in row:
                        _check(column.kind, row[column.name])


def _check(kind: str, answer: Any) -> None:
    if kind not in _ANSWERS:
        raise RecordUnreadable(f"It is no record of the format {FORMAT}: it has no such kind of answer.")
    _ANSWERS[kind].validate_python(answer, strict=True)


def panes_of(element: RecordElement, content: RecordContent) -> list[Pane]:
    """Where a question is asked, as far as the content has those panes; in reading order."""
    return [pane for pane in Pane if pane in element.panes and pane in content.panes]


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return "it is nested too deeply"
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"])) or "the whole"
    return re.sub(r"\s+", " ", f"{where}: {first['msg']}")[:300]
