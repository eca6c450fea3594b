"""Letters: stored with what they tell of, taken by one node at a time, and given up at last."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from server import conversations, letters
from server.conversations import Meeting
from server.letters import Kind, Letter, Letters
from server.rules.access import OPERATOR, Pane
from server.rules.limits import (
    LETTER_HOURS_MAX,
    LETTER_LEASE_SECONDS,
    LETTER_PAUSE_SECONDS_MAX,
    LETTER_PAUSE_SECONDS_MIN,
)
from server.storage import tables
from server.storage.database import Database
from server.storage.opening import open_database
from tests.conftest import SetClock
from tests.organisation import ANNUAL, ASTRID, JONAS, MAJA, Organisation, text

THURSDAY = Meeting(datetime(2026, 11, 26, 8, 30, tzinfo=UTC), "Europe/Stockholm", "Rum Storsjön")
FRIDAY = Meeting(THURSDAY.at + timedelta(days=1, hours=4), "Europe/Stockholm", "Teams")


@pytest.fixture
async def here(database: Database, clock: SetClock) -> Organisation:
    organisation = Organisation(database, clock)
    await organisation.found()
    return organisation


@pytest.fixture
def waiting(here: Organisation) -> Letters:
    return Letters(here.database, here.clock)


async def invited(here: Organisation, *, notify: bool = True, invite: bool = True) -> str:
    return await here.conversations.create(
        JONAS.actor, "maja", ANNUAL, THURSDAY, notify=notify, invite=invite
    )


async def rows(here: Organisation) -> list[Any]:
    table = tables.letter
    wanted = select(table).order_by(table.c.made_at, table.c.person_id)
    return await here.database.read(lambda connection: list(connection.execute(wanted).all()))


async def everything(waiting: Letters) -> list[Letter]:
    """Take all that is due."""
    taken = []
    while (letter := await waiting.claim()) is not None:
        taken.append(letter)
    return taken


async def test_both_are_told_where_e_mail_was_chosen(here: Organisation, waiting: Letters) -> None:
    id_ = await invited(here, invite=False)
    told = sorted(await everything(waiting), key=lambda letter: letter.to.name)
    assert [letter.to.name for letter in told] == ["Jonas Bergman", "Maja Öberg"]
    for letter in told:
        assert (letter.conversation, letter.kind, letter.sequence) == (id_, Kind.INVITED, None)
        assert (letter.meeting_at, letter.time_zone, letter.place) == (
            THURSDAY.at,
            "Europe/Stockholm",
            "Rum Storsjön",
        )


async def test_nobody_is_told_where_nothing_was_chosen(here: Organisation) -> None:
    id_ = await invited(here, notify=False, invite=False)
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    await here.declining.cancel(JONAS.actor, id_, "Flyttas till våren.")
    assert await here.count("letter") == 0


async def test_a_calendar_alone_is_told_by_letter_too(here: Organisation, waiting: Letters) -> None:
    await invited(here, notify=False)
    assert [letter.sequence for letter in await everything(waiting)] == [0, 0]


async def test_each_change_carries_the_next_sequence(here: Organisation, waiting: Letters) -> None:
    id_ = await invited(here)
    seen = [{letter.sequence for letter in await everything(waiting)}]
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    moved = await everything(waiting)
    await here.declining.cancel(JONAS.actor, id_, "Flyttas till våren.")
    called_off = await everything(waiting)
    assert [*seen, {one.sequence for one in moved}, {one.sequence for one in called_off}] == [{0}, {1}, {2}]
    assert {(one.kind, one.before_at, one.meeting_at) for one in moved} == {
        (Kind.MOVED, THURSDAY.at, FRIDAY.at)
    }
    assert {one.kind for one in called_off} == {Kind.CALLED_OFF}


async def test_a_change_without_an_invitation_has_no_sequence(here: Organisation, waiting: Letters) -> None:
    id_ = await invited(here, invite=False)
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    assert [letter.sequence for letter in await everything(waiting)] == [None, None]


async def test_a_change_that_is_not_stored_is_not_told(here: Organisation) -> None:
    class Interrupted(Exception):
        pass

    id_ = await invited(here)

    def change(connection: Any) -> None:
        letters.queue(connection, id_, Kind.MOVED, here.clock())
        raise Interrupted

    with pytest.raises(Interrupted):
        await here.database.write(change)
    assert [row.kind for row in await rows(here)] == ["invited", "invited"]
    seen = await here.database.read(lambda c: conversations.see(c, JONAS.actor, id_))
    assert seen.calendar_sequence == 0


async def test_a_newer_letter_takes_the_place_of_one_that_has_not_left(
    here: Organisation, waiting: Letters
) -> None:
    id_ = await invited(here)
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    assert [letter.kind for letter in await everything(waiting)] == [Kind.MOVED, Kind.MOVED]


async def test_a_letter_that_fails_after_a_newer_one_came_is_not_tried_again(
    here: Organisation, waiting: Letters, clock: SetClock
) -> None:
    id_ = await invited(here)
    old = await everything(waiting)
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    assert [await waiting.failed(letter, "away", for_good=False) for letter in old] == [False, False]
    clock.pass_time(hours=1)
    assert {letter.kind for letter in await everything(waiting)} == {Kind.MOVED}


async def test_a_guest_is_told_once_it_is_agreed_and_accepted(here: Organisation, waiting: Letters) -> None:
    id_ = await invited(here)
    await everything(waiting)
    await here.invitations.invite(MAJA.actor, id_, "astrid")
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    assert {letter.to.id for letter in await everything(waiting)} == {"maja", "jonas"}
    await here.invitations.accept(ASTRID.actor, id_)
    await here.declining.cancel(JONAS.actor, id_, "Flyttas till våren.")
    assert {letter.to.id for letter in await everything(waiting)} == {"maja", "jonas", "astrid"}


async def test_a_letter_holds_no_word_of_what_was_written(here: Organisation) -> None:
    id_ = await invited(here)
    for who, pane in (("maja", Pane.EMPLOYEE), ("jonas", Pane.MANAGER), ("maja", Pane.JOINT)):
        field = "a8" if pane is Pane.JOINT else "a1"
        await here.write(who, id_, pane, {field: text("Kanariefågel.")})
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    await here.declining.decline(MAJA.actor, id_, "Kanariefågel.", "Kanariefågel.")
    stored = await rows(here)
    assert len(stored) == 6
    assert "Kanarie" not in str(stored)


async def test_no_letter_is_taken_twice_while_it_is_being_sent(
    here: Organisation, waiting: Letters, clock: SetClock
) -> None:
    await invited(here)
    assert len(await everything(waiting)) == 2
    clock.pass_time(seconds=LETTER_LEASE_SECONDS - 1)
    assert await waiting.claim() is None


async def test_what_a_node_died_with_is_taken_by_another(
    here: Organisation, waiting: Letters, clock: SetClock
) -> None:
    await invited(here)
    first = await everything(waiting)
    clock.pass_time(seconds=LETTER_LEASE_SECONDS + 1)
    again = await everything(waiting)
    assert {letter.id for letter in again} == {letter.id for letter in first}
    assert {letter.attempts for letter in again} == {2}


async def test_two_nodes_never_take_the_same_letter(postgres_url: str, clock: SetClock) -> None:
    nodes = [await open_database(postgres_url, clock) for _ in range(2)]
    there = Organisation(nodes[0], clock)
    await there.found()
    for _ in range(10):
        await invited(there)
    taken = await asyncio.gather(*(everything(Letters(node, clock)) for node in nodes for _ in range(4)))
    ids = [letter.id for batch in taken for letter in batch]
    assert len(ids) == len(set(ids)) == 20
    for node in nodes:
        await node.close()


async def test_a_letter_that_failed_waits_longer_each_time(
    here: Organisation, waiting: Letters, clock: SetClock
) -> None:
    await invited(here)
    pauses = []
    for _ in range(9):
        letter = await waiting.claim()
        assert letter is not None
        for other in await everything(waiting):
            await waiting.failed(other, "away", for_good=True)
        began = clock.now
        assert await waiting.failed(letter, "away", for_good=False)
        while not await here.database.read(lambda c: letters.is_waiting(c, clock())):
            clock.pass_time(seconds=5)
        pauses.append((clock.now - began).total_seconds())
    assert pauses == [min(LETTER_PAUSE_SECONDS_MIN * 2**n, LETTER_PAUSE_SECONDS_MAX) for n in range(9)]


async def test_a_letter_is_given_up_at_last(here: Organisation, waiting: Letters, clock: SetClock) -> None:
    await invited(here)
    tried = await everything(waiting)
    clock.pass_time(hours=LETTER_HOURS_MAX)
    assert not await waiting.failed(tried[0], "away", for_good=False)
    clock.pass_time(hours=1)
    # The other one's sender has never said what became of it.
    assert await waiting.claim() is None
    assert [row.sent_at for row in await rows(here)] == [None, None]


async def test_what_nobody_could_send_for_days_does_not_leave_when_somebody_can(
    here: Organisation, waiting: Letters, clock: SetClock
) -> None:
    await invited(here)
    clock.pass_time(hours=LETTER_HOURS_MAX + 1)
    assert await waiting.claim() is None


async def test_a_letter_refused_for_good_is_not_tried_again_and_says_why(
    here: Organisation, waiting: Letters, clock: SetClock
) -> None:
    await invited(here)
    for letter in await everything(waiting):
        assert not await waiting.failed(letter, "550 nobody here" + "!" * 1000, for_good=True)
    clock.pass_time(hours=1)
    assert await waiting.claim() is None
    assert {row.failed_why[:10] for row in await rows(here)} == {"550 nobody"}


async def test_a_letter_that_left_is_not_taken_again(
    here: Organisation, waiting: Letters, clock: SetClock
) -> None:
    await invited(here)
    for letter in await everything(waiting):
        await waiting.sent(letter)
    clock.pass_time(hours=1)
    assert await waiting.claim() is None
    assert {row.sent_at for row in await rows(here)} == {clock.now - timedelta(hours=1)}


async def test_nothing_is_sent_to_whoever_has_left(here: Organisation, waiting: Letters) -> None:
    await invited(here)
    leaves = update(tables.person).where(tables.person.c.id == "maja").values(active=False)
    await here.database.write(lambda connection: connection.execute(leaves))
    assert [letter.to.id for letter in await everything(waiting)] == ["jonas"]


async def test_people_see_the_letters_to_themselves_alone(here: Organisation, waiting: Letters) -> None:
    id_ = await invited(here)
    assert [letter.conversation for letter in await waiting.to(MAJA.actor)] == [id_]
    assert await waiting.to(ASTRID.actor) == []
    assert await waiting.to(OPERATOR) == []
