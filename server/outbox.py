"""The outbox: which letter leaves next, which node has it, and what became of it.

    table "letter" ── claim ──▶ server/mail.py ── sent, or failed ──▶ table "letter"

One node at a time sends a letter. Who dies while sending leaves it to another, when the lease is over. What
no longer holds when its turn comes is given up: a reminder of what has been done, a letter to somebody who
has left.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, exists, select, update

from server import people, reminders
from server.letter_format import REMINDERS, Letter
from server.letters import letter_of
from server.rules.limits import (
    LETTER_FAILURE_CHARACTERS_MAX,
    LETTER_HOURS_MAX,
    LETTER_LEASE_SECONDS,
    LETTER_PAUSE_SECONDS_MAX,
    LETTER_PAUSE_SECONDS_MIN,
)
from server.storage import tables
from server.storage.database import Database


def is_waiting(connection: Connection, now: datetime) -> bool:
    """Whether there is a letter to send now."""
    return bool(connection.scalar(select(exists().where(tables.letter.c.next_at <= now))))


def claim(connection: Connection, now: datetime) -> Letter | None:
    """Take the letter that has waited longest, for LETTER_LEASE_SECONDS. None when nothing is to be sent.

    What is older than LETTER_HOURS_MAX is given up instead, what is for somebody who has left, and what
    reminds in vain.
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
    while (found := _next(connection, now)) is not None:
        is_of_use = found.kind not in REMINDERS or reminders.still_holds(connection, found, now)
        lease = now + timedelta(seconds=LETTER_LEASE_SECONDS)
        connection.execute(
            update(letter)
            .where(letter.c.id == found.id)
            .values(
                next_at=lease if is_of_use else None,
                attempts=letter.c.attempts + (1 if is_of_use else 0),
            )
        )
        if is_of_use:
            return replace(found, attempts=found.attempts + 1)
    return None


def _next(connection: Connection, now: datetime) -> Letter | None:
    letter = tables.letter
    row = connection.execute(
        select(letter)
        .where(letter.c.next_at <= now)
        .order_by(letter.c.next_at, letter.c.made_at, letter.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    return None if row is None else letter_of(row, people.get(connection, row.person_id))


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
    # A newer letter may have taken its place meanwhile, or another node the letter: then it stays as it is.
    still_to_send = and_(
        table.c.id == letter.id, table.c.next_at.is_not(None), table.c.attempts == letter.attempts
    )
    changed = connection.execute(
        update(table)
        .where(still_to_send)
        .values(next_at=None if is_over else next_at, failed_why=why[:LETTER_FAILURE_CHARACTERS_MAX])
    )
    return not is_over and bool(changed.rowcount)


class Outbox:
    """The way in for whoever sends."""

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
