"""Records as people have them: who reads and takes away which, and what is written down of it."""

import pytest
from sqlalchemy import select

from server import records
from server.audit import Event
from server.record import sealing
from server.record.content import RecordContent
from server.record.verifying import verify
from server.records import Records
from server.rules.access import Actor, Pane
from server.rules.errors import NoLongerPossible, NotFound
from server.storage import tables
from tests.conftest import SetClock
from tests.organisation import ASTRID, HELENA, JONAS, MAJA, Organisation, annual_template, text
from tests.test_freezing import events

OTHERS = (ASTRID, HELENA)


@pytest.fixture
def kept(here: Organisation, clock: SetClock) -> Records:
    return Records(here.database, clock, sealing.seal)


async def previous(here: Organisation, id_: str) -> RecordContent | None:
    conversation = await here.conversations.see(MAJA.actor, id_)
    return await here.database.read(lambda connection: records.previous(connection, conversation))


async def test_both_parties_read_what_was_frozen_and_signed(here: Organisation, kept: Records) -> None:
    id_, sha256 = await here.closed()
    for reader in (MAJA, JONAS):
        record = await kept.open(reader.actor, id_, 1)
        assert (record.sha256, record.version) == (sha256, 1)
        assert {each.name for each in record.statements} == {"Maja Öberg", "Jonas Bergman"}
        assert record.content.employee.name == "Maja Öberg"
        assert record.closed_at is not None
        assert record.fingerprint == (await kept.seal()).fingerprint


async def test_a_closed_record_verifies_without_the_server(here: Organisation, kept: Records) -> None:
    id_, sha256 = await here.closed()
    record, seal = await kept.download(MAJA.actor, id_, 1, "bundle")
    assert record.sealed is not None
    verdict = verify(record.sealed, [seal.fingerprint])
    assert (verdict.is_authentic, verdict.record_sha256) == (True, sha256)


async def test_nobody_else_learns_that_there_is_a_record(here: Organisation, kept: Records) -> None:
    id_, _ = await here.closed()
    for stranger in (*(each.actor for each in OTHERS), Actor("")):
        for ask in (
            kept.open(stranger, id_, 1),
            kept.of(stranger, id_, 1),
            kept.download(stranger, id_, 1, "pdf"),
            kept.versions(stranger, id_),
            kept.draft(stranger, id_),
        ):
            with pytest.raises(NotFound):
                await ask
    for missing in (("0" * 32, 1), (id_, 2), (id_, 0)):
        with pytest.raises(NotFound):
            await kept.open(MAJA.actor, *missing)


async def test_opening_and_downloading_are_written_down_and_refusals_are_not(
    here: Organisation, kept: Records
) -> None:
    id_, _ = await here.closed()
    before = len(await events(here, id_))
    await kept.open(MAJA.actor, id_, 1)
    await kept.download(JONAS.actor, id_, 1, "pdf")
    with pytest.raises(NotFound):
        await kept.open(HELENA.actor, id_, 1)
    assert (await events(here, id_))[before:] == [Event.RECORD_OPENED, Event.RECORD_DOWNLOADED]


async def test_what_is_only_frozen_is_read_but_not_taken_away(here: Organisation, kept: Records) -> None:
    id_, sha256 = await here.frozen()
    record = await kept.open(MAJA.actor, id_, 1)
    assert (record.sha256, record.closed_at, record.sealed, record.fingerprint) == (sha256, None, None, "")
    with pytest.raises(NotFound):
        await kept.download(MAJA.actor, id_, 1, "pdf")


async def test_an_earlier_version_stays_readable_and_verifiable(
    here: Organisation, kept: Records, clock: SetClock
) -> None:
    id_, first = await here.closed()
    clock.pass_time(days=1)
    await here.reopening.reopen(JONAS.actor, id_, "Ett ord till.")
    assert (await kept.open(MAJA.actor, id_, 1)).sha256 == first
    second = await here.freezing.freeze(MAJA.actor, id_)
    await here.sign(MAJA.actor, id_, second)
    await here.sign(JONAS.actor, id_, second)
    assert [each.number for each in await kept.versions(MAJA.actor, id_)] == [2, 1]
    for version in (1, 2):
        record, seal = await kept.download(MAJA.actor, id_, version, "bundle")
        assert verify(record.sealed or b"", [seal.fingerprint]).is_authentic


async def test_a_draft_has_what_its_reader_may_read_and_nothing_else(
    here: Organisation, kept: Records
) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("Bara jag.")})
    await here.write("jonas", id_, Pane.MANAGER, {"a1": text("Bara chefen.")})
    mine = (await kept.draft(MAJA.actor, id_)).content
    theirs = (await kept.draft(JONAS.actor, id_)).content
    assert (mine.panes, theirs.panes) == (["employee", "joint"], ["manager", "joint"])
    assert "Bara jag." in mine.model_dump_json()
    assert "Bara jag." not in theirs.model_dump_json()
    assert (await events(here, id_))[-2:] == [Event.DRAFT_DOWNLOADED, Event.DRAFT_DOWNLOADED]
    await here.declining.cancel(JONAS.actor, id_, "Maja byter enhet.")
    with pytest.raises(NoLongerPossible):
        await kept.draft(MAJA.actor, id_)


async def test_the_last_record_of_the_same_two_is_found_for_the_next_conversation(
    here: Organisation, clock: SetClock
) -> None:
    first, _ = await here.closed()
    assert await previous(here, first) is None
    clock.pass_time(days=300)
    second, _ = await here.closed()
    clock.pass_time(days=300)
    third = await here.conversation()
    found = await previous(here, third)
    assert found is not None
    assert found.conversation == second


async def test_what_is_only_frozen_is_no_last_record(here: Organisation) -> None:
    await here.frozen()
    assert await previous(here, await here.conversation()) is None


async def test_one_of_the_same_kind_comes_before_a_newer_one_of_another(
    here: Organisation, clock: SetClock
) -> None:
    first, _ = await here.closed()
    clock.pass_time(days=30)
    await here.templates.add(HELENA.actor, annual_template(version=2, kind="follow_up"))
    follow_up = await here.conversations.create(JONAS.actor, "maja", (annual_template()["id"], 2), None)
    await here.ready(follow_up)
    sha256 = await here.freezing.freeze(MAJA.actor, follow_up)
    await here.sign(MAJA.actor, follow_up, sha256)
    await here.sign(JONAS.actor, follow_up, sha256)
    found = await previous(here, await here.conversation())
    assert found is not None
    assert found.conversation == first


async def test_the_record_is_read_from_what_was_frozen_not_from_the_people_of_today(
    here: Organisation, kept: Records
) -> None:
    id_, _ = await here.closed()
    person = tables.person
    await here.database.write(
        lambda c: c.execute(person.update().where(person.c.id == "maja").values(name="Maja Berg"))
    )
    assert (await kept.open(MAJA.actor, id_, 1)).content.employee.name == "Maja Öberg"
    stored = await here.database.read(
        lambda c: c.scalars(
            select(tables.record.c.sealed).where(tables.record.c.conversation_id == id_)
        ).one()
    )
    assert "Maja Öberg".encode() in stored
