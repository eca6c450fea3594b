"""A small organisation in a real database, set up and used through the features alone."""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import func, select

from crdt.content import Content
from crdt.document import Document
from crdt.encoding import uint
from crdt.update import parse_state_vector
from server import start
from server.accounts import Accounts
from server.activities import Activities
from server.activity_turns import ActivityTurns
from server.conversations import Conversation, Conversations, Meeting
from server.declining import Declining
from server.demo import data
from server.documents import Documents
from server.freezing import Freezing
from server.invitations import Invitation, Invitations
from server.meetings import Meetings
from server.new_activities import NewActivities
from server.notes import Notes
from server.people import Employment, Person
from server.realtime.ports import Opening
from server.record.sealing import seal
from server.records import Records
from server.reopening import Reopening
from server.rules.access import OPERATOR, Actor, Pane, Role
from server.rules.limits import UPDATE
from server.sessions import PageSession, Sessions
from server.sharing import Sharing
from server.signing import Signing
from server.start import Start
from server.storage import tables
from server.storage.bells import Bell
from server.storage.database import Clock, Database
from server.storage.update_log import Append, Touch
from server.templates import Templates

PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ANNUAL = ("arssamtal-tre-rutor", 1)


def person(id_: str, name: str, manager: str | None, *roles: Role) -> Person:
    """Somebody whose address is ``id@nordljus.example``."""
    return Person(
        id=id_,
        name=name,
        email=f"{id_}@nordljus.example",
        unit=None,
        title={"sv": "Tekniker", "nb": "Tekniker", "en": "Technician"},
        manager_id=manager,
        locale="sv",
        roles=frozenset({Role.EMPLOYEE, *roles}),
        employment=Employment("tillsvidare", date(2020, 1, 1)),
    )


TOMAS = person("tomas", "Tomas Eklund", None, Role.SYSTEM_ADMINISTRATOR)
HELENA = person("helena", "Helena Wik", None, Role.HR, Role.FORM_ADMINISTRATOR)
ASTRID = person("astrid", "Astrid Lindqvist", None, Role.MANAGER)
JONAS = person("jonas", "Jonas Bergman", "astrid", Role.MANAGER)
MAJA = person("maja", "Maja Öberg", "jonas")
EVERYBODY = (TOMAS, HELENA, ASTRID, JONAS, MAJA)


def annual_template(**changes: Any) -> dict[str, Any]:
    """The sample organisation's template, open to every unit, with some keys changed."""
    body = deepcopy(_annual())
    body.pop("available_to")
    return body | changes


@cache
def _annual() -> dict[str, Any]:
    return data.templates()[0]


def text(*paragraphs: str) -> Any:
    """A text as a document holds it."""
    return [{"type": "paragraph", "runs": [{"text": each}] if each else []} for each in paragraphs]


@dataclass
class Organisation:
    """Its features, and what people do in a test."""

    database: Database
    clock: Clock
    bells: list[Bell] = field(default_factory=list)
    _client: int = 100

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.database, self.clock, QUICK)
        self.sessions = Sessions(self.database, self.clock)
        self.templates = Templates(self.database, self.clock)
        self.conversations = Conversations(self.database, self.clock)
        self.sharing = Sharing(self.database, self.clock)
        self.documents = Documents(self.database, self.sessions, self.clock)
        self.invitations = Invitations(self.database, self.clock)
        self.activities = Activities(self.database, self.clock)
        self.new_activities = NewActivities(self.database, self.clock)
        self.activity_turns = ActivityTurns(self.database, self.clock)
        self.notes = Notes(self.database, self.clock)
        self.freezing = Freezing(self.database, self.clock, seal)
        self.signing = Signing(self.database, self.clock, self.accounts, seal)
        self.records = Records(self.database, self.clock, seal)
        self.reopening = Reopening(self.database, self.clock)
        self.declining = Declining(self.database, self.clock)
        self.meetings = Meetings(self.database, self.clock)
        self.database.listen(self.bells.append)

    async def found(self, template: dict[str, Any] | None = None) -> None:
        """Add everybody and the template."""
        await self.accounts.add(OPERATOR, TOMAS, PASSWORD)
        for one in EVERYBODY[1:]:
            await self.accounts.add(TOMAS.actor, one, PASSWORD if one in (MAJA, JONAS) else None)
        await self.templates.add(HELENA.actor, template or annual_template())

    async def mine(self, actor: Actor) -> list[tuple[Conversation, bool]]:
        """The actor's conversations as the start page has them, each with whether it is started."""
        return [(talk.conversation, talk.is_started) for talk in (await self._start(actor)).talks]

    async def invited_to(self, actor: Actor) -> list[Invitation]:
        """The actor's parts as a guest, accepted or not, as the start page has them."""
        return list((await self._start(actor)).invitations)

    async def _start(self, actor: Actor) -> Start:
        return await self.database.read(lambda c: start.of(c, actor, self.clock(), has_staff=False))

    async def conversation(self, meeting: Meeting | None = None) -> str:
        """Maja's conversation with Jonas."""
        return await self.conversations.create(JONAS.actor, "maja", ANNUAL, meeting)

    async def visit(self, who: str) -> PageSession:
        """A session of somebody."""
        return await self.sessions.find(await self.sessions.begin(who, ""))

    async def name(self, id_: str, pane: Pane) -> str:
        """The wire name of a pane's current generation, whoever may know it."""
        named = (
            select(tables.document.c.name)
            .join(tables.pane, tables.pane.c.document_id == tables.document.c.id)
            .where(tables.pane.c.conversation_id == id_, tables.pane.c.pane == pane)
        )
        return await self.database.read(lambda connection: connection.scalars(named).one())

    async def open(self, who: str, id_: str, pane: Pane, name: str | None = None) -> Opening:
        """What the desk says to somebody who asks for a pane's document, the current one by default."""
        name = name or await self.name(id_, pane)
        return await self.documents.open((await self.visit(who)).id, name)

    async def write(self, who: str, id_: str, pane: Pane, content: Content) -> bytes:
        """Have somebody fill in fields, as over the wire. Returns the page's state vector afterwards."""
        return await self.write_in(who, await self.name(id_, pane), content)

    async def write_in(self, who: str, name: str, content: Content) -> bytes:
        """As ``write``, in the document with this name on the wire."""
        opening = await self.documents.open((await self.visit(who)).id, name)
        document = await self.load(opening)
        self._client += 1
        return await self._append(who, opening, document, document.fill(content, self._client))

    async def take_back(self, who: str, id_: str, pane: Pane) -> bytes:
        """Delete all that the last ``write`` wrote, as an undo in the browser does."""
        opening = await self.open(who, id_, pane)
        document = await self.load(opening)
        written = parse_state_vector(document.state_vector(), UPDATE)[self._client]
        # No structs; one client with one range of deleted clocks.
        deletion = b"".join(map(uint, (0, 1, self._client, 1, 0, written)))
        return await self._append(who, opening, document, deletion)

    async def _append(self, who: str, opening: Opening, document: Document, update: bytes) -> bytes:
        merged = document.merge(update, who)
        repeated = opening.repeated
        await self.database.log.append(
            Append(
                opening.document,
                document.take_change() or b"",
                (opening.author,),
                tuple(Touch(who, name) for name in sorted(merged.touched)),
                tuple((client, who) for client in merged.new_clients),
                summary=repeated.summarise(document.content()) if repeated else None,
                follows=(await self.database.log.load(opening.document)).sequence,
            )
        )
        state_vector = document.state_vector()
        document.close()
        return state_vector

    async def load(self, opening: Opening) -> Document:
        """The opened document as it is stored."""
        stored = await self.database.log.load(opening.document)
        return Document.loaded(opening.schema, UPDATE, stored.snapshot, stored.updates, stored.clients)

    async def state_vector(self, who: str, id_: str, pane: Pane) -> bytes:
        """What a page that shows the stored document would send."""
        document = await self.load(await self.open(who, id_, pane))
        state_vector = document.state_vector()
        document.close()
        return state_vector

    async def share(self, actor: Actor, id_: str, pane: Pane) -> None:
        """Share a pane from a page that is up to date."""
        vector = await self.state_vector(actor.person, id_, pane)
        await self.sharing.share(actor, id_, pane, vector)

    async def ready(self, id_: str) -> None:
        """Fill in all that the annual template asks of Maja's conversation with Jonas, and share."""
        await self.write("maja", id_, Pane.EMPLOYEE, {"a1": text("Larmrutinen sitter.")})
        await self.write("jonas", id_, Pane.MANAGER, {"a1": text("Du har lyft hela laget.")})
        await self.write(
            "maja", id_, Pane.JOINT, {"a6": text("Mot driftledning."), "a8": text("Vi är nöjda.")}
        )
        await self.share(MAJA.actor, id_, Pane.EMPLOYEE)
        await self.share(JONAS.actor, id_, Pane.MANAGER)

    async def frozen(self) -> tuple[str, str]:
        """Maja's conversation with Jonas, frozen by her: its id, and the SHA-256 of what is to be signed."""
        id_ = await self.conversation()
        await self.ready(id_)
        return id_, await self.freezing.freeze(MAJA.actor, id_)

    async def sign(self, actor: Actor, id_: str, sha256: str, comment: str = "") -> bool:
        """Sign in Swedish, with the password that everybody here has. Whether that closed it."""
        return await self.signing.sign(actor, id_, sha256, "sv", comment, PASSWORD)

    async def closed(self) -> tuple[str, str]:
        """As ``frozen``, and signed by both."""
        id_, sha256 = await self.frozen()
        await self.sign(MAJA.actor, id_, sha256)
        assert await self.sign(JONAS.actor, id_, sha256)
        return id_, sha256

    async def count(self, table: str) -> int:
        """Rows of a table."""
        counted = select(func.count()).select_from(tables.METADATA.tables[table])
        return await self.database.read(lambda connection: connection.scalar(counted) or 0)
