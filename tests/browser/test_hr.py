"""HR in a browser: coverage, the rules of the organisation and stand-ins, by keyboard, wide and narrow."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Join
from tests.browser.scenes import STILL, expect_clean, is_focused, press
from tests.browser.test_keyboard import tab_to

SAVE = "main .rules button"


def test_hr_follows_up_sets_the_rules_and_names_a_stand_in_by_keyboard(join: Join) -> None:
    helena = join("helena", **STILL)
    page = helena.page
    page.goto(helena.server.url)
    press(page, '.places a[href="/coverage"]')
    expect(page.locator("h1")).to_be_visible()
    expect_clean(page)
    # Four people are too few: the unit has no figures yet, and its people are on the list.
    press(page, "table.figures tbody a")
    expect(page.locator(".hidden-figures")).to_have_count(3)
    expect_clean(page)
    tab_to(page, "select[name=standing]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    press(page, ".filters button")
    expect(page.locator(".stacks tbody tr")).to_have_count(6)
    expect(page.locator(".stacks .late")).to_have_count(6)
    with page.expect_download() as download:
        press(page, 'a[href^="/coverage/people.csv"]')
    assert len(download.value.path().read_text("utf-8-sig").splitlines()) == 7

    press(page, 'main a[href="/policy"]')
    expect(page.locator("#small_group")).to_be_visible()
    expect_clean(page)
    tab_to(page, "#small_group")
    page.keyboard.press("Control+A")
    page.keyboard.type("1")
    press(page, SAVE)
    expect(page.locator("#small_group-fault")).to_be_visible()
    expect(page.locator("#small_group")).to_have_value("1")
    expect_clean(page)
    press(page, 'a[href="#small_group"]')
    assert is_focused(page, "#small_group")
    page.keyboard.press("Control+A")
    page.keyboard.type("2")
    press(page, SAVE)
    expect(page.locator(".done[role=status]")).to_be_visible()

    page.goto(f"{helena.server.url}/coverage?unit=ledning")
    # Two are enough now. One unit of two stays hidden: else Astrid, who is in none of them, could be
    # computed.
    expect(page.locator(".hidden-figures")).to_have_count(1)
    press(page, 'main a[href="/staff/stand-in"]')
    expect(page.locator("#manager")).to_be_visible()
    expect_clean(page)
    tab_to(page, "#manager")
    page.keyboard.type("Ingrid")
    press(page, "main .form button.first")
    expect(page.locator(".fault")).to_have_count(3)
    expect(page.locator("#manager")).to_have_value("Ingrid")
    expect_clean(page)
    tab_to(page, "#who")
    page.keyboard.press("Control+A")
    page.keyboard.type("Kari")
    for field in ("#begins", "#ends"):
        tab_to(page, field)
        page.keyboard.type("12012026")
    press(page, "main .form button.first")
    expect(page.locator(".rows b")).to_have_count(2)
