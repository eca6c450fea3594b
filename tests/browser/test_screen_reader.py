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

QUESTION = "Vad behöver ändras för att vardagen ska fungera?"


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
def elias(join: Join) -> Person:
    elias = join("elias")
    elias.open("Jonas")
    return elias


def test_one_sentence_when_the_other_comes_starts_to_write_and_goes(join: Join, elias: Person) -> None:
    heard = listen(elias.page)
    jonas = join("jonas")
    jonas.open("Elias")
    until_heard(elias.page, "Jonas Bergman är")
    jonas.write(
        "joint", "a4", " Jag skriver flera ord i följd, utan att det hörs ett ljud för varje.", delay_ms=10
    )
    expect(elias.editor("joint", "a4")).to_contain_text("för varje.")
    jonas.page.close()
    until_heard(elias.page, "Jonas Bergman har lämnat")
    sentences = heard()
    assert len(sentences) == 3, sentences
    assert QUESTION in sentences[1]
    assert sentences[1].startswith("Jonas Bergman skriver")


def test_sentences_are_polite_and_carets_silent(join: Join, elias: Person) -> None:
    slot = elias.page.locator("[data-slot=announce]")
    expect(slot).to_have_attribute("aria-live", "polite")
    jonas = join("jonas")
    jonas.open("Elias")
    jonas.write("joint", "a8", "Hej")
    caret = elias.cell("joint", "a8").locator(".caret")
    expect(caret).to_have_attribute("aria-hidden", "true")
    expect(caret).to_have_text(re.compile(r"^\W*$"))
    expect(elias.page.get_by_role("textbox", name=re.compile("Sammanfattning"))).to_have_text("Hej")


def test_the_status_is_said_when_it_is_asked_for_and_only_then(elias: Person) -> None:
    heard = listen(elias.page)
    elias.write("joint", "a8", "Elias skriver, och ingen läser upp att det sparas.", delay_ms=5)
    elias.expect_saved()
    assert heard() == []
    expect(elias.page.get_by_role("status")).to_have_text(re.compile(r"Allt är sparat kl\. \d\d:\d\d"))
    expect(elias.status).to_have_attribute("aria-keyshortcuts", "Alt+Shift+S")
    elias.page.keyboard.press("Alt+Shift+S")
    until_heard(elias.page, "Allt är sparat kl.")
    expect(elias.editor("joint", "a8")).to_be_focused()
    assert len(heard()) == 1


def test_losing_the_network_and_finding_it_is_said_once(elias: Person) -> None:
    elias.expect_saved()
    heard = listen(elias.page)
    elias.go_offline()
    elias.write("joint", "a8", "På tåget skriver jag vidare.", delay_ms=5)
    until_heard(elias.page, "Sparat på den här enheten")
    elias.go_online()
    elias.expect_saved()
    until_heard(elias.page, "Allt är sparat")
    saving = [sentence for sentence in heard() if "sparat" in sentence.lower()]
    assert len(saving) == 2, heard()


def test_every_text_is_named_by_its_question_and_whose_it_is(elias: Person) -> None:
    expect(elias.page.locator(".field:not([data-live])")).to_have_count(0)
    by_role = elias.page.get_by_role
    for whose in ("Elias", "Jonas", "Tillsammans"):
        expect(by_role("textbox", name=f"{QUESTION} {whose}", exact=True)).to_have_count(1)
    expect(by_role("textbox", name=re.compile("gått bra.* Elias obligatorisk"))).to_have_count(1)
    expect(by_role("textbox", name=re.compile("^Vad som ska göras.* 2"))).to_have_text(
        "Kurs i processreglering"
    )
    readonly = elias.editor("manager", "a4")
    expect(readonly).to_have_attribute("aria-readonly", "true")
    nameless = elias.page.evaluate(
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
