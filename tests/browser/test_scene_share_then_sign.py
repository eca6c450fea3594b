"""S04: the order of sharing. Whoever signs too early is told what is missing, and nothing has changed.

Priya and Ingrid, conv-05, in each language, and by keyboard alone.
"""

from __future__ import annotations

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
    sign,
    speak,
    standing,
)
from tests.browser.test_keyboard import tab_to
from tests.running import RunningServer

SIGN = "form[data-action=freeze] button"
MISSING = "[data-slot=message] li"


@pytest.mark.parametrize("language", LANGUAGES[:1])
def test_s04_signing_before_the_other_has_shared_explains_and_then_works(
    join: Join, server: RunningServer, language: str
) -> None:
    priya, ingrid = join("priya", **STILL), join("ingrid", **STILL)
    for person, other in ((priya, "Ingrid"), (ingrid, "Priya")):
        speak(person, language)
        open_by_keyboard(person, other)
        person.expect_saved()
    before = standing(server.data)

    press(priya.page, SIGN)
    lacking = priya.page.locator(MISSING)
    expect(lacking).to_have_text([say(language, "%(name)s has not shared yet.", name="Ingrid")])
    sentence = say(language, "Before this can be signed or completed, something is missing.")
    expect(priya.page.locator("[data-slot=message] h2")).to_have_text(sentence)
    assert is_focused(priya.page, "[data-slot=message] h2")
    assert standing(server.data) == before, "nothing has changed"
    expect_clean_once(priya.page)
    tab_to(priya.page, '[data-pane="joint"][data-field="a8"] [role=textbox]', "Shift+Tab")
    priya.page.keyboard.press("Control+End")
    priya.page.keyboard.type(" Written after the first press.")
    priya.expect_saved()
    expect(ingrid.editor("joint", "a8")).to_contain_text("after the first press")

    press(ingrid.page, "form[data-action=share] button")
    expect(ingrid.page.locator("form[data-action=share]")).to_have_count(0)
    expect(priya.page.locator("form#show-answers")).to_be_visible()
    expect_clean_once(ingrid.page)

    press(priya.page, SIGN)
    for person in (priya, ingrid):
        record = person.page.locator("article.record")
        expect(record).to_contain_text(
            "with a second reviewer from next month. Written after the first press."
        )
        # What was shared and never opened is part of what is signed, so it is read here.
        expect(record).to_contain_text("Priya needs a second reviewer.")
        expect(person.page.locator("[contenteditable]")).to_have_count(0)
        expect_clean_once(person.page)

    sign(priya)
    expect(priya.page.locator("main")).to_contain_text(say(language, "You have signed."))
    signed = say(language, "%(name)s has signed.", name="Priya")
    expect(ingrid.page.locator("[data-region=signatures]")).to_contain_text(signed)
    sign(ingrid)
    over = say(language, "The conversation is signed, %(when)s.", when="").strip(" .,")
    for person in (priya, ingrid):
        expect(person.page.locator("[data-region=notice] b")).to_contain_text(over)
        expect_clean_once(person.page)
