"""A record in one language, worded and ready to be drawn: what the page and the PDF have in common.

Plain data. ``server/pages/record_view.py`` makes it of a ``RecordContent``; a template draws it as HTML and
``paper.typ`` as PDF, so that both say the same. The order of everything is the order of reading.
"""

from dataclasses import dataclass

from crdt.content import TextContent


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One thing that was filled in. ``label`` is empty where the question's is label enough.

    Exactly one of ``text``, ``lines`` and ``table`` has something; none of them where nobody answered.
    """

    label: str
    help: str = ""
    grounds: tuple[str, ...] = ()
    text: TextContent | None = None
    """What somebody wrote, as blocks."""
    lines: tuple[str, ...] = ()
    """What somebody chose, each choice in words."""
    table: "SheetTable | None" = None

    @property
    def is_empty(self) -> bool:
        return self.text is None and not self.lines and self.table is None


@dataclass(frozen=True, slots=True)
class SheetGroup:
    """A heading above headings; empty where there is none."""

    label: str
    span: int


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A table: its headings, and in each cell one part, or the two dates of a pair."""

    groups: tuple[SheetGroup, ...]
    """Empty when no column has a group."""
    headings: tuple[str, ...]
    widths: tuple[int, ...]
    """Of each column, as a share of the whole: what is written takes more than what is chosen."""
    rows: tuple[tuple[tuple[SheetPart, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class SheetAnswer:
    """What was answered in one pane."""

    pane: str
    hand: str
    """Its colour: "emp", "man" or "joint"."""
    who: str
    parts: tuple[SheetPart, ...]


@dataclass(frozen=True, slots=True)
class SheetQuestion:
    """One question."""

    id: str
    number: str
    """As on the conversation's page; empty for what is only read, and above the tables of a plan."""
    label: str
    help: str
    shown: tuple[str, ...]
    """What it showed to be talked about."""
    answers: tuple[SheetAnswer, ...]


@dataclass(frozen=True, slots=True)
class SheetSection:
    """Questions under one heading."""

    id: str
    title: str
    help: str
    is_plan: bool
    questions: tuple[SheetQuestion, ...]


@dataclass(frozen=True, slots=True)
class SheetSignature:
    """One signature, as its statement says it."""

    name: str
    party: str
    words: str
    """As they were shown to the signer, in ``language``."""
    language: str
    comment: str
    details: str
    """When, how, and in which language the record was read."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole."""

    locale: str
    title: str
    under: str
    """Who with whom."""
    state: str
    """A sentence: signed, completed, frozen or a draft."""
    facts: tuple[tuple[str, str], ...]
    """What and its value: the template, the meeting, when it was closed."""
    sections: tuple[SheetSection, ...]
    signatures: tuple[SheetSignature, ...]
    is_draft: bool
