"""Statements that go to SQLite's driver by themselves find what they find through SQLAlchemy, on both."""

from typing import Any

import pytest
from sqlalchemy import Connection, Select, bindparam, insert, select

from server.rules.access import Pane, State
from server.storage import tables
from server.storage.database import Database
from server.storage.prepared import Prepared
from tests.conftest import SetClock

STATEMENTS: tuple[tuple[Select[Any], tuple[str, ...]], ...] = (
    (select(tables.person).order_by(tables.person.c.id), ()),
    (select(tables.conversation).where(tables.conversation.c.state == State.OPEN), ()),
    (select(tables.pane).where(tables.pane.c.pane == Pane.JOINT, tables.pane.c.shared_at.is_(None)), ()),
    (select(tables.session).where(tables.session.c.began_at <= bindparam("at")), ("at",)),
    (select(tables.person.c.active, bindparam("day").label("day")).where(tables.person.c.active), ("day",)),
)
"""With instants, lists, words of three languages, kinds, numbers and truths, and what each is asked with."""


@pytest.mark.parametrize(("statement", "asks"), STATEMENTS)
@pytest.mark.usefixtures("scene")
async def test_the_rows_are_the_same(
    database: Database, clock: SetClock, statement: Select[Any], asks: tuple[str, ...]
) -> None:
    values = {name: {"at": clock(), "day": "monday"}[name] for name in asks}
    prepared = Prepared(statement)

    def read(rows: Connection) -> tuple[list[Any], list[Any]]:
        return list(rows.execute(statement, values)), prepared.all(rows, **values)

    for way in (database.read, database.glance, database.write):
        usual, short = await way(read)
        assert usual
        assert [tuple(row) for row in short] == [tuple(row) for row in usual]
        assert [row._fields for row in short] == [row._fields for row in usual]


@pytest.mark.usefixtures("scene")
async def test_one_row_or_none(database: Database, clock: SetClock) -> None:
    began = Prepared(
        select(tables.session.c.person_id).where(
            tables.session.c.began_at <= bindparam("at"), tables.session.c.person_id == bindparam("person")
        )
    )
    nobody = await database.glance(lambda rows: began.one_or_none(rows, at=clock(), person="nobody"))
    assert nobody is None
    everybody = Prepared(select(tables.person.c.id))
    with pytest.raises(ValueError, match="more rows than one"):
        await database.glance(everybody.one_or_none)


async def test_a_glance_sees_what_has_just_been_written(database: Database) -> None:
    units = Prepared(select(tables.unit.c.id).order_by(tables.unit.c.id))

    def add(name: str) -> Any:
        values = {"id": name, "name": {"sv": name}, "goals": []}
        return lambda rows: rows.execute(insert(tables.unit).values(values))

    for number, name in enumerate("abc"):
        await database.write(add(name))
        assert len(await database.glance(units.all)) == number + 1
        # Through SQLAlchemy too: who glances need not know which.
        assert len(await database.glance(lambda rows: rows.execute(select(tables.unit)).all())) == number + 1


async def test_what_a_glance_raises_comes_out_and_the_next_one_is_answered(database: Database) -> None:
    def fail(_: Connection) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await database.glance(fail)
    assert await database.glance(lambda rows: rows.scalar(select(1))) == 1
