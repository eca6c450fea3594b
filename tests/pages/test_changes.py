"""The page that says who wrote what: by day, person and pane, in the reader's language and time."""

from datetime import UTC, datetime

import pytest

from server.change_log import ChangeLog, Kind, Turn, Writing
from server.pages.changes import Day, days
from server.pages.rendering import Rendering, View
from server.people import Person
from server.rules.access import Pane, State
from tests.pages.world import ASSETS, JONAS, MAJA, NOW, ROOT, TEMPLATE, World, browser, person, rendering_with

ELEMENTS = {element.id: element for element in TEMPLATE.elements}
ASTRID = person("astrid", "Astrid Lindqvist")
QUESTION = ELEMENTS["a1"].label


def at(day: int, clock: str) -> datetime:
    """A moment of November 2026 by the clocks of Stockholm, which are an hour ahead."""
    hour, _, minute = clock.partition(":")
    return datetime(2026, 11, day, int(hour) - 1, int(minute), tzinfo=UTC)


def wrote(by: Person, element: str, first: datetime, last: datetime, pane: Pane = Pane.JOINT) -> Writing:
    return Writing(pane, ELEMENTS[element], by, first, last)


@pytest.fixture(scope="module")
def rendering() -> Rendering:
    return rendering_with(ASSETS)


@pytest.fixture
def view(rendering: Rendering) -> View:
    """In English, on the morning of Wednesday 25 November."""
    return rendering.view("en", NOW, "Europe/Stockholm")


def seen(view: View, *writings: Writing, turns: tuple[Turn, ...] = (), me: Person = MAJA) -> list[Day]:
    newest_first = tuple(sorted(writings, key=lambda each: each.last_at, reverse=True))
    return days(ChangeLog(World().conversation, newest_first, turns), me, view)


def test_what_one_person_wrote_in_a_pane_on_a_day_stands_together(view: View) -> None:
    (day,) = seen(
        view,
        wrote(MAJA, "a1", at(25, "8:02"), at(25, "8:10")),
        wrote(JONAS, "a1", at(25, "8:05"), at(25, "8:20")),
        wrote(MAJA, "a8", at(25, "8:30"), at(25, "8:30")),
    )

    assert day.heading == "today, Wednesday 25 November"
    maja, jonas = day.entries
    assert (maja.title, maja.pane, maja.hand) == ("Maja Öberg (you)", "Joint conclusion", "emp")
    assert [(line.address, line.when) for line in maja.lines] == [
        ("/conversations/c1#q-a8", "08:30"),
        ("/conversations/c1#q-a1", "08:02–08:10"),
    ]
    assert (jonas.title, [line.when for line in jonas.lines]) == ("Jonas Bergman", ["08:05–08:20"])
    assert jonas.lines[0].label == QUESTION.en


def test_panes_are_named_as_the_reader_calls_them(view: View) -> None:
    (day,) = seen(
        view,
        wrote(MAJA, "a1", at(20, "8:02"), at(20, "8:10"), Pane.EMPLOYEE),
        wrote(JONAS, "a1", at(20, "8:03"), at(20, "8:05"), Pane.MANAGER),
    )

    assert day.heading == "Friday 20 November"
    assert [entry.pane for entry in day.entries] == ["My pane", "Jonas’s pane"]


def test_a_day_is_where_the_writing_ended_and_says_when_it_began(view: View) -> None:
    (day,) = seen(view, wrote(MAJA, "a1", at(23, "14:00"), at(24, "9:15")))

    assert day.heading == "yesterday, Tuesday 24 November"
    assert day.entries[0].lines[0].when == "09:15, begun Monday 23 November at 14:00"


def test_a_day_ends_where_the_conversation_takes_place(rendering: Rendering) -> None:
    view = rendering.view("en", NOW, "Asia/Tokyo")
    (day,) = seen(view, wrote(MAJA, "a1", at(23, "20:00"), at(23, "20:00")))

    assert (day.heading, day.entries[0].lines[0].when) == ("yesterday, Tuesday 24 November", "04:00")


def test_turns_stand_among_the_writing_where_they_belong(view: View) -> None:
    found = seen(
        view,
        wrote(MAJA, "a1", at(24, "9:00"), at(24, "9:30")),
        wrote(JONAS, "a4", at(24, "11:00"), at(24, "11:30")),
        turns=(
            Turn(Kind.OPENED, at(24, "11:00"), None, Pane.EMPLOYEE),
            Turn(Kind.SHARED, at(24, "9:30"), MAJA, Pane.EMPLOYEE),
            Turn(Kind.CREATED, at(19, "10:00"), JONAS),
        ),
    )

    assert [[entry.title for entry in day.entries] for day in found] == [
        [
            "Jonas Bergman",
            "Maja Öberg’s answers were opened",
            "Maja Öberg shared the answers",
            "Maja Öberg (you)",
        ],
        ["Jonas Bergman planned the conversation"],
    ]


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("locale", ["sv", "nb", "en"])
def test_every_turn_has_a_sentence_and_a_sign(rendering: Rendering, kind: Kind, locale: str) -> None:
    view = rendering.view(locale, NOW, "Europe/Stockholm")
    for by in (MAJA, None) if kind is Kind.COMPLETED else (MAJA,):
        ((entry,),) = (day.entries for day in seen(view, turns=(Turn(kind, NOW, by, Pane.EMPLOYEE),)))
        assert entry.title
        assert entry.icon in (ROOT / "web/styles/icons.txt").read_text("utf-8").split()


def test_somebody_who_is_neither_party_has_the_colour_of_a_guest(view: View) -> None:
    (day,) = seen(view, wrote(ASTRID, "a1", at(25, "8:02"), at(25, "8:10")))

    assert (day.entries[0].title, day.entries[0].hand) == ("Astrid Lindqvist", "guest")


async def page(world: World, key: str = "m") -> str:
    async with browser(world, key) as client:
        answer = await client.get("/conversations/c1/changes")
    assert answer.status_code == 200
    return answer.text


async def test_the_page_leads_to_the_question_while_the_conversation_is_open() -> None:
    world = World(writings=(wrote(MAJA, "a1", at(25, "8:02"), at(25, "8:10")),))
    link = f'<a href="/conversations/c1#q-a1">{QUESTION.sv}</a><span class="when">08:02–08:10</span>'
    assert link in await page(world)
    world.state = State.CLOSED
    text = await page(world)
    assert (link in text, QUESTION.sv in text) == (False, True)


async def test_a_reason_is_shown_as_what_it_is_and_never_as_markup() -> None:
    turn = Turn(Kind.DECLINED, NOW, MAJA, reason="<b>Inte nu</b>", alternative="I mars & sedan")
    text = await page(World(turns=(turn,), state=State.DECLINED))
    assert "<blockquote>&lt;b&gt;Inte nu&lt;/b&gt;</blockquote>" in text
    assert "<blockquote>I mars &amp; sedan</blockquote>" in text


async def test_a_conversation_in_which_nothing_is_written_says_so() -> None:
    text = await page(World())
    assert 'class="nothing"' in text
    assert 'class="log"' not in text


async def test_it_is_not_there_for_others() -> None:
    world = World(signed_in={"m": MAJA, "j": JONAS, "a": ASTRID})
    async with browser(world, "a") as client:
        assert (await client.get("/conversations/c1/changes")).status_code == 404
    async with browser(world) as client:
        assert (await client.get("/conversations/c2/changes")).status_code == 404


async def test_the_conversation_leads_there() -> None:
    async with browser(World()) as client:
        text = (await client.get("/conversations/c1")).text
    assert 'href="/conversations/c1/changes"' in text
