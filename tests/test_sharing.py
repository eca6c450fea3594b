"""Sharing: what the other party gets, when, and what is gone by then (F11, F15-F17, PRI-2)."""

import pytest
from sqlalchemy import Connection, select

from crdt.errors import ProtocolError
from server.realtime.ports import OpeningDenied
from server.rules.access import Actor, Pane
from server.rules.errors import (
    NoLongerPossible,
    NotFound,
    NotReadyToShare,
    OtherDeviceHasWritten,
    ShareAlreadyOpened,
)
from server.storage import tables
from server.storage.bells import ConversationChanged
from server.storage.database import Database
from tests.conftest import SetClock
from tests.organisation import ASTRID, JONAS, MAJA, TOMAS, Organisation, annual_template, text

SECRET = "Jag funderar på att söka det andra jobbet."
FINAL = text("Larmrutinen fungerar.")


async def test_the_other_party_reads_a_shared_pane_only_after_opening_it(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    before = await here.documents.read(JONAS.actor, id_)
    await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    after = await here.documents.read(JONAS.actor, id_)
    assert Pane.EMPLOYEE not in before.contents
    assert after.contents[Pane.EMPLOYEE]["a1"] == FINAL


async def test_two_drafting_histories_with_the_same_text_give_the_same_bytes(here: Organisation) -> None:
    stored = []
    for wavers in (True, False):
        id_ = await here.conversation()
        if wavers:
            await here.write("maja", id_, Pane.EMPLOYEE, {"a4": text("Ett utkast"), "a3": 5})
            await here.take_back("maja", id_, Pane.EMPLOYEE)
        await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL})
        await here.write("maja", id_, Pane.EMPLOYEE, {"a3": 2})
        await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
        opening = await here.open("maja", id_, Pane.EMPLOYEE)
        stored.append(await here.database.log.load(opening.document))
    assert stored[0].snapshot == stored[1].snapshot
    assert [loaded.updates for loaded in stored] == [(), ()]
    assert [loaded.clients for loaded in stored] == [{}, {}]


async def test_the_drafting_history_is_gone_from_every_table(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a4": text(SECRET)})
    await here.take_back("maja", id_, Pane.EMPLOYEE)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)

    def everything(connection: Connection) -> bytes:
        rows = [row for table in tables.METADATA.tables.values() for row in connection.execute(select(table))]
        return b"".join(
            each if isinstance(each, bytes) else str(each).encode() for row in rows for each in row
        )

    assert SECRET[:20].encode() not in await here.database.read(everything)
    assert await here.count("document_update") == 0
    assert await here.count("document_client") == 0


async def test_one_row_replaces_the_change_log_of_the_drafting(here: Organisation, clock: SetClock) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL, "a3": 2})
    clock.pass_time(hours=1)
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    rows = await here.database.read(lambda connection: connection.execute(select(tables.change_log)).all())
    assert [(row.field, row.person_id, row.first_at) for row in rows] == [("", "maja", clock.now)]


async def test_a_share_is_refused_when_another_device_has_written(here: Organisation) -> None:
    id_ = await here.conversation()
    seen = await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL})
    await here.write("maja", id_, Pane.EMPLOYEE, {"a4": text("Från telefonen.")})
    with pytest.raises(OtherDeviceHasWritten):
        await here.sharing.share(MAJA.actor, id_, Pane.EMPLOYEE, seen)
    assert (await here.open("maja", id_, Pane.EMPLOYEE)).private


async def test_what_must_be_filled_in_before_sharing_is_named(here: Organisation) -> None:
    id_ = await here.conversation()
    vector = await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("\u200b \u00a0"), "a3": 2})
    with pytest.raises(NotReadyToShare) as refused:
        await here.sharing.share(MAJA.actor, id_, Pane.EMPLOYEE, vector)
    assert refused.value.missing == ("a1",)


@pytest.mark.parametrize("actor", [JONAS.actor, ASTRID.actor, TOMAS.actor], ids=lambda a: a.person)
async def test_nobody_but_its_owner_shares_a_pane(here: Organisation, actor: Actor) -> None:
    id_ = await here.conversation()
    vector = await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL})
    with pytest.raises(NotFound):
        await here.sharing.share(actor, id_, Pane.EMPLOYEE, vector)


async def test_the_joint_pane_is_never_shared(here: Organisation) -> None:
    id_ = await here.conversation()
    with pytest.raises(NotFound):
        await here.share(MAJA.actor, id_, Pane.JOINT)


async def test_a_pane_is_shared_once(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    with pytest.raises(NoLongerPossible):
        await here.share(MAJA.actor, id_, Pane.EMPLOYEE)


async def test_a_malformed_state_vector_shares_nothing(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL})
    with pytest.raises(ProtocolError):
        await here.sharing.share(MAJA.actor, id_, Pane.EMPLOYEE, b"\xff\xff\xff\xff\xff\xff\x7f")
    assert (await here.open("maja", id_, Pane.EMPLOYEE)).private


async def test_a_share_is_withdrawn_until_it_is_opened(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    shared = await here.name(id_, Pane.EMPLOYEE)
    await here.sharing.withdraw(MAJA.actor, id_, Pane.EMPLOYEE)
    with pytest.raises(NotFound):
        await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    mine = await here.documents.read(MAJA.actor, id_)
    assert mine.contents[Pane.EMPLOYEE]["a1"] == FINAL
    assert mine.conversation.panes[Pane.EMPLOYEE].name == shared
    with pytest.raises(NoLongerPossible):
        await here.sharing.withdraw(MAJA.actor, id_, Pane.EMPLOYEE)


async def test_an_opened_share_cannot_be_withdrawn(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    with pytest.raises(ShareAlreadyOpened) as refused:
        await here.sharing.withdraw(MAJA.actor, id_, Pane.EMPLOYEE)
    assert refused.value.fields == {"name": "Jonas"}


async def test_what_is_written_after_a_withdrawal_is_gone_at_the_next_share(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    await here.sharing.withdraw(MAJA.actor, id_, Pane.EMPLOYEE)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a4": text(SECRET)})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    assert (await here.open("maja", id_, Pane.EMPLOYEE)).scope == "read-write"
    assert await here.count("document_update") == 0


async def test_each_change_rings_and_a_second_opening_does_not(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL})
    for change in (
        here.share(MAJA.actor, id_, Pane.EMPLOYEE),
        here.sharing.withdraw(MAJA.actor, id_, Pane.EMPLOYEE),
    ):
        here.bells.clear()
        await change
        assert ConversationChanged(id_) in here.bells
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    here.bells.clear()
    await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    assert here.bells == []


async def test_panes_that_open_together_wait_for_each_other(database: Database, clock: SetClock) -> None:
    here = Organisation(database, clock)
    await here.found(annual_template(share={"enabled": True, "reveal": "together"}))
    id_ = await here.conversation()
    drafts = {pane: await here.name(id_, pane) for pane in Pane}
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    with pytest.raises(NotFound):
        await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    # Still a draft, in the generation in which it began.
    await here.write("maja", id_, Pane.EMPLOYEE, {"a4": text("Ett tillägg.")})
    await here.write("jonas", id_, Pane.MANAGER, {"a1": FINAL})
    await here.share(JONAS.actor, id_, Pane.MANAGER)
    assert await here.count("document_update") == 0
    await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    await here.sharing.open_pane(MAJA.actor, id_, Pane.MANAGER)
    read = await here.documents.read(JONAS.actor, id_)
    assert read.contents[Pane.EMPLOYEE]["a4"] == text("Ett tillägg.")
    panes = read.conversation.panes
    assert {pane for pane in Pane if panes[pane].name != drafts[pane]} == {Pane.EMPLOYEE, Pane.MANAGER}


async def test_withdrawing_while_the_other_waits_closes_both(database: Database, clock: SetClock) -> None:
    here = Organisation(database, clock)
    await here.found(annual_template(share={"enabled": True, "reveal": "together"}))
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL})
    await here.write("jonas", id_, Pane.MANAGER, {"a1": FINAL})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    await here.share(JONAS.actor, id_, Pane.MANAGER)
    await here.sharing.withdraw(JONAS.actor, id_, Pane.MANAGER)
    with pytest.raises(NotFound):
        await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)


async def test_the_preview_is_what_the_share_writes(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL, "a3": 2})
    preview = await here.documents.preview(MAJA.actor, id_, Pane.EMPLOYEE)
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    read = await here.documents.read(JONAS.actor, id_)
    assert preview.contents[Pane.EMPLOYEE] == read.contents[Pane.EMPLOYEE]
    with pytest.raises(NotFound):
        await here.documents.preview(JONAS.actor, id_, Pane.EMPLOYEE)


async def test_the_owner_alone_learns_that_a_generation_was_replaced(here: Organisation) -> None:
    id_ = await here.conversation()
    draft = await here.name(id_, Pane.EMPLOYEE)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    told = {}
    for who in ("maja", "jonas", "astrid"):
        with pytest.raises(OpeningDenied) as denied:
            await here.open(who, id_, Pane.EMPLOYEE, draft)
        told[who] = denied.value.reason
    assert told == {"maja": "moved", "jonas": "denied", "astrid": "denied"}


async def test_the_name_of_a_shared_pane_says_nothing_of_how_often_it_was_shared(here: Organisation) -> None:
    names = set()
    for withdrawals in (0, 3):
        id_ = await here.conversation()
        await here.write("maja", id_, Pane.EMPLOYEE, {"a1": FINAL})
        for _ in range(withdrawals):
            await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
            await here.sharing.withdraw(MAJA.actor, id_, Pane.EMPLOYEE)
        await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
        names.add((await here.name(id_, Pane.EMPLOYEE)).removeprefix(f"{id_}/employee/"))
    # Random, of 128 bits: no counter.
    assert {len(bytes.fromhex(name)) for name in names} == {16}
    assert len(names) == 2
