"""Counts what the database is asked, so that a page that asks once for each of its rows is found out."""

import asyncio
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
    """Every statement that the task which counts has a database read by meanwhile, in order, as SQL.

    Left out is what only frames a transaction, what other tasks ask (some look for work every few seconds),
    and on SQLite what is written.
    """
    statements: list[str] = []
    counting = asyncio.current_task()

    def hear(_connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if _task() is counting and not statement.lstrip().upper().startswith(_NOT_ASKED):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def _task() -> "asyncio.Task[Any] | None":
    """Whose statement it is; None in a thread without tasks, as that which writes on SQLite."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
