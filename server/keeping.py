"""Keeping and erasing, as pages, the command and the background task ask for it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import Connection, func, select

from server import erasing, erasing_person, holds, people, retention
from server.audit import Event
from server.erasing import Told
from server.erasing_person import KeptAbout
from server.holds import Hold
from server.people import Person
from server.policy import Policy
from server.policy import get as policy_now
from server.retention import Preview
from server.rules.access import Actor
from server.rules.keeping import Due, Kind, Rule
from server.rules.limits import RETENTION_SHOWN_MAX, SEARCH_RESULTS_MAX
from server.storage import tables
from server.storage.database import Database

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """That something was erased."""

    id: str
    at: datetime
    kind: Kind
    person: str
    """Id; empty for many people's at once."""
    name: str
    """Of that person; empty when she is no longer known."""
    rule: Rule
    rows: int
    """How many rows went, of all tables."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that those who keep the records look at."""

    policy: Policy
    preview: Preview
    holds: tuple[Hold, ...]
    receipts: tuple[Receipt, ...]
    """The newest, RETENTION_SHOWN_MAX at most."""
    receipts_total: int


def overview(connection: Connection, actor: Actor, on: date) -> Overview:
    """What goes until a day, what is held back and what went. Raises NotFound without the right."""
    erasing.require_right(actor)
    policy = policy_now(connection)
    held = holds.all_of(connection, actor)
    receipts, total = _receipts(connection)
    preview = retention.preview(connection, actor, policy, on, holds.held_by(held))
    return Overview(policy, preview, tuple(held), tuple(receipts), total)


def about_me(connection: Connection, actor: Actor) -> list[Receipt]:
    """The newest receipts of what was the actor's."""
    return _receipts(connection, actor.person)[0]


def _receipts(connection: Connection, person_id: str | None = None) -> tuple[list[Receipt], int]:
    """The newest, of one person or of everybody, and how many there are in all."""
    table, person = tables.erasure, tables.person
    wanted = (
        select(table, person.c.name, func.count().over().label("total"))
        .outerjoin(person, person.c.id == table.c.person)
        .order_by(table.c.at.desc(), table.c.id)
        .limit(RETENTION_SHOWN_MAX)
    )
    if person_id is not None:
        wanted = wanted.where(table.c.person == person_id)
    rows = connection.execute(wanted).all()
    receipts = [
        Receipt(
            row.id,
            row.at,
            Kind(row.kind),
            row.person,
            row.name or "",
            Rule(row.rule),
            sum(row.counts.values()),
        )
        for row in rows
    ]
    return receipts, rows[0].total if rows else 0


def found(connection: Connection, actor: Actor, words: str) -> list[Person]:
    """People by name, also those who have left, for those who may erase. Raises NotFound."""
    erasing.require_right(actor)
    return people.named(connection, words, SEARCH_RESULTS_MAX, also_gone=True)


class Keeping:
    """The way in."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def overview(self, actor: Actor, days: int) -> Overview:
        """As ``overview``, so many days ahead."""
        on = self._today() + timedelta(days=days)
        return await self._database.read(lambda c: overview(c, actor, on))

    async def find(self, actor: Actor, words: str) -> list[Person]:
        """As ``found``."""
        return await self._database.read(lambda c: found(c, actor, words))

    async def about(self, actor: Actor, person: str) -> KeptAbout:
        """As ``erasing_person.about``."""
        return await self._database.read(lambda c: erasing_person.about(c, actor, policy_now(c), person))

    async def about_me(self, actor: Actor) -> list[Receipt]:
        """As ``about_me``."""
        return await self._database.read(lambda c: about_me(c, actor))

    async def hold(self, actor: Actor, person: str, conversation: str, reason: str) -> None:
        """As ``holds.place``."""
        await self._database.write(
            lambda c: holds.place(c, actor, person, conversation, reason, self._clock())
        )

    async def lift(self, actor: Actor, id_: str) -> None:
        """As ``holds.lift``."""
        await self._database.write(lambda c: holds.lift(c, actor, id_, self._clock()))

    async def erase_conversation(self, actor: Actor, id_: str) -> None:
        """As ``erasing.conversation``."""
        await self._database.write(lambda c: erasing.conversation(c, actor, id_, self._clock()))

    async def erase_person(self, actor: Actor, id_: str, *, records: bool) -> None:
        """As ``erasing_person.erase``."""
        await self._database.write(
            lambda c: erasing_person.erase(c, actor, policy_now(c), id_, self._clock(), records=records)
        )

    async def due(self) -> list[Due]:
        """Everything that is due today, held back or not. For the operator and the server itself."""
        return await self._database.read(lambda c: retention.due(c, policy_now(c), self._today()))

    async def erase_due(self, each: Due, event: Event = Event.ERASED_BY_RULE) -> bool:
        """Erase one thing that is due today, if it still is. Whether it was."""
        told = erasing.by_time(self._clock(), event)
        return await self._database.write(partial(_erase, each=each, on=self._today(), told=told))

    async def work(self) -> None:
        """Erase everything that is due today: the round of the background task. Raises StorageUnavailable."""
        erased = [await self.erase_due(each) for each in await self.due()]
        if any(erased):
            log.info("what is no longer to be kept was erased", extra={"count": sum(erased)})

    def _today(self) -> date:
        return self._clock().date()


def _erase(connection: Connection, each: Due, on: date, told: Told) -> bool:
    return erasing.due(connection, policy_now(connection), each, on, told)
