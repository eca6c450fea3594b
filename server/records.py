"""Records: reading them, taking them away, and what the last one of two people said (F27, F28, F123).

A record stands in SQL as it was frozen and sealed, and is only ever read from there. Opening and downloading
one are events of the audit.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from server import activities, audit, conversations, documents, freezing, people
from server.audit import Event
from server.conversations import Conversation
from server.record import format as record_format
from server.record import paper as record_paper
from server.record.canonical_json import parsed
from server.record.content import RecordContent
from server.record.format import Statement
from server.record.paper import PaperWords
from server.record.sheet import Sheet
from server.rules.access import Action, Actor
from server.rules.errors import NotFound
from server.rules.limits import PAPERS_AT_ONCE_MAX, PREVIOUS_RECORDS_MAX, SALT_BYTES
from server.storage import tables
from server.storage.database import Database
from server.template.parts import Source

if TYPE_CHECKING:
    from server.record.sealing import OrganisationSeal, Seals


@dataclass(frozen=True, slots=True)
class Version:
    """One record of a conversation."""

    number: int
    """Counts from 1; a conversation that was opened again has another."""
    frozen_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """What was frozen, with the signatures that it has."""

    conversation: Conversation
    version: int
    content: RecordContent
    sha256: str
    """Of the canonical content, in hexadecimal."""
    statements: tuple[Statement, ...]
    """In the order in which they were signed."""
    frozen_at: datetime
    frozen_by: str
    """Person id."""
    closed_at: datetime | None
    sealed: bytes | None
    """With ``closed_at``: the file record.json."""

    @property
    def certificate(self) -> str:
        """Of the key that sealed it, in PEM; empty before it is closed."""
        return str(parsed(self.sealed)["certificate"]) if self.sealed else ""

    @property
    def fingerprint(self) -> str:
        """Of the same key; empty before it is closed."""
        if not self.sealed:
            return ""
        from server.record.sealing import fingerprint_in

        return fingerprint_in(self.certificate)

    def statement_of(self, person: str) -> Statement | None:
        """What this person has signed."""
        return next((each for each in self.statements if each.signer == person), None)


@dataclass(frozen=True, slots=True)
class Draft:
    """A conversation as it stands, as much of it as its reader may read."""

    conversation: Conversation
    content: RecordContent


def versions(connection: Connection, actor: Actor, id_: str) -> tuple[Version, ...]:
    """Every record of a conversation that the actor may read, the newest first. Raises NotFound."""
    conversation = conversations.see_former(connection, actor, id_)
    record = tables.record.c
    rows = connection.execute(
        select(record.version, record.frozen_at, record.closed_at, record.responsible_id)
        .where(record.conversation_id == id_)
        .order_by(record.version.desc())
    )
    return tuple(
        Version(row.version, row.frozen_at, row.closed_at)
        for row in rows
        if _as_then(conversation, row.responsible_id).may(actor, Action.READ_RECORD)
    )


def _as_then(conversation: Conversation, responsible: str | None) -> Conversation:
    """The conversation with the rights of one version's time: it is read by the two whose it was.

    Whoever it was handed over to afterwards was not there, and neither were the guests of those two.
    """
    if responsible in (None, conversation.responsible.id):
        return conversation
    return replace(conversation, facts=replace(conversation.facts, responsible=responsible, guests=()))


def of(connection: Connection, actor: Actor, id_: str, version: int) -> Record:
    """One record. Raises NotFound, also when there is no such version."""
    conversation = conversations.see_former(connection, actor, id_)
    record, signature = tables.record, tables.signature
    row = connection.execute(
        select(record).where(record.c.conversation_id == id_, record.c.version == version)
    ).one_or_none()
    if row is None:
        raise NotFound
    conversation = _as_then(conversation, row.responsible_id)
    conversations.required(conversation, actor, Action.READ_RECORD)
    if conversation.facts.responsible != conversation.responsible.id:
        then = people.get(connection, conversation.facts.responsible)
        conversation = replace(conversation, responsible=then)
    signed = connection.scalars(
        select(signature.c.statement)
        .where(signature.c.conversation_id == id_, signature.c.version == version)
        .order_by(signature.c.at, signature.c.person_id)
    )
    return Record(
        conversation=conversation,
        version=version,
        content=record_format.read(row.content),
        sha256=row.sha256,
        statements=tuple(map(record_format.read_statement, signed)),
        frozen_at=row.frozen_at,
        frozen_by=row.frozen_by,
        closed_at=row.closed_at,
        sealed=row.sealed,
    )


def opened(connection: Connection, actor: Actor, id_: str, version: int, now: datetime) -> Record:
    """As ``of``, for somebody who reads it now."""
    record = of(connection, actor, id_, version)
    audit.record(connection, Event.RECORD_OPENED, actor.person, now, conversation=id_, version=str(version))
    return record


def downloaded(
    connection: Connection, actor: Actor, id_: str, version: int, form: str, seals: "Seals", now: datetime
) -> tuple[Record, "OrganisationSeal"]:
    """As ``of``, for somebody who takes a closed record away as ``form``, with the key that seals it."""
    record = of(connection, actor, id_, version)
    conversations.required(record.conversation, actor, Action.DOWNLOAD_RECORD)
    if record.sealed is None:
        raise NotFound
    audit.record(
        connection,
        Event.RECORD_DOWNLOADED,
        actor.person,
        now,
        conversation=id_,
        version=str(version),
        format=form,
    )
    return record, seals(connection, now)


def draft(connection: Connection, actor: Actor, id_: str, now: datetime) -> Draft:
    """A conversation as it stands, for somebody who takes it away: only the panes that they may read."""
    conversation = conversations.see(connection, actor, id_)
    conversations.required(conversation, actor, Action.DOWNLOAD_DRAFT)
    contents = documents.contents(connection, actor, conversation)
    frozen = freezing.gathered(connection, conversation, contents, bytes(SALT_BYTES), now)
    if not activities.are_shown(actor, conversation):
        frozen = replace(frozen, resolved={**frozen.resolved, Source.ACTIVITIES: ()})
    audit.record(connection, Event.DRAFT_DOWNLOADED, actor.person, now, conversation=id_, format="pdf")
    return Draft(conversation, record_format.drawn(frozen))


def previous(
    connection: Connection, conversation: Conversation, kinds: Collection[str] | None = None
) -> RecordContent | None:
    """The newest closed record of the same two people: of the same kind of conversation, if there is one.

    ``kinds``: of no other kind of conversation than these.

    The caller has seen ``conversation``. Nothing of anybody else is looked at (design, section 4).
    """
    table, record, template = tables.conversation.c, tables.record.c, tables.template.c
    kind = template.body["kind"].as_string()
    rows = connection.execute(
        select(record.conversation_id, record.version, kind.label("kind"))
        .join(tables.conversation, table.id == record.conversation_id)
        .join(
            tables.template,
            (tables.template.c.id == table.template_id)
            & (tables.template.c.version == table.template_version),
        )
        .where(
            table.employee_id == conversation.employee.id,
            record.responsible_id == conversation.responsible.id,
            table.id != conversation.id,
            record.closed_at.is_not(None),
            *([] if kinds is None else [kind.in_(kinds)]),
        )
        .order_by(record.closed_at.desc(), record.version.desc(), record.conversation_id)
        .limit(PREVIOUS_RECORDS_MAX)
    ).all()
    if not rows:
        return None
    found = next((row for row in rows if row.kind == conversation.template.kind), rows[0])
    content = connection.scalars(
        select(record.content).where(
            record.conversation_id == found.conversation_id, record.version == found.version
        )
    ).one()
    return record_format.read(content)


class Records:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime], seals: "Seals") -> None:
        self._database = database
        self._clock = clock
        self._seals = seals
        self._seal: OrganisationSeal | None = None
        self._papers = asyncio.Semaphore(PAPERS_AT_ONCE_MAX)

    async def versions(self, actor: Actor, id_: str) -> tuple[Version, ...]:
        """As ``versions``."""
        return await self._database.read(lambda c: versions(c, actor, id_))

    async def of(self, actor: Actor, id_: str, version: int) -> Record:
        """As ``of``: for a receipt, which is not the record."""
        return await self._database.read(lambda c: of(c, actor, id_, version))

    async def open(self, actor: Actor, id_: str, version: int) -> Record:
        """As ``opened``."""
        return await self._database.write(lambda c: opened(c, actor, id_, version, self._clock()))

    async def download(
        self, actor: Actor, id_: str, version: int, form: str
    ) -> tuple[Record, "OrganisationSeal"]:
        """As ``downloaded``."""
        return await self._database.write(
            lambda c: downloaded(c, actor, id_, version, form, self._seals, self._clock())
        )

    async def draft(self, actor: Actor, id_: str) -> Draft:
        """As ``draft``."""
        return await self._database.write(lambda c: draft(c, actor, id_, self._clock()))

    async def paper(
        self, sheet: Sheet, words: PaperWords, sha256: str, seal: "OrganisationSeal | None"
    ) -> bytes:
        """As ``record_paper.pdf``, in a thread, and a few at a time."""
        async with self._papers:
            return await asyncio.to_thread(record_paper.pdf, sheet, words, sha256, seal, self._clock())

    async def unsealed_paper(self, sheet: Sheet, words: PaperWords) -> bytes:
        """As ``paper``, of what is no record."""
        return await self.paper(sheet, words, "", None)

    async def seal(self) -> "OrganisationSeal":
        """The organisation's key, for whoever asks for its certificate. It is read once: it never changes."""
        if self._seal is None:
            self._seal = await self._database.write(lambda c: self._seals(c, self._clock()))
        return self._seal
