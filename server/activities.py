"""Follow-up activities: what was agreed earlier, as it stands now (F41, F65–F72)."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, select, update

from server import conversations, people
from server.rules.access import Action, Actor, Pane, allowed
from server.rules.errors import NoLongerPossible, NotFound
from server.storage import tables
from server.storage.database import Database

ID_BYTES = 16


class GoalType(StrEnum):
    """What kind of goal an activity serves."""

    WORK = "work_goal"
    DEVELOPMENT = "development_goal"


class ActivityState(StrEnum):
    """Where an activity is in its life."""

    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity of an employee."""

    id: str
    employee: str
    goal_type: GoalType
    title: str
    state: ActivityState
    due_on: date | None
    completed_on: date | None


def add(
    connection: Connection,
    actor: Actor,
    employee: str,
    goal_type: GoalType,
    title: str,
    due_on: date | None,
) -> str:
    """Add an activity outside a conversation (F71) and return its id. Raises NotFound without the right."""
    if not allowed(actor, Action.ADD_ACTIVITY, people.get(connection, employee).facts):
        raise NotFound
    id_ = secrets.token_hex(ID_BYTES)
    connection.execute(
        insert(tables.activity).values(
            id=id_,
            employee_id=employee,
            goal_type=goal_type,
            title=title,
            state=ActivityState.ACTIVE,
            due_on=due_on,
        )
    )
    return id_


def finish(connection: Connection, actor: Actor, id_: str, state: ActivityState, on: date) -> None:
    """Complete or cancel an active activity. Raises NotFound, or NoLongerPossible when it is finished."""
    employee = connection.scalar(select(tables.activity.c.employee_id).where(tables.activity.c.id == id_))
    if employee is None or not allowed(actor, Action.ADD_ACTIVITY, people.get(connection, employee).facts):
        raise NotFound
    changed = connection.execute(
        update(tables.activity)
        .where(tables.activity.c.id == id_, tables.activity.c.state == ActivityState.ACTIVE)
        .values(state=state, completed_on=on if state is ActivityState.COMPLETED else None)
    )
    if not changed.rowcount:
        raise NoLongerPossible


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a row of a closed conversation's plan says is to be done."""

    id: str
    """Known from the row: the same row never becomes two activities."""
    goal_type: GoalType
    title: str
    due_on: date | None


def add_agreed(connection: Connection, employee: str, conversation: str, agreed: Iterable[Agreed]) -> None:
    """Add what the two have agreed in a conversation that closes, unless an earlier version of it has."""
    rows = {each.id: each for each in agreed}
    if not rows:
        return
    table = tables.activity
    there = set(connection.scalars(select(table.c.id).where(table.c.id.in_(rows))))
    new = [
        {
            "id": each.id,
            "employee_id": employee,
            "goal_type": each.goal_type,
            "title": each.title,
            "state": ActivityState.ACTIVE,
            "due_on": each.due_on,
            "from_conversation": conversation,
        }
        for each in rows.values()
        if each.id not in there
    ]
    if new:
        connection.execute(insert(table), new)


def of_conversation(connection: Connection, actor: Actor, id_: str) -> list[Activity]:
    """The employee's activities, for the two who look back at them in a conversation (F151).

    Active ones first, by deadline; then the finished ones. Raises NotFound.
    """
    conversation = conversations.see(connection, actor, id_)
    if not conversation.may(actor, Action.READ_PANE, Pane.JOINT):
        raise NotFound
    return of(connection, conversation.employee.id)


def of_employee(connection: Connection, actor: Actor, employee: str) -> list[Activity]:
    """The employee's activities, for the employee and the manager. Raises NotFound."""
    if not allowed(actor, Action.SEE_ACTIVITIES, people.get(connection, employee).facts):
        raise NotFound
    return of(connection, employee)


def of(connection: Connection, employee: str) -> list[Activity]:
    """The employee's activities. The caller has asked for the right."""
    table = tables.activity
    rows = connection.execute(
        select(table)
        .where(table.c.employee_id == employee)
        .order_by(
            table.c.state != ActivityState.ACTIVE, table.c.due_on.is_(None), table.c.due_on, table.c.title
        )
    )
    return [
        Activity(
            id=row.id,
            employee=row.employee_id,
            goal_type=GoalType(row.goal_type),
            title=row.title,
            state=ActivityState(row.state),
            due_on=row.due_on,
            completed_on=row.completed_on,
        )
        for row in rows
    ]


class Activities:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def add(
        self, actor: Actor, employee: str, goal_type: GoalType, title: str, due_on: date | None = None
    ) -> str:
        """As ``add``."""
        return await self._database.write(lambda c: add(c, actor, employee, goal_type, title, due_on))

    async def finish(self, actor: Actor, id_: str, state: ActivityState) -> None:
        """As ``finish``, today."""
        await self._database.write(lambda c: finish(c, actor, id_, state, self._clock().date()))

    async def of_conversation(self, actor: Actor, id_: str) -> list[Activity]:
        """As ``of_conversation``."""
        return await self._database.read(lambda c: of_conversation(c, actor, id_))

    async def of_employee(self, actor: Actor, employee: str) -> list[Activity]:
        """As ``of_employee``."""
        return await self._database.read(lambda c: of_employee(c, actor, employee))
