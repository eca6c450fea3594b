"""How a follow-up activity comes to be: added outside a conversation (F71), or agreed on in one that closes.

Row and document are made together. What an older system had comes in by ``server/archive.py``.
"""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, insert, select

from server import activities, activity_documents, audit
from server.activities import ID_BYTES, ActivityState, GoalType
from server.activity_documents import Wording
from server.audit import Event
from server.rules.access import Action, Actor, allowed
from server.rules.errors import NotFound, TextTooLong, TitleMissing
from server.rules.limits import ACTIVITY_TITLE_CHARACTERS_MAX
from server.storage import tables
from server.storage.bells import activities_of
from server.storage.database import Database, ring


def add(
    connection: Connection, actor: Actor, employee: str, goal_type: GoalType, wording: Wording, now: datetime
) -> str:
    """Add an activity outside a conversation (F71) and return its id.

    Raises NotFound without the right, TitleMissing or TextTooLong.
    """
    if not allowed(actor, Action.ADD_ACTIVITY, activities.facts(connection, employee, now)):
        raise NotFound
    if not wording.title.strip():
        raise TitleMissing
    if len(wording.title) > ACTIVITY_TITLE_CHARACTERS_MAX:
        raise TextTooLong(characters=ACTIVITY_TITLE_CHARACTERS_MAX)
    id_ = secrets.token_hex(ID_BYTES)
    _insert(connection, actor, employee, [Agreed(id_, goal_type, wording)], None, now)
    return id_


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a row of a closed conversation's plan says is to be done."""

    id: str
    """Known from the row: the same row never becomes two activities."""
    goal_type: GoalType
    wording: Wording


def add_agreed(
    connection: Connection,
    actor: Actor,
    employee: str,
    conversation: str,
    agreed: Iterable[Agreed],
    now: datetime,
) -> None:
    """Add what the two have agreed in a conversation that closes, unless an earlier version of it has.

    The caller has locked the conversation, so that this happens once.
    """
    rows = {each.id: each for each in agreed}
    if not rows:
        return
    table = tables.activity
    there = set(connection.scalars(select(table.c.id).where(table.c.id.in_(rows))))
    new = [each for each in rows.values() if each.id not in there]
    _insert(connection, actor, employee, new, conversation, now)


def _insert(
    connection: Connection,
    actor: Actor,
    employee: str,
    agreed: Sequence[Agreed],
    conversation: str | None,
    now: datetime,
) -> None:
    """Rows and documents, together."""
    table = tables.person
    named = {each.wording.owner for each in agreed if each.wording.owner}
    known = set(connection.scalars(select(table.c.id).where(table.c.id.in_(named)))) if named else set()
    for each in agreed:
        owner = each.wording.owner if each.wording.owner in known else None
        wording = replace(each.wording, owner=owner)
        document, says = activity_documents.make(connection, employee, each.id, wording)
        connection.execute(
            insert(tables.activity).values(
                id=each.id,
                employee_id=employee,
                goal_type=each.goal_type,
                title=says.title,
                state=ActivityState.ACTIVE,
                due_on=says.due_on,
                follow_up_on=says.follow_up_on,
                owner_id=says.owner,
                document_id=document,
                from_conversation=conversation,
                created_at=now,
                created_by=actor.person,
            )
        )
        about = {"conversation": conversation} if conversation else {}
        audit.record(connection, Event.ACTIVITY_ADDED, actor.person, now, activity=each.id, **about)
    if agreed:
        ring(connection, activities_of(employee))


class NewActivities:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def add(self, actor: Actor, employee: str, goal_type: GoalType, wording: Wording) -> str:
        """As ``add``."""
        return await self._database.write(
            lambda c: add(c, actor, employee, goal_type, wording, self._clock())
        )
