"""Reading conversations from their rows, as many queries for a thousand as for one.

Whoever reads here asks for the right to each: ``server/conversations/seeing.py`` does.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, bindparam, exists, select, union

from server import people, policy, templates
from server.conversations.conversation import Conversation, ConversationPane, ConversationPanes, Meeting
from server.people import Person
from server.rules.access import Actor, ConversationFacts, GuestFacts, Pane, PaneFacts
from server.storage import tables
from server.storage.prepared import Prepared
from server.template.format import Prepare, Template


def in_order() -> tuple[ColumnElement[Any], ...]:
    """How rows of ``conversation`` are sorted. The order rests on nothing that is written in them."""
    table = tables.conversation
    return table.c.meeting_at.is_(None), table.c.meeting_at, table.c.created_at, table.c.id


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


def read(connection: Connection, rows: Sequence[Row[Any]]) -> list[Conversation]:
    """Everything about conversations, in the order of their rows. The caller asks for the right to each."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    forms = templates.these(connection, {(row.template_id, row.template_version) for row in rows})
    persons = people.these(connection, {id_ for row in rows for id_ in (row.employee_id, row.responsible_id)})
    guests, panes = _guests(connection, ids), _pane_rows(connection, ids)
    may_decline = policy.get(connection).may_decline
    return [
        _made(
            row,
            forms[row.template_id, row.template_version],
            persons,
            guests.get(row.id, ()),
            panes[row.id],
            may_decline=may_decline,
        )
        for row in rows
    ]


def read_one(connection: Connection, row: Any) -> Conversation:
    """The same about one."""
    return _made(
        row,
        templates.get(connection, row.template_id, row.template_version),
        {id_: people.get(connection, id_) for id_ in (row.employee_id, row.responsible_id)},
        [_guest(found) for found in _GUESTS_OF_ONE.all(connection, conversation=row.id)],
        {found.pane: found for found in _PANES_OF_ONE.all(connection, conversation=row.id)},
        may_decline=policy.get(connection).may_decline,
    )


def read_panes(connection: Connection, id_: str) -> ConversationPanes | None:
    """Of one what is asked whenever somebody opens a document; None if there is no such conversation."""
    rows = _OPENED.all(connection, conversation=id_)
    if not rows:
        return None
    row = rows[0]
    template = templates.get(connection, row.template_id, row.template_version)
    guests = _GUESTS_OF_ONE.all(connection, conversation=id_) if row.has_guests else ()
    may_decline = policy.get(connection).may_decline
    facts = _facts(row, template, [_guest(guest) for guest in guests], may_decline=may_decline)
    panes = _panes({each.pane: each for each in rows}, facts, template)
    return ConversationPanes(id_, template, facts, panes)


def _made(
    row: Any,
    template: Template,
    persons: Mapping[str, Person],
    guests: Sequence[GuestFacts],
    panes: Mapping[Pane, Any],
    *,
    may_decline: bool,
) -> Conversation:
    facts = _facts(row, template, guests, may_decline=may_decline)
    return Conversation(
        id=row.id,
        employee=persons[row.employee_id],
        responsible=persons[row.responsible_id],
        template=template,
        facts=facts,
        version=row.version,
        created_at=row.created_at,
        meeting=Meeting(row.meeting_at, row.time_zone, row.place) if row.meeting_at else None,
        panes=_panes(panes, facts, template),
        notify=row.notify,
        calendar_sequence=row.calendar_sequence,
        prepare=_prepare(row.sends_routine, row.sends_plan, row.must_read),
    )


@cache
def _prepare(sends_routine: bool, sends_plan: bool, must_read: bool) -> Prepare:
    # Three switches of every conversation, and nothing in it changes.
    return Prepare(
        send_routine_with_invitation=sends_routine,
        send_action_plan_template=sends_plan,
        employee_must_read=must_read,
    )


_GUESTS: Final = (
    select(tables.guest)
    .where(tables.guest.c.ended_at.is_(None))
    .order_by(tables.guest.c.invited_at, tables.guest.c.person_id)
)
"""Those whose part has not ended, in the order of their invitations."""

_PANES: Final = select(tables.pane, tables.document.c.name).join(
    tables.document, tables.document.c.id == tables.pane.c.document_id
)
"""Panes, with the names of their documents."""

_GUESTS_OF_ONE: Final = Prepared(_GUESTS.where(tables.guest.c.conversation_id == bindparam("conversation")))
_PANES_OF_ONE: Final = Prepared(_PANES.where(tables.pane.c.conversation_id == bindparam("conversation")))

_OF: Final = tables.conversation.c
_OPENED: Final = Prepared(
    _PANES.add_columns(
        _OF.template_id,
        _OF.template_version,
        _OF.employee_id,
        _OF.responsible_id,
        _OF.state,
        _OF.shares,
        exists()
        .where(tables.guest.c.conversation_id == _OF.id, tables.guest.c.ended_at.is_(None))
        .label("has_guests"),
    )
    .join(tables.conversation, _OF.id == tables.pane.c.conversation_id)
    .where(_OF.id == bindparam("conversation"))
)
"""The same of one conversation, with what decides in it."""


def _guests(connection: Connection, ids: Sequence[str]) -> Mapping[str, Sequence[GuestFacts]]:
    """Those of each conversation."""
    found: dict[str, list[GuestFacts]] = {}
    for row in connection.execute(_GUESTS.where(tables.guest.c.conversation_id.in_(ids))):
        found.setdefault(row.conversation_id, []).append(_guest(row))
    return found


def _guest(row: Any) -> GuestFacts:
    return GuestFacts(
        person=row.person_id,
        invited_by=row.invited_by,
        agreed=row.agreed_at is not None,
        accepted=row.accepted_at is not None,
        writes=row.writes,
    )


def _pane_rows(connection: Connection, ids: Sequence[str]) -> Mapping[str, Mapping[Pane, Any]]:
    """Those of each conversation."""
    found: dict[str, dict[Pane, Row[Any]]] = {}
    for row in connection.execute(_PANES.where(tables.pane.c.conversation_id.in_(ids))):
        found.setdefault(row.conversation_id, {})[row.pane] = row
    return found


def _facts(
    row: Any, template: Template, guests: Sequence[GuestFacts], *, may_decline: bool
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
    stored: Mapping[Pane, Any], facts: ConversationFacts, template: Template
) -> dict[Pane, ConversationPane]:
    unshared = {
        pane
        for pane, row in stored.items()
        # A pane without elements counts as shared.
        if pane is not Pane.JOINT and row.shared_at is None and pane in template.lived_in
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
