"""Making bundles, in the background: claimed from the table, step by step, anew after every end of a node."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection

from server import people
from server.own_data import bundles, conversation
from server.own_data.bundles import Bundle, Claim, File, Lost
from server.own_data.conversation import OwnConversation
from server.own_data.source import Item, Source
from server.own_data.sources import SOURCES
from server.people import Person
from server.policy import Policy
from server.policy import get as policy_now
from server.rules.access import Actor, Role
from server.rules.errors import NotFound, StorageUnavailable
from server.storage.database import Database

if TYPE_CHECKING:
    from server.record.sealing import OrganisationSeal

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chapter:
    """What the reading guide says of one part of a bundle."""

    source: str
    """Name of the source; empty for a conversation."""
    title: str
    under: str
    """A line about it."""
    page: str
    """The file for people."""
    others: tuple[str, ...]
    """The other files, in the order in which they stand in the bundle."""
    count: int
    """How many items it has."""


class Writer(Protocol):
    """Words what was read, in the person's language, as files. For a thread: it puts records on paper."""

    def source(
        self, me: Person, source: Source, items: Sequence[Item], now: datetime
    ) -> tuple[Chapter, list[File]]:
        """One kind, as a page for people and as JSON."""
        ...

    def conversation(
        self, me: Person, number: int, own: OwnConversation, seal: "OrganisationSeal", now: datetime
    ) -> tuple[Chapter, list[File]]:
        """One conversation; ``number`` counts from 1."""
        ...

    def guide(
        self, me: Person, chapters: Sequence[Chapter], policy: Policy, asked: Sequence[Person], now: datetime
    ) -> list[File]:
        """What is in the bundle, where it comes from, why and how long it is kept, and who is ``asked``."""
        ...


class Maker:
    """Makes what waits. One a node."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        seal: Callable[[], Awaitable["OrganisationSeal"]],
        writer: Writer,
    ) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal
        self._writer = writer

    async def work(self) -> None:
        """Make everything that waits, and erase what was there long enough. Raises StorageUnavailable."""
        await self._database.write(lambda c: bundles.erase_old(c, self._clock()))
        while claim := await self._database.write(lambda c: bundles.claim(c, self._clock())):
            try:
                await self._make(claim)
            except Lost:
                continue
            except StorageUnavailable:
                raise
            except asyncio.CancelledError:
                # This node goes down in good order: another, or this one afterwards, need not wait.
                await asyncio.shield(self._database.write(lambda c: bundles.leave(c, claim)))
                raise
            except Exception:
                # It may be this bundle: others are made all the same, and this one is tried again later.
                log.exception("a bundle of own data could not be made")
                await self._fail(claim)

    async def _make(self, claim: Claim) -> None:
        ids = await self._database.read(lambda c: conversation.ids(c, claim.person))
        total = len(ids) + len(SOURCES) + 1
        chapters: list[Chapter] = []
        seal = await self._seal()
        for number, id_ in enumerate(ids, start=1):
            own = await self._conversation(claim, id_)
            if own is None:
                await self._store(claim, number, total, [])
                continue
            chapter, files = await asyncio.to_thread(
                self._writer.conversation, claim.person, len(chapters) + 1, own, seal, self._clock()
            )
            chapters.append(chapter)
            await self._store(claim, number, total, files)
        for number, source in enumerate(SOURCES, start=len(ids) + 1):
            items = await self._items(claim, source)
            chapter, files = await asyncio.to_thread(
                self._writer.source, claim.person, source, items, self._clock()
            )
            chapters.append(chapter)
            await self._store(claim, number, total, files)
        policy, asked = await self._database.read(lambda c: (policy_now(c), people.with_role(c, Role.HR)))
        guide = await asyncio.to_thread(
            self._writer.guide, claim.person, chapters, policy, asked, self._clock()
        )
        await self._store(claim, total, total, guide)
        await self._database.write(lambda c: bundles.finish(c, claim, self._clock()))

    async def _conversation(self, claim: Claim, id_: str) -> OwnConversation | None:
        def read(connection: Connection) -> OwnConversation | None:
            try:
                return conversation.read(connection, _still(connection, claim), id_, self._clock())
            except NotFound:
                return None

        return await self._database.read(read)

    async def _items(self, claim: Claim, source: Source) -> list[Item]:
        return await self._database.read(lambda c: list(source.read(c, _still(c, claim), self._clock())))

    async def _store(self, claim: Claim, done: int, total: int, files: Sequence[File]) -> None:
        await self._database.write(lambda c: bundles.step(c, claim, done, total, files, self._clock()))

    async def _fail(self, claim: Claim) -> None:
        await self._database.write(lambda c: bundles.fail(c, claim, self._clock()))


def _still(connection: Connection, claim: Claim) -> Person:
    """The person with the rights of now. Raises Lost for somebody who has left meanwhile."""
    me = people.get(connection, claim.person.id)
    if not me.active:
        raise Lost
    return me


class OwnData:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime], begin: Callable[[], None]) -> None:
        """``begin`` has this node look for what is to be made."""
        self._database = database
        self._clock = clock
        self._begin = begin

    async def ask(self, actor: Actor) -> None:
        """As ``bundles.ask``."""
        await self._database.write(lambda c: bundles.ask(c, actor, self._clock()))
        self._begin()

    async def mine(self, actor: Actor) -> list[Bundle]:
        """As ``bundles.of``."""
        return await self._database.read(lambda c: bundles.of(c, actor))

    async def download(self, actor: Actor, id_: str) -> list[str]:
        """As ``bundles.downloaded``."""
        return await self._database.write(lambda c: bundles.downloaded(c, actor, id_, self._clock()))

    async def content(self, id_: str, number: int) -> bytes | None:
        """As ``bundles.content``."""
        return await self._database.read(lambda c: bundles.content(c, id_, number))

    async def throw_away(self, actor: Actor, id_: str) -> None:
        """As ``bundles.throw_away``."""
        await self._database.write(lambda c: bundles.throw_away(c, actor, id_, self._clock()))
