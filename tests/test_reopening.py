"""Opening again: everything that was written is there, shares stay shared, and a closed version stays."""

from typing import Any

import pytest
from sqlalchemy import select

from server.audit import Event
from server.decisions import Kind
from server.rules.access import Pane, State
from server.rules.errors import NoLongerPossible, ReasonMissing, TextTooLong
from server.rules.limits import REASON_CHARACTERS_MAX
from server.storage import tables
from server.storage.bells import ConversationChanged
from server.storage.database import Database
from server.storage.update_log import DocumentGone
from tests.conftest import SetClock
from tests.organisation import JONAS, MAJA, Organisation, annual_template, text
from tests.test_freezing import events, record

EMPLOYEE, MANAGER, JOINT = Pane.EMPLOYEE, Pane.MANAGER, Pane.JOINT


async def test_before_closing_the_signatures_are_void_and_the_version_stays(here: Organisation) -> None:
    id_, sha256 = await here.frozen()
    await here.sign(MAJA.actor, id_, sha256)
    here.bells.clear()
    await here.reopening.reopen(JONAS.actor, id_, "Ett datum är fel.")
    assert ConversationChanged(id_) in here.bells
    conversation = await here.conversations.see(MAJA.actor, id_)
    assert (conversation.state, conversation.version) == (State.OPEN, 1)
    assert (await here.count("record"), await here.count("signature")) == (0, 0)
    assert {Event.RECORD_SIGNED, Event.CONVERSATION_REOPENED} <= set(await events(here, id_))


async def test_after_closing_the_closed_version_stays_and_the_next_one_begins(here: Organisation) -> None:
    id_, _ = await here.closed()
    closed = await record(here, id_)
    await here.reopening.reopen(MAJA.actor, id_, "Ett datum är fel.")
    conversation = await here.conversations.see(MAJA.actor, id_)
    assert (conversation.state, conversation.version) == (State.OPEN, 2)
    assert await record(here, id_) == closed
    sha256 = await here.freezing.freeze(JONAS.actor, id_)
    await here.sign(MAJA.actor, id_, sha256)
    await here.reopening.reopen(MAJA.actor, id_, "Ett datum till.")
    # Of the second version nothing is left; the first is as it was.
    assert await record(here, id_) == closed
    assert (await here.count("record"), await here.count("signature")) == (1, 2)
    assert (await here.count("record_document")) == 3


async def test_everything_that_was_written_is_there_in_new_generations(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.ready(id_)
    row: dict[str, Any] = {"description": text("Handledarkurs"), "due_date": "2027-03-01"}
    await here.write("maja", id_, JOINT, {"a7": [{"id": "one"} | row, {"id": "two"} | row]})
    await here.freezing.freeze(MAJA.actor, id_)
    before = await here.documents.read(MAJA.actor, id_)
    old = {pane: await here.open("maja", id_, pane) for pane in Pane}
    await here.reopening.reopen(JONAS.actor, id_, "Ett ord till.")
    after = await here.documents.read(MAJA.actor, id_)
    assert after.contents == before.contents
    assert [each["id"] for each in after.contents[JOINT]["a7"]] == ["one", "two"]  # type: ignore[index, union-attr, typeddict-item]
    for pane, opening in old.items():
        assert after.conversation.panes[pane].name != opening.name
        with pytest.raises(DocumentGone):
            await here.database.log.load(opening.document)
    await here.write("maja", id_, JOINT, {"a4": text("Mer tid.")})
    assert "Mer tid." in str((await here.documents.read(JONAS.actor, id_)).contents[JOINT])


async def test_what_was_shared_stays_shared_and_opened_and_says_when(here: Organisation) -> None:
    id_, _ = await here.frozen()
    before = await here.conversations.see(MAJA.actor, id_)
    await here.reopening.reopen(JONAS.actor, id_, "Ett ord till.")
    after = await here.conversations.see(MAJA.actor, id_)
    for pane in (EMPLOYEE, MANAGER):
        assert after.panes[pane].shared_at == before.panes[pane].shared_at is not None
        assert after.panes[pane].opened_at is not None
    log, document = tables.change_log, tables.document
    shares = (
        select(document.c.pane, log.c.person_id)
        .join(document, document.c.id == log.c.document_id)
        .order_by(log.c.person_id.desc())
    )
    rows = await here.database.read(lambda connection: [tuple(row) for row in connection.execute(shares)])
    assert rows == [(EMPLOYEE, "maja"), (MANAGER, "jonas")]
    assert [started for _, started in await here.mine(MAJA.actor)] == [True]


async def test_where_nothing_is_shared_it_still_counts_as_started(
    database: Database, clock: SetClock
) -> None:
    here = Organisation(database, clock)
    await here.found(annual_template(share={"enabled": False}))
    id_ = await here.conversation()
    await here.write("maja", id_, JOINT, {"a6": text("Vidare."), "a8": text("Nöjda.")})
    await here.freezing.freeze(MAJA.actor, id_)
    await here.reopening.reopen(JONAS.actor, id_, "Ett ord till.")
    for actor in (MAJA.actor, JONAS.actor):
        assert [started for _, started in await here.mine(actor)] == [True]


async def test_the_reason_is_told_to_both(here: Organisation, clock: SetClock) -> None:
    id_, _ = await here.closed()
    await here.reopening.reopen(JONAS.actor, id_, "  Ett datum är fel.\r\nOch ett namn. ")
    for actor in (MAJA.actor, JONAS.actor):
        (told,) = await here.declining.decisions(actor, id_)
        assert (told.kind, told.by.id, told.at, told.version) == (Kind.REOPENED, "jonas", clock.now, 1)
        assert told.reason == "Ett datum är fel.\nOch ett namn."


@pytest.mark.parametrize("reason", ["", "  \n", "\u200b", "\0"])
async def test_without_a_reason_nothing_is_opened(here: Organisation, reason: str) -> None:
    id_, _ = await here.frozen()
    with pytest.raises(ReasonMissing):
        await here.reopening.reopen(JONAS.actor, id_, reason)
    with pytest.raises(TextTooLong):
        await here.reopening.reopen(JONAS.actor, id_, "x" * (REASON_CHARACTERS_MAX + 1))
    assert (await here.conversations.see(MAJA.actor, id_)).state is State.FROZEN


async def test_opening_twice_opens_once(here: Organisation) -> None:
    id_, _ = await here.closed()
    await here.reopening.reopen(JONAS.actor, id_, "Ett datum är fel.")
    with pytest.raises(NoLongerPossible):
        await here.reopening.reopen(MAJA.actor, id_, "Ett datum är fel.")
    assert (await here.conversations.see(MAJA.actor, id_)).version == 2
