"""SIGTERM: what was taken is stored and acknowledged, and everybody is told to come back."""

import asyncio

from server.realtime.closings import SERVICE_RESTART
from server.rules import limits
from tests.realtime.doubles import JOINT, House

GOODBYE = (SERVICE_RESTART.code, SERVICE_RESTART.reason)


async def test_what_was_taken_is_acknowledged_before_the_goodbye(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    house.log.gate.clear()
    kari.type(JOINT, "a")
    await house.log.until(lambda: house.log.waiting == 1)
    kari.type(JOINT, "b")
    draining = asyncio.create_task(house.rooms.drain())
    await house.clock.until_asleep(2)
    assert not kari.connection.is_closed
    kari.type(JOINT, "too late")
    house.log.gate.set()
    await draining
    assert kari.saved(JOINT) == [True, True, True]
    assert kari.closed == ola.closed == GOODBYE
    assert ola.text(JOINT) == house.text(1) == "ab"


async def test_a_database_that_is_gone_does_not_hold_up_the_end(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    house.log.failures = 1000
    kari.type(JOINT, "a")
    await house.clock.until_asleep(2)
    draining = asyncio.create_task(house.rooms.drain())
    await house.clock.until_asleep(3)
    await house.clock.advance(limits.DRAIN_SECONDS_MAX)
    await draining
    assert kari.closed == GOODBYE
    assert kari.saved(JOINT) == [True]


async def test_a_reader_that_reads_nothing_does_not_hold_up_the_end(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    ola.takes.clear()
    kari.type(JOINT, "a")
    await kari.until_saved(JOINT, 2)
    draining = asyncio.create_task(house.rooms.drain())
    await kari.until(lambda: kari.closed == GOODBYE)
    await house.clock.until_asleep(2)
    await house.clock.advance(limits.DRAIN_SECONDS_MAX)
    await draining


async def test_nobody_is_let_in_while_draining(house: House) -> None:
    await house.rooms.drain()
    late = house.page("kari")
    await late.until(lambda: late.closed == GOODBYE)
    late.vanish(house.rooms)
