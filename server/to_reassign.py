"""Conversations that go on with somebody who is no longer the employee's manager, or has left. For HR.

Not all of them are to be handed over: somebody else than the line manager may be responsible on purpose.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from server import people
from server.conversations import Meeting
from server.people import Person
from server.rules.access import GOES_ON, Action, Actor, OrganisationFacts, State, allowed
from server.rules.errors import NotFound
from server.rules.limits import HANDOVERS_SHOWN_MAX
from server.storage import tables
from server.storage.database import Database
from server.template.words import Words


@dataclass(frozen=True, slots=True)
class Misplaced:
    """One such conversation: whose, with whom and when, and nothing that is written in it."""

    id: str
    employee: Person
    responsible: Person
    manager: Person | None
    """Who is the employee's manager now."""
    template: Words
    state: State
    meeting: Meeting | None


def find(connection: Connection, actor: Actor) -> list[Misplaced]:
    """Those whose responsible has left first, then by the employee's name; HANDOVERS_SHOWN_MAX at most.

    The actor's own are not among them: nobody chooses her own manager. Raises NotFound without the right.
    """
    if not allowed(actor, Action.SEE_COVERAGE, OrganisationFacts()):
        raise NotFound
    conversation, template = tables.conversation, tables.template
    employee, responsible = tables.person.alias(), tables.person.alias()
    rows = connection.execute(
        select(
            conversation,
            employee.c.manager_id,
            template.c.body["name"].label("template_name"),
        )
        .join(employee, employee.c.id == conversation.c.employee_id)
        .join(responsible, responsible.c.id == conversation.c.responsible_id)
        .join(
            template,
            (template.c.id == conversation.c.template_id)
            & (template.c.version == conversation.c.template_version),
        )
        .where(
            conversation.c.state.in_(GOES_ON),
            conversation.c.employee_id != actor.person,
            employee.c.active,
            ~responsible.c.active | (employee.c.manager_id != conversation.c.responsible_id),
        )
        .order_by(responsible.c.active, employee.c.name, conversation.c.created_at, conversation.c.id)
        .limit(HANDOVERS_SHOWN_MAX)
    ).all()
    named = {id_ for row in rows for id_ in (row.employee_id, row.responsible_id, row.manager_id) if id_}
    persons = people.these(connection, named)
    return [
        Misplaced(
            id=row.id,
            employee=persons[row.employee_id],
            responsible=persons[row.responsible_id],
            manager=persons.get(row.manager_id),
            template=Words.model_validate(row.template_name),
            state=row.state,
            meeting=Meeting(row.meeting_at, row.time_zone, row.place) if row.meeting_at else None,
        )
        for row in rows
    ]


class ToReassign:
    """The way in for pages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, actor: Actor) -> list[Misplaced]:
        """As ``find``."""
        return await self._database.read(lambda connection: find(connection, actor))
