"""The page with 60 text fields: 20 questions in three panes, all of them answered and readable."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

from server import conversations, people, templates
from server.rules.access import Pane
from server.settings import Settings
from server.storage.opening import open_database
from tests.figures.answers import Writer, now

QUESTIONS = 20
EMPLOYEE, RESPONSIBLE, ADMINISTRATOR = "maja", "jonas", "helena"
"""Of the sample organisation."""


def long_template() -> dict[str, Any]:
    """Every question is asked in every pane, and each party reads the other's pane from the start."""

    def words(text: str) -> dict[str, str]:
        return dict.fromkeys(("sv", "nb", "en"), text)

    return {
        "id": "sixty-fields",
        "version": 1,
        "kind": "annual",
        "name": words("Sextio fält"),
        "layout": "three_pane",
        "share": {"enabled": False},
        "sign": {"enabled": False},
        "completes": "manager",
        "sections": [
            {
                "id": "long",
                "title": words("Ett långt samtal"),
                "elements": [
                    {
                        "id": f"q{number}",
                        "type": "rich_text",
                        "panes": [pane.value for pane in Pane],
                        "label": words(f"Fråga {number}: hur har det gått, och vad behöver ändras?"),
                    }
                    for number in range(1, QUESTIONS + 1)
                ],
            }
        ],
    }


async def add_sixty(data: Path) -> str:
    """Add the conversation to the sample organisation that was played in ``data``. Returns its id.

    No server may run there.
    """
    database = await open_database(Settings(data=data).database_url, now)
    try:
        cast = {person.id: person.actor for person in await database.read(people.everybody)}
        await database.write(lambda c: templates.add(c, cast[ADMINISTRATOR], long_template(), now()))
        id_ = await database.write(
            lambda c: conversations.create(
                c, cast[RESPONSIBLE], EMPLOYEE, ("sixty-fields", 1), meeting=None, now=now()
            )
        )
        made = await database.read(lambda c: conversations.see(c, cast[EMPLOYEE], id_))
        writer = Writer(database)
        for stored in made.panes.values():
            key = await writer.begin_session(stored.facts.owner or EMPLOYEE)
            await writer.answer(key, stored.name)
        return id_
    finally:
        await database.close()


def played_with_sixty(played: Path, into: Path) -> str:
    """Copy a played data folder and add the conversation. Returns its id. Not from within an event loop."""
    shutil.copytree(played, into, dirs_exist_ok=True)
    return asyncio.run(add_sixty(into))
