"""Conversations: making one, seeing one, and the facts on which every right in it rests.

There is no way to a conversation's panes but ``see`` and ``locked``, which read the facts that
``server.rules.access`` decides from.
"""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, insert, select, union, update

from crdt.document import Document
from server import audit, letter_format, letters, people, policy, templates
from server.audit import Event
from server.people import Person
from server.rules.access import (
    GOES_ON,
    Action,
    Actor,
    ConversationFacts,
    GuestFacts,
    InvitationFacts,
    Pane,
    PaneFacts,
    State,
    allowed,
    may_plan_for,
)
from server.rules.day import day_of
from server.rules.errors import MustBeHeld, NobodyResponsible, NoLongerPossible, NotFound, NotYourself
from server.rules.limits import UPDATE
from server.storage import tables
from server.storage.bells import ConversationChanged, activities_of
from server.storage.database import Database, add_document, lock_conversation, ring
from server.template.format import Prepare, Template
from server.templates import schemas

ID_BYTES = 16

NOTHING_SENT = Prepare()


@dataclass(frozen=True, slots=True)
class Meeting:
    """When and where the two meet."""

    at: datetime
    time_zone: str
    """As in the IANA database, ``Europe/Stockholm``."""
    place: str


@dataclass(frozen=True, slots=True)
class ConversationPane:
    """One pane of a conversation, as it is stored."""

    facts: PaneFacts
    document: int
    """Row id of the current generation."""
    name: str
    """Its name on the wire, ``{conversation}/{pane}/{generation}``."""
    shared_at: datetime | None
    opened_at: datetime | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation with its people, its template and its panes."""

    id: str
    employee: Person
    responsible: Person
    template: Template
    facts: ConversationFacts
    version: int
    """Counts from 1; reopening a closed conversation begins the next."""
    created_at: datetime
    meeting: Meeting | None
    panes: Mapping[Pane, ConversationPane]
    """In reading order: employee, manager, joint."""
    notify: bool = False
    """Whether those who take part are told of the meeting by e-mail (F49)."""
    calendar_sequence: int | None = None
    """Of the calendar event that was last sent to them; None where none ever was (F54)."""
    prepare: Prepare = NOTHING_SENT
    """What went with the invitation, and whether the employee is asked to read it (F116-F119)."""

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self.facts.state

    @property
    def is_shared(self) -> bool:
        """Whether anybody has shared a pane of it."""
        return any(pane.shared_at for pane in self.panes.values())

    def other(self, person: str) -> Person:
        """The other party, as seen by one of the two."""
        return self.responsible if person == self.employee.id else self.employee

    def may(self, actor: Actor, action: Action, pane: Pane | None = None) -> bool:
        """Whether ``actor`` may do ``action`` to ``pane``, or to the conversation as a whole."""
        return allowed(actor, action, self.facts if pane is None else self.panes[pane].facts)


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


def see(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """Return a conversation to those who take part in it. Raises NotFound for anybody else."""
    return _seen(connection, actor, _row(connection, id_))


def locked(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """As ``see``, for a change: nothing is appended to its documents until the transaction ends."""
    return _seen(connection, actor, lock_conversation(connection, id_))


def see_invited(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """As ``see``, also for somebody who is invited and may know it: who meets whom, and nothing else."""
    return _seen(connection, actor, _row(connection, id_), invited=True)


def locked_invited(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """As ``see_invited``, for a change: nothing is appended until the transaction ends."""
    return _seen(connection, actor, lock_conversation(connection, id_), invited=True)


def see_planned(connection: Connection, actor: Actor, id_: str, day: date) -> Conversation:
    """As ``see``, also for whoever stands in for the responsible on that day: who meets whom and when, and
    nothing that is written there."""
    return _seen(connection, actor, _row(connection, id_), stands_in_on=day)


def locked_planned(connection: Connection, actor: Actor, id_: str, day: date) -> Conversation:
    """As ``see_planned``, for a change of the meeting."""
    return _seen(connection, actor, lock_conversation(connection, id_), stands_in_on=day)


def see_handed(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """As ``see``, also for HR, who may name another responsible: who meets whom, nothing more."""
    return _seen(connection, actor, _row(connection, id_), hands_over=True)


def locked_handed(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """As ``see_handed``, for naming another responsible: nothing is appended until the transaction ends."""
    return _seen(connection, actor, lock_conversation(connection, id_), hands_over=True)


def see_former(connection: Connection, actor: Actor, id_: str) -> Conversation:
    """As ``see``, also for whoever was responsible before: the caller asks what of it that one may see."""
    return _seen(connection, actor, _row(connection, id_), was_responsible=True)


def locked_for(connection: Connection, actor: Actor, id_: str, action: Action) -> Conversation:
    """As ``locked``, for a turn in its life, which the actor may take.

    Raises NotFound for whoever may never take it, and NoLongerPossible when its state has moved on.
    """
    return required(locked(connection, actor, id_), actor, action)


def required(conversation: Conversation, actor: Actor, action: Action) -> Conversation:
    """The same conversation, in which the actor may take this turn now.

    Raises as ``locked_for``, and MustBeHeld for declining what is not to be declined.
    """
    if not conversation.may(actor, action):
        facts = replace(conversation.facts, may_be_declined=True)
        if allowed(actor, action, facts):
            raise MustBeHeld(name=conversation.responsible.first_name)
        ever = any(allowed(actor, action, replace(facts, state=state)) for state in State)
        raise NoLongerPossible if ever else NotFound
    return conversation


def move(
    connection: Connection,
    conversation: Conversation,
    state: State,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> None:
    """Bring a locked conversation into another state, and have its rooms and pages told.

    Where it is over, its guests' part has ended.
    """
    values: dict[str, object] = {"state": state, "version": version or conversation.version}
    if state not in GOES_ON:
        values["joint_writers"] = None
        guest = tables.guest
        connection.execute(
            update(guest)
            .where(guest.c.conversation_id == conversation.id, guest.c.ended_at.is_(None))
            .values(ended_at=now, ended_by=actor.person, writes=False)
        )
    table = tables.conversation
    connection.execute(update(table).where(table.c.id == conversation.id).values(**values))
    ring(connection, ConversationChanged(conversation.id))
    # Whoever is responsible sees the employee's activities as long as it goes on.
    ring(connection, activities_of(conversation.employee.id))


def in_order() -> tuple[ColumnElement[Any], ...]:
    """How rows of ``conversation`` are sorted. The order rests on nothing that is written in them."""
    table = tables.conversation
    return table.c.meeting_at.is_(None), table.c.meeting_at, table.c.created_at, table.c.id


def seen(
    connection: Connection, actor: Actor, rows: Sequence[Row[Any]], *, invited: bool = False
) -> list[Conversation]:
    """The conversations of rows of ``conversation``, in order, without those that the actor may not see.

    As many queries for a thousand as for one. ``invited`` as in ``see_invited``.
    """
    return [each for each in _read(connection, rows) if _may_see(actor, each.facts, invited=invited)]


def is_written_in(actor: Actor) -> ColumnElement[bool]:
    """Of rows of ``conversation``: those that have begun as far as the actor can know, shared or not.

    The joint pane has been written in, or the actor has written: nobody else's private writing counts.
    """
    talk, log, document = tables.conversation, tables.change_log, tables.document
    decision, handover, part = tables.decision, tables.handover, tables.handover_part
    written = exists().where(
        document.c.conversation_id == talk.c.id,
        log.c.document_id == document.c.id,
        (document.c.pane == Pane.JOINT) | (log.c.person_id == actor.person),
    )
    # What was shared with somebody who handed it over since has no log any more either.
    handed_over = exists().where(
        handover.c.conversation_id == talk.c.id, part.c.handover_id == handover.c.id, part.c.received
    )
    # Of a conversation that was opened again the log begins anew, and the text is there.
    reopened = exists().where(decision.c.conversation_id == talk.c.id, decision.c.kind == "reopened")
    return written | reopened | handed_over


def _row(connection: Connection, id_: str) -> Row[Any] | None:
    return connection.execute(
        select(tables.conversation).where(tables.conversation.c.id == id_)
    ).one_or_none()


def _seen(
    connection: Connection,
    actor: Actor,
    row: Row[Any] | None,
    *,
    invited: bool = False,
    stands_in_on: date | None = None,
    hands_over: bool = False,
    was_responsible: bool = False,
) -> Conversation:
    if row is None:
        raise NotFound
    (conversation,) = _read(connection, [row])
    may_see = _may_see(actor, conversation.facts, invited=invited)
    may_see = may_see or (hands_over and allowed(actor, Action.SEE_RESPONSIBLE, conversation.facts))
    may_see = may_see or (was_responsible and _was_responsible(connection, actor, row.id))
    if stands_in_on is not None:
        # Asked for here alone: to whoever sees the conversation anyway it makes no difference.
        stand_ins = people.stand_ins(connection, row.responsible_id, stands_in_on)
        conversation = replace(conversation, facts=replace(conversation.facts, stand_ins=stand_ins))
        may_see = may_see or allowed(actor, Action.MOVE_MEETING, conversation.facts)
    if not may_see:
        raise NotFound
    return conversation


def _may_see(actor: Actor, facts: ConversationFacts, *, invited: bool) -> bool:
    return allowed(actor, Action.SEE_CONVERSATION, facts) or (invited and _is_invited(actor, facts))


def _was_responsible(connection: Connection, actor: Actor, id_: str) -> bool:
    handover = tables.handover.c
    handed = select(handover.id).where(
        handover.conversation_id == id_, handover.predecessor_id == actor.person
    )
    return bool(connection.scalar(select(handed.exists())))


def parties(connection: Connection, ids: Collection[str]) -> dict[str, frozenset[str]]:
    """Conversation id -> who are the parties, and who were until they handed it over. Person ids.

    The caller has asked for the right.
    """
    if not ids:
        return {}
    table, handover = tables.conversation.c, tables.handover.c
    found: dict[str, set[str]] = {}
    for id_, person in connection.execute(
        union(
            select(table.id, table.employee_id).where(table.id.in_(ids)),
            select(table.id, table.responsible_id).where(table.id.in_(ids)),
            select(handover.conversation_id, handover.predecessor_id).where(
                handover.conversation_id.in_(ids)
            ),
        )
    ):
        found.setdefault(id_, set()).add(person)
    return {id_: frozenset(persons) for id_, persons in found.items()}


def handed_over_at(connection: Connection, id_: str) -> datetime | None:
    """Since when whoever is responsible now has been; None where nobody was before."""
    handover = tables.handover.c
    handed = select(handover.at).where(handover.conversation_id == id_)
    at: datetime | None = connection.scalar(handed.order_by(handover.at.desc()).limit(1))
    return at


def _is_invited(actor: Actor, facts: ConversationFacts) -> bool:
    """Whether the actor is a guest who may know of the invitation."""
    guest = facts.guest(actor.person)
    return guest is not None and allowed(actor, Action.SEE_INVITATION, InvitationFacts(facts, guest))


def _read(connection: Connection, rows: Sequence[Row[Any]]) -> list[Conversation]:
    """Everything about conversations, in the order of their rows. The caller asks for the right to each."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    forms = templates.these(connection, {(row.template_id, row.template_version) for row in rows})
    persons = people.these(connection, {id_ for row in rows for id_ in (row.employee_id, row.responsible_id)})
    guests, panes = _guests(connection, ids), _pane_rows(connection, ids)
    may_decline = policy.get(connection).may_decline
    read = []
    for row in rows:
        template = forms[row.template_id, row.template_version]
        facts = _facts(row, template, guests.get(row.id, ()), may_decline=may_decline)
        read.append(
            Conversation(
                id=row.id,
                employee=persons[row.employee_id],
                responsible=persons[row.responsible_id],
                template=template,
                facts=facts,
                version=row.version,
                created_at=row.created_at,
                meeting=Meeting(row.meeting_at, row.time_zone, row.place) if row.meeting_at else None,
                panes=_panes(panes[row.id], facts, template),
                notify=row.notify,
                calendar_sequence=row.calendar_sequence,
                prepare=Prepare(
                    send_routine_with_invitation=row.sends_routine,
                    send_action_plan_template=row.sends_plan,
                    employee_must_read=row.must_read,
                ),
            )
        )
    return read


def _guests(connection: Connection, ids: Sequence[str]) -> Mapping[str, Sequence[GuestFacts]]:
    """Of each conversation: those whose part has not ended, in the order of their invitations."""
    guest = tables.guest
    rows = connection.execute(
        select(guest)
        .where(guest.c.conversation_id.in_(ids), guest.c.ended_at.is_(None))
        .order_by(guest.c.invited_at, guest.c.person_id)
    )
    found: dict[str, list[GuestFacts]] = {}
    for row in rows:
        found.setdefault(row.conversation_id, []).append(
            GuestFacts(
                person=row.person_id,
                invited_by=row.invited_by,
                agreed=row.agreed_at is not None,
                accepted=row.accepted_at is not None,
                writes=row.writes,
            )
        )
    return found


def _pane_rows(connection: Connection, ids: Sequence[str]) -> Mapping[str, Mapping[Pane, Row[Any]]]:
    """Of each conversation: its panes, with the names of their documents."""
    rows = connection.execute(
        select(tables.pane, tables.document.c.name)
        .join(tables.document, tables.document.c.id == tables.pane.c.document_id)
        .where(tables.pane.c.conversation_id.in_(ids))
    )
    found: dict[str, dict[Pane, Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.conversation_id, {})[row.pane] = row
    return found


def _facts(
    row: Row[Any], template: Template, guests: Sequence[GuestFacts], *, may_decline: bool
) -> ConversationFacts:
    persons = {"employee": row.employee_id, "manager": row.responsible_id}
    return ConversationFacts(
        employee=row.employee_id,
        responsible=row.responsible_id,
        state=row.state,
        shares=row.shares,
        signers=frozenset(persons[party] for party in template.sign.signers if template.sign.enabled),
        completer=persons[template.completes],
        may_be_declined=may_decline and not template.mandatory_conversation,
        guests=tuple(guests),
    )


def _panes(
    stored: Mapping[Pane, Row[Any]], facts: ConversationFacts, template: Template
) -> dict[Pane, ConversationPane]:
    unshared = {
        pane
        for pane, row in stored.items()
        # A pane without elements counts as shared.
        if pane is not Pane.JOINT and row.shared_at is None and any(template.elements_in(pane))
    }
    return {
        pane: ConversationPane(
            facts=PaneFacts(
                conversation=facts,
                pane=pane,
                owner=row.owner_id,
                shared=row.shared_at is not None,
                opened=row.opened_at is not None,
                waiting=template.reveals_together and row.shared_at is not None and bool(unshared),
                withheld=row.withheld,
            ),
            document=row.document_id,
            name=row.name,
            shared_at=row.shared_at,
            opened_at=row.opened_at,
        )
        for pane in Pane
        for row in (stored[pane],)
    }


class Conversations:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def create(
        self,
        actor: Actor,
        employee: str,
        template: tuple[str, int],
        meeting: Meeting | None = None,
        *,
        notify: bool = False,
        invite: bool = False,
        event: Event = Event.CONVERSATION_CREATED,
    ) -> str:
        """As ``create``, with everything else as it is by default."""
        return await self._database.write(
            lambda c: create(
                c,
                actor,
                employee,
                template,
                meeting,
                self._clock(),
                notify=notify,
                invite=invite,
                event=event,
            )
        )

    async def see(self, actor: Actor, id_: str) -> Conversation:
        """As ``see``."""
        return await self._database.read(lambda c: see(c, actor, id_))

    async def see_planned(self, actor: Actor, id_: str) -> Conversation:
        """As ``see_planned``, today."""
        return await self._database.read(lambda c: see_planned(c, actor, id_, day_of(self._clock())))
