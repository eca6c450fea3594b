"""A large organisation is made of conversations that its people could really have had."""

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select
from typer.testing import CliRunner

from server import audit, closing, conversations, documents, people
from server.audit import Event
from server.cli import cli
from server.demo import data
from server.demo.crowd import LARGE_TEAM, Crowd
from server.demo.crowd_plays import EACH, STAND_INS, Plays
from server.record import format as record_format
from server.record.canonical_json import canonical, parsed
from server.record.verifying import verify
from server.rules.access import OPERATOR, Pane, State
from server.rules.errors import NotFound
from server.storage import tables
from server.storage.database import Database
from server.templates import add

NOW = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
SIZE = 7


@pytest.fixture
async def crowded(database: Database) -> Database:
    """The sample's units and templates, and a crowd below them."""
    crowd = Crowd(SIZE, NOW)

    def found(connection: Connection) -> None:
        for unit in data.organisation().units:
            people.add_unit(connection, OPERATOR, unit.id, unit.name.model_dump(), unit.parent, [], NOW)
        for body in data.templates():
            add(connection, OPERATOR, body, NOW)
        crowd.enter(connection)

    await database.write(found)
    told: list[int] = []
    plays = Plays(crowd, NOW)
    await plays.play(database, told.append)
    assert sum(told) == plays.count
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
        if row.sealed is not None:
            verdict = verify(row.sealed)
            assert verdict.is_unchanged, verdict.faults
            assert verdict.record_sha256 == row.sha256


def check_audit(connection: Connection) -> None:
    told = audit.batch(connection, OPERATOR)
    assert audit.verify(told) is None
    created = sum(entry.event in (Event.CONVERSATION_CREATED, Event.CONVERSATION_ENTERED) for entry in told)
    assert created == len(rows(connection, tables.conversation))


def check_strangers(connection: Connection) -> None:
    """Nothing is left of those who played first."""
    ids = (STAND_INS.employee.id, STAND_INS.responsible.id)
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
    await crowded.read(check_records)
    await crowded.read(check_audit)
    await crowded.read(check_strangers)


def test_there_are_as_many_as_were_asked_for() -> None:
    crowd = Crowd(2_000, NOW)
    assert len(crowd.people) == len({person.email for person in crowd.people}) == 2_000
    assert Plays(crowd, NOW).count == pytest.approx(EACH * 2_000, abs=3 * EACH)
    staff = Counter(person.manager_id for person in crowd.people)
    assert staff.most_common(1)[0][1] == LARGE_TEAM
    assert Crowd(2_000, NOW).people == crowd.people


def test_the_command_fills_a_sample_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMSYN_DATA", str(tmp_path))
    first = CliRunner().invoke(cli, ["demo", "--size", "2"])
    assert first.exit_code == 0, first.output
    assert "Added 2 people" in first.stdout
    again = CliRunner().invoke(cli, ["demo", "--size", "2"])
    assert again.exit_code != 0
    assert "already" in again.output
