"""S06: changed after signing. The bundle is checked without this server and without a network.

Jonas and Astrid, conv-08, in each language, and by keyboard alone.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Join
from tests.browser.scenes import LANGUAGES, STILL, expect_clean_once, press, speak
from tests.running import RunningServer, samsyn

Change = Callable[[bytes], bytes]


def letter(before: str, after: str) -> Change:
    """Change one letter of what stands there once."""

    def change(data: bytes) -> bytes:
        assert data.count(before.encode()) == 1
        return data.replace(before.encode(), after.encode())

    return change


ALTERED: dict[str, tuple[str, Change, str]] = {
    "an answer": (
        "record.json",
        letter("högst två nästa år", "högst tvä nästa år"),
        "The content was altered",
    ),
    "a question": (
        "record.json",
        letter("Improvements you see", "Improvements you sea"),
        "The content was altered",
    ),
    "a comment": (
        "record.json",
        letter("Jag är inte överens", "Jag är inte Överens"),
        "The signature of Jonas Bergman was altered",
    ),
    "the printed record": (
        "record.pdf",
        lambda data: data.replace(b"/Contents", b"/Contentt", 1),
        "The PDF was altered",
    ),
}
"""What is altered in which file, and what names it."""


def verify(file: Path, *arguments: str) -> tuple[int, str]:
    """Run the check in a process that cannot reach any network. Its exit code, and what it says."""
    done = samsyn("verify", file, *arguments, network=False)
    return done.code, re.sub(r"\s+", " ", done.said + done.errors)


def altered(bundle: Path, name: str, change: Change) -> Path:
    """A copy of the bundle in which one file is not as it was."""
    copy = bundle.with_name("altered.zip")
    with zipfile.ZipFile(bundle) as before, zipfile.ZipFile(copy, "w") as after:
        for each in before.namelist():
            data = before.read(each)
            after.writestr(each, change(data) if each == name else data)
    return copy


def download(page: Page, selector: str, into: Path) -> Path:
    """Press a link to a file, by keyboard alone, and keep the file."""
    with page.expect_download() as started:
        press(page, selector)
    into.mkdir(parents=True, exist_ok=True)
    file = into / started.value.suggested_filename
    started.value.save_as(file)
    return file


@pytest.mark.parametrize("language", LANGUAGES[2:])
def test_s06_one_altered_letter_is_found_without_a_network_and_its_part_named(
    join: Join, server: RunningServer, tmp_path: Path, language: str
) -> None:
    jonas = join("jonas", **STILL)
    page = jonas.page
    speak(jonas, language)
    href = page.get_by_role("link", name=re.compile("Astrid")).last.get_attribute("href")
    press(page, f'a[href="{href}"]')
    jonas.wait_until_live()
    expect(page.locator("main")).to_contain_text("Jag är inte överens om punkten om budgeten.")
    expect_clean_once(page)

    press(page, f'main a[href="{href}/records/1"]')
    page.wait_for_url(re.compile("/records/1$"))
    expect(page.locator("main")).to_contain_text("Jag är inte överens om punkten om budgeten.")
    expect_clean_once(page)
    bundle = download(page, 'a[href$=".zip"]', tmp_path / "downloads")
    paper = download(page, 'a[href$=".pdf"]', tmp_path / "downloads")

    press(page, 'a[href$="/receipt"]')
    page.wait_for_url(re.compile("/receipt$"))
    expect_clean_once(page)
    fingerprint = page.locator(".digest").last.inner_text()
    server.stop()

    # What is printed is in one language, whoever downloaded: the rest is tried once.
    for file in (bundle, paper):
        code, said = verify(file, "--fingerprint", fingerprint)
        assert (code, said.split(":")[0]) == (0, "AUTHENTIC"), said
    tried = ALTERED if language == LANGUAGES[0] else {"an answer": ALTERED["an answer"]}
    if language == LANGUAGES[0]:
        assert verify(bundle)[1].startswith("UNCHANGED")
    for what, (name, change, named) in tried.items():
        code, said = verify(altered(bundle, name, change))
        assert code == 1, what
        assert said.startswith("ALTERED"), what
        assert named in said, what
