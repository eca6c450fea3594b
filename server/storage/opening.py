"""Which database is behind a URL: the one place that knows both."""

from sqlalchemy import make_url

from server.rules.errors import StorageUnavailable
from server.storage.database import Clock, Database


async def open_database(url: str, clock: Clock) -> Database:
    """Open the database at ``url`` and bring its tables up to date.

    ``sqlite:///path`` (made if it is not there) or ``postgresql://…``. Raises DatabaseTooNew, and
    StorageUnavailable when it cannot be opened, with the reason as its text.
    """
    # Imported on demand: a process needs one of the two drivers only.
    match make_url(url).get_backend_name():
        case "sqlite":
            from server.storage.sqlite import SqliteDatabase

            return await SqliteDatabase.open(url, clock)
        case "postgresql":
            from server.storage.postgres import PostgresDatabase

            return await PostgresDatabase.open(url, clock)
        case other:
            raise StorageUnavailable(f"there is no support for a database of the kind {other!r}")
