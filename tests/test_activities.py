"""Follow-up activities: who sees them, who adds them, how they end."""

from datetime import date

import pytest
from sqlalchemy import Connection

from server import conversations, people, sources
from server.activities import ActivityState, GoalType
from server.activity_documents import Wording
from server.rules.errors import NoLongerPossible, NotFound
from server.template.parts import Source
from tests.conftest import SetClock
from tests.organisation import ASTRID, HELENA, JONAS, MAJA, TOMAS, Organisation


async def test_employee_and_manager_add_and_see_activities(here: Organisation) -> None:
    await here.new_activities.add(
        JONAS.actor, "maja", GoalType.WORK, Wording("Ny jourlista", due_on=date(2026, 12, 1))
    )
    await here.new_activities.add(MAJA.actor, "maja", GoalType.DEVELOPMENT, Wording("Handledarkurs"))
    for actor in (MAJA.actor, JONAS.actor):
        seen = await here.activities.of_employee(actor, "maja")
        assert [(each.title, each.due_on) for each in seen] == [
            ("Ny jourlista", date(2026, 12, 1)),
            ("Handledarkurs", None),
        ]


async def test_nobody_else_sees_or_adds_any(here: Organisation) -> None:
    for actor in (ASTRID.actor, HELENA.actor):
        with pytest.raises(NotFound):
            await here.activities.of_employee(actor, "maja")
        with pytest.raises(NotFound):
            await here.new_activities.add(actor, "maja", GoalType.WORK, Wording("Ny jourlista"))


async def test_a_finished_activity_stays_finished_and_comes_last(here: Organisation, clock: SetClock) -> None:
    done = await here.new_activities.add(
        JONAS.actor, "maja", GoalType.WORK, Wording("Gjord", due_on=date(2026, 1, 1))
    )
    dropped = await here.new_activities.add(
        JONAS.actor, "maja", GoalType.WORK, Wording("Struken", due_on=date(2026, 1, 2))
    )
    await here.new_activities.add(
        JONAS.actor, "maja", GoalType.WORK, Wording("Kvar", due_on=date(2026, 12, 1))
    )
    await here.activity_turns.complete(MAJA.actor, done)
    await here.activity_turns.cancel(MAJA.actor, dropped, "Ingen tid")
    with pytest.raises(NoLongerPossible):
        await here.activity_turns.cancel(MAJA.actor, done, "Ingen tid")
    seen = await here.activities.of_employee(MAJA.actor, "maja")
    assert [(each.title, each.state, each.completed_on) for each in seen] == [
        ("Kvar", ActivityState.ACTIVE, None),
        ("Gjord", ActivityState.COMPLETED, clock.now.date()),
        ("Struken", ActivityState.CANCELLED, None),
    ]


async def test_nobody_else_finishes_one(here: Organisation) -> None:
    id_ = await here.new_activities.add(JONAS.actor, "maja", GoalType.WORK, Wording("Ny jourlista"))
    for actor, asked in ((ASTRID.actor, id_), (MAJA.actor, "nothing")):
        with pytest.raises(NotFound):
            await here.activity_turns.complete(actor, asked)


async def test_the_two_of_a_conversation_look_back_at_them(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.new_activities.add(JONAS.actor, "maja", GoalType.WORK, Wording("Ny jourlista"))
    for actor in (MAJA.actor, JONAS.actor):
        assert [each.title for each in await here.activities.of_conversation(actor, id_)] == ["Ny jourlista"]


async def test_a_conversation_that_is_over_shows_the_activities_of_today_to_nobody(
    here: Organisation, clock: SetClock
) -> None:
    """Whoever was responsible for it reads it on, and with that nothing of what is agreed on since."""
    id_ = await here.conversation()
    await here.declining.cancel(JONAS.actor, id_, "Maja byter tjänst")
    await here.database.write(lambda c: people.place(c, TOMAS.actor, "maja", None, "astrid", clock.now))
    await here.new_activities.add(ASTRID.actor, "maja", GoalType.WORK, Wording("Ny jourlista"))
    assert await here.activities.of_conversation(JONAS.actor, id_) == []

    def read(connection: Connection) -> object:
        conversation = conversations.see(connection, JONAS.actor, id_)
        return sources.resolved(connection, conversation)[Source.ACTIVITIES]

    assert await here.database.read(read) == []
