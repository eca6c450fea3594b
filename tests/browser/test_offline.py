"""S02: on the train. What is written without a network is kept by the device, and merges later."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Dialog, expect

from tests.browser.conftest import Join, Person
from tests.browser.stored import stored_text
from tests.running import RunningServer

WORDS = " ".join(f"ord{number}" for number in range(300))


@pytest.fixture
def priya_and_ingrid(join: Join) -> tuple[Person, Person]:
    priya, ingrid = join("priya"), join("ingrid")
    priya.open("Ingrid")
    ingrid.open("Priya")
    return priya, ingrid


def test_300_words_survive_closing_the_browser_offline_and_merge(
    priya_and_ingrid: tuple[Person, Person], server: RunningServer
) -> None:
    priya, ingrid = priya_and_ingrid
    address = priya.page.url
    priya.go_offline()
    priya.editor("joint", "a8").click()
    priya.page.keyboard.press("Control+End")
    for word in WORDS.split():
        priya.page.keyboard.insert_text(f" {word}")
    priya.expect_on_device(len(WORDS.split()))

    # The window is gone and opened again, still without a network: the page itself comes too.
    priya.lose_page()
    priya.page.goto(address)
    expect(priya.editor("joint", "a8")).to_contain_text("ord299")
    expect(priya.status).to_have_attribute("data-state", "device")
    expect(priya.status).to_contain_text(re.compile(r"\d"))
    assert "ord299" not in stored_text(server.data, "joint", "a8", "priya")

    ingrid.write("joint", "a8", " Ingrid skriver samtidig.")
    ingrid.expect_saved()

    priya.go_online()
    priya.expect_saved()
    stored = stored_text(server.data, "joint", "a8", "priya")
    assert WORDS in stored
    assert "Ingrid skriver samtidig." in stored
    for person in (priya, ingrid):
        expect(person.editor("joint", "a8")).to_have_text(stored)


def test_leaving_with_something_unsent_asks_first(priya_and_ingrid: tuple[Person, Person]) -> None:
    priya, _ = priya_and_ingrid
    questions: list[str] = []

    def answer(dialog: Dialog) -> None:
        questions.append(dialog.type)
        dialog.accept()

    priya.page.on("dialog", answer)
    priya.go_offline()
    priya.write("joint", "a8", " på tåget")
    expect(priya.status).to_have_attribute("data-state", "device")
    with priya.page.expect_event("close"):
        priya.page.close(run_before_unload=True)
    assert questions == ["beforeunload"]


def test_both_start_an_empty_field_while_apart(
    priya_and_ingrid: tuple[Person, Person], server: RunningServer
) -> None:
    priya, ingrid = priya_and_ingrid
    for person in (priya, ingrid):
        person.go_offline()
    priya.write("joint", "a4", "priya")
    ingrid.write("joint", "a4", "INGRID")
    for person in (priya, ingrid):
        person.go_online()
        person.expect_saved()
    assert stored_text(server.data, "joint", "a4", "priya") in {"priyaINGRID", "INGRIDpriya"}


def test_an_offline_page_is_gone_after_signing_out(priya_and_ingrid: tuple[Person, Person]) -> None:
    priya, _ = priya_and_ingrid
    address = priya.page.url
    priya.expect_saved()
    priya.page.locator("details.account > summary").click()
    priya.page.locator('form[data-action="sign-out"] button').click()
    priya.page.wait_for_url(re.compile("/sign-in"))
    assert priya.page.evaluate("caches.keys()") == []
    priya.context.set_offline(True)
    failed = False
    try:
        priya.page.goto(address)
    except Exception:  # noqa: BLE001 - any way in which a browser says that there is no network
        failed = True
    assert failed or "Priya" not in priya.page.content()
