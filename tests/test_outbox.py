"""The outbox: each letter is one node's at a time, tried again, and given up at last."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from server import outbox
from server.outbox import Outbox
from server.rules.limits import (
    LETTER_HOURS_MAX,
    LETTER_LEASE_SECONDS,
    LETTER_PAUSE_SECONDS_MAX,
    LETTER_PAUSE_SECONDS_MIN,
)
from server.storage import tables
from server.storage.opening import open_database
from tests.conftest import SetClock
from tests.letters import everything, invited, rows
from tests.organisation import Organisation


@pytest.fixture
def waiting(here: Organisation) -> Outbox:
    return Outbox(here.database, here.clock)


async def test_no_letter_is_taken_twice_while_it_is_being_sent(
    here: Organisation, waiting: Outbox, clock: SetClock
) -> None:
    await invited(here)
    assert len(await everything(waiting)) == 2
    clock.pass_time(seconds=LETTER_LEASE_SECONDS - 1)
    assert await waiting.claim() is None


async def test_what_a_node_died_with_is_taken_by_another(
    here: Organisation, waiting: Outbox, clock: SetClock
) -> None:
    await invited(here)
    first = await everything(waiting)
    clock.pass_time(seconds=LETTER_LEASE_SECONDS + 1)
    again = await everything(waiting)
    assert {letter.id for letter in again} == {letter.id for letter in first}
    assert {letter.attempts for letter in again} == {2}


async def test_two_nodes_never_take_the_same_letter(postgres_url: str, clock: SetClock) -> None:
    nodes = [await open_database(postgres_url, clock) for _ in range(2)]
    there = Organisation(nodes[0], clock)
    await there.found()
    for _ in range(10):
        await invited(there)
    taken = await asyncio.gather(*(everything(Outbox(node, clock)) for node in nodes for _ in range(4)))
    ids = [letter.id for batch in taken for letter in batch]
    assert len(ids) == len(set(ids)) == 20
    for node in nodes:
        await node.close()


async def test_a_node_that_was_taken_for_lost_gives_the_letter_to_no_third_one(
    here: Organisation, waiting: Outbox, clock: SetClock
) -> None:
    await invited(here)
    slow = await everything(waiting)
    clock.pass_time(seconds=LETTER_LEASE_SECONDS)
    assert len(await everything(waiting)) == len(slow)
    for letter in slow:
        assert not await waiting.failed(letter, "timed out", for_good=False)
    clock.pass_time(seconds=LETTER_PAUSE_SECONDS_MIN)
    assert await waiting.claim() is None


async def test_a_letter_that_failed_waits_longer_each_time(
    here: Organisation, waiting: Outbox, clock: SetClock
) -> None:
    await invited(here)
    pauses = []
    for _ in range(9):
        letter = await waiting.claim()
        assert letter is not None
        for other in await everything(waiting):
            await waiting.failed(other, "away", for_good=True)
        began = clock.now
        assert await waiting.failed(letter, "away", for_good=False)
        while not await here.database.read(lambda c: outbox.is_waiting(c, clock())):
            clock.pass_time(seconds=5)
        pauses.append((clock.now - began).total_seconds())
    assert pauses == [min(LETTER_PAUSE_SECONDS_MIN * 2**n, LETTER_PAUSE_SECONDS_MAX) for n in range(9)]


async def test_a_letter_is_given_up_at_last(here: Organisation, waiting: Outbox, clock: SetClock) -> None:
    await invited(here)
    tried = await everything(waiting)
    clock.pass_time(hours=LETTER_HOURS_MAX)
    assert not await waiting.failed(tried[0], "away", for_good=False)
    clock.pass_time(hours=1)
    # The other one's sender has never said what became of it.
    assert await waiting.claim() is None
    assert [row.sent_at for row in await rows(here)] == [None, None]


async def test_what_nobody_could_send_for_days_does_not_leave_when_somebody_can(
    here: Organisation, waiting: Outbox, clock: SetClock
) -> None:
    await invited(here)
    clock.pass_time(hours=LETTER_HOURS_MAX + 1)
    assert await waiting.claim() is None


async def test_a_letter_refused_for_good_is_not_tried_again_and_says_why(
    here: Organisation, waiting: Outbox, clock: SetClock
) -> None:
    await invited(here)
    for letter in await everything(waiting):
        assert not await waiting.failed(letter, "550 nobody here" + "!" * 1000, for_good=True)
    clock.pass_time(hours=1)
    assert await waiting.claim() is None
    assert {row.failed_why[:10] for row in await rows(here)} == {"550 nobody"}


async def test_a_letter_that_left_is_not_taken_again(
    here: Organisation, waiting: Outbox, clock: SetClock
) -> None:
    await invited(here)
    for letter in await everything(waiting):
        await waiting.sent(letter)
    clock.pass_time(hours=1)
    assert await waiting.claim() is None
    assert {row.sent_at for row in await rows(here)} == {clock.now - timedelta(hours=1)}


async def test_nothing_is_sent_to_whoever_has_left(here: Organisation, waiting: Outbox) -> None:
    await invited(here)
    leaves = update(tables.person).where(tables.person.c.id == "maja").values(active=False)
    await here.database.write(lambda connection: connection.execute(leaves))
    assert [letter.to.id for letter in await everything(waiting)] == ["jonas"]
