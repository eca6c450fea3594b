"""A conversation gets another responsible while people write: who is closed, who is told, what is kept."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from server.former import Formers
from server.handover import Handovers
from server.handover_answers import Answer, HandoverAnswers
from server.realtime.room import CHANGED
from server.rules.access import Pane, Role
from server.storage.database import Database
from tests.conftest import SetClock
from tests.organisation import HELENA, JONAS, MAJA, TOMAS, Organisation, person, text
from tests.realtime.test_turns import Live

MINE, THEIRS, OURS = Pane.EMPLOYEE, Pane.MANAGER, Pane.JOINT
FIELD = "a6"
CANARY = "Kanariefågeln sjunger"
KEYS = 60


class Handed(Live):
    """A conversation in which both have shared and read, and all pages that are open on it."""

    async def begin(self) -> None:
        await super().begin()
        self.handovers = Handovers(self.here.database, self.here.clock)
        self.answers = HandoverAnswers(self.here.database, self.here.clock)
        self.formers = Formers(self.here.database, self.here.clock)
        await self.here.accounts.add(
            TOMAS.actor, person("ingrid", "Ingrid Solheim", None, Role.MANAGER), None
        )

    async def hand_over(self) -> None:
        await self.handovers.reassign(HELENA.actor, self.id, "ingrid")

    async def answer(self) -> None:
        asked = await self.answers.asked(MAJA.actor, self.id)
        goes = {each.key: Answer(True, each.state_vector) for each in asked.questions}
        await self.answers.answer(MAJA.actor, self.id, goes)


@pytest.fixture
async def live(database: Database, clock: SetClock) -> AsyncIterator[Handed]:
    live = Handed(Organisation(database, clock))
    await live.begin()
    yield live
    await live.rooms.drain()


async def test_the_predecessors_documents_are_closed_and_the_other_pages_are_told(live: Handed) -> None:
    live.id = await live.here.conversation()
    await live.here.write("maja", live.id, OURS, {FIELD: text("Vi skrev detta.")})
    theirs, mine, ours = await live.name(THEIRS), await live.name(MINE), await live.name(OURS)
    jonas, maja = await live.page("jonas", THEIRS, OURS), await live.page("maja", MINE, OURS)
    await live.hand_over()
    for name in (theirs, ours):
        await jonas.until(lambda name=name: jonas.ended(name) == "denied")  # type: ignore[misc]
    await maja.until(lambda: maja.ended(ours) == "denied" and maja.told(mine) == [CHANGED])
    assert maja.ended(mine) is None
    # The joint pane is withheld, and yet the successor's page follows the answer.
    ingrid, hers = await live.page("ingrid", THEIRS), await live.name(THEIRS)
    await live.answer()
    await ingrid.until(lambda: ingrid.told(hers) == [CHANGED])
    await ingrid.join(await live.name(OURS))
    assert ingrid.text(await live.name(OURS), FIELD) == "Vi skrev detta."


async def test_each_key_press_that_was_acknowledged_is_kept_and_none_reaches_the_successor(
    live: Handed,
) -> None:
    live.id = await live.here.conversation()
    theirs = await live.name(THEIRS)
    jonas = await live.page("jonas", THEIRS)
    before, going_on = len(jonas.saved(theirs)), asyncio.Event()

    def heard(number: int) -> bool:
        return len(jonas.saved(theirs)) - before >= number or jonas.ended(theirs) is not None

    async def type_on() -> None:
        """A few at a time, until the page is told that the document is closed."""
        for number in range(KEYS):
            jonas.type(theirs, f"{CANARY}{number};", FIELD)
            await jonas.until(partial(heard, number - 3))
            if number == KEYS // 3:
                going_on.set()
            if jonas.ended(theirs) is not None:
                return

    async def meanwhile() -> None:
        await going_on.wait()
        await live.hand_over()

    await asyncio.gather(type_on(), meanwhile())
    await jonas.until(lambda: jonas.ended(theirs) is not None)
    acknowledged = sum(jonas.saved(theirs)[before:])
    assert acknowledged
    (part,) = (await live.formers.of(JONAS.actor, live.id)).parts
    kept = str(part.content[FIELD])
    assert all(f"{CANARY}{number};" in kept for number in range(acknowledged))
    ingrid = await live.page("ingrid", THEIRS)
    assert ingrid.text(await live.name(THEIRS), FIELD) == ""
    assert not any(CANARY.encode() in frame for frame in ingrid.received)
