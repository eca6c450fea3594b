"""What is wrong with a template: all of it at once, each with line, path and a sentence."""

from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from server import places
from server.faults import Fault
from server.template import format as template_format
from server.template.format import TemplateInvalid
from tests.template.bodies import SAMPLES, WORDS, bodies, body, column, element, plan, sample, table

CREATES = {"kind": "follow_up_activity", "goal_type": "work_goal"}
DEVELOPMENT = "development_plan_present_or_marked_not_needed"
NO_PLAN = "There is no action_plan"


def faults(wrong: dict[str, Any]) -> tuple[Fault, ...]:
    with pytest.raises(TemplateInvalid) as refused:
        template_format.read(wrong)
    return refused.value.errors


def errors(wrong: dict[str, Any]) -> dict[str, str]:
    """Path -> sentence, of a template that is refused."""
    return {fault.path: fault.sentence for fault in faults(wrong)}


AT = "sections[0].elements[0]"


@pytest.mark.parametrize(
    ("keys", "path", "sentence"),
    [
        ({"visible_to": ["manager"]}, "visible_to", "Visible_to differs from the readers of the pane, "),
        (
            {"panes": ["joint"], "filled_by": ["employee"]},
            "filled_by",
            "Filled_by differs from the writers of the panes, who are employee and manager.",
        ),
        ({"filled_by": ["manager", "manager"]}, "filled_by", "Manager is given twice."),
        (
            {"type": "info", "required_for": ["sign"]},
            "required_for",
            "Nothing is filled in here, so it cannot",
        ),
        ({"type": "info", "filled_by": ["employee"]}, "filled_by", "Nothing is filled in here."),
        ({"type": "info", "panes": ["employee"]}, "panes", "What is only shown is shown to both"),
        ({"type": "number", "min": 3, "max": 3}, "max", "Max must be more than min."),
        (
            {"type": "number", "min": 0.5, "integer": True},
            "integer",
            "Min and max of a whole number must be whole.",
        ),
        ({"type": "read_only_list", "source": "weather"}, "source", "This must be "),
        ({"type": "single_choice", "options": []}, "options", "At least one must be given."),
        (
            {"type": "multi_choice", "options": [column("x")]},
            "options[0].type",
            "There is no key type here. The keys",
        ),
        (
            {"type": "topic_text", "topics": [{"id": "t", "label": WORDS, "grounds": {}}]},
            "topics[0].grounds",
            "At",
        ),
        (
            {"type": "activity_table", "columns": ["description"], "required": ["due_date"]},
            "required",
            "Due_date is",
        ),
        (
            {"label": WORDS | {"nb": True}},
            "label.nb",
            "This is read as True, which is no text: put it in quotes.",
        ),
        ({"label": WORDS | {"nb": " "}}, "label.nb", "String should have at least 1 character."),
        ({"label": WORDS | {"nb": "a\0b"}}, "label.nb", "There is a control character in it"),
        ({"label": {"sv": "Ord", "en": "Words"}}, "label.nb", "The words in Norwegian are missing."),
        ({"id": "Å"}, "id", "String should match pattern"),
    ],
)
def test_an_element_that_cannot_be_is_refused_where_it_is_wrong(
    keys: dict[str, Any], path: str, sentence: str
) -> None:
    (fault,) = faults(body(element(**keys)))
    assert fault.path == f"{AT}.{path}"
    assert fault.sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("keys", "path", "sentence"),
    [
        ({"columns": None}, "column_groups", "A table has either columns or column_groups."),
        (
            {"column_groups": [{"title": WORDS, "columns": [column("d")]}]},
            "column_groups",
            "A table has either",
        ),
        ({"columns": [column("c", "date")], "creates": CREATES}, "creates", "An activity needs words"),
        ({"columns": [column("c", suggestions="weather")]}, "columns[0].suggestions", "This must be "),
        (
            {"columns": [column("c", "essay")]},
            "columns[0]",
            "essay is no kind of column. The kinds are text, ",
        ),
        ({"columns": [column("id")]}, "columns[0].id", "Id is the name of a part of every row"),
        (
            {"columns": [column("c", requierd=True)]},
            "columns[0].requierd",
            "There is no key requierd here: perhaps it is required.",
        ),
        ({"rows": {"min": -1}}, "rows.min", "This must be greater than or equal to 0."),
        ({"rows": {"min": 1, "add": ["employee"]}}, "rows", "Rows.add differs from the writers of the pane"),
        ({"rows": {"stable_row_ids": False}}, "rows.stable_row_ids", "This must be True."),
        ({"creates": CREATES | {"goal_type": "wish"}}, "creates.goal_type", "This must be 'work_goal' or"),
    ],
)
def test_a_table_that_cannot_be_is_refused_where_it_is_wrong(
    keys: dict[str, Any], path: str, sentence: str
) -> None:
    (fault,) = faults(body(table(**keys)))
    assert fault.path == f"{AT}.{path}"
    assert fault.sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("changes", "path", "sentence"),
    [
        (
            {"requires_before_complete": ["plan_has_at_least_one_goal"]},
            "requires_before_complete[0]",
            NO_PLAN,
        ),
        ({"requires_before_complete": [DEVELOPMENT]}, "requires_before_complete[0]", NO_PLAN),
        (
            {"requires_before_complete": [DEVELOPMENT], "action_plan": plan()},
            "requires_before_complete[0]",
            "No table of the plan creates a development_goal, so this can never be fulfilled.",
        ),
        ({"development_kinds": {"sv": ["a"], "nb": ["a"], "en": ["a"]}}, "development_kinds", NO_PLAN),
        (
            {"development_kinds": {"sv": ["a"], "nb": ["a"], "en": ["a", "b"]}, "action_plan": plan()},
            "development_kinds",
            "The list must be equally long in every language.",
        ),
        ({"prepare": {"send_action_plan_template": True}}, "prepare.send_action_plan_template", NO_PLAN),
        (
            {
                "share": {"enabled": False},
                "sign": {"enabled": True, "requires": ["notes_delivered_to_employee"]},
            },
            "sign.requires[0]",
            "Notes are delivered by sharing them",
        ),
        (
            {"sign": {"enabled": True, "signers": ["employee"]}, "completes": "manager"},
            "completes",
            "The manager does",
        ),
        ({"sign": {"enabled": True, "signers": []}}, "sign.signers", "At least one must be given."),
        ({"completes": "hr"}, "completes", "This must be 'employee' or 'manager'."),
        ({"action_plan": plan(id="s")}, "action_plan.id", "s is already the id of another one here."),
        ({"action_plan": plan(id="q")}, "action_plan.id", "q is already the id of another one here."),
        (
            {"action_plan": plan(attached_to_record=False)},
            "action_plan.attached_to_record",
            "This must be True.",
        ),
        (
            {"action_plan": plan(header_fields=[{"id": "u", "type": "unit", "label": WORDS}])},
            "action_plan.header_fields[0].prefill",
            "This must be given.",
        ),
        (
            {"action_plan": plan(header_fields=[{"id": "u", "type": "scale", "label": WORDS}])},
            "action_plan.header_fields[0]",
            "scale is no kind of header field. The kinds are date, text, person, unit.",
        ),
        (
            {"action_plan": plan(header_fields=[{"id": "goals", "type": "date", "label": WORDS}])},
            "action_plan.tables[0].id",
            "goals is already the id of another one here.",
        ),
        (
            {"action_plan": plan(tables=[{"id": "t", "columns": [column("c")]}])},
            "action_plan.tables[0].label",
            "A table without column_groups needs a label.",
        ),
        (
            {
                "action_plan": plan(
                    tables=[
                        {"id": "t", "label": WORDS, "rows": {"add": ["manager"]}, "columns": [column("c")]}
                    ]
                )
            },
            "action_plan.tables[0].rows",
            "Rows.add differs from the writers of the plan, who are employee and manager.",
        ),
        (
            {"layout": "four_pane"},
            "layout",
            "This must be 'three_pane', 'single' or 'single_notes_plus_plan'.",
        ),
    ],
)
def test_rules_that_nothing_can_keep_are_refused(changes: dict[str, Any], path: str, sentence: str) -> None:
    (fault,) = faults(body(element(), **changes))
    assert fault.path == path
    assert fault.sentence.startswith(sentence)


def test_a_section_that_leads_to_a_plan_needs_one() -> None:
    told = sample("routine_with_plan")
    del told["action_plan"]
    assert errors(told)["sections[1].carries_to"] == "There is no action_plan to carry anything to."


def test_every_id_stands_once_also_those_that_are_parts_of_names() -> None:
    twice = [{"id": "x", "label": WORDS}, {"id": "x", "label": WORDS}]
    columns = [column("c"), column("c", "single_choice", options=twice)]
    wrong = body(
        element(type="multi_choice", options=twice),
        element(id="r", type="topic_text", topics=twice),
        element(id="r", type="table", columns=columns),
        action_plan=plan(
            tables=[
                {
                    "id": "kinds",
                    "column_groups": [
                        {"title": WORDS, "columns": [column("c")]},
                        {"title": WORDS, "columns": [column("c")]},
                    ],
                }
            ]
        ),
        development_kinds={"sv": ["a"], "nb": ["a"], "en": ["a"]},
    )
    assert list(errors(wrong)) == [
        "sections[0].elements[2].id",
        "sections[0].elements[0].options[1].id",
        "sections[0].elements[1].topics[1].id",
        "sections[0].elements[2].columns[1].id",
        "sections[0].elements[2].columns[1].options[1].id",
        "action_plan.tables[0].id",
        "action_plan.tables[0].column_groups[1].columns[0].id",
    ]


FILE = """\
template:
  id: a
  version: 1
  kind: annual
  name: {sv: Ord, nb: Ord,
    en: No}
  layout: single
  layout: three_pane
  sections:
    - id: s
      title: {sv: Ord, nb: Ord, en: Words}
      elements:
        - id: q
          type: scale
          label: {sv: Ord, nb: Ord}
          scale:
            min: 1
            max: 3
            labels: {1: {sv: Ord,
              nb: Ord}}
        - {id: q,
           type: essay}
"""


def test_a_fault_has_the_line_of_what_is_wrong_or_of_what_should_have_it() -> None:
    written = places.read(FILE)
    located = {
        fault.path: (fault.line, fault.sentence)
        for fault in (written.located(each, "template") for each in faults(written.value["template"]))
    }
    assert {path: line for path, (line, _) in located.items()} == {
        "sections[0].elements[1].id": 21,
        "name.en": 6,
        "sections[0].elements[0].label.en": 15,
        "sections[0].elements[0].scale.labels[1].en": 19,
        "sections[0].elements[1]": 21,
    }
    (repeated,) = written.repeated
    assert str(repeated) == "line 8, template.layout: layout is given twice here."


def test_a_file_that_leads_back_to_itself_is_read_to_an_end() -> None:
    written = places.read("a: &a\n  b: *a\n  c: [*a, *a]\n")
    assert written.lines == {"a": 1, "a.b": 2, "a.c": 3}
    assert written.located(Fault("a.c[1].b", "No.")).line == 3
    assert written.located(Fault("a.b.c.d[3].e", "No.")).line == 2
    assert written.located(Fault("z", "No.")).line == 1
    assert places.read("").value is None


def test_faults_are_found_beside_each_other() -> None:
    told = sample("short_follow_up")
    told["sections"][0]["elements"][1] |= {"lable": "x", "visible_to": ["employee"], "max_length": 0}
    told["sections"][1]["elements"][0]["columns"][0] |= {"type": "date"}
    told["sections"][1]["elements"][0]["columns"][1] |= {"hint": "x"}
    told["notify_defaults"]["sms"] = True
    told["requires_before_complete"] = ["plan_has_at_least_one_goal"]
    assert set(errors(told)) == {
        "sections[0].elements[1].lable",
        "sections[0].elements[1].visible_to",
        "sections[0].elements[1].max_length",
        "sections[1].elements[0].columns[1].hint",
        "notify_defaults.sms",
        "requires_before_complete[0]",
    }


ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.dates(),
    st.binary(max_size=2),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(
        st.one_of(st.text(max_size=3), st.integers(), st.booleans(), st.none()), st.integers(), max_size=2
    ),
    st.sampled_from(["joint", "employee", "table", "date", "q", "sign", "share", [], {}, [[]], [{}], [None]]),
)


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Every key and number in it, with what it stands in."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [spot for key, each in inside for spot in ((value, key), *spots(each))]


@given(
    st.one_of(
        bodies(), st.sampled_from([yaml.safe_load(path.read_text("utf-8"))["template"] for path in SAMPLES])
    ),
    st.data(),
)
@settings(max_examples=200, deadline=None)
def test_whatever_becomes_of_a_template_it_is_read_or_refused_in_sentences(
    told: Any, data: st.DataObject
) -> None:
    wrong = deepcopy(told)
    for _ in range(data.draw(st.integers(1, 3))):
        held, key = data.draw(st.sampled_from(spots(wrong)))
        how = data.draw(st.sampled_from(["replace", "remove", "add", "repeat"]))
        if how == "replace":
            held[key] = data.draw(ODD)
        elif how == "remove":
            held.pop(key)
        elif how == "repeat" and isinstance(held, list):
            held.append(deepcopy(held[key]))
        elif isinstance(held, dict):
            held[
                data.draw(st.one_of(st.text("abc", min_size=1), st.integers(), st.sampled_from(list(held))))
            ] = data.draw(ODD)
        if not spots(wrong):
            break
    try:
        template_format.read(wrong)
    except TemplateInvalid as refused:
        written = places.read(yaml.safe_dump({"template": wrong}, allow_unicode=True))
        for fault in refused.errors:
            assert fault.path
            assert fault.sentence.endswith(".")
            assert len(fault.sentence) > 1
            line = written.located(fault, "template").line
            assert line is not None
            assert line >= 1
