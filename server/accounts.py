"""Signing in: who somebody is, proved by a password, without telling a guesser anything.

An unknown address, a wrong password and an inactive person take the same time and give the same
answer. Attempts are counted before the password is looked at, so that guesses at the same time count.
"""

import asyncio
import hashlib
import ipaddress
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, func, insert, select, text, update

from server import audit, people, sessions
from server.audit import Event
from server.people import Person
from server.rules.access import Action, Actor, OrganisationFacts, allowed
from server.rules.errors import (
    NotFound,
    PasswordGuessable,
    PasswordLength,
    SignInRefused,
    TooManyAttempts,
    WrongOldPassword,
    WrongPassword,
)
from server.rules.limits import (
    EMAIL_CHARACTERS_MAX,
    PASSWORD_CHARACTERS_MAX,
    PASSWORD_CHARACTERS_MIN,
    PASSWORD_HASHES_AT_ONCE_MAX,
    SIGN_IN_ATTEMPTS_MAX,
    SIGN_IN_WINDOW_SECONDS,
)
from server.rules.passwords import is_guessable
from server.sessions import PageSession
from server.storage import tables
from server.storage.database import Database

__all__ = ["Accounts", "Person"]

_COUNTING = 0x73616D63
"""Of the advisory lock under which one attempt at a time is counted (PostgreSQL)."""

NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$RnqjCnxTiZgeXUgtXGiDAQ$dmqwg8KfVVaL8+BF8Ucn4EsMMVw23VwozkzRZGcDUu4"
"""The hash of a random password that was thrown away, with PasswordHasher's own parameters, as all others.
Verified when there is nobody with the address, so that this takes as long as a wrong password."""

ADDRESS_ATTEMPTS_FACTOR = 10
"""Many people sit behind one network address: it may fail this many times as often as one person from it."""

PERSON_ATTEMPTS_FACTOR = 3
"""So many times as often may be guessed at one person from everywhere. Whoever guesses from one network
address is stopped there, and keeps nobody else from signing in at another."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """What an attempt to sign in is counted under."""

    of_person: str
    of_both: str
    """The person from this network address."""
    of_network: str

    @classmethod
    def of(cls, email: str, address: str) -> "_Keys":
        of_person, of_network = _key("email", email), _key("address", _network(address))
        return cls(of_person, f"{of_person}@{of_network}", of_network)


class Accounts:
    """People and their passwords."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        hasher: PasswordHasher | None = None,
        demo: bool = False,
    ) -> None:
        """``demo``: anybody may sign in as anybody, with one press."""
        self._database = database
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._nobodys = hasher.hash("nobody has this password") if hasher else NOBODYS
        self._hashing = asyncio.Semaphore(PASSWORD_HASHES_AT_ONCE_MAX)
        self.demo = demo

    async def add(self, actor: Actor, person: Person, password: str | None) -> None:
        """Add a person who can sign in with ``password``, or not at all without one. As ``people.add``."""
        stored = await self._hashed(password) if password else None
        now = self._clock()
        await self._database.write(lambda connection: people.add(connection, actor, person, stored, now))

    async def sign_in(self, email: str, password: str, address: str) -> Person:
        """Return the person who has this address and password. ``address`` is the network address.

        Raises SignInRefused, or TooManyAttempts before anything is looked at.
        """
        email, password = people.normal_email(email), _normal(password)
        if len(email) > EMAIL_CHARACTERS_MAX or len(password) > PASSWORD_CHARACTERS_MAX:
            raise SignInRefused
        keys = _Keys.of(email, address)
        stored = await self._database.write(lambda connection: self._attempt(connection, email, keys))
        if not await self._verified(stored or self._nobodys, password) or stored is None:
            # Stored for an unknown address as well: a guesser could tell by the time that it takes.
            await self._database.write(lambda connection: _refused(connection, email, self._clock()))
            raise SignInRefused
        renewed = await self._hashed(password) if self._hasher.check_needs_rehash(stored) else None
        return await self._database.write(
            lambda connection: _succeeded(connection, email, keys, stored, renewed)
        )

    async def confirm(self, actor: Actor, password: str) -> None:
        """Make sure that it is the actor who asks, who is signed in, by the actor's own password.

        Counted apart from signing in: nobody can keep another from signing by guessing at the door.
        Raises WrongPassword, or TooManyAttempts before anything is looked at.
        """
        await self._proved(actor, password)

    async def change_password(self, mine: PageSession, old: str, new: str) -> None:
        """Give oneself another password. One's other sessions end, this one goes on.

        ``old`` is counted as in ``confirm``. Raises PasswordLength or PasswordGuessable before anything is
        looked at, WrongOldPassword or TooManyAttempts.
        """
        person = mine.person
        check_new(new, (person.name, person.email))
        try:
            proved = await self._proved(person.actor, old)
        except WrongPassword:
            raise WrongOldPassword from None
        stored = await self._hashed(new)
        await self._database.write(lambda c: _change(c, mine, proved, stored, self._clock()))

    async def _proved(self, actor: Actor, password: str) -> str:
        """The stored hash of the actor's own password, which this is. Raises as ``confirm``."""
        password = _normal(password)
        if len(password) > PASSWORD_CHARACTERS_MAX:
            raise WrongPassword
        key = _key("confirm", actor.person)
        stored = await self._database.write(lambda c: self._confirmation(c, actor.person, key))
        if not await self._verified(stored or self._nobodys, password) or stored is None:
            await self._database.write(
                lambda c: audit.record(c, Event.PASSWORD_REFUSED, actor.person, self._clock())
            )
            raise WrongPassword
        attempt = tables.sign_in_attempt
        await self._database.write(lambda c: c.execute(delete(attempt).where(attempt.c.key == key)))
        return stored

    async def sign_in_as(self, person: str) -> Person:
        """In demo mode, return the person who was chosen. Raises NotFound otherwise."""
        if not self.demo:
            raise NotFound
        found = await self._database.read(lambda connection: people.get(connection, person))
        if not found.active:
            raise NotFound
        return found

    async def everybody(self) -> list[Person]:
        """In demo mode, everybody whom one can sign in as, by name. Nobody otherwise."""
        return await self.with_password() if self.demo else []

    async def with_password(self) -> list[Person]:
        """Everybody who is active and has a password, by name."""
        return await self._database.read(people.with_password)

    async def set_locale(self, person: str, locale: str) -> None:
        """As ``people.set_locale``."""
        await self._database.write(lambda connection: people.set_locale(connection, person, locale))

    async def set_password(self, actor: Actor, person: str, password: str) -> None:
        """Give a person a new password; the person's sessions end, and failed attempts are forgotten.

        Raises NotFound without the right, or when there is no such person.
        """
        stored = await self._hashed(password)
        await self._database.write(
            lambda connection: _renew(connection, actor, person, stored, self._clock())
        )

    def _attempt(self, connection: Connection, email: str, keys: "_Keys") -> str | None:
        """Count the attempt, and return the stored hash of an active person with this address."""
        most = {
            keys.of_both: SIGN_IN_ATTEMPTS_MAX,
            keys.of_person: SIGN_IN_ATTEMPTS_MAX * PERSON_ATTEMPTS_FACTOR,
            keys.of_network: SIGN_IN_ATTEMPTS_MAX * ADDRESS_ATTEMPTS_FACTOR,
        }
        self._count(connection, most)
        person = tables.person.c
        hash_: str | None = connection.scalar(
            select(person.password_hash).where(person.email == email, person.active)
        )
        return hash_

    def _confirmation(self, connection: Connection, person: str, key: str) -> str | None:
        """Count the attempt, and return the stored hash of the person, who is active."""
        self._count(connection, {key: SIGN_IN_ATTEMPTS_MAX})
        table = tables.person.c
        hash_: str | None = connection.scalar(
            select(table.password_hash).where(table.id == person, table.active)
        )
        return hash_

    def _count(self, connection: Connection, most: Mapping[str, int]) -> None:
        """Count an attempt under each key. Raises TooManyAttempts where there have been ``most`` of them."""
        if connection.dialect.name == "postgresql":
            # Of many guesses at once each sees those before it.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _COUNTING})
        now = self._clock()
        start = now - timedelta(seconds=SIGN_IN_WINDOW_SECONDS)
        table = tables.sign_in_attempt
        connection.execute(delete(table).where(table.c.at <= start))
        for key, allowed_attempts in most.items():
            count, oldest = connection.execute(
                select(func.count(), func.min(table.c.at)).where(table.c.key == key)
            ).one()
            if count >= allowed_attempts:
                wait = oldest + timedelta(seconds=SIGN_IN_WINDOW_SECONDS) - now
                raise TooManyAttempts(minutes=max(1, ceil(wait.total_seconds() / 60)))
        connection.execute(insert(table), [{"key": key, "at": now} for key in most])

    async def _verified(self, stored: str, password: str) -> bool:
        try:
            async with self._hashing:
                return await asyncio.to_thread(self._hasher.verify, stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _hashed(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(self._hasher.hash, _normal(password))


def _refused(connection: Connection, email: str, now: datetime) -> None:
    person = connection.scalar(select(tables.person.c.id).where(tables.person.c.email == email))
    audit.record(connection, Event.SESSION_REFUSED, "", now, **({"person": person} if person else {}))


def _succeeded(connection: Connection, email: str, keys: "_Keys", stored: str, renewed: str | None) -> Person:
    """Forget the person's failed attempts, and of the network address this one, which did not fail.

    The password must still be the one that was verified.
    """
    row = connection.execute(
        select(tables.person).where(
            tables.person.c.email == email,
            tables.person.c.active,
            tables.person.c.password_hash == stored,
        )
    ).one_or_none()
    if row is None:
        raise SignInRefused
    attempt = tables.sign_in_attempt
    last = select(func.max(attempt.c.id)).where(attempt.c.key == keys.of_network).scalar_subquery()
    mine = attempt.c.key.in_((keys.of_person, keys.of_both))
    connection.execute(delete(attempt).where(mine | (attempt.c.id == last)))
    if renewed is not None:
        _set_hash(connection, row.id, renewed)
    return people.person_of(row)


def _renew(connection: Connection, actor: Actor, person: str, hash_: str, now: datetime) -> None:
    if not allowed(actor, Action.SET_PASSWORD, OrganisationFacts()):
        raise NotFound
    _forget_attempts(connection, people.get(connection, person).email)
    _set_hash(connection, person, hash_)
    audit.record(connection, Event.PASSWORD_SET, actor.person, now, person=person)
    sessions.cut_all(connection, actor, person, now)


def _change(connection: Connection, mine: PageSession, old: str, new: str, now: datetime) -> None:
    person = tables.person.c
    # The person's row: whoever was given another password meanwhile has proved nothing.
    still = select(person.id).where(person.id == mine.person.id, person.active, person.password_hash == old)
    if connection.scalar(still.with_for_update()) is None:
        raise WrongOldPassword
    _forget_attempts(connection, mine.person.email)
    _set_hash(connection, mine.person.id, new)
    audit.record(connection, Event.PASSWORD_CHANGED, mine.person.id, now)
    sessions.end_others(connection, mine.person.id, mine.id, now)


def _forget_attempts(connection: Connection, email: str) -> None:
    """Of one person, from every network address."""
    key, attempted = _key("email", email), tables.sign_in_attempt.c.key
    connection.execute(
        delete(tables.sign_in_attempt).where((attempted == key) | attempted.startswith(f"{key}@"))
    )


def _set_hash(connection: Connection, person: str, hash_: str) -> None:
    connection.execute(update(tables.person).where(tables.person.c.id == person).values(password_hash=hash_))


def _key(kind: str, value: str) -> str:
    """What is counted, hashed: people type passwords into the wrong field, and it must not be kept."""
    return f"{kind}:{hashlib.sha256(value.encode(errors='replace')).hexdigest()}"


def _network(address: str) -> str:
    """What one guesser can have of the network: an address, or in IPv6 all 2**64 of a subnet."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address) or parsed.ipv4_mapped:
        return str(parsed)
    return str(ipaddress.IPv6Address(int(parsed) >> 64 << 64))


def _normal(password: str) -> str:
    """One form for the same letters, however the keyboard composed them."""
    return unicodedata.normalize("NFKC", password)


def check_new(password: str, about: Collection[str]) -> None:
    """Raise PasswordLength or PasswordGuessable. ``about`` as ``is_guessable`` has it."""
    normal = _normal(password)
    # Counted in the form that is hashed.
    if not PASSWORD_CHARACTERS_MIN <= len(normal) <= PASSWORD_CHARACTERS_MAX:
        raise PasswordLength(least=PASSWORD_CHARACTERS_MIN, most=PASSWORD_CHARACTERS_MAX)
    if is_guessable(normal, about):
        raise PasswordGuessable
