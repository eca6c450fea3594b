"""S12: a new template version. What is started keeps the questions that it was made with, on paper too.

Priya and Ingrid, conv-05, sign after the questions were changed; Maja's next conversation asks the new ones.
"""

from __future__ import annotations

import re
from pathlib import Path

import pdfplumber
from playwright.sync_api import expect

from server.demo import data
from tests.browser.conftest import Join, Person
from tests.browser.scenes import STILL, expect_clean, samsyn, sign, speak
from tests.browser.test_scene_altered_record import download
from tests.running import RunningServer

OLD = {"sv": "Sammanfattning i några meningar", "en": "Summary in a few sentences"}
NEW = {"sv": "Vad tar vi med oss härifrån?", "en": "What do we take with us from here?"}


def second_version(folder: Path) -> Path:
    """The annual conversation's template, with another last question."""
    body = (data.FOLDER / "template_annual_three_panes.yaml").read_text("utf-8")
    changed = body.replace("version: 1", "version: 2", 1)
    for language, question in OLD.items():
        assert question in changed
        changed = changed.replace(question, NEW[language])
    file = folder / "second.yaml"
    file.write_text(changed, "utf-8")
    return file


def printed(file: Path) -> str:
    """The text of a PDF, its lines joined."""
    with pdfplumber.open(file) as pdf:
        return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


def expect_asked(person: Person, question: str, other: str) -> None:
    """Wait until a conversation asks one question; it does not ask the other."""
    for asked, count in ((question, 1), (other, 0)):
        expect(person.page.get_by_role("textbox", name=re.compile(re.escape(asked)))).to_have_count(count)


def test_s12_what_is_started_keeps_its_questions_and_the_paper_shows_them_as_they_were_asked(
    join: Join, server: RunningServer, tmp_path: Path
) -> None:
    server.stop()
    assert "version 2" in samsyn(server, "template", "add", str(second_version(tmp_path)))
    made = samsyn(
        server,
        *("conversation", "--employee", "maja@nordljus.example", "--template", "arssamtal-tre-rutor"),
        *("--at", "2027-03-01 10:00", "--place", "Rum Storsjön"),
    )
    server.start()

    maja = join("maja", **STILL)
    maja.page.goto(made)
    maja.wait_until_live()
    expect_asked(maja, NEW["sv"], OLD["sv"])
    maja.open("Jonas")
    expect_asked(maja, OLD["sv"], NEW["sv"])

    priya, ingrid = join("priya", **STILL), join("ingrid", **STILL)
    speak(ingrid, "sv")
    priya.open("Ingrid")
    ingrid.open("Priya")
    ingrid.page.locator("form[data-action=share] button").click()
    expect(ingrid.page.locator("form[data-action=withdraw]")).to_be_visible()
    expect_asked(priya, OLD["en"], NEW["en"])
    priya.page.locator("form[data-action=freeze] button").click()
    for person, language in ((priya, "en"), (ingrid, "sv")):
        record = person.page.locator("article.record")
        expect(record).to_contain_text(OLD[language])
        expect(record).not_to_contain_text(NEW[language])
        sign(person)
    for person, language in ((priya, "en"), (ingrid, "sv")):
        person.page.locator('main a[href$="/records/1"]').click()
        person.page.wait_for_url(re.compile("/records/1$"))
        expect(person.page.locator("main")).to_contain_text(OLD[language])
        expect_clean(person.page)
        paper = printed(download(person.page, 'a[href$="/records/1.pdf"]', tmp_path / language))
        assert OLD[language] in paper
        assert NEW[language] not in paper
