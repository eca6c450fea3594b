"""A manager's way from the staff to a conversation: at both widths, by keyboard, in three languages."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Join
from tests.browser.test_accessibility import AXE, CONTRAST, DESKTOP, EVERYTHING, PHONE, shortcomings
from tests.browser.test_keyboard import tab_to
from tests.running import RunningServer

# What the rows say of Ola, whose conversation goes on with Jonas, and of Jonas, who has had his.
WORDS = {
    "sv": ("Mina medarbetare", "Ett samtal pågår med en annan ledare.", "Genomfört", "1 aktiv", "Försenat"),
    "nb": (
        "Mine medarbeidere",
        "En samtale er påbegynt med en annen leder.",
        "Fullført",
        "1 aktiv",
        "Forsinket",
    ),
    "en": ("My staff", "A conversation is open with another manager.", "Completed", "1 active", "Overdue"),
}


def read(page: Page, server: RunningServer, locale: str) -> None:
    """Choose a language for the person, and look at the staff."""
    headers = {"Origin": server.url}
    page.context.request.post(f"{server.url}/language", form={"locale": locale, "back": "/"}, headers=headers)
    page.goto(f"{server.url}/staff")


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=re.compile(name)))


def everybody_can_use(page: Page) -> list[str]:
    """What stands in somebody's way, at both widths, light and dark."""
    faults = []
    page.evaluate(AXE.read_text("utf-8"))
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme="light")
        faults += shortcomings(page, EVERYTHING)
        page.emulate_media(color_scheme="dark")
        faults += shortcomings(page, CONTRAST)
    return faults


def test_a_manager_finds_the_way_from_the_staff_to_a_conversation(join: Join, server: RunningServer) -> None:
    # The cells, in words, in each language.
    ingrid, astrid = join("ingrid", reduced_motion="reduce"), join("astrid", reduced_motion="reduce")
    for locale, (staff, elsewhere, completed, active, overdue) in WORDS.items():
        read(ingrid.page, server, locale)
        expect(ingrid.page.get_by_role("heading", level=1)).to_have_text(staff)
        expect(row(ingrid.page, "Ola")).to_contain_text(elsewhere)
        expect(row(ingrid.page, "Ola")).to_contain_text(active)
        read(astrid.page, server, locale)
        expect(row(astrid.page, "Jonas").first).to_contain_text(completed)
        expect(row(astrid.page, "Tomas")).to_contain_text(overdue)

    # Jonas, by keyboard: the menu, a name, the cell, the conversation.
    jonas = join("jonas", reduced_motion="reduce")
    read(jonas.page, server, "en")
    page = jonas.page
    assert everybody_can_use(page) == []
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    page.goto(server.url)
    tab_to(page, '.places a[href="/staff"]')
    page.keyboard.press("Enter")
    expect(page.locator('.places a[aria-current="page"]')).to_have_text("My staff")
    tab_to(page, "#q")
    page.keyboard.type("ob")
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader")).to_have_count(1)
    tab_to(page, 'td a[href="/people/maja"]')
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Maja Öberg")
    assert everybody_can_use(page) == []

    # On the phone the menu is behind its button.
    expect(page.locator(".places")).to_be_hidden()
    tab_to(page, "details.account > summary")
    page.keyboard.press("Enter")
    tab_to(page, '.entries a[href="/staff"]')
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/staff")
    # Whoever looks at a card there hears a row of the same table.
    expect(row(page, "Leo").get_by_role("cell").first).to_contain_text("None")
    row(page, "Maja").get_by_role("link", name="Started").click()
    page.get_by_role("link", name=re.compile("Prepare")).click()
    jonas.wait_until_live()
