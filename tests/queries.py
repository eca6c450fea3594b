"""Counts what the database is asked, so that a page that asks once for each of its rows is found out."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

QUERIES_MAX = 12
"""For one page, whatever the number of its rows: finding the session included."""

_NOT_ASKED = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA", "SHOW", "SET ")


_asked: ContextVar[list[str] | None] = ContextVar("asked", default=None)
"""Where the statements go that whoever counts has asked. It follows the work into a reader's thread."""


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every statement that the task which counts has a database read by meanwhile, in order, as SQL.

    Left out is what only frames a transaction, what other tasks ask (some look for work every few seconds),
    and on SQLite what is written.
    """
    statements: list[str] = []
    token = _asked.set(statements)

    def hear(_connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if _asked.get() is statements and not statement.lstrip().upper().startswith(_NOT_ASKED):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
        _asked.reset(token)
