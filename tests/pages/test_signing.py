"""What was frozen, as a page to read and sign; and what was signed."""

import re

from server.record.format import Statement
from server.rules.access import State
from server.rules.errors import RecordChanged, TextTooLong, TooManyAttempts, WrongPassword
from tests.pages.world import World, browser, filled

GIVEN = {"sha256": "ab" * 32, "language": "sv", "comment": "Jouren är <b>inte</b> löst.", "password": "x"}


def frozen(*signed: str) -> World:
    world = filled()
    world.state = State.FROZEN
    world.statements = tuple(statement(each) for each in signed)
    return world


def statement(who: str) -> Statement:
    return Statement(
        format="samsyn-signature/1",
        record="ab" * 32,
        signer=who,
        name=who.capitalize(),
        party="employee" if who == "maja" else "responsible",
        meaning="seen",
        words="Jag har läst det här.",
        language="sv",
        comment="Utom <i>punkt två</i>.",
        method="password",
        at="2026-11-25T07:30:00Z",
    )


async def page(world: World, key: str = "m") -> str:
    async with browser(world, key) as client:
        answer = await client.get("/conversations/c1")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text)


async def test_the_conversations_address_shows_what_is_to_be_signed_and_no_editors() -> None:
    text = await page(frozen())
    assert "Larmrutinen är årets stora lyft." in text
    assert 'class="field"' not in text
    assert f'name="sha256" value="{"ab" * 32}"' in text
    assert "Jag har läst det här. Samtalet är klart." in text
    assert "Jonas har bett om signering" in text
    assert "Du bad om signering" in await page(frozen(), "j")
    assert "Maja har inte signerat än." in text


async def test_whoever_has_signed_sees_for_whom_it_waits_and_the_receipt() -> None:
    text = await page(frozen("maja"))
    assert 'action="/conversations/c1/sign"' not in text
    assert "Nu väntar det på Jonas." in text
    assert 'href="/conversations/c1/records/1/receipt"' in text
    assert "Utom &lt;i&gt;punkt två&lt;/i&gt;." in text
    theirs = await page(frozen("maja"), "j")
    assert 'action="/conversations/c1/sign"' in theirs
    assert "Maja har signerat." in theirs


async def test_a_signature_names_what_was_shown_and_leads_back() -> None:
    world = frozen()
    async with browser(world) as client:
        answer = await client.post("/conversations/c1/sign", data=GIVEN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/conversations/c1")
    assert world.calls == [("sign", "maja", "c1", *GIVEN.values())]


async def test_a_refused_signature_says_why_and_loses_nothing_but_the_password() -> None:
    for refusal in (
        WrongPassword(),
        TextTooLong(characters=4000),
        RecordChanged(),
        TooManyAttempts(minutes=3),
    ):
        world = frozen()
        world.refusal = refusal
        async with browser(world) as client:
            answer = await client.post("/conversations/c1/sign", data=GIVEN)
        assert answer.status_code == refusal.status
        assert 'id="wrong"' in answer.text
        assert "Jouren är &lt;b&gt;inte&lt;/b&gt; löst.</textarea>" in answer.text
        assert 'value="x"' not in answer.text


async def test_the_demo_says_its_password() -> None:
    world = frozen()
    assert "<code>nordljus</code>" not in await page(world)
    world.demo = True
    assert "<code>nordljus</code>" in await page(world)


async def test_a_closed_conversation_is_read_and_leads_to_its_record() -> None:
    world = frozen("maja", "jonas")
    world.state = State.CLOSED
    text = await page(world)
    assert "Samtalet är signerat" in text
    assert 'href="/conversations/c1/records/1.pdf"' in text
    assert 'href="/conversations/c1/reopen"' in text
    assert 'action="/conversations/c1/sign"' not in text
