"""The action plan of a template (F121–F123, F137–F142): written together, and part of the record."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from server.template.elements import (
    Checkbox,
    ChoiceOption,
    Date,
    Element,
    MultiChoice,
    PersonChoice,
    ReadOnlyList,
    ShortText,
    TableOfRows,
)
from server.template.parts import Source
from server.template.shape import BOTH
from server.template.tables import TableRows, TableShape
from server.template.words import Identifier, NotEmpty, Strict, WordLists, Words

KINDS = "kinds"
NOT_NEEDED = "not_needed"
"""Ids that the plan gives to what it adds itself: ``handlingsplan.kinds``, ``handlingsplan.not_needed``."""

KINDS_LABEL = Words(sv="Vilket slags utveckling?", nb="Hva slags utvikling?", en="What kind of development?")
NOT_NEEDED_LABEL = Words(
    sv="Ingen utvecklingsplan behövs",
    nb="Det trengs ingen utviklingsplan",
    en="No development plan is needed",
)
NOT_NEEDED_HELP = Words(
    sv="Kryssa för om ni är överens om att inget utvecklingsmål behövs den här gången.",
    nb="Kryss av hvis dere er enige om at det ikke trengs et utviklingsmål denne gangen.",
    en="Tick this if you agree that no development goal is needed this time.",
)


class HeaderField(Strict):
    """One line of the plan's head. What has ``prefill`` is shown and not asked."""

    id: Identifier
    label: Words


class DateHeader(HeaderField):
    """A date to choose."""

    type: Literal["date"]

    def element(self, plan: str) -> Element:
        return Date.model_construct(id=f"{plan}.{self.id}", type="date", label=self.label)


class TextHeader(HeaderField):
    """A short text to write."""

    type: Literal["text"]

    def element(self, plan: str) -> Element:
        return ShortText.model_construct(id=f"{plan}.{self.id}", type="text", label=self.label)


class PersonHeader(HeaderField):
    """One of the two people: to choose, or the one whom ``prefill`` says."""

    type: Literal["person"]
    prefill: Literal["employee", "manager"] | None = None

    def element(self, plan: str) -> Element:
        id_ = f"{plan}.{self.id}"
        if self.prefill is None:
            return PersonChoice.model_construct(id=id_, type="person", label=self.label)
        source = Source.EMPLOYEE if self.prefill == "employee" else Source.RESPONSIBLE
        return ReadOnlyList.model_construct(id=id_, type="read_only_list", shown=source, label=self.label)


class UnitHeader(HeaderField):
    """The employee's unit."""

    type: Literal["unit"]
    prefill: Literal["unit"]

    def element(self, plan: str) -> Element:
        return ReadOnlyList.model_construct(
            id=f"{plan}.{self.id}", type="read_only_list", shown=Source.UNIT, label=self.label
        )


AnyHeader = Annotated[DateHeader | TextHeader | PersonHeader | UnitHeader, Field(discriminator="type")]

HEADER_TYPES = ("date", "text", "person", "unit")


class PlanTable(TableShape):
    """One table of the plan. Without a label it is called what its first group of columns is called."""

    id: Identifier
    label: Annotated[Words | None, Field(validate_default=True)] = None
    help: Words | None = None

    @field_validator("label")
    @classmethod
    def _is_called_something(cls, value: Words | None, info: ValidationInfo) -> Words | None:
        if value is None and info.data.get("columns") is not None:
            raise ValueError("a table without column_groups needs a label")
        return value

    @field_validator("rows")
    @classmethod
    def _are_added_by_both(cls, value: TableRows) -> TableRows:
        if value.add is not None and set(value.add) != BOTH:
            raise ValueError("rows.add differs from the writers of the plan, who are employee and manager")
        return value

    @property
    def title(self) -> Words:
        """What it is called."""
        return self.label or (self.column_groups or ())[0].title

    def element(self, plan: str) -> Element:
        told = {name: getattr(self, name) for name in TableShape.model_fields}
        return TableOfRows.model_construct(
            id=f"{plan}.{self.id}", type="table", label=self.title, help=self.help, **told
        )


class ActionPlan(Strict):
    """The plan: its head, its tables."""

    id: Identifier
    title: Words
    help: Words | None = None
    attached_to_record: Literal[True] = True
    """The plan is part of the conversation's record, always."""
    header_fields: tuple[AnyHeader, ...] = ()
    tables: Annotated[tuple[PlanTable, ...], NotEmpty]

    def elements(self, kinds: WordLists | None, *, may_lack_development: bool) -> Iterator[Element]:
        """Everything in it, in the order in which it is shown."""
        yield from (header.element(self.id) for header in self.header_fields)
        yield from (table.element(self.id) for table in self.tables)
        if kinds is not None:
            yield MultiChoice.model_construct(
                id=f"{self.id}.{KINDS}",
                type="multi_choice",
                label=KINDS_LABEL,
                options=tuple(
                    ChoiceOption(id=f"k{number}", label=words) for number, words in enumerate(kinds.words, 1)
                ),
            )
        if may_lack_development:
            yield Checkbox.model_construct(
                id=f"{self.id}.{NOT_NEEDED}", type="checkbox", label=NOT_NEEDED_LABEL, help=NOT_NEEDED_HELP
            )
