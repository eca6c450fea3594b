"""What was agreed last time stands above the questions of this time: joint, read-only, nothing sensitive."""

from typing import Any

from server.record.content import RecordContent
from server.record.format import Frozen, drawn
from server.rules.access import Pane
from server.template.format import Template
from tests.pages.world import JONAS, MAJA, NOW, TEMPLATE, World, browser, filled, template_of, text

ROUTINE = template_of("template_routine_with_plan.yaml")
SALARY = template_of("template_salary.yaml")


def record(template: Template, contents: dict[Pane, dict[str, Any]]) -> RecordContent:
    """A record of an earlier conversation of Maja and Jonas."""
    return drawn(
        Frozen(
            conversation="c0",
            version=1,
            template=template,
            employee=MAJA,
            responsible=JONAS,
            meeting=None,
            frozen_at=NOW.replace(year=2025),
            salt=bytes(32),
            contents=contents,
            resolved={},
            names={},
        )
    )


async def page(world: World, key: str = "m") -> str:
    async with browser(world, key) as client:
        return (await client.get("/conversations/c1")).text


async def test_what_both_wrote_last_time_stands_in_the_section_that_asks_for_it() -> None:
    world = filled()
    world.previous = record(
        TEMPLATE, {**filled().contents, Pane.JOINT: {"a8": text("Maja tar över larmen.")}}
    )
    for key in ("m", "j"):
        shown = await page(world, key)
        assert "Maja tar över larmen." in shown
        assert 'href="/conversations/c0"' in shown
        assert shown.count("Ny jourlista") == 1, "the section has a question that shows them"
    assert world.calls[0] == ("previous", ("annual", "follow_up"))


async def test_nobody_s_own_pane_of_last_time_is_shown() -> None:
    world = World(previous=record(TEMPLATE, {Pane.EMPLOYEE: {"a1": text("bara mitt")}}))
    shown = await page(world)
    assert "bara mitt" not in shown
    assert 'class="last-time"' not in shown, "a block with nothing in it"


async def test_the_first_time_there_is_nothing_to_show() -> None:
    assert 'class="last-time"' not in await page(filled())


async def test_a_template_that_does_not_ask_for_it_looks_for_nothing() -> None:
    world = World(template=ROUTINE, previous=record(TEMPLATE, {Pane.JOINT: {"a8": text("då")}}))
    assert 'class="last-time"' not in await page(world)
    assert world.calls == []


async def test_the_salary_conversation_refers_to_what_was_shared_and_never_to_what_is_sensitive() -> None:
    answers = {
        "b2": text("kan rutinerna"),
        "b1.tider": text("tiderna"),
        "b1.diskriminering": text("känsligt"),
    }
    world = filled()
    world.template, world.previous = SALARY, record(ROUTINE, {Pane.JOINT: answers})
    shown = await page(world)
    assert "kan rutinerna" in shown
    assert "tiderna" in shown
    assert "känsligt" not in shown
    assert "Ny jourlista" in shown
    assert world.calls == [("previous", ("annual", "follow_up"))]
