"""Statements that are asked whenever somebody opens a document: SQLAlchemy words them, and SQLite's driver
runs them.

Through SQLAlchemy a statement takes several times as long as SQLite takes to answer it. Here it is put into
words once, and so is what is to be done to each value; the driver keeps it prepared. On PostgreSQL it takes
the usual way, and the rows are the same.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from sqlalchemy import Connection, Select
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

_SQLITE: Final = sqlite_dialect(paramstyle="named")

Process = Callable[[Any], Any]


class Prepared:
    """A statement that reads, made once. Its values are bound by name; no list may be among them.

    Rows are named tuples of the statement's columns.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        columns = tuple(statement.selected_columns)
        # What its fields are called is known only here: no type checker can look into it.
        self._row = cast(Any, namedtuple)("Row", [column.key for column in columns])
        compiled = statement.compile(dialect=_SQLITE)
        self._sql = str(compiled)
        self._binds: dict[str, Process] = {}
        self._fixed: dict[str, Any] = {}
        """What the statement itself names, as the driver takes it."""
        for name, bind in compiled.binds.items():
            process = bind.type.dialect_impl(_SQLITE).bind_processor(_SQLITE) or _as_it_is
            if bind.required:
                self._binds[name] = process
            else:
                self._fixed[name] = process(bind.effective_value)
        results = [column.type.dialect_impl(_SQLITE).result_processor(_SQLITE, None) for column in columns]
        self._results = [(at, process) for at, process in enumerate(results) if process is not None]

    def all(self, connection: Connection, **values: Any) -> list[Any]:
        """Every row."""
        if connection.dialect.name != _SQLITE.name:
            return [self._row._make(row) for row in connection.execute(self._statement, values)]
        driver = cast(sqlite3.Connection, connection.connection.driver_connection)
        return [self._made(row) for row in driver.execute(self._sql, self._bound(values))]

    def one_or_none(self, connection: Connection, **values: Any) -> Any | None:
        """The only row, or None."""
        rows = self.all(connection, **values)
        if len(rows) > 1:
            raise ValueError("more rows than one")
        return rows[0] if rows else None

    def _bound(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        bound = {name: process(values[name]) for name, process in self._binds.items()}
        return bound | self._fixed

    def _made(self, found: tuple[Any, ...]) -> Any:
        if not self._results:
            return self._row._make(found)
        values = list(found)
        for at, process in self._results:
            values[at] = process(values[at])
        return self._row._make(values)


def _as_it_is(value: Any) -> Any:
    return value
