"""Preparing in a browser: what is ticked and noted is stored at once, and is nobody else's."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Join
from tests.browser.scenes import STILL, expect_clean, press


def test_what_one_ticks_and_notes_is_stored_and_on_nobody_elses_page(join: Join) -> None:
    elias, jonas = join("elias", **STILL), join("jonas", **STILL)
    elias.open("Jonas")
    press(elias.page, "a[href$='/prepare']")
    elias.page.wait_for_url(re.compile("/prepare$"))
    address = elias.page.url
    first = elias.page.locator(".checklist input").first
    # Each tick is sent by itself: there is no button to press.
    expect(elias.page.locator(".checklist button")).to_be_hidden()
    with elias.page.expect_response(lambda answer: answer.request.method == "POST"):
        first.focus()
        elias.page.keyboard.press("Space")
    press(elias.page, "#note form[action$='/note'] button")
    elias.wait_until_live()
    expect(first).to_be_checked()
    elias.write("note", "text", "Fråga om bullret.")
    elias.expect_saved()
    expect_clean(elias.page)

    elias.page.reload()
    elias.wait_until_live()
    expect(elias.cell("note", "text")).to_contain_text("Fråga om bullret.")
    expect(first).to_be_checked()
    jonas.page.goto(address)
    expect(jonas.page.locator(".checklist input:checked")).to_have_count(0)
    expect(jonas.page.locator("main")).not_to_contain_text("bullret")
    assert not any(b"bullret" in frame for frame in jonas.received)
