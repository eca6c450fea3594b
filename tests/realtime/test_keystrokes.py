"""DUR-1, DUR-2: what is typed takes a short way, and keeps every promise of the long one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pycrdt
import pytest

from crdt.document import Document
from crdt.messages import Awareness, SyncStatus, SyncUpdate
from server.realtime.closings import DocumentClosing
from server.realtime.keystrokes import Keystrokes
from server.realtime.outbox import Outbox, Post
from server.realtime.ports import Transport
from server.realtime.seat import Seat
from server.realtime.tasks import Tasks
from server.realtime.turn import Turn
from server.rules import limits
from server.rules.limits import STORAGE_RETRY_SECONDS_MIN
from server.storage.bells import PersonChanged
from server.storage.update_log import Append, Appended, AppendRefused
from tests.realtime.doubles import EMPLOYEE, JOINT, MANAGER, PATIENCE_SECONDS, House, Page


async def writing(house: House, person: str, *names: str) -> Page:
    """A page of somebody who has begun to write in each document: what comes next is plain typing."""
    page = house.page(person)
    await page.join(*names)
    for name in names:
        before = page.count(name, SyncStatus)
        page.type(name, person[0])
        await page.until_saved(name, before + 1)
    return page


@pytest.fixture
def long_way(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The updates that are merged by the long way from now on."""
    merged: list[bytes] = []
    merge = Document.merge

    def noted(document: Document, update: bytes, *rest: object) -> object:
        merged.append(update)
        return merge(document, update, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Document, "merge", noted)
    return merged


async def test_what_is_typed_in_several_documents_is_stored_by_one_commit(
    house: House, long_way: list[bytes]
) -> None:
    kari, ola = await writing(house, "kari", JOINT, EMPLOYEE), await writing(house, "ola", MANAGER)
    long_way.clear()
    kari.type(JOINT, "a")
    kari.type(EMPLOYEE, "b")
    ola.type(MANAGER, "c")
    await kari.until_saved(JOINT, 3)
    await kari.until_saved(EMPLOYEE, 3)
    await ola.until_saved(MANAGER, 3)
    assert house.log.batches[-1] == 3
    assert long_way == []
    assert [house.text(number) for number in (1, 2, 3)] == ["ka", "kb", "oc"]


async def test_what_comes_during_a_commit_is_carried_by_the_next_one_together(house: House) -> None:
    kari = await writing(house, "kari", JOINT, EMPLOYEE)
    house.log.gate.clear()
    kari.type(JOINT, "a")
    await house.log.until(lambda: house.log.waiting == 1)
    for _ in range(3):
        kari.type(JOINT, "b")
        kari.type(EMPLOYEE, "b")
    assert kari.saved(JOINT) == [True, True]
    house.log.gate.set()
    await kari.until_saved(JOINT, 6)
    await kari.until_saved(EMPLOYEE, 5)
    assert house.log.batches[-2:] == [1, 2]
    assert (house.text(1), house.text(2)) == ("kabbb", "kbbb")


async def test_two_who_type_in_one_text_at_once_are_each_sent_what_the_other_wrote(house: House) -> None:
    kari, ola = await writing(house, "kari", JOINT), await writing(house, "ola", JOINT)
    await kari.until(lambda: kari.text(JOINT) == ola.text(JOINT))
    for mine, theirs in zip("abcdæ", "ABCDÆ", strict=True):
        kari.type(JOINT, mine)
        ola.type(JOINT, theirs)
    await kari.until_saved(JOINT, 7)
    await ola.until_saved(JOINT, 7)
    stored = house.text(1)
    await kari.until(lambda: kari.text(JOINT) == stored)
    await ola.until(lambda: ola.text(JOINT) == stored)
    assert sorted(stored) == sorted("koabcdæABCDÆ")


async def test_a_database_that_fails_gives_no_acknowledgement_until_it_works_again(house: House) -> None:
    kari = await writing(house, "kari", JOINT)
    ola = house.page("ola")
    await ola.join(JOINT)
    house.log.failures = 2
    kari.type(JOINT, "a")
    await house.log.until(lambda: house.log.failures == 0)
    kari.type(JOINT, "b")
    await house.clock.until_asleep(2)
    assert kari.count(JOINT, SyncStatus) == 2
    assert ola.count(JOINT, SyncUpdate) == 0
    await house.clock.advance(STORAGE_RETRY_SECONDS_MIN)
    await kari.until_saved(JOINT, 4)
    await ola.until(lambda: ola.text(JOINT) == "kab")
    assert house.text(1) == "kab"


async def test_who_is_refused_is_told_and_nobody_else_in_the_commit(house: House) -> None:
    kari, ola = await writing(house, "kari", JOINT), await writing(house, "ola", MANAGER)

    def refuse(append: Append) -> None:
        if append.document == 1:
            raise AppendRefused("frozen", frozenset({"kari"}))

    house.log.refuse = refuse
    kari.type(JOINT, "late")
    ola.type(MANAGER, "a")
    await kari.until(lambda: kari.ended(JOINT) == "frozen")
    await ola.until_saved(MANAGER, 3)
    assert kari.saved(JOINT) == [True, True]
    assert (house.text(1), house.text(3)) == ("k", "oa")


async def test_who_is_expelled_during_the_commit_is_told_no_more(house: House) -> None:
    kari = await writing(house, "kari", JOINT)
    ola = house.page("ola")
    await ola.join(JOINT)
    house.log.gate.clear()
    kari.type(JOINT, "a")
    await house.log.until(lambda: house.log.waiting == 1)
    house.desk.openings["kari", JOINT] = "denied"
    house.rooms.hear(PersonChanged("kari"))
    await kari.until(lambda: kari.ended(JOINT) == "denied")
    house.log.gate.set()
    await ola.until(lambda: ola.text(JOINT) == "ka")
    assert kari.saved(JOINT) == [True, True]


async def test_where_somebody_is_said_to_be_is_told_after_what_she_typed(house: House) -> None:
    kari = await writing(house, "kari", JOINT)
    ola = house.page("ola")
    await ola.join(JOINT)
    house.log.gate.clear()
    kari.type(JOINT, "a")
    kari.speak(JOINT)
    await house.log.until(lambda: house.log.waiting == 1)
    assert ola.count(JOINT, Awareness) == 0
    house.log.gate.set()
    await ola.until(lambda: ola.count(JOINT, Awareness) == 1)
    assert ola.text(JOINT) == "ka"


async def test_what_is_more_than_typing_waits_for_what_was_typed_before_it(house: House) -> None:
    kari = await writing(house, "kari", JOINT)
    house.log.gate.clear()
    kari.type(JOINT, "a")
    await house.log.until(lambda: house.log.waiting == 1)
    kari.type(JOINT, "another field", field="a2")
    kari.type(JOINT, "b")
    house.log.gate.set()
    await kari.until_saved(JOINT, 5)
    assert (house.text(1), house.text(1, "a2")) == ("kab", "another field")


async def test_a_reader_types_nothing(house: House) -> None:
    kari, ola = await writing(house, "kari", JOINT), await writing(house, "ola", JOINT)
    house.rescope("ola", JOINT, "readonly")
    house.rooms.hear(PersonChanged("ola"))
    await ola.until(lambda: ola.scopes(JOINT) == ["read-write", "readonly"])
    ola.type(JOINT, "x")
    await ola.until_saved(JOINT, 3)
    assert ola.saved(JOINT) == [True, True, False]
    kari.type(JOINT, "a")
    await kari.until_saved(JOINT, 3)
    assert "x" not in house.text(1)


async def test_draining_waits_for_what_was_typed(house: House) -> None:
    kari = await writing(house, "kari", JOINT)
    house.log.gate.clear()
    kari.type(JOINT, "a")
    kari.type(JOINT, "b")
    await house.log.until(lambda: house.log.waiting == 1)
    draining = asyncio.create_task(house.rooms.drain())
    await house.clock.until_asleep(2)
    assert not draining.done()
    house.log.gate.set()
    await draining
    assert kari.saved(JOINT) == [True] * 4
    assert house.text(1) == "kab"


async def test_a_long_commit_is_followed_by_a_pause_in_which_more_can_come(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BUSY_DOCUMENTS_MIN", 2)
    kari = await writing(house, "kari", JOINT, EMPLOYEE)
    kari.type(JOINT, "a")
    kari.type(EMPLOYEE, "a")
    await kari.until_saved(JOINT, 3)
    await house.clock.until_asleep(2)
    kari.type(JOINT, "b")
    await house.page("ola").join(MANAGER)
    assert house.text(1) == "ka"
    await house.clock.advance(limits.BUSY_PAUSE_SECONDS)
    await kari.until_saved(JOINT, 4)
    assert house.text(1) == "kab"


async def test_a_document_is_at_one_thing_at_a_time_also_when_telling_of_it_cuts_somebody_off(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kari, ola = await writing(house, "kari", JOINT), await writing(house, "ola", JOINT)
    await kari.until(lambda: kari.text(JOINT) == ola.text(JOINT))
    ola.takes.clear()
    for times in (3, 4):
        kari.type(JOINT, "a")
        await kari.until_saved(JOINT, times)
    stored = house.log.last[1]
    house.log.gate.clear()
    kari.type(JOINT, "b")
    await house.log.until(lambda: house.log.waiting == 1)
    kari.type(JOINT, "pasted " * 20)
    house.log.moved = lambda *_: house.log.gate.clear()
    with monkeypatch.context() as patch:
        patch.setattr(limits, "OUTBOX_FRAMES_MAX", 1)
        house.log.gate.set()
        await house.log.until(lambda: house.log.last[1] == stored + 1 and house.log.waiting == 1)
    kari.type(JOINT, "c")
    await house.page("ola").join(MANAGER)
    assert house.log.waiting == 1
    house.log.moved = lambda *_: None
    house.log.gate.set()
    ola.takes.set()
    await kari.until_saved(JOINT, 7)
    assert house.text(1)[2:] == "aab" + "pasted " * 20 + "c"


async def test_what_fails_after_the_commit_closes_its_own_document_and_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kari, ola = await writing(house, "kari", JOINT), await writing(house, "ola", MANAGER)

    def failing(turn: Turn) -> dict[Seat, int]:
        if "kari" in (item.seat.author.person for item in turn.writes):
            raise RuntimeError("made to fail")
        return worths(turn)

    worths = Turn.worths
    monkeypatch.setattr(Turn, "worths", failing)
    kari.type(JOINT, "a")
    ola.type(MANAGER, "b")
    await kari.until(lambda: kari.ended(JOINT) == DocumentClosing.UNAVAILABLE)
    await ola.until_saved(MANAGER, 3)
    assert (house.text(1), house.text(3)) == ("ka", "ob")


async def test_what_is_folded_is_what_the_log_says_up_to_there(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kari = await writing(house, "kari", JOINT)
    other_node = Page(house.rooms, kari.author)
    other_node.docs[JOINT] = pycrdt.Doc()
    other_node.docs[JOINT].apply_update(kari.docs[JOINT].get_update())
    house.log.last[1] += 1
    house.log.rows[1][house.log.last[1]] = other_node.write(JOINT, "elsewhere", "a2")
    monkeypatch.setattr(limits, "COMPACTION_ROWS", 1)
    kari.type(JOINT, "a")
    await house.log.until(lambda: house.log.snapshots[1][0] > 0)
    assert house.log.snapshots[1][0] == house.log.last[1]
    assert (house.text(1), house.text(1, "a2")) == ("ka", "elsewhere")


async def test_where_somebody_is_said_to_be_waits_for_no_other_document(house: House) -> None:
    kari, ola = await writing(house, "kari", JOINT), await writing(house, "ola", MANAGER)
    also_ola = house.page("ola")
    await also_ola.join(MANAGER)
    house.log.gate.clear()
    kari.type(JOINT, "a")
    await house.log.until(lambda: house.log.waiting == 1)
    ola.speak(MANAGER)
    await also_ola.until(lambda: also_ola.count(MANAGER, Awareness) == 1)
    assert kari.count(JOINT, SyncStatus) == 2


async def test_what_nobody_can_type_so_fast_is_counted_as_her_effort(
    house: House, long_way: list[bytes]
) -> None:
    kari = await writing(house, "kari", JOINT)
    house.log.gate.clear()
    kari.type(JOINT, "a")
    await house.log.until(lambda: house.log.waiting == 1)
    long_way.clear()
    for _ in range(limits.TYPED_WAITING_MAX + 1):
        kari.type(JOINT, "b")
    house.log.gate.set()
    await kari.until_saved(JOINT, 3 + limits.TYPED_WAITING_MAX + 1)
    assert len(long_way) == limits.TYPED_WAITING_MAX + 1
    assert house.text(1) == "ka" + "b" * (limits.TYPED_WAITING_MAX + 1)


@pytest.mark.parametrize(
    ("documents", "first"),
    [(1, "sent"), (limits.BUSY_DOCUMENTS_MIN - 1, "sent"), (limits.BUSY_DOCUMENTS_MIN, "read")],
)
async def test_what_is_typed_in_few_documents_leaves_before_what_has_come_meanwhile_is_read(
    house: House, documents: int, first: str
) -> None:
    order, is_over = list[str](), asyncio.Event()

    def note(what: str) -> None:
        order.append(what)
        if len(order) == 2 * documents:
            is_over.set()

    class Quick:
        """A socket that takes what it is given."""

        def send_at_once(self, frames: Sequence[bytes]) -> bool:
            note("sent")
            return True

    class Typing:
        """A document in which a key was pressed; something comes before that is told."""

        def __init__(self) -> None:
            self.outbox = Outbox(cast(Transport, Quick()), post, tasks, house.clock, lambda: None)

        def begin_typed(self) -> Append:
            return Append(1, b"typed", (), (), (), None, 0)

        def end_typed(self, _: Appended) -> None:
            asyncio.get_running_loop().call_soon(note, "read")
            self.outbox.put((b"typed",))

    post, tasks = Post(), Tasks()
    keystrokes = Keystrokes(house.log, house.clock, tasks, post)
    for _ in range(documents):
        keystrokes.add(Typing())
    async with asyncio.timeout(PATIENCE_SECONDS):
        await is_over.wait()
    assert (order[0], order.count("sent")) == (first, documents)
    await tasks.stop()
