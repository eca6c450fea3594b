"""Sharing, taking back and opening: from a script with data, from a form with pages."""

import base64
import re

from server.rules.access import Pane
from tests.pages.world import World, browser, filled, template_of

SHARE = "/conversations/c1/panes/employee/share"


async def test_a_script_shares_with_what_its_page_has() -> None:
    world = filled()
    async with browser(world) as client:
        answer = await client.post(SHARE, json={"state_vector": base64.b64encode(b"\x01\x02\x03").decode()})
    assert answer.status_code == 204
    assert world.calls == [("share", "maja", "c1", Pane.EMPLOYEE, b"\x01\x02\x03")]


async def test_a_refusal_tells_a_script_what_is_missing() -> None:
    async with browser(World()) as client:
        answer = await client.post(SHARE, json={"state_vector": "AA=="})
    assert answer.status_code == 409
    assert answer.json() == {
        "sentence": "Fyll i det som är märkt med en stjärna innan du delar.",
        "missing": [{"id": "a1", "label": "Vad har gått bra, och vad har hindrat dig?"}],
    }


async def test_a_refusal_tells_a_person_without_a_script_the_same() -> None:
    async with browser(World()) as client:
        answer = await client.post(SHARE, data={"state_vector": "AA=="})
    assert answer.status_code == 409
    assert "Fyll i det som är märkt med en stjärna innan du delar." in answer.text


async def test_what_is_no_state_vector_is_refused_and_shares_nothing() -> None:
    world = filled()
    async with browser(world) as client:
        for body in (b"{}", b"[", b'{"state_vector": "?"}', b'{"state_vector": 1}'):
            answer = await client.post(SHARE, content=body, headers={"content-type": "application/json"})
            assert answer.status_code == 409
        for encoded in ("?", "é", "\0", ""):
            given = {"state_vector": encoded}
            for answer in (await client.post(SHARE, json=given), await client.post(SHARE, data=given)):
                assert answer.status_code in (204, 303, 409)
    assert [call for call in world.calls if call[-1]] == []


async def test_taking_back_and_opening_lead_back_to_the_conversation() -> None:
    world = filled()
    async with browser(world) as client:
        back = await client.post("/conversations/c1/panes/employee/withdraw")
        opened = await client.post("/conversations/c1/panes/manager/open")
        data = await client.post(
            "/conversations/c1/panes/manager/open", headers={"accept": "application/json"}
        )
    assert [back.status_code, opened.status_code, data.status_code] == [303, 303, 204]
    assert back.headers["location"] == "/conversations/c1"
    assert [call[0] for call in world.calls] == ["withdraw", "open", "open"]


async def test_a_script_whose_session_has_ended_is_told_so() -> None:
    async with browser(World(), key=None) as client:
        answer = await client.post(SHARE, json={"state_vector": "AA=="})
    assert answer.status_code == 401
    assert "inte inloggad" in answer.json()["sentence"]


async def test_the_bar_asks_nobody_to_share_an_empty_pane() -> None:
    """The template asks nothing in the manager's pane: the manager reads, and waits."""
    world = filled()
    world.template = template_of("template_routine_with_plan.yaml")
    world.contents.clear()

    async def bar(key: str) -> str:
        async with browser(world, key) as client:
            text = (await client.get("/conversations/c1")).text
        return re.sub(r"\s+", " ", text.split("<footer")[1].split("</footer>")[0])

    assert "<b>Maja har inte delat än.</b>" in await bar("j")
    world.shared = world.opened = frozenset({Pane.EMPLOYEE})
    assert "<b>Maja har delat med dig.</b>" in await bar("j")
    assert "<b>Jonas har sett dina svar.</b>" in await bar("m")
