"""The pages on the way to a conversation's end, and after it: for everybody, and by keyboard alone."""

from __future__ import annotations

import re
from typing import Literal

from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import Join, Person
from tests.browser.scenes import STILL, press
from tests.browser.test_accessibility import AXE, EVERYTHING, shortcomings
from tests.browser.test_keyboard import tab_to

DESKTOP: ViewportSize = {"width": 1440, "height": 1000}
PHONE: ViewportSize = {"width": 390, "height": 844}
ZOOMED: ViewportSize = {"width": 320, "height": 256}
"""A window of 1280 × 1024 at 400 %."""

IS_TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"


def address(person: Person, conversation_with: str) -> str:
    """The address of a conversation, as the start page has it."""
    person.page.goto(person.server.url)
    link = person.page.get_by_role("link", name=re.compile(conversation_with)).first
    return f"{person.server.url}{link.get_attribute('href')}"


def expect_for_everybody(page: Page) -> None:
    """Axe finds nothing, on a desk in light and on a phone in the dark, and nothing overflows at 400 %."""
    page.evaluate(AXE.read_text("utf-8"))
    faults: list[str] = []
    looks: tuple[tuple[ViewportSize, Literal["light", "dark"]], ...] = ((DESKTOP, "light"), (PHONE, "dark"))
    for size, colours in looks:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=colours)
        faults += shortcomings(page, EVERYTHING)
    page.set_viewport_size(ZOOMED)
    faults += ["wider than its window at 400 %"] * page.evaluate(IS_TOO_WIDE)
    page.set_viewport_size(DESKTOP)
    assert not faults, (page.url, faults)


def visit(person: Person, *addresses: str) -> None:
    """Every one of the pages is for everybody."""
    for each in addresses:
        person.page.goto(each)
        expect(person.page.locator("h1")).to_be_visible()
        expect_for_everybody(person.page)


def test_a_guest_is_invited_agreed_to_and_comes_in_by_keyboard_alone(join: Join) -> None:
    jonas, elias, helena = (join(who, **STILL) for who in ("jonas", "elias", "helena"))
    talk = address(jonas, "Elias Norén")
    jonas.page.goto(f"{talk}/guests")
    tab_to(jonas.page, "input[name=q]")
    jonas.page.keyboard.type("helena")
    jonas.page.keyboard.press("Enter")
    expect(jonas.page.locator("input[name=person]")).to_have_value("helena")
    expect_for_everybody(jonas.page)
    press(jonas.page, 'form[action$="/guests"][method=post] button')
    expect(jonas.page.locator("main")).to_contain_text("Helena Wik")

    elias.page.goto(f"{talk}/guests")
    expect_for_everybody(elias.page)
    press(elias.page, 'form[action$="/helena/agree"] button')
    expect(elias.page.locator('form[action$="/agree"]')).to_have_count(0)

    visit(helena, helena.server.url)
    press(helena.page, 'a[href$="/invitation"]')
    expect(helena.page.locator('form[action$="/invitation"]')).to_be_visible()
    expect_for_everybody(helena.page)
    press(helena.page, 'form[action$="/invitation"] button')
    helena.wait_until_live()
    # What she may only read is there all the same: who is responsible, and when it is to be done.
    row = helena.page.locator('[data-field="handlingsplan.mal"] tbody tr').first
    expect(row.locator("select")).to_have_value("elias")
    expect(row.locator("input[type=date]").first).not_to_have_value("")
    expect(helena.page.locator(".save")).to_be_hidden()
    expect_for_everybody(helena.page)


def test_what_is_over_and_what_ends_a_conversation_is_for_everybody(join: Join) -> None:
    jonas, ingrid, tomas = (join(who, **STILL) for who in ("jonas", "ingrid", "tomas"))
    signed, open_one = address(jonas, "Astrid Lindqvist"), address(jonas, "Maja Öberg")
    visit(
        jonas,
        signed,
        f"{signed}/record",
        f"{signed}/records/1/receipt",
        f"{signed}/reopen",
        f"{open_one}/cancel",
    )
    visit(ingrid, f"{address(ingrid, 'Kari Nygård')}/complete")
    expect(ingrid.page.locator("main .rows a").first).to_be_visible()
    visit(tomas, address(tomas, "Astrid Lindqvist"))
    for over, person in ((signed, jonas), (tomas.page.url, tomas)):
        person.page.goto(over)
        expect(person.page.locator(".save")).to_be_hidden()
        expect(person.page.locator("[data-slot=here]")).to_be_hidden()
