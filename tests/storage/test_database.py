"""The contract of the database: what ``write``, ``jot``, ``read`` and ``ring`` promise on both."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from server.rules.access import Pane, State
from server.rules.errors import NoLongerPossible, StorageUnavailable
from server.storage import tables
from server.storage.bell_wire import decode, encode
from server.storage.bells import (
    Bell,
    BellsMissed,
    ConversationChanged,
    LogMoved,
    PersonChanged,
    SessionEnded,
    activities_of,
    notes_of,
)
from server.storage.database import Database, lock_conversation, ring
from server.storage.opening import open_database
from tests.conftest import SetClock
from tests.storage.scene import Scene, typed, wait_within


def add_unit(name: str) -> Callable[[Connection], str]:
    def work(rows: Connection) -> str:
        rows.execute(insert(tables.unit).values(id=name, name={"sv": name}, goals=[]))
        return name

    return work


in_both_ways = pytest.mark.parametrize("way", ["write", "jot"])
"""Of writing: as it comes, and at once where that is quick."""


def count_units(rows: Connection) -> int:
    return rows.execute(select(func.count()).select_from(tables.unit)).scalar_one()


@in_both_ways
async def test_what_was_written_is_read_at_once(database: Database, way: str) -> None:
    assert await getattr(database, way)(add_unit("drift")) == "drift"
    assert await database.read(count_units) == 1


@in_both_ways
async def test_what_was_written_is_there_after_the_database_is_opened_again(
    database: Database, database_url: str, clock: SetClock, way: str
) -> None:
    await getattr(database, way)(add_unit("drift"))
    await database.close()
    again = await open_database(database_url, clock)
    assert await again.read(count_units) == 1
    await again.close()


@in_both_ways
async def test_work_that_raises_leaves_nothing_and_its_error_comes_out_as_it_is(
    database: Database, way: str
) -> None:
    def refused(rows: Connection) -> None:
        add_unit("drift")(rows)
        raise NoLongerPossible

    with pytest.raises(NoLongerPossible):
        await getattr(database, way)(refused)
    assert await database.read(count_units) == 0


async def test_work_that_raises_takes_no_other_work_with_it(database: Database) -> None:
    def broken(rows: Connection) -> None:
        add_unit("broken")(rows)
        raise ZeroDivisionError

    results = await asyncio.gather(
        database.write(add_unit("drift")),
        database.write(broken),
        database.write(add_unit("drift")),
        database.write(add_unit("stod")),
        return_exceptions=True,
    )
    # PostgreSQL carries them side by side: one of the two is first.
    first, second = sorted((results[0], results[2]), key=lambda result: result != "drift")
    assert (first, results[3]) == ("drift", "stod")
    assert isinstance(results[1], ZeroDivisionError)
    assert isinstance(second, IntegrityError)
    assert await database.read(count_units) == 2


async def test_work_may_nest_a_transaction_and_go_on_when_that_fails(database: Database) -> None:
    def work(rows: Connection) -> None:
        add_unit("drift")(rows)
        with pytest.raises(IntegrityError), rows.begin_nested():
            add_unit("drift")(rows)
        add_unit("stod")(rows)

    await database.write(work)
    assert await database.read(count_units) == 2


async def test_reading_gives_one_state_whatever_is_written_meanwhile(database: Database) -> None:
    wait = wait_within()

    def twice(rows: Connection) -> tuple[int, int]:
        before = count_units(rows)
        wait(database.write(add_unit("drift")))
        return before, count_units(rows)

    assert await database.read(twice) == (0, 0)
    assert await database.read(count_units) == 1


async def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match=r"read-?only"):
        await database.read(add_unit("drift"))
    assert await database.read(count_units) == 0


async def test_instants_come_back_as_they_were_stored(scene: Scene) -> None:
    (maja,) = [row for row in await scene.rows(tables.session) if row.person_id == "maja"]
    assert maja.began_at == scene.clock()
    assert maja.began_at.tzinfo is not None
    assert maja.ended_at is None


async def test_panes_and_states_come_back_as_what_the_rules_call_them(scene: Scene) -> None:
    assert [row.pane for row in await scene.rows(tables.pane)] == [Pane.EMPLOYEE, Pane.JOINT, Pane.MANAGER]
    assert (await scene.rows(tables.conversation))[0].state is State.OPEN


async def test_an_unknown_state_is_not_stored(scene: Scene) -> None:
    with pytest.raises(Exception, match="state"):
        await scene.change(update(tables.conversation).values(state="lost"))


async def test_a_conversation_that_is_locked_is_read(scene: Scene) -> None:
    found = await scene.database.write(lambda rows: lock_conversation(rows, "conversation"))
    assert found is not None
    assert found.employee_id == "maja"
    assert await scene.database.write(lambda rows: lock_conversation(rows, "none")) is None


# Bells


@pytest.fixture
def heard(database: Database) -> list[Bell]:
    bells: list[Bell] = []
    database.listen(bells.append)
    return bells


@in_both_ways
async def test_a_bell_is_heard_before_the_write_returns(
    database: Database, heard: list[Bell], way: str
) -> None:
    def work(rows: Connection) -> None:
        ring(rows, ConversationChanged("conversation"))
        ring(rows, SessionEnded("session"))

    await getattr(database, way)(work)
    assert heard == [ConversationChanged("conversation"), SessionEnded("session")]


@in_both_ways
async def test_a_bell_is_not_heard_when_its_work_fails(
    database: Database, heard: list[Bell], way: str
) -> None:
    def work(rows: Connection) -> None:
        ring(rows, PersonChanged("maja"))
        raise NoLongerPossible

    with pytest.raises(NoLongerPossible):
        await getattr(database, way)(work)
    await database.write(lambda rows: ring(rows, PersonChanged("jonas")))
    assert heard == [PersonChanged("jonas")]


async def test_every_listener_hears_every_bell(database: Database, heard: list[Bell]) -> None:
    also: list[Bell] = []
    database.listen(also.append)
    await database.write(lambda rows: ring(rows, PersonChanged("jonas")))
    assert heard == also == [PersonChanged("jonas")]


async def test_a_node_is_not_told_of_its_own_appends(scene: Scene) -> None:
    bells: list[Bell] = []
    scene.database.listen(bells.append)
    await scene.database.log.append(typed(scene.joint))
    assert bells == []


@pytest.mark.parametrize(
    "bell",
    [
        ConversationChanged("conversation"),
        activities_of("maja"),
        notes_of("maja"),
        SessionEnded("session"),
        PersonChanged("maja"),
        LogMoved(7, 2**40, "node"),
        BellsMissed(),
    ],
)
def test_every_bell_survives_the_way_to_another_node(bell: Bell) -> None:
    assert decode(encode(bell, "node")) == (bell, "node")


def test_a_bell_of_a_newer_version_means_that_something_was_missed() -> None:
    assert decode('{"node": "other", "kind": "FromTheFuture", "bell": {"what": 1}}') == (
        BellsMissed(),
        "other",
    )


# Opening


async def test_a_database_of_an_unknown_kind_is_refused_in_a_sentence(clock: SetClock) -> None:
    with pytest.raises(StorageUnavailable, match="no support for a database of the kind 'mysql'"):
        await open_database("mysql://localhost/samsyn", clock)
