"""The tables that migrations make are those that the code names."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from server.storage import migrations
from server.storage.database import Database
from server.storage.migrations import DatabaseTooNew
from server.storage.opening import open_database
from server.storage.tables import METADATA
from tests.conftest import SetClock


def differences(rows: Connection) -> list[object]:
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(rows, opts=options), METADATA))


def constraints(rows: Connection) -> list[str]:
    inspector = inspect(rows)
    return sorted(
        str(constraint["name"])
        for table in METADATA.tables
        for constraint in inspector.get_check_constraints(table)
    )


async def test_migrations_from_nothing_make_what_the_code_names(empty_url: str, clock: SetClock) -> None:
    database = await open_database(empty_url, clock)
    assert await database.read(differences) == []
    # Alembic compares everything but these.
    assert await database.read(constraints) == [
        "ck_conversation_state",
        "ck_document_pane",
        "ck_handover_part_pane",
        "ck_pane_pane",
        "ck_record_document_pane",
    ]
    await database.close()


async def test_opening_again_changes_nothing(database: Database, database_url: str, clock: SetClock) -> None:
    await database.close()
    again = await open_database(database_url, clock)
    assert await again.read(differences) == []
    await again.close()


def test_every_migration_is_in_a_file_that_is_named_by_its_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    for script in ScriptDirectory.from_config(config).walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")
        assert script.down_revision == (
            f"{int(script.revision) - 1:04}" if script.revision > "0001" else None
        )


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(
    empty_url: str, clock: SetClock
) -> None:
    database = await open_database(empty_url, clock)
    await database.write(lambda rows: rows.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    await database.close()
    with pytest.raises(DatabaseTooNew, match="newer version of Samsyn"):
        await open_database(empty_url, clock)
    # Nor does the refusal keep the database for itself.
    with pytest.raises(DatabaseTooNew):
        await open_database(empty_url, clock)
