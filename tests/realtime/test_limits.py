"""ROB-2, ROB-3: over a limit the one who went over it is told and closed, nobody else."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from crdt.document import Document, Merged
from crdt.messages import AuthToken, SyncStep1, SyncUpdate
from server.realtime.allowance import Allowance
from server.realtime.closings import RESET, STALLED, TOO_MUCH
from server.realtime.ports import Opening
from server.rules import limits
from server.rules.access import Pane
from server.storage.bells import ConversationChanged
from tests.realtime.doubles import EMPLOYEE, JOINT, MANAGER, House, Page, shown


async def test_a_reader_that_lets_frames_pile_up_is_told_and_closed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "OUTBOX_FRAMES_MAX", 20)
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    ola.takes.clear()
    for number in range(30):
        kari.type(JOINT, "x")
        await kari.until_saved(JOINT, 2 + number)
    assert ola.connection.is_closed
    ola.takes.set()
    await ola.until(lambda: ola.closed == (STALLED.code, STALLED.reason))
    assert kari.closed is None


async def _leaves(house: House, kari: Page) -> None:
    kari.vanish(house.rooms)


async def _changes(house: House, kari: Page) -> None:
    house.rooms.hear(ConversationChanged("talk"))
    await kari.connection.flushed()


@pytest.mark.parametrize("happen", [_leaves, _changes])
async def test_several_readers_who_are_cut_off_by_what_they_are_told_at_once_are_all_let_go_of(
    happen: Callable[[House, Page], Awaitable[None]],
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    kari, *others = house.page("kari"), house.page("ola"), house.page("guest"), house.page("ola")
    for page in (kari, *others):
        await page.join(JOINT)
        page.speak(JOINT)
    await kari.until(lambda: shown(kari, JOINT) == {"Ola", "Guest"})
    opening = house.desk.openings["kari", JOINT]
    assert isinstance(opening, Opening)
    await house.rooms.document(opening).rest()
    with monkeypatch.context() as patch:
        patch.setattr(limits, "OUTBOX_FRAMES_MAX", 0)
        await happen(house, kari)
        for page in others:
            await page.until(lambda page=page: page.closed == (STALLED.code, STALLED.reason))  # type: ignore[misc]
    late = house.page("kari")
    await late.join(JOINT)
    assert shown(late, JOINT) == set()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_reader_that_lets_bytes_pile_up_is_told_and_closed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "OUTBOX_BYTES_MAX", 1000)
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    ola.takes.clear()
    for number in range(3):
        kari.type(JOINT, "x" * 600)
        await kari.until_saved(JOINT, 2 + number)
    ola.takes.set()
    await ola.until(lambda: ola.closed == (STALLED.code, STALLED.reason))


async def test_a_reader_that_takes_nothing_for_too_long_is_cut_off(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    ola.takes.clear()
    kari.type(JOINT, "hei")
    await kari.until_saved(JOINT, 2)
    await house.clock.advance(limits.SEND_SECONDS_MAX + 2)
    assert ola.was_aborted
    assert not kari.was_aborted


async def test_more_bytes_a_second_than_allowed_close_the_socket(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "INBOUND_BURST_BYTES_MAX", 2000)
    kari = house.page("kari")
    monkeypatch.undo()
    ola = house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.type(JOINT, "x" * 2000)
    await kari.until(lambda: kari.closed == (TOO_MUCH.code, TOO_MUCH.reason))
    ola.type(JOINT, "x" * 2000)
    await ola.until_saved(JOINT, 2)
    assert house.text(1) == "x" * 2000


def test_an_allowance_fills_with_time_and_never_over_the_burst() -> None:
    allowance = Allowance(per_second=10, burst=100, now=0.0)
    assert allowance.take(100, 0.0)
    assert not allowance.take(1, 0.0)
    assert not allowance.take(11, 1.0)
    assert allowance.take(10, 1.0)
    assert not allowance.take(101, 1000.0)
    assert allowance.take(100, 1000.0)


async def test_a_person_may_have_so_many_connections_and_no_more(house: House) -> None:
    pages = [house.page("kari") for _ in range(limits.CONNECTIONS_PER_PERSON_MAX)]
    ola, one_too_many = house.page("ola"), house.page("kari")
    await one_too_many.until(lambda: one_too_many.closed == (TOO_MUCH.code, TOO_MUCH.reason))
    await ola.join(JOINT)
    await pages[-1].join(JOINT)
    pages[0].vanish(house.rooms)
    await house.page("kari").join(JOINT)


async def test_what_waits_for_a_slow_database_is_bounded_for_each_connection(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    monkeypatch.setattr(limits, "WAITING_ITEMS_MAX", 10)
    house.log.gate.clear()
    ola.type(JOINT, "1")
    await house.log.until(lambda: house.log.waiting == 1)
    for _ in range(11):
        kari.type(JOINT, "x")
    ola.type(JOINT, "2")
    house.log.gate.set()
    await kari.until(lambda: kari.closed == (STALLED.code, STALLED.reason))
    await ola.until_saved(JOINT, 3)


async def test_too_many_documents_on_one_socket_reset_it(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    for number in range(limits.WIRE.documents_per_connection_max):
        kari.say(f"talk/joint/{number + 2}", AuthToken("", None))
    await kari.until(lambda: kari.closed == (RESET.code, RESET.reason))


async def test_what_is_held_for_an_unanswered_document_is_bounded(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    house.desk.gate.clear()
    kari.attach(JOINT)
    for _ in range(limits.WIRE.held_frames_max + 1):
        kari.say(JOINT, SyncStep1(b"\x00"))
    await kari.until(lambda: kari.closed == (RESET.code, RESET.reason))
    house.desk.gate.set()
    await ola.join(JOINT)


async def test_a_table_or_text_over_a_limit_of_the_document_closes_that_document(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT, EMPLOYEE)
    kari.say(JOINT, SyncUpdate(b"\xff\xff\x03" + bytes(200_000)))
    await kari.until(lambda: kari.ended(JOINT) == "refused")
    kari.type(EMPLOYEE, "mitt")
    await kari.until_saved(EMPLOYEE, 2)


async def test_whoever_occupies_the_node_waits_until_others_had_their_turn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge, contains = Document.merge, Document.contains

    def slow_merge(document: Document, update: bytes, person: str, told: Any) -> Merged:
        house.clock.time += 2 if person == "ola" else 0
        return merge(document, update, person, told)

    def slow_contains(document: Document, update: bytes) -> bool:
        house.clock.time += 2
        return contains(document, update)

    monkeypatch.setattr(Document, "merge", slow_merge)
    monkeypatch.setattr(Document, "contains", slow_contains)
    kari, ola, guest = house.page("kari"), house.page("ola"), house.page("guest")
    for page in (kari, ola, guest):
        await page.join(JOINT)
    for _ in range(4):
        ola.type(JOINT, "o")
        guest.type(JOINT, "g")
    for page in (ola, guest):
        await page.until(lambda page=page: page.ended(JOINT) == "unavailable")  # type: ignore[misc]
        assert page.closed is None
    assert house.text(1) == "oo"
    kari.type(JOINT, "k")
    await kari.until_saved(JOINT, 2)
    await house.clock.advance(limits.EFFORT_SECONDS_MAX / limits.EFFORT_SECONDS_BACK)
    saved = len(ola.saved(JOINT))
    ola.attach(JOINT)
    await ola.until_saved(JOINT, saved + 1)
    assert sorted(house.text(1)) == sorted("ooook")


async def test_what_may_take_long_is_merged_and_compared_in_another_thread(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[str, list[bool]] = {"merge": [], "contains": []}
    merge, contains = Document.merge, Document.contains

    def watched_merge(document: Document, update: bytes, person: str, told: Mapping[int, str]) -> Merged:
        threads["merge"].append(threading.current_thread() is threading.main_thread())
        return merge(document, update, person, told)

    def watched_contains(document: Document, update: bytes) -> bool:
        threads["contains"].append(threading.current_thread() is threading.main_thread())
        return contains(document, update)

    kari, guest = house.page("kari"), house.page("guest")
    await kari.join(JOINT)
    await guest.join(JOINT)
    monkeypatch.setattr(Document, "merge", watched_merge)
    monkeypatch.setattr(Document, "contains", watched_contains)
    for text in ("short", "long" * 2_000):
        kari.type(JOINT, text)
        guest.type(JOINT, text)
    await kari.until_saved(JOINT, 3)
    await guest.until_saved(JOINT, 3)
    assert threads == {"merge": [True, False], "contains": [True, False]}
    assert house.text(1) == "short" + "long" * 2_000


async def test_costly_updates_wait_for_each_other_and_nobody_else_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "SLOW_MERGES_AT_ONCE_MAX", 1)
    crowded = House()
    crowded.add(1, JOINT, Pane.JOINT, kari="read-write")
    crowded.add(2, EMPLOYEE, Pane.EMPLOYEE, private=True, kari="read-write")
    crowded.add(3, MANAGER, Pane.MANAGER, private=True, ola="read-write")
    kari, ola = crowded.page("kari"), crowded.page("ola")
    await kari.join(JOINT, EMPLOYEE)
    await ola.join(MANAGER)
    loop, has_begun, may_end = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    running: list[int] = []
    merge = Document.merge

    def slow_merge(document: Document, update: bytes, person: str, told: Mapping[int, str]) -> Merged:
        if document.is_quick(update):
            return merge(document, update, person, told)
        running.append(len(running))
        loop.call_soon_threadsafe(has_begun.set)
        may_end.wait(10)
        return merge(document, update, person, told)

    monkeypatch.setattr(Document, "merge", slow_merge)
    for name in (JOINT, EMPLOYEE):
        kari.type(name, "long" * 2_000)
    await has_begun.wait()
    ola.type(MANAGER, "short")
    await ola.until_saved(MANAGER, 2)
    assert len(running) == 1
    may_end.set()
    for name in (JOINT, EMPLOYEE):
        await kari.until_saved(name, 2)
    assert len(running) == 2
    await crowded.rooms.drain()
