"""Letters: what people are told by e-mail, stored with the change that it tells of.

    move, invite, cancel, remind ── queue ──▶ table "letter" ── server/outbox.py ──▶ server/mail.py

Key invariants:

1. A letter is stored with what it tells of, or neither is.
2. A letter says who meets whom, when and where, or about whom something is: nothing that anybody wrote.
3. What a letter says is fixed when it is stored: tried again, it is the same letter, with the same id.
4. A newer letter to somebody about a matter takes the place of older ones that have not left yet. A reminder
   takes the place of other reminders only: nobody misses an invitation for it.
5. Somebody is reminded once of the same matter in the same way for the same day.

``queue`` tells all who take part in a conversation, ``queue_to`` one of them, ``queue_declined`` those who
must know that it was declined, ``queue_notice`` somebody of what is about no meeting, ``server/reminders.py``
reminds.
"""

import secrets
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from server import people, templates
from server.letter_format import (
    REMINDERS,
    TAKES_NO_EVENT,
    About,
    Appointment,
    Kind,
    Letter,
    Material,
    Notice,
    Party,
    about_of,
    facts_of,
)
from server.people import Person
from server.rules.access import Actor
from server.rules.errors import NotFound
from server.rules.limits import LETTER_CROWD_SECONDS, LETTERS_A_DAY_MAX, LETTERS_SHOWN_MAX
from server.storage import tables
from server.storage.database import Database
from server.storage.inserting import insert

ID_BYTES = 16


def queue(
    connection: Connection, id_: str, kind: Kind, now: datetime, before: datetime | None = None
) -> frozenset[str]:
    """Store letters about a conversation as it now stands to all who take part in it. Returns to whom.

    Nothing is stored unless a calendar invitation was sent (``calendar_sequence``) or e-mail was chosen
    (``notify``). With an invitation out, every letter but the first carries the next sequence. ``before`` is
    when they were to meet. Of one that is called off, ask before its guests' part is ended: guests who
    were asked and have not answered are told too.
    """
    row = _told_of(connection, id_)
    if row is None:
        return frozenset()
    sequence = row.calendar_sequence if kind is Kind.INVITED else _next_sequence(connection, row)
    guests = _guests(connection, id_)
    told = appointment(connection, row, sequence, before=before)
    persons = {row.employee_id, row.responsible_id, *(each for each, takes in guests.items() if takes)}
    for person in sorted(persons):
        put(connection, kind, id_, person, told, now)
    if kind is Kind.CALLED_OFF:
        asked = appointment(connection, row, None)
        for person in (each for each, takes in guests.items() if not takes):
            put(connection, kind, id_, person, asked, now)
        persons |= guests.keys()
    return frozenset(persons)


def queue_to(connection: Connection, id_: str, kind: Kind, person: str, now: datetime) -> None:
    """Store a letter about a conversation as it now stands to one person, as ``queue``.

    A guest who is asked (``GUEST_ASKED``) or begins to take part (``INVITED``), somebody whose part has
    ended (``LEFT``: her calendar gives the event up) or who was asked in vain (``NOT_ASKED``). Each event
    carries the next sequence: she may have had one before.
    """
    row = _told_of(connection, id_)
    if row is None:
        return
    sequence = None if kind in TAKES_NO_EVENT else _next_sequence(connection, row)
    put(connection, kind, id_, person, appointment(connection, row, sequence), now)


def queue_declined(connection: Connection, id_: str, persons: Iterable[str], now: datetime) -> None:
    """Store letters to these people that a conversation was declined, whatever was chosen for its parties."""
    table = tables.conversation
    row = connection.execute(select(table).where(table.c.id == id_)).one()
    told = appointment(connection, row, None)
    for person in sorted(persons):
        put(connection, Kind.DECLINED, id_, person, told, now)


def hand_over(connection: Connection, id_: str, successor: str, now: datetime) -> None:
    """Store letters about a conversation that is about to get another responsible, as ``queue``.

    All who take part are told (``REASSIGNED``), the successor too; to the predecessor it is ``LEFT``.
    """
    row = _told_of(connection, id_)
    if row is None:
        return
    sequence = _next_sequence(connection, row)
    told = appointment(connection, row, sequence, responsible=successor)
    guests = [each for each, takes in _guests(connection, id_).items() if takes and each != successor]
    for person in (row.employee_id, successor, *guests):
        put(connection, Kind.REASSIGNED, id_, person, told, now)
    put(connection, Kind.LEFT, id_, row.responsible_id, told, now)


def queue_notice(
    connection: Connection,
    kind: Kind,
    matter: str,
    to: str,
    about: str,
    path: str,
    now: datetime,
    *,
    first_on: date | None = None,
    last_on: date | None = None,
    number: int = 1,
    day: date | None = None,
) -> bool:
    """Store a letter to one person that is about no meeting. Returns whether it is new.

    ``about`` is the person whom it is about, ``path`` the page to read on, ``/people/maja``. ``matter`` names
    what it is about (``asked-for/maja``): a newer letter takes the place of one of the same matter that has
    not left. ``first_on``, ``last_on`` and ``number`` are as ``Notice`` has them, ``day`` as ``put``.
    """
    notice = Notice(party(connection, about), path, first_on, last_on, number)
    return put(connection, kind, matter, to, notice, now, day=day)


def counted() -> ColumnElement[bool]:
    """Which rows of ``letter`` a number for somebody else than the receiver may rest on.

    Whoever was reminded to prepare had not begun to write, and that is nobody else's to know.
    """
    return tables.letter.c.kind != Kind.PREPARE.value


def drop(connection: Connection, matter: str, person: str) -> None:
    """Let nothing leave any more that waits for somebody about a matter; of a conversation, its id."""
    letter = tables.letter
    connection.execute(
        update(letter)
        .where(letter.c.matter == matter, letter.c.person_id == person, letter.c.next_at.is_not(None))
        .values(next_at=None)
    )


def appointment(
    connection: Connection,
    row: Row[Any],
    sequence: int | None,
    *,
    before: datetime | None = None,
    responsible: str | None = None,
) -> Appointment:
    """What letters say of a conversation, of its row in the table. ``responsible`` is who is to be that."""
    template = templates.get(connection, row.template_id, row.template_version)
    return Appointment(
        conversation=row.id,
        template=template.name.model_dump(),
        employee=party(connection, row.employee_id),
        responsible=party(connection, responsible or row.responsible_id),
        meeting_at=row.meeting_at,
        time_zone=row.time_zone,
        place=row.place or "",
        before_at=before,
        sequence=sequence,
        material=Material(row.template_id, row.template_version, row.sends_routine, row.sends_plan)
        if row.sends_routine or row.sends_plan
        else None,
    )


def party(connection: Connection, person: str) -> Party:
    """Somebody as letters name them."""
    known = people.get(connection, person)
    return Party(known.id, known.name, known.email)


def put(
    connection: Connection,
    kind: Kind,
    matter: str,
    person: str,
    about: About,
    now: datetime,
    *,
    day: date | None = None,
) -> bool:
    """Store one letter, unless there is one of the same kind, matter and ``day`` to the same person.

    Returns whether it is new. Without a ``day`` it always is.
    """
    letter = tables.letter
    id_ = secrets.token_hex(ID_BYTES)
    facts = facts_of(about, kind)
    if kind in (Kind.MOVED, Kind.REASSIGNED):
        # The invitation whose place it takes may never have left: what it encloses goes along then.
        facts["material"] = _waiting_material(connection, matter, person)
    stored = connection.execute(
        insert(connection, letter)
        .values(
            id=id_,
            conversation_id=about.conversation if isinstance(about, Appointment) else None,
            matter=matter,
            person_id=person,
            kind=kind.value,
            day=day,
            facts=facts,
            made_at=now,
            next_at=now + _pause(connection, matter, person, now),
            attempts=0,
        )
        .on_conflict_do_nothing(index_elements=["matter", "person_id", "kind", "day"])
    )
    if not stored.rowcount:
        return False
    older = update(letter).where(
        letter.c.matter == matter,
        letter.c.person_id == person,
        letter.c.next_at.is_not(None),
        letter.c.id != id_,
    )
    if kind in REMINDERS:
        older = older.where(letter.c.kind.in_([each.value for each in REMINDERS]))
    connection.execute(older.values(next_at=None))
    return True


def _pause(connection: Connection, matter: str, person: str, now: datetime) -> timedelta:
    """How long the next letter to somebody about a matter waits: not at all, until there have been many.

    Nobody fills another's mailbox by pressing again and again. While it waits a newer one takes its place, so
    that what leaves at last tells how it is.
    """
    letter = tables.letter.c
    lately = connection.scalar(
        select(func.count()).where(
            letter.matter == matter, letter.person_id == person, letter.made_at > now - timedelta(days=1)
        )
    )
    return timedelta(seconds=LETTER_CROWD_SECONDS if (lately or 0) >= LETTERS_A_DAY_MAX else 0)


def _waiting_material(connection: Connection, matter: str, person: str) -> Any:
    """What is enclosed in a letter about the matter that waits for somebody, as ``facts_of`` writes it."""
    letter = tables.letter
    waiting = connection.scalars(
        select(letter.c.facts)
        .where(letter.c.matter == matter, letter.c.person_id == person, letter.c.next_at.is_not(None))
        .order_by(letter.c.made_at.desc())
    )
    return next((facts["material"] for facts in waiting if facts.get("material")), None)


def to(connection: Connection, actor: Actor) -> list[Letter]:
    """The newest letters to the actor, newest first: LETTERS_SHOWN_MAX at most."""
    letter = tables.letter
    rows = connection.execute(
        select(letter)
        .where(letter.c.person_id == actor.person)
        .order_by(letter.c.made_at.desc(), letter.c.id)
        .limit(LETTERS_SHOWN_MAX)
    ).all()
    if not rows:
        return []
    receiver = people.get(connection, actor.person)
    return [letter_of(row, receiver) for row in rows]


def one_to(connection: Connection, actor: Actor, id_: str) -> Letter:
    """One letter to the actor. Raises NotFound, for somebody else's too."""
    letter = tables.letter
    row = connection.execute(
        select(letter).where(letter.c.id == id_, letter.c.person_id == actor.person)
    ).one_or_none()
    if row is None:
        raise NotFound
    return letter_of(row, people.get(connection, actor.person))


def letter_of(row: Row[Any], person: Person) -> Letter:
    """A row of the table as a letter to the person whose it is."""
    kind = Kind(row.kind)
    return Letter(
        id=row.id,
        kind=kind,
        to=Party(person.id, person.name, person.email),
        locale=person.locale,
        about=about_of(row.facts, row.conversation_id),
        made_at=row.made_at,
        attempts=row.attempts,
        sent_at=row.sent_at,
    )


def _told_of(connection: Connection, id_: str) -> Row[Any] | None:
    """The conversation's row, locked; None where nobody is told of it."""
    table = tables.conversation
    row = connection.execute(select(table).where(table.c.id == id_).with_for_update()).one()
    return None if row.calendar_sequence is None and not row.notify else row


def _next_sequence(connection: Connection, row: Row[Any]) -> int | None:
    """The sequence that the next event about the conversation has; None where none was ever sent."""
    if row.calendar_sequence is None:
        return None
    table = tables.conversation
    number: int = connection.execute(
        update(table)
        .where(table.c.id == row.id)
        .values(calendar_sequence=table.c.calendar_sequence + 1)
        .returning(table.c.calendar_sequence)
    ).scalar_one()
    return number


def _guests(connection: Connection, id_: str) -> dict[str, bool]:
    """The guests who know of the conversation, each with whether they take part."""
    guest = tables.guest
    rows = connection.execute(
        select(guest.c.person_id, guest.c.accepted_at)
        .where(guest.c.conversation_id == id_, guest.c.agreed_at.is_not(None), guest.c.ended_at.is_(None))
        .order_by(guest.c.invited_at, guest.c.person_id)
    )
    return {row.person_id: row.accepted_at is not None for row in rows}


class Letters:
    """The way in for pages: each to what was sent to themselves."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def to(self, actor: Actor) -> list[Letter]:
        """As ``to``."""
        return await self._database.read(lambda c: to(c, actor))

    async def one_to(self, actor: Actor, id_: str) -> Letter:
        """As ``one_to``."""
        return await self._database.read(lambda c: one_to(c, actor, id_))
