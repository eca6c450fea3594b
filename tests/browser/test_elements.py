"""Every kind of question is live for two: what one fills in the other sees, also after loading it again."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests import running
from tests.browser.conftest import Join, Person
from tests.browser.test_accessibility import AXE, CONTRAST, DESKTOP, EVERYTHING, PHONE, shortcomings
from tests.running import RunningServer, serving_copy

HERE = Path(__file__).parent
TEMPLATES = {
    "every kind": "alla-slag",
    "routine with plan": "rutin-medarbetarsamtal",
    "short follow-up": "oppfolging-kort",
}


def samsyn(data: Path, *arguments: str) -> str:
    """Run the command line on a data folder; what it prints."""
    done = running.samsyn(*arguments, environment={**os.environ, "SAMSYN_DATA": str(data)})
    assert done.code == 0, done.said + done.errors
    return done.said


@pytest.fixture(scope="module")
def prepared(played: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The sample organisation with a conversation of Maja and Jonas of each template: their paths."""
    data = tmp_path_factory.mktemp("elements") / "data"
    shutil.copytree(played, data)
    samsyn(data, "template", "add", str(HERE / "template_every_kind.yaml"))
    made = {}
    for name, template in TEMPLATES.items():
        meeting = ("--at", "2026-12-01 10:00", "--place", "Rum 2")
        printed = samsyn(
            data, "conversation", "--employee", "maja@nordljus.example", "--template", template, *meeting
        )
        made[name] = "/" + printed.strip().partition("://")[2].partition("/")[2]
    return data, made


@pytest.fixture
def server(prepared: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[RunningServer]:
    """A server of this test's own."""
    with serving_copy(prepared[0], tmp_path / "data") as server:
        yield server


class Both:
    """Maja and Jonas in one conversation."""

    def __init__(self, maja: Person, jonas: Person, path: str) -> None:
        self.maja, self.jonas, self.path = maja, jonas, path
        for person in self:
            person.page.goto(person.server.url + path)
            person.wait_until_live()

    def __iter__(self) -> Iterator[Person]:
        return iter((self.maja, self.jonas))

    def at(self, selector: str) -> list[Locator]:
        """The same place on both pages."""
        return [person.page.locator(selector) for person in self]

    def reload(self) -> None:
        for person in self:
            person.expect_saved()
            person.page.reload()
            person.wait_until_live()


@pytest.fixture
def both(join: Join, prepared: tuple[Path, dict[str, str]], request: pytest.FixtureRequest) -> Both:
    """Two people in the conversation that the test names, or in the one with every kind of question."""
    name = getattr(request, "param", "every kind")
    return Both(join("maja"), join("jonas"), prepared[1][name])


def value(pane: str, name: str) -> str:
    return f'input[data-pane="{pane}"][data-field="{name}"]'


def test_both_write_in_a_text_of_one_paragraph_and_enter_makes_none(both: Both) -> None:
    maja, jonas = both
    maja.write("joint", "e3", "från Maja")
    maja.page.keyboard.press("Enter")
    expect(jonas.cell("joint", "e3")).to_contain_text("från Maja")
    jonas.write("joint", "e3", " och Jonas")
    for cell in both.at("#f-joint-e3"):
        expect(cell).to_have_text(re.compile("från Maja och Jonas"))
        expect(cell.locator("p")).to_have_count(1)
    both.reload()
    for cell in both.at("#f-joint-e3"):
        expect(cell).to_have_text("från Maja och Jonas")


def test_a_text_that_is_too_long_is_kept_and_warns(both: Both) -> None:
    maja, jonas = both
    rooms = both.at("#n-f-joint-e3")
    maja.write("joint", "e3", "x" * 35)
    expect(rooms[0]).to_be_hidden()
    maja.write("joint", "e3", "xx")
    expect(rooms[0]).to_contain_text("3")
    maja.write("joint", "e3", "xxxxx")
    for room in rooms:
        expect(room).to_have_attribute("data-state", "over")
        expect(room).to_contain_text("2")
    maja.expect_saved()
    expect(jonas.cell("joint", "e3")).to_have_text("x" * 42)


def test_topics_are_texts_of_their_own_and_the_sensitive_one_warns_before_writing(both: Both) -> None:
    maja, jonas = both
    maja.write("joint", "e4.ett", "det ena")
    jonas.write("joint", "e4.kansligt", "det andra")
    expect(jonas.cell("joint", "e4.ett")).to_have_text("det ena")
    expect(maja.cell("joint", "e4.kansligt")).to_have_text("det andra")
    for editor in (person.editor("joint", "e4.kansligt") for person in both):
        expect(editor).to_have_accessible_description(re.compile("arbetet kräver|what the work needs"))
    expect(maja.page.locator(".grounds li")).to_have_text(["kön", "ålder"])


def test_a_choice_reaches_the_other_can_be_cleared_and_has_a_text_beside_it(both: Both) -> None:
    maja, jonas = both
    mine, theirs = both.at(f"{value('joint', 'e5')}:checked")
    maja.page.locator(value("joint", "e5")).nth(2).check()
    expect(theirs).to_have_value("annat")
    maja.write("joint", "e5.annat", "något eget")
    expect(jonas.cell("joint", "e5.annat")).to_have_text("något eget")
    both.reload()
    expect(theirs).to_have_value("annat")
    jonas.page.locator('[data-clear][data-field="e5"]').click()
    expect(mine).to_have_count(0)
    expect(maja.page.locator('[data-clear][data-field="e5"]')).to_be_hidden()
    expect(maja.cell("joint", "e5.annat")).to_have_text("något eget")


def test_both_tick_options_of_the_same_question_at_once_and_all_stay(both: Both) -> None:
    maja, jonas = both
    for person in both:
        person.go_offline()
    maja.page.locator(f'{value("joint", "e6")}[value="tid"]').check()
    jonas.page.locator(f'{value("joint", "e6")}[value="stod"]').check()
    for person in both:
        person.go_online()
        person.expect_saved()
    for ticked in both.at(f"{value('joint', 'e6')}:checked"):
        expect(ticked).to_have_count(2)
    maja.page.locator(f'{value("joint", "e6")}[value="stod"]').uncheck()
    both.reload()
    for ticked in both.at(f"{value('joint', 'e6')}:checked"):
        expect(ticked).to_have_count(1)
        expect(ticked).to_have_value("tid")


def test_two_dates_a_box_and_a_person_reach_the_other(both: Both) -> None:
    maja, jonas = both
    maja.page.locator(value("joint", "e9.do")).fill("2027-01-15")
    jonas.page.locator(value("joint", "e9.follow_up")).fill("2027-03-01")
    maja.page.locator(value("joint", "e11")).check()
    jonas.page.locator("#f-joint-e12").select_option("maja")
    for _ in range(2):
        for person in both:
            expect(person.page.locator(value("joint", "e9.do"))).to_have_value("2027-01-15")
            expect(person.page.locator(value("joint", "e9.follow_up"))).to_have_value("2027-03-01")
            expect(person.page.locator(value("joint", "e11"))).to_be_checked()
            expect(person.page.locator("#f-joint-e12")).to_have_value("maja")
        both.reload()


def test_a_number_is_written_with_a_comma_and_what_is_none_is_not_taken(both: Both) -> None:
    maja = both.maja
    hours, theirs = both.at("#f-joint-e10")
    hours.fill("7,5")
    hours.press("Tab")
    expect(theirs).to_have_value("7,5")
    hours.fill("41")
    hours.press("Tab")
    expect(hours).to_have_attribute("aria-invalid", "true")
    expect(maja.page.locator("#e-joint-e10")).to_be_visible()
    maja.expect_saved()
    expect(theirs).to_have_value("7,5")
    hours.fill("0")
    hours.press("Tab")
    expect(theirs).to_have_value("0")
    expect(maja.page.locator("#e-joint-e10")).to_be_hidden()


def test_what_one_has_begun_to_write_in_a_number_stays_when_the_other_fills_it_in(both: Both) -> None:
    hours, theirs = both.at("#f-joint-e10")
    hours.click()
    hours.press_sequentially("1")
    theirs.fill("20")
    theirs.press("Tab")
    both.jonas.expect_saved()
    hours.press_sequentially("2")
    expect(hours).to_have_value("12")
    hours.press("Tab")
    expect(theirs).to_have_value("12")


def test_every_kind_of_cell_of_a_row_reaches_the_other(both: Both) -> None:
    maja = both.maja
    maja.page.locator("#f-joint-e15 [data-add-row]").click()
    row, there = both.at("#f-joint-e15 tbody tr")
    maja.page.keyboard.type("vad som ska göras")
    row.locator("[data-column=slag]").select_option("nytt")
    row.locator("[data-column=vem]").select_option("jonas")
    row.locator("[data-column=timmar]").fill("2,5")
    row.locator("[data-column=klart]").check()
    row.locator('[data-column="nar.do"]').fill("2027-01-15")
    row.locator('[data-column="nar.follow_up"]').fill("2027-03-01")
    for _ in range(2):
        for each in (row, there):
            expect(each.locator("[data-column=vad]")).to_have_text("vad som ska göras")
            expect(each.locator("[data-column=slag]")).to_have_value("nytt")
            expect(each.locator("[data-column=vem]")).to_have_value("jonas")
            expect(each.locator("[data-column=timmar]")).to_have_value("2,5")
            expect(each.locator("[data-column=klart]")).to_be_checked()
            expect(each.locator('[data-column="nar.do"]')).to_have_value("2027-01-15")
            expect(each.locator('[data-column="nar.follow_up"]')).to_have_value("2027-03-01")
        both.reload()


def test_a_goal_of_the_unit_is_put_in_at_the_caret_by_keyboard_alone(both: Both) -> None:
    maja, jonas = both
    maja.page.locator("#f-joint-e15 [data-add-row]").click()
    maja.page.keyboard.type("Före. Efter.")
    for _ in " Efter.":
        maja.page.keyboard.press("ArrowLeft")
    maja.page.keyboard.press("Tab")
    maja.page.keyboard.press("Enter")
    goal = maja.page.locator("[data-suggestion]").first
    words = goal.inner_text()
    expect(goal).to_be_visible()
    maja.page.keyboard.press("Escape")
    expect(goal).to_be_hidden()
    maja.page.keyboard.press("Enter")
    maja.page.keyboard.press("Tab")
    expect(goal).to_be_focused()
    maja.page.keyboard.press("Enter")
    expect(jonas.page.locator("#f-joint-e15 [data-column=vad]")).to_have_text(f"Före. {words} Efter.")
    expect(goal).to_be_hidden()
    expect(maja.page.locator("#f-joint-e15 [data-column=vad] [role=textbox]")).to_be_focused()


def test_everything_can_be_filled_in_with_the_keyboard_alone(both: Both) -> None:
    maja, jonas = both
    maja.editor("joint", "e2").focus()
    keys = maja.page.keyboard
    keys.type("fritt")
    for text in ("kort", "ett", None, "känsligt"):
        keys.press("Tab")
        if text:
            keys.type(text)
    keys.press("Tab")
    keys.press("Space")
    keys.press("ArrowDown")
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Space")
    expect(jonas.cell("joint", "e2")).to_have_text("fritt")
    expect(jonas.cell("joint", "e3")).to_have_text("kort")
    expect(jonas.cell("joint", "e4.kansligt")).to_have_text("känsligt")
    expect(jonas.page.locator(f"{value('joint', 'e5')}:checked")).to_have_value("nej")
    expect(jonas.page.locator(f"{value('joint', 'e6')}:checked")).to_have_value("tid")


def test_where_somebody_is_shows_at_choices_too(both: Both) -> None:
    maja, jonas = both
    maja.page.locator(value("joint", "e6")).first.focus()
    expect(jonas.page.locator('[data-slot=typing][data-field="e6"]')).to_contain_text("Maja")
    expect(jonas.page.locator("[data-slot=where]")).to_contain_text("Flera")


def test_what_is_chosen_without_a_network_waits_on_the_device_and_arrives(both: Both) -> None:
    maja, jonas = both
    maja.go_offline()
    maja.page.locator(f'{value("joint", "e6")}[value="stod"]').check()
    maja.page.locator("#f-joint-e12").select_option("jonas")
    maja.expect_on_device(2)
    maja.go_online()
    maja.expect_saved()
    expect(jonas.page.locator(f"{value('joint', 'e6')}:checked")).to_have_value("stod")
    expect(jonas.page.locator("#f-joint-e12")).to_have_value("jonas")


@pytest.mark.parametrize("both", list(TEMPLATES), indirect=True)
def test_the_live_page_can_be_used_by_everybody(both: Both) -> None:
    maja = both.maja
    add = maja.page.locator("[data-add-row]")
    for index in range(add.count()):
        add.nth(index).click()
    maja.expect_saved()
    maja.page.emulate_media(reduced_motion="reduce")
    faults: list[str] = []
    maja.page.evaluate(AXE.read_text("utf-8"))
    for size in (DESKTOP, PHONE):
        maja.page.set_viewport_size(size)  # type: ignore[arg-type]
        maja.page.emulate_media(color_scheme="light")
        faults += shortcomings(maja.page, EVERYTHING)
        maja.page.emulate_media(color_scheme="dark")
        faults += shortcomings(maja.page, CONTRAST)
    assert not faults


@pytest.mark.parametrize("both", ["routine with plan"], indirect=True)
def test_the_plan_is_made_together_while_an_unshared_answer_stays_one_s_own(both: Both) -> None:
    maja, jonas = both
    maja.write("employee", "b3", "min hälsa")
    maja.write("joint", "b1.belastning", "mycket i november")
    jonas.page.locator("#f-joint-handlingsplan\\.mal [data-add-row]").click()
    jonas.page.keyboard.type("färre stopp")
    jonas.page.locator(value("joint", "handlingsplan.kinds")).nth(1).check()
    maja.expect_saved()
    mine = maja.page.locator("#f-joint-handlingsplan\\.mal tbody tr")
    expect(mine).to_have_count(1)
    mine.locator('[data-column="datum.do"]').fill("2027-01-15")
    jonas.expect_saved()
    theirs = jonas.page.locator("#f-joint-handlingsplan\\.mal tbody tr")
    expect(theirs.locator('[data-column="datum.do"]')).to_have_value("2027-01-15")
    expect(jonas.cell("joint", "b1.belastning")).to_have_text("mycket i november")
    expect(jonas.page.locator("#q-b3 .sealed")).to_be_visible()
    assert b"min h" not in b"".join(jonas.received)
