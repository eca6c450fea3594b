"""The conversation page: who sees what, and that the client finds what it looks for."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml

from server.rules.access import Pane, State
from server.template import format as template_format
from server.template.format import Template
from tests.pages.world import ROOT, World, browser, filled, template_of
from tests.pages.world import text as paragraph

OF_MAJA = ("larmrutinen fungerar", "slippa vara ensam jour")
OF_JONAS = ("lyft hela jourgången",)


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))

    def having(self, name: str) -> list[dict[str, str | None]]:
        """Attributes of every element that has this one."""
        return [attributes for _, attributes in self.all if name in attributes]


async def page(world: World, key: str = "m") -> str:
    async with browser(world, key) as client:
        answer = await client.get("/conversations/c1")
    assert answer.status_code == 200
    return answer.text


def island(text: str) -> Any:
    """The page's data for the client."""
    found = re.search(r'<script type="application/json" id="samsyn-page">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize(("key", "own", "foreign"), [("m", OF_MAJA, OF_JONAS), ("j", OF_JONAS, OF_MAJA)])
async def test_an_unshared_pane_is_nowhere_on_the_other_party_s_page(
    key: str, own: tuple[str, ...], foreign: tuple[str, ...]
) -> None:
    text = await page(filled(), key)
    assert all(words in text for words in own)
    assert not any(words in text for words in foreign)
    assert "has-" in text
    documents = island(text)["documents"]
    assert set(documents) == {"joint", "employee" if key == "m" else "manager"}


async def test_a_page_is_the_same_whatever_the_other_party_has_written_unshared() -> None:
    written, empty = filled(), filled()
    del empty.contents[Pane.EMPLOYEE]
    assert await page(written, "j") == await page(empty, "j")


async def test_a_shared_pane_is_shown_only_after_show_the_answers() -> None:
    world = filled()
    world.shared = frozenset({Pane.EMPLOYEE})
    before = await page(world, "j")
    assert OF_MAJA[0] not in before
    assert "Maja har delat sina svar." in before
    assert 'action="/conversations/c1/panes/employee/open"' in before
    world.opened = world.shared
    after = await page(world, "j")
    assert OF_MAJA[0] in after
    assert "/panes/employee/open" not in after
    assert island(after)["documents"]["employee"]["scope"] == "readonly"


async def test_the_panes_stand_in_the_order_employee_manager_joint() -> None:
    text = await page(filled())
    cells = re.findall(r'<div class="cell (\w+)"', text)
    assert cells[:3] == ["emp", "man", "joint"]


async def test_every_field_of_mine_can_be_found_by_the_client_and_has_its_names() -> None:
    elements = Elements(await page(filled()))
    ids = {attributes["id"] for attributes in elements.having("id")}
    fields = [
        attributes for attributes in elements.having("data-kind") if attributes.get("data-column") is None
    ]
    assert {(f["data-pane"], f["data-field"]) for f in fields} >= {
        ("employee", "a1"),
        ("employee", "a3"),
        ("joint", "a7"),
        ("joint", "a9"),
    }
    for attributes in (*elements.having("data-labelledby"), *elements.having("aria-labelledby")):
        names = attributes.get("data-labelledby") or attributes.get("aria-labelledby") or ""
        assert all(name in ids or "{row}" in name for name in names.split()), names
    assert len(elements.having("id")) == len(ids), "an id stands twice"


async def test_the_page_has_no_inline_script_style_or_listener() -> None:
    for tag, attributes in Elements(await page(filled())).all:
        assert "style" not in attributes
        assert tag != "style"
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "script":
            assert "src" in attributes or attributes["type"] == "application/json"


async def test_what_people_write_cannot_end_the_page_s_data() -> None:
    world = filled()
    world.contents[Pane.JOINT]["a8"] = [{"type": "paragraph", "runs": [{"text": "</script><script>x()"}]}]
    text = await page(world)
    assert "</script><script>x()" not in text
    assert "&lt;/script&gt;" in text


async def test_the_tables_of_the_page_hold_rows_and_a_template_for_more() -> None:
    text = await page(filled())
    assert 'data-row="r1"' in text
    assert 'id="f-joint-a7-{row}-description"' in text
    assert re.search(r'<option value="jonas" selected>', text)
    assert 'value="2027-01-15"' in text


async def test_what_was_agreed_and_the_unit_s_goals_are_shown_to_be_read() -> None:
    text = await page(filled())
    assert "Skulle ha varit klart 20 november" in text
    assert "Klart 26 september" in text
    assert "Färre driftstopp på ledningsnätet" in text


@pytest.mark.parametrize(
    ("shared", "opened", "key", "action"),
    [
        ((), (), "m", "share"),
        ((Pane.EMPLOYEE,), (), "m", "withdraw"),
        ((Pane.EMPLOYEE,), (Pane.EMPLOYEE,), "m", None),
        ((Pane.EMPLOYEE,), (), "j", "share"),
    ],
)
async def test_the_bar_offers_what_can_be_done_now(
    shared: tuple[Pane, ...], opened: tuple[Pane, ...], key: str, action: str | None
) -> None:
    world = filled()
    world.shared, world.opened = frozenset(shared), frozenset(opened)
    bar = (await page(world, key)).split('<footer class="bar"')[1].split("</footer>")[0]
    assert re.findall(r'data-action="(\w+)"', bar) == [*([action] if action else []), "freeze"]
    assert "/preview" in bar


@pytest.mark.parametrize("state", [State.DECLINED, State.CANCELLED])
async def test_a_conversation_that_came_to_nothing_can_be_read_and_not_written(state: State) -> None:
    world = filled()
    world.state = state
    text = await page(world)
    assert {each["scope"] for each in island(text)["documents"].values()} == {"readonly"}
    assert "data-add-row" not in text
    assert 'data-action="share"' not in text


async def test_the_client_gets_what_it_needs_to_begin() -> None:
    data = island(await page(filled()))
    assert data["me"] == {"id": "maja", "name": "Maja Öberg", "initials": "MÖ", "colour": "emp"}
    assert data["socket"] == "/live"
    assert data["documents"]["employee"] == {"name": "c1/employee/1", "scope": "read-write"}
    assert data["words"]["saving"] == "Sparar …"


async def test_the_preview_shows_my_pane_alone() -> None:
    async with browser(filled()) as client:
        mine = await client.get("/conversations/c1/panes/employee/preview")
        theirs = await client.get("/conversations/c1/panes/manager/preview")
        nothing = await client.get("/conversations/c1/panes/attic/preview")
    assert OF_MAJA[0] in mine.text
    assert "2 på en skala från 1 till 5" in mine.text
    assert "Larmrutinen är årets stora lyft." not in mine.text
    assert (theirs.status_code, nothing.status_code) == (404, 404)


def every_kind(**settings: Any) -> Template:
    """A template with every kind of question."""
    path = ROOT / "tests/browser/template_every_kind.yaml"
    return template_format.read(yaml.safe_load(path.read_text("utf-8"))["template"] | settings)


def in_every_pane() -> World:
    """Every kind of question in each of three panes, filled in by Maja in hers."""
    template = every_kind(layout="three_pane")
    panes = ("employee", "manager", "joint")
    body = template.model_dump(by_alias=True, mode="json", exclude_unset=True)
    for section in body["sections"]:
        for element in section["elements"]:
            if "panes" in element:
                element["panes"] = list(panes)
    world = World(template=template_format.read(body))
    world.contents = {
        Pane.EMPLOYEE: {
            "e2": paragraph("fritt skrivet"),
            "e3": paragraph("kort skrivet"),
            "e4.ett": paragraph("om det ena"),
            "e5": "annat",
            "e5.annat": paragraph("bredvid"),
            "e6": ["tid", "stod"],
            "e7": 4,
            "e8": "2027-02-03",
            "e9.do": "2027-01-15",
            "e10": 7.5,
            "e11": True,
            "e12": "jonas",
            "e15": [
                {
                    "id": "r1",
                    "vad": paragraph("det här"),
                    "slag": "nytt",
                    "vem": "maja",
                    "nar.do": "2027-05-06",
                }
            ],
        }
    }
    return world


FILLED_IN = (
    *("fritt skrivet", "kort skrivet", "om det ena", "Annat", "bredvid", "Tid", "Stöd"),
    *("4 på en skala", "3 februari 2027", "15 januari 2027", "7,5 timmar", "Jonas Bergman"),
    *("det här", "Nytt", "Maja Öberg", "6 maj 2027"),
)


async def test_the_preview_shows_every_kind_of_answer_and_nothing_of_other_panes() -> None:
    world = in_every_pane()
    world.contents[Pane.JOINT] = {"e2": paragraph("gemensamt")}
    async with browser(world) as client:
        text = (await client.get("/conversations/c1/panes/employee/preview")).text
    assert [words for words in FILLED_IN if words not in text] == []
    assert "gemensamt" not in text


async def test_every_part_of_every_kind_is_on_the_page_once_where_links_lead_to() -> None:
    world = in_every_pane()
    text = await page(world)
    elements = Elements(text)
    ids = [attributes["id"] for attributes in elements.having("id")]
    assert len(ids) == len(set(ids)), "an id stands twice"
    wanted = [part.name for element in world.template.elements for part in element.parts()]
    assert [name for name in wanted if f"f-employee-{name}" not in ids] == []
    assert [name for name in wanted if f"f-joint-{name}" not in ids] == []
    places = [attributes for attributes in elements.having("data-question") if attributes.get("id")]
    assert all({"data-pane", "data-field", "data-kind"} <= attributes.keys() for attributes in places)


async def test_a_part_of_somebody_else_is_shown_as_it_stands_and_cannot_be_changed() -> None:
    world = in_every_pane()
    world.shared = world.opened = frozenset({Pane.EMPLOYEE})
    elements = Elements(await page(world, "j"))
    inputs = [
        attributes
        for tag, attributes in elements.all
        if tag in ("input", "select") and attributes.get("data-pane") == "employee"
    ]
    assert inputs
    assert all("disabled" in attributes for attributes in inputs)
    checked = [each.get("value") for each in inputs if "checked" in each]
    assert checked == ["annat", "tid", "stod", "4", None]


async def test_the_headings_of_a_plan_stand_in_groups_over_their_columns() -> None:
    world = World(template=template_of("template_routine_with_plan.yaml"))
    text = await page(world)
    assert re.search(r'<th scope=colgroup colspan="2">Mål</th>', text)
    assert re.search(r'<th scope=colgroup colspan="4">Handlingsplan</th>', text)
    assert "Datum för genomförande och uppföljning" in text
    assert "Färre driftstopp på ledningsnätet" in text
    assert 'class="seg"' not in text, "one column needs no tabs"
