"""The one clock: pings for all at the same moment, and an end to what takes too long."""

from server.realtime.closings import TIMEOUT
from server.rules import limits
from tests.realtime.doubles import EMPLOYEE, JOINT, House


async def test_everybody_is_pinged_on_the_same_fixed_clock(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    await house.clock.advance(limits.PING_SECONDS - 1)
    ola = house.page("ola")
    await ola.join(JOINT)
    assert (kari.pings(), ola.pings()) == (0, 0)
    await house.clock.advance(1)
    await kari.until(lambda: kari.pings() == 1)
    await ola.until(lambda: ola.pings() == 1)
    await house.clock.advance(limits.PING_SECONDS)
    await kari.until(lambda: kari.pings() == 2)


async def test_traffic_does_not_move_the_pings(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    for second in range(limits.PING_SECONDS):
        kari.type(JOINT, str(second))
        await kari.until_saved(JOINT, 2 + second)
        await house.clock.advance(1)
    await kari.until(lambda: kari.pings() == 1)


async def test_a_socket_that_opens_nothing_is_closed(house: House) -> None:
    idle, kari = house.page("kari"), house.page("kari")
    await kari.join(JOINT)
    await house.clock.advance(limits.AUTH_SECONDS_MAX + 2)
    await idle.until(lambda: idle.closed == (TIMEOUT.code, TIMEOUT.reason))
    assert kari.closed is None


async def test_a_document_that_is_not_opened_in_time_is_denied_and_the_socket_stays(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    house.desk.gate.clear()
    kari.attach(EMPLOYEE)
    await house.clock.advance(limits.AUTH_SECONDS_MAX + 2)
    await kari.until(lambda: kari.denied(EMPLOYEE) == "unavailable")
    house.desk.gate.set()
    kari.attach(EMPLOYEE)
    await kari.until_saved(EMPLOYEE, 1)
    assert kari.closed is None


async def test_a_document_that_is_loaded_too_slowly_is_denied(house: House) -> None:
    ola, kari = house.page("ola"), house.page("kari")
    await ola.join(JOINT)
    await kari.join(EMPLOYEE)
    house.log.gate.clear()
    ola.type(JOINT, "hei")
    await house.log.until(lambda: house.log.waiting == 1)
    kari.attach(JOINT)
    await house.clock.advance(limits.AUTH_SECONDS_MAX + 2)
    await kari.until(lambda: kari.denied(JOINT) == "unavailable")
    house.log.gate.set()
    await ola.until_saved(JOINT, 2)
