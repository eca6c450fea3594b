"""S14: everything about Maja with one press, with a reading guide; HR sees what goes when, and erases."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Join
from tests.browser.scenes import LANGUAGES, STILL, expect_clean, expect_clean_once, press, rows, say, speak
from tests.browser.test_keyboard import tab_to
from tests.running import RunningServer


@pytest.mark.parametrize("language", LANGUAGES[1:2])
def test_s14_one_press_gives_maja_everything_about_her_and_what_is_erased_is_gone(
    join: Join, server: RunningServer, language: str, tmp_path: Path
) -> None:
    maja = join("maja", **STILL, accept_downloads=True)
    page = maja.page
    speak(maja, language)
    press(page, "details.account > summary")
    press(page, '.menu a[href="/my-data"]')
    page.wait_for_url(f"{server.url}/my-data")
    expect_clean_once(page)

    # Made in the background, and followed without anybody doing anything.
    page.locator("body[data-ready]").wait_for()
    press(page, 'form[action="/my-data"] button')
    expect(page.locator("progress")).to_be_visible()
    expect(page.locator("[data-follow] small a")).to_have_attribute("href", "/my-data")
    expect(page.locator("[data-slot=announce]")).to_contain_text(
        say(language, "It is ready to be downloaded.")
    )
    expect(page.locator("progress")).to_have_count(0)
    expect_clean_once(page)
    tab_to(page, "a[download]")
    with page.expect_download() as downloading:
        page.keyboard.press("Enter")
    folder = tmp_path / "mine"
    downloading.value.save_as(tmp_path / "mine.zip")
    with zipfile.ZipFile(tmp_path / "mine.zip") as packed:
        packed.extractall(folder)

    # The guide, from the folder, without the server: it leads to everything, and so does everything back.
    guide = maja.context.new_page()
    guide.goto((folder / "guide.html").as_uri())
    expect(guide.locator("html")).to_have_attribute("lang", language)
    expect(guide.locator("h1")).to_have_text(say(language, "Everything about you: a guide"))
    expect(guide.locator("main")).to_contain_text("Helena Wik")
    expect_clean(guide)
    for link in guide.locator("main a:not([href^=mailto])").all():
        assert (folder / str(link.get_attribute("href"))).is_file()
    guide.get_by_role("link", name=say(language, "Where and when you were signed in")).click()
    expect_clean(guide)
    guide.get_by_role("link", name=say(language, "Back to the guide")).click()
    guide.locator('a[href^="conversations/"]').last.click()
    expect_clean(guide)
    for name in guide.locator("main a").evaluate_all("all => all.map(each => each.getAttribute('href'))"):
        assert (Path(guide.url.removeprefix("file://")).parent / name).is_file()

    # HR sees when it goes, and erases what has no reason to be kept: whose and when, never what.
    (signed,) = (
        each
        for each in (
            json.loads(path.read_text("utf-8"))["content"] for path in folder.rglob("conversation.json")
        )
        if each["state"] == "closed"
    )
    helena = join("helena", **STILL)
    page = helena.page
    speak(helena, language)
    press(page, "details.account > summary")
    press(page, '.menu a[href="/retention"]')
    page.wait_for_url(f"{server.url}/retention")
    page.goto(f"{server.url}/retention?days=3650")
    expect(page.locator("main")).to_contain_text("Maja Öberg")
    expect_clean_once(page)
    press(page, 'main a[href="/retention/people/maja"]')
    page.wait_for_url(f"{server.url}/retention/people/maja")
    erasing = f'form[action$="/conversations/{signed["id"]}/erase"]'
    page.locator("details", has=page.locator(erasing)).locator("summary").press("Enter")
    expect_clean_once(page)
    press(page, f"{erasing} button")
    expect(page.get_by_role("alert")).to_contain_text(
        say(language, "Tick that you know that this cannot be undone.")
    )
    tab_to(page, f"{erasing} input")
    page.keyboard.press("Space")
    press(page, f"{erasing} button")
    expect(page.locator(erasing)).to_have_count(0)
    page.goto(f"{server.url}/retention")
    expect(page.locator("#receipts ~ .stacks")).to_contain_text("Maja Öberg")
    expect_clean_once(page)

    # Gone with the bundle that had it; the fact remains, also for her.
    assert rows(server.data, "SELECT id FROM conversation WHERE id = ?", signed["id"]) == []
    assert rows(server.data, "SELECT bundle_id FROM own_bundle_file") == []
    maja.page.goto(f"{server.url}/my-data")
    expect(maja.page.locator("a[download]")).to_have_count(0)
    expect(maja.page.locator("main")).to_contain_text(say(language, "What was erased about you"))
