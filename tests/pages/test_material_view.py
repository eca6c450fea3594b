"""What is enclosed to prepare with: the questions, the empty plan and advice, in each language; no answer."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pdfplumber
import pytest

from server import advice
from server.letter_format import Material
from server.pages.catalogues import LOCALES, read_catalogues
from server.pages.material_view import Preparing, enclosed, name, sheet, words
from server.record import paper as record_paper
from server.site import WEB
from server.template import format as template_format
from server.template.format import Template
from server.template.words import Party
from tests.template.bodies import sample
from tests.test_calendar import ASTRID, INVITED, JONAS, MAJA, changed

CATALOGUES = read_catalogues(WEB / "locales")
ROUTINE = template_format.read(sample("routine_with_plan"))
ANNUAL = template_format.read(sample("annual_three_panes"))
WHOLE = Material(ROUTINE.id, ROUTINE.version, routine=True, plan=True)
TO_MAJA = Preparing("Maja Öberg", "Jonas Bergman", "torsdag 26 november 09:30", "Rum Storsjön", "employee")
PARTIES: tuple[Party, ...] = ("employee", "manager")
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def on_paper(
    template: Template = ROUTINE,
    material: Material = WHOLE,
    preparing: Preparing = TO_MAJA,
    locale: str = "sv",
) -> str:
    """All that the file says, spaces made even."""
    catalogue = CATALOGUES[locale]
    made = sheet(template, material, preparing, catalogue)
    file = record_paper.pdf(made, words(made, catalogue), "", None, NOW)
    with pdfplumber.open(io.BytesIO(file)) as pdf:
        return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


@pytest.mark.parametrize("locale", LOCALES)
def test_it_has_every_question_and_the_tables_heads_in_the_readers_language(locale: str) -> None:
    read = on_paper(locale=locale)
    for chapter in ROUTINE.chapters:
        for element in chapter.elements:
            assert " ".join(element.label.to(locale).split()[:3]) in read, element.id
    for words_ in ("Maja Öberg", "Jonas Bergman", "Rum Storsjön"):
        assert words_ in read
    assert advice.read().employee[0].to(locale).split(".")[0][:40] in read


def test_each_gets_the_advice_that_is_for_them_and_a_guest_none() -> None:
    first = {party: advice.read().to(party)[0].sv for party in PARTIES}
    for party in (*PARTIES, None):
        read = on_paper(preparing=replace(TO_MAJA, party=party))
        assert [each for each in PARTIES if first[each] in read] == ([party] if party else [])


@pytest.mark.parametrize(("routine", "plan"), [(True, False), (False, True)])
def test_the_questions_and_the_plan_each_go_alone_too(*, routine: bool, plan: bool) -> None:
    read = on_paper(material=replace(WHOLE, routine=routine, plan=plan))
    assert ("Arbetssituation" in read) is routine
    assert ("Ansvarig chef" in read) is plan


def test_choices_and_scales_are_told() -> None:
    read = on_paper(ANNUAL, replace(WHOLE, template=ANNUAL.id))
    [scale] = [part.scale for element in ANNUAL.elements for part in element.parts() if part.scale]
    for label in scale.labels.values():
        assert label.sv in read


def test_nothing_says_that_anybody_has_or_has_not_answered() -> None:
    read = on_paper()
    assert "Inte besvarad" not in read
    assert "SHA-256" not in read
    assert "Utkast" not in read


def test_a_name_of_a_template_makes_a_name_of_a_file() -> None:
    made = replace(sheet(ROUTINE, WHOLE, TO_MAJA, CATALOGUES["sv"]), title="../Samtal: \r\n år/2026")
    assert name(made, CATALOGUES["sv"]).endswith(", Samtal år 2026.pdf")


async def test_only_a_letter_with_material_encloses_anything() -> None:
    asked: list[tuple[str, int]] = []

    async def get_template(id_: str, version: int) -> Template:
        asked.append((id_, version))
        return ROUTINE

    async def paper(*_arguments: object) -> bytes:
        return b"%PDF"

    for to in (MAJA, JONAS, ASTRID):
        letter = replace(changed(INVITED, material=WHOLE), to=to)
        [file] = await enclosed(letter, CATALOGUES["sv"], get_template, paper)
        assert file.content == b"%PDF"
    assert asked == [(ROUTINE.id, ROUTINE.version)] * 3
    assert await enclosed(INVITED, CATALOGUES["sv"], get_template, paper) == ()
