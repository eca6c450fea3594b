"""A guest in a real conversation: found, agreed to, let in, let write, and gone again (F47, F99)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Join, Person

SECRET = "Jag funderar på att söka det andra jobbet."
PING = b"\x09"


def button(person: Person, action: str) -> Locator:
    """The button of a form that goes to an address with this ending."""
    return person.page.locator(f'form[action$="{action}"] button')


def invite(person: Person, name: str) -> None:
    """Find a colleague and invite, from the conversation's page and back to it."""
    conversation = person.page.url
    person.page.locator('a[href$="/guests"]').click()
    person.page.locator("input[name=q]").fill(name)
    person.page.locator("input[name=q]").press("Enter")
    person.page.locator('form[action$="/guests"][method=post] button').first.click()
    expect(person.page.locator("main")).to_contain_text("Elias Norén")
    person.page.goto(conversation)
    person.wait_until_live()


def accept(guest: Person) -> None:
    """Answer the invitation from the start page."""
    guest.page.goto(guest.server.url)
    guest.page.locator('a[href$="/invitation"]').click()
    button(guest, "/invitation").click()
    guest.wait_until_live()


@pytest.fixture
def maja_jonas_and_elias(join: Join) -> tuple[Person, Person, Person]:
    """Maja with Jonas, and Elias whom she has invited."""
    maja, jonas, elias = join("maja"), join("jonas"), join("elias")
    maja.open("Jonas")
    jonas.open("Maja")
    invite(maja, "noren")
    accept(elias)
    return maja, jonas, elias


def test_whom_the_manager_invites_comes_in_only_when_the_employee_agrees(join: Join) -> None:
    maja, jonas, elias = join("maja"), join("jonas"), join("elias")
    maja.open("Jonas")
    jonas.open("Maja")
    invite(jonas, "elias@nordljus.example")
    elias.page.reload()
    expect(elias.page.locator('a[href$="/invitation"]')).to_have_count(0)
    button(maja, "/guests/elias/agree").click()
    expect(button(maja, "/guests/elias/agree")).to_have_count(0)
    accept(elias)
    for person in (maja, jonas, elias):
        expect(person.page.locator("[data-slot=here] li")).to_have_count(3)
        expect(person.page.locator("[data-slot=here] .guest")).to_have_count(1)
        expect(person.page.locator("[data-region=guests]")).to_contain_text("Elias Norén")


def test_a_guest_reads_along_writes_when_let_and_is_gone_when_ended(
    maja_jonas_and_elias: tuple[Person, Person, Person],
) -> None:
    maja, jonas, elias = maja_jonas_and_elias
    maja.write("joint", "a8", " Vi är överens.")
    expect(elias.cell("joint", "a8")).to_contain_text("Vi är överens.")
    expect(elias.cell("joint", "a8")).to_have_attribute("data-readonly", "")

    button(jonas, "/guests/elias/writing").click()
    expect(elias.editor("joint", "a8")).to_have_attribute("contenteditable", "true")
    elias.write("joint", "a8", " Facket också.")
    expect(jonas.cell("joint", "a8")).to_contain_text("Facket också.")
    elias.expect_saved()

    button(maja, "/guests/elias/end").click()
    expect(elias.page.locator("body:not(.talking)")).to_be_visible()
    expect(elias.page.locator("[data-field]")).to_have_count(0)
    expect(jonas.page.locator("[data-slot=here] li")).to_have_count(2)
    expect(jonas.page.locator("[data-region=guests]")).not_to_contain_text("Elias")
    # Whose sentences remain.
    expect(jonas.cell("joint", "a8")).to_contain_text("Facket också.")
    elias.faults.clear()


def test_pri_3_private_writing_sends_a_guest_nothing_but_the_clocks_pings(
    maja_jonas_and_elias: tuple[Person, Person, Person],
) -> None:
    maja, _, elias = maja_jonas_and_elias
    maja.editor("employee", "a4").click()
    maja.expect_saved()
    expect(elias.page.locator("[data-slot=here] li")).to_have_count(3)
    before = len(elias.received)
    maja.page.keyboard.type(SECRET, delay=15)
    maja.expect_saved()
    heard = [frame for frame in elias.received[before:] if frame != PING]
    # Two heartbeats of the joint pane's presence may come; they say nothing new.
    assert all(b"/joint/" in frame for frame in heard)
    assert len(heard) <= 2
    for path in ("", "/guests", "/invitation", "/changes", "/draft.pdf", "/panes/employee/preview"):
        answer = elias.context.request.get(elias.page.url + path)
        assert SECRET[:20].encode() not in answer.body(), path
    names = b" ".join(elias.received)
    assert b"/employee/" not in names
    assert b"/manager/" not in names
