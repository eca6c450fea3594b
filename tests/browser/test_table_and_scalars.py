"""Scales, dates and tables are as live as texts: both fill them in at once, and nothing is lost (F57)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Join, Person

ROW_BACK = {"priya": "A removed row is back", "ingrid": "En fjernet rad er tilbake"}


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
    priya, ingrid = join("priya"), join("ingrid")
    priya.open("Ingrid")
    ingrid.open("Priya")
    ingrid.page.locator('form[data-action="open"] button').first.click()
    expect(ingrid.cell("employee", "a1")).to_contain_text("portal")
    return priya, ingrid


def expect_said(person: Person, sentence: str) -> None:
    expect(person.page.get_by_text(sentence)).to_be_attached()


def test_a_choice_on_the_scale_reaches_the_other_and_so_does_clearing_it(pair: tuple[Person, Person]) -> None:
    priya, ingrid = pair
    scale = 'input[data-pane="employee"][data-field="a3"]'
    expect(ingrid.page.locator(f"{scale}:checked")).to_have_value("3")
    priya.page.locator(f'{scale}[value="5"]').check()
    expect(ingrid.page.locator(f"{scale}:checked")).to_have_value("5")
    expect(ingrid.page.locator(scale).first).to_be_disabled()
    priya.page.locator('[data-clear][data-field="a3"]').click()
    expect(ingrid.page.locator(f"{scale}:checked")).to_have_count(0)
    priya.expect_saved()


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
    priya, ingrid = (Table(person) for person in pair)
    priya.add()
    row = priya.rows.nth(2)
    row.locator("[data-column=goal_type]").select_option("work_goal")
    priya.write(2, "Ny reservplan")
    row.locator("[data-column=responsible]").select_option("ingrid")
    row.locator("[data-column=due_date]").fill("2027-03-01")
    there = ingrid.rows.nth(2)
    expect(ingrid.text(2)).to_have_text("Ny reservplan")
    expect(there.locator("[data-column=goal_type]")).to_have_value("work_goal")
    expect(there.locator("[data-column=responsible]")).to_have_value("ingrid")
    expect(there.locator("[data-column=due_date]")).to_have_value("2027-03-01")


def test_both_write_in_the_same_cell(pair: tuple[Person, Person]) -> None:
    priya, ingrid = (Table(person) for person in pair)
    for table in (priya, ingrid):
        table.text(0).click()
        table.person.page.keyboard.press("End")
    for small, large in zip("abcdefghij", "ABCDEFGHIJ", strict=True):
        priya.person.page.keyboard.type(small)
        ingrid.person.page.keyboard.type(large)
    for table in (priya, ingrid):
        table.person.expect_saved()
    expect(ingrid.text(0)).to_have_text(priya.text(0).inner_text())
    both = priya.text(0).inner_text().removeprefix("A second reviewer from next month")
    assert "".join(letter for letter in both if letter.islower()) == "abcdefghij"
    assert "".join(letter for letter in both if letter.isupper()) == "ABCDEFGHIJ"
    expect(priya.rows.nth(0).locator(".caret")).to_have_attribute("data-name", "Ingrid")


def test_both_add_a_row_at_once(pair: tuple[Person, Person]) -> None:
    priya, ingrid = (Table(person) for person in pair)
    for person in pair:
        person.go_offline()
    priya.add()
    priya.write(2, "från Priya")
    ingrid.add()
    ingrid.write(2, "från Ingrid")
    for person in pair:
        person.go_online()
        person.expect_saved()
    for table in (priya, ingrid):
        expect(table.rows).to_have_count(4)
        expect(table.texts.filter(has_text="från Priya")).to_have_count(1)
        expect(table.texts.filter(has_text="från Ingrid")).to_have_count(1)
    assert priya.ids() == ingrid.ids()


def test_a_row_that_one_removes_goes_for_both(pair: tuple[Person, Person]) -> None:
    priya, ingrid = (Table(person) for person in pair)
    priya.remove(0)
    expect_said(priya.person, "The row has been removed")
    for table in (priya, ingrid):
        expect(table.texts).to_have_text(["A mentor for leading people"])


def test_a_row_that_one_removes_while_the_other_writes_in_it_comes_back_for_both(
    pair: tuple[Person, Person],
) -> None:
    priya, ingrid = (Table(person) for person in pair)
    ingrid.write(0, " i höst")
    expect(priya.text(0)).to_contain_text("i höst")
    priya.remove(0)
    for table in (priya, ingrid):
        expect(table.person.page.get_by_text(ROW_BACK[table.person.who])).to_be_in_viewport()
        expect(table.rows).to_have_count(2)
    expect(ingrid.text(0)).to_be_focused()
    ingrid.person.page.keyboard.type(", allihop")
    for table in (priya, ingrid):
        expect(table.text(0)).to_contain_text("i höst, allihop")


def test_a_row_that_was_removed_while_the_other_wrote_in_it_offline_comes_back(
    pair: tuple[Person, Person],
) -> None:
    priya, ingrid = (Table(person) for person in pair)
    ingrid.person.go_offline()
    ingrid.write(1, ", på tåget")
    ingrid.person.page.locator("h1").click()
    priya.remove(1)
    expect(priya.rows).to_have_count(1)
    priya.person.expect_saved()
    ingrid.person.go_online()
    ingrid.person.expect_saved()
    for table in (priya, ingrid):
        expect(table.rows).to_have_count(2)
        expect(table.texts.nth(1)).to_contain_text(", på tåget")
        expect_said(table.person, ROW_BACK[table.person.who])
