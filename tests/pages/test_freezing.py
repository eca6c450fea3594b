"""Signing and completing as pages: what is missing in sentences, with a script and without one."""

from dataclasses import replace

import pytest

from server.rules.access import Pane, State
from server.rules.errors import NoLongerPossible, NotReady
from server.rules.life import Lack, Missing
from server.template.format import Sign
from tests.pages.world import TEMPLATE, World, browser, filled

FREEZE = "/conversations/c1/freeze"
JSON = {"accept": "application/json"}
UNSIGNED = TEMPLATE.model_copy(update={"sign": Sign(enabled=False)})


def lacking(*missing: Missing) -> World:
    world = filled()
    world.refusal = NotReady(missing)
    return world


async def told(world: World, key: str = "m") -> list[dict[str, str]]:
    async with browser(world, key) as client:
        answer = await client.post(FREEZE, headers=JSON)
    assert answer.status_code == 409
    assert answer.json()["sentence"] == "Något saknas innan det går att signera eller slutföra."
    found: list[dict[str, str]] = answer.json()["missing"]
    return found


async def test_each_missing_thing_has_its_own_sentence_and_the_way_there() -> None:
    world = lacking(
        Missing(Lack.NOT_SHARED, Pane.EMPLOYEE),
        Missing(Lack.NOT_SHARED, Pane.MANAGER),
        Missing(Lack.ELEMENT, Pane.JOINT, "a8", "a8"),
        Missing(Lack.PLAN_GOAL, Pane.JOINT, "a7", "a7"),
        Missing(Lack.DEVELOPMENT, Pane.JOINT, "a7", "a7"),
        Missing(Lack.UNREAD, Pane.MANAGER),
    )
    assert await told(world) == [
        {"label": "Du har inte delat dina svar än.", "place": "share"},
        {"label": "Jonas har inte delat än.", "place": ""},
        {"label": "”Sammanfattning i några meningar” är inte ifyllt.", "place": "f-joint-a8"},
        {"label": "Planen har inget mål än.", "place": "f-joint-a7"},
        {
            "label": "Planen har ingen utveckling än, och det är inte markerat att ingen behövs.",
            "place": "f-joint-a7",
        },
        {"label": "Något saknas i det som Jonas har delat. Visa svaren.", "place": "show-answers"},
    ]


async def test_what_is_missing_in_a_pane_that_one_may_not_read_is_not_told() -> None:
    world = lacking(Missing(Lack.ELEMENT, Pane.EMPLOYEE, "a1", "a1"))
    assert await told(world, "j") == []
    world.shared = world.opened = frozenset({Pane.EMPLOYEE})
    assert await told(world, "j") == [
        {
            "label": "Maja har inte fyllt i ”Vad har gått bra, och vad har hindrat dig?”.",
            "place": "f-employee-a1",
        }
    ]


async def test_a_person_without_a_script_gets_the_same_as_links_into_the_page() -> None:
    async with browser(lacking(Missing(Lack.ELEMENT, Pane.JOINT, "a8", "a8"))) as client:
        answer = await client.post(FREEZE)
    assert answer.status_code == 409
    assert 'href="/conversations/c1#f-joint-a8"' in answer.text


async def test_freezing_leads_to_what_is_to_be_signed() -> None:
    world = filled()
    async with browser(world) as client:
        answer = await client.post(FREEZE)
        data = await client.post(FREEZE, headers=JSON)
    assert (answer.status_code, answer.headers["location"]) == (303, "/conversations/c1")
    assert data.status_code == 204
    assert world.calls == [("freeze", "maja", "c1")] * 2


async def test_completing_asks_once_more_and_changes_nothing_before() -> None:
    world = replace(filled(), template=UNSIGNED)
    async with browser(world, "j") as client:
        asked = await client.get("/conversations/c1/complete")
        checked = await client.get("/conversations/c1/complete", headers=JSON)
        assert world.calls == []
        done = await client.post("/conversations/c1/complete")
    assert "Slutför samtalet" in asked.text
    assert (asked.status_code, checked.status_code, done.status_code) == (200, 204, 303)
    assert world.calls == [("complete", "jonas", "c1")]


async def test_what_is_missing_is_said_before_completing_is_asked_for() -> None:
    world = replace(filled(), template=UNSIGNED)
    world.missing = (Missing(Lack.ELEMENT, Pane.JOINT, "a8", "a8"),)
    async with browser(world, "j") as client:
        answer = await client.get("/conversations/c1/complete", headers=JSON)
    assert answer.status_code == 409
    assert [each["place"] for each in answer.json()["missing"]] == ["f-joint-a8"]


@pytest.mark.parametrize(("key", "state", "status"), [("m", State.OPEN, 404), ("j", State.CLOSED, 409)])
async def test_nobody_else_is_asked_and_nobody_too_late(key: str, state: State, status: int) -> None:
    world = replace(filled(), template=UNSIGNED, state=state)
    async with browser(world, key) as client:
        answer = await client.get("/conversations/c1/complete")
    assert answer.status_code == status


async def test_only_the_completer_has_the_button_and_others_read_who_has_it() -> None:
    world = replace(filled(), template=UNSIGNED)
    world.shared = world.opened = frozenset(Pane)
    async with browser(world, "j") as client:
        theirs = (await client.get("/conversations/c1")).text
    async with browser(world, "m") as client:
        mine = (await client.get("/conversations/c1")).text
    assert 'data-action="complete"' in theirs
    assert 'data-action="complete"' not in mine
    assert "Jonas slutför samtalet när ni båda är klara." in mine
    assert 'data-action="freeze"' not in mine + theirs


async def test_one_that_has_moved_on_says_so() -> None:
    world = filled()
    world.refusal = NoLongerPossible()
    async with browser(world) as client:
        answer = await client.post(FREEZE, headers=JSON)
    assert answer.status_code == 409
    assert "missing" not in answer.json()
