"""Letters: stored with what they tell of, taken by one node at a time, and given up at last."""

from dataclasses import replace
from typing import Any

import pytest

from server import conversations, letters
from server.letter_format import Appointment, Kind, Letter, Notice
from server.letters import Letters
from server.outbox import Outbox
from server.rules.access import OPERATOR, Pane
from server.rules.errors import NotFound
from server.rules.limits import LETTER_CROWD_SECONDS, LETTERS_A_DAY_MAX
from server.storage.database import Database
from tests.conftest import SetClock
from tests.letters import FRIDAY, THURSDAY, everything, invited, rows
from tests.organisation import ASTRID, JONAS, MAJA, Organisation, annual_template, text


@pytest.fixture
def waiting(here: Organisation) -> Outbox:
    return Outbox(here.database, here.clock)


def about(letter: Letter) -> Appointment:
    """What a letter about a conversation says."""
    assert isinstance(letter.about, Appointment)
    return letter.about


async def test_both_are_told_where_e_mail_was_chosen(here: Organisation, waiting: Outbox) -> None:
    id_ = await invited(here, invite=False)
    told = sorted(await everything(waiting), key=lambda letter: letter.to.name)
    assert [letter.to.name for letter in told] == ["Jonas Bergman", "Maja Öberg"]
    for letter in told:
        assert (about(letter).conversation, letter.kind, about(letter).sequence) == (id_, Kind.INVITED, None)
        assert (about(letter).meeting_at, about(letter).time_zone, about(letter).place) == (
            THURSDAY.at,
            "Europe/Stockholm",
            "Rum Storsjön",
        )


async def test_nobody_is_told_where_nothing_was_chosen(here: Organisation) -> None:
    id_ = await invited(here, notify=False, invite=False)
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    await here.declining.cancel(JONAS.actor, id_, "Flyttas till våren.")
    assert await here.count("letter") == 0


async def test_a_calendar_alone_is_told_by_letter_too(here: Organisation, waiting: Outbox) -> None:
    await invited(here, notify=False)
    assert [about(letter).sequence for letter in await everything(waiting)] == [0, 0]


async def test_nobody_fills_a_mailbox_and_the_last_letter_tells_how_it_is(
    here: Organisation, waiting: Outbox, clock: SetClock
) -> None:
    id_ = await invited(here)
    taken = await everything(waiting)
    for number in range(LETTERS_A_DAY_MAX + 5):
        place = replace(FRIDAY, place=f"Rum {number}")
        await here.meetings.move(JONAS.actor, id_, place)
        taken += await everything(waiting)
    assert len([letter for letter in taken if letter.to.id == "maja"]) == LETTERS_A_DAY_MAX
    clock.pass_time(seconds=LETTER_CROWD_SECONDS)
    (last,) = [letter for letter in await everything(waiting) if letter.to.id == "maja"]
    assert about(last).place == f"Rum {LETTERS_A_DAY_MAX + 4}"
    # And who was never told of it before is told at once.
    await here.invitations.invite(MAJA.actor, id_, "astrid")
    assert [letter.to.id for letter in await everything(waiting)] == ["astrid"]


async def test_each_change_carries_the_next_sequence(here: Organisation, waiting: Outbox) -> None:
    id_ = await invited(here)
    seen = [{about(letter).sequence for letter in await everything(waiting)}]
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    moved = await everything(waiting)
    await here.declining.cancel(JONAS.actor, id_, "Flyttas till våren.")
    called_off = await everything(waiting)
    assert [*seen, {about(one).sequence for one in moved}, {about(one).sequence for one in called_off}] == [
        {0},
        {1},
        {2},
    ]
    assert {(one.kind, about(one).before_at, about(one).meeting_at) for one in moved} == {
        (Kind.MOVED, THURSDAY.at, FRIDAY.at)
    }
    assert {one.kind for one in called_off} == {Kind.CALLED_OFF}


async def test_a_change_without_an_invitation_has_no_sequence(here: Organisation, waiting: Outbox) -> None:
    id_ = await invited(here, invite=False)
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    assert [about(letter).sequence for letter in await everything(waiting)] == [None, None]


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
    here: Organisation, waiting: Outbox
) -> None:
    id_ = await invited(here)
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    assert [letter.kind for letter in await everything(waiting)] == [Kind.MOVED, Kind.MOVED]


async def test_a_letter_that_fails_after_a_newer_one_came_is_not_tried_again(
    here: Organisation, waiting: Outbox, clock: SetClock
) -> None:
    id_ = await invited(here)
    old = await everything(waiting)
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    assert [await waiting.failed(letter, "away", for_good=False) for letter in old] == [False, False]
    clock.pass_time(hours=1)
    assert {letter.kind for letter in await everything(waiting)} == {Kind.MOVED}


async def test_a_guest_is_told_once_it_is_agreed_and_accepted(here: Organisation, waiting: Outbox) -> None:
    id_ = await invited(here)
    await everything(waiting)
    await here.invitations.invite(MAJA.actor, id_, "astrid")
    await everything(waiting)
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
    assert len(stored) == 7
    assert "Kanarie" not in str(stored)


async def test_people_see_the_letters_to_themselves_alone(here: Organisation) -> None:
    id_ = await invited(here)
    seen = Letters(here.database, here.clock)
    [letter] = await seen.to(MAJA.actor)
    assert about(letter).conversation == id_
    assert await seen.one_to(MAJA.actor, letter.id) == letter
    assert await seen.to(ASTRID.actor) == []
    assert await seen.to(OPERATOR) == []
    for stranger in (ASTRID.actor, JONAS.actor, OPERATOR):
        with pytest.raises(NotFound):
            await seen.one_to(stranger, letter.id)


async def test_what_an_invitation_encloses_goes_with_the_letter_that_takes_its_place(
    database: Database, clock: SetClock
) -> None:
    here = Organisation(database, clock)
    await here.found(annual_template(prepare={"send_routine_with_invitation": True}))
    outbox, seen = Outbox(database, clock), []
    id_ = await invited(here)
    for meeting in (FRIDAY, THURSDAY):
        await here.meetings.move(JONAS.actor, id_, meeting)
        seen += [(letter.kind, about(letter).material is not None) for letter in await everything(outbox)]
        for who in (MAJA, JONAS):
            for letter in await Letters(database, clock).to(who.actor):
                await outbox.sent(letter)
    assert seen == [(Kind.MOVED, True)] * 2 + [(Kind.MOVED, False)] * 2


# Guests.


async def test_a_guest_is_asked_by_letter_and_gets_the_event_on_joining(
    here: Organisation, waiting: Outbox
) -> None:
    id_ = await invited(here)
    await everything(waiting)
    await here.invitations.invite(MAJA.actor, id_, "astrid")
    [asked] = await everything(waiting)
    assert (asked.to.id, asked.kind, about(asked).sequence) == ("astrid", Kind.GUEST_ASKED, None)
    await here.invitations.accept(ASTRID.actor, id_)
    [joined] = await everything(waiting)
    assert (joined.to.id, joined.kind, about(joined).sequence) == ("astrid", Kind.INVITED, 1)


async def test_whom_the_manager_invites_hears_of_it_when_the_employee_agrees(
    here: Organisation, waiting: Outbox
) -> None:
    id_ = await invited(here)
    await everything(waiting)
    await here.invitations.invite(JONAS.actor, id_, "astrid")
    assert await everything(waiting) == []
    await here.invitations.agree(MAJA.actor, id_, "astrid")
    assert [letter.kind for letter in await everything(waiting)] == [Kind.GUEST_ASKED]


async def test_a_guest_whose_part_ends_is_told_and_nobody_else(here: Organisation, waiting: Outbox) -> None:
    id_ = await invited(here)
    await here.invitations.invite(MAJA.actor, id_, "astrid")
    await here.invitations.accept(ASTRID.actor, id_)
    await everything(waiting)
    await here.invitations.end(JONAS.actor, id_, "astrid")
    [left] = await everything(waiting)
    assert (left.to.id, left.kind, about(left).sequence) == ("astrid", Kind.LEFT, 2)
    # What comes next is newer to everybody.
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    assert {about(letter).sequence for letter in await everything(waiting)} == {3}


async def test_a_guest_who_has_not_answered_is_told_when_she_need_not(
    here: Organisation, waiting: Outbox
) -> None:
    id_ = await invited(here)
    await here.invitations.invite(MAJA.actor, id_, "astrid")
    await everything(waiting)
    await here.invitations.end(MAJA.actor, id_, "astrid")
    [told] = await everything(waiting)
    assert (told.to.id, told.kind) == ("astrid", Kind.NOT_ASKED)


async def test_a_guest_who_says_no_is_told_nothing_more(here: Organisation, waiting: Outbox) -> None:
    id_ = await invited(here)
    await everything(waiting)
    await here.invitations.invite(MAJA.actor, id_, "astrid")
    await here.invitations.end(ASTRID.actor, id_, "astrid")
    assert await everything(waiting) == []


async def test_a_guest_who_was_asked_hears_that_it_is_called_off_without_an_event(
    here: Organisation, waiting: Outbox
) -> None:
    id_ = await invited(here)
    await here.invitations.invite(MAJA.actor, id_, "astrid")
    await everything(waiting)
    await here.declining.cancel(JONAS.actor, id_, "Flyttas till våren.")
    told = {letter.to.id: about(letter).sequence for letter in await everything(waiting)}
    assert told == {"maja": 1, "jonas": 1, "astrid": None}


# Another responsible.


async def test_all_are_told_of_another_responsible_and_the_one_before_gives_the_event_up(
    here: Organisation, waiting: Outbox
) -> None:
    id_ = await invited(here)
    await everything(waiting)
    await here.database.write(lambda c: letters.hand_over(c, id_, "astrid", here.clock()))
    told = {letter.to.id: letter for letter in await everything(waiting)}
    kinds = {person: letter.kind for person, letter in told.items()}
    assert kinds == {"maja": Kind.REASSIGNED, "astrid": Kind.REASSIGNED, "jonas": Kind.LEFT}
    assert {(about(letter).responsible.id, about(letter).sequence) for letter in told.values()} == {
        ("astrid", 1)
    }


# What is about no meeting.


def asks(here: Organisation) -> Any:
    return lambda c: letters.queue_notice(
        c, Kind.ASKED_FOR, "asked-for/maja", "jonas", "maja", "/people/maja", here.clock()
    )


async def test_a_letter_can_be_about_a_person(here: Organisation, waiting: Outbox) -> None:
    await here.database.write(asks(here))
    [letter] = await everything(waiting)
    assert (letter.to.id, letter.kind) == ("jonas", Kind.ASKED_FOR)
    assert isinstance(letter.about, Notice)
    assert (letter.about.person.name, letter.about.path) == ("Maja Öberg", "/people/maja")


async def test_asked_again_it_is_one_letter_and_taken_back_it_is_none(
    here: Organisation, waiting: Outbox
) -> None:
    await here.database.write(asks(here))
    await here.database.write(asks(here))
    assert len(await everything(waiting)) == 1
    await here.database.write(asks(here))
    await here.database.write(lambda c: letters.drop(c, "asked-for/maja", "jonas"))
    assert await everything(waiting) == []


async def test_a_letter_about_a_person_does_not_replace_one_about_a_meeting(
    here: Organisation, waiting: Outbox
) -> None:
    await invited(here)
    await here.database.write(asks(here))
    kinds = sorted(letter.kind for letter in await everything(waiting))
    assert kinds == [Kind.ASKED_FOR, Kind.INVITED, Kind.INVITED]
