"""The rooms on the real logs, SQLite and PostgreSQL: what the doubles promise holds there too."""

from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pycrdt
import pytest
from sqlalchemy import update

from crdt.document import Document
from server.realtime.clock import LoopClock
from server.rules import limits
from server.rules.access import Pane
from server.storage import tables
from server.storage.bells import ConversationChanged, SessionEnded
from server.storage.database import Database
from server.storage.opening import open_database
from tests.conftest import SetClock
from tests.realtime.doubles import SCHEMA, House, Page, shown
from tests.storage.scene import Scene

JOINT = "conversation/joint/first"
EMPLOYEE = "conversation/employee/first"


async def _set_up(database: Database, clock: SetClock) -> Scene:
    scene = Scene(database, clock)
    await scene.set_up()
    made = Document.made(SCHEMA, limits.UPDATE)
    await scene.change(update(tables.document_snapshot).values(snapshot=made.snapshot()))
    made.close()
    return scene


def _node(database: Database, scene: Scene) -> House:
    house = House(real_clock=LoopClock(), real_log=database.log, others=database.others)
    house.add(scene.joint, JOINT, Pane.JOINT, maja="read-write", jonas="read-write")
    house.add(scene.private, EMPLOYEE, Pane.EMPLOYEE, private=True, maja="read-write")
    database.listen(house.rooms.hear)
    house.rooms.start()
    return house


async def _stored(database: Database, document: int) -> str:
    loaded = await database.log.load(document)
    replayed = Document.loaded(SCHEMA, limits.UPDATE, loaded.snapshot, loaded.updates, loaded.clients)
    runs = cast(list[dict[str, list[dict[str, str]]]], replayed.content()["a1"])[0]["runs"]
    replayed.close()
    return "".join(run["text"] for run in runs)


@pytest.fixture
async def scene(database: Database, clock: SetClock) -> Scene:
    return await _set_up(database, clock)


@pytest.fixture
async def house(database: Database, scene: Scene) -> AsyncIterator[House]:
    house = _node(database, scene)
    yield house
    await house.rooms.drain()


async def _both(house: House) -> tuple[Page, Page]:
    maja, jonas = house.page("maja", "session-maja"), house.page("jonas", "session-jonas")
    await maja.join(JOINT)
    await jonas.join(JOINT)
    return maja, jonas


async def test_what_two_people_type_at_once_is_stored_once_and_in_each_writers_order(
    house: House, database: Database, scene: Scene
) -> None:
    maja, jonas = await _both(house)
    lower, upper = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for mine, theirs in zip(lower, upper, strict=True):
        maja.type(JOINT, mine)
        jonas.type(JOINT, theirs)
    await maja.until_saved(JOINT, 27)
    await jonas.until_saved(JOINT, 27)
    stored = await _stored(database, scene.joint)
    await maja.until(lambda: maja.text(JOINT) == stored)
    await jonas.until(lambda: jonas.text(JOINT) == stored)
    assert "".join(filter(str.islower, stored)) == lower
    assert "".join(filter(str.isupper, stored)) == upper


async def test_after_a_freeze_nothing_is_acknowledged(house: House, database: Database, scene: Scene) -> None:
    maja, jonas = await _both(house)
    maja.type(JOINT, "before")
    await maja.until_saved(JOINT, 2)
    await scene.freeze()
    jonas.type(JOINT, "after")
    await jonas.until(lambda: jonas.ended(JOINT) == "frozen")
    assert jonas.saved(JOINT) == [True]
    assert await _stored(database, scene.joint) == "before"


async def test_who_writes_in_a_dropped_generation_is_told_that_it_has_moved(
    house: House, scene: Scene
) -> None:
    maja = house.page("maja", "session-maja")
    await maja.join(EMPLOYEE)
    await scene.replace_private(drop=True)
    maja.type(EMPLOYEE, "late")
    await maja.until(lambda: maja.ended(EMPLOYEE) == "moved")
    assert maja.saved(EMPLOYEE) == [True]


async def test_bells_of_a_transaction_reach_the_pages(house: House, database: Database) -> None:
    from server.storage.database import ring

    maja, jonas = await _both(house)
    await database.write(lambda rows: ring(rows, ConversationChanged("conversation")))
    await maja.until(lambda: len(maja.told(JOINT)) == 1)
    await database.write(lambda rows: ring(rows, SessionEnded("session-jonas")))
    await jonas.until(lambda: jonas.closed is not None)
    assert maja.closed is None


async def test_two_nodes_on_one_postgresql_converge(postgres_url: str, clock: SetClock) -> None:
    here, there = await open_database(postgres_url, clock), await open_database(postgres_url, clock)
    scene = await _set_up(here, clock)
    houses = _node(here, scene), _node(there, scene)
    maja, jonas = houses[0].page("maja", "session-maja"), houses[1].page("jonas", "session-jonas")
    await maja.join(JOINT)
    await jonas.join(JOINT)
    for mine, theirs in zip("abcdefgh", "ABCDEFGH", strict=True):
        maja.type(JOINT, mine)
        jonas.type(JOINT, theirs)
    whole: Callable[[Page], bool] = lambda page: sorted(page.text(JOINT)) == sorted("abcdefghABCDEFGH")  # noqa: E731
    await maja.until(lambda: whole(maja))
    await jonas.until(lambda: whole(jonas))
    assert maja.text(JOINT) == jonas.text(JOINT)
    for house in houses:
        await house.rooms.drain()
    assert await _stored(here, scene.joint) == maja.text(JOINT)
    await here.close()
    await there.close()


async def test_two_nodes_on_one_postgresql_show_each_others_people(
    postgres_url: str, clock: SetClock
) -> None:
    here, there = await open_database(postgres_url, clock), await open_database(postgres_url, clock)
    scene = await _set_up(here, clock)
    houses = _node(here, scene), _node(there, scene)
    maja, tablet = houses[0].page("maja", "session-maja"), houses[1].page("maja", "session-maja")
    await maja.join(JOINT, EMPLOYEE)
    maja.speak(JOINT, state=f'{{"noise":"{"å" * 1_900}"}}')
    maja.speak(EMPLOYEE)
    await tablet.join(JOINT, EMPLOYEE)
    jonas = houses[1].page("jonas", "session-jonas")
    await jonas.join(JOINT)
    await tablet.until(lambda: shown(tablet, JOINT) == shown(tablet, EMPLOYEE) == {"Maja"})
    await jonas.until(lambda: shown(jonas, JOINT) == {"Maja"})
    jonas.speak(JOINT)
    await maja.until(lambda: shown(maja, JOINT) == {"Jonas"})
    await houses[0].rooms.drain()
    await jonas.until(lambda: shown(jonas, JOINT) == set())
    await houses[1].rooms.drain()
    await here.close()
    await there.close()


async def test_nobody_takes_the_place_of_what_another_is_about_to_write_on_another_node(
    postgres_url: str, clock: SetClock
) -> None:
    here, there = await open_database(postgres_url, clock), await open_database(postgres_url, clock)
    scene = await _set_up(here, clock)
    houses = _node(here, scene), _node(there, scene)
    maja, jonas = houses[0].page("maja", "session-maja"), houses[1].page("jonas", "session-jonas")
    await maja.join(JOINT)
    await jonas.join(JOINT)
    maja.type(JOINT, "a")
    await jonas.until(lambda: jonas.text(JOINT) == "a")
    # Jonas' node has heard what she wrote, and not whose client id it was.
    forger = pycrdt.Doc[Any](client_id=maja.docs[JOINT].client_id)
    forger.apply_update(jonas.docs[JOINT].get_update())
    jonas.docs[JOINT] = forger
    jonas.type(JOINT, "FORGED")
    await jonas.until(lambda: jonas.ended(JOINT) == "refused")
    maja.type(JOINT, "b")
    await maja.until_saved(JOINT, 3)
    for house in houses:
        await house.rooms.drain()
    assert await _stored(here, scene.joint) == "ab"
    await here.close()
    await there.close()
