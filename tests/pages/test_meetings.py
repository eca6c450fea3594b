"""The page on which a meeting is moved: who gets there, what it says will be sent, nothing typed is lost."""

from datetime import UTC, datetime

import pytest

from server.conversations import Meeting
from server.rules.access import State
from server.rules.errors import TooFarAway
from tests.pages.world import MEETING, browser, filled

PAGE = "/conversations/c1/meeting"
GIVEN = {"day": "2026-12-01", "time": "13:00", "place": " Rum <Två> "}


async def test_the_time_above_the_conversation_leads_there_for_whoever_may_move_it() -> None:
    async with browser(filled(), "j") as client:
        assert f'href="{PAGE}"' in (await client.get("/conversations/c1")).text
        text = (await client.get(PAGE)).text
    assert 'type="date" id="day" name="day" value="2026-11-26"' in text
    assert 'type="time" id="time" name="time" value="09:30"' in text
    assert 'value="Rum Storsjön"' in text
    async with browser(filled(), "m") as client:
        conversation = (await client.get("/conversations/c1")).text
        assert (await client.get(PAGE)).status_code == 404
    assert "Rum Storsjön" in conversation
    assert PAGE not in conversation


async def test_the_form_moves_it_to_when_clocks_there_say() -> None:
    world = filled()
    async with browser(world, "j") as client:
        done = await client.post(PAGE, data=GIVEN)
    assert (done.status_code, done.headers["location"]) == (303, "/conversations/c1")
    moved = Meeting(datetime(2026, 12, 1, 12, 0, tzinfo=UTC), MEETING.time_zone, "Rum <Två>")
    assert world.calls == [("meeting", "jonas", "c1", moved)]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"day": "2026-12-01", "time": ""},
        {"day": "i morgon", "time": "13:00"},
        {"day": "2026-02-30", "time": "13:00"},
        {"day": "2026-12-01", "time": "25:00"},
        {"day": "2027-03-28", "time": "02:30", "place": "Rum <Två>"},
        {"day": "0001-01-01", "time": "00:00"},
    ],
)
async def test_what_is_no_time_comes_back_as_it_was_typed(given: dict[str, str]) -> None:
    world = filled()
    async with browser(world, "j") as client:
        answer = await client.post(PAGE, data=given)
    assert answer.status_code == 409
    assert 'id="wrong"' in answer.text
    for value in given.values():
        assert f'value="{value.replace("<", "&lt;").replace(">", "&gt;")}"' in answer.text
    assert world.calls == []


async def test_what_the_feature_refuses_comes_back_too() -> None:
    world = filled()
    world.refusal = TooFarAway(days=800)
    async with browser(world, "j") as client:
        answer = await client.post(PAGE, data=GIVEN)
    assert answer.status_code == 409
    assert 'value="2026-12-01"' in answer.text


@pytest.mark.parametrize(
    ("notify", "sequence", "mails", "said"),
    [
        (False, None, True, "No message is sent"),
        (False, None, False, "No message is sent"),
        (True, None, True, "is told by e-mail"),
        (False, 0, True, "a new calendar invitation"),
        (True, 3, True, "a new calendar invitation"),
        (True, None, False, "No e-mail leaves"),
        (True, 3, False, "No e-mail leaves"),
    ],
)
async def test_the_page_says_who_will_be_told(
    notify: bool, sequence: int | None, mails: bool, said: str
) -> None:
    world = filled()
    world.notify, world.calendar_sequence, world.mails = notify, sequence, mails
    await world.set_locale("jonas", "en")
    async with browser(world, "j") as client:
        text = (await client.get(PAGE)).text
    every = {"No message is sent", "is told by e-mail", "a new calendar invitation", "No e-mail leaves"}
    assert {each for each in every if each in text} == {said}


async def test_of_what_is_frozen_it_says_that_the_text_keeps_its_time() -> None:
    world = filled()
    world.state = State.FROZEN
    await world.set_locale("jonas", "en")
    async with browser(world, "j") as client:
        assert "keeps the time" in (await client.get(PAGE)).text
        world.state = State.CLOSED
        assert (await client.get(PAGE)).status_code == 409


async def test_a_conversation_without_a_meeting_asks_for_one() -> None:
    world = filled()
    world.meeting = None
    await world.set_locale("jonas", "en")
    async with browser(world, "j") as client:
        assert "Decide when and where you meet" in (await client.get("/conversations/c1")).text
        text = (await client.get(PAGE)).text
    assert 'name="day" value=""' in text
    async with browser(world, "m") as client:
        assert '<p class="under" data-region="meeting"></p>' in (await client.get("/conversations/c1")).text
