"""The format in which an older system's follow-up activities come in: a CSV file, one activity a row (F73).

UTF-8, with a byte order mark or without; commas or semicolons between the cells; the columns' headings in the
first row, in any order and any of the three languages. ``server/archive_file.py`` reads it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Final

from server.activities import ActivityState, GoalType
from server.template.words import LOCALES, Words

ID_CHARACTERS: Final = 32
"""Of an activity's id, as every one has it."""
DATES: Final = ("%Y-%m-%d", "%d.%m.%Y")
"""How a day may be written: 2024-03-31, 31.03.2024."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column that is known: what it is called, and whether every row must have something in it."""

    words: Words
    required: bool = False


EMPLOYEE, KIND, TITLE, STATE = "employee", "kind", "title", "state"
DESCRIPTION, RESPONSIBLE, DUE, ENDED, REFERENCE = "description", "responsible", "due", "ended", "reference"

HEADINGS: Final[Mapping[str, Heading]] = {
    EMPLOYEE: Heading(Words(sv="Medarbetare", nb="Medarbeider", en="Employee"), required=True),
    KIND: Heading(Words(sv="Typ av mål", nb="Type mål", en="Type of goal"), required=True),
    TITLE: Heading(
        Words(sv="Vad som ska göras", nb="Hva som skal gjøres", en="What is to be done"), required=True
    ),
    STATE: Heading(Words(sv="Status", nb="Status", en="State"), required=True),
    DESCRIPTION: Heading(Words(sv="Beskrivning", nb="Beskrivelse", en="Description")),
    RESPONSIBLE: Heading(Words(sv="Ansvarig", nb="Ansvarlig", en="Responsible")),
    DUE: Heading(Words(sv="Klart senast", nb="Ferdig innen", en="Done by")),
    ENDED: Heading(Words(sv="Avslutat den", nb="Avsluttet den", en="Ended on")),
    REFERENCE: Heading(Words(sv="Referens", nb="Referanse", en="Reference")),
}
"""Every column that is known. Others may stand beside them, and are kept as they are."""

KINDS: Final[Mapping[GoalType, Words]] = {
    GoalType.WORK: Words(sv="Arbetsmål", nb="Arbeidsmål", en="Work goal"),
    GoalType.DEVELOPMENT: Words(sv="Utvecklingsmål", nb="Utviklingsmål", en="Development goal"),
}
STATES: Final[Mapping[ActivityState, Words]] = {
    ActivityState.ACTIVE: Words(sv="Pågår", nb="Pågår", en="Going on"),
    ActivityState.COMPLETED: Words(sv="Genomfört", nb="Fullført", en="Completed"),
    ActivityState.CANCELLED: Words(sv="Avbrutet", nb="Kansellert", en="Cancelled"),
}
"""What stands in the cells of two columns, in any of the three languages."""


class Wrong(StrEnum):
    """Everything that can be wrong in a row, as message ids."""

    NOT_UTF_8 = "This is not text in UTF-8. Save the file as “CSV UTF-8” and choose it again."
    TOO_LARGE = "The file is larger than %(size)s MiB. Divide it into several."
    EMPTY = "The file is empty."
    NO_ROWS = "Below the headings there is no row."
    TOO_MANY_ROWS = "There are more than %(most)s rows. Divide the file into several."
    TOO_MANY_COLUMNS = "There are more than %(most)s columns."
    NOT_CSV = "From here on it cannot be read: a quotation mark is missing, or there is one too many."
    HEADING_MISSING = "The column “%(column)s” is missing."
    HEADING_TWICE = "The column “%(column)s” is there twice."
    HEADING_EMPTY = "Column %(number)s has no heading, and there is something in it."
    WRONG_LENGTH = "There are %(cells)s cells in this row, and %(columns)s columns."
    CELL_MISSING = "Nothing stands in “%(column)s”."
    CELL_TOO_LONG = "In “%(column)s” there are more than %(most)s characters."
    CELL_UNFIT = "In “%(column)s” there is a character that cannot be shown."
    NOT_A_WORD = "In “%(column)s” there is “%(said)s”, which is none of: %(words)s."
    NOT_A_DAY = "In “%(column)s” there is “%(said)s”, which is no day. Write it as 2024-03-31 or 31.03.2024."
    ENDED_BUT_ACTIVE = "It has ended on a day, and goes on: one of the two is wrong."

    TWICE_HERE = "It says the same as line %(first)s, or has the same reference."
    NOBODY = "There is nobody here with the address or id “%(said)s”."
    CHANGED = (
        "An activity with the reference “%(reference)s” has been brought in before, and said something else."
    )


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in one row. ``fields`` fill its sentence; ``line`` counts from 1."""

    line: int
    sentence: Wrong
    fields: Mapping[str, str | int | Words] = field(default_factory=dict)

    def fields_in(self, locale: str) -> dict[str, str | int]:
        """The fields of the sentence, for somebody who reads this language."""
        return {
            key: each.to(locale) if isinstance(each, Words) else each for key, each in self.fields.items()
        }

    def __str__(self) -> str:
        return f"line {self.line}: {self.sentence % self.fields_in('en')}"


class ArchiveInvalid(Exception):
    """The file breaks the format, or names people who are not here. ``faults`` has everything, by line."""

    def __init__(self, faults: tuple[RowFault, ...]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class ArchivedRow:
    """One activity, as the older system had it. Texts are empty where the file says nothing."""

    line: int
    employee: str
    """An address, or the id of a person."""
    kind: GoalType
    title: str
    state: ActivityState
    due_on: date | None = None
    ended_on: date | None = None
    reference: str = ""
    """By which the older system knew it."""
    says: Mapping[str, str] = field(default_factory=dict)
    """Every cell that has something in it, as it stands in the file: heading -> cell."""


@lru_cache(maxsize=1_000)
def name_of(heading: str) -> str | None:
    """The known column that is called so in one of the three languages."""
    return next((name for name, known in HEADINGS.items() if is_one_of(heading, known.words)), None)


@lru_cache(maxsize=1_000)
def is_one_of(said: str, words: Words) -> bool:
    """Whether somebody has written these words, in one of the three languages."""
    return plain(said) in {plain(words.to(locale)) for locale in LOCALES}


def plain(said: str) -> str:
    """Without capitals, and with single spaces."""
    return " ".join(said.casefold().split())


def said(says: Mapping[str, str], name: str) -> str:
    """What stands in a known column, whatever it is called there; empty where nothing does."""
    return next((cell for heading, cell in says.items() if name_of(heading) == name), "")


def by_name(says: Mapping[str, str]) -> dict[str, str]:
    """The cells by what their columns are known as, the others by their headings."""
    return {name_of(heading) or heading: cell for heading, cell in says.items()}


def identity(row: ArchivedRow, employee: str) -> str:
    """What the row is known by, for ever: what it says, or the older system's reference where it has one.

    ``employee`` is the person's id.
    """
    told = row.reference or _content(row)
    return hashlib.sha256(json.dumps(["archive", employee, told]).encode()).hexdigest()[:ID_CHARACTERS]


def _content(row: ArchivedRow) -> list[object]:
    days = [day.isoformat() if day else "" for day in (row.due_on, row.ended_on)]
    meant = (EMPLOYEE, KIND, STATE, DUE, ENDED)
    texts = sorted((name, cell) for name, cell in by_name(row.says).items() if name not in meant)
    return [row.kind, row.state, *days, texts]
