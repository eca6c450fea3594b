"""Brings a database's tables up to date, step by step, in one transaction."""

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
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            raise DatabaseTooNew(revision)
    command.upgrade(config, "head")
