"""Counts what the database is asked, so that a page that asks once for each of its rows is found out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

QUERIES_MAX = 12
"""For one page, whatever the number of its rows: finding the session included."""

_NOT_ASKED = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA", "SHOW", "SET ")


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every statement that any database of this process is given meanwhile, in order, as SQL.

    What only frames a transaction is left out.
    """
    statements: list[str] = []

    def hear(_connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(_NOT_ASKED):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
