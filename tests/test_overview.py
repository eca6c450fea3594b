"""The manager's overview: cells by the rules of F34-F37 and F65-F68, and what each viewer may know."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from server import employee, overview, people, policy
from server.activities import ActivityState
from server.overview import Agreed, Member, Overview, Talked
from server.people import Employment
from server.policy import Policy
from server.rules.access import OPERATOR, Actor
from server.rules.requirement import Urgency
from server.storage import tables
from server.storage.database import Database
from server.storage.opening import open_database
from tests.conftest import SetClock
from tests.organisation import ANNUAL, ASTRID, HELENA, JONAS, MAJA, Organisation, person
from tests.queries import counted
from tests.rows import add_activity, add_stand_in

# What each manager's overview must show in the sample organisation. Days are counted from its today.
EXPECTED = {
    "jonas": {
        "maja": ("started", ("active", 2)),
        "elias": ("started", ("none",)),
        "fatima": ("started", ("none",)),
        "leo": ("none", ("none",)),
    },
    "ingrid": {
        "kari": ("started", ("all_done", -14)),
        "ola": ("started", ("active", 1)),
        "priya": ("started", ("none",)),
    },
    "astrid": {
        "jonas": (("completed", -30), ("active", 1)),
        "ingrid": ("none", ("none",)),
        "helena": ("none", ("none",)),
        "tomas": ("none", ("none",)),
    },
}


# The sample organisation.


@pytest.fixture
async def sample(played: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A copy of the sample organisation, played today."""
    copy = shutil.copytree(played, tmp_path / "data")
    database = await open_database(f"sqlite:///{copy / 'samsyn.sqlite3'}", now)
    yield database
    await database.close()


def now() -> datetime:
    return datetime.now(UTC)


def cells(member: Member) -> tuple[object, object]:
    """As ``EXPECTED`` has them."""

    def day(on: date | None) -> int:
        assert on is not None
        return (on - now().date()).days

    talks, goals = member.talks, member.goals
    return (
        (talks.kind.value, day(talks.completed_on)) if talks.kind is Talked.COMPLETED else talks.kind.value,
        {
            Agreed.ACTIVE: ("active", goals.active),
            Agreed.ALL_DONE: ("all_done", day(goals.done_on) if goals.done_on else None),
            Agreed.NONE: ("none",),
        }[goals.kind],
    )


async def test_the_sample_organisation_shows_what_it_must(sample: Database) -> None:
    for manager, expected in EXPECTED.items():
        found = await sample.read(lambda c, m=manager: overview.staff(c, Actor(m), now()))  # type: ignore[misc]
        (section,) = found.sections
        assert {each.person.id: cells(each) for each in section.members} == expected


async def test_what_stands_beside_the_cells_of_the_sample(sample: Database) -> None:
    async def members(manager: str) -> dict[str, Member]:
        found = await sample.read(lambda c: overview.staff(c, Actor(manager), now()))
        return {each.person.id: each for each in found.sections[0].members}

    ingrids, jonass, astrids = [await members(who) for who in ("ingrid", "jonas", "astrid")]
    # Ola's conversation is with Jonas, who was his manager before.
    assert [id_ for id_, each in ingrids.items() if each.talks.is_elsewhere] == ["ola"]
    assert [id_ for id_, each in jonass.items() if each.due.urgency is Urgency.NONE] == ["leo"]
    assert [id_ for id_, each in astrids.items() if each.talks.is_declined] == ["tomas"]
    assert [id_ for id_, each in astrids.items() if each.has_none] == ["helena", "ingrid", "tomas"]
    assert jonass["maja"].due.urgency is Urgency.SOON


# A small organisation of its own.


async def seen(here: Organisation, actor: Actor) -> Overview:
    return await here.database.read(lambda c: overview.staff(c, actor, here.clock()))


async def maja(here: Organisation, actor: Actor = JONAS.actor) -> Member:
    """Maja as her manager sees her."""
    (section,) = (await seen(here, actor)).sections
    (member,) = section.members
    return member


async def stand_in(here: Organisation, who: str, days: int = 0) -> None:
    """Let somebody stand in for Jonas from today on."""
    today = here.clock().date()
    await add_stand_in(here.database, who, today, today + timedelta(days=days))


async def test_a_planned_conversation_counts_as_started_and_beats_a_completed_one(here: Organisation) -> None:
    assert (await maja(here)).talks.kind is Talked.NONE
    await here.closed()
    member = await maja(here)
    assert (member.talks.kind, member.talks.completed_on) == (Talked.COMPLETED, here.clock().date())
    await here.conversation()
    member = await maja(here)
    assert (member.talks.kind, member.talks.completed_on) == (Talked.STARTED, here.clock().date())


async def test_a_conversation_that_was_cancelled_or_declined_is_none(
    here: Organisation, clock: SetClock
) -> None:
    await here.declining.cancel(JONAS.actor, await here.conversation(), "Vi tar det om en månad.")
    assert (await maja(here)).talks == overview.Talks(Talked.NONE, None, False, False, None)
    clock.pass_time(days=1)
    await here.declining.decline(MAJA.actor, await here.conversation(), "Vi hann prata redan.")
    clock.pass_time(days=1)
    assert (await maja(here)).talks == overview.Talks(Talked.NONE, None, False, True, None)
    await here.declining.cancel(JONAS.actor, await here.conversation(), "Fel dag.")
    assert (await maja(here)).talks.is_declined
    await here.conversation()
    assert not (await maja(here)).talks.is_declined


@pytest.mark.parametrize("kind", ["annual", "salary"])
async def test_a_conversation_about_pay_is_completed_and_the_yearly_one_is_due_all_the_same(
    here: Organisation, kind: str
) -> None:
    """As HR counts them (``server/coverage.py``)."""
    before = (await maja(here)).due
    await here.closed()
    template = tables.template

    def become(connection: Connection) -> None:
        body = connection.scalars(select(template.c.body)).one()
        connection.execute(update(template).values(body={**body, "kind": kind}))

    await here.database.write(become)
    member = await maja(here)
    assert member.talks.completed_on == here.clock().date()
    own = await here.database.read(lambda c: employee.see(c, JONAS.actor, "maja", here.clock()))
    assert member.due == own.due
    assert (member.due == before) is (kind == "salary")


async def test_what_was_signed_was_held_also_while_it_is_open_again(here: Organisation) -> None:
    id_, _ = await here.closed()
    held_on = here.clock().date()
    await here.reopening.reopen(MAJA.actor, id_, "Ett datum är fel.")
    talks = (await maja(here)).talks
    assert (talks.kind, talks.completed_on) == (Talked.STARTED, held_on)


async def test_a_conversation_with_somebody_else_is_told_of_and_nothing_of_it(here: Organisation) -> None:
    await here.conversation()
    assert not (await maja(here)).talks.is_elsewhere

    def give_to_helena(connection: Connection) -> None:
        people.place(connection, OPERATOR, "maja", None, "helena", here.clock())

    await here.database.write(give_to_helena)
    talks = (await maja(here, HELENA.actor)).talks
    assert (talks.kind, talks.is_elsewhere, talks.meets_at) == (Talked.STARTED, True, None)
    assert (await seen(here, JONAS.actor)).sections == ()


async def test_active_activities_beat_those_that_are_done_and_the_rest_is_ignored(here: Organisation) -> None:
    today = here.clock().date()
    await add_activity(here.database, ActivityState.CANCELLED, cancelled_on=today)
    await add_activity(here.database, ActivityState.ARCHIVED, completed_on=today)
    assert (await maja(here)).goals == overview.Goals(Agreed.NONE, 0, 0, None)
    for days in (20, 10):
        await add_activity(here.database, ActivityState.COMPLETED, completed_on=today - timedelta(days=days))
    done_on = today - timedelta(days=10)
    assert (await maja(here)).goals == overview.Goals(Agreed.ALL_DONE, 0, 0, done_on)
    await add_activity(here.database, ActivityState.ACTIVE, due_on=today - timedelta(days=1))
    await add_activity(here.database, ActivityState.ACTIVE, due_on=today)
    assert (await maja(here)).goals == overview.Goals(Agreed.ACTIVE, 2, 1, done_on)


async def test_somebody_who_has_left_is_not_there(here: Organisation) -> None:
    def leave(connection: Connection) -> None:
        people.change(connection, OPERATOR, replace(MAJA, active=False), here.clock())

    await here.database.write(leave)
    assert (await seen(here, JONAS.actor)) == Overview((), ())


async def test_a_stand_in_sees_the_cells_and_opens_no_activities(here: Organisation, clock: SetClock) -> None:
    await here.conversation()
    assert (await seen(here, HELENA.actor)).sections == ()
    await stand_in(here, "helena", days=2)
    (section,) = (await seen(here, HELENA.actor)).sections
    assert (section.manager.id, section.until) == ("jonas", clock().date() + timedelta(days=2))
    assert [each.person.id for each in section.members] == ["maja"]
    assert section.members[0].talks.kind is Talked.STARTED
    assert not section.members[0].talks.is_elsewhere
    assert not section.members[0].opens_activities
    assert (await maja(here)).opens_activities
    clock.pass_time(days=3)
    assert (await seen(here, HELENA.actor)).sections == ()


async def test_whoever_stands_in_for_her_own_manager_does_not_see_herself(here: Organisation) -> None:
    await stand_in(here, "maja")
    assert (await seen(here, MAJA.actor)).sections == ()


async def test_the_managers_manager_is_told_numbers_and_of_a_small_group_none(
    here: Organisation, clock: SetClock
) -> None:
    await here.closed()
    for number in range(3):
        await here.accounts.add(OPERATOR, person(f"p{number}", f"Person {number}", "jonas"), None)
    found = await seen(here, ASTRID.actor)
    assert [each.person.id for each in found.sections[0].members] == ["jonas"]
    assert [(team.manager.id, team.size, team.figures) for team in found.teams] == [("jonas", 4, None)]
    await here.accounts.add(OPERATOR, person("p4", "Person 4", "jonas"), None)
    (team,) = (await seen(here, ASTRID.actor)).teams
    assert (team.size, team.figures) == (5, overview.Figures(held=1, overdue=4))
    # Next year's conversation has yet to be held.
    clock.pass_time(days=60)
    (team,) = (await seen(here, ASTRID.actor)).teams
    assert team.figures == overview.Figures(held=0, overdue=4)
    assert (await seen(here, JONAS.actor)).teams == ()


async def test_whether_a_conversation_is_required_is_the_organisations_to_say(here: Organisation) -> None:
    assert (await maja(here)).due.urgency is Urgency.OVERDUE

    def require_none(connection: Connection) -> None:
        policy.put(connection, HELENA.actor, Policy(annual_required=False), here.clock())

    await here.database.write(require_none)
    member = await maja(here)
    assert (member.due.urgency, member.has_none) == (Urgency.NONE, False)


async def test_five_hundred_are_read_in_as_many_queries_as_one(here: Organisation) -> None:
    async def asked() -> int:
        with counted() as statements:
            await seen(here, JONAS.actor)
        return len(statements)

    one = await asked()

    def add_many(connection: Connection) -> None:
        for number in range(500):
            added = replace(
                person(f"p{number}", f"Person {number}", "jonas"),
                employment=Employment("fast", date(2020, 1, 1)),
            )
            people.add(connection, OPERATOR, added, None, here.clock())

    await here.database.write(add_many)
    await here.conversations.create(JONAS.actor, "p7", ANNUAL)
    assert 0 < await asked() == one <= 4
    (section,) = (await seen(here, JONAS.actor)).sections
    assert len(section.members) == 501
    assert [each.person.id for each in section.members if each.talks.kind is Talked.STARTED] == ["p7"]
