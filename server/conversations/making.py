"""Making a conversation, with its three documents."""

import secrets
from datetime import datetime

from sqlalchemy import Connection, insert

from crdt.document import Document
from server import audit, letter_format, letters, people, templates
from server.audit import Event
from server.conversations.conversation import Meeting
from server.people import Person
from server.rules.access import Action, Actor, Pane, State, allowed, may_plan_for
from server.rules.day import day_of
from server.rules.errors import NobodyResponsible, NotFound, NotYourself
from server.rules.limits import UPDATE
from server.storage import tables
from server.storage.database import add_document
from server.template.format import Prepare
from server.templates import schemas

ID_BYTES = 16


def create(
    connection: Connection,
    actor: Actor,
    employee: str,
    template: tuple[str, int],
    meeting: Meeting | None,
    now: datetime,
    *,
    responsible: str | None = None,
    notify: bool = False,
    invite: bool = False,
    prepare: Prepare | None = None,
    event: Event = Event.CONVERSATION_CREATED,
) -> str:
    """Make a conversation with the employee. Returns its id.

    ``responsible`` is the employee's manager unless it says somebody else (F3, F30), also where the actor
    stands in for the manager. Those who take part are told of it by e-mail when ``notify``, and get the
    meeting, if there is one, in their calendars when ``invite``; with it goes what ``prepare`` says, by
    default what the template says (F116, F117). ``event`` says for the audit where it was asked for.

    Raises NotFound for anybody but the manager and who stands in, and for a template that cannot be chosen
    for the employee (F44), NobodyResponsible, and NotYourself for who stands in.
    """
    person = people.get(connection, employee)
    facts = people.facts_on(connection, employee, day_of(now))
    if not allowed(actor, Action.CREATE_CONVERSATION, facts):
        raise NotFound
    form = templates.get(connection, *template)
    if not templates.can_be_chosen(form, person, people.units_of(connection, person)):
        raise NotFound
    leads = required_responsible(connection, responsible or facts.manager or "", person)
    if not may_plan_for(actor, facts, leads):
        raise NotYourself
    goes_with = form.prepare if prepare is None else prepare
    id_ = secrets.token_hex(ID_BYTES)
    connection.execute(
        insert(tables.conversation).values(
            id=id_,
            template_id=form.id,
            template_version=form.version,
            employee_id=employee,
            responsible_id=leads,
            state=State.OPEN,
            shares=form.shares,
            created_at=now,
            meeting_at=meeting.at if meeting else None,
            time_zone=meeting.time_zone if meeting else None,
            place=meeting.place if meeting else None,
            notify=notify,
            calendar_sequence=0 if invite and meeting else None,
            sends_routine=goes_with.send_routine_with_invitation,
            sends_plan=goes_with.send_action_plan_template and form.action_plan is not None,
            must_read=goes_with.employee_must_read,
        )
    )
    owners = {Pane.EMPLOYEE: employee, Pane.MANAGER: leads, Pane.JOINT: None}
    for pane, owner in owners.items():
        made = Document.made(schemas(form, pane), UPDATE)
        document = add_document(connection, new_name(id_, pane), id_, pane, made.snapshot())
        made.close()
        connection.execute(
            insert(tables.pane).values(conversation_id=id_, pane=pane, owner_id=owner, document_id=document)
        )
    audit.record(
        connection,
        event,
        actor.person,
        now,
        id_,
        person=employee,
        template=form.id,
        version=str(form.version),
    )
    letters.queue(connection, id_, letter_format.Kind.INVITED, now)
    return id_


def required_responsible(connection: Connection, id_: str, employee: Person) -> str:
    """The same id, if it is that of somebody who can be responsible. Raises NobodyResponsible."""
    try:
        person = people.get(connection, id_)
    except NotFound:
        raise NobodyResponsible(name=employee.name) from None
    if not person.active or person.id == employee.id:
        raise NobodyResponsible(name=employee.name)
    return person.id


def new_name(id_: str, pane: Pane) -> str:
    """Name a new generation of a pane. Random: the name tells nobody how many there were before."""
    return f"{id_}/{pane}/{secrets.token_hex(ID_BYTES)}"
