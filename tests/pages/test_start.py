"""The start page: what waits, in words that rest on nothing unshared."""

import re

from server.rules.access import Pane
from tests.pages.world import World, browser, filled, template_of


async def start(world: World, key: str = "m") -> str:
    async with browser(world, key) as client:
        text = (await client.get("/")).text
    return re.sub(r"\s+", " ", text.split("<main")[1].split("</main>")[0])


async def test_it_says_what_waits_and_where_to_begin() -> None:
    text = await start(filled())
    assert "<b>Ett samtal väntar på dig.</b> Börja gärna med Jonas, ni ses i morgon kl. 09:30." in text
    assert 'href="/conversations/c1"' in text
    assert "Rum Storsjön" in text


async def test_it_says_that_answers_are_waiting_to_be_read() -> None:
    world = filled()
    world.activities = []
    world.shared = frozenset({Pane.EMPLOYEE, Pane.MANAGER})
    assert "Jonas har delat: läs svaren" in await start(world)
    world.opened = world.shared
    text = await start(world)
    assert "Båda har delat" in text
    assert "Inget väntar på dig just nu." in text


async def test_whoever_has_nothing_to_share_is_not_told_to() -> None:
    """The template asks nothing in the manager's pane."""
    world = filled()
    world.template = template_of("template_routine_with_plan.yaml")
    world.contents.clear()
    assert "Maja har inte delat än" in await start(world, "j")
    assert "Du har inte delat än" in await start(world, "m")
    world.shared = frozenset({Pane.EMPLOYEE})
    assert "Maja har delat: läs svaren" in await start(world, "j")
    world.opened = world.shared
    for key in ("m", "j"):
        assert "Båda har delat" in await start(world, key)


async def test_it_is_the_same_whatever_the_other_party_has_written_unshared() -> None:
    written, empty = filled(), filled()
    empty.contents.clear()
    assert await start(written, "j") == await start(empty, "j")


async def test_planned_and_started_are_told_apart_in_words() -> None:
    world = filled()
    assert "<b>Påbörjat</b>" in await start(world)
    world.is_started = False
    assert "<b>Planerat</b>" in await start(world)


async def test_without_conversations_it_says_what_will_be_here() -> None:
    world = World(has_conversations=False)
    text = await start(world)
    assert "Här kommer dina samtal att finnas" in text
    assert "<table" not in text
