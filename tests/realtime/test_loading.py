"""A document is loaded once, however many come; what cannot be loaded is denied, never empty."""

import asyncio

import pytest

from crdt.messages import AuthToken, Close, SyncStep1
from server.rules import limits
from tests.realtime.doubles import EMPLOYEE, JOINT, MANAGER, House

CROWD = 100


async def test_a_hundred_simultaneous_joins_load_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS_PER_PERSON_MAX", CROWD)
    crowd = [house.page("kari") for _ in range(CROWD)]
    house.log.loading.clear()
    joining = [asyncio.create_task(page.join(JOINT)) for page in crowd]
    await house.log.until(lambda: house.log.loads[1] > 0)
    await house.desk.until_asked(CROWD)
    house.log.loading.set()
    await asyncio.gather(*joining)
    assert house.log.loads[1] == 1


async def test_what_cannot_be_loaded_is_denied_and_the_next_try_may_succeed(house: House) -> None:
    kari = house.page("kari")
    house.log.failures = 1
    kari.attach(JOINT)
    await kari.until(lambda: kari.denied(JOINT) == "unavailable")
    assert kari.scopes(JOINT) == []
    kari.attach(JOINT)
    await kari.until_saved(JOINT, 1)
    assert kari.text(JOINT) == ""


async def test_a_stored_document_that_is_not_whole_is_denied_and_its_neighbour_opens(house: House) -> None:
    house.log.snapshots[1] = (0, b"\x07\x07")
    kari = house.page("kari")
    kari.attach(JOINT)
    await kari.until(lambda: kari.denied(JOINT) == "unavailable")
    await kari.join(EMPLOYEE)


async def test_a_document_that_is_no_longer_stored_has_moved(house: House) -> None:
    kari = house.page("kari")
    await kari.join(EMPLOYEE)
    del house.log.snapshots[2]
    kari.type(EMPLOYEE, "sent")
    await kari.until(lambda: kari.ended(EMPLOYEE) == "moved")
    assert len(kari.saved(EMPLOYEE)) == 1


async def test_a_desk_that_cannot_answer_denies_without_a_verdict(house: House) -> None:
    kari = house.page("kari")
    house.desk.is_down = True
    kari.attach(JOINT)
    await kari.until(lambda: kari.denied(JOINT) == "unavailable")


async def test_the_forbidden_and_the_missing_are_denied_alike(house: House) -> None:
    kari = house.page("kari")
    kari.attach(MANAGER, "talk/nothing/1")
    await kari.until(lambda: kari.denied("talk/nothing/1") is not None)
    assert kari.denied(MANAGER) == kari.denied("talk/nothing/1") == "denied"


async def test_the_owner_of_a_replaced_generation_is_told_that_it_has_moved(house: House) -> None:
    house.desk.openings["kari", EMPLOYEE] = "moved"
    kari = house.page("kari")
    kari.attach(EMPLOYEE)
    await kari.until(lambda: kari.denied(EMPLOYEE) == "moved")


async def test_a_page_may_detach_and_attach_in_one_tick(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    kari.say(JOINT, Close(None))
    kari.attach(JOINT)
    await kari.until_saved(JOINT, 2)
    kari.type(JOINT, "hei")
    await kari.until_saved(JOINT, 3)
    assert kari.ended(JOINT) is None
    assert kari.scopes(JOINT) == ["read-write", "read-write"]


async def test_leaving_while_the_desk_is_asked_takes_the_question_back(house: House) -> None:
    kari = house.page("kari")
    house.desk.gate.clear()
    kari.attach(JOINT)
    kari.say(JOINT, Close(None))
    kari.docs.clear()
    house.desk.gate.set()
    await kari.join(EMPLOYEE)
    assert kari.scopes(JOINT) == []


async def test_what_came_before_the_answer_is_held_and_then_heard(house: House) -> None:
    kari = house.page("kari")
    house.desk.gate.clear()
    kari.attach(JOINT)
    await house.desk.until_asked()
    kari.say(JOINT, SyncStep1(b"\x00"))
    house.desk.gate.set()
    await kari.until(lambda: kari.count(JOINT, SyncStep1) == 2)


async def test_an_empty_room_is_unloaded_after_a_while_and_loaded_anew(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    await house.clock.advance(limits.ROOM_IDLE_SECONDS)
    kari.vanish(house.rooms)
    await house.clock.advance(limits.ROOM_IDLE_SECONDS - 2)
    await house.page("kari").join(JOINT)
    assert house.log.loads[1] == 1


async def test_a_room_that_nobody_came_back_to_is_loaded_anew(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    kari.vanish(house.rooms)
    await house.clock.advance(limits.ROOM_IDLE_SECONDS + 2)
    await house.page("kari").join(JOINT)
    assert house.log.loads[1] == 2


async def test_a_token_shown_again_is_answered_by_the_rights_as_they_are(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    house.rescope("kari", JOINT, "readonly")
    kari.say(JOINT, AuthToken("", "4.8.0"))
    await kari.until(lambda: kari.scopes(JOINT) == ["read-write", "readonly"])
