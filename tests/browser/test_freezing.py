"""Sign and Complete on an open conversation: what is missing, the freeze on everybody's page, by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.talks import COMPLETED, SIGNED, Talk, both_shared, focused, nothing, ready, talking
from tests.browser.test_keyboard import tab_to

LANGUAGE = "nb"
"""The scenes play the same in all three."""
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def unshared(browser: Browser, tmp_path: Path) -> Iterator[Talk]:
    with talking(browser, tmp_path / "talk", SIGNED, nothing, LANGUAGE) as talk:
        yield talk


@pytest.fixture
def single(browser: Browser, tmp_path: Path) -> Iterator[Talk]:
    with talking(browser, tmp_path / "talk", COMPLETED, nothing, LANGUAGE) as talk:
        yield talk


@pytest.fixture
def prepared(browser: Browser, tmp_path: Path) -> Iterator[Talk]:
    with talking(browser, tmp_path / "talk", SIGNED, ready) as talk:
        yield talk


def press(page: Page, selector: str) -> None:
    """Go there and press, by keyboard alone."""
    tab_to(page, selector)
    page.keyboard.press("Enter")


def test_signing_too_early_lists_what_is_missing_and_changes_nothing(unshared: Talk) -> None:
    maja = unshared.join("maja", locale="en-US")
    page, said = maja.page, maja.page.locator("[data-slot=message] li")
    press(page, "form[data-action=freeze] button")
    expect(said).to_have_count(3)
    assert focused(page, "[data-slot=message] h2"), "the focus is at the list's heading"
    expect(said).to_have_text(
        [
            unshared.say("You have not shared your answers yet."),
            unshared.say("%(name)s has not shared yet.", name="Jonas"),
            unshared.say("“%(question)s” is not filled in.", question="What do we take with us?"),
        ]
    )
    assert said.nth(1).locator("a").count() == 0, "nobody is led to what is another's to do"

    press(page, "[data-slot=message] li:last-child a")
    assert focused(page, '[data-pane="joint"][data-field="a2"] [role=textbox]')
    page.keyboard.type("Vi delar upp jouren.")
    maja.expect_saved()

    jonas = unshared.join("jonas")
    expect(jonas.editor("joint", "a2")).to_have_text("Vi delar upp jouren.")
    jonas.page.locator("form[data-action=share] button").click()
    press(page, "form#show-answers button")
    press(page, "form[data-action=freeze] button")
    expect(said).to_have_text([unshared.say("You have not shared your answers yet.")])
    press(page, "[data-slot=message] li a")
    assert focused(page, "form[data-action=share] button")
    page.keyboard.press("Enter")
    expect(page.locator("form[data-action=withdraw]")).to_be_visible()
    press(page, "form[data-action=freeze] button")
    expect(page.locator("article.record")).to_contain_text("Vi delar upp jouren.")
    assert focused(page, "h1")


def test_completing_too_early_leads_to_each_missing_answer_and_only_the_completer_can(single: Talk) -> None:
    jonas, maja = single.join("jonas"), single.join("maja")
    expect(maja.page.locator("[data-action=complete]")).to_have_count(0)
    completer = single.say("%(name)s completes the conversation when you are both ready.", name="Jonas")
    expect(maja.page.locator("footer.bar")).to_contain_text(completer)

    page, said = jonas.page, jonas.page.locator("[data-slot=message] li")
    press(page, "a[data-action=complete]")
    expect(said).to_have_count(2)
    assert focused(page, "[data-slot=message] h2")
    press(page, "[data-slot=message] li:first-child a")
    assert focused(page, '[data-field="c1"] [role=textbox]')
    page.keyboard.type("Mycket.")
    jonas.expect_saved()
    expect(maja.editor("joint", "c1")).to_have_text("Mycket.")
    maja.page.locator('input[data-field="c2"]').first.check()
    maja.expect_saved()

    press(page, "a[data-action=complete]")
    page.wait_for_url(re.compile("/complete$"))
    expect(page.locator("h1")).to_have_text(single.say("Complete the conversation"))
    press(page, "main form button")
    page.wait_for_url(single.url)
    expect(page.locator("article.record")).to_contain_text("Mycket.")
    expect(maja.page.locator("article.record")).to_contain_text("Ahead")
    expect(maja.page.locator("[data-region=notice] b")).to_contain_text(
        single.say("The conversation is completed, %(when)s.", when="").strip(" .,")
    )


def test_without_a_script_the_same_list_leads_into_the_page(browser: Browser, tmp_path: Path) -> None:
    with talking(browser, tmp_path / "talk", SIGNED, both_shared) as talk:
        maja = talk.join("maja")
        cookies = maja.context.cookies()
        plain = browser.new_context(java_script_enabled=False)
        plain.add_cookies(cookies)  # type: ignore[arg-type]
        page = plain.new_page()
        page.goto(talk.url)
        page.locator("form[data-action=freeze] button").click()
        link = page.locator("main li a")
        expect(link).to_have_attribute("href", f"/conversations/{talk.id}#f-joint-a2")
        link.click()
        expect(page.locator("#f-joint-a2")).to_be_in_viewport()
        plain.close()
        maja.page.goto(f"{talk.url}#f-joint-a2")
        maja.wait_until_live()
        assert focused(maja.page, '[data-pane="joint"][data-field="a2"] [role=textbox]')


def test_on_a_phone_a_link_opens_the_tab_that_it_leads_into(browser: Browser, tmp_path: Path) -> None:
    with talking(browser, tmp_path / "talk", SIGNED, both_shared) as talk:
        maja = talk.join("maja", viewport=PHONE)
        page = maja.page
        page.locator("label:has(#tab-emp)").click()
        page.locator("form[data-action=freeze] button").click()
        page.locator("[data-slot=message] li a").click()
        expect(page.locator("#tab-joint")).to_be_checked()
        expect(maja.editor("joint", "a2")).to_be_in_viewport()
        assert focused(page, '[data-pane="joint"][data-field="a2"] [role=textbox]')


def test_everybody_has_the_frozen_text_at_once_and_is_told_politely(prepared: Talk) -> None:
    maja, jonas = prepared.join("maja"), prepared.join("jonas")
    maja.page.evaluate("window.same = true")
    maja.write("joint", "a2", " Maja skriver.")
    maja.expect_saved()
    jonas.page.locator("form[data-action=freeze] button").click()
    for person in (jonas, maja):
        expect(person.page.locator("article.record")).to_contain_text("Vi delar upp jouren. Maja skriver.")
        expect(person.page.locator(".field, [contenteditable]")).to_have_count(0)
        expect(person.page.locator("[aria-current=step]")).to_contain_text("Signera")
    assert maja.page.evaluate("window.same"), "without a reload"
    assert focused(maja.page, "h1"), "the focus of whoever wrote is at the top of what has come"
    news = prepared.say("%(name)s has asked to sign, %(when)s.", name="Jonas", when="").strip(" .,")
    expect(maja.page.locator("[data-region=notice] b")).to_contain_text(news)
    expect(maja.page.locator("[data-slot=announce]")).to_contain_text(news)
    expect(maja.page.locator("[data-slot=kept]")).to_be_hidden()


def test_whoever_presses_sign_waits_until_everything_is_received(prepared: Talk) -> None:
    jonas = prepared.join("jonas")
    jonas.write("joint", "a2", " Det allra sista.")
    jonas.page.locator("form[data-action=freeze] button").click()
    expect(jonas.page.locator("article.record")).to_contain_text("Det allra sista.")
