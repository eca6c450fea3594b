"""Nothing that is kept about a person is forgotten: every table that names one is told, or says why not."""

from datetime import date, datetime

import pytest
from sqlalchemy import Table

from server.activities import ActivityState, CommentKind, GoalType
from server.letter_format import Kind as LetterKind
from server.own_data.source import FieldKind, Source
from server.own_data.sources import CONVERSATION, EXCEPTIONS, SOURCES
from server.pages import own_data_words
from server.pages.catalogues import read_catalogues
from server.policy import Retention
from server.rules.access import Role
from server.rules.keeping import Kind, Rule
from server.storage import tables
from server.storage.database import Database
from server.storage.tables import METADATA
from tests.conftest import SetClock
from tests.keeping import everything
from tests.organisation import JONAS, MAJA, Organisation
from tests.pages.world import ROOT

ENGLISH = read_catalogues(ROOT / "web/locales")["en"]


def names_people(table: Table) -> bool:
    return any(key.column.table is tables.person for key in table.foreign_keys)


def test_every_table_that_names_a_person_is_told_or_says_why_it_is_not() -> None:
    told = {table for source in SOURCES for table in source.tables} | {*CONVERSATION, *EXCEPTIONS}
    forgotten = [table.name for table in METADATA.sorted_tables if names_people(table) and table not in told]
    assert not forgotten, "add a source to server/own_data/sources.py, or an exception with its reason"


def test_a_table_is_told_or_an_exception_and_never_both() -> None:
    told = {table for source in SOURCES for table in source.tables} | set(CONVERSATION)
    assert not told & EXCEPTIONS.keys()
    assert all(len(reason) > len("because") for reason in EXCEPTIONS.values())


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_source_has_words_and_each_of_its_fields_a_heading(source: Source) -> None:
    about = own_data_words.about(ENGLISH, Retention())
    assert source.name in about
    headings = own_data_words.headings(ENGLISH)
    assert {field.name for field in source.fields} <= headings.keys()
    known = own_data_words.values(ENGLISH)
    words = [field for field in source.fields if field.kind is FieldKind.WORD]
    assert [field.name for field in words if (source.name, field.name) not in known] == []


async def test_every_item_has_the_fields_that_are_documented_and_no_other(
    database: Database, clock: SetClock
) -> None:
    here = Organisation(database, clock)
    await here.found()
    await everything(here)
    seen = set()
    for source in SOURCES:
        for who in (MAJA, JONAS):
            items = await database.read(lambda c, s=source, w=who: list(s.read(c, w, clock())))  # type: ignore[misc]
            for item in items:
                seen.add(source.name)
                assert list(item) == [field.name for field in source.fields], source.name
                for field in source.fields:
                    assert _fits(item[field.name], field.kind), (source.name, field.name, item[field.name])
    assert seen == {source.name for source in SOURCES}


def _fits(value: object, kind: FieldKind) -> bool:
    if value is None:
        return True
    match kind:
        case FieldKind.INSTANT:
            return isinstance(value, datetime) and value.tzinfo is not None
        case FieldKind.DAY:
            return type(value) is date
        case FieldKind.PERSON:
            return isinstance(value, dict) and value.keys() == {"id", "name"}
        case FieldKind.WORDS:
            return isinstance(value, dict)
        case FieldKind.LINES:
            return isinstance(value, list) and all(isinstance(each, str) for each in value)
        case FieldKind.YES:
            return isinstance(value, bool)
        case FieldKind.NUMBER:
            return isinstance(value, int)
        case _:
            return isinstance(value, str)


def test_every_kind_of_letter_role_and_thing_that_is_kept_has_a_word() -> None:
    known = own_data_words.values(ENGLISH)
    assert known["letters", "kind"].keys() == {each.value for each in LetterKind}
    assert known["erasures", "kind"].keys() == {each.value for each in Kind}
    assert known["erasures", "rule"].keys() == {each.value for each in Rule}
    assert known["person", "roles"].keys() == {each.value for each in Role}
    assert known["activities", "state"].keys() == {each.value for each in ActivityState}
    assert known["activities", "goal_type"].keys() == {each.value for each in GoalType}
    assert known["activity-comments", "kind"].keys() == {each.value for each in CommentKind}
