"""The log is folded into a snapshot that says the same, so that what was deleted leaves it."""

import asyncio
import logging

import pytest

from crdt.document import Document
from crdt.errors import DocumentBroken
from server.rules import limits
from tests.realtime.doubles import JOINT, PATIENCE_SECONDS, SCHEMA, House


async def test_a_document_that_is_left_alone_is_folded(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    kari.type(JOINT, "hei")
    await kari.until_saved(JOINT, 2)
    await house.clock.advance(limits.COMPACTION_IDLE_SECONDS + 1)
    await house.log.until(lambda: house.log.snapshots[1][0] == 1)
    assert house.log.rows[1] == {}
    assert house.text(1) == "hei"
    kari.type(JOINT, "!")
    await kari.until_saved(JOINT, 3)
    assert house.text(1) == "hei!"


async def test_a_document_that_is_written_in_without_pause_is_folded_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "COMPACTION_ROWS", 5)
    kari = house.page("kari")
    await kari.join(JOINT)
    for number in range(7):
        kari.type(JOINT, str(number))
        await kari.until_saved(JOINT, 2 + number)
    await house.log.until(lambda: house.log.snapshots[1][0] >= 5)
    assert house.text(1) == "0123456"


async def test_folding_waits_for_a_failing_database_and_writing_goes_on(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    kari.type(JOINT, "a")
    await kari.until_saved(JOINT, 2)
    house.log.failures = 1
    await house.clock.advance(limits.COMPACTION_IDLE_SECONDS)
    await house.log.until(lambda: house.log.failures == 0)
    kari.type(JOINT, "b")
    await kari.until_saved(JOINT, 3)
    await house.clock.until_asleep(2)
    await house.clock.advance(limits.STORAGE_RETRY_SECONDS_MIN)
    await house.log.until(lambda: house.log.snapshots[1][0] == 1)
    assert house.text(1) == "ab"


class Ear(logging.Handler):
    """Hears when an error is logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.set_result(record.getMessage())


@pytest.mark.parametrize("snapshot", ["of another document", "that cannot be read"])
async def test_a_snapshot_that_says_something_else_is_not_stored(
    house: House, monkeypatch: pytest.MonkeyPatch, snapshot: str
) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    kari.type(JOINT, "hei")
    await kari.until_saved(JOINT, 2)
    other = Document.made(SCHEMA, limits.UPDATE)

    def loaded(*_: object) -> Document:
        if snapshot == "that cannot be read":
            raise DocumentBroken("as told")
        return other

    ear = Ear()
    logging.getLogger("server.realtime").addHandler(ear)
    with monkeypatch.context() as patched:
        patched.setattr(Document, "loaded", loaded)
        await house.clock.advance(limits.COMPACTION_IDLE_SECONDS + 1)
        assert "snapshot" in await asyncio.wait_for(ear.heard, PATIENCE_SECONDS)
    logging.getLogger("server.realtime").removeHandler(ear)
    assert house.log.snapshots[1][0] == 0
    assert house.text(1) == "hei"
    assert kari.ended(JOINT) is None


async def test_a_document_whose_row_went_while_it_was_folded_has_moved(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    kari.type(JOINT, "hei")
    await kari.until_saved(JOINT, 2)
    del house.log.snapshots[1]
    await house.clock.advance(limits.COMPACTION_IDLE_SECONDS + 1)
    await kari.until(lambda: kari.ended(JOINT) == "moved")
