"""Statements that are asked whenever somebody opens a document: SQLAlchemy words them, and SQLite's driver
runs them.

Through SQLAlchemy a statement takes several times as long as SQLite takes to answer it. Here it is put into
words once, and so is what is to be done to each value; the driver keeps it prepared. On PostgreSQL it takes
the usual way, and the rows are the same.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable
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
        self._binds: list[tuple[str, Process]] = []
        self._fixed: dict[str, Any] = {}
        """What the statement itself names, as the driver takes it."""
        for name, bind in compiled.binds.items():
            process = bind.type.dialect_impl(_SQLITE).bind_processor(_SQLITE)
            if not bind.required:
                value = bind.effective_value
                self._fixed[name] = value if process is None else process(value)
            elif process is not None:
                self._binds.append((name, process))
        results = [column.type.dialect_impl(_SQLITE).result_processor(_SQLITE, None) for column in columns]
        self._results = [(at, process) for at, process in enumerate(results) if process is not None]

    def all(self, connection: Connection, **values: Any) -> list[Any]:
        """Every row."""
        if connection.dialect.name != _SQLITE.name:
            return [self._row._make(row) for row in connection.execute(self._statement, values)]
        for name, process in self._binds:
            values[name] = process(values[name])
        driver = cast(sqlite3.Connection, connection.connection.driver_connection)
        return list(map(self._made, driver.execute(self._sql, values | self._fixed)))

    def one_or_none(self, connection: Connection, **values: Any) -> Any | None:
        """The only row, or None."""
        rows = self.all(connection, **values)
        if len(rows) > 1:
            raise ValueError("more rows than one")
        return rows[0] if rows else None

    def _made(self, found: tuple[Any, ...]) -> Any:
        if not self._results:
            return self._row._make(found)
        values = list(found)
        for at, process in self._results:
            values[at] = process(values[at])
        return self._row._make(values)
