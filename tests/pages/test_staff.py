"""My staff: what the cells say and where they lead, in words; who sees it; and that it stays quick."""

import re
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from server import asking, people
from server.activities import ActivityState
from server.conversations import Meeting
from server.rules.access import OPERATOR
from tests.conftest import SetClock
from tests.organisation import ANNUAL, ASTRID, JONAS, MAJA, person
from tests.pages.visiting import Place
from tests.queries import QUERIES_MAX, counted
from tests.rows import add_activity, add_stand_in

STAFF = 500
PAGE_SECONDS_MAX = 2.0
"""For all of them, on a busy machine; without hurry it takes a tenth of it."""


async def add_staff(there: Place, *names: str) -> None:
    """More of Jonas' staff, by name."""

    def add(connection: Connection) -> None:
        for number, name in enumerate(names):
            someone = replace(person(f"p{number}", name, "jonas"), locale="en")
            people.add(connection, OPERATOR, someone, None, there.here.clock())

    await there.here.database.write(add)


async def test_each_cell_leads_to_what_it_tells_of(there: Place) -> None:
    page = (await there.get("jonas", "/staff")).text
    assert 'href="/people/maja/conversations/new"' in page, "there is none: begin one"
    assert 'href="/people/maja/activities"' in page
    await there.here.conversation()
    page = (await there.get("jonas", "/staff")).text
    assert 'href="/people/maja/conversations/new"' not in page
    assert 'href="/people/maja"' in page


@pytest.mark.parametrize(
    ("locale", "last"), [("sv", ["Åsa Ek", "Ärla Ek", "Östen Ek"]), ("nb", ["Ärla Ek", "Östen Ek", "Åsa Ek"])]
)
async def test_names_stand_as_in_the_alphabet_of_whoever_reads(
    there: Place, locale: str, last: list[str]
) -> None:
    await add_staff(there, "Östen Ek", "Zoe Ek", "Ärla Ek", "Åsa Ek")
    await there.here.accounts.set_locale("jonas", locale)
    page = (await there.get("jonas", "/staff")).text
    rows = re.findall(r'href="/people/(?:p\d|maja)"[^>]*>([^<]+ (?:Ek|Öberg))<', page)
    assert list(dict.fromkeys(rows)) == ["Maja Öberg", "Zoe Ek", *last]


async def test_what_the_cells_say_is_said_in_words(there: Place, clock: SetClock) -> None:
    said = await there.read("jonas", "/staff")
    assert "One employee should have had a conversation by now. Begin with Maja." in said
    assert "Maja Öberg Technician None , Conversations, Maja Öberg Plan one None" in said
    assert "Overdue By 1 January 2021" in said
    await there.here.closed()
    done_on = clock().date() - timedelta(days=1)
    await add_activity(there.here.database, ActivityState.COMPLETED, completed_on=done_on)
    said = await there.read("jonas", "/staff")
    assert "Completed 20 November , Conversations, Maja Öberg" in said
    assert "All done 19 November , Activities, Maja Öberg" in said
    assert "By 20 November 2027" in said
    assert "Nothing waits for you right now." in said


async def test_it_says_what_waits_and_where_each_conversation_stands(there: Place, clock: SetClock) -> None:
    meeting = Meeting(clock() + timedelta(days=1), "Europe/Stockholm", "Rum Storsjön")
    await there.here.conversation(meeting)
    said = await there.read("jonas", "/staff")
    assert "One conversation waits for you. Begin with Maja: you meet tomorrow at 10:00." in said
    assert "Started , Conversations, Maja Öberg Meeting tomorrow" in said
    await there.here.database.write(lambda c: asking.ask(c, MAJA.actor, "", "", clock()))
    said = await there.read("jonas", "/staff")
    assert "you meet tomorrow at 10:00. Maja asks for a conversation." in said


async def test_a_conversation_with_another_manager_is_explained_without_a_word_of_it(there: Place) -> None:
    id_ = await there.here.conversation()

    def move(connection: Connection) -> None:
        people.place(connection, OPERATOR, "maja", None, "astrid", there.here.clock())

    await there.here.database.write(move)
    answer = await there.get("astrid", "/staff")
    assert "A conversation is open with another manager." in answer.text
    assert id_ not in answer.text
    assert "Jonas" not in answer.text.split('href="/people/maja"')[1].split("</tr>")[0]


async def test_names_are_found_as_people_type_them_and_filters_hold(there: Place) -> None:
    await add_staff(there, "Åsa Ek", "Bo Ek")
    await there.here.conversations.create(JONAS.actor, "p0", ANNUAL)
    for words, expected in (("öb", ["maja"]), ("ob", ["maja"]), ("ek", ["p0", "p1"]), ("a ek", ["p0"])):
        page = (await there.get("jonas", f"/staff?q={words}")).text
        assert [who for who in ("maja", "p0", "p1") if f'href="/people/{who}"' in page] == expected, words
    said = await there.read("jonas", "/staff?q=zzz")
    assert "Nobody of your staff is found by this. Show all" in said
    page = (await there.get("jonas", "/staff?show=none&q=ek")).text
    assert 'href="/people/p1"' in page
    assert 'href="/people/p0"' not in page
    assert 'href="/staff?show=overdue&amp;q=ek"' in page, "a filter keeps the search"
    assert '<input type="hidden" name="show" value="none">' in page, "a search keeps the filter"


async def test_whoever_has_no_staff_finds_nothing_there(there: Place) -> None:
    nowhere = await there.get("maja", "/nowhere")
    answer = await there.get("maja", "/staff")
    assert answer.status_code == 404
    assert answer.text.replace("/staff", "") == nowhere.text.replace("/nowhere", "")


async def test_a_stand_in_finds_the_managers_staff_and_no_way_to_what_is_written(
    there: Place, clock: SetClock
) -> None:
    id_ = await there.here.conversation()

    today = clock().date()
    await add_stand_in(there.here.database, "helena", today, today + timedelta(days=14))
    answer = await there.get("helena", "/staff")
    assert "You stand in for Jonas Bergman" in answer.text
    assert "Until and with 4 December." in answer.text
    assert 'href="/people/maja"' in answer.text
    assert "/people/maja/activities" not in answer.text
    assert id_ not in answer.text


async def test_the_managers_manager_reads_numbers_of_a_team_and_nothing_of_its_people(there: Place) -> None:
    said = await there.read("astrid", "/staff")
    assert "Jonas Bergman 1 Too few people to show numbers of" in said
    await add_staff(there, "Åsa Ek", "Bo Ek", "Cia Ek", "Dag Ek")
    answer = await there.get("astrid", "/staff")
    assert "Maja" not in answer.text
    assert "Ek" not in answer.text
    said = await there.read("astrid", "/staff")
    assert "Their staff, in numbers" in said
    assert said.endswith("Jonas Bergman 5 0 5")


async def test_five_hundred_are_shown_in_as_many_queries_as_one_and_without_a_pause(there: Place) -> None:
    async def asked() -> int:
        async with there.browser("jonas") as jonas:
            with counted() as statements:
                answer = await jonas.get("/staff")
        assert answer.status_code == 200
        return len(statements)

    await there.here.conversation()
    one = await asked()
    assert 0 < one <= QUERIES_MAX
    await add_staff(there, *(f"Person {number}" for number in range(STAFF)))
    for number in range(50):
        await there.here.conversations.create(JONAS.actor, f"p{number}", ANNUAL)
    assert await asked() == one
    before = time.perf_counter()
    answer = await there.get("jonas", "/staff")
    assert time.perf_counter() - before < PAGE_SECONDS_MAX
    assert answer.text.count("<tr>") == STAFF + 2


async def test_astrid_sees_jonas_as_one_of_her_own(there: Place) -> None:
    assert ASTRID.name not in await there.read("astrid", "/staff")
    assert JONAS.name in await there.read("astrid", "/staff")
