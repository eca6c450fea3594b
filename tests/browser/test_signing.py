"""Reading what was frozen and signing it: by two people, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Person
from tests.browser.talks import SIGNED, Talk, closed, frozen, talking
from tests.browser.test_accessibility import AXE, CONTRAST, EVERYTHING, shortcomings
from tests.browser.test_freezing import LANGUAGE, PHONE, press
from tests.browser.test_keyboard import tab_to
from tests.organisation import PASSWORD


@pytest.fixture
def everywhere(browser: Browser, tmp_path: Path) -> Iterator[Talk]:
    with talking(browser, tmp_path / "talk", SIGNED, frozen, LANGUAGE) as talk:
        yield talk


@pytest.fixture
def talk(browser: Browser, tmp_path: Path) -> Iterator[Talk]:
    with talking(browser, tmp_path / "talk", SIGNED, frozen) as talk:
        yield talk


def sign(person: Person, comment: str = "", password: str = PASSWORD) -> None:
    """Sign by keyboard alone."""
    page = person.page
    if comment:
        tab_to(page, "#sign textarea")
        page.keyboard.type(comment)
    tab_to(page, "#sign input[type=password]")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def test_both_sign_and_the_last_signature_closes_on_both_pages(everywhere: Talk) -> None:
    maja, jonas = everywhere.join("maja"), everywhere.join("jonas")
    say, waiting = everywhere.say, jonas.page.locator("[data-region=signatures] b")
    expect(maja.page.locator(".statement")).to_be_visible()
    expect(maja.page.locator("article.record")).to_contain_text("Vi delar upp jouren.")
    jonas.page.evaluate("window.same = true")
    tab_to(jonas.page, "#sign textarea")
    jonas.page.keyboard.type("Jag ")

    sign(maja, "Jouren är inte löst.")
    expect(maja.page.locator("[data-region=sign]")).to_contain_text(
        say("Now it waits for %(name)s.", name="Jonas")
    )
    expect(waiting).to_have_text(
        [say("%(name)s has signed.", name="Maja"), say("%(name)s has not signed yet.", name="Jonas")]
    )
    expect(jonas.page.locator("[data-region=signatures] blockquote")).to_have_text("Jouren är inte löst.")
    jonas.page.keyboard.type("läser.")
    expect(jonas.page.locator("#sign textarea")).to_have_value("Jag läser.")
    assert jonas.page.evaluate("window.same"), "without a reload, and without moving the caret"

    sign(jonas)
    for person in (jonas, maja):
        expect(person.page.locator("#sign")).to_have_count(0)
        expect(person.page.locator("[data-region=signatures] blockquote")).to_have_count(2)
        expect(person.page.locator("[aria-current=step]")).to_have_count(0)
        expect(person.page.locator("[data-region=notice] b")).to_contain_text(
            say("The conversation is signed, %(when)s.", when="").strip(" .,")
        )


def test_a_wrong_password_is_said_and_loses_nothing(talk: Talk) -> None:
    maja = talk.join("maja")
    sign(maja, "Jouren är inte löst.", "fel lösenord")
    wrong = maja.page.locator("#wrong")
    expect(wrong).to_have_text(talk.say("This is not your password. Nothing was signed. Try again."))
    expect(maja.page.locator("#sign textarea")).to_have_value("Jouren är inte löst.")
    maja.wait_until_live()
    assert maja.page.url == talk.url, "the page can be fetched and reloaded"
    sign(maja)
    expect(maja.page.locator("[data-region=sign]")).to_contain_text(talk.say("You have signed."))


def test_on_a_phone_the_bar_leads_to_the_signature(browser: Browser, tmp_path: Path) -> None:
    with talking(browser, tmp_path / "talk", SIGNED, frozen) as talk:
        maja = talk.join("maja", viewport=PHONE)
        press(maja.page, "footer.bar a")
        expect(maja.page.locator("#sign .statement")).to_be_in_viewport()


@pytest.mark.parametrize("state", ["frozen", "closed"])
def test_the_review_and_the_closed_page_can_be_used_by_everybody(
    browser: Browser, tmp_path: Path, state: str
) -> None:
    with talking(browser, tmp_path / "talk", SIGNED, frozen if state == "frozen" else closed) as talk:
        page = talk.join("maja").page
        page.evaluate(AXE.read_text("utf-8"))
        faults = []
        for size in ({"width": 1440, "height": 1000}, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.emulate_media(color_scheme="light")
            faults += shortcomings(page, EVERYTHING)
            page.emulate_media(color_scheme="dark")
            faults += shortcomings(page, CONTRAST)
        assert not faults
