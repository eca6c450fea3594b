"""S01 and S03: the log names who wrote which part, and nothing of what is not shared."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Join, Person


def log_of(person: Person) -> Locator:
    """Go from the conversation to who wrote what."""
    person.page.locator('a[href$="/changes"]').click()
    expect(person.page).to_have_url(re.compile("/changes$"))
    return person.page.locator(".log").first


def entry(log: Locator, name: str, pane: str) -> Locator:
    """What somebody wrote in a pane, on the newest day."""
    return log.locator("li.wrote").filter(
        has=log.page.get_by_role("heading", name=re.compile(f"{name}.*{pane}"))
    )


def test_two_people_write_and_both_see_who_wrote_what(join: Join) -> None:
    maja, jonas = join("maja"), join("jonas")
    maja.open("Jonas")
    jonas.open("Maja")
    maja.write("joint", "a1", "Larmrutinen.")
    maja.write("employee", "a4", "Det här är bara mitt.")
    jonas.write("joint", "a1", " Ja, den.")
    jonas.write("joint", "a8", "Vi fortsätter.")
    for person in (maja, jonas):
        person.expect_saved()

    question = "Vad har gått bra, och vad har hindrat dig?"
    of_maja, of_jonas = log_of(maja), log_of(jonas)
    for log in (of_maja, of_jonas):
        expect(entry(log, "Maja Öberg", "Gemensam slutsats").get_by_role("link")).to_have_text(question)
        expect(entry(log, "Jonas Bergman", "Gemensam slutsats").get_by_role("link")).to_have_count(2)
        expect(entry(log, "Jonas Bergman", "Gemensam slutsats").locator(".when").first).to_have_text(
            re.compile(r"^\d\d:\d\d(–\d\d:\d\d)?$")
        )
    expect(entry(of_maja, "Maja Öberg", "Min ruta").get_by_role("link")).to_have_count(1)
    assert "Majas ruta" not in jonas.page.content()

    entry(of_jonas, "Maja Öberg", "Gemensam slutsats").get_by_role("link").click()
    jonas.wait_until_live()
    expect(jonas.page.locator("#q-a1")).to_be_in_viewport()


def test_private_writing_changes_nothing_on_the_other_person_s_page(join: Join) -> None:
    maja, jonas = join("maja"), join("jonas")
    maja.open("Jonas")
    jonas.open("Maja")
    log_of(jonas)
    before = jonas.page.locator("main").inner_html()
    maja.write("employee", "a5", "Ingen annan ser det här.")
    maja.expect_saved()
    jonas.page.reload()

    assert jonas.page.locator("main").inner_html() == before
