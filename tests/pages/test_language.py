"""The language: one's own, else the cookie's, else the browser's."""

import pytest

from tests.pages.world import World, browser


@pytest.mark.parametrize(
    ("accepted", "locale"),
    [
        ("nb", "nb"),
        ("no", "nb"),
        ("nn-NO,en;q=0.5", "nb"),
        ("en-GB,en;q=0.9", "en"),
        ("sv-FI", "sv"),
        ("de, en;q=0.7, sv;q=0.3", "en"),
        ("de", "sv"),
        ("en;q=0", "sv"),
        ("en;q=x, nb", "nb"),
        ("", "sv"),
    ],
)
async def test_a_stranger_reads_the_language_that_the_browser_asks_for(accepted: str, locale: str) -> None:
    async with browser(World(), key=None, **{"accept-language": accepted}) as client:
        answer = await client.get("/sign-in")
    assert f'<html lang="{locale}">' in answer.text
    assert answer.headers["content-language"] == locale


async def test_a_stranger_s_choice_is_remembered() -> None:
    async with browser(World(), key=None, **{"accept-language": "sv"}) as client:
        chosen = await client.post("/language", data={"locale": "nb", "back": "/sign-in"})
        assert chosen.headers["location"] == "/sign-in"
        # On https no other host of the organisation can set it, as it cannot set the session's.
        assert chosen.headers["set-cookie"].startswith("__Host-samsyn-language=nb;")
        assert '<html lang="nb">' in (await client.get("/sign-in")).text


async def test_a_person_s_choice_is_the_person_s_on_every_device() -> None:
    world = World()
    async with browser(world) as client:
        await client.post("/language", data={"locale": "en", "back": "/"})
    async with browser(world, **{"accept-language": "sv"}) as elsewhere:
        assert "My conversations" in (await elsewhere.get("/")).text


async def test_a_language_that_nobody_speaks_changes_nothing() -> None:
    async with browser(World()) as client:
        answer = await client.post("/language", data={"locale": "xx", "back": "//elsewhere.example"})
        assert answer.headers["location"] == "/"
        assert '<html lang="sv">' in (await client.get("/")).text
