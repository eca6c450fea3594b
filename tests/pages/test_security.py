"""Requests from elsewhere are refused before anything is looked at; every answer carries its headers."""

from collections.abc import AsyncIterator

import httpx
import pytest

from server.pages.security import CONTENT_SECURITY_POLICY
from server.rules.limits import FORM_BYTES_MAX
from tests.pages.world import ORIGIN, World, application, browser


async def post(headers: dict[str, str]) -> tuple[int, World]:
    world = World()
    transport = httpx.ASGITransport(application(world))
    cookies = {"__Host-samsyn": "m"}
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=cookies) as client:
        answer = await client.post("/sessions", data={"session": "others"}, headers=headers)
    return answer.status_code, world


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": ORIGIN},
        {"sec-fetch-site": ""},
        {"origin": "https://elsewhere.example"},
        {"origin": "http://samsyn.example"},
        {"origin": "null"},
        {},
    ],
)
async def test_a_change_that_another_site_asks_for_is_refused(headers: dict[str, str]) -> None:
    status, world = await post(headers)
    assert status == 403
    assert not world.calls


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {"origin": ORIGIN}]
)
async def test_a_change_that_our_own_page_asks_for_is_carried_out(headers: dict[str, str]) -> None:
    status, world = await post(headers)
    assert status == 303
    assert world.calls == [("end_others", "m")]


async def test_the_session_is_not_looked_at_when_another_site_asks() -> None:
    world = World()

    async def find(key: str) -> None:
        raise AssertionError("the session was looked at")

    world.find = find  # type: ignore[method-assign, assignment]
    async with browser(world, **{"sec-fetch-site": "cross-site"}) as client:
        answer = await client.post("/sessions", data={"session": "others"})
    assert answer.status_code == 403


async def test_a_page_may_be_linked_to_from_anywhere() -> None:
    async with browser(World(), **{"sec-fetch-site": "cross-site"}) as client:
        assert (await client.get("/")).status_code == 200


async def test_a_form_that_is_too_large_is_refused_whether_it_says_so_or_not() -> None:
    world = World()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(FORM_BYTES_MAX // 1024 + 2):
            yield b"x" * 1024

    async with browser(world) as client:
        said = await client.post("/sessions", content=b"x" * (FORM_BYTES_MAX + 1))
        unsaid = await client.post("/sessions", content=endless())
    assert (said.status_code, unsaid.status_code) == (413, 413)
    assert not world.calls


@pytest.mark.parametrize("path", ["/", "/sign-in", "/offline", "/nowhere", "/conversations/c1"])
async def test_every_answer_forbids_scripts_of_others_and_being_kept(path: str) -> None:
    async with browser(World()) as client:
        answer = await client.get(path)
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["strict-transport-security"].startswith("max-age=")


async def test_the_session_cookie_is_for_this_host_alone_and_for_no_script() -> None:
    world = World()
    async with browser(world, key=None) as client:
        answer = await client.post(
            "/sign-in", data={"email": "maja@nordljus.example", "password": "nordljus"}
        )
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("__host-samsyn=m;")
    for part in ("httponly", "secure", "samesite=lax", "path=/"):
        assert part in cookie
    assert "domain" not in cookie
