"""The bundles that people have asked for: asking, making in steps, downloading, and erasing them again.

    ask ──▶ claim ── step ─ step ─ … ──▶ finish ──▶ downloaded, by its person alone ──▶ erased

Key invariants:

1. One node at a time makes a bundle. Whoever dies while making it leaves it to another, which begins anew.
2. Files and progress are stored together, and only by the node whose attempt it is.
3. A bundle is downloaded when it is finished, by the person whose it is and by nobody else.
4. After OWN_BUNDLE_DAYS its files are gone; so they are at once when something in them is erased.
"""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from server import audit, people
from server.audit import Event
from server.people import Person
from server.rules.access import Action, Actor, OrganisationFacts, allowed
from server.rules.errors import NotFound, TooManyBundles
from server.rules.limits import (
    OWN_BUNDLE_ATTEMPTS_MAX,
    OWN_BUNDLE_BYTES_MAX,
    OWN_BUNDLE_DAYS,
    OWN_BUNDLE_LEASE_SECONDS,
    OWN_BUNDLES_A_DAY_MAX,
)
from server.storage import tables
from server.storage.database import erase_soon

ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class File:
    """One file of a bundle."""

    name: str
    """Its path in the bundle, with ``/``."""
    content: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """How far a bundle is."""

    id: str
    asked_at: datetime
    steps_done: int
    steps_total: int
    """0 until it is begun."""
    made_at: datetime | None
    failed_at: datetime | None
    gone_at: datetime | None
    """When its files were erased."""
    until: datetime
    """When they are."""
    bytes: int
    """Of all its files, before they are packed."""

    @property
    def is_being_made(self) -> bool:
        return self.made_at is None and self.failed_at is None and self.gone_at is None

    @property
    def is_there(self) -> bool:
        return self.made_at is not None and self.gone_at is None


@dataclass(frozen=True, slots=True)
class Claim:
    """A bundle that is this node's to make."""

    id: str
    person: Person
    attempt: int


class Lost(Exception):
    """The bundle is no longer this node's: another took it, or it was erased."""


def ask(connection: Connection, actor: Actor, now: datetime) -> None:
    """Have everything about the actor put together. Nothing new is begun while one is being made.

    Raises NotFound without the right, or TooManyBundles.
    """
    if not allowed(actor, Action.EXPORT_OWN, OrganisationFacts()):
        raise NotFound
    table = tables.own_bundle
    # The person's own row: of two presses at once one waits for the other.
    connection.execute(select(tables.person.c.id).where(tables.person.c.id == actor.person).with_for_update())
    mine = of(connection, actor)
    if any(each.is_being_made for each in mine):
        return
    lately = [each for each in mine if each.asked_at > now - timedelta(days=1) and each.failed_at is None]
    if len(lately) >= OWN_BUNDLES_A_DAY_MAX:
        raise TooManyBundles(most=OWN_BUNDLES_A_DAY_MAX)
    connection.execute(
        insert(table).values(
            id=secrets.token_hex(ID_BYTES),
            person_id=actor.person,
            asked_at=now,
            steps_done=0,
            steps_total=0,
            attempts=0,
            until=now + timedelta(days=OWN_BUNDLE_DAYS),
        )
    )
    audit.record(connection, Event.OWN_DATA_ASKED, actor.person, now)


def of(connection: Connection, actor: Actor) -> list[Bundle]:
    """The actor's bundles, the newest first. Raises NotFound without the right."""
    if not allowed(actor, Action.EXPORT_OWN, OrganisationFacts()):
        raise NotFound
    table, file = tables.own_bundle, tables.own_bundle_file
    size = (
        select(func.coalesce(func.sum(func.length(file.c.content)), 0))
        .where(file.c.bundle_id == table.c.id)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(table, size.label("size"))
        .where(table.c.person_id == actor.person)
        .order_by(table.c.asked_at.desc(), table.c.id)
    )
    return [_bundle(row) for row in rows]


def _bundle(row: Row[Any]) -> Bundle:
    return Bundle(
        id=row.id,
        asked_at=row.asked_at,
        steps_done=row.steps_done,
        steps_total=row.steps_total,
        made_at=row.made_at,
        failed_at=row.failed_at,
        gone_at=row.gone_at,
        until=row.until,
        bytes=int(row.size),
    )


# Making.


def is_waiting(connection: Connection, now: datetime) -> bool:
    """Whether there is something to make, or to erase."""
    table = tables.own_bundle.c
    return bool(
        connection.scalar(select(func.count()).where(_to_make(now)))
        or connection.scalar(select(func.count()).select_from(tables.own_bundle).where(table.until <= now))
    )


def claim(connection: Connection, now: datetime) -> Claim | None:
    """Take the bundle that has waited longest, for OWN_BUNDLE_LEASE_SECONDS, and begin it anew.

    None when there is nothing to make. What has failed OWN_BUNDLE_ATTEMPTS_MAX times is given up.
    """
    table = tables.own_bundle
    connection.execute(
        update(table)
        .where(_to_make(now), table.c.attempts >= OWN_BUNDLE_ATTEMPTS_MAX)
        .values(failed_at=now, lease_until=None)
    )
    row = connection.execute(
        select(table)
        .where(_to_make(now))
        .order_by(table.c.asked_at, table.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    _delete_files(connection, (row.id,))
    attempt = row.attempts + 1
    connection.execute(
        update(table)
        .where(table.c.id == row.id)
        .values(attempts=attempt, steps_done=0, steps_total=0, lease_until=_lease(now))
    )
    return Claim(row.id, people.get(connection, row.person_id), attempt)


def step(
    connection: Connection, claim: Claim, done: int, total: int, files: Iterable[File], now: datetime
) -> None:
    """Store what one step has made, and how far it is. Raises Lost."""
    _advance(connection, claim, steps_done=done, steps_total=total, lease_until=_lease(now))
    file = tables.own_bundle_file.c
    number, size = connection.execute(
        select(func.count(), func.coalesce(func.sum(func.length(file.content)), 0)).where(
            file.bundle_id == claim.id
        )
    ).one()
    rows = [
        {"bundle_id": claim.id, "number": number + at, "name": each.name, "content": each.content}
        for at, each in enumerate(files)
    ]
    if int(size) + sum(len(row["content"]) for row in rows) > OWN_BUNDLE_BYTES_MAX:
        raise ValueError(f"more than {OWN_BUNDLE_BYTES_MAX} bytes about one person")
    if rows:
        connection.execute(insert(tables.own_bundle_file), rows)


def finish(connection: Connection, claim: Claim, now: datetime) -> None:
    """It is all there, for OWN_BUNDLE_DAYS from now. Raises Lost."""
    until = now + timedelta(days=OWN_BUNDLE_DAYS)
    _advance(connection, claim, made_at=now, lease_until=None, until=until)


def fail(connection: Connection, claim: Claim, now: datetime) -> None:
    """Leave it to another attempt, soon. Nothing happens when it is no longer this node's."""
    table = tables.own_bundle
    connection.execute(
        update(table)
        .where(table.c.id == claim.id, table.c.attempts == claim.attempt)
        .values(lease_until=_lease(now) if claim.attempt < OWN_BUNDLE_ATTEMPTS_MAX else now)
    )


def leave(connection: Connection, claim: Claim) -> None:
    """Leave it to anybody at once, as if this node had not begun it."""
    table = tables.own_bundle
    connection.execute(
        update(table)
        .where(table.c.id == claim.id, table.c.attempts == claim.attempt)
        .values(lease_until=None, attempts=claim.attempt - 1)
    )


def leave_all(connection: Connection) -> None:
    """Leave everything to anybody: there is no other node, so whoever was making it is dead."""
    connection.execute(update(tables.own_bundle).values(lease_until=None))


def _advance(connection: Connection, claim: Claim, **values: Any) -> None:
    table = tables.own_bundle
    still_mine = (table.c.id == claim.id) & (table.c.attempts == claim.attempt) & table.c.gone_at.is_(None)
    advanced = connection.execute(update(table).where(still_mine, table.c.made_at.is_(None)).values(**values))
    if not advanced.rowcount:
        raise Lost


def _to_make(now: datetime) -> Any:
    table = tables.own_bundle.c
    nobodys = table.lease_until.is_(None) | (table.lease_until <= now)
    return table.made_at.is_(None) & table.failed_at.is_(None) & table.gone_at.is_(None) & nobodys


def _lease(now: datetime) -> datetime:
    return now + timedelta(seconds=OWN_BUNDLE_LEASE_SECONDS)


# Downloading and erasing.


def downloaded(connection: Connection, actor: Actor, id_: str, now: datetime) -> list[str]:
    """Names of the files of the actor's own bundle, in order, for her who downloads it. Raises NotFound."""
    if not any(each.id == id_ and each.is_there for each in of(connection, actor)):
        raise NotFound
    audit.record(connection, Event.OWN_DATA_DOWNLOADED, actor.person, now)
    file = tables.own_bundle_file.c
    return list(connection.scalars(select(file.name).where(file.bundle_id == id_).order_by(file.number)))


def content(connection: Connection, id_: str, number: int) -> bytes | None:
    """One file of a bundle; None when it was erased meanwhile. The caller has asked for the right."""
    file = tables.own_bundle_file.c
    found: bytes | None = connection.scalar(
        select(file.content).where(file.bundle_id == id_, file.number == number)
    )
    return found


def throw_away(connection: Connection, actor: Actor, id_: str, now: datetime) -> None:
    """Erase one's own bundle now. Raises NotFound."""
    if not any(each.id == id_ and each.gone_at is None for each in of(connection, actor)):
        raise NotFound
    _empty(connection, (id_,), now)


def withdraw(connection: Connection, persons: Collection[str], now: datetime) -> None:
    """Erase all bundles of these people, finished or not: something in them is erased."""
    table = tables.own_bundle.c
    found = connection.scalars(
        select(table.id).where(table.person_id.in_(persons), table.gone_at.is_(None))
    ).all()
    if found:
        _empty(connection, found, now)


def erase_old(connection: Connection, now: datetime) -> None:
    """Erase every bundle whose time is over, and that there was one."""
    table = tables.own_bundle
    old = connection.scalars(select(table.c.id).where(table.c.until <= now)).all()
    if old:
        connection.execute(delete(table).where(table.c.id.in_(old)))
        erase_soon(connection)


def _empty(connection: Connection, ids: Collection[str], now: datetime) -> None:
    _delete_files(connection, ids)
    table = tables.own_bundle
    connection.execute(update(table).where(table.c.id.in_(ids)).values(gone_at=now, lease_until=None))


def _delete_files(connection: Connection, ids: Collection[str]) -> None:
    file = tables.own_bundle_file
    if connection.execute(delete(file).where(file.c.bundle_id.in_(ids))).rowcount:
        erase_soon(connection)
