"""What the scenes share: the words of three languages, the keyboard alone, axe, and what SQL holds."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from server.pages.catalogues import read_catalogues
from tests import running
from tests.browser.conftest import Person
from tests.browser.test_accessibility import AXE, CONTRAST, DESKTOP, EVERYTHING, PHONE, shortcomings
from tests.browser.test_keyboard import IS_FOCUSED, tab_to
from tests.pages.world import ROOT
from tests.running import RunningServer

LANGUAGES = ("sv", "nb", "en")
CHECKED_IN = "nb"
DEMO_PASSWORD = "nordljus"
STILL = {"reduced_motion": "reduce", "locale": "en-US"}
"""A browser in which a colour on its way to another is not measured, and dates are typed month first."""

CATALOGUES = read_catalogues(ROOT / "web/locales")


def say(language: str, sentence: str, **fields: str | int) -> str:
    """A sentence as it is read in a language."""
    return CATALOGUES[language].say(sentence, **fields)


def press(page: Page, selector: str) -> None:
    """Go there and press it, by keyboard alone."""
    tab_to(page, selector)
    page.keyboard.press("Enter")


def is_focused(page: Page, selector: str) -> bool:
    """Whether what ``selector`` says has the focus."""
    found: bool = page.evaluate(IS_FOCUSED, selector)
    return found


def _begun(person: Person) -> Page:
    """The person's page; the start page, if nothing has been shown yet."""
    if person.page.url == "about:blank":
        person.page.goto(person.server.url)
    return person.page


def speak(person: Person, language: str) -> None:
    """Choose a language in the menu of a page, by keyboard alone."""
    page = _begun(person)
    press(page, "details.account > summary")
    press(page, f".menu button[value={language}]")
    expect(page.locator("html")).to_have_attribute("lang", language)


def open_by_keyboard(person: Person, conversation_with: str) -> None:
    """Go from the start page to the first conversation with somebody, by keyboard alone."""
    page = _begun(person)
    expect(page.locator("h1")).to_be_visible()
    href = page.get_by_role("link", name=conversation_with).first.get_attribute("href")
    press(page, f'a[href="{href}"]')
    person.wait_until_live()


def sign(person: Person) -> None:
    """Sign what is shown, by keyboard alone."""
    tab_to(person.page, "#sign input[name=password]")
    person.page.keyboard.type(DEMO_PASSWORD)
    person.page.keyboard.press("Enter")
    expect(person.page.locator("#sign")).to_have_count(0)


def expect_clean(page: Page) -> None:
    """Axe finds nothing, everything can be hit, nothing overflows: on a desk and a phone, light and dark."""
    window = page.viewport_size
    page.evaluate(AXE.read_text("utf-8"))
    faults: list[str] = []
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme="light")
        faults += shortcomings(page, EVERYTHING)
        page.emulate_media(color_scheme="dark")
        faults += shortcomings(page, CONTRAST)
    page.emulate_media(color_scheme="light")
    if window:
        page.set_viewport_size(window)
    assert not faults, f"{page.url}: " + "\n".join(faults)


def expect_clean_once(page: Page) -> None:
    """As ``expect_clean``, in a scene that is played in every language: in one of them."""
    if page.locator("html").get_attribute("lang") == CHECKED_IN:
        expect_clean(page)


def samsyn(server: RunningServer, *arguments: str) -> str:
    """Run a command on the server's data, while it does not run. What it says."""
    environment = {**os.environ, "SAMSYN_DATA": str(server.data), "SAMSYN_PORT": str(server.port)}
    done = running.samsyn(*arguments, environment=environment)
    assert done.code == 0, done.errors
    return done.said.strip()


def rows(data: Path, statement: str, *values: str) -> list[tuple[Any, ...]]:
    """What SQL holds, read past the server."""
    connection = sqlite3.connect(f"file:{data / 'samsyn.sqlite3'}?mode=ro", uri=True)
    try:
        return connection.execute(statement, values).fetchall()
    finally:
        connection.close()


def standing(data: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that a turn of a conversation's life changes, of all conversations."""
    return {
        table: rows(data, f"SELECT * FROM {table} ORDER BY 1, 2")
        for table in ("conversation", "pane", "record", "signature", "decision", "activity")
    }
