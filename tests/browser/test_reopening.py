"""Opening again, before and after closing: both go on writing where they were, and read who, when and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.talks import SIGNED, closed, focused, frozen, talking
from tests.browser.test_freezing import press
from tests.browser.test_keyboard import tab_to

REASON = "Datumet i planen är fel."


@pytest.mark.parametrize("state", ["frozen", "closed"])
def test_both_can_write_again_at_once_and_are_told_why(browser: Browser, tmp_path: Path, state: str) -> None:
    prepare = frozen if state == "frozen" else closed
    with talking(browser, tmp_path / "talk", SIGNED, prepare) as talk:
        maja, jonas = talk.join("maja"), talk.join("jonas")
        page = maja.page
        jonas.page.evaluate("window.same = true")
        press(page, 'a[href$="/reopen"]')
        expect(page.locator("h1")).to_have_text(talk.say("Open the conversation again"))
        tab_to(page, "textarea")
        page.keyboard.type(REASON)
        press(page, "main form button")
        page.wait_for_url(talk.url)
        maja.wait_until_live()
        for person in (maja, jonas):
            notice = person.page.locator("[data-region=notice]")
            expect(notice.locator("blockquote")).to_have_text(REASON)
            expect(person.editor("joint", "a2")).to_have_text("Vi delar upp jouren.")
        news = talk.say("%(name)s has opened this conversation again, %(when)s.", name="Maja", when="")
        expect(jonas.page.locator("#decided-title")).to_contain_text(news.strip(" .,"))
        expect(jonas.page.locator("[data-slot=announce]")).to_contain_text(news.strip(" .,"))
        assert jonas.page.evaluate("window.same"), "without a reload"

        jonas.write("joint", "a2", " Från januari.")
        expect(maja.editor("joint", "a2")).to_have_text("Vi delar upp jouren. Från januari.")
        assert focused(jonas.page, '[data-pane="joint"][data-field="a2"] [role=textbox]')
        expect(jonas.page.locator("[data-pane=joint][data-field=a2] [role=toolbar]")).to_be_visible()

        press(jonas.page, "form[data-action=freeze] button")
        for person in (jonas, maja):
            expect(person.page.locator("article.record")).to_contain_text("Från januari.")
            expect(person.page.locator("#sign")).to_be_visible()


def test_a_reason_is_asked_for_and_a_long_one_is_not_lost(browser: Browser, tmp_path: Path) -> None:
    with talking(browser, tmp_path / "talk", SIGNED, frozen) as talk:
        page = talk.join("maja").page
        page.goto(f"{talk.url}/reopen")
        long = "Ett skäl. " * 500
        page.locator("textarea").fill(long)
        page.locator("main form button").click()
        expect(page.locator("#wrong")).to_contain_text("4000")
        expect(page.locator("textarea")).to_have_value(long)
        page.locator("textarea").fill("   ")
        page.locator("main form button").click()
        expect(page.locator("#wrong")).to_be_visible()
        page.goto(talk.url)
        expect(page.locator("#sign")).to_be_visible()
