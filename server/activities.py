"""Follow-up activities: who sees which, and what each says (F41, F65–F74).

What an activity says stands in a document of its own (``activity_documents``); its row repeats as much as
lists and reminders need, and has where the activity is in its life. What an older system had is a row without
a document: it is read, and nobody changes it (F73).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, select

from crdt.content import Content
from server import activity_documents, conversations, people
from server.conversations import Conversation
from server.people import Person
from server.rules.access import (
    GOES_ON,
    Action,
    ActivityFacts,
    Actor,
    Pane,
    PersonFacts,
    allowed,
)
from server.rules.day import day_of
from server.rules.errors import NotFound
from server.storage import tables
from server.storage.bells import activities_of
from server.storage.database import Database, drop_document, lock_document, ring

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
    ARCHIVED = "archived"
    """Brought in from an older system, whatever it was there."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whoever does it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity of an employee, as its row has it."""

    id: str
    employee: str
    goal_type: GoalType
    title: str
    """Empty while nobody has written one."""
    state: ActivityState
    due_on: date | None
    completed_on: date | None
    follow_up_on: date | None = None
    owner: Owner | None = None
    cancelled_on: date | None = None
    cancel_reason: str = ""
    from_conversation: str | None = None
    """Where it was agreed; None for one that was added outside a conversation."""
    created_at: datetime | None = None
    """None for one that is older than this was kept."""
    archive: Mapping[str, str] | None = None
    """What an older system said of it: heading -> text, as it stood there."""
    comments: int = 0
    """How often somebody has said something about it."""

    @property
    def ended_on(self) -> date | None:
        """When it was completed or cancelled."""
        return self.cancelled_on if self.state is ActivityState.CANCELLED else self.completed_on

    @property
    def name(self) -> str:
        """Of its document on the wire. What is archived has none."""
        return activity_documents.name_of(self.employee, self.id)

    def facts(self, employee: PersonFacts) -> ActivityFacts:
        """What decides about it."""
        return ActivityFacts(
            employee,
            active=self.state is ActivityState.ACTIVE,
            archived=self.state is ActivityState.ARCHIVED,
        )


class CommentKind(StrEnum):
    """What a line of an activity's trail is."""

    SAID = "said"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    TAKEN_UP = "taken_up"


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said about an activity, or did with it."""

    kind: CommentKind
    by: Person
    at: datetime
    text: str
    """What was said; of a cancellation, why. Empty for the other turns."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One activity with all that one person may know of it."""

    activity: Activity
    employee: Person
    content: Content
    """What its document says, by the names of ``activity_documents.SCHEMA``; nothing for an archived one."""
    comments: tuple[Comment, ...]
    """What was said and done, oldest first."""
    owners: tuple[Person, ...]
    """Who can be chosen to do it: those who may see it, and whoever is to do it now."""
    may_write: bool
    may_end: bool
    """Whether the reader may complete, cancel or take it up again, as its state has it, and comment."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Everything of one employee, for those who may see it."""

    employee: Person
    activities: tuple[Activity, ...]
    """Active ones first, by deadline; then the ended ones."""
    archive: tuple[Activity, ...]
    """What an older system had, the newest date first."""
    owners: tuple[Person, ...]
    """Who can be chosen to do a new one."""


def facts(connection: Connection, employee: str, now: datetime) -> PersonFacts:
    """What decides about somebody's activities. Raises NotFound."""
    return people.facts_on(connection, employee, day_of(now))


def of_employee(connection: Connection, actor: Actor, employee: str, now: datetime) -> list[Activity]:
    """The employee's activities, for those who may see them. Raises NotFound."""
    _require(connection, actor, Action.SEE_ACTIVITIES, employee, now)
    return of(connection, employee)


def archive_of(connection: Connection, actor: Actor, employee: str, now: datetime) -> list[Activity]:
    """What an older system had for the employee, the newest date first. Raises NotFound."""
    _require(connection, actor, Action.SEE_ACTIVITIES, employee, now)
    return _archive(connection, employee)


def listed(connection: Connection, actor: Actor, employee: str, now: datetime) -> Listed:
    """All of the employee's, the archive too, for those who may see them. Raises NotFound."""
    person = facts(connection, employee, now)
    if not allowed(actor, Action.SEE_ACTIVITIES, person):
        raise NotFound
    return Listed(
        employee=people.get(connection, employee),
        activities=tuple(of(connection, employee)),
        archive=tuple(_archive(connection, employee)),
        owners=_owners(connection, person),
    )


def of_conversation(connection: Connection, actor: Actor, id_: str) -> list[Activity]:
    """The employee's activities, for those who look back at them in a conversation (F151).

    Active ones first, by deadline; then the finished ones. None where ``are_shown`` says no. Raises NotFound.
    """
    return beside(connection, actor, conversations.see(connection, actor, id_))


def beside(connection: Connection, actor: Actor, conversation: Conversation) -> list[Activity]:
    """As ``of_conversation``, of one that the actor sees."""
    return of(connection, conversation.employee.id) if are_shown(actor, conversation) else []


def are_shown(actor: Actor, conversation: Conversation) -> bool:
    """Whether somebody who sees a conversation is shown the activities of today there.

    Not in one that is over: whoever was responsible for it reads it on, and it is no way to what is agreed on
    since. After a handover guests wait, as for everything that the two had together.
    """
    is_party = actor.person in conversation.facts.parties
    return conversation.state in GOES_ON and (
        is_party or conversation.may(actor, Action.READ_PANE, Pane.JOINT)
    )


def of(connection: Connection, employee: str) -> list[Activity]:
    """The employee's activities without the archive: active ones first, by deadline.

    The caller has asked for the right.
    """
    table = tables.activity
    wanted = _select((table.c.employee_id == employee) & (table.c.state != ActivityState.ARCHIVED))
    ordered = wanted.order_by(
        table.c.state != ActivityState.ACTIVE,
        table.c.due_on.is_(None),
        table.c.due_on,
        table.c.title,
        table.c.id,
    )
    return [_activity(row) for row in connection.execute(ordered)]


def to_do(connection: Connection, actor: Actor) -> list[tuple[Activity, Person]]:
    """What is active and the actor's: all of her own list, and what she does herself on the lists of others
    that she may see. Each with the employee, the nearest day first."""
    table, employee, talk = tables.activity, tables.person.alias(), tables.conversation
    is_responsible = exists().where(
        talk.c.employee_id == employee.c.id,
        talk.c.responsible_id == actor.person,
        talk.c.state.in_(GOES_ON),
    )
    does = (table.c.owner_id == actor.person) & ((employee.c.manager_id == actor.person) | is_responsible)
    rows = connection.execute(
        _select((table.c.employee_id == actor.person) | does)
        .add_columns(*people.columns_of(employee, "whose"))
        .join(employee, employee.c.id == table.c.employee_id)
        .where(table.c.state == ActivityState.ACTIVE, employee.c.active)
        .order_by(table.c.due_on.is_(None), table.c.due_on, table.c.title, table.c.id)
    )
    return [(_activity(row), people.person_in(row, "whose")) for row in rows]


def get(connection: Connection, id_: str) -> tuple[Activity, int | None]:
    """One activity, and the row id of its document. The caller asks for the right. Raises NotFound."""
    row = connection.execute(_select(tables.activity.c.id == id_)).one_or_none()
    if row is None:
        raise NotFound
    return _activity(row), row.document_id


def see(connection: Connection, actor: Actor, id_: str, now: datetime) -> Detail:
    """One activity with everything about it, for those who may see it. Raises NotFound."""
    activity, document = get(connection, id_)
    person = facts(connection, activity.employee, now)
    target = activity.facts(person)
    if not allowed(actor, Action.SEE_ACTIVITIES, person):
        raise NotFound
    return Detail(
        activity=activity,
        employee=people.get(connection, activity.employee),
        content={} if document is None else activity_documents.stored(connection, document),
        comments=tuple(_comments(connection, id_)),
        owners=_owners(connection, person, activity.owner),
        may_write=allowed(actor, Action.WRITE_ACTIVITY, target),
        may_end=allowed(actor, Action.END_ACTIVITY, target),
    )


def drop(connection: Connection, id_: str) -> None:
    """Erase an activity with its document and all that was said about it. The caller asked for the right."""
    table = tables.activity
    row = connection.execute(
        select(table.c.document_id, table.c.employee_id).where(table.c.id == id_)
    ).one_or_none()
    if row is None:
        return
    if row.document_id is not None:
        # First the document, as whoever appends to it: else each would wait for the other.
        lock_document(connection, row.document_id)
    connection.execute(table.delete().where(table.c.id == id_))
    if row.document_id is not None:
        drop_document(connection, row.document_id)
    ring(connection, activities_of(row.employee_id))


def _require(connection: Connection, actor: Actor, action: Action, employee: str, now: datetime) -> None:
    if not allowed(actor, action, facts(connection, employee, now)):
        raise NotFound


def _archive(connection: Connection, employee: str) -> list[Activity]:
    table = tables.activity
    wanted = _select((table.c.employee_id == employee) & (table.c.state == ActivityState.ARCHIVED))
    ordered = wanted.order_by(table.c.due_on.is_(None), table.c.due_on.desc(), table.c.title, table.c.id)
    return [_activity(row) for row in connection.execute(ordered)]


def _owners(connection: Connection, person: PersonFacts, now: Owner | None = None) -> tuple[Person, ...]:
    """Who may see the activities and is active, and whoever is to do this one ``now``."""
    does = {now.id} if now else set()
    involved = {person.person, *person.responsibles} | ({person.manager} if person.manager else set()) | does
    return tuple(each for each in _persons(connection, involved) if each.active or each.id in does)


def _select(where: ColumnElement[bool]) -> Select[Any]:
    table, owner, comment = tables.activity, tables.person, tables.activity_comment
    said = (
        select(func.count())
        .where(comment.c.activity_id == table.c.id, comment.c.kind == CommentKind.SAID)
        .scalar_subquery()
    )
    return (
        select(table, owner.c.name.label("owner_name"), said.label("comments"))
        .outerjoin(owner, owner.c.id == table.c.owner_id)
        .where(where)
    )


def _activity(row: Row[Any]) -> Activity:
    return Activity(
        id=row.id,
        employee=row.employee_id,
        goal_type=GoalType(row.goal_type),
        title=row.title,
        state=ActivityState(row.state),
        due_on=row.due_on,
        completed_on=row.completed_on,
        follow_up_on=row.follow_up_on,
        owner=Owner(row.owner_id, row.owner_name) if row.owner_id else None,
        cancelled_on=row.cancelled_on,
        cancel_reason=row.cancel_reason or "",
        from_conversation=row.from_conversation,
        created_at=row.created_at,
        archive=row.archive,
        comments=row.comments,
    )


def _persons(connection: Connection, ids: Iterable[str]) -> list[Person]:
    table = tables.person
    rows = connection.execute(
        select(table).where(table.c.id.in_(set(ids))).order_by(table.c.name, table.c.id)
    )
    return [people.person_of(row) for row in rows]


def _comments(connection: Connection, id_: str) -> Iterable[Comment]:
    table, person = tables.activity_comment, tables.person
    rows = connection.execute(
        select(person, table.c.kind, table.c.at, table.c.text)
        .join(person, person.c.id == table.c.person_id)
        .where(table.c.activity_id == id_)
        .order_by(table.c.at, table.c.id)
    )
    for row in rows:
        yield Comment(CommentKind(row.kind), people.person_of(row), row.at, row.text)


class Activities:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def of_employee(self, actor: Actor, employee: str) -> list[Activity]:
        """As ``of_employee``."""
        return await self._database.read(lambda c: of_employee(c, actor, employee, self._clock()))

    async def archive_of(self, actor: Actor, employee: str) -> list[Activity]:
        """As ``archive_of``."""
        return await self._database.read(lambda c: archive_of(c, actor, employee, self._clock()))

    async def listed(self, actor: Actor, employee: str) -> Listed:
        """As ``listed``."""
        return await self._database.read(lambda c: listed(c, actor, employee, self._clock()))

    async def of_conversation(self, actor: Actor, id_: str) -> list[Activity]:
        """As ``of_conversation``."""
        return await self._database.read(lambda c: of_conversation(c, actor, id_))

    async def see(self, actor: Actor, id_: str) -> Detail:
        """As ``see``."""
        return await self._database.read(lambda c: see(c, actor, id_, self._clock()))
