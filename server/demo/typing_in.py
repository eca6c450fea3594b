"""How the people of the play write: into a document that they have opened, as over the wire."""

from collections.abc import Mapping
from typing import Any

from crdt.document import Document
from server.demo.answers import content
from server.demo.clock import Played
from server.documents import Documents
from server.realtime.ports import Opening
from server.rules.limits import UPDATE
from server.sessions import Session
from server.storage.database import Database
from server.storage.update_log import Append, Loaded, Touch


class Typing:
    """Of everybody. Each time with a Yjs client id of its own, as each page has."""

    def __init__(self, database: Database, documents: Documents, clock: Played) -> None:
        self._log = database.log
        self._documents = documents
        self._clock = clock
        self._client = 1_000

    async def write(self, session: Session, name: str, answers: Mapping[str, Any]) -> None:
        """Write answers into what is empty in the document with this wire name."""
        opening = await self._documents.open(session.id, name)
        stored = await self._log.load(opening.document)
        document = _document(opening, stored)
        self._client += 1
        said = content(answers, opening.schema, self._clock.today, self._client)
        update = document.fill(said, self._client)
        merged = document.merge(update, session.person.id)
        await self._log.append(
            Append(
                document=opening.document,
                change=document.take_change() or update,
                authors=(opening.author,),
                touched=tuple(Touch(session.person.id, field) for field in sorted(merged.touched)),
                new_clients=tuple((client, session.person.id) for client in merged.new_clients),
                summary=opening.repeated.summarise(document.content()) if opening.repeated else None,
                follows=stored.sequence,
            )
        )
        document.close()

    async def state_vector(self, session: Session, name: str) -> bytes:
        """What a page that shows the document would say that it has."""
        opening = await self._documents.open(session.id, name)
        document = _document(opening, await self._log.load(opening.document))
        state_vector = document.state_vector()
        document.close()
        return state_vector


def _document(opening: Opening, stored: Loaded) -> Document:
    return Document.loaded(opening.schema, UPDATE, stored.snapshot, stored.updates, stored.clients)
