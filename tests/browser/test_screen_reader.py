"""S13: what screen readers are told: names, roles, the status on demand, one sentence for each change."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Join, Person

SENTENCES = """() => {
  const slot = document.querySelector('[data-slot=announce]')
  window.heard = []
  new MutationObserver((changes) => {
    const added = changes.flatMap((change) => [...change.addedNodes])
    window.heard.push(...added.map((node) => node.textContent.trim()))
  }).observe(slot, { childList: true })
}"""

QUESTION = "What has to change for everyday work to function?"


def listen(page: Page) -> Callable[[], list[str]]:
    """Record, from now on, each sentence that is put where screen readers hear it."""
    page.evaluate(SENTENCES)

    def heard() -> list[str]:
        sentences: list[str] = page.evaluate("window.heard")
        return sentences

    return heard


def until_heard(page: Page, sentence: str) -> None:
    page.wait_for_function("sentence => window.heard.some((one) => one.includes(sentence))", arg=sentence)


@pytest.fixture
def priya(join: Join) -> Person:
    priya = join("priya")
    priya.open("Ingrid")
    return priya


def test_one_sentence_when_the_other_comes_starts_to_write_and_goes(join: Join, priya: Person) -> None:
    heard = listen(priya.page)
    ingrid = join("ingrid")
    ingrid.open("Priya")
    until_heard(priya.page, "Ingrid Solheim is in")
    ingrid.write(
        "joint", "a4", " Jeg skriver flere ord på rad, uten at det høres en lyd for hvert.", delay_ms=10
    )
    expect(priya.editor("joint", "a4")).to_contain_text("for hvert.")
    ingrid.page.close()
    until_heard(priya.page, "Ingrid Solheim has left")
    sentences = heard()
    assert len(sentences) == 3, sentences
    assert QUESTION in sentences[1]
    assert sentences[1].startswith("Ingrid Solheim writes")


def test_sentences_are_polite_and_carets_silent(join: Join, priya: Person) -> None:
    slot = priya.page.locator("[data-slot=announce]")
    expect(slot).to_have_attribute("aria-live", "polite")
    ingrid = join("ingrid")
    ingrid.open("Priya")
    ingrid.write("joint", "a5", "Hei")
    caret = priya.cell("joint", "a5").locator(".caret")
    expect(caret).to_have_attribute("aria-hidden", "true")
    expect(caret).to_have_text(re.compile(r"^\W*$"))
    expect(
        priya.page.get_by_role("textbox", name=re.compile("^What should your manager.*Together"))
    ).to_have_text("Hei")


def test_the_status_is_said_when_it_is_asked_for_and_only_then(priya: Person) -> None:
    heard = listen(priya.page)
    priya.write("joint", "a8", " I write, and nobody reads out that it is saved.", delay_ms=5)
    priya.expect_saved()
    assert heard() == []
    expect(priya.page.get_by_role("status")).to_have_text(re.compile(r"Everything saved at \d\d:\d\d"))
    expect(priya.status).to_have_attribute("aria-keyshortcuts", "Alt+Shift+S")
    priya.page.keyboard.press("Alt+Shift+S")
    until_heard(priya.page, "Everything saved at")
    expect(priya.editor("joint", "a8")).to_be_focused()
    assert len(heard()) == 1


def test_losing_the_network_and_finding_it_is_said_once(priya: Person) -> None:
    priya.expect_saved()
    heard = listen(priya.page)
    priya.go_offline()
    priya.write("joint", "a8", " On the train I write on.", delay_ms=5)
    until_heard(priya.page, "Saved on this device")
    priya.go_online()
    priya.expect_saved()
    until_heard(priya.page, "Everything saved")
    saving = [sentence for sentence in heard() if "saved" in sentence.lower()]
    assert len(saving) == 2, heard()


def test_every_text_is_named_by_its_question_and_whose_it_is(join: Join, priya: Person) -> None:
    ingrid = join("ingrid")
    ingrid.open("Priya")
    ingrid.page.locator('form[data-action="share"] button').click()
    priya.page.locator('form[data-action="open"] button').first.click()
    expect(priya.editor("manager", "a4")).to_be_attached()
    expect(priya.page.locator(".field:not([data-live])")).to_have_count(0)
    by_role = priya.page.get_by_role
    for whose in ("Priya", "Ingrid", "Together"):
        expect(by_role("textbox", name=f"{QUESTION} {whose}", exact=True)).to_have_count(1)
    expect(by_role("textbox", name=re.compile("went well.* Priya mandatory"))).to_have_count(1)
    expect(by_role("textbox", name=re.compile("^What will be done.* 2"))).to_have_text(
        "A mentor for leading people"
    )
    readonly = priya.editor("manager", "a4")
    expect(readonly).to_have_attribute("aria-readonly", "true")
    nameless = priya.page.evaluate(
        """() => [...document.querySelectorAll('[role=textbox]')]
          .filter((one) => !(one.getAttribute('aria-labelledby') ?? '').split(' ')
            .every((id) => document.getElementById(id)?.textContent.trim()))
          .map((one) => one.id)"""
    )
    assert nameless == []


def test_a_share_is_said_to_both(join: Join) -> None:
    maja, jonas = join("maja"), join("jonas")
    maja.open("Jonas")
    jonas.open("Maja")
    said_to = {person: listen(person.page) for person in (maja, jonas)}
    maja.page.locator('form[data-action="share"] button').click()
    until_heard(maja.page, "Du har delat")
    until_heard(jonas.page, "Maja har delat")
    for heard in said_to.values():
        assert len(heard()) == len(set(heard()))
