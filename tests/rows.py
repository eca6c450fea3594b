"""Rows as features would have written them, for tests of what reads them."""

from datetime import date
from uuid import uuid4

from sqlalchemy import Connection, Table, insert

from server.activities import ActivityState
from server.storage import tables
from server.storage.database import Database


async def add_activity(
    database: Database, state: ActivityState, employee: str = "maja", **values: object
) -> str:
    """An activity of Maja's, unless it is somebody else's. ``values``: further columns. Returns its id."""
    row: dict[str, object] = {"id": uuid4().hex, "employee_id": employee, "state": state}
    row |= {"goal_type": "work_goal", "title": "Ny jourlista", **values}
    await _insert(database, tables.activity, row)
    return str(row["id"])


async def add_stand_in(
    database: Database, stand_in: str, begins_on: date, ends_on: date, manager: str = "jonas"
) -> None:
    """Somebody stands in, for Jonas unless it is for somebody else."""
    row: dict[str, object] = {"id": uuid4().hex, "manager_id": manager, "stand_in_id": stand_in}
    row |= {"begins_on": begins_on, "ends_on": ends_on, "reason": "Semester"}
    await _insert(database, tables.delegation, row)


async def _insert(database: Database, table: Table, row: dict[str, object]) -> None:
    def write(connection: Connection) -> None:
        connection.execute(insert(table).values(**row))

    await database.write(write)
