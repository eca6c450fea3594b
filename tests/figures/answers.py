"""Conversations with answers of an ordinary length, made through the features before a server opens them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from crdt.content import Content
from crdt.document import Document
from crdt.schema import Text
from server import sessions
from server.demo.texts import blocks
from server.documents import open_document
from server.rules.limits import UPDATE
from server.storage.database import Database
from server.storage.update_log import Append, Touch

ANSWER = """\
Året har gått bättre än jag trodde. Pumpstationen vid Odenvik fick nya givare före sommaren, och sedan dess \
har vi haft **två** utryckningar på natten i stället för elva. Det märks på sömnen, och det märks hemma.
Det som har hindrat mig är att vi byter planering mitt i veckan. När ett akut läckage går före vet ingen vad \
som ska falla bort, och då faller det som ingen frågar efter: underhållet. Jag har skrivit upp när det hände:
- vecka 12, då ventilerna i Brunflo sköts upp för tredje gången
- vecka 19, då jag var *ensam* på skiftet fast schemat sade två
- vecka 35 till 37, då ingen visste vem som hade jouren
Jag vill att vi bestämmer **en** dag i veckan som inte får röras, och att den som bryter den säger varför. \
Jag vill också lära mig styrsystemet ordentligt: i dag kan två personer det, och båda har semester i juli. \
Kursen i oktober går tre dagar i Sundsvall, och Elias tar mina pass om jag tar hans i november.
Till sist: möten efter klockan 15 fungerar inte för mig i vår, eftersom jag hämtar på förskolan varannan \
vecka. Tack för att du frågade, det hade jag inte tagit upp annars, även om det inte är så stort.
"""
"""About 1.2 kB, with marks and a list."""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Writer:
    """Fills in whole documents, each in one update, as over the wire."""

    database: Database
    _clients: count[int] = field(default_factory=lambda: count(5_000))

    async def begin_session(self, person: str) -> str:
        """Begin a session of somebody, without a password, and return its key."""
        return await self.database.write(lambda c: sessions.begin(c, person, "", now()))

    async def answer(self, key: str, name: str) -> None:
        """Put the answer into every text field of the document ``name``, as the person of the session."""
        opening = await self.database.read(
            lambda c: open_document(c, sessions.find(c, sessions.hashed(key), now()), name, now())
        )
        stored = await self.database.log.load(opening.document)
        document = Document.loaded(opening.schema, UPDATE, stored.snapshot, stored.updates, stored.clients)
        content: Content = {
            one.name: blocks(ANSWER) for one in opening.schema.fields if isinstance(one, Text)
        }
        person = opening.author.person
        merged = document.merge(document.fill(content, next(self._clients)), person)
        await self.database.log.append(
            Append(
                opening.document,
                document.take_change() or b"",
                (opening.author,),
                tuple(Touch(person, name) for name in sorted(merged.touched)),
                tuple((client, person) for client in merged.new_clients),
            )
        )
        document.close()
