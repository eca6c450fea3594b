"""Reminders: who is told of what, on which day, once, and never of what somebody else has written."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from server import policy
from server.activities import ActivityState, GoalType
from server.conversations import Meeting
from server.letter_choices import LetterChoices
from server.letter_format import OPTIONAL, Kind, Letter, Notice
from server.outbox import Outbox
from server.policy import Policy, Reminders
from server.reminders import Reminding, due
from server.rules.access import OPERATOR, Pane
from server.rules.limits import REMINDER_LATE_DAYS_MAX
from server.storage import tables
from server.storage.database import Database
from server.storage.opening import open_database
from tests.conftest import SetClock
from tests.organisation import ANNUAL, ASTRID, JONAS, MAJA, Organisation, annual_template, text

MEETS_AT = datetime(2026, 12, 10, 8, 30, tzinfo=UTC)
"""A Thursday, 09:30 in Stockholm; the clock stands at 20 November, 10:00."""
MEETING = Meeting(MEETS_AT, "Europe/Stockholm", "Rum Storsjön")
CANARY = "Kanariefågel."
SHARES_OFF = {"share": {"enabled": False, "unit": "whole_pane"}}

Told = set[tuple[str, Kind]]
"""(person, kind)."""


@pytest.fixture
def on(here: Organisation, clock: SetClock) -> Callable[..., Any]:
    """Let it be a day of December in the morning, as many days before the meeting: who is told of what?"""

    async def told(days_before: int, hour: int = 8) -> Told:
        clock.now = MEETS_AT.replace(hour=hour) - timedelta(days=days_before)
        return await remind(here)

    return told


async def remind(here: Organisation) -> Told:
    """One round, and what it stored."""
    before = {row.id for row in await rows(here)}
    await Reminding(here.database, here.clock).remind()
    return {(row.person_id, Kind(row.kind)) for row in await rows(here) if row.id not in before}


async def rows(here: Organisation) -> list[Any]:
    wanted = select(tables.letter).order_by(tables.letter.c.made_at, tables.letter.c.person_id)
    return await here.database.read(lambda connection: list(connection.execute(wanted).all()))


async def planned(here: Organisation, meeting: Meeting = MEETING) -> str:
    return await here.conversation(meeting)


async def set_days(here: Organisation, **days: int | None) -> None:
    body = Policy(reminders=Reminders(**days))
    await here.database.write(lambda c: policy.put(c, OPERATOR, body, here.clock()))


async def leaving(here: Organisation) -> list[Letter]:
    """What the outbox would send now."""
    outbox, taken = Outbox(here.database, here.clock), []
    while (letter := await outbox.claim()) is not None:
        taken.append(letter)
    return taken


# Before a meeting.


async def test_each_is_reminded_at_the_times_that_the_organisation_has_set(
    here: Organisation, on: Callable[..., Any]
) -> None:
    await planned(here)
    assert await on(8) == set()
    assert await on(7) == {("maja", Kind.PREPARE), ("jonas", Kind.PREPARE)}
    assert await on(3) == set()
    assert await on(2) == {("maja", Kind.SHARE), ("jonas", Kind.SHARE)}
    assert await on(1) == {("maja", Kind.MEET), ("jonas", Kind.MEET)}
    assert await on(0) == set()
    assert await on(-1) == set()


async def test_once_is_enough_however_often_anybody_looks(here: Organisation, on: Callable[..., Any]) -> None:
    await planned(here)
    assert len(await on(7)) == 2
    for hour in (9, 12, 17):
        assert await on(7, hour) == set()


async def test_who_has_begun_to_write_is_not_told_to(here: Organisation, on: Callable[..., Any]) -> None:
    id_ = await planned(here)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text(CANARY)})
    assert await on(7) == {("jonas", Kind.PREPARE)}
    assert CANARY not in str(await rows(here))


async def test_what_one_has_written_changes_nothing_of_what_the_other_is_told(
    here: Organisation, on: Callable[..., Any]
) -> None:
    first, second = await planned(here), await planned(here)
    await here.write("maja", first, Pane.EMPLOYEE, {"a1": text(CANARY)})
    await on(7)
    to_jonas = [row for row in await rows(here) if row.person_id == "jonas"]
    assert {row.conversation_id for row in to_jonas} == {first, second}
    assert to_jonas[0].facts == to_jonas[1].facts
    assert to_jonas[0].made_at == to_jonas[1].made_at


async def test_who_has_shared_is_not_asked_to(here: Organisation, on: Callable[..., Any]) -> None:
    id_ = await planned(here)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("Larmrutinen sitter.")})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    assert await on(2) == {("jonas", Kind.SHARE)}


async def test_where_nothing_is_shared_nobody_is_asked_to(database: Database, clock: SetClock) -> None:
    here = Organisation(database, clock)
    await here.found(annual_template(**SHARES_OFF))
    await planned(here)
    clock.now = MEETS_AT - timedelta(days=2)
    assert await remind(here) == set()


async def test_a_guest_who_takes_part_is_reminded_to_meet_and_of_nothing_else(
    here: Organisation, on: Callable[..., Any]
) -> None:
    id_ = await planned(here)
    await here.invitations.invite(MAJA.actor, id_, "astrid")
    await here.invitations.invite(MAJA.actor, id_, "tomas")
    await here.invitations.accept(ASTRID.actor, id_)
    assert "astrid" not in {person for person, _ in await on(7) | await on(2)}
    assert await on(1) == {("maja", Kind.MEET), ("jonas", Kind.MEET), ("astrid", Kind.MEET)}


async def test_nobody_is_told_in_the_night(here: Organisation, on: Callable[..., Any]) -> None:
    """06:59 and 19:00 in Stockholm are 05:59 and 18:00 in UTC."""
    await planned(here)
    assert await on(7, hour=5) == set()
    assert await on(7, hour=18) == set()
    assert len(await on(7, hour=6)) == 2


async def test_a_day_is_one_of_where_the_meeting_is(here: Organisation, clock: SetClock) -> None:
    """At 08:30 in UTC it is half past nine at night in Auckland, and still night in New York."""
    await set_days(here, prepare=None, share=None, meet=1, sign=None, follow_up=None)
    await planned(here, Meeting(datetime(2026, 12, 10, 2, 0, tzinfo=UTC), "Pacific/Auckland", ""))
    # There it is on 10 December, 15:00; a day before is 9 December, which begins there at 11:00 in UTC.
    clock.now = datetime(2026, 12, 8, 10, 0, tzinfo=UTC)
    assert await remind(here) == set()
    clock.now = datetime(2026, 12, 8, 20, 0, tzinfo=UTC)
    assert len(await remind(here)) == 2


async def test_who_was_invited_too_late_to_be_reminded_is_not_told_twice(
    here: Organisation, on: Callable[..., Any], clock: SetClock
) -> None:
    clock.now = MEETS_AT - timedelta(days=2, hours=1)
    await planned(here)
    assert await on(2) == set()
    assert await on(1) == {("maja", Kind.MEET), ("jonas", Kind.MEET)}


async def test_nobody_is_told_twice_a_day_of_one_meeting(here: Organisation, on: Callable[..., Any]) -> None:
    await set_days(here, prepare=1, share=1, meet=1)
    await planned(here)
    assert {kind for _, kind in await on(1)} == {Kind.MEET}
    assert await on(1, hour=12) == set()


async def test_what_the_organisation_does_without_nobody_gets(
    here: Organisation, on: Callable[..., Any]
) -> None:
    await set_days(here, prepare=None, share=None, meet=None)
    await planned(here)
    assert await on(7) | await on(2) | await on(1) == set()


@pytest.mark.parametrize("late", [1, REMINDER_LATE_DAYS_MAX, REMINDER_LATE_DAYS_MAX + 1])
async def test_a_server_that_was_down_tells_what_is_still_of_use(
    here: Organisation, on: Callable[..., Any], late: int
) -> None:
    await planned(here)
    told = await on(7 - late)
    assert len(told) == (2 if late <= REMINDER_LATE_DAYS_MAX else 0)


async def test_a_server_that_was_down_for_weeks_sends_no_flood(
    here: Organisation, on: Callable[..., Any]
) -> None:
    id_ = await planned(here)
    for _ in range(3):
        await planned(here)
    # On the day before, one letter each about each: the nearest.
    assert await on(1) == {("maja", Kind.MEET), ("jonas", Kind.MEET)}
    assert len([row for row in await rows(here) if row.conversation_id == id_]) == 2
    assert await on(-20) == set()


async def test_a_meeting_that_was_moved_is_reminded_of_anew(
    here: Organisation, on: Callable[..., Any]
) -> None:
    id_ = await planned(here)
    assert len(await on(7)) == 2
    later = Meeting(MEETS_AT + timedelta(days=10), "Europe/Stockholm", "Teams")
    await here.meetings.move(JONAS.actor, id_, later)
    assert await on(2) == set()
    assert await on(-3) == {("maja", Kind.PREPARE), ("jonas", Kind.PREPARE)}


@pytest.mark.parametrize("how", ["moved", "declined", "cancelled", "written", "shared", "turned off", "late"])
async def test_a_reminder_that_waits_does_not_leave_once_it_is_stale(
    here: Organisation, on: Callable[..., Any], how: str, clock: SetClock
) -> None:
    id_ = await planned(here)
    told = await on(2 if how == "shared" else 1 if how == "late" else 7)
    assert ("maja", Kind.SHARE if how == "shared" else Kind.MEET if how == "late" else Kind.PREPARE) in told
    match how:
        case "moved":
            later = Meeting(MEETS_AT + timedelta(days=10), "Europe/Stockholm", "Teams")
            await here.meetings.move(JONAS.actor, id_, later)
        case "declined":
            await here.declining.decline(MAJA.actor, id_, "Vi har nyss talats vid.")
        case "cancelled":
            await here.declining.cancel(JONAS.actor, id_, "Flyttas till våren.")
        case "written" | "shared":
            await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("Larmrutinen sitter.")})
            if how == "shared":
                await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
        case "turned off":
            await LetterChoices(here.database).choose(MAJA.actor, ())
        case "late":
            clock.now = MEETS_AT
    left = {letter.to.id for letter in await leaving(here) if letter.kind is not Kind.DECLINED}
    assert left == ({"jonas"} if how in ("written", "shared", "turned off") else set())


async def test_a_reminder_takes_no_invitations_place(
    here: Organisation, on: Callable[..., Any], clock: SetClock
) -> None:
    """The mail server is away: who has not got her invitation yet must not lose it to a reminder."""
    clock.now = MEETS_AT - timedelta(days=3)
    await here.conversations.create(JONAS.actor, "maja", ANNUAL, MEETING, notify=True, invite=True)
    assert len(await on(1)) == 2
    kinds = sorted(letter.kind for letter in await leaving(here) if letter.to.id == "maja")
    assert kinds == [Kind.INVITED, Kind.MEET]


async def test_with_somebody_who_has_left_nobody_meets(here: Organisation, on: Callable[..., Any]) -> None:
    await planned(here)
    leaves = update(tables.person).where(tables.person.c.id == "maja").values(active=False)
    await here.database.write(lambda c: c.execute(leaves))
    assert await on(7) | await on(2) | await on(1) == set()


# To sign.


async def test_who_has_not_signed_is_reminded_again_and_again(here: Organisation, clock: SetClock) -> None:
    id_, sha256 = await here.frozen()
    seen: list[Told] = []
    for _ in range(7):
        clock.pass_time(days=1)
        seen.append(await remind(here))
        if len(seen) == 3:
            await here.sign(MAJA.actor, id_, sha256)
    both = {("maja", Kind.SIGN), ("jonas", Kind.SIGN)}
    assert seen == [set(), set(), both, set(), set(), {("jonas", Kind.SIGN)}, set()]


async def test_nobody_is_reminded_to_sign_what_is_closed_or_open_again(
    here: Organisation, clock: SetClock
) -> None:
    id_, sha256 = await here.frozen()
    clock.pass_time(days=3)
    assert len(await remind(here)) == 2
    await here.sign(MAJA.actor, id_, sha256)
    # What was stored before she signed stays here, and his leaves.
    assert [letter.to.id for letter in await leaving(here)] == ["jonas"]
    await here.reopening.reopen(JONAS.actor, id_, "Vi glömde en sak.")
    clock.pass_time(days=3)
    assert await remind(here) == set()


async def test_nobody_can_do_without_the_reminder_to_sign(here: Organisation, clock: SetClock) -> None:
    await here.frozen()
    await LetterChoices(here.database).choose(MAJA.actor, ())
    clock.pass_time(days=3)
    assert ("maja", Kind.SIGN) in await remind(here)


# To follow up.


async def agreed(here: Organisation, title: str, **days: date | None) -> None:
    """An activity of Maja's that Jonas has taken on, agreed on in the autumn."""
    await here.database.write(
        lambda c: c.execute(
            insert(tables.activity).values(
                id=title.lower().replace(" ", "-"),
                employee_id="maja",
                goal_type=GoalType.WORK,
                title=title,
                state=ActivityState.ACTIVE,
                owner_id="jonas",
                created_at=datetime(2026, 10, 1, tzinfo=UTC),
                **days,
            )
        )
    )


async def test_owner_and_employee_are_told_once_of_all_that_has_its_day(
    here: Organisation, clock: SetClock
) -> None:
    await agreed(here, CANARY, due_on=date(2026, 11, 25))
    await agreed(here, "Larmrutin", due_on=date(2026, 11, 25), follow_up_on=date(2026, 12, 1))
    assert await remind(here) == set()
    clock.now = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    assert await remind(here) == {("maja", Kind.FOLLOW_UP), ("jonas", Kind.FOLLOW_UP)}
    assert await remind(here) == set()
    stored = await rows(here)
    assert {row.facts["number"] for row in stored} == {2}
    assert "Kanarie" not in str(stored)
    clock.now = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    assert len(await remind(here)) == 2


async def test_what_is_done_is_not_followed_up(here: Organisation, clock: SetClock) -> None:
    await agreed(here, "Larmrutin", due_on=date(2026, 11, 25))
    clock.now = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    assert len(await remind(here)) == 2
    done = update(tables.activity).values(state=ActivityState.COMPLETED)
    await here.database.write(lambda c: c.execute(done))
    assert await leaving(here) == []


async def test_an_owner_who_cannot_see_it_any_more_is_told_nothing(
    here: Organisation, clock: SetClock
) -> None:
    await agreed(here, "Larmrutin", due_on=date(2026, 11, 25))
    moved = update(tables.person).where(tables.person.c.id == "maja").values(manager_id="astrid")
    await here.database.write(lambda c: c.execute(moved))
    clock.now = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    assert await remind(here) == {("maja", Kind.FOLLOW_UP)}


async def test_an_owner_who_cannot_see_it_when_the_letter_leaves_is_told_nothing_either(
    here: Organisation, clock: SetClock
) -> None:
    await agreed(here, "Larmrutin", due_on=date(2026, 11, 25))
    clock.now = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    assert len(await remind(here)) == 2
    moved = update(tables.person).where(tables.person.c.id == "maja").values(manager_id="astrid")
    await here.database.write(lambda c: c.execute(moved))
    assert [letter.to.id for letter in await leaving(here)] == ["maja"]


async def test_a_letter_says_whose_activities_and_which_day(here: Organisation, clock: SetClock) -> None:
    await agreed(here, "Larmrutin", due_on=date(2026, 11, 25))
    clock.now = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    await remind(here)
    [letter] = [each for each in await leaving(here) if each.to.id == "jonas"]
    assert isinstance(letter.about, Notice)
    assert (letter.about.person.name, letter.about.first_on) == ("Maja Öberg", date(2026, 11, 25))
    assert letter.about.path == "/people/maja/activities"


# Everybody's own choice.


async def test_each_optional_reminder_is_one_persons_to_turn_off(
    here: Organisation, on: Callable[..., Any]
) -> None:
    choices = LetterChoices(here.database)
    assert await choices.wanted(MAJA.actor) == frozenset(OPTIONAL)
    await choices.choose(MAJA.actor, (Kind.SHARE,))
    await planned(here)
    assert await on(7) == {("jonas", Kind.PREPARE)}
    assert await on(2) == {("maja", Kind.SHARE), ("jonas", Kind.SHARE)}
    await choices.choose(MAJA.actor, OPTIONAL)
    assert await choices.wanted(MAJA.actor) == frozenset(OPTIONAL)


# Several nodes.


async def test_two_nodes_that_look_at_once_remind_once(postgres_url: str, clock: SetClock) -> None:
    nodes = [await open_database(postgres_url, clock) for _ in range(2)]
    there = Organisation(nodes[0], clock)
    await there.found()
    for _ in range(10):
        await planned(there)
    clock.now = MEETS_AT - timedelta(days=7)
    await asyncio.gather(*(Reminding(node, clock).remind() for node in nodes for _ in range(3)))
    stored = await rows(there)
    assert len(stored) == len({(row.matter, row.person_id) for row in stored}) == 20
    for node in nodes:
        await node.close()


async def test_a_round_takes_few_queries_however_much_there_is(here: Organisation, clock: SetClock) -> None:
    async def queries() -> int:
        counted: list[str] = []

        def count(connection: Any) -> None:
            from sqlalchemy import event

            def note(*arguments: Any) -> None:
                counted.append(arguments[2])

            event.listen(connection, "before_cursor_execute", note)
            try:
                due(connection, clock())
            finally:
                event.remove(connection, "before_cursor_execute", note)

        await here.database.read(count)
        return len(counted)

    await planned(here)
    clock.now = MEETS_AT - timedelta(days=7)
    few = await queries()
    clock.now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    for _ in range(5):
        await planned(here)
    clock.now = MEETS_AT - timedelta(days=7)
    assert await queries() == few <= 16
