"""A large organisation is made of conversations that its people could really have had."""

import re
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, func, select
from typer.testing import CliRunner

from server import activities, activity_documents, audit, closing, conversations, documents, people
from server.activities import ActivityState, CommentKind
from server.audit import Event
from server.cli import whole_cli
from server.demo import data, loading
from server.demo.crowd import LARGE_TEAM, Crowd
from server.demo.crowd_copies import COPIED, Copier
from server.demo.crowd_plays import EACH, Plays
from server.demo.crowd_story import RESPONSIBLE, STAND_INS, Story, play, rehearsed, set_stage
from server.record import format as record_format
from server.record.canonical_json import canonical, parsed
from server.record.sealing import seal
from server.record.verifying import verify
from server.rules.access import OPERATOR, Pane, State
from server.rules.errors import NotFound
from server.storage import tables
from server.storage.database import Database
from server.storage.opening import open_database
from server.templates import add

NOW = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
SIZE = 5


def found(connection: Connection) -> None:
    """Enter as much of the sample as a crowd needs."""
    for unit in data.organisation().units:
        people.add_unit(connection, OPERATOR, unit.id, unit.name.model_dump(), unit.parent, [], NOW)
    for body in data.templates():
        add(connection, OPERATOR, body, NOW)


@pytest.fixture
async def crowded(database: Database) -> Database:
    """The sample's units and templates, and a crowd below them."""
    crowd = Crowd(SIZE, NOW)
    await database.write(found)
    await database.write(crowd.enter)
    rehearsed: list[int] = []
    told: list[int] = []
    plays = Plays(crowd, NOW)
    await plays.play(database, rehearsed.append, told.append)
    assert (sum(rehearsed), sum(told)) == (plays.stories, plays.count)
    return database


def rows(connection: Connection, table: Any) -> list[Any]:
    return list(connection.execute(select(table)))


def check_conversations(connection: Connection) -> None:
    for row in rows(connection, tables.conversation):
        employee = people.get(connection, row.employee_id)
        assert employee.manager_id == row.responsible_id
        seen = conversations.see(connection, employee.actor, row.id)
        with pytest.raises(NotFound):
            conversations.see(connection, OPERATOR, row.id)
        standing = documents.standing(connection, seen, Pane)
        activity = tables.activity
        made = set(connection.scalars(select(activity.c.id).where(activity.c.from_conversation == row.id)))
        agreed = {each.id for each in closing.agreed(seen, standing)}
        assert made == (agreed if seen.state is State.CLOSED else set())
        if seen.meeting:
            assert ZoneInfo(seen.meeting.time_zone)


def check_activities(connection: Connection) -> None:
    found = rows(connection, tables.activity)
    assert {row.state for row in found} >= {ActivityState.ACTIVE, ActivityState.COMPLETED}
    for row in found:
        employee = people.get(connection, row.employee_id)
        detail = activities.see(connection, employee.actor, row.id, NOW)
        says = activity_documents.summary(detail.content)
        assert (says.title, says.owner, says.due_on) == (row.title, row.owner_id, row.due_on)
        assert row.owner_id in (employee.id, employee.manager_id, None)
        name = connection.scalar(
            select(tables.document.c.name).where(tables.document.c.id == row.document_id)
        )
        assert name == detail.activity.name
        done = {each.kind for each in detail.comments} - {CommentKind.SAID}
        assert done == ({CommentKind(row.state)} if row.state != ActivityState.ACTIVE else set())
        assert all(each.by.id == employee.id and each.at <= NOW for each in detail.comments)


def check_records(connection: Connection) -> None:
    found = rows(connection, tables.record)
    assert found
    salts = {record_format.read(row.content).salt for row in found}
    assert len(salts) == len(found)
    for row in found:
        content = record_format.read(row.content)
        conversation = connection.execute(
            select(tables.conversation).where(tables.conversation.c.id == row.conversation_id)
        ).one()
        assert content.conversation == row.conversation_id
        named = {
            people.get(connection, id_).name
            for id_ in (conversation.employee_id, conversation.responsible_id)
        }
        assert {content.employee.name, content.responsible.name} == named
        assert record_format.sha256(row.content) == row.sha256
        assert canonical(parsed(row.content)) == row.content
        for said in record_format.read_sealed(row.sealed).signatures if row.sealed else ():
            assert said.statement.language == people.get(connection, said.statement.signer).locale
        if row.sealed is not None:
            verdict = verify(row.sealed)
            assert verdict.is_unchanged, verdict.faults
            assert verdict.record_sha256 == row.sha256


def check_audit(connection: Connection) -> None:
    told = audit.batch(connection, OPERATOR)
    while more := audit.batch(connection, OPERATOR, told[-1]):
        told += more
    assert audit.verify(told) is None
    count = Counter(entry.event for entry in told)
    assert count[Event.CONVERSATION_CREATED] == len(rows(connection, tables.conversation))
    assert count[Event.RECORD_SIGNED] == len(rows(connection, tables.signature))
    found = rows(connection, tables.activity)
    assert {entry.about["activity"] for entry in told if "activity" in entry.about} == {
        row.id for row in found
    }
    for event, state in (
        (Event.ACTIVITY_COMPLETED, ActivityState.COMPLETED),
        (Event.ACTIVITY_CANCELLED, ActivityState.CANCELLED),
    ):
        assert count[event] == sum(row.state == state for row in found)


def check_strangers(connection: Connection) -> None:
    """Nothing is left of those who played first."""
    ids = (RESPONSIBLE.id, *(parts.employee.id for parts in STAND_INS.values()))
    strangers = re.compile("|".join((*ids, r"\{name", r"\{title", r"\{unit")))
    for table in tables.METADATA.sorted_tables:
        for row in rows(connection, table):
            for value in row:
                text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                assert not strangers.search(text), (table.name, row)


async def test_everybody_could_have_had_their_conversations_and_signed_their_records(
    crowded: Database,
) -> None:
    await crowded.read(check_conversations)
    await crowded.read(check_activities)
    await crowded.read(check_records)
    await crowded.read(check_audit)
    await crowded.read(check_strangers)


async def test_a_copy_is_all_that_was_played(database: Database) -> None:
    """Every table in which a story leaves anything is copied, each row once; but nobody gets a letter."""

    def counted(connection: Connection) -> dict[str, int]:
        tables_ = tables.METADATA.sorted_tables
        found = {each.name: connection.scalar(select(func.count()).select_from(each)) for each in tables_}
        return {name: count for name, count in found.items() if count}

    await database.write(partial(set_stage, NOW))
    await database.write(lambda connection: seal(connection, NOW))
    before = await database.read(counted)
    stories = [Story(each.id, -400, "nb") for each in data.conversations().conversations]
    await database.write(partial(play, stories, NOW))
    after = await database.read(counted)
    left = {name: count - before.get(name, 0) for name, count in after.items()}
    grown = {name: count for name, count in left.items() if count and name != tables.letter.name}
    assert set(grown) == {table.name for table in COPIED}
    played = await rehearsed(stories, NOW, lambda _: None)

    def copy(connection: Connection) -> None:
        copier = Copier(connection, seal(connection, NOW))
        for each in played.values():
            copier.copy(each, STAND_INS["nb"])
        copier.store()

    await database.write(copy)
    assert await database.read(counted) == after | {
        name: after[name] + count for name, count in grown.items()
    }


def test_there_are_as_many_as_were_asked_for() -> None:
    crowd = Crowd(2_000, NOW)
    assert len(crowd.people) == len({person.email for person in crowd.people}) == 2_000
    assert Plays(crowd, NOW).count == pytest.approx(EACH * 2_000, abs=3 * EACH)
    staff = Counter(person.manager_id for person in crowd.people)
    assert staff.most_common(1)[0][1] == LARGE_TEAM
    assert Crowd(2_000, NOW).people == crowd.people


def test_the_command_fills_a_sample_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def load(url: str, *_: object) -> None:
        """As much of the sample as it takes: all of it is played elsewhere."""
        database = await open_database(url, lambda: NOW)
        if not await database.read(people.unit_names):
            await database.write(found)
        await database.close()

    monkeypatch.setattr(loading, "once", load)
    monkeypatch.setenv("SAMSYN_DATA", str(tmp_path))
    first = CliRunner().invoke(whole_cli(), ["demo", "--size", "2"])
    assert first.exit_code == 0, first.output
    assert "Added 2 people" in first.stdout
    again = CliRunner().invoke(whole_cli(), ["demo", "--size", "2"])
    assert again.exit_code != 0
    assert "already" in again.output
