"""Everything by keyboard alone, and nothing that has the focus is hidden (WCAG 2.1.1, 2.1.2, 2.4.11)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Join, Person

STOPS_MAX = 150
DESKTOP = {"width": 1440, "height": 1000}
PHONE = {"width": 390, "height": 844}
ZOOMED = {"width": 320, "height": 256}
"""A window of 1280 × 1024 at 400 %."""

IS_FOCUSED = "selector => document.activeElement?.matches(selector) ?? false"

HIDDEN = """() => {
  const one = document.activeElement
  if (one === document.body) return null
  const box = one.getBoundingClientRect()
  const inside = (low, high, end) =>
    Math.min(Math.max((low + high) / 2, Math.max(low, 0) + 1), Math.min(high, end) - 1)
  const [x, y] = [inside(box.left, box.right, innerWidth), inside(box.top, box.bottom, innerHeight)]
  const there = document.elementFromPoint(x, y)
  const seen = there && (one.contains(there) || there.contains(one))
  return seen ? null : `${one.outerHTML.slice(0, 160)} is behind ${there?.outerHTML.slice(0, 80)}`
}"""
"""What has the focus and is not seen at its middle; where that is outside the window, at its edge."""


def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Press Tab until what `selector` says has the focus."""
    for _ in range(STOPS_MAX):
        page.keyboard.press(key)
        if page.evaluate(IS_FOCUSED, selector):
            return
    pytest.fail(f"{STOPS_MAX} tabs do not lead to {selector}")


def until_all_live(page: Page) -> None:
    """Wait until every text field is an editor."""
    expect(page.locator(".field:not([data-live])")).to_have_count(0)


def textbox(pane: str, field: str) -> str:
    return f'[data-pane="{pane}"][data-field="{field}"] [role=textbox]'


@pytest.fixture
def maja(join: Join) -> Person:
    maja = join("maja", reduced_motion="reduce", locale="en-US")
    maja.open("Jonas")
    until_all_live(maja.page)
    return maja


def test_sign_in_open_choose_a_language_and_sign_out(join: Join) -> None:
    person = join("elias", locale="en-US")
    page = person.page
    page.goto(person.server.url)
    page.locator('form[data-action="sign-out"] button').evaluate("button => button.click()")
    page.wait_for_url(re.compile("/sign-in"))

    tab_to(page, "input[name=email]")
    page.keyboard.type("elias@nordljus.example")
    tab_to(page, "input[name=password]")
    page.keyboard.type("nordljus")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)

    tab_to(page, 'a[href^="/conversations/"]')
    page.keyboard.press("Enter")
    person.wait_until_live()

    for language, word in (("nb", "Logg ut"), ("sv", "Logga ut")):
        tab_to(page, "details.account > summary")
        page.keyboard.press("Enter")
        tab_to(page, f".menu button[value={language}]")
        page.keyboard.press("Enter")
        expect(page.locator("html")).to_have_attribute("lang", language)
        person.wait_until_live()
        expect(page.locator('form[data-action="sign-out"] button')).to_have_text(word)
    tab_to(page, "details.account > summary")
    page.keyboard.press("Enter")
    tab_to(page, 'form[data-action="sign-out"] button')
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/sign-in"))


def test_write_make_bold_and_a_list_and_leave_it_with_tab(maja: Person) -> None:
    page, editor = maja.page, maja.editor("employee", "a5")
    tab_to(page, textbox("employee", "a5"))
    page.keyboard.type("vanlig ")
    tab_to(page, '[role=toolbar] [data-command="bold"]', "Shift+Tab")
    page.keyboard.press("Enter")
    expect(editor).to_be_focused()
    page.keyboard.type("fet")
    expect(editor.locator("strong")).to_have_text("fet")

    page.keyboard.press("Shift+Tab")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(IS_FOCUSED, '[data-command="bulletList"]')
    page.keyboard.press("Enter")
    expect(editor).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("punkt två")
    expect(editor.locator("ul > li")).to_have_count(2)
    page.keyboard.press("Tab")
    expect(editor).not_to_be_focused()
    expect(editor.locator("ul > li")).to_have_text(["vanlig fet", "punkt två"])
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+z")
    expect(editor).not_to_contain_text("punkt två")
    maja.expect_saved()


def test_choose_on_the_scale_and_clear_it(maja: Person) -> None:
    page = maja.page
    chosen = page.locator('input[data-field="a3"]:checked')
    tab_to(page, 'input[data-field="a3"]')
    page.keyboard.press("ArrowRight")
    expect(chosen).to_have_value("3")
    page.keyboard.press("Tab")
    assert page.evaluate(IS_FOCUSED, '[data-clear][data-field="a3"]')
    page.keyboard.press("Enter")
    expect(chosen).to_have_count(0)
    assert page.evaluate(IS_FOCUSED, 'input[data-field="a3"]'), "the focus is where the answer was"
    page.keyboard.press("Space")
    expect(chosen).to_have_value("1")
    maja.expect_saved()


def test_set_a_date(maja: Person) -> None:
    tab_to(maja.page, 'input[data-field="a9"]')
    maja.page.keyboard.type("01152027")
    expect(maja.page.locator('input[data-field="a9"]')).to_have_value("2027-01-15")
    maja.expect_saved()


def test_add_fill_and_remove_a_row(maja: Person) -> None:
    page = maja.page
    rows = page.locator('[data-field="a7"] tbody tr')
    expect(rows).to_have_count(0)
    tab_to(page, '[data-field="a7"] [data-add-row]')
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    assert page.evaluate(IS_FOCUSED, "select[data-column=goal_type]"), "the focus is in the new row"
    page.keyboard.press("ArrowDown")
    tab_to(page, "[data-column=description] [role=textbox]")
    page.keyboard.type("Ny reservplan")
    page.keyboard.press("Enter")
    tab_to(page, "select[data-column=responsible]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "input[data-column=due_date]")
    page.keyboard.type("03012027")
    maja.expect_saved()
    page.reload()
    maja.wait_until_live()
    until_all_live(page)
    expect(rows.locator("[role=textbox]")).to_have_text("Ny reservplan")
    expect(rows.locator("[data-column=goal_type]")).to_have_value("work_goal")
    expect(rows.locator("[data-column=responsible]")).to_have_value("maja")
    expect(rows.locator("[data-column=due_date]")).to_have_value("2027-03-01")

    tab_to(page, "[data-remove-row]")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(0)
    assert page.evaluate(IS_FOCUSED, "[data-add-row]"), "the focus stays at the table"
    maja.expect_saved()


def test_see_as_the_other_sees_it_share_and_take_it_back(maja: Person) -> None:
    page = maja.page
    tab_to(page, 'a[href$="/panes/employee/preview"]')
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/preview$"))
    expect(page.locator("main")).to_contain_text("larmrutinen")
    page.go_back()
    maja.wait_until_live()

    tab_to(page, 'form[data-action="share"] button')
    page.keyboard.press("Enter")
    expect(page.locator('form[data-action="withdraw"] button')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator('form[data-action="share"] button')).to_be_focused()


def test_what_is_missing_is_a_link_to_its_field(maja: Person) -> None:
    page = maja.page
    maja.editor("employee", "a1").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    maja.expect_saved()
    tab_to(page, 'form[data-action="share"] button')
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").get_by_role("heading")).to_be_focused()
    tab_to(page, "[data-slot=message] a")
    page.keyboard.press("Enter")
    assert page.evaluate(IS_FOCUSED, textbox("employee", "a1"))
    assert page.evaluate(HIDDEN) is None


@pytest.mark.parametrize("window", [DESKTOP, PHONE, ZOOMED], ids=["desktop", "phone", "400 %"])
@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_what_has_the_focus_is_never_hidden(join: Join, window: dict[str, int], key: str) -> None:
    priya = join("priya", viewport=window, reduced_motion="reduce")
    priya.open("Ingrid")
    page = priya.page
    until_all_live(page)
    stops, hidden = 0, []
    for _ in range(STOPS_MAX):
        page.keyboard.press(key)
        if page.evaluate("document.activeElement === document.body"):
            break
        stops += 1
        if fault := page.evaluate(HIDDEN):
            hidden.append(fault)
    assert stops > 20, "the focus goes through the whole page"
    assert not hidden, "\n".join(hidden)


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_caret_stays_in_sight_while_a_text_grows(join: Join, window: dict[str, int]) -> None:
    priya = join("priya", viewport=window, reduced_motion="reduce")
    priya.open("Ingrid")
    page = priya.page
    until_all_live(page)
    tab_to(page, textbox("joint", "a8"))
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(priya.editor("joint", "a8")).to_have_text("")
    for number in range(40):
        page.keyboard.type(f"rad {number}")
        page.keyboard.press("Enter")
    # The editor itself breaks the line: the browser, which knows of the bar, has not moved the page by then.
    last = priya.editor("joint", "a8").locator("p").last
    expect(last).to_have_text("")
    box, bar = last.bounding_box(), page.locator(".bar").bounding_box()
    assert box
    assert bar
    assert box["y"] + box["height"] <= min(bar["y"], window["height"])
