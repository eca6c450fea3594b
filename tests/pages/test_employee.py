"""One employee's page: for each viewer what is theirs to know of it, and nothing more."""

from datetime import timedelta

from sqlalchemy import Connection

from server import asking, people
from server.activities import ActivityState
from server.conversations import Meeting
from server.rules.access import OPERATOR, Pane
from tests.conftest import SetClock
from tests.organisation import ANNUAL, HELENA, JONAS, MAJA, annual_template
from tests.pages.visiting import Place
from tests.queries import QUERIES_MAX, counted
from tests.rows import add_activity, add_stand_in


async def name_stand_in(there: Place) -> None:
    """Helena stands in for Jonas today."""
    today = there.here.clock().date()
    await add_stand_in(there.here.database, "helena", today, today)


async def give_to(there: Place, manager: str) -> None:
    def move(connection: Connection) -> None:
        people.place(connection, OPERATOR, "maja", None, manager, there.here.clock())

    await there.here.database.write(move)


def part(said: str, heading: str, following: str) -> str:
    """What stands between two headings."""
    return said.split(f" {heading} ", 1)[1].split(f" {following} ", 1)[0]


async def test_started_completed_and_activities_stand_apart(there: Place, clock: SetClock) -> None:
    closed, _ = await there.here.closed()
    started = await there.here.conversation(
        Meeting(clock() + timedelta(days=3), "Europe/Stockholm", "Rum Storsjön")
    )
    active = await add_activity(
        there.here.database, ActivityState.ACTIVE, due_on=clock().date() - timedelta(days=1)
    )
    done = await add_activity(there.here.database, ActivityState.COMPLETED, completed_on=clock().date())
    page = (await there.get("jonas", "/people/maja")).text
    for address in (closed, started):
        assert f'href="/conversations/{address}"' in page
    assert 'href="/people/maja/conversations/new"' in page
    assert f'href="/people/maja/activities/{active}"' in page
    assert done not in page
    assert 'href="/people/maja/activities#history"' in page
    said = await there.read("jonas", "/people/maja")
    assert "Rum Storsjön" in part(said, "Started", "Completed")
    assert "Completed 20 November" in part(said, "Completed", "Activities")
    assert "Should have been done 19 November" in said.split(" Activities ")[1]


async def test_the_employee_finds_her_own_page_and_asks_instead_of_planning(there: Place) -> None:
    id_ = await there.here.conversation()
    page = (await there.get("maja", "/people/maja")).text
    assert f'href="/conversations/{id_}"' in page
    assert "with Jonas Bergman" in page
    assert 'href="/conversations/ask"' in page
    assert "/conversations/new" not in page


async def test_the_started_ones_are_searched(there: Place) -> None:
    names = {"sv": "Lön", "nb": "Lønn", "en": "Pay"}
    await there.here.templates.add(OPERATOR, annual_template(id="lon", name=names))
    annual = await there.here.conversation()
    pay = await there.here.conversations.create(JONAS.actor, "maja", ("lon", 1))

    async def found(words: str) -> list[bool]:
        page = (await there.get("jonas", f"/people/maja?q={words}")).text
        return [f'href="/conversations/{id_}"' in page for id_ in (annual, pay)]

    assert await found("") == [True, True]
    assert await found("pay") == [False, True]
    assert await found("zzz") == [False, False]
    assert "None of the started ones is found by this." in await there.read("jonas", "/people/maja?q=zzz")


async def test_of_conversations_with_another_manager_the_manager_learns_that_there_are_some(
    there: Place,
) -> None:
    closed, _ = await there.here.closed()
    started = await there.here.conversation()
    await give_to(there, "astrid")
    answer = await there.get("astrid", "/people/maja")
    assert "A conversation is open with another manager." in answer.text
    assert "A conversation with another manager was completed 20 November." in answer.text
    for hidden in (closed, started, "Jonas"):
        assert hidden not in answer.text
    assert (await there.get("jonas", "/people/maja")).status_code == 404


async def test_a_stand_in_sees_when_and_in_what_state_and_opens_the_meeting_alone(
    there: Place, clock: SetClock
) -> None:
    closed, _ = await there.here.closed()
    await there.here.declining.decline(MAJA.actor, await there.here.conversation(), "Vi hann prata redan.")
    meeting = Meeting(clock() + timedelta(days=3), "Europe/Stockholm", "Rum Storsjön")
    started = await there.here.conversation(meeting)
    active = await add_activity(there.here.database, ActivityState.ACTIVE)
    assert (await there.get("helena", "/people/maja")).status_code == 404
    await name_stand_in(there)
    answer = await there.get("helena", "/people/maja")
    assert f'href="/conversations/{started}/meeting"' in answer.text
    assert f'href="/conversations/{started}"' not in answer.text
    assert closed not in answer.text
    assert active not in answer.text
    assert "Ny jourlista" not in answer.text
    assert 'href="/people/maja/conversations/new"' in answer.text
    said = await there.read("helena", "/people/maja")
    going_on, over = part(said, "Started", "Completed"), part(said, "Completed", "Activities")
    assert going_on.startswith("Started Monday 23 November at 10:00 · Rum Storsjön")
    assert over == "Completed 20 November No time agreed Was not held Declined No time agreed"
    assert "Vi hann prata redan." not in answer.text
    assert said.endswith("1 active")


async def test_to_everybody_else_there_is_nobody(there: Place) -> None:
    nobody = (await there.get("tomas", "/people/nobody")).text.replace("/people/nobody", "")
    for who in ("tomas", "astrid", "helena"):
        answer = await there.get(who, "/people/maja")
        assert answer.status_code == 404
        if who == "tomas":
            assert answer.text.replace("/people/maja", "") == nobody


async def test_fifty_conversations_and_activities_are_as_many_queries_as_one(there: Place) -> None:
    async def asked(who: str, path: str) -> int:
        async with there.browser(who) as one:
            with counted() as statements:
                assert (await one.get(path)).status_code == 200
        return len(statements)

    pages = (("jonas", "/people/maja"), ("maja", "/people/maja"), ("maja", "/"), ("jonas", "/"))
    await there.here.conversation()
    await add_activity(there.here.database, ActivityState.ACTIVE, owner_id="jonas")
    once = [await asked(*page) for page in pages]
    for _ in range(49):
        await there.here.conversations.create(JONAS.actor, MAJA.id, ANNUAL)
        await add_activity(there.here.database, ActivityState.ACTIVE, owner_id="jonas")
    assert [await asked(*page) for page in pages] == once
    assert all(0 < each <= QUERIES_MAX for each in once), once


async def test_the_start_page_leads_to_all_that_waits_and_to_what_was_handed_over(
    there: Place, clock: SetClock
) -> None:
    here = there.here
    page = (await there.get("maja", "/")).text
    assert 'href="/conversations/ask"' in page
    assert 'href="/conversations/ask"' not in (await there.get("astrid", "/")).text, "nobody leads her"
    asked = await here.database.write(lambda c: asking.ask(c, MAJA.actor, "Jouren", "", clock()))
    late = await add_activity(here.database, ActivityState.ACTIVE, due_on=clock().date() - timedelta(days=1))
    assert f'href="/requests/{asked}"' in (await there.get("jonas", "/")).text
    said = await there.read("jonas", "/")
    assert "Maja asks for a conversation." in said
    assert "Jouren" not in said
    assert f'href="/people/maja/activities/{late}"' in (await there.get("maja", "/")).text
    assert "One activity is late." in await there.read("maja", "/")
    id_ = await here.conversation()
    await here.ready(id_)
    await here.sharing.open_pane(MAJA.actor, id_, Pane.MANAGER)
    await there.features.handovers.reassign(HELENA.actor, id_, "astrid", "Maja har bytt enhet.")
    assert f'href="/conversations/{id_}/handover"' in (await there.get("maja", "/")).text
    assert f'href="/conversations/{id_}/former"' in (await there.get("jonas", "/")).text
    assert f'href="/conversations/{id_}"' in (await there.get("astrid", "/")).text
    for who, path in (("maja", f"/conversations/{id_}/handover"), ("jonas", f"/conversations/{id_}/former")):
        assert (await there.get(who, path)).status_code == 200
