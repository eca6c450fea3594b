"""Turns in a conversation's life as open pages hear of them: real rooms, real rights, both databases."""

from collections.abc import AsyncIterator

import pytest

from server.realtime.clock import LoopClock
from server.realtime.room import CHANGED
from server.realtime.rooms import Rooms
from server.rules.access import Pane
from server.storage.database import Database
from server.storage.update_log import Author
from tests.conftest import SetClock
from tests.organisation import JONAS, MAJA, Organisation
from tests.realtime.doubles import Page

FIELD = "a8"
MINE, OURS = Pane.EMPLOYEE, Pane.JOINT


class Live:
    """The organisation with rooms on it, and one conversation that is ready to be signed."""

    def __init__(self, here: Organisation) -> None:
        self.here = here
        self.rooms = Rooms(here.documents, here.database.log, LoopClock(), here.database.others)
        self.id = ""

    async def begin(self) -> None:
        await self.here.found()
        self.id = await self.here.conversation()
        await self.here.ready(self.id)
        await self.here.sharing.open_pane(JONAS.actor, self.id, MINE)
        self.here.database.listen(self.rooms.hear)
        self.rooms.start()

    async def name(self, pane: Pane) -> str:
        return await self.here.name(self.id, pane)

    async def page(self, who: str, *panes: Pane) -> Page:
        """A page of somebody with these panes open."""
        page = Page(self.rooms, Author(who, (await self.here.visit(who)).id))
        await page.join(*[await self.name(pane) for pane in panes])
        return page


@pytest.fixture
async def live(database: Database, clock: SetClock) -> AsyncIterator[Live]:
    live = Live(Organisation(database, clock))
    await live.begin()
    yield live
    await live.rooms.drain()


async def test_at_a_freeze_every_page_becomes_a_reader_and_is_told(live: Live) -> None:
    maja, jonas = await live.page("maja", MINE, OURS), await live.page("jonas", MINE, OURS)
    mine, ours = await live.name(MINE), await live.name(OURS)
    await live.here.freezing.freeze(JONAS.actor, live.id)
    for page in (maja, jonas):
        await page.until(lambda page=page: page.told(ours) == [CHANGED])  # type: ignore[misc]
        assert page.scopes(ours) == ["read-write", "readonly"]
        assert page.ended(ours) is None
    assert maja.scopes(mine) == ["read-write", "readonly"]
    assert jonas.scopes(mine) == ["readonly"]


async def test_what_is_typed_after_a_freeze_is_refused_and_not_closed(live: Live) -> None:
    maja = await live.page("maja", OURS)
    ours = await live.name(OURS)
    await live.here.freezing.freeze(JONAS.actor, live.id)
    await maja.until(lambda: maja.scopes(ours)[-1:] == ["readonly"])
    maja.type(ours, "för sent", FIELD)
    await maja.until(lambda: len(maja.saved(ours)) == 2)
    assert maja.saved(ours) == [True, False]
    assert maja.ended(ours) is None


async def test_a_device_that_was_away_is_refused_with_its_late_text(live: Live) -> None:
    away = await live.page("maja", OURS)
    ours = await live.name(OURS)
    away.vanish(live.rooms)
    away.write(ours, "skrivet på tåget", FIELD)
    await live.here.freezing.freeze(JONAS.actor, live.id)
    again = Page(live.rooms, away.author)
    again.docs = away.docs
    await again.join(ours)
    assert again.scopes(ours) == ["readonly"]
    assert again.saved(ours) == [False]
    assert "skrivet på tåget" in again.text(ours, FIELD)


async def test_at_a_reopening_whoever_had_a_pane_open_is_sent_to_the_new_one(live: Live) -> None:
    sha256 = await live.here.freezing.freeze(JONAS.actor, live.id)
    await live.here.sign(MAJA.actor, live.id, sha256)
    maja, jonas = await live.page("maja", MINE, OURS), await live.page("jonas", OURS)
    mine, ours = await live.name(MINE), await live.name(OURS)
    await live.here.reopening.reopen(JONAS.actor, live.id, "Ett ord till.")
    for page, name in ((maja, mine), (maja, ours), (jonas, ours)):
        await page.until(lambda page=page, name=name: page.ended(name) == "moved")  # type: ignore[misc]
    again = await live.page("jonas", OURS)
    new = await live.name(OURS)
    again.type(new, " Mer.", FIELD)
    await again.until(lambda: again.saved(new) == [True, True])


@pytest.mark.parametrize("turn", ["decline", "cancel"])
async def test_nothing_is_written_in_what_was_declined_or_cancelled(live: Live, turn: str) -> None:
    maja = await live.page("maja", MINE, OURS)
    mine, ours = await live.name(MINE), await live.name(OURS)
    if turn == "decline":
        await live.here.declining.decline(MAJA.actor, live.id, "Inte nu.")
    else:
        await live.here.declining.cancel(JONAS.actor, live.id, "Inte nu.")
    for name in (mine, ours):
        await maja.until(lambda name=name: maja.scopes(name)[-1:] == ["readonly"])  # type: ignore[misc]
        maja.type(name, "för sent", FIELD if name == ours else "a1")
        await maja.until(lambda name=name: maja.saved(name) == [True, False])  # type: ignore[misc]
