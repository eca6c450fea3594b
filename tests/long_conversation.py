"""A conversation as long as they get: 60 texts in each of three panes, 20,000 keystrokes in the log.

The log is as the rooms leave it: folded into a snapshot, but for what was typed since.
"""

from __future__ import annotations

import random
from typing import Any

import pycrdt
from sqlalchemy import Connection, insert, update

from crdt.document import Document
from server.rules.access import Pane
from server.rules.limits import COMPACTION_ROWS, UPDATE
from server.storage import tables
from tests.organisation import JONAS, MAJA, Organisation, annual_template

QUESTIONS = 60
KEYSTROKES = 20_000
KEYSTROKES_IN_A_ROW = 20
"""In one text, before somebody goes on in another."""
SYNCED_EVERY = 50
"""Keystrokes after which two who write in one pane have each other's."""
CLIENTS = (1001, 1002)
LETTERS = "abcdefghijklmnopqrstuvwxyzåäö  "


def long_template() -> dict[str, Any]:
    """The annual template's way of sharing and signing, with sixty questions in every pane."""

    def words(number: int) -> dict[str, str]:
        return {
            "sv": f"Fråga {number}: vad har gått bra, och vad har hindrat dig?",
            "nb": f"Spørsmål {number}: hva har gått bra, og hva har vært i veien?",
            "en": f"Question {number}: what went well, and what got in the way?",
        }

    panes = [pane.value for pane in Pane]
    questions = [
        {"id": f"q{number}", "type": "rich_text", "panes": panes, "label": words(number)}
        for number in range(QUESTIONS)
    ]
    return annual_template(sections=[{"id": "long", "title": words(0), "elements": questions}])


async def long_conversation(here: Organisation) -> str:
    """Found the organisation, and have everything typed and shared. Returns the conversation's id."""
    await here.found(long_template())
    id_ = await here.conversation()
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    await here.share(JONAS.actor, id_, Pane.MANAGER)
    for pane, writer in ((Pane.EMPLOYEE, "maja"), (Pane.MANAGER, "jonas"), (Pane.JOINT, "maja")):
        await _type(here, id_, pane, writer)
    return id_


async def _type(here: Organisation, id_: str, pane: Pane, writer: str) -> None:
    opening = await here.open(writer, id_, pane)
    seed = (await here.database.log.load(opening.document)).snapshot
    rows = keystrokes(seed, CLIENTS if pane is Pane.JOINT else CLIENTS[:1])
    folded = len(rows) - COMPACTION_ROWS + 1
    document = Document.loaded(opening.schema, UPDATE, seed, rows[:folded], {})
    snapshot = document.snapshot()
    document.close()

    def store(connection: Connection) -> None:
        of_document = {"document_id": opening.document}
        kept = [
            {**of_document, "sequence": number, "change": row}
            for number, row in enumerate(rows, 1)
            if number > folded
        ]
        connection.execute(insert(tables.document_update), kept)
        clients = [{**of_document, "client": client, "person_id": writer} for client in CLIENTS]
        connection.execute(insert(tables.document_client), clients)
        is_this = tables.document.c.id == opening.document
        connection.execute(update(tables.document).where(is_this).values(last=len(rows)))
        is_its = tables.document_snapshot.c.document_id == opening.document
        connection.execute(
            update(tables.document_snapshot).where(is_its).values(snapshot=snapshot, sequence=folded)
        )

    await here.database.write(store)


def keystrokes(seed: bytes, clients: tuple[int, ...]) -> list[bytes]:
    """What is typed into one pane: one update a keystroke, of one or of two who take turns at random."""
    dice = random.Random(20261120)
    docs: list[pycrdt.Doc[Any]] = [pycrdt.Doc(client_id=client) for client in clients]
    for doc in docs:
        doc.apply_update(seed)
    rows = []
    for number in range(KEYSTROKES // len(Pane)):
        doc = dice.choice(docs)
        field = f"q{number // KEYSTROKES_IN_A_ROW * 7 % QUESTIONS}"
        before = doc.get_state()
        with doc.transaction():
            paragraph: Any = doc.get(field, type=pycrdt.XmlFragment).children[0]
            if len(paragraph.children) == 0:
                paragraph.children.append(pycrdt.XmlText(""))
            text = paragraph.children[len(paragraph.children) - 1]
            text.insert(len(str(text).encode()), dice.choice(LETTERS))
        rows.append(doc.get_update(before))
        if number % SYNCED_EVERY == 0:
            for one in docs:
                for other in docs:
                    if one is not other:
                        one.apply_update(other.get_update(one.get_state()))
    return rows
