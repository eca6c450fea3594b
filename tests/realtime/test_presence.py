"""Who is here: at once, without ghosts, and of a private pane only to its owner."""

from crdt.messages import Awareness, AwarenessEntry, QueryAwareness
from server.rules.access import Pane
from tests.realtime.doubles import EMPLOYEE, JOINT, MANAGER, House, shown


async def test_the_other_is_shown_at_once_with_the_name_of_the_login(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.speak(JOINT, state='{"user":{"name":"Konungen"}}')
    await ola.until(lambda: shown(ola, JOINT) == {"Kari"})
    assert shown(kari, JOINT) == set()


async def test_who_comes_later_is_shown_who_ishere(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    kari.speak(JOINT)
    ola.attach(JOINT)
    await ola.until(lambda: shown(ola, JOINT) == {"Kari"})
    before = ola.count(JOINT, Awareness)
    ola.say(JOINT, QueryAwareness())
    await ola.until(lambda: ola.count(JOINT, Awareness) == before + 1)


async def test_a_lost_socket_leaves_no_ghost(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.speak(JOINT)
    await ola.until(lambda: shown(ola, JOINT) == {"Kari"})
    kari.vanish(house.rooms)
    await ola.until(lambda: shown(ola, JOINT) == set())


async def test_who_reconnects_before_the_old_socket_is_known_dead_stays_shown(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.speak(JOINT)
    again = house.page("kari")
    again.docs = kari.docs
    again.attach(JOINT)
    again.speak(JOINT)
    await ola.until(lambda: ola.count(JOINT, Awareness) == 2)
    kari.vanish(house.rooms)
    ola.type(JOINT, "hei")
    await ola.until_saved(JOINT, 2)
    assert shown(ola, JOINT) == {"Kari"}
    again.vanish(house.rooms)
    await ola.until(lambda: shown(ola, JOINT) == set())


async def test_nobody_speaks_for_somebody_else(house: House) -> None:
    kari, ola, guest = house.page("kari"), house.page("ola"), house.page("guest")
    for page in (kari, ola, guest):
        await page.join(JOINT)
    kari.speak(JOINT)
    await guest.until(lambda: shown(guest, JOINT) == {"Kari"})
    ola.say(JOINT, Awareness((AwarenessEntry(kari.docs[JOINT].client_id, 99, "null"),)))
    ola.type(JOINT, "hei")
    await guest.until(lambda: guest.text(JOINT) == "hei")
    assert shown(guest, JOINT) == {"Kari"}


async def test_who_was_let_into_a_private_pane_by_mistake_still_sees_nobody(house: House) -> None:
    house.add(4, "talk/employee/9", Pane.EMPLOYEE, private=True, kari="read-write", ola="readonly")
    name = "talk/employee/9"
    kari, tablet, ola, late = house.page("kari"), house.page("kari"), house.page("ola"), house.page("ola")
    for page in (kari, tablet, ola):
        await page.join(name)
    kari.speak(name)
    await tablet.until(lambda: shown(tablet, name) == {"Kari"})
    await late.join(name)
    assert ola.count(name, Awareness) == late.count(name, Awareness) == 0


async def test_presence_in_a_private_pane_reaches_the_owners_other_device_only(house: House) -> None:
    kari, tablet, ola = house.page("kari"), house.page("kari"), house.page("ola")
    await kari.join(EMPLOYEE, JOINT)
    await tablet.join(EMPLOYEE)
    await ola.join(JOINT, MANAGER)
    kari.speak(EMPLOYEE)
    await tablet.until(lambda: shown(tablet, EMPLOYEE) == {"Kari"})
    assert ola.count(EMPLOYEE, Awareness) == 0
    assert ola.count(JOINT, Awareness) == 0
