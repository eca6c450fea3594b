"""The menus: whoever is signed in finds what is theirs, and is told where they are."""

import pytest

from server.pages import navigation
from server.pages.navigation import Entry
from server.sessions import PageSession
from tests.pages.reading import SWEDISH
from tests.pages.world import JONAS, MAJA, browser, filled


def entries(session: PageSession, path: str = "/") -> list[Entry]:
    menu = navigation.menu(session, SWEDISH.catalogue, path)
    return [*menu.main, *menu.own, *menu.organisation]


def current(session: PageSession, path: str) -> list[tuple[str, str]]:
    return [(each.address, each.current) for each in entries(session, path) if each.current]


def test_my_staff_is_found_by_whoever_has_staff_alone() -> None:
    assert "/staff" in [each.address for each in entries(PageSession("s", JONAS, has_staff=True))]
    assert "/staff" not in [each.address for each in entries(PageSession("s", MAJA))]


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/", [("/", "page")]),
        ("/conversations/c1", [("/", "true")]),
        ("/staff", [("/staff", "page")]),
        ("/people/maja", [("/staff", "true")]),
        ("/people/maja/activities", [("/staff", "true")]),
        ("/people/jonas", []),
        ("/people/jonas/activities", [("/people/jonas/activities", "page")]),
        ("/people/jonas/activities/a1", [("/people/jonas/activities", "true")]),
        ("/sessions", [("/sessions", "page")]),
        ("/nowhere", []),
    ],
)
def test_the_menu_says_where_one_is(path: str, marked: list[tuple[str, str]]) -> None:
    assert current(PageSession("s", JONAS, has_staff=True), path) == marked


async def test_every_page_has_the_menu_and_whoever_is_not_signed_in_none() -> None:
    async with browser(filled()) as maja:
        for address in ("/", "/sessions", "/conversations/c1", "/nowhere"):
            assert 'href="/people/maja/activities"' in (await maja.get(address)).text, address
    async with browser(filled(), None) as nobody:
        assert "/activities" not in (await nobody.get("/sign-in")).text
