"""What goes wrong is said in the person's language, and says what to do."""

from dataclasses import replace

import pytest

from server.rules.access import Actor
from server.rules.errors import StorageUnavailable
from tests.pages.world import JONAS, MAJA, World, browser, person

STRANGER = person("leo", "Leo Ström")


async def test_forbidden_looks_exactly_like_missing() -> None:
    world = World(signed_in={"s": STRANGER})
    async with browser(world, "s") as client:
        forbidden = await client.get("/conversations/c1")
        missing = await client.get("/conversations/c2")
        nowhere = await client.get("/nowhere")
    assert forbidden.status_code == missing.status_code == nowhere.status_code == 404
    assert forbidden.text.replace("c1", "c2") == missing.text
    # The menu says that a conversation lies below the start page, whether there is one or not.
    elsewhere = missing.text.replace("/conversations/c2", "/nowhere").replace(' aria-current="true"', "")
    assert elsewhere == nowhere.text
    assert forbidden.headers == missing.headers


@pytest.mark.parametrize(
    ("locale", "heading"), [("sv", "Här finns inget"), ("nb", "Her er det ingenting"), ("en", "Nothing here")]
)
async def test_an_error_page_is_in_the_person_s_language(locale: str, heading: str) -> None:
    world = World(signed_in={"m": replace(MAJA, locale=locale), "j": JONAS})
    async with browser(world) as client:
        assert f"<h1>{heading}</h1>" in (await client.get("/conversations/c9")).text


async def test_a_database_that_is_away_is_said_and_nothing_of_why() -> None:
    world = World()

    async def see(actor: Actor, id_: str) -> None:
        raise StorageUnavailable("disk I/O error at /secret/place")

    world.see = see  # type: ignore[method-assign, assignment]
    async with browser(world) as client:
        answer = await client.get("/conversations/c1")
    assert answer.status_code == 503
    assert "Vänta en minut och försök igen." in answer.text
    assert "secret" not in answer.text


async def test_a_database_that_is_away_signs_nobody_out() -> None:
    world = World()

    async def find(key: str) -> None:
        raise StorageUnavailable

    world.find = find  # type: ignore[method-assign, assignment]
    async with browser(world) as client:
        answer = await client.get("/conversations/c1")
        offline = await client.get("/offline")
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers
    assert offline.status_code == 200


async def test_a_fault_of_ours_is_said_with_the_same_headers_as_any_page() -> None:
    world = World()

    async def start(actor: Actor) -> None:
        raise ZeroDivisionError("a secret")

    world.start = start  # type: ignore[method-assign, assignment]
    async with browser(world) as client:
        answer = await client.get("/")
    assert answer.status_code == 500
    assert "Något gick fel hos oss" in answer.text
    assert "a secret" not in answer.text
    assert "content-security-policy" in answer.headers


async def test_the_offline_page_names_nobody() -> None:
    async with browser(World()) as client:
        text = (await client.get("/offline")).text
    assert "Maja" not in text
    assert "samsyn-page" not in text


async def test_my_devices_can_be_ended_one_by_one_or_all_others() -> None:
    world = World()
    async with browser(world) as client:
        text = (await client.get("/sessions")).text
        await client.post("/sessions", data={"session": "other"})
        await client.post("/sessions", data={"session": "others"})
    assert "Safari · iPhone" in text
    assert "Den här enheten" in text
    assert world.calls == [("end", "m", "other"), ("end_others", "m")]
