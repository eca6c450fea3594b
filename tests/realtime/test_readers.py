"""Design 6.4: who may only read is told, of everything that is sent, whether the document has it."""

import pycrdt

from crdt.messages import SyncStep1, SyncStep2, SyncUpdate
from tests.realtime.doubles import JOINT, House


async def test_a_readers_handshake_is_answered_as_contained(house: House) -> None:
    guest = house.page("guest")
    await guest.join(JOINT)
    assert guest.scopes(JOINT) == ["readonly"]
    assert guest.saved(JOINT) == [True]


async def test_what_a_reader_writes_is_not_kept_and_the_reader_stays(house: House) -> None:
    guest, kari = house.page("guest"), house.page("kari")
    await guest.join(JOINT)
    await kari.join(JOINT)
    guest.type(JOINT, "nei")
    guest.say(JOINT, SyncStep1(guest.docs[JOINT].get_state()))
    await guest.until_saved(JOINT, 3)
    assert guest.saved(JOINT) == [True, False, False]
    assert guest.ended(JOINT) is None
    kari.type(JOINT, "ja")
    await guest.until(lambda: "ja" in guest.text(JOINT))
    assert house.text(1) == "ja"


async def test_what_the_document_has_already_is_acknowledged_to_a_reader(house: House) -> None:
    guest, kari = house.page("guest"), house.page("kari")
    await guest.join(JOINT)
    await kari.join(JOINT)
    update = kari.write(JOINT, "hei")
    kari.say(JOINT, SyncUpdate(update))
    await guest.until(lambda: guest.text(JOINT) == "hei")
    guest.say(JOINT, SyncUpdate(update))
    guest.say(JOINT, SyncStep1(b"\x00"))
    await guest.until_saved(JOINT, 3)
    assert guest.saved(JOINT) == [True, True, True]


async def test_a_reader_is_answered_only_after_the_commit_that_is_on_its_way(house: House) -> None:
    guest, kari = house.page("guest"), house.page("kari")
    await guest.join(JOINT)
    await kari.join(JOINT)
    house.log.gate.clear()
    update = kari.write(JOINT, "hei")
    kari.say(JOINT, SyncUpdate(update))
    await house.log.until(lambda: house.log.waiting == 1)
    guest.say(JOINT, SyncUpdate(update))
    assert guest.saved(JOINT) == [True]
    house.log.gate.set()
    await guest.until_saved(JOINT, 2)
    assert guest.saved(JOINT) == [True, True]


async def test_a_readers_malformed_update_closes_the_document(house: House) -> None:
    guest = house.page("guest")
    await guest.join(JOINT)
    guest.say(JOINT, SyncUpdate(b"\x01\xff"))
    await guest.until(lambda: guest.ended(JOINT) == "refused")


async def test_a_reader_gets_the_document_that_an_empty_page_lacks(house: House) -> None:
    kari, guest = house.page("kari"), house.page("guest")
    await kari.join(JOINT)
    kari.type(JOINT, "hei")
    await kari.until_saved(JOINT, 2)
    await guest.join(JOINT)
    assert guest.text(JOINT) == "hei"
    guest.docs[JOINT] = pycrdt.Doc()
    guest.say(JOINT, SyncStep1(b"\x00"))
    await guest.until(lambda: guest.count(JOINT, SyncStep2) == 2)
    assert guest.text(JOINT) == "hei"
