"""A part of a question as one person sees it: its words, its choices and its columns, ready to be drawn.

Pure, and for every kind of part at once: the page knows parts, and no kind of question. Each has one place on
the page (``PartSeen.id``); ``web/client/src/field_names.ts`` says what the client finds there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

from crdt.content import Content
from server.people import Person
from server.rules.access import Pane
from server.template.parts import Column, Option, Part, PartKind, Source
from server.template.words import Words

Shown = Mapping[Source, tuple[str, ...]]
"""What a question shows without asking for it, in the person's language."""


@dataclass(frozen=True, slots=True)
class OptionSeen:
    """One answer to choose, and the text that stands beside it."""

    id: str
    label: str
    is_chosen: bool = False
    free_text: "PartSeen | None" = None


@dataclass(frozen=True, slots=True)
class ColumnSeen:
    """One column. ``is_text``: written in an editor; everything else is chosen or a single line."""

    name: str
    kind: str
    label: str
    required: bool
    options: tuple[OptionSeen, ...]
    suggestions: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    is_whole: bool
    unit: str

    @property
    def is_text(self) -> bool:
        return self.kind == PartKind.TEXT


@dataclass(frozen=True, slots=True)
class Slot:
    """What stands under one heading of a table: a column, or the two dates of a pair, one below the other."""

    label: str
    columns: tuple[ColumnSeen, ...]

    @property
    def name(self) -> str:
        """Unique in the table."""
        return self.columns[0].name

    @property
    def kind(self) -> str:
        return self.columns[0].kind

    @property
    def is_pair(self) -> bool:
        return len(self.columns) > 1

    @property
    def required(self) -> bool:
        return any(column.required for column in self.columns)


@dataclass(frozen=True, slots=True)
class Group:
    """Neighbouring headings under one of their own; ``label`` is empty where there is none."""

    label: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class PartSeen:
    """One part in one pane. ``value`` is None where nothing is filled in, and where the person may not read.

    ``question`` is what it asks, spoken of from elsewhere: "Work situation: Workload".
    """

    pane: Pane
    name: str
    kind: str
    label: str
    question: str
    help: str
    sensitive: bool
    grounds: tuple[str, ...]
    value: Any
    is_required: bool
    options: tuple[OptionSeen, ...]
    steps: tuple[tuple[int, str], ...]
    """Of a scale: each step with what it means, or an empty sentence."""
    can_clear: bool
    groups: tuple[Group, ...]
    """Of a table."""
    rows_min: int
    max_length: int | None
    minimum: float | None
    maximum: float | None
    is_whole: bool
    unit: str

    @property
    def key(self) -> str:
        """Unique on the page."""
        return f"{self.pane}-{self.name}"

    @property
    def id(self) -> str:
        """Its place on the page, to which links lead."""
        return f"f-{self.key}"

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Of a table: all its headings."""
        return tuple(slot for group in self.groups for slot in group.slots)

    @property
    def columns(self) -> tuple[ColumnSeen, ...]:
        return tuple(column for slot in self.slots for column in slot.columns)

    @property
    def has_groups(self) -> bool:
        return any(group.label for group in self.groups)

    @property
    def chosen(self) -> tuple[OptionSeen, ...]:
        return tuple(option for option in self.options if option.is_chosen)


def parts(
    of: Iterable[Part],
    question: str,
    pane: Pane,
    content: Content | None,
    *,
    is_required: bool,
    people: tuple[Person, ...],
    shown: Shown,
    locale: str,
) -> tuple[PartSeen, ...]:
    """The parts of one question in one pane; a text beside an option is in its option, not among them.

    ``content`` is None where the person may not read. ``people``: who can be chosen for a person.
    """
    every = tuple(of)
    texts = {each.name: each for each in every if each.choice is not None}

    def seen(part: Part, free: Mapping[str, PartSeen]) -> PartSeen:
        label = _words(part.label, locale)
        value: Any = (content or {}).get(part.name)
        return PartSeen(
            pane=pane,
            name=part.name,
            kind=part.kind.value,
            label=label,
            question=f"{question}: {label}" if label else question,
            help=_words(part.help, locale),
            sensitive=part.sensitive,
            grounds=part.grounds.to(locale) if part.grounds else (),
            value=value,
            is_required=is_required,
            options=_options(part, value, free, people, locale),
            steps=_steps(part, locale),
            can_clear=part.kind is PartKind.SINGLE_CHOICE or bool(part.scale and part.scale.allow_blank),
            groups=_groups(part.columns, people, shown, locale),
            rows_min=part.rows_min,
            max_length=part.max_length,
            minimum=part.minimum,
            maximum=part.maximum,
            is_whole=part.is_whole,
            unit=_words(part.unit, locale),
        )

    free = {name: seen(part, {}) for name, part in texts.items()}
    return tuple(seen(part, free) for part in every if part.name not in texts)


def _words(words: Words | None, locale: str) -> str:
    return words.to(locale) if words else ""


def _options(
    part: Part | Column, value: Any, free: Mapping[str, PartSeen], people: tuple[Person, ...], locale: str
) -> tuple[OptionSeen, ...]:
    if part.kind is PartKind.PERSON:
        return tuple(OptionSeen(each.id, each.name, value == each.id) for each in people)
    chosen = cast("list[str]", value) if isinstance(value, list) else [value]
    return tuple(_option(each, chosen, free, locale) for each in part.options)


def _option(option: Option, chosen: list[str], free: Mapping[str, PartSeen], locale: str) -> OptionSeen:
    text = free.get(option.free_text) if option.free_text else None
    return OptionSeen(option.id, option.label.to(locale), option.id in chosen, text)


def _steps(part: Part, locale: str) -> tuple[tuple[int, str], ...]:
    scale = part.scale
    if scale is None:
        return ()
    return tuple(
        (step, scale.labels[step].to(locale) if step in scale.labels else "")
        for step in range(scale.min, scale.max + 1)
    )


def _groups(
    columns: tuple[Column, ...], people: tuple[Person, ...], shown: Shown, locale: str
) -> tuple[Group, ...]:
    def seen(column: Column) -> ColumnSeen:
        return ColumnSeen(
            name=column.name,
            kind=column.kind.value,
            label=column.label.to(locale),
            required=column.required,
            options=_options(column, None, {}, people, locale),
            suggestions=shown.get(column.suggestions, ()) if column.suggestions else (),
            minimum=column.minimum,
            maximum=column.maximum,
            is_whole=column.is_whole,
            unit=_words(column.unit, locale),
        )

    def slots(of: Iterable[Column]) -> tuple[Slot, ...]:
        made: list[Slot] = []
        # The two dates of a pair are neighbours, and named after it: ``datum.do``, ``datum.follow_up``.
        for _, together in groupby(of, key=lambda column: column.name.partition(".")[0]):
            found = list(together)
            label = _words(found[0].pair, locale) or found[0].label.to(locale)
            made.append(Slot(label, tuple(map(seen, found))))
        return tuple(made)

    grouped = groupby(columns, key=lambda column: column.group)
    return tuple(Group(_words(group, locale), slots(of)) for group, of in grouped)
