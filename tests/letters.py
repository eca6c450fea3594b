"""An invitation and the letters that come of it, for tests of what is written, waits and is sent."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from server.conversations import Meeting
from server.letter_format import Letter
from server.outbox import Outbox
from server.storage import tables
from tests.organisation import ANNUAL, JONAS, Organisation

THURSDAY = Meeting(datetime(2026, 11, 26, 8, 30, tzinfo=UTC), "Europe/Stockholm", "Rum Storsjön")
FRIDAY = Meeting(THURSDAY.at + timedelta(days=1, hours=4), "Europe/Stockholm", "Teams")


async def invited(here: Organisation, *, notify: bool = True, invite: bool = True) -> str:
    """A conversation of Maja and Jonas on Thursday, of which both are told; its id."""
    return await here.conversations.create(
        JONAS.actor, "maja", ANNUAL, THURSDAY, notify=notify, invite=invite
    )


async def rows(here: Organisation) -> list[Any]:
    """All letters as they are stored, oldest first."""
    table = tables.letter
    wanted = select(table).order_by(table.c.made_at, table.c.person_id)
    return await here.database.read(lambda connection: list(connection.execute(wanted).all()))


async def everything(waiting: Outbox) -> list[Letter]:
    """Take all that is due."""
    taken = []
    while (letter := await waiting.claim()) is not None:
        taken.append(letter)
    return taken
