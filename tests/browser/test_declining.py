"""Declining and cancelling: who is told, what they read, and that nobody writes on."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.talks import SIGNED, both_shared, nothing, talking
from tests.browser.test_accessibility import AXE, EVERYTHING, shortcomings
from tests.browser.test_freezing import press
from tests.browser.test_keyboard import tab_to

REASON, ALTERNATIVE = "Vi hade ett samtal i oktober.", "I februari, med Astrid."


def test_a_declined_conversation_says_why_to_both_and_to_hr_alone(browser: Browser, tmp_path: Path) -> None:
    with talking(browser, tmp_path / "talk", SIGNED, both_shared) as talk:
        maja, jonas = talk.join("maja"), talk.join("jonas")
        jonas.page.evaluate("window.same = true")
        expect(jonas.page.locator('a[href$="/decline"]')).to_have_count(0)
        page = maja.page
        press(page, 'a[href$="/decline"]')
        expect(page.locator(".lead")).to_contain_text("Jonas Bergman")
        page.evaluate(AXE.read_text("utf-8"))
        assert not shortcomings(page, EVERYTHING)
        tab_to(page, "#reason")
        page.keyboard.type(REASON)
        tab_to(page, "#alternative")
        page.keyboard.type(ALTERNATIVE)
        press(page, "main form button")
        for person in (maja, jonas):
            said = person.page.locator("[data-region=notice] blockquote")
            expect(said).to_have_text([REASON, ALTERNATIVE])
            expect(person.page.locator("[contenteditable=true]")).to_have_count(0)
            expect(person.page.locator("footer.bar form, footer.bar a")).to_have_count(0)
        assert jonas.page.evaluate("window.same"), "without a reload"
        helena = talk.join("helena")
        expect(helena.page.locator("h1")).to_have_text(talk.say("Nothing here"))
        helena.page.goto(talk.server.url)
        expect(helena.page.locator("main blockquote")).to_have_text([REASON, ALTERNATIVE])
        for person in (maja, jonas):
            person.page.goto(talk.server.url)
            expect(person.page.locator("main blockquote")).to_have_count(0)
            expect(person.page.locator(".talk")).to_contain_text(talk.say("Declined"))


def test_the_responsible_cancels_with_a_reason(browser: Browser, tmp_path: Path) -> None:
    with talking(browser, tmp_path / "talk", SIGNED, nothing) as talk:
        maja, jonas = talk.join("maja"), talk.join("jonas")
        maja.write("employee", "a1", "Bara för mig.")
        maja.expect_saved()
        press(jonas.page, 'a[href$="/cancel"]')
        jonas.page.locator("#reason").fill(REASON)
        jonas.page.locator("main form button").click()
        for person in (maja, jonas):
            expect(person.page.locator("[data-region=notice] blockquote")).to_have_text(REASON)
        expect(maja.cell("employee", "a1")).to_have_text("Bara för mig.")
        expect(maja.page.locator("[contenteditable=true]")).to_have_count(0)
        assert "Bara för mig" not in jonas.page.content()
        expect(maja.page.locator("[data-slot=kept]")).to_be_hidden()
