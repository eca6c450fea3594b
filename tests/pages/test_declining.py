"""Declining, cancelling and opening again as pages: who reads why, and nothing typed is lost."""

import pytest

from server.decisions import Decision, Declined, Kind
from server.pages.turns_view import SHOWN_IN
from server.rules.access import Role, State
from server.rules.errors import ReasonMissing, TextTooLong
from tests.pages.world import JONAS, MAJA, MEETING, NOW, World, browser, filled, person

REASON = "Vi hade ett <i>samtal</i> i oktober."
ESCAPED = "Vi hade ett &lt;i&gt;samtal&lt;/i&gt; i oktober."
DECLINED = Decision(Kind.DECLINED, MAJA, NOW, REASON, "I februari.", 1)


@pytest.mark.parametrize(
    ("turn", "key", "state", "readers"),
    [
        ("decline", "m", State.OPEN, "Jonas Bergman och HR läser det du skriver här, ingen annan."),
        ("cancel", "j", State.OPEN, "Maja Öberg får veta det och läser varför."),
        ("reopen", "m", State.FROZEN, "Jonas Bergman får veta det och läser varför."),
        ("reopen", "j", State.CLOSED, "En ny version börjar"),
    ],
)
async def test_the_page_says_who_reads_and_the_form_takes_the_turn(
    turn: str, key: str, state: State, readers: str
) -> None:
    world = filled()
    world.state = state
    async with browser(world, key) as client:
        asked = await client.get(f"/conversations/c1/{turn}")
        done = await client.post(f"/conversations/c1/{turn}", data={"reason": REASON})
    assert readers in asked.text
    assert (done.status_code, done.headers["location"]) == (303, "/conversations/c1")
    assert world.calls[0][:4] == (turn, "maja" if key == "m" else "jonas", "c1", REASON)


@pytest.mark.parametrize(("turn", "key", "status"), [("decline", "j", 404), ("cancel", "m", 404)])
async def test_nobody_is_asked_who_may_never_do_it(turn: str, key: str, status: int) -> None:
    async with browser(filled(), key) as client:
        answer = await client.get(f"/conversations/c1/{turn}")
        text = (await client.get("/conversations/c1")).text
    assert answer.status_code == status
    assert f"/conversations/c1/{turn}" not in text


async def test_an_open_conversation_is_not_opened_again() -> None:
    async with browser(filled()) as client:
        assert (await client.get("/conversations/c1/reopen")).status_code == 409


@pytest.mark.parametrize("refusal", [ReasonMissing(), TextTooLong(characters=4000)])
async def test_a_refused_reason_comes_back_as_it_was_typed(refusal: ReasonMissing | TextTooLong) -> None:
    world = filled()
    world.refusal = refusal
    given = {"reason": f"\n{REASON}", "alternative": "I februari."}
    async with browser(world) as client:
        answer = await client.post("/conversations/c1/decline", data=given)
    assert answer.status_code == 409
    assert f"\n\n{ESCAPED}</textarea>" in answer.text
    assert "I februari.</textarea>" in answer.text
    assert 'id="wrong"' in answer.text


@pytest.mark.parametrize("key", ["m", "j"])
@pytest.mark.parametrize("kind", Kind)
async def test_both_read_who_when_and_why(kind: Kind, key: str) -> None:
    world = filled()
    world.state = SHOWN_IN[kind]
    world.decisions = [Decision(kind, MAJA, NOW, REASON, "I februari.", 1)]
    async with browser(world, key) as client:
        text = (await client.get("/conversations/c1")).text
    assert f"<blockquote>{ESCAPED}</blockquote>" in text
    assert "<blockquote>I februari.</blockquote>" in text
    assert "i dag kl." in text
    assert ('<ol class="steps"' in text) is (kind is Kind.REOPENED)


async def test_hr_alone_reads_on_the_start_page_what_was_declined() -> None:
    helena = person("helena", "Helena Wik", "sv", Role.HR)
    world = World(has_conversations=False, signed_in={"h": helena, "j": JONAS})
    world.declined = [Declined("c1", MAJA, JONAS, MEETING.at, MEETING.time_zone, DECLINED)]
    async with browser(world, "h") as client:
        text = (await client.get("/")).text
    assert "Maja Öberg, med Jonas Bergman" in text
    assert ESCAPED in text
    assert 'href="/conversations/c1"' not in text
    async with browser(world, "j") as client:
        assert ESCAPED not in (await client.get("/")).text
