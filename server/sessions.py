"""Sessions: a login, on one device. The browser holds a random key, the server only its hash.

A session ends when it is ended, SESSION_HOURS_MAX after it began, or when nothing was done in it for
SESSION_IDLE_HOURS_MAX: asking for a page and writing in a conversation both count as doing something.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Date, bindparam, func, insert, select, update

from server import audit, people
from server.audit import Event
from server.people import Person, Somebody
from server.rules.access import Actor
from server.rules.day import day_of
from server.rules.errors import NotFound, NotSignedIn
from server.rules.limits import SESSION_HOURS_MAX, SESSION_IDLE_HOURS_MAX
from server.storage import tables
from server.storage.bells import SessionEnded
from server.storage.database import Database, remembered, ring
from server.storage.prepared import Prepared
from server.storage.update_log import Author

KEY_BYTES = 32
SEEN_EVERY = timedelta(minutes=1)
"""How exact ``seen_at`` is, so that reading a page seldom writes."""

# What stands in the header -> what it is called. The first that is found counts: every browser names others.
BROWSERS = (
    ("Firefox/", "Firefox"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Session:
    """A session that holds, and whose it is."""

    id: str
    """The hash: it names the session everywhere and opens nothing."""
    person: Somebody

    @property
    def actor(self) -> Actor:
        """Who asks, as the access rules see it."""
        return self.person.actor


@dataclass(frozen=True, slots=True)
class PageSession(Session):
    """The same, for whoever asks for a page: what it shows, and the pages that she is offered, depend on
    more."""

    person: Person
    has_staff: bool = False
    """Whether the person leads somebody, or stands in today for somebody who does."""


@dataclass(frozen=True, slots=True)
class Device:
    """One of somebody's sessions, as the list of them shows it."""

    session: str
    label: str
    """Browser and system, ``Firefox · Windows``: names, the same in every language."""
    began_at: datetime
    seen_at: datetime
    is_this: bool


def device_label(user_agent: str) -> str:
    """Say coarsely what a device is. An unknown one is a question mark, never the raw header."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "?")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "?")
    return f"{browser} · {system}"


def begin(connection: Connection, person: str, user_agent: str, now: datetime) -> str:
    """Begin a session and return its key, for the browser only. Raises NotFound for an inactive person."""
    if not people.get(connection, person).active:
        raise NotFound
    key = secrets.token_urlsafe(KEY_BYTES)
    session = hashed(key)
    connection.execute(
        insert(tables.session).values(
            id_hash=session, person_id=person, began_at=now, seen_at=now, device=device_label(user_agent)
        )
    )
    audit.record(connection, Event.SESSION_BEGAN, person, now, session=session)
    return key


def find(connection: Connection, session: str, now: datetime) -> Session:
    """Return the session with this hashed id. Raises NotSignedIn unless it holds."""
    return Session(session, _known(connection, session, now).person)


def end(connection: Connection, person: str, session: str, now: datetime) -> None:
    """End one of the person's sessions: its sockets close. Raises NotFound when it is not theirs."""
    _end(connection, person, session, now)
    audit.record(connection, Event.SESSION_ENDED, person, now, session=session)


def _end(connection: Connection, person: str, session: str, now: datetime) -> None:
    ended = connection.execute(
        update(tables.session)
        .where(tables.session.c.id_hash == session, tables.session.c.person_id == person, _is_open())
        .values(ended_at=now)
    )
    if not ended.rowcount:
        raise NotFound
    ring(connection, SessionEnded(session))


def end_others(connection: Connection, person: str, kept: str, now: datetime) -> None:
    """End all of the person's sessions but ``kept``."""
    for session in _open_sessions(connection, person):
        if session != kept:
            end(connection, person, session, now)


def cut_all(connection: Connection, actor: Actor, person: str, now: datetime) -> None:
    """End all of another person's sessions: whoever is signed in as them must sign in again."""
    for session in _open_sessions(connection, person):
        _end(connection, person, session, now)
        audit.record(connection, Event.SESSION_CUT, actor.person, now, person=person, session=session)


def _open_sessions(connection: Connection, person: str) -> Sequence[str]:
    return connection.scalars(
        select(tables.session.c.id_hash).where(tables.session.c.person_id == person, _is_open())
    ).all()


def devices(connection: Connection, person: str, this: str, now: datetime) -> list[Device]:
    """The person's sessions that hold, the one seen last first."""
    rows = connection.execute(
        select(tables.session)
        .where(tables.session.c.person_id == person, *_HOLDS)
        .order_by(tables.session.c.seen_at.desc(), tables.session.c.id_hash),
        _times(now),
    )
    return [Device(r.id_hash, r.device, r.began_at, r.seen_at, r.id_hash == this) for r in rows]


def hashed(key: str) -> str:
    """The hash under which a key is stored. The key is random, so a plain hash is enough."""
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


class Sessions:
    """The way in for pages and sockets."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, person: str, user_agent: str) -> str:
        """As ``begin``: the key for the cookie."""
        return await self._database.write(lambda c: begin(c, person, user_agent, self._clock()))

    async def find(self, key: str) -> PageSession:
        """Return the session of a browser that sent ``key``; it counts as being seen. Raises NotSignedIn."""
        session, now = hashed(key), self._clock()
        found, seen_at = await self._database.read(lambda c: _of_page(c, session, now))
        if now - seen_at >= SEEN_EVERY:
            await self._database.write(lambda c: _see(c, session, now))
        return found

    async def of_socket(self, key: str) -> Author:
        """Say who opens a socket in a browser that sent ``key``. Raises NotSignedIn.

        A page opens one whenever its network comes back: alone it does not count as being seen.
        """
        session, now = hashed(key), self._clock()
        known = await self._database.glance(lambda c: _known(c, session, now))
        return Author(known.person.id, session)

    async def holds(self, session: str) -> bool:
        """Say whether the session with this hashed id holds, for its open sockets.

        An open socket alone does not keep a session from growing old; what the person wrote does.
        """
        wrote_at = await self._database.read(lambda c: _wrote_since(c, session))
        if wrote_at is not None:
            await self._database.write(lambda c: _see(c, session, wrote_at))
        now = self._clock()
        return await self._database.read(lambda c: _holds_now(c, session, now))

    async def end(self, mine: Session, session: str) -> None:
        """End one of my sessions, this one included. As ``end``."""
        await self._database.write(lambda c: end(c, mine.person.id, session, self._clock()))

    async def end_others(self, mine: Session) -> None:
        """End all of my sessions but this one."""
        await self._database.write(lambda c: end_others(c, mine.person.id, mine.id, self._clock()))

    async def devices(self, mine: Session) -> list[Device]:
        """As ``devices``, for me."""
        return await self._database.read(lambda c: devices(c, mine.person.id, mine.id, self._clock()))


def _is_open() -> ColumnElement[bool]:
    return tables.session.c.ended_at.is_(None)


_HOLDS: Final = (
    _is_open(),
    tables.session.c.began_at > bindparam("began_after"),
    tables.session.c.seen_at > bindparam("seen_after"),
)
"""Of rows of ``session``: those that hold, at the ``_times`` of a moment."""


def _times(now: datetime) -> dict[str, datetime]:
    return {
        "began_after": now - timedelta(hours=SESSION_HOURS_MAX),
        "seen_after": now - timedelta(hours=SESSION_IDLE_HOURS_MAX),
    }


class _Known(NamedTuple):
    """What is stored of a session that nobody has ended, of somebody who is active."""

    person: Somebody
    began_at: datetime
    seen_at: datetime


_OPEN: Final = (
    select(tables.session.c.began_at, tables.session.c.seen_at)
    .select_from(tables.person)
    .join(tables.session, tables.session.c.person_id == tables.person.c.id)
    .where(tables.session.c.id_hash == bindparam("session"), tables.person.c.active, _is_open())
)
# Every socket and every page asks one of these.
_OF_SOCKET: Final = Prepared(_OPEN.add_columns(*people.BRIEFLY))
_OF_PAGE: Final = Prepared(
    _OPEN.with_only_columns(
        *people.WORDS, *_OPEN.selected_columns, people.has_staff(bindparam("day", type_=Date))
    )
)


def _known(connection: Connection, session: str, now: datetime) -> _Known:
    # A socket asks twice: when it is opened, and for its document.
    known = remembered(connection, "session", session, lambda: _read(connection, session))
    if known is None or not _is_young(known, now):
        raise NotSignedIn
    return known


def _read(connection: Connection, session: str) -> _Known | None:
    row = _OF_SOCKET.one_or_none(connection, session=session)
    return None if row is None else _Known(people.somebody(row), row.began_at, row.seen_at)


def _of_page(connection: Connection, session: str, now: datetime) -> tuple[PageSession, datetime]:
    """The session, and when it was last seen."""
    row = _OF_PAGE.one_or_none(connection, session=session, day=day_of(now))
    if row is None or not _is_young(row, now):
        raise NotSignedIn
    person = people.understood(row[: len(people.WORDS)])
    return PageSession(session, person, row.has_staff), row.seen_at


def _is_young(row: Any, now: datetime) -> bool:
    """As ``_HOLDS`` of a row that is open."""
    times = _times(now)
    return bool(row.began_at > times["began_after"] and row.seen_at > times["seen_after"])


def _holds_now(connection: Connection, session: str, now: datetime) -> bool:
    try:
        _known(connection, session, now)
    except NotSignedIn:
        return False
    return True


def _see(connection: Connection, session: str, at: datetime) -> None:
    """Note that something was done in the session. Never backwards, and never in one that has ended."""
    connection.execute(
        update(tables.session)
        .where(tables.session.c.id_hash == session, tables.session.c.seen_at < at, _is_open())
        .values(seen_at=at)
    )


def _wrote_since(connection: Connection, session: str) -> datetime | None:
    """When the session's person last wrote, if that is SEEN_EVERY or more after it was last seen."""
    row = connection.execute(
        select(tables.session.c.seen_at, func.max(tables.change_log.c.last_at).label("wrote_at"))
        .join(tables.change_log, tables.change_log.c.person_id == tables.session.c.person_id)
        .where(tables.session.c.id_hash == session)
        .group_by(tables.session.c.seen_at)
    ).one_or_none()
    return row.wrote_at if row is not None and row.wrote_at - row.seen_at >= SEEN_EVERY else None
