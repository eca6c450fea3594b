"""Erasing one person who has left, on request (GDPR, article 17): what goes, what must stay, and why.

All that is about her alone goes. What is closed stays as long as the organisation keeps such records, unless
whoever erases decides otherwise; conversations of other people in which she took part are theirs and stay,
and so does her name in them. Her row then keeps an id and a name, and goes when nothing names her any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Table, delete, func, or_, select, true, update

from server import erasing, holds, letters, people, retention
from server.holds import Hold
from server.own_data import bundles
from server.people import Person
from server.policy import Policy
from server.rules.access import Actor, State
from server.rules.errors import HeldBack, WorksHere
from server.rules.keeping import Due, Kind
from server.storage import tables
from server.storage.bells import PersonChanged
from server.storage.database import erase_soon, lock_conversation, ring

_OWN: Mapping[Kind, tuple[Table, str]] = {
    Kind.ACTIVITY: (tables.activity, "employee_id"),
    Kind.REQUEST: (tables.request, "employee_id"),
    Kind.LETTER: (tables.letter, "person_id"),
    Kind.SESSION: (tables.session, "person_id"),
}
"""What is about one person alone, beside her conversations and private notes."""

_CLOSED = frozenset({Kind.SIGNED, Kind.COMPLETED})


@dataclass(frozen=True, slots=True)
class KeptConversation:
    """One of a person's own conversations: when and how, and nothing that is written in it."""

    id: str
    kind: Kind
    state: State
    created_at: datetime
    until: date | None
    """The day on which it goes by itself; None while that is not known, because it goes on."""
    hold: Hold | None


@dataclass(frozen=True, slots=True)
class KeptAbout:
    """All that is kept about one person, by kind and number."""

    person: Person
    left_on: date | None
    """None for whoever works here."""
    conversations: tuple[KeptConversation, ...]
    """Those in which she is the employee, the newest first."""
    counts: Mapping[Kind, int]
    """Of everything else that is about her. Private notes are not counted: nobody else knows of them."""
    with_others: int
    """Conversations of others for which she is or was responsible, or in which she took part."""
    hold: Hold | None
    """All of hers is held back."""


def about(connection: Connection, actor: Actor, policy: Policy, id_: str) -> KeptAbout:
    """What is kept about a person, for those who may erase. Raises NotFound."""
    erasing.require_right(actor)
    person = people.get(connection, id_)
    found = [each for each in holds.all_of(connection, actor) if each.person == id_]
    held = {each.conversation: each for each in found}
    until = retention.conversations_of(connection, policy, id_)
    table = tables.conversation.c
    rows = connection.execute(
        select(table.id, table.state, table.created_at)
        .where(table.employee_id == id_)
        .order_by(table.created_at.desc(), table.id)
    ).all()
    known = connection.execute(
        select(
            tables.person.c.left_on,
            *(
                select(func.count())
                .select_from(each)
                .where(each.c[column] == id_, letters.counted() if each is tables.letter else true())
                .scalar_subquery()
                .label(kind.value)
                for kind, (each, column) in _OWN.items()
            ),
        ).where(tables.person.c.id == id_)
    ).one()
    return KeptAbout(
        person=person,
        left_on=known.left_on,
        conversations=tuple(
            KeptConversation(
                row.id,
                until[row.id].kind if row.id in until else Kind.DRAFT,
                row.state,
                row.created_at,
                until[row.id].on if row.id in until else None,
                held.get(row.id),
            )
            for row in rows
        ),
        counts={kind: known._mapping[kind.value] for kind in _OWN},
        with_others=_with_others(connection, id_),
        hold=held.get(""),
    )


def _with_others(connection: Connection, id_: str) -> int:
    table, guest = tables.conversation.c, tables.guest.c
    as_guest = select(guest.conversation_id).where(guest.person_id == id_)
    others = or_(table.responsible_id == id_, table.id.in_(as_guest)) & (table.employee_id != id_)
    return connection.scalar(select(func.count()).select_from(tables.conversation).where(others)) or 0


def erase(
    connection: Connection, actor: Actor, policy: Policy, id_: str, now: datetime, *, records: bool
) -> None:
    """Erase what may go of somebody who has left; ``records``: what is closed too, before its time.

    Raises NotFound, WorksHere, HeldBack when all of the person's is held back, or ByAnother for whoever is a
    party to something that would go.
    """
    erasing.require_right(actor)
    # One after the other: the second finds less, or nobody.
    connection.execute(select(tables.person.c.id).where(tables.person.c.id == id_).with_for_update())
    kept = about(connection, actor, policy, id_)
    if kept.left_on is None:
        raise WorksHere(name=kept.person.first_name)
    if kept.hold is not None:
        raise HeldBack
    told = erasing.on_request(actor, now)
    today = now.date()
    may_go = (each for each in kept.conversations if each.hold is None)
    goes = [each for each in may_go if records or each.kind not in _CLOSED]
    erasing.require_others(connection, actor, [each.id for each in goes])
    for each in goes:
        # Its time may have come meanwhile: then it is gone.
        if lock_conversation(connection, each.id) is not None:
            erasing.thing(connection, Due(each.kind, today, each.id, id_), told)
    activity = tables.activity.c
    for found in connection.scalars(select(activity.id).where(activity.employee_id == id_)).all():
        erasing.thing(connection, Due(Kind.ACTIVITY, today, found, id_), told)
    erasing.private_notes(connection, id_, now)
    answered = tables.request.c.employee_id == id_
    bundles.withdraw(connection, erasing.asked(connection, answered), now)
    went = _rows(connection, id_) | _person(connection, id_, today)
    erasing.receipt(connection, Due(Kind.PERSON, today, id_, id_), went, "", told)
    ring(connection, PersonChanged(id_))


def _rows(connection: Connection, id_: str) -> dict[str, int]:
    """Erase what needs nothing but its rows to be erased, and say how many."""
    went = {}
    delegation, letter = tables.delegation.c, tables.letter.c
    wanted = {
        tables.request: tables.request.c.employee_id == id_,
        # Those to her, and those that tell others of her.
        tables.letter: (letter.person_id == id_) | erasing.naming(id_),
        tables.session: tables.session.c.person_id == id_,
        tables.own_bundle: tables.own_bundle.c.person_id == id_,
        tables.delegation: (delegation.manager_id == id_) | (delegation.stand_in_id == id_),
    }
    openly = select(func.count()).select_from(tables.letter).where(wanted[tables.letter], letters.counted())
    told = connection.scalar(openly) or 0
    for table, where in wanted.items():
        count = connection.execute(delete(table).where(where)).rowcount
        if count := told if table is tables.letter else count:
            went[table.name] = count
    erase_soon(connection)
    return went


def _person(connection: Connection, id_: str, today: date) -> dict[str, int]:
    """Erase the person, or all of her row but the id and the name, by which others know her."""
    is_named = any(
        connection.scalar(select(func.count()).select_from(table).where(table.c[key.parent.name] == id_))
        for table, key in retention.keeping_references()
    )
    person = tables.person
    if not is_named:
        connection.execute(delete(person).where(person.c.id == id_))
        return {person.name: 1}
    connection.execute(
        update(person)
        .where(person.c.id == id_)
        .values(
            # An address that nobody can have, for each person another.
            email=f"{id_.lower()}@erased.invalid",
            unit=None,
            title={},
            manager_id=None,
            roles=[],
            password_hash=None,
            employment={"form": "", "began_on": today.isoformat(), "ends_on": today.isoformat()},
        )
    )
    return {}
