"""Why a conversation was declined, cancelled or reopened: told to the two whom it concerns.

HR is told of what was declined, with what the employee proposes instead (F97, F98), and of nothing else.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, select

from server import conversations, people
from server.conversations import Conversation
from server.people import Person
from server.rules.access import Action, Actor, OrganisationFacts, State, allowed
from server.rules.errors import NotFound
from server.rules.limits import DECLINED_SHOWN_MAX, REASON_CHARACTERS_MAX
from server.rules.saying import reason as checked_reason
from server.rules.saying import said
from server.storage import tables


class Kind(StrEnum):
    """What was decided."""

    DECLINED = "declined"
    CANCELLED = "cancelled"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Decision:
    """One turn in a conversation's life for which somebody gave a reason."""

    kind: Kind
    by: Person
    at: datetime
    reason: str
    alternative: str
    """What the employee proposes instead of the conversation that she declines; empty for nothing."""
    version: int
    """Of the conversation, when it was decided: of a reopened one, the version that was left."""


@dataclass(frozen=True, slots=True)
class Declined:
    """A declined conversation, as HR sees it: whose, when and why, and nothing that is written in it."""

    conversation: str
    employee: Person
    responsible: Person
    meeting_at: datetime | None
    time_zone: str | None
    """As in the IANA database; None without a meeting."""
    decision: Decision


def decide(
    connection: Connection,
    conversation: Conversation,
    kind: Kind,
    actor: Actor,
    reason: str,
    now: datetime,
    alternative: str = "",
) -> None:
    """Keep a decision. Raises ReasonMissing or TextTooLong."""
    connection.execute(
        insert(tables.decision).values(
            conversation_id=conversation.id,
            kind=kind,
            person_id=actor.person,
            at=now,
            reason=checked_reason(reason, REASON_CHARACTERS_MAX),
            alternative=said(alternative, REASON_CHARACTERS_MAX),
            version=conversation.version,
        )
    )


def of(connection: Connection, actor: Actor, id_: str) -> list[Decision]:
    """The conversation's decisions, oldest first, for its two parties. Raises NotFound for others.

    To somebody to whom it was handed over nothing is told of the time before.
    """
    conversation = conversations.see(connection, actor, id_)
    if not conversation.may(actor, Action.SEE_DECISION):
        raise NotFound
    table = tables.decision
    since = (
        None if actor.person == conversation.employee.id else conversations.handed_over_at(connection, id_)
    )
    rows = connection.execute(
        select(table)
        .where(table.c.conversation_id == id_, *([table.c.at > since] if since else []))
        .order_by(table.c.id)
    )
    persons = {person.id: person for person in (conversation.employee, conversation.responsible)}
    return [
        Decision(
            kind=Kind(row.kind),
            by=persons.get(row.person_id) or people.get(connection, row.person_id),
            at=row.at,
            reason=row.reason,
            alternative=row.alternative,
            version=row.version,
        )
        for row in rows
    ]


def declined(
    connection: Connection, actor: Actor, between: tuple[datetime, datetime] | None = None
) -> list[Declined]:
    """The newest DECLINED_SHOWN_MAX that were declined, newest first, for HR. Raises NotFound for others.

    ``between`` leaves out what was declined before the first instant, or from the second on.
    """
    if not allowed(actor, Action.SEE_DECLINED, OrganisationFacts()):
        raise NotFound
    conversation, decision = tables.conversation, tables.decision
    employee, responsible = tables.person.alias(), tables.person.alias()
    rows = connection.execute(
        select(
            decision,
            conversation.c.meeting_at,
            conversation.c.time_zone,
            *people.columns_of(employee, "employee"),
            *people.columns_of(responsible, "responsible"),
        )
        .join(conversation, conversation.c.id == decision.c.conversation_id)
        .join(employee, employee.c.id == conversation.c.employee_id)
        .join(responsible, responsible.c.id == conversation.c.responsible_id)
        .where(
            conversation.c.state == State.DECLINED,
            decision.c.kind == Kind.DECLINED,
            *([decision.c.at >= between[0], decision.c.at < between[1]] if between else []),
        )
        .order_by(decision.c.at.desc(), decision.c.id.desc())
        .limit(DECLINED_SHOWN_MAX)
    )
    return [
        Declined(
            conversation=row.conversation_id,
            # Nobody declines but the employee.
            employee=(by := people.person_in(row, "employee")),
            responsible=people.person_in(row, "responsible"),
            meeting_at=row.meeting_at,
            time_zone=row.time_zone,
            decision=Decision(
                kind=Kind(row.kind),
                by=by,
                at=row.at,
                reason=row.reason,
                alternative=row.alternative,
                version=row.version,
            ),
        )
        for row in rows
    ]
