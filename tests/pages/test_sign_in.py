"""Signing in and out, the demo's buttons, and coming back to where one was."""

import pytest

from server.pages.addresses import own_path, sign_in_address
from tests.pages.world import World, browser


async def test_whoever_is_not_signed_in_is_led_to_the_sign_in_page_and_back() -> None:
    async with browser(World(), key=None) as client:
        led = await client.get("/conversations/c1")
        assert led.status_code == 303
        assert led.headers["location"] == "/sign-in?next=%2Fconversations%2Fc1"
        form = {"email": "maja@nordljus.example", "password": "nordljus", "next": "/conversations/c1"}
        back = await client.post("/sign-in", data=form)
    assert back.status_code == 303
    assert back.headers["location"] == "/conversations/c1"


async def test_a_wrong_password_says_so_and_keeps_the_address() -> None:
    async with browser(World(), key=None, **{"accept-language": "nb"}) as client:
        answer = await client.post("/sign-in", data={"email": "maja@nordljus.example", "password": "fel"})
    assert answer.status_code == 401
    assert "hører ikke sammen" in answer.text
    assert 'value="maja@nordljus.example"' in answer.text
    assert "set-cookie" not in answer.headers


async def test_the_demo_has_a_button_for_everybody_and_prints_the_password() -> None:
    async with browser(World(demo=True), key=None) as client:
        shown = await client.get("/sign-in")
        answer = await client.post("/sign-in", data={"person": "jonas"})
    assert 'name="person" value="maja"' in shown.text
    assert "<code>nordljus</code>" in shown.text
    assert answer.status_code == 303


async def test_outside_the_demo_nobody_is_listed_and_no_button_works() -> None:
    async with browser(World(), key=None) as client:
        shown = await client.get("/sign-in")
        answer = await client.post("/sign-in", data={"person": "jonas"})
    assert 'name="person"' not in shown.text
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers


async def test_signing_in_anew_ends_the_session_that_the_browser_had() -> None:
    world = World()
    form = {"email": "jonas@nordljus.example", "password": "nordljus"}
    async with browser(world) as client:
        assert (await client.post("/sign-in", data=form | {"password": "fel"})).status_code == 401
        assert world.calls == []
        assert (await client.post("/sign-in", data=form)).status_code == 303
    assert world.calls == [("end", "m", "m")]


async def test_signing_out_ends_the_session_and_takes_the_cookie_back() -> None:
    world = World()
    async with browser(world) as client:
        answer = await client.post("/sign-out")
    assert world.calls == [("end", "m", "m")]
    assert "Max-Age=0" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "path",
    ["//elsewhere.example", "/\\elsewhere.example", "https://elsewhere.example", "", None, "/a\r\nb", "/\tb"],
)
def test_nobody_is_led_away_from_the_site(path: str | None) -> None:
    assert own_path(path) == "/"


def test_the_way_back_survives_the_sign_in_page() -> None:
    assert own_path("/conversations/c1?x=1") == "/conversations/c1?x=1"
    assert sign_in_address("/a?b=c&d") == "/sign-in?next=%2Fa%3Fb%3Dc%26d"
    assert sign_in_address("/") == "/sign-in"
