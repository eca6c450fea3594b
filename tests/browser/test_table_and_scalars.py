"""Scales, dates and tables are as live as texts: both fill them in at once, and nothing is lost (F57)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Join, Person

BACK = "En borttagen rad är tillbaka"


class Table:
    """The plan of one person's page."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.rows = person.page.locator('[data-field="a7"] tbody tr')

    def text(self, row: int) -> Locator:
        return self.rows.nth(row).locator("[data-column=description] [role=textbox]")

    def write(self, row: int, text: str) -> None:
        """Put the caret at the end of a row's text and type."""
        self.text(row).click()
        self.person.page.keyboard.press("End")
        self.person.page.keyboard.type(text)

    def add(self) -> None:
        self.person.page.locator('[data-field="a7"] [data-add-row]').click()

    def remove(self, row: int) -> None:
        self.rows.nth(row).locator("[data-remove-row]").click()

    @property
    def texts(self) -> Locator:
        return self.rows.locator("[data-column=description]")

    def ids(self) -> list[str]:
        found: list[str] = self.rows.evaluate_all("rows => rows.map((row) => row.dataset.row)")
        return found


@pytest.fixture
def pair(join: Join) -> tuple[Person, Person]:
    elias, jonas = join("elias"), join("jonas")
    elias.open("Jonas")
    jonas.open("Elias")
    return elias, jonas


def expect_said(person: Person, sentence: str) -> None:
    expect(person.page.get_by_text(sentence)).to_be_attached()


def test_a_choice_on_the_scale_reaches_the_other_and_so_does_clearing_it(pair: tuple[Person, Person]) -> None:
    elias, jonas = pair
    scale = 'input[data-pane="employee"][data-field="a3"]'
    expect(jonas.page.locator(f"{scale}:checked")).to_have_value("3")
    elias.page.locator(f'{scale}[value="5"]').check()
    expect(jonas.page.locator(f"{scale}:checked")).to_have_value("5")
    expect(jonas.page.locator(scale).first).to_be_disabled()
    elias.page.locator('[data-clear][data-field="a3"]').click()
    expect(jonas.page.locator(f"{scale}:checked")).to_have_count(0)
    elias.expect_saved()


def test_a_date_that_one_sets_the_other_sees_and_may_change(pair: tuple[Person, Person]) -> None:
    dates = [person.page.locator('input[data-field="a9"]') for person in pair]
    dates[0].fill("2027-01-15")
    expect(dates[1]).to_have_value("2027-01-15")
    dates[1].fill("2027-02-01")
    expect(dates[0]).to_have_value("2027-02-01")
    for person in pair:
        person.expect_saved()
        person.page.reload()
        person.wait_until_live()
    for date in dates:
        expect(date).to_have_value("2027-02-01")


def test_every_cell_of_a_row_reaches_the_other(pair: tuple[Person, Person]) -> None:
    elias, jonas = (Table(person) for person in pair)
    elias.add()
    row = elias.rows.nth(2)
    row.locator("[data-column=goal_type]").select_option("work_goal")
    elias.write(2, "Ny reservplan")
    row.locator("[data-column=responsible]").select_option("jonas")
    row.locator("[data-column=due_date]").fill("2027-03-01")
    there = jonas.rows.nth(2)
    expect(jonas.text(2)).to_have_text("Ny reservplan")
    expect(there.locator("[data-column=goal_type]")).to_have_value("work_goal")
    expect(there.locator("[data-column=responsible]")).to_have_value("jonas")
    expect(there.locator("[data-column=due_date]")).to_have_value("2027-03-01")


def test_both_write_in_the_same_cell(pair: tuple[Person, Person]) -> None:
    elias, jonas = (Table(person) for person in pair)
    for table in (elias, jonas):
        table.text(0).click()
        table.person.page.keyboard.press("End")
    for small, large in zip("abcdefghij", "ABCDEFGHIJ", strict=True):
        elias.person.page.keyboard.type(small)
        jonas.person.page.keyboard.type(large)
    for table in (elias, jonas):
        table.person.expect_saved()
    expect(jonas.text(0)).to_have_text(elias.text(0).inner_text())
    both = elias.text(0).inner_text().removeprefix("Reservkraften provad på alla stationer")
    assert "".join(letter for letter in both if letter.islower()) == "abcdefghij"
    assert "".join(letter for letter in both if letter.isupper()) == "ABCDEFGHIJ"
    expect(elias.rows.nth(0).locator(".caret")).to_have_attribute("data-name", "Jonas")


def test_both_add_a_row_at_once(pair: tuple[Person, Person]) -> None:
    elias, jonas = (Table(person) for person in pair)
    for person in pair:
        person.go_offline()
    elias.add()
    elias.write(2, "från Elias")
    jonas.add()
    jonas.write(2, "från Jonas")
    for person in pair:
        person.go_online()
        person.expect_saved()
    for table in (elias, jonas):
        expect(table.rows).to_have_count(4)
        expect(table.texts.filter(has_text="från Elias")).to_have_count(1)
        expect(table.texts.filter(has_text="från Jonas")).to_have_count(1)
    assert elias.ids() == jonas.ids()


def test_a_row_that_one_removes_goes_for_both(pair: tuple[Person, Person]) -> None:
    elias, jonas = (Table(person) for person in pair)
    elias.remove(0)
    expect_said(elias.person, "Raden har tagits bort")
    for table in (elias, jonas):
        expect(table.texts).to_have_text(["Kurs i processreglering"])


def test_a_row_that_one_removes_while_the_other_writes_in_it_comes_back_for_both(
    pair: tuple[Person, Person],
) -> None:
    elias, jonas = (Table(person) for person in pair)
    jonas.write(0, " i höst")
    expect(elias.text(0)).to_contain_text("i höst")
    elias.remove(0)
    for table in (elias, jonas):
        expect(table.person.page.get_by_text(BACK)).to_be_in_viewport()
        expect(table.rows).to_have_count(2)
    expect(jonas.text(0)).to_be_focused()
    jonas.person.page.keyboard.type(", allihop")
    for table in (elias, jonas):
        expect(table.text(0)).to_contain_text("i höst, allihop")


def test_a_row_that_was_removed_while_the_other_wrote_in_it_offline_comes_back(
    pair: tuple[Person, Person],
) -> None:
    elias, jonas = (Table(person) for person in pair)
    jonas.person.go_offline()
    jonas.write(1, ", på tåget")
    jonas.person.page.locator("h1").click()
    elias.remove(1)
    expect(elias.rows).to_have_count(1)
    elias.person.expect_saved()
    jonas.person.go_online()
    jonas.person.expect_saved()
    for table in (elias, jonas):
        expect(table.rows).to_have_count(2)
        expect(table.texts.nth(1)).to_contain_text(", på tåget")
        expect_said(table.person, BACK)
