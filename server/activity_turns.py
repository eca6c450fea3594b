"""The turns of an activity's life, and what is said about it: completed, cancelled, taken up again (F72).

Each locks the activity's document, as freezing locks a conversation's: a change that was acknowledged came
before the turn, and what comes after it is refused until the activity is taken up again.
"""

import secrets
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from server import activities, audit
from server.activities import ID_BYTES, Activity, ActivityState, CommentKind
from server.audit import Event
from server.rules.access import Action, Actor, allowed
from server.rules.day import day_of
from server.rules.errors import NoLongerPossible, NotFound, NothingSaid, ReasonMissing, TextTooLong
from server.rules.limits import ACTIVITY_COMMENT_CHARACTERS_MAX, REASON_CHARACTERS_MAX
from server.storage import tables
from server.storage.bells import activities_of
from server.storage.database import Database, lock_document, ring

ACTIVE, ENDED = (ActivityState.ACTIVE,), (ActivityState.COMPLETED, ActivityState.CANCELLED)


def complete(connection: Connection, actor: Actor, id_: str, on: date, now: datetime) -> None:
    """Complete an active activity. Raises NotFound, or NoLongerPossible when it is ended already."""
    activity = _locked(connection, actor, id_, ACTIVE, now)
    _set(connection, activity, state=ActivityState.COMPLETED, completed_on=on)
    _tell(connection, actor, activity, CommentKind.COMPLETED, "", now)
    audit.record(connection, Event.ACTIVITY_COMPLETED, actor.person, now, activity=id_)


def cancel(connection: Connection, actor: Actor, id_: str, reason: str, on: date, now: datetime) -> None:
    """Cancel an active activity. Raises as ``complete``, ReasonMissing or TextTooLong."""
    activity = _locked(connection, actor, id_, ACTIVE, now)
    reason = _text(reason, REASON_CHARACTERS_MAX)
    if not reason:
        raise ReasonMissing
    _set(connection, activity, state=ActivityState.CANCELLED, cancelled_on=on, cancel_reason=reason)
    _tell(connection, actor, activity, CommentKind.CANCELLED, reason, now)
    audit.record(connection, Event.ACTIVITY_CANCELLED, actor.person, now, activity=id_)


def take_up(connection: Connection, actor: Actor, id_: str, now: datetime) -> None:
    """Take up again what was completed or cancelled. Raises NotFound, or NoLongerPossible if it is active."""
    activity = _locked(connection, actor, id_, ENDED, now)
    _set(
        connection,
        activity,
        state=ActivityState.ACTIVE,
        completed_on=None,
        cancelled_on=None,
        cancel_reason=None,
    )
    _tell(connection, actor, activity, CommentKind.TAKEN_UP, "", now)
    audit.record(connection, Event.ACTIVITY_TAKEN_UP, actor.person, now, activity=id_)


def comment(connection: Connection, actor: Actor, id_: str, text: str, now: datetime) -> None:
    """Say something about an activity (F82), active or ended. Raises NotFound, NothingSaid or TextTooLong."""
    activity = _locked(connection, actor, id_, ACTIVE + ENDED, now)
    said = _text(text, ACTIVITY_COMMENT_CHARACTERS_MAX)
    if not said:
        raise NothingSaid
    _tell(connection, actor, activity, CommentKind.SAID, said, now)


def _locked(
    connection: Connection, actor: Actor, id_: str, states: tuple[ActivityState, ...], now: datetime
) -> Activity:
    """The activity, in one of these states, with every append to its document kept out until the commit."""
    _, document = activities.get(connection, id_)
    if document is None:
        raise NotFound
    lock_document(connection, document)
    # Read again: whoever held the lock may have changed it.
    activity, _ = activities.get(connection, id_)
    facts = activities.facts(connection, activity.employee, now)
    if not allowed(actor, Action.END_ACTIVITY, activity.facts(facts)):
        raise NotFound
    if activity.state not in states:
        raise NoLongerPossible
    return activity


def _text(text: str, most: int) -> str:
    """What was typed into a form, as it is kept. No database takes NUL."""
    kept = text.replace("\r\n", "\n").replace("\0", "").strip()
    if len(kept) > most:
        raise TextTooLong(characters=most)
    return kept


def _set(connection: Connection, activity: Activity, **values: Any) -> None:
    table = tables.activity
    connection.execute(update(table).where(table.c.id == activity.id).values(**values))


def _tell(
    connection: Connection, actor: Actor, activity: Activity, kind: CommentKind, text: str, now: datetime
) -> None:
    """Put it on the trail, and have the open pages and the rooms told."""
    connection.execute(
        insert(tables.activity_comment).values(
            id=secrets.token_hex(ID_BYTES),
            activity_id=activity.id,
            person_id=actor.person,
            at=now,
            kind=kind,
            text=text,
        )
    )
    ring(connection, activities_of(activity.employee))


class ActivityTurns:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def complete(self, actor: Actor, id_: str, on: date | None = None) -> None:
        """As ``complete``; today where no day is given."""
        now = self._clock()
        await self._database.write(lambda c: complete(c, actor, id_, on or day_of(now), now))

    async def cancel(self, actor: Actor, id_: str, reason: str, on: date | None = None) -> None:
        """As ``cancel``; today where no day is given."""
        now = self._clock()
        await self._database.write(lambda c: cancel(c, actor, id_, reason, on or day_of(now), now))

    async def take_up(self, actor: Actor, id_: str) -> None:
        """As ``take_up``."""
        await self._database.write(lambda c: take_up(c, actor, id_, self._clock()))

    async def comment(self, actor: Actor, id_: str, text: str) -> None:
        """As ``comment``."""
        await self._database.write(lambda c: comment(c, actor, id_, text, self._clock()))
