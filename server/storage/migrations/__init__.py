"""Brings a database's tables up to date, step by step, in one transaction."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


class DatabaseTooNew(Exception):
    """The database was made by a later version of Samsyn. Nothing was touched."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database was last used by a newer version of Samsyn (its tables are at {revision!r}, which "
            "this version does not know). Start that version or a later one, or restore an older backup."
        )
        self.revision = revision


def upgrade(connection: Connection) -> None:
    """Apply every migration that ``connection``'s database lacks, in the transaction it is in.

    Raises DatabaseTooNew.
    """
    newest, known = _revisions()
    current = MigrationContext.configure(connection).get_current_heads()
    for revision in current:
        if revision not in known:
            raise DatabaseTooNew(revision)
    # As nearly always: then no migration's file is run.
    if current != (newest,):
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@cache
def _revisions() -> tuple[str | None, frozenset[str]]:
    """The newest revision that this version knows, and all of them."""
    scripts = ScriptDirectory.from_config(_config())
    return scripts.get_current_head(), frozenset(script.revision for script in scripts.walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
