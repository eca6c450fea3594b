"""The questions of every layout as one person sees them, from the templates of the sample organisation."""

import pytest

from server.pages import chapters_view, conversation_view
from server.pages.chapters_view import Chapter, Form, Question
from server.pages.conversation_view import Seen
from server.pages.rendering import View
from server.people import Person
from server.rules.access import Action, Pane
from server.template.format import Template
from server.template.parts import PartKind, Source
from tests.pages.world import (
    ASSETS,
    JONAS,
    MAJA,
    NOW,
    TEMPLATE,
    World,
    person,
    rendering_with,
    template_of,
    text,
)

ROUTINE = template_of("template_routine_with_plan.yaml")
FOLLOW_UP = template_of("template_short_follow_up.yaml")
SHOWN = {Source.UNIT_GOALS: ("Fewer outages",), Source.EMPLOYEE: ("Maja Öberg",)}
GUEST = person("ulla", "Ulla Strand")


@pytest.fixture(scope="module")
def view() -> View:
    return rendering_with(ASSETS).view("en", NOW, "Europe/Stockholm")


def chapters(
    view: View, template: Template, viewer: Person = MAJA, world: World | None = None
) -> list[Chapter]:
    world = world or World()
    world.template = template
    conversation = world.conversation
    readable = {
        pane: world.contents.get(pane, {})
        for pane in Pane
        if conversation.may(viewer.actor, Action.READ_PANE, pane)
    }
    seen = Seen(viewer, conversation, readable, SHOWN)
    return list(chapters_view.chapters(seen, view, conversation_view.panes(seen, view)))


def questions(chapters: list[Chapter]) -> dict[str, Question]:
    return {question.id: question for each in chapters for question in (*each.head, *each.questions)}


def test_in_one_column_every_question_stands_once_and_says_who_fills_it_in(view: View) -> None:
    found = questions(chapters(view, FOLLOW_UP))
    assert [cell.label for cell in found["c2"].cells] == ["You fill this in together"]
    assert [cell.label for cell in found["c3"].cells] == ["You fill this in"]
    assert [cell.label for cell in found["c9"].cells] == ["Jonas fills this in"]
    assert not found["c9"].cells[0].pane.writable


def test_in_three_panes_every_question_has_a_cell_in_each_pane_and_a_name_on_it(view: View) -> None:
    found = questions(chapters(view, TEMPLATE))
    assert [cell.label for cell in found["a1"].cells] == ["Maja", "Jonas", "Together"]
    assert [cell.pane.pane for cell in found["a1"].cells] == list(Pane)


def test_what_asks_nothing_has_no_number_and_what_is_talked_about_is_numbered_through(view: View) -> None:
    every = [question for each in chapters(view, FOLLOW_UP) for question in each.questions]
    assert [question.form for question in every][:2] == [Form.INFO, Form.ANSWERS]
    assert [question.number for question in every] == [None, *range(1, len(every))]


def test_the_plan_is_the_last_chapter_with_its_head_above_its_tables(view: View) -> None:
    plan = chapters(view, ROUTINE)[-1]
    assert plan.is_plan
    assert [question.id.partition(".")[2] for question in plan.head] == [
        "datum",
        "medarbetare",
        "ansvarig_chef",
        "enhet",
    ]
    assert [question.form for question in plan.head] == [Form.ANSWERS, Form.FACT, Form.FACT, Form.FACT]
    assert plan.head[1].shown == ("Maja Öberg",)
    assert plan.questions[0].has_table


def test_a_section_says_where_its_result_goes_and_what_is_worth_a_note(view: View) -> None:
    found = {each.id: each for each in chapters(view, ROUTINE)}
    assert found["reflektera"].carries == "What you write here stays in the notes of the conversation."
    assert found["reflektera"].note == "Write down only what is relevant."
    assert found["maluppfyllelse"].carries == "What you arrive at here goes into the action plan, as goals."
    assert found["handlingsplan"].carries == ""


def test_a_star_says_in_words_what_it_is_mandatory_for(view: View) -> None:
    assert questions(chapters(view, FOLLOW_UP))["c2"].must == "mandatory before the conversation is completed"
    assert questions(chapters(view, FOLLOW_UP))["c4"].must == ""
    assert questions(chapters(view, TEMPLATE))["a1"].must == "mandatory before you share"


def test_the_columns_of_a_plan_stand_in_groups_and_its_two_dates_in_one_place(view: View) -> None:
    (part,) = questions(chapters(view, ROUTINE))["handlingsplan.mal"].cells[0].parts
    assert [(group.label, len(group.slots)) for group in part.groups] == [("Goals", 2), ("Action plan", 4)]
    dates = part.slots[-1]
    assert dates.is_pair
    assert [column.name for column in dates.columns] == ["datum.do", "datum.follow_up"]
    assert part.columns[0].suggestions == ("Fewer outages",)
    assert part.columns[0].is_text


def test_the_text_beside_an_option_is_in_its_option(view: View) -> None:
    (part,) = questions(chapters(view, FOLLOW_UP))["c4"].cells[0].parts
    assert part.kind == PartKind.MULTI_CHOICE
    beside = part.options[-1].free_text
    assert beside
    assert (beside.id, beside.kind) == ("f-employee-c4.annet", PartKind.TEXT)


def test_what_is_chosen_is_marked_and_a_part_is_called_by_its_question_and_its_own_name(view: View) -> None:
    world = World(contents={Pane.EMPLOYEE: {"c4": ["tid"], "c3": "rute"}})
    found = questions(chapters(view, FOLLOW_UP, world=world))
    assert [option.id for option in found["c4"].cells[0].parts[0].chosen] == ["tid"]
    assert [option.id for option in found["c3"].cells[0].parts[0].chosen] == ["rute"]
    topics = questions(chapters(view, ROUTINE))["b1"].cells[0].parts
    assert topics[0].question == "Work situation: Workload"
    assert topics[0].id == "f-joint-b1.belastning"
    assert topics[-1].sensitive
    assert len(topics[-1].grounds) == 7


def test_of_a_pane_that_may_not_be_read_there_is_nothing_but_its_place(view: View) -> None:
    world = World(contents={Pane.EMPLOYEE: {"b3": text("secret")}})
    (part,) = questions(chapters(view, ROUTINE, JONAS, world))["b3"].cells[0].parts
    assert part.value is None
    (mine,) = questions(chapters(view, ROUTINE, MAJA, world))["b3"].cells[0].parts
    assert mine.value == text("secret")


def test_a_guest_has_no_pane_and_writes_nothing(view: View) -> None:
    every = questions(chapters(view, FOLLOW_UP, GUEST))
    cells = [cell for question in every.values() for cell in question.cells]
    assert not any(cell.pane.writable or cell.pane.is_mine or cell.pane.is_ours for cell in cells)
    assert every["c2"].cells[0].label == "Maja and Jonas fill this in together"
