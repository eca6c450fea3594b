"""Stand-ins: who plans in a manager's place, on which days, and what they never see."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server import people
from server.conversations import Meeting
from server.rules.access import Action, Actor, Pane, allowed
from server.rules.errors import (
    AlreadyStandsIn,
    DayPassed,
    DaysReversed,
    NotByOneself,
    NotFound,
    NotOneself,
    Refusal,
    TextTooLong,
    TooFarAway,
    TooLongAway,
)
from server.stand_ins import Days, StandIns
from server.storage import tables
from server.storage.database import Database
from tests.conftest import SetClock
from tests.organisation import ANNUAL, ASTRID, HELENA, JONAS, MAJA, TOMAS, Organisation

TODAY = date(2026, 11, 20)
WEEK = Days(TODAY, TODAY + timedelta(days=6))
LATER = Days(TODAY + timedelta(days=10), TODAY + timedelta(days=24))
MEETING = Meeting(datetime(2026, 12, 1, 8, 30, tzinfo=UTC), "Europe/Stockholm", "Rum Storsjön")
MOVED = Meeting(datetime(2026, 12, 2, 8, 30, tzinfo=UTC), "Europe/Stockholm", "Labbet")


@pytest.fixture
def stand_ins(database: Database, clock: SetClock) -> StandIns:
    return StandIns(database, clock)


async def test_a_stand_in_plans_for_the_manager_on_the_days_that_were_named_and_on_no_other(
    here: Organisation, stand_ins: StandIns, clock: SetClock
) -> None:
    await stand_ins.name(JONAS.actor, "jonas", "tomas", LATER, "Semester")
    with pytest.raises(NotFound):
        await here.conversations.create(TOMAS.actor, "maja", ANNUAL, MEETING)
    clock.pass_time(days=10)
    id_ = await here.conversations.create(TOMAS.actor, "maja", ANNUAL, MEETING)
    await here.meetings.move(TOMAS.actor, id_, MOVED)
    seen = await here.conversations.see(JONAS.actor, id_)
    assert (seen.responsible.id, seen.meeting) == ("jonas", MOVED)
    clock.pass_time(days=15)
    with pytest.raises(NotFound):
        await here.meetings.move(TOMAS.actor, id_, MEETING)


async def test_the_day_is_the_organisations_own_and_not_that_of_utc(
    here: Organisation, stand_ins: StandIns, clock: SetClock
) -> None:
    tomorrow = TODAY + timedelta(days=1)
    await stand_ins.name(JONAS.actor, "jonas", "tomas", Days(tomorrow, tomorrow))
    clock.now = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert await here.conversations.create(TOMAS.actor, "maja", ANNUAL)
    clock.pass_time(days=1)
    with pytest.raises(NotFound):
        await here.conversations.create(TOMAS.actor, "maja", ANNUAL)


async def test_a_stand_in_sees_nothing_of_what_is_written(
    here: Organisation, stand_ins: StandIns, database: Database
) -> None:
    await stand_ins.name(JONAS.actor, "jonas", "tomas", WEEK)
    id_, _ = await here.closed()
    for see in (here.conversations.see, here.conversations.see_planned):
        with pytest.raises(NotFound):
            await see(TOMAS.actor, id_)
    with pytest.raises(NotFound):
        await here.records.of(TOMAS.actor, id_, 1)
    going_on = await here.conversation(MEETING)
    planned = await here.conversations.see_planned(TOMAS.actor, going_on)
    assert not any(planned.may(TOMAS.actor, action, pane) for action in Action for pane in Pane)
    mine = {action for action in Action if planned.may(TOMAS.actor, action)}
    assert mine == {Action.MOVE_MEETING}
    facts = await database.read(lambda c: people.facts_on(c, "maja", TODAY))
    on_maja = {action for action in Action if allowed(TOMAS.actor, action, facts)}
    assert on_maja == {Action.CREATE_CONVERSATION, Action.SEE_EMPLOYEE, Action.SEE_STAFF}


async def test_nobody_stands_in_for_the_conversation_that_is_about_themselves(
    here: Organisation, stand_ins: StandIns
) -> None:
    await stand_ins.name(JONAS.actor, "jonas", "maja", WEEK)
    with pytest.raises(NotFound):
        await here.conversations.create(MAJA.actor, "maja", ANNUAL)
    id_ = await here.conversation(MEETING)
    with pytest.raises(NotFound):
        await here.meetings.move(MAJA.actor, id_, MOVED)


async def test_hr_names_one_for_a_manager_who_is_away_and_nobody_else_does(
    here: Organisation, stand_ins: StandIns
) -> None:
    id_ = await stand_ins.name(HELENA.actor, "jonas", "astrid", WEEK)
    assert [each.id for each in await stand_ins.of_manager(JONAS.actor, "jonas")] == [id_]
    assert [each.id for each in await stand_ins.of_everybody(HELENA.actor)] == [id_]
    assert [each.manager.id for each in await stand_ins.mine(ASTRID.actor)] == ["jonas"]
    for other in (ASTRID, TOMAS, MAJA):
        with pytest.raises(NotFound):
            await stand_ins.name(other.actor, "jonas", "tomas", LATER)
        with pytest.raises(NotFound):
            await stand_ins.of_manager(other.actor, "jonas")
        with pytest.raises(NotFound):
            await stand_ins.of_everybody(other.actor)
        with pytest.raises(NotFound):
            await stand_ins.end(other.actor, id_)


async def test_nobody_of_hr_names_herself(here: Organisation, stand_ins: StandIns) -> None:
    with pytest.raises(NotByOneself):
        await stand_ins.name(HELENA.actor, "jonas", "helena", WEEK)
    assert await stand_ins.of_manager(JONAS.actor, "jonas") == []
    # The manager who is away may well name somebody of HR.
    assert await stand_ins.name(JONAS.actor, "jonas", "helena", WEEK)


async def test_for_somebody_without_staff_nobody_stands_in(here: Organisation, stand_ins: StandIns) -> None:
    assert await stand_ins.leads("jonas")
    assert not await stand_ins.leads("maja")
    for actor in (MAJA.actor, HELENA.actor):
        with pytest.raises(NotFound):
            await stand_ins.name(actor, "maja", "tomas", WEEK)
    assert [one.id for one in await stand_ins.found("Jonas", leading=True)] == ["jonas"]
    assert await stand_ins.found("Maja", leading=True) == []


@pytest.mark.parametrize(
    ("person", "days", "reason", "refusal"),
    [
        ("jonas", WEEK, "", NotOneself),
        ("tomas", Days(WEEK.ends_on, WEEK.begins_on), "", DaysReversed),
        ("tomas", Days(TODAY - timedelta(days=9), TODAY - timedelta(days=1)), "", DayPassed),
        ("tomas", Days(TODAY + timedelta(days=801), TODAY + timedelta(days=802)), "", TooFarAway),
        ("tomas", Days(TODAY, TODAY + timedelta(days=366)), "", TooLongAway),
        ("tomas", WEEK, "x" * 501, TextTooLong),
        ("nobody", WEEK, "", NotFound),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_nothing(
    here: Organisation, stand_ins: StandIns, person: str, days: Days, reason: str, refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        await stand_ins.name(JONAS.actor, "jonas", person, days, reason)
    assert (await here.count("delegation"), await here.count("letter")) == (0, 0)


async def test_the_same_person_is_not_named_twice_for_the_same_days(
    here: Organisation, stand_ins: StandIns
) -> None:
    await stand_ins.name(JONAS.actor, "jonas", "tomas", WEEK)
    with pytest.raises(AlreadyStandsIn):
        await stand_ins.name(JONAS.actor, "jonas", "tomas", Days(WEEK.ends_on, LATER.ends_on))
    await stand_ins.name(JONAS.actor, "jonas", "astrid", WEEK)
    await stand_ins.name(JONAS.actor, "jonas", "tomas", LATER)
    assert await here.count("delegation") == 3


async def test_ending_it_early_ends_the_rights_at_once(
    here: Organisation, stand_ins: StandIns, clock: SetClock
) -> None:
    id_ = await stand_ins.name(JONAS.actor, "jonas", "tomas", WEEK)
    clock.pass_time(days=2)
    assert await here.conversations.create(TOMAS.actor, "maja", ANNUAL)
    await stand_ins.end(JONAS.actor, id_)
    with pytest.raises(NotFound):
        await here.conversations.create(TOMAS.actor, "maja", ANNUAL)
    assert await stand_ins.of_manager(JONAS.actor, "jonas") == []
    with pytest.raises(NotFound):
        await stand_ins.end(JONAS.actor, id_)


async def test_one_that_has_not_begun_is_taken_back_and_its_letter_stays_unsent(
    here: Organisation, stand_ins: StandIns, database: Database
) -> None:
    id_ = await stand_ins.name(JONAS.actor, "jonas", "tomas", LATER)
    await stand_ins.end(HELENA.actor, id_)
    assert await here.count("delegation") == 0
    letter = tables.letter
    waiting = await database.read(lambda c: c.scalars(select(letter.c.next_at)).all())
    assert waiting == [None]


async def test_who_stands_in_is_told_and_the_audit_says_who_named_whom(
    here: Organisation, stand_ins: StandIns, database: Database
) -> None:
    id_ = await stand_ins.name(HELENA.actor, "jonas", "tomas", LATER, "Semester")
    await stand_ins.end(JONAS.actor, id_)

    def read(connection: Any) -> tuple[Any, Any]:
        audit, letter = tables.audit, tables.letter
        events = connection.execute(select(audit).where(audit.c.event.like("page:stand-in:%"))).all()
        return events, connection.execute(select(letter)).all()

    events, letters = await database.read(read)
    about = {"person": "tomas", "manager": "jonas"}
    assert [(each.event, each.person, each.about) for each in events] == [
        ("page:stand-in:named", "helena", about),
        ("page:stand-in:ended", "jonas", about),
    ]
    (letter,) = letters
    assert (letter.person_id, letter.kind) == ("tomas", "stand_in")
    assert "Semester" not in str(letter.facts)


async def test_standing_in_for_a_stand_in_gives_nothing(here: Organisation, stand_ins: StandIns) -> None:
    await stand_ins.name(JONAS.actor, "jonas", "astrid", WEEK)
    await stand_ins.name(ASTRID.actor, "astrid", "tomas", WEEK)
    with pytest.raises(NotFound):
        await here.conversations.create(Actor("tomas"), "maja", ANNUAL)
