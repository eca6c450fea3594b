"""Coverage as HR sees it, through the whole application: figures, people, and both as files."""

import csv
import io
import re
from dataclasses import replace
from datetime import date

import httpx
import pytest
from sqlalchemy import Connection, select

from server import people
from server.policy import Period, Policy
from server.rules.access import OPERATOR, Pane
from server.rules.limits import COVERAGE_PEOPLE_SHOWN
from server.storage import tables
from tests.organisation import ANNUAL, ASTRID, HELENA, JONAS, MAJA, TOMAS, Organisation, person, text
from tests.pages.visiting import Place
from tests.queries import QUERIES_MAX, counted
from tests.test_coverage import held

CANARY = "Jag funderar på att söka det andra jobbet."
PAGES = ("/coverage", "/coverage/figures.csv", "/coverage/people.csv")


async def staff(here: Organisation, size: int, unit: str = "drift") -> None:
    """Add a unit with so many people, who are called by their numbers."""

    def add(connection: Connection) -> None:
        names = {"sv": unit, "nb": unit, "en": unit}
        people.add_unit(connection, OPERATOR, unit, names, None, [], here.clock())
        for number in range(size):
            one = replace(person(f"{unit}{number}", f"Nils {number:03}", "jonas"), unit=unit)
            people.add(connection, OPERATOR, one, None, here.clock())

    await here.database.write(add)


def cells(page: str, row: str) -> list[str]:
    """The figures of a unit."""
    (found,) = re.findall(rf'<th scope="row">(?:<a[^>]*>)?{row}(?:</a>)?</th>(.*?)</tr>', page, re.DOTALL)
    return [
        re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?>(.*?)</td>", found, re.DOTALL)
    ]


def table(file: httpx.Response) -> list[dict[str, str]]:
    """A file as a spreadsheet reads it."""
    text_of = file.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text_of, newline=""), delimiter=";"))


async def test_hr_reads_figures_and_names_and_nothing_that_is_written(
    there: Place, here: Organisation
) -> None:
    await staff(here, 6)
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text(CANARY)})
    await here.conversations.create(JONAS.actor, "drift0", ANNUAL)
    async with there.browser("helena") as helena:
        page = (await helena.get("/coverage")).text
        files = [(await helena.get(address)).text for address in PAGES[1:]]
    assert cells(page, "The whole organisation") == ["11", "0 (0 %)", "2", "0", "9", "11", "0"]
    assert cells(page, "drift") == ["6", "0 (0 %)", "1", "0", "5", "6", "0"]
    assert "Maja Öberg" in page
    assert not any(CANARY in each or id_ in each for each in (page, *files))


async def test_where_the_rule_is_new_nobody_is_overdue_but_whose_last_one_was_long_ago(
    there: Place, here: Organisation
) -> None:
    await held(here, "maja", date(2025, 9, 1))
    async with there.browser("helena") as helena:
        before = table(await helena.get("/coverage/people.csv"))
        await there.features.policies.put(HELENA.actor, Policy(required_since=date(2026, 9, 1)))
        after = table(await helena.get("/coverage/people.csv"))
    assert {each["Overdue"] for each in before} == {"yes"}
    assert [each["Name"] for each in after if each["Overdue"] == "yes"] == ["Maja Öberg"]
    assert {each["By when"] for each in after} == {"2026-09-01", "2027-09-01"}


@pytest.mark.parametrize("who", [ASTRID, JONAS, MAJA, TOMAS])
async def test_to_everybody_else_there_is_nothing(
    there: Place, here: Organisation, who: people.Person
) -> None:
    async with there.browser(who.id) as other:
        assert [(await other.get(address)).status_code for address in PAGES] == [404, 404, 404]
        assert 'href="/coverage"' not in (await other.get("/")).text
    events = await here.database.read(lambda c: c.scalars(select(tables.audit.c.event)).all())
    assert "page:coverage:exported" not in events


async def test_a_small_group_is_not_in_the_figures_and_is_in_the_list(
    there: Place, here: Organisation
) -> None:
    await staff(here, 6)
    await staff(here, 2, "stab")
    async with there.browser("helena") as helena:
        page = (await helena.get("/coverage")).text
        figures = table(await helena.get("/coverage/figures.csv"))
        named = table(await helena.get("/coverage/people.csv?unit=stab"))
        of_unit = await helena.get("/coverage?unit=stab")
    assert cells(page, "stab") == ["Not shown: too few people"]
    # One of the others goes with it, so that two people are not what is left of the whole.
    assert cells(page, "In no unit") == ["Not shown: too few people"]
    assert {row["Unit"]: row["Should have one"] for row in figures} == {
        "The whole organisation": "13",
        "drift": "6",
        "stab": "",
        "In no unit": "",
    }
    assert "fewer than 5" in next(row["Remark"] for row in figures if row["Unit"] == "stab")
    assert [row["Name"] for row in named] == ["Nils 000", "Nils 001"]
    assert (of_unit.status_code, "Nils 001" in of_unit.text) == (200, True)


async def test_the_list_comes_in_pages_of_few_queries(there: Place, here: Organisation) -> None:
    await staff(here, COVERAGE_PEOPLE_SHOWN + 3)
    async with there.browser("helena") as helena:
        with counted() as asked:
            first = (await helena.get("/coverage?unit=drift")).text
        second = (await helena.get("/coverage?unit=drift&page=2")).text
        beyond = (await helena.get("/coverage?unit=drift&page=99")).text
        odd = await helena.get("/coverage?unit=drift&page=-1")
    assert len(asked) <= QUERIES_MAX
    assert ("1 to 50 of 53" in first, "51 to 53 of 53" in second) == (True, True)
    assert 'href="?unit=drift&amp;period=own&amp;page=2#people"' in first or "page=2#people" in first
    assert second.count("Nils ") == beyond.count("Nils ") == 3
    assert odd.status_code == 200


async def test_people_are_picked_by_unit_state_and_name(there: Place, here: Organisation) -> None:
    await staff(here, 2)
    await here.closed()
    async with there.browser("helena") as helena:
        held = table(await helena.get("/coverage/people.csv?standing=held"))
        overdue = table(await helena.get("/coverage/people.csv?standing=overdue&q=nils%20001"))
        nobody = await helena.get("/coverage?q=nobody")
        nowhere = await helena.get("/coverage?unit=nowhere")
    assert [(row["Name"], row["Manager"], row["Held on"]) for row in held] == [
        ("Maja Öberg", "Jonas Bergman", "2026-11-20")
    ]
    assert [(row["Name"], row["Overdue"], row["By when"]) for row in overdue] == [
        ("Nils 001", "yes", "2021-01-01")
    ]
    assert "Nobody fits what you asked for." in nobody.text
    assert nowhere.status_code == 404


async def test_a_period_can_be_chosen(there: Place, here: Organisation) -> None:
    await here.closed()
    period = Period(name="Samtal i höst", begins_on="2026-10-01", ends_on="2026-12-01")  # type: ignore[arg-type]
    async with there.browser("helena") as helena:
        by_year = (await helena.get("/coverage")).text
        await there.features.policies.put(HELENA.actor, Policy(period=period))
        own = (await helena.get("/coverage")).text
        before = (await helena.get("/coverage?period=before")).text
        days = (await helena.get("/coverage?period=other&from=2026-11-20&to=2026-11-20")).text
        earlier = (await helena.get("/coverage?period=other&from=2026-11-01&to=2026-11-19")).text
    assert "1 January to 31 December" in by_year
    assert "Samtal i höst: 1 October to 1 December" in own
    assert "1 January 2025 to 31 December 2025" in before
    whole = "The whole organisation"
    assert [cells(page, whole)[1][0] for page in (by_year, own, before, days, earlier)] == list("11010")


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("2026-12-01", "2026-11-01", "The last day comes before the first."),
        ("", "2026-11-01", "Say from which day, at most 20 years from now."),
        ("2026-11-01", "9999-12-31", "Say until which day, at most 20 years from now."),
        ("i går", "2026-11-01", "Say from which day, at most 20 years from now."),
    ],
)
async def test_days_that_cannot_be_come_back_with_a_sentence(
    there: Place, here: Organisation, first: str, last: str, sentence: str
) -> None:
    asked = {"period": "other", "from": first, "to": last}
    async with there.browser("helena") as helena:
        page = await helena.get("/coverage", params=asked)
        file = await helena.get("/coverage/people.csv", params=asked)
    assert (page.status_code, file.status_code) == (409, 404)
    assert sentence in page.text
    assert f'value="{first}"' in page.text


async def test_whoever_takes_names_or_figures_out_stands_in_the_audit(
    there: Place, here: Organisation
) -> None:
    await staff(here, 6)
    async with there.browser("helena") as helena:
        await helena.get("/coverage")
        figures = await helena.get("/coverage/figures.csv")
        await helena.get("/coverage/people.csv?unit=drift")
    audit = tables.audit
    events = await here.database.read(
        lambda c: c.execute(select(audit).where(audit.c.event == "page:coverage:exported")).all()
    )
    assert [(each.person, each.about) for each in events] == [
        ("helena", {"kind": "figures", "format": "csv"}),
        ("helena", {"kind": "people", "format": "csv", "unit": "drift"}),
    ]
    assert figures.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="coverage-2026-01-01-2026-12-31.csv"' in figures.headers["content-disposition"]


async def test_a_name_is_no_formula_in_the_file(there: Place, here: Organisation) -> None:
    name = '=HYPERLINK("http://elsewhere.example";"Maja")'
    await here.database.write(
        lambda c: people.add(c, OPERATOR, person("evil", name, "jonas"), None, here.clock())
    )
    async with there.browser("helena") as helena:
        rows = table(await helena.get("/coverage/people.csv"))
    assert f"'{name}" in [row["Name"] for row in rows]
    assert all(not row["Name"].startswith("=") for row in rows)


async def test_why_somebody_declined_is_read_beside_the_figures(there: Place, here: Organisation) -> None:
    await here.declining.decline(MAJA.actor, await here.conversation(), "Vi hade ett i oktober.", "I maj.")
    async with there.browser("helena") as helena:
        page = (await helena.get("/coverage")).text
        before = (await helena.get("/coverage?period=before")).text
        file = (await helena.get("/coverage/people.csv")).text
    assert "Vi hade ett i oktober." in page
    assert "Vi hade ett i oktober." not in before + file
