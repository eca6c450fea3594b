"""Planning a conversation: what can be chosen for an employee, what is worth saying first, and making it.

Whoever leads the employee plans, and whoever stands in today. ``faults`` and ``notices`` say everything at
once, so that a page can show each beside its field: a fault keeps the conversation from being made, a notice
does not (F83).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, exists, select

from server import (
    asking,
    availability,
    conversations,
    invitations,
    letters,
    meetings,
    people,
    policy,
    templates,
)
from server.asking import Asked
from server.conversations import Conversation, ConversationPane, Meeting
from server.letter_format import Kind
from server.people import Person
from server.policy import Policy
from server.rules.access import (
    GOES_ON,
    Action,
    Actor,
    ConversationFacts,
    Pane,
    PaneFacts,
    PersonFacts,
    State,
    allowed,
    may_plan_for,
)
from server.rules.day import ZONE, day_of
from server.rules.errors import (
    NobodyResponsible,
    NobodyToInvite,
    NotFound,
    NotYourself,
    Refusal,
    TakesPartAlready,
    TemplateNotChosen,
    TemplateNotThere,
    TimeMissingForCalendar,
    TooManyGuests,
)
from server.rules.limits import GUESTS_MAX
from server.rules.notice import Notice, of_meeting
from server.storage import tables
from server.storage.database import Database
from server.template.format import Prepare, Template

OPEN: Final = [state.value for state in GOES_ON]


class Place(StrEnum):
    """Where in a plan something is wrong."""

    TEMPLATE = "template"
    RESPONSIBLE = "responsible"
    GUESTS = "guests"
    MEETING = "meeting"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Plan:
    """A conversation that somebody wants to make."""

    employee: str
    template: tuple[str, int] | None
    """Its id, and the version that was looked at."""
    responsible: str
    guests: tuple[str, ...] = ()
    meeting: Meeting | None = None
    notify: bool = False
    """Both are told by e-mail (F49)."""
    invite: bool = False
    """Both get the meeting in their calendars (F50)."""
    prepare: Prepare | None = None
    """What goes with the invitation; as the template says where it is None."""
    request: str | None = None
    """What the employee asked, and is answered with this."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What there is to choose from for one employee."""

    employee: Person
    manager: Person | None
    templates: tuple[Template, ...]
    """The newest version of each that can be chosen."""
    policy: Policy
    time_zone: str
    """As in the IANA database: where the employee met last, or else the actor."""
    asked: Asked | None
    """What the employee asked, if this is to be the answer."""


def prospect(
    connection: Connection, actor: Actor, employee: str, now: datetime, request: str | None = None
) -> Prospect:
    """What the actor can choose from. Raises NotFound for whoever may not plan for the employee.

    A request that has been answered meanwhile, or is another's, is none.
    """
    person, manager = _required(connection, actor, employee, now)
    here = policy.get(connection)
    return Prospect(
        employee=person,
        manager=people.get(connection, manager) if manager else None,
        templates=tuple(availability.forms(connection, person, here)),
        policy=here,
        time_zone=_time_zone(connection, employee) or _time_zone(connection, actor.person) or ZONE,
        asked=_waiting(connection, actor, employee, request, now),
    )


def faults(connection: Connection, actor: Actor, plan: Plan, now: datetime) -> Mapping[Place, Refusal]:
    """Everything that keeps the conversation from being made. Raises NotFound as ``prospect``."""
    person, manager = _required(connection, actor, plan.employee, now)
    found: dict[Place, Refusal] = {}
    if plan.template is None:
        found[Place.TEMPLATE] = TemplateNotChosen()
    elif plan.template not in (
        (each.id, each.version) for each in availability.forms(connection, person, policy.get(connection))
    ):
        found[Place.TEMPLATE] = TemplateNotThere()
    try:
        leads = conversations.required_responsible(connection, plan.responsible, person)
    except NobodyResponsible as refusal:
        found[Place.RESPONSIBLE] = refusal
    else:
        if not may_plan_for(actor, PersonFacts(person.id, manager), leads):
            found[Place.RESPONSIBLE] = NotYourself()
    if (wrong := next(_wrong_guests(connection, plan), None)) is not None:
        found[Place.GUESTS] = wrong
    if plan.meeting is not None:
        try:
            meetings.required(plan.meeting, now)
        except Refusal as refusal:
            found[Place.MEETING] = refusal
    elif plan.invite:
        found[Place.CALENDAR] = TimeMissingForCalendar()
    return found


def notices(connection: Connection, plan: Plan, now: datetime) -> tuple[Notice, ...]:
    """What is worth a second look in a plan without faults."""
    found = []
    if plan.meeting is not None:
        days = policy.get(connection).notice_days
        found.append(of_meeting(plan.meeting.at, plan.meeting.time_zone, now, days))
    if plan.template is not None and _has_one_of(connection, plan.employee, plan.template):
        found.append(Notice.SAME_KIND)
    return tuple(each for each in found if each is not None)


def make(connection: Connection, actor: Actor, plan: Plan, now: datetime) -> str:
    """Make the conversation, with its guests, and answer what the employee asked. Returns its id.

    Guests are invited in the name of the responsible: each takes part when the employee has agreed. Raises
    NotFound, the first of the faults, or AlreadyAnswered.
    """
    for refusal in faults(connection, actor, plan, now).values():
        raise refusal
    if plan.template is None:
        raise TemplateNotChosen
    id_ = conversations.create(
        connection,
        actor,
        plan.employee,
        plan.template,
        plan.meeting,
        now,
        responsible=plan.responsible,
        notify=plan.notify,
        invite=plan.invite,
        prepare=plan.prepare,
    )
    invitations.invite_with(connection, actor, id_, plan.guests, now)
    if plan.responsible != actor.person and not (plan.notify or plan.invite):
        # Whoever did not plan it must hear of it somehow.
        row = connection.execute(select(tables.conversation).where(tables.conversation.c.id == id_)).one()
        told = letters.appointment(connection, row, None)
        letters.put(connection, Kind.INVITED, id_, plan.responsible, told, now)
    if plan.request is not None:
        asking.made(connection, actor, plan.request, plan.employee, id_, now)
    return id_


def draft(connection: Connection, actor: Actor, employee: str, template: str, now: datetime) -> Conversation:
    """A conversation by this form as it would be, with nothing in it: to be looked at, and stored nowhere.

    Raises NotFound, also for a form that cannot be chosen for the employee.
    """
    chosen = prospect(connection, actor, employee, now)
    form = next((each for each in chosen.templates if each.id == template), None)
    if form is None or chosen.manager is None:
        raise NotFound
    facts = ConversationFacts(employee, chosen.manager.id, State.OPEN, shares=False)
    owners = {Pane.EMPLOYEE: employee, Pane.MANAGER: chosen.manager.id, Pane.JOINT: None}
    return Conversation(
        id="",
        employee=chosen.employee,
        responsible=chosen.manager,
        template=form,
        facts=facts,
        version=1,
        created_at=now,
        meeting=None,
        panes={
            pane: ConversationPane(PaneFacts(facts, pane, owner), 0, "", None, None)
            for pane, owner in owners.items()
        },
    )


def _required(
    connection: Connection, actor: Actor, employee: str, now: datetime
) -> tuple[Person, str | None]:
    """The employee, and who leads them, for whoever may plan. Raises NotFound."""
    facts = people.facts_on(connection, employee, day_of(now))
    person = people.get(connection, employee)
    if not person.active or not allowed(actor, Action.CREATE_CONVERSATION, facts):
        raise NotFound
    return person, facts.manager


def _waiting(
    connection: Connection, actor: Actor, employee: str, request: str | None, now: datetime
) -> Asked | None:
    if request is None:
        return None
    try:
        found = asking.asked(connection, actor, request, now)
    except NotFound:
        return None
    return found if found.employee.id == employee and found.answer is None else None


def _wrong_guests(connection: Connection, plan: Plan) -> Iterator[Refusal]:
    if len(plan.guests) > GUESTS_MAX:
        yield TooManyGuests(most=GUESTS_MAX)
    for id_ in plan.guests:
        try:
            person = invitations.somebody(connection, id_)
        except NobodyToInvite as refusal:
            yield refusal
            continue
        if id_ in (plan.employee, plan.responsible):
            yield TakesPartAlready(name=person.name)


def _has_one_of(connection: Connection, employee: str, template: tuple[str, int]) -> bool:
    """Whether the employee has a conversation of the template's kind that is not over."""
    kind = templates.get(connection, *template).kind
    conversation, table = tables.conversation, tables.template
    same = exists().where(
        conversation.c.employee_id == employee,
        conversation.c.state.in_(OPEN),
        table.c.id == conversation.c.template_id,
        table.c.version == conversation.c.template_version,
        table.c.body["kind"].as_string() == kind,
    )
    return bool(connection.scalar(select(same)))


def _time_zone(connection: Connection, person: str) -> str | None:
    """Where somebody met last."""
    table = tables.conversation
    return connection.scalar(
        select(table.c.time_zone)
        .where((table.c.employee_id == person) | (table.c.responsible_id == person))
        .where(table.c.time_zone.is_not(None))
        .order_by(table.c.created_at.desc(), table.c.id)
        .limit(1)
    )


class Planning:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def prospect(self, actor: Actor, employee: str, request: str | None = None) -> Prospect:
        """As ``prospect``."""
        return await self._database.read(lambda c: prospect(c, actor, employee, self._clock(), request))

    async def faults(self, actor: Actor, plan: Plan) -> Mapping[Place, Refusal]:
        """As ``faults``."""
        return await self._database.read(lambda c: faults(c, actor, plan, self._clock()))

    async def notices(self, plan: Plan) -> tuple[Notice, ...]:
        """As ``notices``."""
        return await self._database.read(lambda c: notices(c, plan, self._clock()))

    async def make(self, actor: Actor, plan: Plan) -> str:
        """As ``make``."""
        return await self._database.write(lambda c: make(c, actor, plan, self._clock()))

    async def draft(self, actor: Actor, employee: str, template: str) -> Conversation:
        """As ``draft``."""
        return await self._database.read(lambda c: draft(c, actor, employee, template, self._clock()))

    async def found(self, words: str, most: int, without: tuple[str, ...] = ()) -> list[Person]:
        """As ``people.named``, without these."""

        def read(connection: Connection) -> list[Person]:
            found = people.named(connection, words, most + len(without))
            return [person for person in found if person.id not in without][:most]

        return await self._database.read(read)

    async def named(self, ids: tuple[str, ...]) -> dict[str, Person]:
        """Who these are; those who are nobody are left out."""

        def read(connection: Connection) -> dict[str, Person]:
            table = tables.person
            rows = connection.execute(select(table).where(table.c.id.in_(ids), table.c.active))
            return {row.id: people.person_of(row) for row in rows}

        return await self._database.read(read)
