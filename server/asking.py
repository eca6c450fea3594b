"""An employee asks for a conversation (F75); who leads her, or stands in, makes one or says why not.

    waits ──a conversation is made──▶ made
      ├──the manager, or who stands in, says why not──▶ declined
      └──the employee──▶ taken back

Nobody else reads it. One waits at a time, so that an answer is an answer to what was asked last.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from server import audit, letters, people
from server.audit import Event
from server.letter_format import Kind
from server.people import Person
from server.rules.access import Action, Actor, allowed
from server.rules.day import day_of
from server.rules.errors import AlreadyAnswered, AskedAlready, AskedOften, NotFound
from server.rules.limits import WISH_CHARACTERS_MAX, WISHES_A_DAY_MAX, WISHES_SHOWN_MAX
from server.rules.saying import reason, said
from server.storage import tables
from server.storage.database import Database

ID_BYTES = 16
REQUEST = tables.request


class Answer(StrEnum):
    """What became of it."""

    MADE = "made"
    DECLINED = "declined"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class Asked:
    """One time that somebody asked."""

    id: str
    employee: Person
    wish: str
    """What she wants to talk about; may be empty."""
    times: str
    """When it would suit her; may be empty."""
    asked_at: datetime
    answer: Answer | None = None
    """None while it waits."""
    answered_by: Person | None = None
    answered_at: datetime | None = None
    reply: str = ""
    conversation: str | None = None
    """The one that was made; None also where it is gone."""


def ask(connection: Connection, actor: Actor, wish: str, times: str, now: datetime) -> str:
    """Ask one's manager for a conversation. Returns the id of what was asked.

    The manager, and whoever stands in today, is told. Raises NotFound for whoever has no manager,
    AskedAlready, AskedOften and TextTooLong.
    """
    wish, times = said(wish, WISH_CHARACTERS_MAX), said(times, WISH_CHARACTERS_MAX)
    facts = people.facts_on(connection, actor.person, day_of(now))
    if not allowed(actor, Action.ASK_FOR_CONVERSATION, facts) or facts.manager is None:
        raise NotFound
    # Locked, so that two windows do not ask at once.
    person = tables.person
    connection.execute(select(person.c.id).where(person.c.id == actor.person).with_for_update())
    if _waits(connection, [actor.person]):
        raise AskedAlready
    mine = (REQUEST.c.employee_id == actor.person) & (REQUEST.c.asked_at > now - timedelta(days=1))
    if (connection.scalar(select(func.count()).where(mine)) or 0) >= WISHES_A_DAY_MAX:
        raise AskedOften(most=WISHES_A_DAY_MAX)
    id_ = secrets.token_hex(ID_BYTES)
    connection.execute(
        insert(REQUEST).values(
            id=id_, employee_id=actor.person, wish=wish, times=times, asked_at=now, reply=""
        )
    )
    audit.record(connection, Event.REQUEST_MADE, actor.person, now, person=actor.person)
    for to in sorted({facts.manager, *facts.stand_ins}):
        letters.queue_notice(
            connection, Kind.ASKED_FOR, _matter(id_), to, actor.person, f"/requests/{id_}", now
        )
    return id_


def of_mine(connection: Connection, actor: Actor) -> list[Asked]:
    """What the actor has asked for, newest first: WISHES_SHOWN_MAX at most."""
    rows = connection.execute(
        select(REQUEST)
        .where(REQUEST.c.employee_id == actor.person)
        .order_by(REQUEST.c.asked_at.desc(), REQUEST.c.id)
        .limit(WISHES_SHOWN_MAX)
    ).all()
    return _asked(connection, rows)


def requests(connection: Connection, actor: Actor, now: datetime) -> list[Asked]:
    """What waits for the actor's answer, oldest first: of those whom she leads or stands in for today."""
    person, delegation = tables.person, tables.delegation
    stands_in_for = select(delegation.c.manager_id).where(
        delegation.c.stand_in_id == actor.person, people.stands_in_on(day_of(now))
    )
    rows = connection.execute(
        select(
            REQUEST.c.id,
            REQUEST.c.wish,
            REQUEST.c.times,
            REQUEST.c.asked_at,
            *people.columns_of(person, "by"),
        )
        .join(person, person.c.id == REQUEST.c.employee_id)
        .where(
            REQUEST.c.answer.is_(None),
            REQUEST.c.employee_id != actor.person,
            person.c.active,
            (person.c.manager_id == actor.person) | person.c.manager_id.in_(stands_in_for),
        )
        .order_by(REQUEST.c.asked_at, REQUEST.c.id)
    )
    return [Asked(row.id, people.person_in(row, "by"), row.wish, row.times, row.asked_at) for row in rows]


def asked(connection: Connection, actor: Actor, id_: str, now: datetime) -> Asked:
    """What somebody asked, for whoever may answer it. Raises NotFound for anybody else."""
    return _to_answerer(connection, actor, select(REQUEST).where(REQUEST.c.id == id_), now)


def _locked(connection: Connection, actor: Actor, id_: str, now: datetime) -> Asked:
    """As ``asked``, for an answer: nobody else answers until the commit. Raises AlreadyAnswered too."""
    wanted = select(REQUEST).where(REQUEST.c.id == id_).with_for_update()
    return _unanswered(_to_answerer(connection, actor, wanted, now))


def _to_answerer(connection: Connection, actor: Actor, wanted: Select[Any], now: datetime) -> Asked:
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise NotFound
    facts = people.facts_on(connection, row.employee_id, day_of(now))
    if not allowed(actor, Action.CREATE_CONVERSATION, facts):
        raise NotFound
    return _asked(connection, [row])[0]


def decline(connection: Connection, actor: Actor, id_: str, reply: str, now: datetime) -> None:
    """Say why there will be no conversation now.

    Raises NotFound, AlreadyAnswered, ReasonMissing or TextTooLong.
    """
    reply = reason(reply, WISH_CHARACTERS_MAX)
    told = _locked(connection, actor, id_, now)
    _answer(connection, told.id, actor, Answer.DECLINED, now, reply=reply)
    audit.record(connection, Event.REQUEST_DECLINED, actor.person, now, person=told.employee.id)
    _tell(connection, told, actor, "/conversations/ask", now)


def made(
    connection: Connection, actor: Actor, id_: str, employee: str, conversation: str, now: datetime
) -> None:
    """Answer with a conversation that has just been made with the employee.

    Raises NotFound, also for what somebody else asked, or AlreadyAnswered.
    """
    told = _locked(connection, actor, id_, now)
    if told.employee.id != employee:
        raise NotFound
    _answer(connection, told.id, actor, Answer.MADE, now, conversation_id=conversation)
    _tell(connection, told, actor, f"/conversations/{conversation}", now)


def take_back(connection: Connection, actor: Actor, id_: str, now: datetime) -> None:
    """Ask no longer. Raises NotFound for what the actor did not ask, and AlreadyAnswered."""
    row = connection.execute(
        select(REQUEST).where(REQUEST.c.id == id_, REQUEST.c.employee_id == actor.person).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound
    told = _unanswered(_asked(connection, [row])[0])
    _answer(connection, told.id, actor, Answer.TAKEN_BACK, now)
    facts = people.facts_on(connection, actor.person, day_of(now))
    for to in {facts.manager or "", *facts.stand_ins}:
        letters.drop(connection, _matter(id_), to)
    audit.record(connection, Event.REQUEST_TAKEN_BACK, actor.person, now, person=actor.person)


def _matter(id_: str) -> str:
    return f"request/{id_}"


def _waits(connection: Connection, employees: Iterable[str]) -> bool:
    waiting = select(REQUEST.c.id).where(REQUEST.c.employee_id.in_(employees), REQUEST.c.answer.is_(None))
    return connection.execute(waiting.limit(1)).one_or_none() is not None


def _unanswered(told: Asked) -> Asked:
    if told.answer is not None:
        raise AlreadyAnswered
    return told


def _answer(
    connection: Connection, id_: str, actor: Actor, answer: Answer, now: datetime, **values: str
) -> None:
    connection.execute(
        update(REQUEST)
        .where(REQUEST.c.id == id_)
        .values(answer=answer.value, answered_by=actor.person, answered_at=now, **values)
    )


def _tell(connection: Connection, told: Asked, actor: Actor, path: str, now: datetime) -> None:
    to = told.employee.id
    letters.queue_notice(connection, Kind.ANSWERED, _matter(told.id), to, actor.person, path, now)


def _asked(connection: Connection, rows: Iterable[Row[Any]]) -> list[Asked]:
    found = list(rows)
    ids = {row.employee_id for row in found} | {row.answered_by for row in found if row.answered_by}
    table = tables.person
    known = {
        row.id: people.person_of(row) for row in connection.execute(select(table).where(table.c.id.in_(ids)))
    }
    return [
        Asked(
            id=row.id,
            employee=known[row.employee_id],
            wish=row.wish,
            times=row.times,
            asked_at=row.asked_at,
            answer=Answer(row.answer) if row.answer else None,
            answered_by=known.get(row.answered_by),
            answered_at=row.answered_at,
            reply=row.reply,
            conversation=row.conversation_id,
        )
        for row in found
    ]


class Asking:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def ask(self, actor: Actor, wish: str, times: str) -> str:
        """As ``ask``."""
        return await self._database.write(lambda c: ask(c, actor, wish, times, self._clock()))

    async def of_mine(self, actor: Actor) -> list[Asked]:
        """As ``of_mine``."""
        return await self._database.read(lambda c: of_mine(c, actor))

    async def may_ask(self, actor: Actor) -> Person:
        """Whom the actor would ask: her manager. Raises NotFound for whoever has none."""

        def read(connection: Connection) -> Person:
            facts = people.facts_on(connection, actor.person, day_of(self._clock()))
            if not allowed(actor, Action.ASK_FOR_CONVERSATION, facts) or facts.manager is None:
                raise NotFound
            return people.get(connection, facts.manager)

        return await self._database.read(read)

    async def requests(self, actor: Actor) -> list[Asked]:
        """As ``requests``."""
        return await self._database.read(lambda c: requests(c, actor, self._clock()))

    async def asked(self, actor: Actor, id_: str) -> Asked:
        """As ``asked``."""
        return await self._database.read(lambda c: asked(c, actor, id_, self._clock()))

    async def decline(self, actor: Actor, id_: str, reply: str) -> None:
        """As ``decline``."""
        await self._database.write(lambda c: decline(c, actor, id_, reply, self._clock()))

    async def take_back(self, actor: Actor, id_: str) -> None:
        """As ``take_back``."""
        await self._database.write(lambda c: take_back(c, actor, id_, self._clock()))
