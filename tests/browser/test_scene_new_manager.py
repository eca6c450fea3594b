"""S11: new manager. Ola's conversation is with Jonas, and becomes Ingrid's while all of them are at it.

Conv-06: Ingrid sees nothing of it but that it goes on; Jonas's draft stays his; Ola says what goes over.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Join, Person
from tests.browser.scenes import (
    LANGUAGES,
    STILL,
    expect_clean,
    open_by_keyboard,
    press,
    rows,
    say,
    speak,
)
from tests.browser.test_keyboard import tab_to
from tests.running import RunningServer

DRAFT = "Ola har gjort ett grundligt arbete"
SECRET = " Kanariefågeln sjunger."
OURS, OLAS = "Vi deler vaktene på fem.", "Jeg trenger å vite hvem som bestemmer"


def expect_nowhere(person: Person, *words: str) -> None:
    """Nothing of it has reached this browser in any page or frame."""
    body = person.page.content()
    for each in words:
        assert each not in body
        assert not any(each.encode() in frame for frame in person.received), each


@pytest.mark.parametrize("language", LANGUAGES[1:2])
def test_s11_a_new_manager_gets_what_the_employee_hands_over_and_no_draft(
    join: Join, server: RunningServer, language: str
) -> None:
    jonas, ola = join("jonas", **STILL), join("ola", **STILL)
    ingrid, helena = join("ingrid", **STILL), join("helena", **STILL)
    for person in (jonas, ola, ingrid, helena):
        speak(person, language)
    open_by_keyboard(ola, "Jonas")
    open_by_keyboard(jonas, "Ola")
    address = jonas.page.url
    ola.write("joint", "a8", OURS)
    expect(jonas.editor("joint", "a8")).to_contain_text(OURS)
    jonas.write("manager", "a1", SECRET)
    jonas.expect_saved()

    # Ingrid knows that one goes on, and nothing else.
    ingrid.page.goto(f"{server.url}/people/ola")
    hint = say(language, "A conversation is open with another manager.")
    expect(ingrid.page.locator("main")).to_contain_text(hint)
    assert ingrid.page.request.get(address, headers={"Accept": "text/html"}).status == 404
    expect_nowhere(ingrid, DRAFT, SECRET, OURS, OLAS)

    # HR finds it, and hands it over while both write.
    helena.page.goto(f"{server.url}/conversations/to-reassign")
    expect_clean(helena.page)
    press(helena.page, f'a[href="{address.removeprefix(server.url)}/responsible"]')
    expect(helena.page.locator("input[name=person]:checked + span")).to_contain_text("Ingrid Solheim")
    expect_clean(helena.page)
    tab_to(helena.page, "#reason")
    helena.page.keyboard.type("Ola har fått ny leder.")
    ola.editor("employee", "a4").click()
    ola.page.keyboard.press("Control+End")
    ola.page.keyboard.type(" Ola skriver")
    press(helena.page, "button.first")

    # Ola goes on writing where he was, and is told.
    ola.page.keyboard.type(" videre.")
    told = say(language, "%(name)s is responsible for your conversation now.", name="Ingrid Solheim")
    expect(ola.page.locator("[data-slot=announce]")).to_contain_text(told)
    expect(ola.page.locator("h1")).to_contain_text("Ingrid")
    expect(ola.editor("employee", "a4")).to_contain_text("Ola skriver videre.")
    ola.expect_saved()
    expect(ola.page.locator("[data-slot=kept]")).to_be_hidden()
    expect(ola.page.locator("[data-region=notice]")).to_contain_text(told)
    expect(ola.cell("joint", "a8")).to_have_count(0)
    expect_clean(ola.page)
    helena.page.wait_for_url("**/conversations/to-reassign")

    # Jonas is out at once, and has what he wrote.
    jonas.page.wait_for_url("**/former")
    expect(jonas.page.locator("main")).to_contain_text(DRAFT)
    expect(jonas.page.locator("main")).to_contain_text(SECRET.strip())
    expect_clean(jonas.page)

    # Ingrid has it on her start page, and can prepare.
    ingrid.page.goto(server.url)
    open_by_keyboard(ingrid, "Ola")
    ingrid.write("manager", "a1", "Vi begynner på nytt.")
    ingrid.expect_saved()
    expect(ingrid.cell("joint", "a8")).to_have_count(0)
    expect_nowhere(ingrid, DRAFT, SECRET, OURS, OLAS)
    expect_clean(ingrid.page)

    # Ola is asked, and answers.
    press(ola.page, 'a[href$="/handover"]')
    expect(ola.page.locator("fieldset")).to_have_count(1)
    press(ola.page, "details.former > summary")
    expect(ola.page.locator("main")).to_contain_text(OURS)
    expect_clean(ola.page)
    tab_to(ola.page, "input[type=radio]", "Shift+Tab")
    ola.page.keyboard.press("Space")
    press(ola.page, "button.first")
    ola.page.wait_for_url(address)
    ola.wait_until_live()

    # Ingrid's page follows by itself, with what goes over and nothing else.
    expect(ingrid.editor("joint", "a8")).to_contain_text(OURS)
    ingrid.write("joint", "a8", " Fra neste måned.")
    expect(ola.editor("joint", "a8")).to_contain_text("Fra neste måned.")
    expect(ingrid.editor("manager", "a1")).to_contain_text("Vi begynner på nytt.")
    expect_nowhere(ingrid, DRAFT, SECRET, OLAS)
    expect_nowhere(ola, DRAFT, SECRET)
    assert jonas.page.request.get(address, max_redirects=0).status == 303
    said = rows(server.data, "SELECT event, about FROM audit WHERE event LIKE '%hand%'")
    assert [event for event, _ in said] == ["page:conversation:handed-over", "page:handover:answered"]

    # Jonas has his draft erased.
    press(jonas.page, "details.erase > summary")
    expect_clean(jonas.page)
    press(jonas.page, "details.erase button")
    jonas.page.wait_for_url(re.compile(r"/$"))
    kept = rows(server.data, "SELECT * FROM handover_part WHERE pane = 'manager'")
    assert kept == []
