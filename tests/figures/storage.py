"""What a conversation takes on disk: while it is typed, and once its log has been folded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from crdt.document import Document
from server.realtime.folding import Folding
from server.realtime.ports import Opening
from server.rules.access import Pane
from server.rules.limits import UPDATE
from server.settings import Settings
from server.storage.opening import open_database
from server.storage.update_log import Append, Touch
from tests.figures.answers import now
from tests.long_conversation import CLIENTS, KEYSTROKES, keystrokes, long_template
from tests.organisation import Organisation

WRITERS = {Pane.EMPLOYEE: "maja", Pane.MANAGER: "jonas", Pane.JOINT: "maja"}
FOLDED_MAX = 1.2
"""Bytes on disk for each byte of the encoded documents."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes that 45 minutes of two people take in the database, beyond what it takes before they begin."""

    typed: int
    """With one row a keystroke, as nobody's log ever is: it is folded now and then."""
    folded: int
    encoded: int
    """Of the three documents as Yjs encodes them."""

    @property
    def of_a_keystroke(self) -> float:
        return self.typed / KEYSTROKES

    @property
    def ratio(self) -> float:
        return self.folded / self.encoded


async def store(data: Path, advance: Callable[[], None] = lambda: None) -> Stored:
    """Type a whole conversation in the empty folder ``data``. ``advance`` is called for each pane."""
    database = await open_database(Settings(data=data).database_url, now)
    try:
        here = Organisation(database, now)
        await here.found(long_template())
        id_ = await here.conversation()
        openings = [await here.open(writer, id_, pane) for pane, writer in WRITERS.items()]
        before = await database.read(used)
        for opening in openings:
            await _type(here, opening)
            advance()
        typed = await database.read(used)
        encoded = sum([await _fold(here, opening) for opening in openings])
        return Stored(typed - before, await database.read(used) - before, encoded)
    finally:
        await database.close()


def used(connection: Connection) -> int:
    """Bytes of SQLite's file in which there is something."""

    def ask(pragma: str) -> int:
        return int(connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one())

    return ask("page_size") * (ask("page_count") - ask("freelist_count"))


async def _type(here: Organisation, opening: Opening) -> None:
    log, person = here.database.log, opening.author.person
    seed = (await log.load(opening.document)).snapshot
    touched = (Touch(person, opening.schema.fields[0].name),)
    clients = tuple((client, person) for client in CLIENTS)
    rows = keystrokes(seed, CLIENTS if opening.pane is Pane.JOINT else CLIENTS[:1])
    appends = [Append(opening.document, row, (opening.author,), touched, clients) for row in rows]
    # In their order, many in one commit: how many makes no difference to what stands there.
    await asyncio.gather(*(log.append(append) for append in appends))


async def _fold(here: Organisation, opening: Opening) -> int:
    log = here.database.log
    loaded = await log.load(opening.document)
    document = Document.loaded(opening.schema, UPDATE, loaded.snapshot, loaded.updates, loaded.clients)
    await Folding(log, opening.document, loaded.sequence, opening.schema, document).finish()
    encoded = len(document.snapshot())
    document.close()
    return encoded
