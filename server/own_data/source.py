"""What a source is: one kind of thing that is kept about a person, as a list that she can read.

An item is a flat mapping, key -> value. What a value is, its field says:

    TEXT      a string as somebody wrote it, or an id
    WORD      one of a few words of the product, which is shown translated: "active", "work_goal"
    WORDS     {"sv": …, "nb": …, "en": …}
    INSTANT   an aware datetime; in JSON "2026-11-26T09:30:00+00:00"
    DAY       a date; in JSON "2026-11-26"
    PERSON    {"id": …, "name": …}
    LINES     a list of strings
    YES       true or false
    NUMBER    an integer

Any of them is None where there is nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Table, select

from server.people import Person
from server.storage import tables

Item = Mapping[str, Any]


class FieldKind(StrEnum):
    """What a value is."""

    TEXT = "text"
    WORD = "word"
    WORDS = "words"
    INSTANT = "instant"
    DAY = "day"
    PERSON = "person"
    LINES = "lines"
    YES = "yes"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Field:
    """One key of the items of a source."""

    name: str
    kind: FieldKind
    says: str
    """What it is, in English: the documentation of the JSON file."""


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of thing that is kept about a person."""

    name: str
    """Of its files in the bundle, ``sessions``."""
    tables: tuple[Table, ...]
    """Whose rows it tells."""
    fields: tuple[Field, ...]
    read: Callable[[Connection, Person, datetime], Iterable[Item]]
    """All of them that the person may see at that moment, in the order in which they are read."""


def named(connection: Connection, ids: Iterable[str | None]) -> dict[str | None, Item | None]:
    """Person id -> {"id", "name"}, of those who are still known; None -> None."""
    wanted = {each for each in ids if each}
    person = tables.person.c
    rows = connection.execute(select(person.id, person.name).where(person.id.in_(wanted))) if wanted else ()
    found: dict[str | None, Item | None] = {each: {"id": each, "name": ""} for each in wanted}
    found |= {row.id: {"id": row.id, "name": row.name} for row in rows}
    return {None: None, **found}
