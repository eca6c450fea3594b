"""S01: two people write in the same field. Nothing is locked, overwritten or lost (F18, F19, F57)."""

from __future__ import annotations

import random
import re
from itertools import zip_longest

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Join, Person
from tests.browser.scenes import expect_clean
from tests.browser.stored import stored_text
from tests.running import RunningServer

KEYSTROKES = 200
LOWER = "abcdefghijklmnopqrstuvwxyzåäö"
UPPER = LOWER.upper()


@pytest.fixture
def elias_and_jonas(join: Join) -> tuple[Person, Person]:
    elias, jonas = join("elias", reduced_motion="reduce"), join("jonas", reduced_motion="reduce")
    elias.open("Jonas")
    jonas.open("Elias")
    return elias, jonas


def in_turn(elias: Person, jonas: Person, count: int, seed: int) -> tuple[str, str]:
    """Let both type `count` letters each into the joint summary, in a random order of turns."""
    dice = random.Random(seed)
    left = {elias: list(dice.choices(LOWER, k=count)), jonas: list(dice.choices(UPPER, k=count))}
    typed = {elias: "".join(left[elias]), jonas: "".join(left[jonas])}
    for person in left:
        person.editor("joint", "b12").click()
    while any(left.values()):
        person = dice.choice([one for one in left if left[one]])
        person.page.keyboard.insert_text(left[person].pop(0))
    return typed[elias], typed[jonas]


def test_every_character_of_both_is_there_once_in_each_writers_order(
    elias_and_jonas: tuple[Person, Person], server: RunningServer
) -> None:
    elias, jonas = elias_and_jonas
    before = elias.editor("joint", "b12").inner_text().strip()
    lower, upper = in_turn(elias, jonas, KEYSTROKES, seed=57)
    elias.expect_saved()
    jonas.expect_saved()

    stored = stored_text(server.data, "joint", "b12", "elias")
    for person in (elias, jonas):
        expect(person.editor("joint", "b12")).to_have_text(stored)
    assert _is_subsequence(lower, stored)
    assert _is_subsequence(upper, stored)
    assert len(stored) == len(before.replace("\n", "")) + 2 * KEYSTROKES

    for person in (elias, jonas):
        person.page.reload()
        person.wait_until_live()
        expect(person.editor("joint", "b12")).to_have_text(stored)


def _is_subsequence(part: str, whole: str) -> bool:
    characters = iter(whole)
    return all(character in characters for character in part)


OF_ELIAS = "Elias leder genomgången i november."
OF_JONAS = "Jonas avsätter två dagar till det."
QUESTION = "Årets utmaning: vad, hur, när, vilket stöd?"


def lost(text: str) -> list[str]:
    """Which of the two sentences are not complete in a text, whatever stands between their words."""
    words = text.split()
    return [each for each in (OF_ELIAS, OF_JONAS) if not all(word in words for word in each.split())]


def write_at_once(elias: Person, jonas: Person) -> None:
    """Each writes a sentence in the same paragraph, word by word in turn; Elias leaves the field first."""
    for person, key in ((elias, "Control+Home"), (jonas, "Control+End")):
        person.editor("joint", "b12").click()
        person.page.keyboard.press(key)
    jonas.page.keyboard.type(" ")
    for one, other in zip_longest(OF_ELIAS.split(), OF_JONAS.split()):
        elias.page.keyboard.type(f"{one or ''} ", delay=10)
        jonas.page.keyboard.type(f"{other or ''} ", delay=10)
    elias.page.keyboard.press("Tab")


def test_s01_the_first_to_leave_the_field_loses_nothing_and_the_log_names_both(
    elias_and_jonas: tuple[Person, Person], server: RunningServer
) -> None:
    elias, jonas = elias_and_jonas
    write_at_once(elias, jonas)
    for person in (elias, jonas):
        person.expect_saved()
    stored = stored_text(server.data, "joint", "b12", "elias")
    assert lost(stored) == []
    for person in (elias, jonas):
        expect(person.editor("joint", "b12")).to_have_text(stored)
        expect(person.page.locator("body")).not_to_contain_text(re.compile("låst|locked", re.I))
        person.page.reload()
        person.wait_until_live()
        expect(person.editor("joint", "b12")).to_have_text(stored)
        person.page.locator('a[href$="/changes"]').click()
        today = person.page.locator(".log").first.locator("li.wrote")
        for name in ("Elias", "Jonas"):
            by = today.filter(has=person.page.get_by_role("heading", name=re.compile(name)))
            expect(by.get_by_role("link", name=QUESTION)).to_have_count(1)
    expect_clean(jonas.page)


def test_s01_negative_control_without_merging_the_first_sentence_is_missing(
    elias_and_jonas: tuple[Person, Person],
) -> None:
    """A double that keeps what the last one to leave the field saw: the check sees the loss."""
    elias, jonas = elias_and_jonas
    for person in (elias, jonas):
        person.go_offline()
    write_at_once(elias, jonas)
    kept = ""
    for person in (elias, jonas):
        kept = person.editor("joint", "b12").inner_text()
    assert lost(kept) == [OF_ELIAS]
    for person in (elias, jonas):
        person.go_online()
        person.expect_saved()
    for person in (elias, jonas):
        expect(person.editor("joint", "b12")).to_contain_text(OF_ELIAS)
        assert lost(person.editor("joint", "b12").inner_text()) == []


def test_each_sees_the_others_caret_with_a_name_and_no_ghost_stays(
    elias_and_jonas: tuple[Person, Person],
) -> None:
    elias, jonas = elias_and_jonas
    jonas.editor("joint", "b12").click()
    caret = elias.cell("joint", "b12").locator(".caret")
    expect(caret).to_have_count(1)
    expect(caret).to_have_attribute("data-name", re.compile("Jonas"))
    expect(caret).to_have_attribute("aria-hidden", "true")
    jonas.editor("joint", "b10").click()
    expect(caret).to_have_count(0)
    expect(elias.cell("joint", "b10").locator(".caret")).to_have_count(1)
    expect(elias.page.locator("[data-slot=here] li")).to_have_count(2)
    jonas.page.close()
    expect(elias.page.locator(".caret")).to_have_count(0)
    expect(elias.page.locator("[data-slot=here] li")).to_have_count(1)


def test_undo_takes_back_only_ones_own(elias_and_jonas: tuple[Person, Person]) -> None:
    elias, jonas = elias_and_jonas
    elias.write("joint", "b6", " mitt")
    expect(jonas.editor("joint", "b6")).to_contain_text("mitt")
    jonas.write("joint", "b6", " ditt")
    expect(elias.editor("joint", "b6")).to_contain_text("ditt")
    elias.editor("joint", "b6").focus()
    elias.page.keyboard.press("Control+z")
    for person in (elias, jonas):
        expect(person.editor("joint", "b6")).to_contain_text("ditt")
        expect(person.editor("joint", "b6")).not_to_contain_text("mitt")
    elias.page.keyboard.press("Control+Shift+z")
    for person in (elias, jonas):
        expect(person.editor("joint", "b6")).to_contain_text("mitt")


def test_remote_text_does_not_move_ones_caret(elias_and_jonas: tuple[Person, Person]) -> None:
    elias, jonas = elias_and_jonas
    elias.write("joint", "b9", "slut")
    jonas.editor("joint", "b9").click()
    jonas.page.keyboard.press("Control+Home")
    jonas.page.keyboard.type("BÖRJAN ")
    expect(elias.editor("joint", "b9")).to_contain_text("BÖRJAN")
    elias.page.keyboard.type("punkt")
    for person in (elias, jonas):
        expect(person.editor("joint", "b9")).to_contain_text("slutpunkt")
