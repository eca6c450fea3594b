"""What a device wrote while the conversation was frozen is refused visibly and kept on it (SIG-3)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Person
from tests.browser.talks import SIGNED, Talk, ready, talking
from tests.browser.test_kept import kept

LATE = "Skrivet på tåget."


@pytest.fixture
def talk(browser: Browser, tmp_path: Path) -> Iterator[Talk]:
    with talking(browser, tmp_path / "talk", SIGNED, ready) as talk:
        yield talk


@pytest.fixture
def train(talk: Talk) -> Person:
    """Maja's device on the train, on which she has written in two fields that nobody has."""
    train = talk.join("maja")
    train.page.locator('[data-pane="joint"] [role=textbox]').last.wait_for()
    train.go_offline()
    train.write("joint", "a2", LATE)
    train.write("employee", "a1", f"Också {LATE}")
    train.expect_on_device(len(LATE) * 2 + len("Också "))
    return train


def freeze(talk: Talk) -> Person:
    jonas = talk.join("jonas")
    jonas.page.locator("form[data-action=freeze] button").click()
    expect(jonas.page.locator("article.record")).to_be_visible()
    return jonas


def check_kept(talk: Talk, train: Person) -> None:
    expect(train.page.locator("[data-slot=kept]")).to_contain_text("2 texter")
    expect(train.page.locator("article.record")).not_to_contain_text(LATE)
    texts = kept(train).locator("[data-kept=text]")
    expect(texts).to_have_count(2)
    expect(texts.filter(has_text=f"Vi delar upp jouren.{LATE}")).to_have_count(1)
    expect(texts.filter(has_text=f"Också {LATE}")).to_have_count(1)
    train.page.goto(talk.url)
    expect(train.page.locator("article.record")).to_be_visible()


def test_a_device_that_comes_back_after_the_freeze_keeps_what_it_wrote(talk: Talk, train: Person) -> None:
    jonas = freeze(talk)
    train.go_online()
    expect(train.page.locator("article.record")).to_contain_text("Vi delar upp jouren.")
    expect(train.page.locator("[data-slot=announce]")).to_contain_text(
        talk.say("What you wrote on this device could not be received. It is kept here, under Kept text.")
    )
    check_kept(talk, train)
    expect(jonas.page.locator("article.record")).not_to_contain_text(LATE)


def test_it_is_kept_too_when_the_conversation_was_opened_again_meanwhile(talk: Talk, train: Person) -> None:
    jonas = freeze(talk)
    jonas.page.goto(f"{talk.url}/reopen")
    jonas.page.locator("textarea").fill("Fel datum.")
    jonas.page.locator("main form button").click()
    jonas.wait_until_live()
    train.go_online()
    expect(train.page.locator("#decided-title")).to_be_visible()
    expect(train.page.locator("[data-slot=kept]")).to_contain_text("2 texter")
    expect(train.editor("joint", "a2")).to_have_text("Vi delar upp jouren.")
    train.expect_saved()
    train.write("joint", "a2", " Och mer.")
    expect(jonas.editor("joint", "a2")).to_have_text("Vi delar upp jouren. Och mer.")
    expect(kept(train)).to_have_count(2)


def test_it_is_kept_too_when_the_browser_was_closed_before(talk: Talk, train: Person) -> None:
    train.lose_page()
    freeze(talk)
    train.go_online()
    train.page.goto(talk.url)
    check_kept(talk, train)


def test_nothing_that_was_received_stays_on_the_device(talk: Talk) -> None:
    maja = talk.join("maja")
    maja.write("joint", "a2", " Hit.")
    maja.expect_saved()
    freeze(talk)
    expect(maja.page.locator("article.record")).to_contain_text("Hit.")
    held = """async () => {
      const [{ name }] = await indexedDB.databases()
      const db = await new Promise(done => {
        const open = indexedDB.open(name)
        open.onsuccess = () => done(open.result)
      })
      const count = store => new Promise(done => {
        const asked = db.transaction(store).objectStore(store).count()
        asked.onsuccess = () => done(asked.result)
      })
      const pages = await Promise.all((await caches.keys()).filter(one => one.startsWith('samsyn-pages'))
        .map(async one => (await (await caches.open(one)).keys()).length))
      return [await count('updates'), await count('waiting'), await count('kept'), ...pages]
    }"""
    # A promise that is handed to wait_for_function is true already: it is waited for in the page.
    left = f"""async () => {{
      const until = performance.now() + 10_000
      let left
      do left = await ({held})()
      while (left.some(one => one > 0) && performance.now() < until)
      return left
    }}"""
    assert not any(maja.page.evaluate(left))
