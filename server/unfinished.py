"""What there is to remind whom of in conversations, were it time: who has not begun, shared, met or signed.

Whether somebody has begun to write is asked of her own writing, and said of her alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, select

from server import templates
from server.letter_format import Kind
from server.rules.access import GOES_ON, Pane, State
from server.storage import tables

TALK = tables.conversation

Held = Mapping[str, Mapping[str, frozenset[Kind]]]
"""Conversation -> person -> what there is to remind that person of, were it time."""


def held(
    connection: Connection, wanted: ColumnElement[bool], now: datetime
) -> tuple[Sequence[Row[Any]], Held]:
    """The conversations that are wanted, and what there is to remind whom of in them."""
    rows = connection.execute(select(TALK).where(wanted)).all()
    ids = select(TALK.c.id).where(wanted)
    forms = {key: templates.get(connection, *key) for key in {_form(row) for row in rows}}
    open_to: dict[str, dict[str, set[Kind]]] = defaultdict(lambda: defaultdict(set))
    ahead = {row.id: row for row in rows if row.meeting_at is not None and row.meeting_at > now}
    begun = _begun(connection, ids)
    for row in ahead.values():
        for person in (row.employee_id, row.responsible_id):
            if row.state in GOES_ON:
                open_to[row.id][person].add(Kind.MEET)
            if row.state is State.OPEN and (row.id, person) not in begun:
                open_to[row.id][person].add(Kind.PREPARE)
    for talk, person in _guests(connection, ids):
        if talk in ahead and ahead[talk].state in GOES_ON:
            open_to[talk][person].add(Kind.MEET)
    for talk, pane, owner in _unshared(connection, ids):
        if talk in ahead and any(forms[_form(ahead[talk])].elements_in(pane)):
            open_to[talk][owner].add(Kind.SHARE)
    signed = _signed(connection, ids)
    for row in rows:
        sign = forms[_form(row)].sign
        if row.state is State.FROZEN and sign.enabled:
            persons = {"employee": row.employee_id, "manager": row.responsible_id}
            for person in {persons[party] for party in sign.signers}:
                if (row.id, person) not in signed:
                    open_to[row.id][person].add(Kind.SIGN)
    return rows, {
        talk: {person: frozenset(kinds) for person, kinds in of.items()} for talk, of in open_to.items()
    }


def _form(row: Row[Any]) -> tuple[str, int]:
    return row.template_id, row.template_version


def _begun(connection: Connection, ids: Select[tuple[str]]) -> frozenset[tuple[str, str]]:
    """(conversation, person) of those who have written in it themselves."""
    log, document, decision = tables.change_log, tables.document, tables.decision
    written = connection.execute(
        select(document.c.conversation_id, log.c.person_id)
        .join(document, document.c.id == log.c.document_id)
        .where(document.c.conversation_id.in_(ids))
        .distinct()
    )
    # Of a conversation that was opened again the log begins anew, and the text is there.
    again = connection.execute(
        select(TALK.c.id, TALK.c.employee_id, TALK.c.responsible_id)
        .join(decision, decision.c.conversation_id == TALK.c.id)
        .where(TALK.c.id.in_(ids), decision.c.kind == "reopened")
    )
    return frozenset(
        [(row.conversation_id, row.person_id) for row in written]
        + [(row.id, person) for row in again for person in (row.employee_id, row.responsible_id)]
    )


def _guests(connection: Connection, ids: Select[tuple[str]]) -> list[tuple[str, str]]:
    """(conversation, person) of the guests who take part."""
    guest = tables.guest.c
    rows = connection.execute(
        select(guest.conversation_id, guest.person_id).where(
            guest.conversation_id.in_(ids),
            guest.agreed_at.is_not(None),
            guest.accepted_at.is_not(None),
            guest.ended_at.is_(None),
        )
    )
    return [(row.conversation_id, row.person_id) for row in rows]


def _unshared(connection: Connection, ids: Select[tuple[str]]) -> list[tuple[str, Pane, str]]:
    """(conversation, pane, owner) of what is to be shared and is not, where it still can be."""
    pane = tables.pane.c
    rows = connection.execute(
        select(pane.conversation_id, pane.pane, pane.owner_id)
        .join(TALK, TALK.c.id == pane.conversation_id)
        .where(
            TALK.c.id.in_(ids),
            TALK.c.state == State.OPEN,
            TALK.c.shares,
            pane.owner_id.is_not(None),
            pane.shared_at.is_(None),
        )
    )
    return [(row.conversation_id, row.pane, row.owner_id) for row in rows]


def _signed(connection: Connection, ids: Select[tuple[str]]) -> frozenset[tuple[str, str]]:
    """(conversation, person) of those who have signed its present version."""
    signature = tables.signature.c
    rows = connection.execute(
        select(signature.conversation_id, signature.person_id)
        .join(TALK, and_(TALK.c.id == signature.conversation_id, TALK.c.version == signature.version))
        .where(TALK.c.id.in_(ids))
    )
    return frozenset((row.conversation_id, row.person_id) for row in rows)
