"""Two people in one follow-up activity: nothing is lost, and each page follows the other (F70, F82)."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Join, Person
from tests.browser.scenes import expect_clean, is_focused, press, rows
from tests.browser.test_keyboard import tab_to
from tests.running import RunningServer

KEYSTROKES = 60
LOWER = "abcdefghijklmnopqrstuvwxyzåäö"
UPPER = LOWER.upper()
PANE = "activity"
TITLE = "Genomgång av larmrutinen"


@pytest.fixture
def pair(join: Join) -> Iterator[tuple[Person, Person]]:
    """Elias has added an activity outside a conversation, and both look at it."""
    elias, jonas = join("elias", reduced_motion="reduce"), join("jonas", reduced_motion="reduce")
    page = elias.page
    page.goto(f"{elias.server.url}/activities")
    press(page, 'a[href$="/activities/new"]')
    page.wait_for_url(re.compile("/new$"))
    tab_to(page, "input[name=kind]")
    page.keyboard.press("Space")
    tab_to(page, "#title")
    page.keyboard.type(TITLE)
    page.keyboard.press("Enter")
    elias.wait_until_live()
    expect(page.locator("h1")).to_have_text(TITLE)
    jonas.page.goto(page.url)
    jonas.wait_until_live()
    for person in (elias, jonas):
        expect(person.page.locator("[data-slot=here] li")).to_have_count(2)
    yield elias, jonas
    for person in (elias, jonas):
        expect(person.page.locator("body")).not_to_contain_text(re.compile("låst|locked", re.I))


def in_turn(elias: Person, jonas: Person, field: str, seed: int) -> tuple[str, str]:
    """Let both type into one field at the same time, in a random order of turns."""
    dice = random.Random(seed)
    left = {elias: dice.choices(LOWER, k=KEYSTROKES), jonas: dice.choices(UPPER, k=KEYSTROKES)}
    typed = "".join(left[elias]), "".join(left[jonas])
    for person in left:
        person.editor(PANE, field).click()
        person.page.keyboard.press("Control+End")
    while any(left.values()):
        person = dice.choice([one for one in left if left[one]])
        person.page.keyboard.insert_text(left[person].pop(0))
    return typed


def is_subsequence(part: str, whole: str) -> bool:
    characters = iter(whole)
    return all(character in characters for character in part)


def comment(person: Person, text: str) -> None:
    """Say something, by keyboard alone."""
    tab_to(person.page, "#comment")
    person.page.keyboard.type(text)
    press(person.page, '[data-action="comment"] button')


def test_both_write_in_the_same_fields_at_once_and_nothing_is_lost(
    pair: tuple[Person, Person], server: RunningServer
) -> None:
    elias, jonas = pair
    for seed, field in enumerate(("how", "title")):
        lower, upper = in_turn(elias, jonas, field, seed)
        for person in pair:
            person.expect_saved()
        both = elias.editor(PANE, field).inner_text().strip()
        expect(jonas.editor(PANE, field)).to_have_text(both)
        assert is_subsequence(lower, both)
        assert is_subsequence(upper, both)
        assert len(both) == 2 * KEYSTROKES + (len(TITLE) if field == "title" else 0)
    title = elias.editor(PANE, "title").inner_text().strip()
    for person in pair:
        # The heading follows the field, and so does what lists show.
        expect(person.page.locator("h1")).to_have_text(title)
    assert rows(server.data, "SELECT title FROM activity WHERE title = ?", title) == [(title,)]
    expect(elias.cell(PANE, "title").locator(".caret")).to_have_attribute("data-name", "Jonas")

    elias.page.locator(".suggest > summary").click()
    goal = elias.page.locator("[data-suggestion]").first
    words = goal.inner_text()
    goal.click()
    for person in pair:
        expect(person.editor(PANE, "goal")).to_have_text(words)
    elias.page.locator("#f-activity-owner").select_option("jonas")
    elias.page.locator("#f-activity-do").fill("2027-03-01")
    expect(jonas.page.locator("#f-activity-owner")).to_have_value("jonas")
    expect(jonas.page.locator("#f-activity-do")).to_have_value("2027-03-01")

    elias.write(PANE, "develop", "mitt")
    expect(jonas.editor(PANE, "develop")).to_have_text("mitt")
    jonas.write(PANE, "develop", " ditt")
    expect(elias.editor(PANE, "develop")).to_have_text("mitt ditt")
    elias.editor(PANE, "develop").focus()
    elias.page.keyboard.press("Control+z")
    for person in pair:
        expect(person.editor(PANE, "develop")).to_have_text("ditt")

    jonas.go_offline()
    jonas.write(PANE, "description", "På tåget.")
    jonas.expect_on_device(9)
    elias.write(PANE, "description", "På kontoret. ")
    elias.expect_saved()
    jonas.page.reload()
    jonas.wait_until_live()
    expect(jonas.editor(PANE, "description")).to_contain_text("På tåget.")
    jonas.go_online()
    jonas.expect_saved()
    for person in pair:
        for words in ("På tåget.", "På kontoret."):
            expect(person.editor(PANE, "description")).to_contain_text(words)
    expect_clean(jonas.page)


def test_a_comment_and_a_turn_reach_the_other_s_page_at_once(pair: tuple[Person, Person]) -> None:
    elias, jonas = pair
    elias.page.locator("#comment").click()
    elias.page.keyboard.type("Halvvägs")
    comment(jonas, "Jag har bokat salen.")
    for person in pair:
        said = person.page.locator(".comments li")
        expect(said).to_have_count(1)
        expect(said).to_contain_text("Jag har bokat salen.")
        expect(said).to_contain_text("Jonas Bergman")
    expect(jonas.page.locator("#comment")).to_have_value("")
    expect(elias.page.locator("[data-slot=announce]")).to_contain_text("Jonas Bergman")
    assert elias.page.locator("#comment").input_value() == "Halvvägs"

    press(jonas.page, 'form[data-action="finish"] button')
    for person in pair:
        expect(person.page.locator("[data-region=notice] b")).to_contain_text("Jonas Bergman")
        expect(person.page.locator("[role=textbox]")).to_have_count(0)
    assert is_focused(jonas.page, "h1")
    # What was being written goes along, with the caret in it.
    assert is_focused(elias.page, "#comment")
    elias.page.keyboard.type(" klart")
    assert elias.page.locator("#comment").input_value() == "Halvvägs klart"
    expect_clean(elias.page)

    press(elias.page, '[data-action="resume"] button')
    for person in pair:
        expect(person.editor(PANE, "how")).to_be_editable()
    jonas.write(PANE, "how", "Igen.")
    expect(elias.editor(PANE, "how")).to_have_text("Igen.")


def test_what_was_written_offline_until_it_was_cancelled_is_kept_on_the_device(
    pair: tuple[Person, Person],
) -> None:
    elias, jonas = pair
    jonas.go_offline()
    jonas.write(PANE, "how", "Skrivet för sent.")
    jonas.expect_on_device(17)
    press(elias.page, 'a[data-action="finish"]')
    elias.page.wait_for_url(re.compile("/cancel$"))
    tab_to(elias.page, "#reason")
    elias.page.keyboard.type("Budgeten är slut.")
    press(elias.page, "form .button.first")
    expect(elias.page.locator("[data-region=notice] blockquote")).to_have_text("Budgeten är slut.")
    jonas.go_online()
    expect(jonas.page.locator("[data-region=notice] blockquote")).to_have_text("Budgeten är slut.")
    expect(jonas.page.locator("[role=textbox]")).to_have_count(0)
    kept = jonas.page.locator("[data-slot=kept]")
    expect(kept).to_be_visible()
    kept.click()
    expect(jonas.page.locator(".kept-text")).to_have_text("Skrivet för sent.")
    expect(jonas.page.get_by_role("link", name=re.compile(TITLE))).to_be_visible()
    elias.page.goto(f"{elias.server.url}/activities")
    history = elias.page.locator("#history ~ ul li").filter(has_text=TITLE)
    expect(history).to_contain_text("Budgeten är slut.")
    expect_clean(elias.page)
