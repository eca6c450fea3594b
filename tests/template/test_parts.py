"""Parts: what the elements of a template store, when they count as filled, and what becomes of rows."""

from typing import Any, cast

import pytest
import yaml
from hypothesis import given, settings

from crdt.content import Content, Row
from crdt.document import Document
from crdt.schema import ChoiceSet, Field, Scalar, Table, Text, Value
from server.rules.access import Pane
from server.rules.limits import UPDATE
from server.template import format as template_format
from server.template.format import Template
from server.template.parts import Part, PartKind, Source
from server.templates import schemas
from tests.organisation import text
from tests.template.bodies import SAMPLES, WORDS, bodies, body, column, element, plan, sample, table

OPTIONS = [{"id": "yes", "label": WORDS}, {"id": "other", "label": WORDS, "free_text": True}]


def only(**keys: Any) -> Any:
    """The one element of a template."""
    (made,) = template_format.read(body(element(**keys))).elements
    return made


def parts(template: Template) -> dict[str, Part]:
    return {part.name: part for element in template.elements for part in element.parts()}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_a_template(path: Any) -> None:
    template = template_format.read(yaml.safe_load(path.read_text("utf-8"))["template"])
    assert_parts_are_fields(template)


@given(bodies())
@settings(max_examples=100, deadline=None)
def test_every_part_of_any_template_is_one_field_of_its_own(told: dict[str, Any]) -> None:
    assert_parts_are_fields(template_format.read(told))


def assert_parts_are_fields(template: Template) -> None:
    names = [part.name for element in template.elements for part in element.parts()]
    assert len(names) == len(set(names))
    for pane in Pane:
        here = [part for element in template.elements_in(pane) for part in element.parts()]
        assert [field.name for field in schemas(template, pane).fields] == [part.name for part in here]
        for part in here:
            assert part.field.name == part.name
            assert_kind_fits(part)


def assert_kind_fits(part: Part) -> None:
    match part.field:
        case Text(_, rich):
            assert part.kind is (PartKind.RICH_TEXT if rich else PartKind.TEXT)
        case ChoiceSet(_, options):
            assert part.kind is PartKind.MULTI_CHOICE
            assert options == tuple(option.id for option in part.options)
        case Table(_, columns):
            assert part.kind is PartKind.TABLE
            assert columns == tuple(each.field for each in part.columns)
            assert len({each.name for each in columns}) == len(columns)
        case Value(_, scalar, options):
            assert options == tuple(option.id for option in part.options)
            assert scalar is Scalar.CHOICE or part.kind in (scalar.value, "number")


@given(bodies())
@settings(max_examples=60, deadline=None)
def test_a_document_of_any_template_keeps_an_answer_in_every_part(told: dict[str, Any]) -> None:
    template = template_format.read(told)
    for pane in Pane:
        schema = schemas(template, pane)
        answers = cast(Content, {field.name: answer(field) for field in schema.fields})
        document = Document.made(schema, UPDATE)
        written = Document.made(schema, UPDATE)
        written.merge_stored(document.snapshot())
        assert not any(each.is_filled(written.content()) for each in template.elements_in(pane))
        document.merge(document.fill(answers, 7), "ann")
        assert document.content() == answers
        for each in template.elements_in(pane):
            assert each.is_filled(document.content()) == each.answers


def answer(field: Field) -> Any:
    """Something to answer, as a document holds it."""
    match field:
        case Text():
            return text("Ja")
        case ChoiceSet(_, options):
            return list(options)
        case Table(_, columns):
            return [{"id": "r1"} | {each.name: answer(each) for each in columns}]
    assert isinstance(field, Value)
    match field.scalar:
        case Scalar.CHOICE:
            return field.options[0]
        case Scalar.DATE:
            return "2026-11-26"
        case Scalar.CHECKBOX:
            return True
        case Scalar.PERSON:
            return "maja"
        case _:
            return 1


def test_the_routines_parts_and_chapters_come_in_the_order_in_which_they_are_written() -> None:
    template = template_format.read(sample("routine_with_plan"))
    *sections, last = template.chapters
    assert [section.id for section in sections] == [section.id for section in template.sections]
    assert (last.id, last.is_plan, sections[0].is_plan) == ("handlingsplan", True, False)
    assert [each.id for each in last.elements] == [
        "handlingsplan.datum",
        "handlingsplan.medarbetare",
        "handlingsplan.ansvarig_chef",
        "handlingsplan.enhet",
        "handlingsplan.mal",
        "handlingsplan.utmaning",
        "handlingsplan.kinds",
        "handlingsplan.not_needed",
    ]
    assert [each.source for each in last.elements][:5] == [
        None,
        Source.EMPLOYEE,
        Source.RESPONSIBLE,
        Source.UNIT,
        None,
    ]
    assert [section.carries_to for section in sections][:3] == ["notes", "plan_goals", "notes"]
    assert [field.name for field in schemas(template, Pane.EMPLOYEE).fields] == ["b3", "b8", "b11"]
    assert schemas(template, Pane.MANAGER).fields == ()
    assert [field.name for field in schemas(template, Pane.JOINT).fields][-5:] == [
        "handlingsplan.datum",
        "handlingsplan.mal",
        "handlingsplan.utmaning",
        "handlingsplan.kinds",
        "handlingsplan.not_needed",
    ]


def test_a_topic_has_its_own_help_and_grounds_and_may_be_sensitive_alone() -> None:
    made = parts(template_format.read(sample("routine_with_plan")))
    topic = made["b1.diskriminering"]
    assert topic.sensitive
    assert not made["b1.tider"].sensitive
    assert topic.label is not None
    assert topic.label.en == "Grounds of discrimination"
    assert topic.help is not None
    assert topic.grounds is not None
    for locale in ("sv", "nb", "en"):
        assert topic.grounds.to(locale)[0] == "kön"


def test_columns_know_their_group_their_pair_and_what_is_suggested() -> None:
    goals = parts(template_format.read(sample("routine_with_plan")))["handlingsplan.mal"]
    told = {each.name: each for each in goals.columns}
    assert list(told) == [
        "verksamhetens_mal",
        "medarbetarens_mal",
        "utveckla",
        "hur",
        "ansvarig",
        "datum.do",
        "datum.follow_up",
    ]
    assert told["verksamhetens_mal"].suggestions is Source.UNIT_GOALS
    assert [each.group and each.group.sv for each in goals.columns] == ["Mål"] * 2 + ["Handlingsplan"] * 5
    assert [each.pair and each.pair.en for each in goals.columns][-3:] == [
        None,
        *["Dates for doing and following up"] * 2,
    ]
    assert (told["datum.do"].label.nb, told["datum.follow_up"].label.nb) == ("Gjennomføring", "Oppfølging")
    assert told["ansvarig"].kind is PartKind.PERSON


def test_options_with_free_text_have_a_text_beside_them() -> None:
    for kind in ("single_choice", "multi_choice"):
        made = only(type=kind, options=OPTIONS)
        choice, beside = made.parts()
        assert [option.free_text for option in choice.options] == [None, "q.other"]
        assert (beside.name, beside.kind, beside.choice) == ("q.other", PartKind.TEXT, "q")
        # The text alone is no choice.
        assert not made.is_filled({"q.other": text("x")})


@pytest.mark.parametrize(
    ("keys", "empty", "full"),
    [
        ({"type": "rich_text"}, {"q": text("\u200b\u00a0 ")}, {"q": text("", "x")}),
        ({"type": "text"}, {"q": text("")}, {"q": text("x")}),
        (
            {"type": "topic_text", "topics": [{"id": "a", "label": WORDS}, {"id": "b", "label": WORDS}]},
            {"q.a": text(""), "q.b": text(" ")},
            {"q.a": text(""), "q.b": text("x")},
        ),
        ({"type": "single_choice", "options": OPTIONS}, {}, {"q": "yes"}),
        ({"type": "multi_choice", "options": OPTIONS}, {"q": []}, {"q": ["other"]}),
        ({"type": "scale", "scale": {"min": 0, "max": 4}}, {}, {"q": 0}),
        ({"type": "number"}, {}, {"q": 0}),
        ({"type": "date"}, {}, {"q": "2026-11-26"}),
        ({"type": "date_pair"}, {"q.do": "2026-11-26"}, {"q.do": "2026-11-26", "q.follow_up": "2027-01-01"}),
        ({"type": "checkbox"}, {}, {"q": True}),
        ({"type": "person"}, {}, {"q": "maja"}),
    ],
)
def test_filled_means_something_that_can_be_seen(keys: Any, empty: Any, full: Any) -> None:
    made = only(**keys)
    assert (made.is_filled(empty), made.is_filled(full)) == (False, True)


@pytest.mark.parametrize(
    ("rows", "is_filled"),
    [
        ([], False),
        ([{"what": text("Gör")}], False),
        ([{"what": text(" "), "when": "2026-11-26"}], False),
        ([{"what": text("Gör"), "when": "2026-11-26"}], False),
        ([{"what": text("Gör"), "when": "2026-11-26"}, {"what": text("Gör")}], False),
        ([{"what": text("Gör"), "when": "2026-11-26"}] * 2, True),
    ],
)
def test_a_table_is_filled_by_enough_rows_with_all_that_is_required(rows: list[Row], is_filled: bool) -> None:
    columns = [column("what", required=True), column("when", "date", required=True), column("who", "person")]
    made = only(type="table", columns=columns, rows={"min": 2})
    assert made.is_filled({"q": rows}) is is_filled


def test_where_no_column_is_required_one_cell_makes_a_row_and_no_row_never_makes_a_table() -> None:
    made = only(type="table", columns=[column("what"), column("done", "checkbox")])
    assert not made.is_filled({"q": []})
    assert not made.is_filled({"q": [{"id": "r", "what": text("")}]})
    assert made.is_filled({"q": [{"id": "r", "what": text(""), "done": True}]})


@pytest.mark.parametrize(
    ("panes", "step", "demanded"),
    [
        (["employee", "manager", "joint"], "share", (Pane.EMPLOYEE, Pane.MANAGER)),
        (["employee", "manager", "joint"], "sign", (Pane.JOINT,)),
        (["employee", "manager"], "complete", (Pane.EMPLOYEE, Pane.MANAGER)),
    ],
)
def test_what_is_required_is_demanded_where_it_is_settled(panes: Any, step: Any, demanded: Any) -> None:
    made = only(panes=panes, required_for=[step])
    assert made.demanded_in(step) == demanded
    assert only(panes=panes).demanded_in(step) == ()


def test_a_text_is_too_long_by_one_character_and_lines_are_none() -> None:
    (part,) = only(max_length=4).parts()
    assert not part.is_too_long({"q": text("ab", "🫐d")})
    assert part.is_too_long({"q": text("ab", "🫐de")})
    assert not only().parts()[0].is_too_long({"q": text("a" * 100_000)})


def test_a_row_of_the_plan_says_itself_what_is_to_be_done_by_whom_and_when() -> None:
    made = parts(template_format.read(sample("routine_with_plan")))
    goals, challenge = made["handlingsplan.mal"].creates, made["handlingsplan.utmaning"].creates
    assert goals is not None
    assert challenge is not None
    assert goals.described_by[0] == "medarbetarens_mal"
    assert goals.described_by[-1] == "verksamhetens_mal"
    assert (goals.responsible, goals.due, goals.follow_up) == ("ansvarig", "datum.do", "datum.follow_up")
    assert (challenge.responsible, challenge.described_by[0]) == (None, "medarbetarens_utmaning")
    row: Row = {"id": "r", "medarbetarens_mal": text(" "), "hur": text("Kurs")}
    assert (goals.goal_type(row), goals.description(row)) == ("work_goal", "Kurs")
    assert challenge.goal_type(row) == "development_goal"
    assert not goals.makes_activity({"id": "r", "ansvarig": "maja"})


def test_a_row_of_an_activity_table_says_what_goal_it_serves() -> None:
    (part,) = only(type="activity_table", columns=["description", "goal_type", "due_date"]).parts()
    assert part.creates is not None
    assert part.creates.goal_type({"id": "r", "goal_type": "development_goal"}) == "development_goal"
    assert part.creates.goal_type({"id": "r"}) == "work_goal"
    assert (part.creates.due, part.creates.follow_up, part.creates.responsible) == ("due_date", None, None)
    strict = only(type="activity_table", columns=["description", "due_date"], required=["due_date"])
    assert not strict.is_filled({"q": [{"id": "r", "description": text("Gör")}]})
    assert strict.is_filled({"q": [{"id": "r", "description": text("Gör"), "due_date": "2026-11-26"}]})


def test_the_first_date_alone_is_when_it_is_due() -> None:
    creates = {"kind": "follow_up_activity", "goal_type": "work_goal"}
    told = table(columns=[column("what"), column("when", "date")], creates=creates)
    (made,) = template_format.read(body(told)).elements
    made_of = made.parts()[0].creates
    assert made_of is not None
    assert (made_of.due, made_of.follow_up) == ("when", None)


def test_a_whole_number_takes_no_fraction() -> None:
    for keys, scalar in (({}, Scalar.NUMBER), ({"integer": True, "min": 0, "max": 40}, Scalar.SCALE)):
        (part,) = only(type="number", unit=WORDS, **keys).parts()
        assert isinstance(part.field, Value)
        assert (part.kind, part.field.scalar) == (PartKind.NUMBER, scalar)
        assert part.is_whole == bool(keys)
        assert part.unit is not None


def test_a_plan_without_rules_asks_only_what_it_says() -> None:
    template = template_format.read(body(element(), action_plan=plan()))
    assert [each.id for each in template.chapters[-1].elements] == ["plan.goals"]
    assert [each.id for each in template.elements] == ["q", "plan.goals"]
