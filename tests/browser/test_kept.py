"""Kept text: what was never received and cannot be merged any more stays with its writer, on the device."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Dialog, Locator, expect

from tests.browser.conftest import Join, Person

WRITTEN = "Skrivet på tåget, medan rutan delades."


HELD = """async ([store, most]) => {
  const db = await new Promise(done => {
    const open = indexedDB.open('samsyn/maja')
    open.onsuccess = () => done(open.result)
  })
  const until = performance.now() + 10_000
  let held
  do {
    const rows = await new Promise(done => {
      const asked = db.transaction(store).objectStore(store).getAll()
      asked.onsuccess = () => done(asked.result)
    })
    held = [...new Set(rows.map(row => row.document))]
  } while (most && held.length > most && performance.now() < until)
  db.close()
  return held
}"""
"""Names of the documents of which Maja's browser holds something in a store; `most`: waits for so few."""


def sign_out(person: Person) -> None:
    person.page.locator("details.account > summary").click()
    person.page.locator('form[data-action="sign-out"] button').click()
    person.page.wait_for_url(re.compile("/sign-in"))


def sign_in(person: Person, who: str) -> None:
    """Sign `who` in, in the same browser profile."""
    person.page.goto(f"{person.server.url}/sign-in")
    person.page.locator(f'button[name=person][value="{who}"]').click()
    person.page.wait_for_url(lambda url: "/sign-in" not in url)


def kept(person: Person) -> Locator:
    """Go to the page of kept texts; each of them."""
    person.page.goto(f"{person.server.url}/kept")
    person.wait_until_live()
    return person.page.locator("[data-slot=kept-list] > li")


def share(person: Person) -> None:
    person.page.locator('form[data-action="share"] button').click()
    expect(person.page.locator('form[data-action="withdraw"] button')).to_be_visible()


@pytest.fixture
def devices(join: Join) -> tuple[Person, Person]:
    """Maja's phone, which is offline and holds a text that nobody else has, and her desk."""
    phone, desk = join("maja"), join("maja")
    for device in (phone, desk):
        device.open("Jonas")
    phone.go_offline()
    phone.write("employee", "a5", WRITTEN)
    phone.expect_on_device(len(WRITTEN))
    return phone, desk


@pytest.fixture
def phone(devices: tuple[Person, Person]) -> Person:
    """The phone, back on the network after the desk has shared the pane."""
    phone, desk = devices
    share(desk)
    phone.go_online()
    expect(phone.page.locator("[data-slot=kept]")).to_be_visible()
    return phone


def test_what_cannot_be_merged_any_more_is_kept_and_said(phone: Person) -> None:
    expect(phone.page.get_by_text(re.compile("kunde inte tas emot"))).to_be_attached()
    expect(phone.cell("employee", "a5")).not_to_contain_text(WRITTEN)
    phone.expect_saved()
    phone.page.locator("[data-slot=kept]").click()
    phone.wait_until_live()
    text = phone.page.locator("[data-slot=kept-list] > li")
    expect(text).to_have_count(1)
    expect(text.locator("[data-kept=text]")).to_have_text(WRITTEN)
    where = text.locator("[data-kept=where]")
    expect(where).to_have_text(re.compile("^Årligt medarbetarsamtal med Jonas – Vad vill du att din chef"))
    where.click()
    phone.wait_until_live()
    expect(phone.page.locator("h1")).to_contain_text("Jonas")


def test_it_is_kept_too_when_the_browser_was_closed_meanwhile(devices: tuple[Person, Person]) -> None:
    phone, desk = devices
    address = phone.page.url
    phone.lose_page()
    share(desk)
    phone.go_online()
    phone.page.goto(address)
    expect(phone.page.locator("[data-slot=kept]")).to_be_visible()
    expect(kept(phone).locator("[data-kept=text]")).to_have_text(WRITTEN)


def test_what_arrived_before_the_share_is_not_kept(devices: tuple[Person, Person]) -> None:
    phone, desk = devices
    phone.go_online()
    phone.expect_saved()
    expect(desk.cell("employee", "a5")).to_contain_text(WRITTEN)
    share(desk)
    expect(phone.page.locator('form[data-action="withdraw"] button')).to_be_visible()
    expect(phone.cell("employee", "a5")).to_contain_text(WRITTEN)
    expect(kept(phone)).to_have_count(0)
    expect(phone.page.locator("[data-slot=kept-empty]")).to_be_visible()


def test_it_can_be_copied_and_stays_until_it_is_deleted(phone: Person) -> None:
    phone.context.grant_permissions(["clipboard-read", "clipboard-write"])
    text = kept(phone)
    text.locator("[data-kept=copy]").click()
    expect(phone.page.get_by_text("Kopierat")).to_be_in_viewport()
    assert phone.page.evaluate("navigator.clipboard.readText()") == WRITTEN
    expect(kept(phone)).to_have_count(1)
    text.locator("[data-kept=delete]").click()
    expect(text).to_have_count(0)
    expect(kept(phone)).to_have_count(0)
    phone.open("Jonas")
    expect(phone.page.locator("[data-slot=kept]")).to_be_hidden()


def test_another_user_of_the_browser_never_sees_it(phone: Person) -> None:
    sign_out(phone)
    sign_in(phone, "leo")
    phone.wait_until_live()
    expect(phone.page.locator("[data-slot=kept]")).to_be_hidden()
    expect(kept(phone)).to_have_count(0)
    assert WRITTEN not in phone.page.content()
    sign_out(phone)
    sign_in(phone, "maja")
    expect(kept(phone).locator("[data-kept=text]")).to_have_text(WRITTEN)


def test_of_a_session_that_ended_nothing_that_was_received_is_left_to_the_next_user(
    devices: tuple[Person, Person],
) -> None:
    """Nobody signed out. What was never sent waits for its writer, and for nobody else."""
    phone, desk = devices
    unsent = phone.page.evaluate(HELD, ["waiting", 0])
    assert len(phone.page.evaluate(HELD, ["updates", 0])) > len(unsent)
    phone.lose_page()
    phone.context.clear_cookies()
    phone.go_online()
    sign_in(phone, "leo")
    assert phone.page.evaluate(HELD, ["updates", len(unsent)]) == unsent
    sign_out(phone)
    sign_in(phone, "maja")
    phone.open("Jonas")
    expect(desk.editor("employee", "a5")).to_contain_text(WRITTEN)


def test_signing_out_with_something_unsent_asks_first(devices: tuple[Person, Person]) -> None:
    phone, _ = devices
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    phone.page.once("dialog", refuse)
    phone.page.locator("details.account > summary").click()
    button = phone.page.locator('form[data-action="sign-out"] button')
    with phone.page.expect_event("dialog"):
        button.click()
    assert "har inte skickats" in asked[0]
    expect(button).to_be_visible()
    expect(phone.editor("employee", "a5")).to_contain_text(WRITTEN)


def test_nobody_is_told_to_be_signed_out_without_a_network(devices: tuple[Person, Person]) -> None:
    phone, _ = devices
    phone.page.once("dialog", lambda dialog: dialog.accept())
    phone.page.locator("details.account > summary").click()
    phone.page.locator('form[data-action="sign-out"] button').click()
    expect(phone.page.get_by_text("Logga ut när det är tillbaka")).to_be_in_viewport()
    phone.write("employee", "a5", " Här skriver jag vidare.")
    phone.go_online()
    phone.expect_saved()
    expect(phone.editor("employee", "a5")).to_contain_text("Här skriver jag vidare.")
