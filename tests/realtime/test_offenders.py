"""CON-2, ROB-1: whoever breaks a rule is alone with it."""

from typing import Any

import pycrdt
import pytest

from crdt.document import Document
from crdt.errors import DocumentBroken
from crdt.messages import Awareness, Stateless, SyncStatus, SyncStep1, SyncStep2, SyncUpdate
from server.realtime.closings import RESET
from tests.realtime.doubles import EMPLOYEE, JOINT, House

MALFORMED = b"\x01\xff"
FOREIGN_ROOT = bytes.fromhex("010102000401017402c3a900")
"""The text "é" in a root named "t", which the schema does not have."""


@pytest.mark.parametrize("update", [MALFORMED, FOREIGN_ROOT], ids=["malformed", "foreign"])
async def test_a_bad_update_closes_that_document_of_that_connection_only(house: House, update: bytes) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT, EMPLOYEE)
    await ola.join(JOINT)
    kari.say(JOINT, SyncUpdate(update))
    await kari.until(lambda: kari.ended(JOINT) == "refused")
    kari.type(EMPLOYEE, "mitt")
    await kari.until_saved(EMPLOYEE, 2)
    ola.type(JOINT, "vårt")
    await ola.until_saved(JOINT, 2)
    assert kari.closed is None
    assert ola.ended(JOINT) is None
    assert house.text(1) == "vårt"


async def test_what_follows_a_bad_update_is_dropped_and_not_acknowledged(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT, EMPLOYEE)
    house.log.gate.clear()
    kari.say(JOINT, SyncUpdate(MALFORMED))
    kari.type(JOINT, "etter")
    house.log.gate.set()
    await kari.until(lambda: kari.ended(JOINT) == "refused")
    kari.type(EMPLOYEE, "mitt")
    await kari.until_saved(EMPLOYEE, 2)
    assert kari.count(JOINT, SyncStatus) == 1
    assert house.text(1) == ""


async def test_a_closed_document_can_be_attached_again(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    kari.say(JOINT, SyncUpdate(MALFORMED))
    await kari.until(lambda: kari.ended(JOINT) == "refused")
    kari.attach(JOINT)
    await kari.until_saved(JOINT, 2)
    kari.type(JOINT, "igjen")
    await kari.until_saved(JOINT, 3)
    assert house.text(1) == "igjen"


async def test_a_malformed_state_vector_closes_that_document_only(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT, EMPLOYEE)
    kari.say(JOINT, SyncStep1(b"\x05\x01"))
    await kari.until(lambda: kari.ended(JOINT) == "refused")
    assert kari.ended(EMPLOYEE) is None


async def test_a_message_that_clients_may_not_send_closes_that_document_only(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT, EMPLOYEE)
    kari.say(JOINT, Stateless("hei"))
    await kari.until(lambda: kari.ended(JOINT) is not None)
    kari.type(EMPLOYEE, "mitt")
    await kari.until_saved(EMPLOYEE, 2)


async def test_an_undecodable_frame_closes_that_socket_only(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.connection.receive(b"\xff\xff\xff")
    await kari.until(lambda: kari.closed == (RESET.code, RESET.reason))
    ola.type(JOINT, "hei")
    await ola.until_saved(JOINT, 2)


async def test_an_incomplete_update_is_asked_for_once_and_acknowledged_with_the_answer(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.answers_sync = False
    lost = kari.write(JOINT, "a")
    for letter in "bcd":
        kari.type(JOINT, letter)
    kari.speak(JOINT)
    await ola.until(lambda: ola.count(JOINT, Awareness) == 1)
    assert kari.count(JOINT, SyncStatus) == 1
    assert kari.count(JOINT, SyncStep1) == 2
    state_vector = kari.all(JOINT, SyncStep1)[-1].state_vector
    kari.say(JOINT, SyncStep2(kari.docs[JOINT].get_update(state_vector)))
    await kari.until_saved(JOINT, 4)
    kari.say(JOINT, SyncUpdate(lost))
    await kari.until_saved(JOINT, 5)
    assert house.text(1) == "abcd"
    assert kari.ended(JOINT) is None


async def test_a_step2_that_lacks_something_closes_the_document(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    kari.write(JOINT, "a")
    kari.say(JOINT, SyncStep2(kari.write(JOINT, "b")))
    await kari.until(lambda: kari.ended(JOINT) == "refused")
    assert house.text(1) == ""


async def test_a_client_id_of_somebody_else_cannot_be_written_under(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.type(JOINT, "kari")
    await ola.until(lambda: ola.text(JOINT) == "kari")
    stolen = kari.write(JOINT, "!")
    ola.say(JOINT, SyncUpdate(stolen))
    await ola.until(lambda: ola.ended(JOINT) == "refused")
    assert house.text(1) == "kari"


async def test_after_a_failure_of_pycrdt_the_document_is_loaded_again_and_others_stay(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    house.log.gate.clear()
    kari.type(JOINT, "x")
    await house.log.until(lambda: house.log.waiting == 1)
    ola.type(JOINT, "ola")
    poison = kari.write(JOINT, "poison")
    kari.say(JOINT, SyncUpdate(poison))
    merge = Document.merge

    def breaks(document: Document, update: bytes, person: str, told: Any) -> object:
        if update == poison:
            raise DocumentBroken("as told")
        return merge(document, update, person, told)

    monkeypatch.setattr(Document, "merge", breaks)
    house.log.gate.set()
    await kari.until(lambda: kari.ended(JOINT) == "refused")
    await ola.until_saved(JOINT, 2)
    assert ola.ended(JOINT) is None
    assert house.log.loads[1] == 2
    assert sorted(house.text(1)) == sorted("xola")


async def test_an_update_that_breaks_encoding_is_found_among_those_of_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    poisoned: set[int] = set()
    poison = b""
    merge, take = Document.merge, Document.take_change

    def merging(document: Document, update: bytes, person: str, told: Any) -> object:
        if update == poison:
            poisoned.add(id(document))
        return merge(document, update, person, told)

    def taking(document: Document) -> bytes | None:
        if id(document) in poisoned:
            poisoned.clear()
            raise DocumentBroken("as told")
        return take(document)

    monkeypatch.setattr(Document, "merge", merging)
    monkeypatch.setattr(Document, "take_change", taking)
    house.log.gate.clear()
    ola.type(JOINT, "1")
    await house.log.until(lambda: house.log.waiting == 1)
    ola.type(JOINT, "2")
    poison = kari.write(JOINT, "poison")
    kari.say(JOINT, SyncUpdate(poison))
    ola.type(JOINT, "3")
    house.log.gate.set()
    await kari.until(lambda: kari.ended(JOINT) == "refused")
    await ola.until_saved(JOINT, 4)
    assert house.text(1) == "123"


async def test_a_failure_nobody_foresaw_closes_that_document_and_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT, EMPLOYEE)
    await ola.join(JOINT)

    def fails(document: Document, update: bytes, person: str, told: Any) -> object:
        raise RuntimeError("a mistake in the program")

    with monkeypatch.context() as patched:
        patched.setattr(Document, "merge", fails)
        kari.type(JOINT, "hei")
        await ola.until(lambda: ola.ended(JOINT) == "unavailable")
    kari.type(EMPLOYEE, "mitt")
    await kari.until_saved(EMPLOYEE, 2)
    ola.attach(JOINT)
    await ola.until_saved(JOINT, 2)


@pytest.mark.parametrize("she_is_away", [False, True])
async def test_nobody_takes_the_place_of_what_another_is_about_to_write(
    house: House, she_is_away: bool
) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.speak(JOINT)
    await ola.until(lambda: ola.count(JOINT, Awareness) > 0)
    if she_is_away:
        kari.vanish(house.rooms)
    # Her client id is all that is known of her: she has not written yet.
    client = ola.all(JOINT, Awareness)[-1].entries[0].client
    forger = pycrdt.Doc[Any](client_id=client)
    forger.apply_update(ola.docs[JOINT].get_update())
    ola.docs[JOINT] = forger
    ola.type(JOINT, "FORGED")
    await ola.until(lambda: ola.ended(JOINT) == "refused")
    again = house.page("kari")
    again.docs = kari.docs
    again.write(JOINT, "mitt")
    await again.join(JOINT)
    assert house.text(1) == "mitt"
