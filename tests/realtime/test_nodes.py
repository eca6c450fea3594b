"""CON-1 across nodes: the log is the bus, and a client that comes from another node is understood."""

from collections.abc import AsyncIterator

import pytest

from crdt.messages import AuthToken, SyncStatus, SyncStep1, SyncUpdate
from server.realtime.room import CHANGED
from server.rules.access import Pane
from server.storage.bells import BellsMissed, LogMoved
from server.storage.rights import check_clients
from tests.realtime.doubles import EMPLOYEE, JOINT, House


@pytest.fixture
async def nodes(house: House) -> AsyncIterator[tuple[House, House]]:
    """Two nodes on one log, without a doorbell between them."""
    other = House(log=house.log)
    other.add(1, JOINT, Pane.JOINT, kari="read-write", ola="read-write")
    other.rooms.start()
    yield house, other
    house.log.gate.set()
    await other.rooms.drain()


async def test_what_one_node_stored_reaches_the_pages_of_the_other_by_the_bell(
    nodes: tuple[House, House],
) -> None:
    here, there = nodes
    kari, ola = here.page("kari"), there.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    here.log.moved = lambda document, sequence: there.rooms.hear(LogMoved(document, sequence, "here"))
    kari.type(JOINT, "hei")
    await ola.until(lambda: ola.text(JOINT) == "hei")


async def test_a_node_that_missed_a_bell_learns_of_it_by_its_own_append(nodes: tuple[House, House]) -> None:
    here, there = nodes
    kari, ola = here.page("kari"), there.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.type(JOINT, "kari")
    await kari.until_saved(JOINT, 2)
    ola.type(JOINT, "OLA")
    await ola.until_saved(JOINT, 2)
    await ola.until(lambda: "kari" in ola.text(JOINT))
    third = there.page("ola")
    await third.join(JOINT)
    assert third.text(JOINT) == here.text(1)


async def test_an_update_that_builds_on_what_another_node_stored_is_not_refused(
    nodes: tuple[House, House],
) -> None:
    here, there = nodes
    kari, ola, moving = here.page("kari"), there.page("ola"), there.page("kari")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.type(JOINT, "a")
    await kari.until_saved(JOINT, 2)
    moving.docs = kari.docs
    moving.say(JOINT, AuthToken("", None))
    await moving.until(lambda: moving.scopes(JOINT) != [])
    moving.type(JOINT, "b")
    await moving.until_saved(JOINT, 1)
    assert moving.count(JOINT, SyncStep1) == 0
    await ola.until(lambda: ola.text(JOINT) == "ab")


async def test_who_brings_from_another_node_what_somebody_wrote_there_is_not_turned_away(
    nodes: tuple[House, House],
) -> None:
    """Seed 20261319 of the lives of rooms: the page was told that it may not read its own conversation."""
    here, there = nodes
    here.log.refuse = lambda append: check_clients(append, here.log.clients[append.document])
    kari, ola, waiting = here.page("kari"), here.page("ola"), there.page("ola")
    for page in (kari, ola, waiting):
        await page.join(JOINT)
    ola.type(JOINT, "a")
    await kari.until(lambda: kari.text(JOINT) == "a")
    # No bell has told the other node, and whose client id it is, it cannot know.
    moving = there.page("kari")
    moving.docs = kari.docs
    await moving.join(JOINT)
    assert (moving.saved(JOINT), moving.ended(JOINT)) == ([True], None)
    await waiting.until(lambda: waiting.text(JOINT) == "a")
    assert here.log.clients[1][ola.docs[JOINT].client_id] == "ola"


async def test_what_is_brought_of_somebody_whom_the_node_knows_is_looked_up_before_it_is_refused(
    nodes: tuple[House, House],
) -> None:
    """Seed 20261270 of the lives of rooms: as above, with a client id that the node has heard of."""
    here, there = nodes
    kari, ola = here.page("kari"), here.page("ola")
    await ola.join(JOINT)
    ola.type(JOINT, "a")
    await ola.until_saved(JOINT, 2)
    waiting = there.page("ola")
    await waiting.join(JOINT)
    ola.type(JOINT, "b")
    await ola.until_saved(JOINT, 3)
    await kari.join(JOINT)
    moving = there.page("kari")
    moving.docs = kari.docs
    await moving.join(JOINT)
    assert (moving.saved(JOINT), moving.ended(JOINT)) == ([True], None)
    await waiting.until(lambda: waiting.text(JOINT) == "ab")


async def test_rows_that_were_folded_before_they_were_read_are_not_missed(nodes: tuple[House, House]) -> None:
    here, there = nodes
    kari, ola = here.page("kari"), there.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.type(JOINT, "a")
    await kari.until_saved(JOINT, 2)
    await here.clock.advance(6)
    await here.log.until(lambda: here.log.snapshots[1][0] == 1)
    kari.type(JOINT, "b")
    await kari.until_saved(JOINT, 3)
    there.rooms.hear(LogMoved(1, 2, "here"))
    await ola.until(lambda: ola.text(JOINT) == "ab")
    assert ola.ended(JOINT) is None


async def test_a_bell_while_a_commit_hangs_is_heard_after_it(nodes: tuple[House, House]) -> None:
    here, there = nodes
    kari, ola = here.page("kari"), there.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.type(JOINT, "a")
    await kari.until_saved(JOINT, 2)
    here.log.gate.clear()
    ola.type(JOINT, "B")
    await here.log.until(lambda: here.log.waiting == 1)
    ola.type(JOINT, "C")
    there.rooms.hear(LogMoved(1, 1, "here"))
    before = ola.count(JOINT, SyncUpdate), ola.count(JOINT, SyncStatus)
    assert before == (0, 1)
    here.log.gate.set()
    await ola.until_saved(JOINT, 3)
    await ola.until(lambda: "a" in ola.text(JOINT))


async def test_catching_up_shows_nobody_what_is_not_committed(nodes: tuple[House, House]) -> None:
    here, there = nodes
    kari, ola, watcher = here.page("kari"), there.page("ola"), there.page("ola")
    for page in (kari, ola, watcher):
        await page.join(JOINT)
    elsewhere = kari.write(JOINT, "a")

    def another_node_writes_meanwhile(document: int, sequence: int) -> None:
        here.log.last[document] += 1
        here.log.rows[document][sequence + 1] = elsewhere
        here.log.gate.clear()
        here.log.moved = lambda *_: None

    here.log.gate.clear()
    ola.type(JOINT, "B")
    await here.log.until(lambda: here.log.waiting == 1)
    ola.type(JOINT, "C")
    there.rooms.hear(LogMoved(1, 2, "here"))
    here.log.moved = another_node_writes_meanwhile
    here.log.gate.set()
    await watcher.until(lambda: watcher.text(JOINT) == "B")
    await here.log.until(lambda: here.log.waiting == 1)
    assert "C" not in watcher.text(JOINT)
    here.log.gate.set()
    await watcher.until(lambda: sorted(watcher.text(JOINT)) == ["B", "C", "a"])


async def test_a_node_that_could_not_hear_reads_every_log_to_its_end(nodes: tuple[House, House]) -> None:
    here, there = nodes
    kari, ola = here.page("kari"), there.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.type(JOINT, "hei")
    await kari.until_saved(JOINT, 2)
    there.rooms.hear(BellsMissed())
    await ola.until(lambda: ola.text(JOINT) == "hei")


async def test_a_node_that_could_not_hear_asks_for_all_rights_and_sessions_again(house: House) -> None:
    kari, ola, gone = house.page("kari"), house.page("ola"), house.page("kari")
    await kari.join(JOINT, EMPLOYEE)
    await ola.join(JOINT)
    await gone.join(EMPLOYEE)
    house.desk.openings["ola", JOINT] = "denied"
    house.desk.openings["kari", EMPLOYEE] = "moved"
    house.desk.ended.add(gone.author.session)
    house.rooms.hear(BellsMissed())
    await ola.until(lambda: ola.ended(JOINT) == "denied")
    await kari.until(lambda: kari.ended(EMPLOYEE) == "moved" and kari.told(JOINT) == [CHANGED])
    await gone.until(lambda: gone.closed is not None and gone.closed[0] == 4401)
