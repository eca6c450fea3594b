"""S05: mandatory fields. Whoever completes too early gets what is missing as links, and the focus is there.

Kari and Ingrid, conv-04, in each language, and by keyboard alone.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Join
from tests.browser.scenes import (
    LANGUAGES,
    STILL,
    expect_clean_once,
    is_focused,
    open_by_keyboard,
    press,
    say,
    speak,
    standing,
)
from tests.running import RunningServer

COMPLETE = "a[data-action=complete]"
LINKS = "[data-slot=message] li a"
QUESTIONS = {
    "sv": ["Nästa samtal", "Ledarens sammanfattning"],
    "nb": ["Neste samtale", "Lederens oppsummering"],
    "en": ["Next conversation", "The manager's summary"],
}
"""Of c7 and c9."""


@pytest.mark.parametrize("language", LANGUAGES[1:2])
def test_s05_the_two_missing_answers_are_links_and_only_ingrid_completes(
    join: Join, server: RunningServer, language: str
) -> None:
    ingrid, kari = join("ingrid", **STILL), join("kari", **STILL)
    for person, other in ((ingrid, "Kari"), (kari, "Ingrid")):
        speak(person, language)
        open_by_keyboard(person, other)
        person.expect_saved()
    complete = say(language, "Complete")
    expect(ingrid.page.locator(COMPLETE)).to_have_text(complete)
    expect(kari.page.get_by_role("link", name=complete)).to_have_count(0)
    expect(kari.page.get_by_role("button", name=complete)).to_have_count(0)
    ends = say(language, "%(name)s completes the conversation when you are both ready.", name="Ingrid")
    expect(kari.page.locator("footer.bar")).to_contain_text(ends)
    before = standing(server.data)

    press(ingrid.page, COMPLETE)
    links = ingrid.page.locator(LINKS)
    expect(links).to_have_text(
        [say(language, "“%(question)s” is not filled in.", question=each) for each in QUESTIONS[language]]
    )
    for number, place in enumerate(("f-joint-c7", "f-manager-c9")):
        expect(links.nth(number)).to_have_attribute("href", f"#{place}")
    assert is_focused(ingrid.page, "[data-slot=message] h2"), "the focus is at the list"
    assert standing(server.data) == before, "nothing has changed"
    expect_clean_once(ingrid.page)
    expect_clean_once(kari.page)

    press(ingrid.page, f"{LINKS}[href='#f-joint-c7']")
    assert is_focused(ingrid.page, "#f-joint-c7")
    ingrid.page.keyboard.type("02012027")
    expect(kari.page.locator("#f-joint-c7")).to_have_value("2027-02-01")
    press(ingrid.page, COMPLETE)
    expect(links).to_have_count(1)
    press(ingrid.page, LINKS)
    expect(ingrid.editor("manager", "c9")).to_be_focused()
    ingrid.page.keyboard.type("Grensesnittet mot fiber går foran alt annet.")
    ingrid.expect_saved()

    press(ingrid.page, COMPLETE)
    ingrid.page.wait_for_url(re.compile("/complete$"))
    expect_clean_once(ingrid.page)
    press(ingrid.page, "main form button")
    over = say(language, "The conversation is completed, %(when)s.", when="").strip(" .,")
    for person in (ingrid, kari):
        expect(person.page.locator("[data-region=notice] b")).to_contain_text(over)
        expect(person.page.locator("article.record")).to_contain_text("Grensesnittet mot fiber går foran")
        expect(person.page.locator("[contenteditable], main input:not([type=hidden])")).to_have_count(0)
        expect_clean_once(person.page)
