"""What is kept and what goes, as HR sees it: whose and when, never what; each step asked for once more."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from server.app import Node, opened
from server.settings import Settings
from tests.conftest import ORIGIN, SetClock
from tests.keeping import ACTIVITY, DECLINED, GOING_ON, NOTE, OTHERS, SIGNED, Life, everything
from tests.organisation import ANNUAL, HELENA, JONAS, MAJA, TOMAS, Organisation
from tests.pages.visiting import Place
from tests.queries import QUERIES_MAX, counted
from tests.test_erasing import leave


@pytest.fixture
async def node(database_url: str, clock: SetClock) -> AsyncIterator[Node]:
    async with opened(Settings(database=database_url, origin=ORIGIN), clock) as node:
        yield node


@pytest.fixture
async def life(here: Organisation) -> Life:
    return await everything(here)


async def test_hr_sees_whose_goes_when_what_is_held_and_what_has_gone_and_no_content(
    there: Place, here: Organisation, life: Life, clock: SetClock
) -> None:
    await leave(here, "maja")
    await there.features.keeping.hold(HELENA.actor, "maja", life.declined, "Tvist om lön.")
    clock.pass_time(days=85)
    async with there.browser("helena") as client:
        page = (await client.get("/retention")).text
        assert "Conversation that was never completed" in page
        assert "Maja Öberg" in page
        assert "Tvist om lön." in page
        assert "/retention/people/maja" in page
        # The receipt of the conversation that was erased before.
        assert "On request" in page
        nothing = (await client.get("/retention?days=1")).text
        assert "Nothing goes within that time." in nothing
        year = (await client.get("/retention?days=365")).text
        found = (await client.get("/retention/people?name=maja")).text
        assert "has left" in found
        assert 'href="/retention/people/maja"' in found
        person = (await client.get("/retention/people/maja")).text
        assert "Left on" in person
        assert "1 completed or signed conversation" in person
    for text in (page, year, person):
        for canary in (*SIGNED, *GOING_ON[:3], *DECLINED, *ACTIVITY, *NOTE, *OTHERS):
            assert canary.decode() not in text
        assert "Private note" not in text.replace("Private notes go with their owners", "")


async def test_erasing_is_asked_for_once_more_and_what_was_typed_is_not_lost(
    there: Place, here: Organisation, life: Life
) -> None:
    of_maja = "/retention/people/maja"
    async with there.browser("helena") as client:
        refused = await client.post(f"{of_maja}/conversations/{life.going_on}/erase")
        assert refused.status_code == 409
        assert "Tick that you know that this cannot be undone." in refused.text
        works = await client.post(f"{of_maja}/erase", data={"sure": "yes"})
        assert works.status_code == 409
        assert "Maja works here." in works.text
        for reason in ("", "x" * 4_001):
            held = await client.post(f"{of_maja}/hold", data={"reason": reason, "conversation": life.signed})
            assert held.status_code == 409
            assert f'<option value="{life.signed}" selected' in held.text
            assert reason in held.text
        done = await client.post(f"{of_maja}/hold", data={"reason": "Tvist.", "conversation": life.signed})
        assert (done.status_code, done.headers["location"]) == (303, of_maja)
        sure = {"sure": "yes"}
        refused = await client.post(f"{of_maja}/conversations/{life.signed}/erase", data=sure)
        assert refused.status_code == 409
        assert "held back" in refused.text
        # A conversation of somebody else is not found on Maja's page.
        other = await here.conversations.create(JONAS.actor, "maja", ANNUAL, None)
        assert (
            await client.post(f"/retention/people/jonas/conversations/{other}/erase", data=sure)
        ).status_code == 404
        gone = await client.post(f"{of_maja}/conversations/{life.going_on}/erase", data=sure)
        assert gone.status_code == 303
        overview = await there.features.keeping.overview(HELENA.actor, 0)
        (hold,) = overview.holds
        assert (await client.post(f"/retention/holds/{hold.id}/lift")).status_code == 303
        assert (await client.post(f"/retention/holds/{hold.id}/lift")).status_code == 404
        await leave(here, "maja")
        assert (await client.post(f"{of_maja}/erase")).status_code == 409
        erased = await client.post(f"{of_maja}/erase", data=sure | {"records": "yes"})
        assert (erased.status_code, erased.headers["location"]) == (303, "/retention#receipts")
    assert await here.count("record") == 0


async def test_whoever_is_still_employed_reads_what_was_erased_about_her(
    there: Place, here: Organisation, life: Life
) -> None:
    async with there.browser("maja") as client:
        page = (await client.get("/my-data")).text
    assert "What was erased about you" in page
    async with there.browser("jonas") as client:
        assert "What was erased about you" not in (await client.get("/my-data")).text


async def test_nobody_but_hr_gets_in_and_is_told_that_there_is_anything(
    there: Place, here: Organisation, life: Life
) -> None:
    paths = (
        "/retention",
        "/retention/people?name=maja",
        "/retention/people/maja",
        "/retention/people/nobody",
    )
    posts = ("people/maja/hold", "people/maja/erase", "holds/x/lift")
    for who in ("maja", "jonas", "tomas", "astrid"):
        async with there.browser(who) as client:
            for path in paths:
                assert (await client.get(path)).status_code == 404
            for path in (*posts, f"people/maja/conversations/{life.signed}/erase"):
                answer = await client.post(f"/retention/{path}", data={"sure": "yes", "reason": "Så."})
                assert answer.status_code == 404, (who, path)
    assert await here.count("hold") == 0


async def test_the_pages_ask_as_little_of_many_as_of_few(
    there: Place, here: Organisation, life: Life, clock: SetClock
) -> None:
    for _ in range(6):
        id_ = await here.conversations.create(JONAS.actor, "maja", ANNUAL, None)
        await here.declining.decline(MAJA.actor, id_, "Nej.")
    await leave(here, "maja")
    clock.pass_time(days=2 * 365)
    async with there.browser("helena") as client:
        for path in (
            "/retention?days=365",
            "/retention/people?name=ma",
            "/retention/people/maja",
            "/my-data",
        ):
            with counted() as statements:
                assert (await client.get(path)).status_code == 200
            assert len(statements) <= QUERIES_MAX, (path, "\n".join(statements))


async def test_whoever_is_held_back_reads_not_why_and_is_not_asked_to_lift_it(
    there: Place, here: Organisation
) -> None:
    hanna = replace(HELENA, id="hanna", email="hanna@nordljus.example")
    await here.accounts.add(TOMAS.actor, hanna, None)
    async with there.browser("helena") as client:
        refused = await client.post("/retention/people/helena/hold", data={"reason": "Därför."})
        assert refused.status_code == 409
        assert "it is not for you to decide" in refused.text
        await there.features.keeping.hold(hanna.actor, "helena", "", "Tvist med Helena.")
        for path in ("/retention", "/retention/people/helena"):
            page = (await client.get(path)).text
            assert "Why is read by others, because it is about you." in page
            assert "Tvist" not in page
            assert "/lift" not in page
