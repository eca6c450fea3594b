"""Letters: what people are told of a meeting by e-mail, stored with the change that it tells of.

    move, invite, cancel ── queue ──▶ table "letter" ── claim ──▶ server/mail.py ── settle ──▶ sent

Key invariants:

1. A letter is stored with what it tells of, or neither is.
2. One node at a time sends a letter. Who dies while sending leaves it to another, when the lease is over.
3. A letter says who meets whom, when and where: nothing that anybody wrote.
4. What a letter says is fixed when it is stored: tried again, it is the same letter, with the same id.
5. A newer letter to somebody about a conversation takes the place of older ones that have not left yet.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, insert, select, update

from server import people, templates
from server.people import Person
from server.rules.access import Actor
from server.rules.limits import (
    LETTER_FAILURE_CHARACTERS_MAX,
    LETTER_HOURS_MAX,
    LETTER_LEASE_SECONDS,
    LETTER_PAUSE_SECONDS_MAX,
    LETTER_PAUSE_SECONDS_MIN,
    LETTERS_SHOWN_MAX,
)
from server.storage import tables
from server.storage.database import Database

ID_BYTES = 16


class Kind(StrEnum):
    """What a letter tells."""

    INVITED = "invited"
    MOVED = "moved"
    """Another time, another place, or both."""
    CALLED_OFF = "called_off"
    """The conversation was declined or cancelled."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody as the letter names them."""

    id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter to one person."""

    id: str
    conversation: str
    kind: Kind
    to: Party
    """As the organisation knows the person when the letter is read."""
    locale: str
    """The receiver's language."""
    template: Mapping[str, str]
    """The name of the template, locale -> text."""
    employee: Party
    responsible: Party
    meeting_at: datetime | None
    time_zone: str | None
    """As in the IANA database; there whenever ``meeting_at`` is."""
    place: str
    before_at: datetime | None
    """When they were to meet, of a meeting that was moved."""
    sequence: int | None
    """Of the calendar event that goes with it; None when none does."""
    made_at: datetime
    attempts: int
    """How often it has been tried, this time included."""
    sent_at: datetime | None

    @property
    def other(self) -> Party:
        """Whom the receiver meets. For a guest, the employee."""
        return self.responsible if self.to.id == self.employee.id else self.employee


def queue(
    connection: Connection, id_: str, kind: Kind, now: datetime, before: datetime | None = None
) -> None:
    """Store letters about a conversation as it now stands to all who take part in it.

    Nothing is stored unless a calendar invitation was sent (``calendar_sequence``) or e-mail was chosen
    (``notify``). With an invitation out, every letter but the first carries the next sequence. ``before`` is
    when they were to meet. Of one that is called off, ask before its guests' part is ended.
    """
    table = tables.conversation
    row = connection.execute(select(table).where(table.c.id == id_).with_for_update()).one()
    if row.calendar_sequence is None and not row.notify:
        return
    sequence = row.calendar_sequence
    if sequence is not None and kind is not Kind.INVITED:
        sequence += 1
        connection.execute(update(table).where(table.c.id == id_).values(calendar_sequence=sequence))
    facts = {
        "template": templates.get(connection, row.template_id, row.template_version).name.model_dump(),
        "employee": _party(connection, row.employee_id),
        "responsible": _party(connection, row.responsible_id),
        "meeting_at": row.meeting_at.isoformat() if row.meeting_at else None,
        "time_zone": row.time_zone,
        "place": row.place or "",
        "before_at": before.isoformat() if before else None,
        "sequence": sequence,
    }
    for person in _receivers(connection, row):
        _put(connection, row.id, person, kind, facts, now)


def _party(connection: Connection, person: str) -> dict[str, str]:
    known = people.get(connection, person)
    return {"id": known.id, "name": known.name, "email": known.email}


def _receivers(connection: Connection, row: Row[Any]) -> list[str]:
    """The two parties, and the guests who take part."""
    guest = tables.guest
    guests = connection.scalars(
        select(guest.c.person_id)
        .where(
            guest.c.conversation_id == row.id,
            guest.c.agreed_at.is_not(None),
            guest.c.accepted_at.is_not(None),
            guest.c.ended_at.is_(None),
        )
        .order_by(guest.c.invited_at, guest.c.person_id)
    )
    return [row.employee_id, row.responsible_id, *guests]


def _put(
    connection: Connection, id_: str, person: str, kind: Kind, facts: dict[str, Any], now: datetime
) -> None:
    letter = tables.letter
    connection.execute(
        update(letter)
        .where(letter.c.conversation_id == id_, letter.c.person_id == person, letter.c.next_at.is_not(None))
        .values(next_at=None)
    )
    connection.execute(
        insert(letter).values(
            id=secrets.token_hex(ID_BYTES),
            conversation_id=id_,
            person_id=person,
            kind=kind.value,
            facts=facts,
            made_at=now,
            next_at=now,
            attempts=0,
        )
    )


def is_waiting(connection: Connection, now: datetime) -> bool:
    """Whether there is a letter to send now."""
    return bool(connection.scalar(select(exists().where(tables.letter.c.next_at <= now))))


def claim(connection: Connection, now: datetime) -> Letter | None:
    """Take the letter that has waited longest, for LETTER_LEASE_SECONDS. None when nothing is to be sent.

    What is older than LETTER_HOURS_MAX is given up instead, and so is what is for somebody who has left.
    """
    letter, person = tables.letter, tables.person
    gone = select(person.c.id).where(~person.c.active)
    connection.execute(
        update(letter)
        .where(
            letter.c.next_at <= now,
            (letter.c.made_at < now - timedelta(hours=LETTER_HOURS_MAX)) | letter.c.person_id.in_(gone),
        )
        .values(next_at=None)
    )
    row = connection.execute(
        select(letter)
        .where(letter.c.next_at <= now)
        .order_by(letter.c.next_at, letter.c.made_at, letter.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    lease = now + timedelta(seconds=LETTER_LEASE_SECONDS)
    connection.execute(
        update(letter).where(letter.c.id == row.id).values(next_at=lease, attempts=row.attempts + 1)
    )
    return _letter(row, people.get(connection, row.person_id), row.attempts + 1)


def sent(connection: Connection, id_: str, now: datetime) -> None:
    """Note that a mail server has taken the letter."""
    letter = tables.letter
    connection.execute(
        update(letter).where(letter.c.id == id_).values(sent_at=now, next_at=None, failed_why=None)
    )


def failed(connection: Connection, letter: Letter, why: str, now: datetime, *, for_good: bool) -> bool:
    """Note that a claimed letter could not be sent, and why. Returns whether it will be tried again.

    It is tried again after a pause that doubles from LETTER_PAUSE_SECONDS_MIN up to
    LETTER_PAUSE_SECONDS_MAX, until it is LETTER_HOURS_MAX old; never again ``for_good``.
    """
    pause = min(LETTER_PAUSE_SECONDS_MIN * 2 ** min(letter.attempts - 1, 20), LETTER_PAUSE_SECONDS_MAX)
    next_at = now + timedelta(seconds=pause)
    is_over = for_good or next_at > letter.made_at + timedelta(hours=LETTER_HOURS_MAX)
    table = tables.letter
    # A newer letter may have taken its place meanwhile: then it stays where it is.
    still_to_send = and_(table.c.id == letter.id, table.c.next_at.is_not(None))
    changed = connection.execute(
        update(table)
        .where(still_to_send)
        .values(next_at=None if is_over else next_at, failed_why=why[:LETTER_FAILURE_CHARACTERS_MAX])
    )
    return not is_over and bool(changed.rowcount)


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
    return [_letter(row, receiver, row.attempts) for row in rows]


def _letter(row: Row[Any], person: Person, attempts: int) -> Letter:
    facts = row.facts
    return Letter(
        id=row.id,
        conversation=row.conversation_id,
        kind=Kind(row.kind),
        to=Party(person.id, person.name, person.email),
        locale=person.locale,
        template=facts["template"],
        employee=Party(**facts["employee"]),
        responsible=Party(**facts["responsible"]),
        meeting_at=_instant(facts["meeting_at"]),
        time_zone=facts["time_zone"],
        place=facts["place"],
        before_at=_instant(facts["before_at"]),
        sequence=facts["sequence"],
        made_at=row.made_at,
        attempts=attempts,
        sent_at=row.sent_at,
    )


def _instant(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


class Letters:
    """The way in for pages and for whoever sends."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def claim(self) -> Letter | None:
        """As ``claim``. While nothing waits, nothing is written."""
        if not await self._database.read(lambda c: is_waiting(c, self._clock())):
            return None
        return await self._database.write(lambda c: claim(c, self._clock()))

    async def sent(self, letter: Letter) -> None:
        """As ``sent``."""
        await self._database.write(lambda c: sent(c, letter.id, self._clock()))

    async def failed(self, letter: Letter, why: str, *, for_good: bool) -> bool:
        """As ``failed``."""
        return await self._database.write(lambda c: failed(c, letter, why, self._clock(), for_good=for_good))

    async def to(self, actor: Actor) -> list[Letter]:
        """As ``to``."""
        return await self._database.read(lambda c: to(c, actor))
