"""Brings a database's tables up to date, step by step, in one transaction."""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

_STEPS = Path(__file__).parent / "versions"
"""Each file is named by its revision and what it does: ``0001_first_tables.py``."""


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
    current = _revisions_of(connection)
    for revision in current - _revisions():
        raise DatabaseTooNew(revision)
    # As nearly always: then Alembic and what it stands on are not even imported.
    if current != {max(_revisions())}:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_STEPS.parent).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revisions_of(connection: Connection) -> set[str]:
    """Where the database's tables are: nowhere, or at one revision."""
    if not inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.scalars(text("SELECT version_num FROM alembic_version")))


@cache
def _revisions() -> frozenset[str]:
    """Those that this version knows."""
    return frozenset(step.stem.partition("_")[0] for step in _STEPS.glob("[0-9]*.py"))
