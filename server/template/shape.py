"""What every kind of element has: where it lives, who fills it in, when it must be filled."""

import abc
from typing import Annotated, ClassVar

from pydantic import ValidationInfo, field_validator

from crdt.content import Content
from crdt.schema import VALUES
from crdt.schema import Field as DocumentField
from server.rules.access import Pane
from server.template.parts import Part, Source
from server.template.words import Identifier, NotEmpty, Once, Party, Step, Strict, Words

BOTH: frozenset[Party] = frozenset(("employee", "manager"))


def writers(panes: tuple[Pane, ...]) -> frozenset[str]:
    """Who fills in these panes."""
    return BOTH if Pane.JOINT in panes else frozenset(pane.value for pane in panes)


def who(parties: frozenset[str]) -> str:
    """The end of a sentence about them."""
    return "who are employee and manager" if len(parties) > 1 else f"who is {next(iter(parties))}"


def home(panes: tuple[Pane, ...] | None, filled_by: tuple[Party, ...] | None) -> tuple[Pane, ...]:
    """The panes of an element: those given, else that of the only one who fills it in, else the joint one."""
    if panes is not None:
        return panes
    if filled_by is not None and len(filled_by) == 1:
        return (Pane(filled_by[0]),)
    return (Pane.JOINT,)


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
            raise ValueError(f"filled_by differs from the writers of the panes, {who(writers(panes))}")
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
            home(info.data["panes"], info.data["filled_by"]) == (Pane.JOINT,)
        )
        if "share" in value and is_joint:
            raise ValueError("the joint pane is never shared, so nothing in it can be required for sharing")
        return value

    @property
    def lives_in(self) -> tuple[Pane, ...]:
        """The panes in which it is asked, in reading order."""
        return home(self.panes, self.filled_by)

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
