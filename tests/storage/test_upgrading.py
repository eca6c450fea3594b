"""A database of an earlier version keeps what people have in it when this one opens it."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, delete, insert, select, text
from sqlalchemy.exc import IntegrityError

from server import activity_documents
from server.rules.access import Pane
from server.storage import migrations, postgres, sqlite, tables
from server.storage.database import Database, add_document
from server.storage.opening import open_database
from tests.conftest import SetClock

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def upgrade_to_0003(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "0003")


def fill(connection: Connection) -> None:
    """Maja's conversation with a draft in it, what it agreed on, and a pane that began anew."""
    there = MetaData()
    there.reflect(connection)

    def put(table: str, /, **row: object) -> int:
        made = connection.execute(insert(there.tables[table]).values(**row))
        key = made.inserted_primary_key
        return int(key[0]) if key and isinstance(key[0], int) else 0

    person = {"title": {}, "locale": "sv", "roles": ["employee"], "employment": {}, "active": True}
    for id_ in ("maja", "jonas"):
        put("person", id=id_, name=id_.title(), email=f"{id_}@nordljus.example", **person)
    put("template", id="template", version=1, body={})
    put(
        "conversation",
        id="talk",
        template_id="template",
        template_version=1,
        employee_id="maja",
        responsible_id="jonas",
        state="open",
        shares=True,
        created_at=NOW,
    )
    names = ("talk/employee/a", "talk/manager/a", "talk/joint/a")
    for name, pane in zip(names, Pane, strict=True):
        document = put("document", name=name, conversation_id="talk", pane=pane.value)
        put("document_snapshot", document_id=document, sequence=0, snapshot=b"\0\0")
        put("document_update", document_id=document, sequence=1, change=name.encode())
        put("document_client", document_id=document, client=2**53 - 1, person_id="maja")
        put(
            "change_log",
            document_id=document,
            field="a1",
            person_id="maja",
            first_at=NOW,
            last_at=NOW,
        )
        put("pane", conversation_id="talk", pane=pane.value, document_id=document)
    dropped = put("document", name="talk/joint/b", conversation_id="talk", pane="joint")
    connection.execute(delete(there.tables["document"]).where(there.tables["document"].c.id == dropped))
    activity = {"employee_id": "maja", "goal_type": "work_goal"}
    deadline = {"due_on": date(2026, 12, 1), "from_conversation": "talk"}
    put("activity", id="1", title="Ny jourlista", state="active", **activity, **deadline)
    put("activity", id="2", title="Två\nrader", state="completed", **activity)
    put("activity", id="3", title="x" * 1_000, state="cancelled", **activity)


KEPT = (
    "person",
    "conversation",
    "document",
    "pane",
    "document_snapshot",
    "document_update",
    "document_client",
    "change_log",
)


def rows_of(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    there = MetaData()
    there.reflect(connection, only=KEPT)
    return {
        name: [dict(row._mapping) for row in connection.execute(select(there.tables[name]))] for name in KEPT
    }


@pytest.fixture
async def upgraded(
    empty_url: str, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[dict[str, list[dict[str, Any]]], Database]]:
    """What was in a database of 0003, and the database as this version has it."""
    with monkeypatch.context() as patched:
        for module in (sqlite, postgres):
            patched.setattr(module, "upgrade", upgrade_to_0003)
        old = await open_database(empty_url, clock)
    await old.write(fill)
    before = await old.read(rows_of)
    await old.close()
    database = await open_database(empty_url, clock)
    yield before, database
    await database.close()


Upgraded = tuple[dict[str, list[dict[str, Any]]], Database]


async def test_every_row_is_kept(upgraded: Upgraded) -> None:
    before, database = upgraded
    after = await database.read(rows_of)
    for name, rows in before.items():
        assert rows, name
        for row in rows:
            assert [each for each in after[name] if row.items() <= each.items()], (name, row)


async def test_activities_become_documents_that_say_what_their_rows_say(upgraded: Upgraded) -> None:
    def read(connection: Connection) -> list[tuple[object, ...]]:
        table = tables.activity
        wanted = select(table, tables.document.c.name).join(tables.document).order_by(table.c.id)
        found: list[tuple[object, ...]] = []
        for row in connection.execute(wanted).all():
            said = activity_documents.summary(activity_documents.stored(connection, row.document_id))
            assert (said.title, said.due_on) == (row.title, row.due_on)
            found.append((row.name, row.title, row.due_on, row.state, row.from_conversation))
        return found

    assert await upgraded[1].read(read) == [
        ("activities/maja/1", "Ny jourlista", date(2026, 12, 1), "active", "talk"),
        ("activities/maja/2", "Två rader", None, "completed", None),
        ("activities/maja/3", "x" * 300, None, "cancelled", None),
    ]


async def test_a_number_is_never_given_twice_and_what_refers_to_a_document_still_goes_with_it(
    upgraded: Upgraded,
) -> None:
    before, database = upgraded
    numbers = {row["id"] for row in before["document"]}

    def work(connection: Connection) -> int:
        number = add_document(connection, "notes/maja/1", None, None, b"\0\0")
        connection.execute(delete(tables.pane))
        connection.execute(delete(tables.document).where(tables.document.c.conversation_id == "talk"))
        return number

    # One more there was, and was dropped before.
    assert await database.write(work) > max(numbers) + 1
    after = await database.read(rows_of)
    for name in ("document_update", "document_client", "change_log"):
        assert after[name] == []


@pytest.mark.parametrize("values", [{"pane": "margin"}, {"conversation_id": "none"}, {"name": None}])
async def test_what_no_document_can_be_is_still_refused(
    upgraded: Upgraded, values: dict[str, str | None]
) -> None:
    with pytest.raises(IntegrityError):
        await upgraded[1].write(
            lambda connection: connection.execute(
                text(f"UPDATE document SET {next(iter(values))} = :value"),
                {"value": next(iter(values.values()))},
            )
        )
