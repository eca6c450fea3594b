"""The steps: where a conversation stands, from one's own pane and from what both can see."""

import re

import pytest

from server.rules.access import Pane, State
from tests.pages.world import World, browser, filled


async def now(world: World, key: str) -> str | None:
    """The step that is marked as the present one."""
    async with browser(world, key) as client:
        text = (await client.get("/conversations/c1")).text
    found = re.search(r'aria-current="step">.*?<span class="word">(\w+)', text, re.DOTALL)
    return found[1] if found else None


async def test_whoever_has_written_nothing_prepares() -> None:
    assert await now(World(), "m") == "Förbered"


async def test_whoever_has_written_is_to_share_and_the_other_learns_nothing_of_it() -> None:
    world = filled()
    del world.contents[Pane.MANAGER]
    assert await now(world, "m") == "Dela"
    assert await now(world, "j") == "Förbered"


@pytest.mark.parametrize("key", ["m", "j"])
async def test_when_both_have_shared_they_talk(key: str) -> None:
    world = filled()
    world.shared = frozenset({Pane.EMPLOYEE, Pane.MANAGER})
    assert await now(world, key) == "Samtala"


async def test_what_is_frozen_is_to_be_signed_and_what_is_closed_has_no_step_left() -> None:
    world = filled()
    world.state = State.FROZEN
    assert await now(world, "m") == "Signera"
    world.state = State.CLOSED
    assert await now(world, "m") is None
