"""ROB: people may come and go for ever."""

import asyncio
import gc
import weakref
from typing import Any

import pytest

from crdt.document import Document
from server.realtime import rooms
from server.rules import limits
from tests.realtime.doubles import EMPLOYEE, JOINT, House

TIMES = 1000
PATIENCE_SECONDS = 10


async def test_a_thousand_connections_leave_no_task(house: House) -> None:
    ola = house.page("ola")
    await ola.join(JOINT)
    await house.clock.until_asleep()
    before = len(asyncio.all_tasks())
    for number in range(TIMES):
        kari = house.page("kari")
        if number % 3 == 0:
            await kari.join(JOINT)
            kari.speak(JOINT)
        else:
            kari.attach(JOINT, EMPLOYEE)
        kari.vanish(house.rooms)
    ola.type(JOINT, "!")
    await ola.until_saved(JOINT, 2)
    second = house.page("ola")
    await second.join(JOINT)
    second.vanish(house.rooms)
    await house.clock.advance(1)
    assert len(asyncio.all_tasks()) <= before


async def test_the_memory_of_documents_in_which_nobody_writes_is_given_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back = asyncio.Event()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(rooms, "give_back", lambda: loop.call_soon_threadsafe(given_back.set))
    monkeypatch.setattr(limits, "LET_GO_DOCUMENTS", 2)
    kari = house.page("kari")
    monkeypatch.setattr(limits, "SET_ASIDE_AT_ONCE_BYTES", 0)
    for name in (JOINT, EMPLOYEE):
        await kari.join(name)
        kari.type(name, "hej")
        await kari.until_saved(name, 2)
    assert not given_back.is_set()
    await house.clock.advance(2 * limits.PULSE_SECONDS)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await given_back.wait()
    # Nobody sees a difference.
    kari.type(JOINT, "då")
    await kari.until_saved(JOINT, 3)
    ola = house.page("ola")
    await ola.join(JOINT)
    assert ola.text(JOINT) == kari.text(JOINT)


async def test_a_small_document_is_not_kept_whole_while_it_is_stored_nor_afterwards(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, opened = Document.stored, list[Document]()

    def open_(*loaded: Any) -> Document:
        opened.append(stored(*loaded))
        return opened[0]

    monkeypatch.setattr(Document, "stored", open_)
    kari = house.page("kari")
    await kari.join(JOINT)
    house.log.gate.clear()
    kari.type(JOINT, "hei")
    await house.log.until(lambda: house.log.waiting == 1)
    assert not opened[0].set_aside(limits.MIB)
    house.log.gate.set()
    await kari.until_saved(JOINT, 2)
    ola = house.page("ola")
    await ola.join(JOINT)
    await house.clock.advance(limits.COMPACTION_IDLE_SECONDS + 1)
    await house.log.until(lambda: house.log.snapshots[1][0] == 1)
    assert not opened[0].set_aside(limits.MIB)
    assert ola.text(JOINT) == "hei"


async def test_an_unloaded_document_is_freed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    close = Document.close
    closed: list[Document] = []

    def closing(document: Document) -> None:
        closed.append(document)
        close(document)

    monkeypatch.setattr(Document, "close", closing)
    kari = house.page("kari")
    await kari.join(JOINT)
    gc.collect()
    documents = [weakref.ref(one) for one in gc.get_objects() if isinstance(one, Document)]
    assert documents
    kari.vanish(house.rooms)
    await house.clock.advance(limits.ROOM_IDLE_SECONDS + 2)
    # Without it, what pycrdt holds of a document is never freed.
    assert len(closed) == 1
    closed.clear()
    gc.collect()
    assert [one for one in documents if one() is not None] == []
