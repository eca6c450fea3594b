"""S03 and S09: what is written in one's own pane reaches nobody; what was removed before sharing is gone."""

from __future__ import annotations

import re
from io import BytesIO

import pdfplumber
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Join, Person
from tests.browser.scenes import samsyn
from tests.running import RunningServer

SECRET = "Jag funderar på att söka det andra jobbet."
PING = b"\x09"


@pytest.fixture
def maja_and_jonas(join: Join) -> tuple[Person, Person]:
    maja, jonas = join("maja"), join("jonas")
    maja.open("Jonas")
    jonas.open("Maja")
    return maja, jonas


def everything_for(person: Person) -> list[bytes]:
    """Every page and file of the conversation that somebody can ask for, and the text on its paper."""
    here = person.page.url
    more = ("", "/changes", "/record", "/records/1", "/records/1.pdf", "/draft.pdf", "/guests", "/invitation")
    previews = [f"/panes/{pane}/preview" for pane in ("employee", "manager", "joint")]
    answers = [person.context.request.get(here + each).body() for each in (*more, *previews)]
    papers = [each for each in answers if each.startswith(b"%PDF")]
    assert len(papers) == 1, "the draft, of a conversation that is not closed"
    with pdfplumber.open(BytesIO(papers[0])) as pdf:
        printed = " ".join(page.extract_text() for page in pdf.pages)
    assert "larmrutinen" in printed
    # Past line breaks and hyphens.
    return [*answers, re.sub(r"[\s\N{SOFT HYPHEN}-]", "", printed).encode()]


def test_s03_what_was_removed_before_sharing_reaches_nobody(
    maja_and_jonas: tuple[Person, Person], server: RunningServer
) -> None:
    maja, jonas = maja_and_jonas
    maja.write("employee", "a4", SECRET)
    maja.expect_saved()
    for _ in SECRET:
        maja.page.keyboard.press("Backspace")
    maja.expect_saved()
    maja.page.locator('form[data-action="share"] button').first.click()
    open_it = jonas.page.locator('form[data-action="open"] button').first
    expect(open_it).to_be_visible()
    open_it.click()
    expect(jonas.cell("employee", "a1")).to_contain_text("larmrutinen")
    maja.write("employee", "a1", " Efter delningen.")
    expect(jonas.cell("employee", "a1")).to_contain_text("Efter delningen.")
    maja.expect_saved()

    assert "andra jobbet" not in jonas.page.content()
    for received in (*jonas.received, *everything_for(jonas)):
        assert b"andra jobbet" not in received
        assert b"andrajobbet" not in received
    # The log tells that the pane was shared, and of nobody's writing before that.
    jonas.page.locator('a[href$="/changes"]').click()
    written = jonas.page.locator("li.wrote").filter(has=jonas.page.get_by_role("heading", name="Maja"))
    expect(written.get_by_role("link")).to_have_text("Vad har gått bra, och vad har hindrat dig?")
    server.stop()
    audit = samsyn(server, "audit", "list")
    assert "page:pane:shared" in audit
    assert "andra jobbet" not in audit
    # The database itself, its log and whatever else lies beside it: a copy of it holds no more.
    for path in server.data.rglob("*"):
        if path.is_file():
            assert b"andra jobbet" not in path.read_bytes(), path
            assert "andra jobbet".encode("utf-16-le") not in path.read_bytes(), path


def test_s09_private_writing_sends_the_other_person_nothing_but_the_clocks_pings(
    maja_and_jonas: tuple[Person, Person],
) -> None:
    maja, jonas = maja_and_jonas
    maja.editor("employee", "a4").click()
    maja.expect_saved()
    expect(jonas.page.locator("[data-slot=here] li")).to_have_count(2)
    before = len(jonas.received)
    maja.page.keyboard.type("Det här skriver jag bara för mig själv. " * 3, delay=15)
    maja.page.keyboard.press("Control+z")
    maja.expect_saved()
    heard = [frame for frame in jonas.received[before:] if frame != PING]
    # A heartbeat of the joint pane's presence may come; it says nothing new.
    assert all(
        b"/joint/" in frame and frame[frame.index(b"/joint/") :].count(b"cursor") <= 1 for frame in heard
    )
    assert len(heard) <= 1
    expect(jonas.page.locator("[data-slot=where]")).not_to_contain_text(re.compile(r"\w"))
    expect(jonas.page.locator("[data-slot=typing]:visible")).to_have_count(0)


def test_a_share_can_be_withdrawn_until_it_is_opened(maja_and_jonas: tuple[Person, Person]) -> None:
    maja, jonas = maja_and_jonas
    maja.page.locator('form[data-action="share"] button').first.click()
    withdraw = maja.page.locator('form[data-action="withdraw"] button').first
    open_it = jonas.page.locator('form[data-action="open"] button').first
    expect(open_it).to_be_visible()
    withdraw.click()
    expect(open_it).to_have_count(0)
    expect(maja.page.locator('form[data-action="share"] button').first).to_be_visible()
    maja.page.locator('form[data-action="share"] button').first.click()
    open_it.click()
    expect(jonas.cell("employee", "a1")).to_contain_text("larmrutinen")
    expect(withdraw).to_have_count(0)


def test_sharing_keeps_the_caret_and_writing_goes_on(maja_and_jonas: tuple[Person, Person]) -> None:
    maja, _ = maja_and_jonas
    maja.write("employee", "a4", "Hela")
    maja.expect_saved()
    maja.page.evaluate("document.querySelector('form[data-action=share]').requestSubmit()")
    expect(maja.page.locator('form[data-action="withdraw"] button').first).to_be_visible()
    maja.page.keyboard.type(" meningen")
    expect(maja.editor("employee", "a4")).to_contain_text("Hela meningen")
    maja.expect_saved()
