"""S10: open again. Both are told why; the signed version stays readable and verifiable; the new one is signed
again.

Jonas and Astrid, conv-08.
"""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Join, Person
from tests.browser.scenes import STILL, expect_clean, press, rows, say, sign, speak
from tests.browser.test_keyboard import tab_to
from tests.browser.test_scene_altered_record import download, verify
from tests.running import RunningServer

REASON = "Budgeten för vikarier ändrades i veckan. Punkten om den stämmer inte längre."
OLD, NEW = "Planen ska rymmas i den.", "Planen får kosta två vikarier till."
COMMENT = "Jag är inte överens om punkten om budgeten."


def open_closed(person: Person, other: str) -> None:
    """Go to the closed conversation with somebody; there is one."""
    person.page.goto(person.server.url)
    person.page.get_by_role("link", name=re.compile(other)).last.click()
    person.wait_until_live()


def test_s10_a_reason_is_told_to_both_the_signed_version_stays_and_the_new_one_is_signed(
    join: Join, server: RunningServer, tmp_path: Path
) -> None:
    jonas, astrid = join("jonas", **STILL), join("astrid", **STILL)
    speak(astrid, "nb")
    open_closed(jonas, "Astrid")
    open_closed(astrid, "Jonas")
    address = jonas.page.url
    signed = astrid.page.locator("article.record").inner_text()

    press(jonas.page, 'a[href$="/reopen"]')
    jonas.page.wait_for_url(re.compile("/reopen$"))
    jonas.page.locator("textarea").fill(" ")
    press(jonas.page, "main form button")
    expect(jonas.page.get_by_role("alert")).to_contain_text(
        say("sv", "Write why: the reason is shown to those who are told of this.")
    )
    assert rows(server.data, "SELECT reason FROM decision WHERE kind = 'reopened'") == []
    tab_to(jonas.page, "textarea")
    jonas.page.keyboard.type(REASON)
    press(jonas.page, "main form button")
    jonas.page.wait_for_url(address)
    jonas.wait_until_live()
    told = say("nb", "%(name)s has opened this conversation again, %(when)s.", name="Jonas", when="")
    expect(astrid.page.locator("[data-region=notice]")).to_contain_text(told.strip(" .,"))
    for person in (jonas, astrid):
        expect(person.page.locator("[data-region=notice] blockquote")).to_have_text(REASON)
    expect_clean(astrid.page)

    budget = astrid.editor("joint", "b9")
    expect(budget).to_contain_text(OLD)
    astrid.write("joint", "b9", f" {NEW}")
    expect(jonas.editor("joint", "b9")).to_contain_text(NEW)
    astrid.expect_saved()

    # What was signed before is still there, word for word, and verifies without the server's word.
    press(astrid.page, f'main a[href="{address.removeprefix(server.url)}/record"]')
    astrid.page.wait_for_url(re.compile("/records/1$"))
    main = astrid.page.locator("main")
    expect(main).to_contain_text(OLD)
    expect(main).to_contain_text(COMMENT)
    expect(main).not_to_contain_text(NEW)
    expect_clean(astrid.page)
    first = download(astrid.page, 'a[href$="/records/1.zip"]', tmp_path / "first")
    assert verify(first)[1].startswith("UNCHANGED")

    press(jonas.page, "form[data-action=freeze] button")
    expect(jonas.page.locator("article.record")).to_contain_text(NEW)
    expect(jonas.page.locator("[data-region=signatures]")).not_to_contain_text(COMMENT)
    assert rows(server.data, "SELECT COUNT(*) FROM signature WHERE version = 2") == [(0,)]
    sign(jonas)
    astrid.page.goto(address)
    astrid.wait_until_live()
    sign(astrid)
    over = say("sv", "The conversation is signed, %(when)s.", when="").strip(" .,")
    expect(jonas.page.locator("[data-region=notice] b")).to_contain_text(over)
    assert jonas.page.locator("article.record").inner_text() != signed

    second = download(astrid.page, 'a[href$="/records/2.pdf"]', tmp_path / "second")
    first_again = tmp_path / "again"
    astrid.page.goto(f"{address}/records/1")
    expect(astrid.page.locator("main")).to_contain_text(COMMENT)
    first = download(astrid.page, 'a[href$="/records/1.zip"]', first_again)
    server.stop()
    for file, version in ((first, "version 1"), (second, "")):
        code, said = verify(file)
        assert code == 0
        assert version in said
