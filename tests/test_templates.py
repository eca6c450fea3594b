"""Templates: the format, every error at once, and what becomes of the elements in the documents."""

from copy import deepcopy
from typing import Any

import pytest

from crdt.schema import DocumentSchema, Scalar, Table, Text, Value
from server.rules.access import Pane
from server.rules.errors import NoLongerPossible, NotFound
from server.storage.database import Database
from server.template import format as template_format
from server.template.format import TemplateInvalid
from server.templates import schemas
from tests.conftest import SetClock
from tests.organisation import ANNUAL, HELENA, JONAS, TOMAS, Organisation, annual_template
from tests.template.bodies import WORDS, body, element, sample


def errors(wrong: dict[str, Any]) -> dict[str, str]:
    """Path -> sentence, of a template that is refused."""
    with pytest.raises(TemplateInvalid) as refused:
        template_format.read(wrong)
    return {error.path: error.sentence for error in refused.value.errors}


def test_the_sample_template_makes_these_documents() -> None:
    template = template_format.read(annual_template())
    activities = Table(
        "a7",
        (
            Value("goal_type", Scalar.CHOICE, options=("work_goal", "development_goal")),
            Text("description", rich=False),
            Value("responsible", Scalar.PERSON),
            Value("due_date", Scalar.DATE),
            Value("follow_up_date", Scalar.DATE),
        ),
    )
    own = tuple(Text(name) for name in ("a1", "a4", "a5", "a6"))
    scale = Value("a3", Scalar.SCALE, minimum=1, maximum=5)
    assert schemas(template, Pane.EMPLOYEE) == DocumentSchema((own[0], scale, *own[1:]))
    assert schemas(template, Pane.MANAGER) == DocumentSchema(own)
    assert schemas(template, Pane.JOINT) == DocumentSchema(
        (*own, activities, Text("a8"), Value("a9", Scalar.DATE))
    )


def test_every_error_is_reported_at_once_with_its_path() -> None:
    wrong = deepcopy(annual_template())
    wrong["colour"] = "green"
    wrong["completes"] = "hr"
    del wrong["name"]["nb"]
    first = wrong["sections"][0]["elements"]
    first[0]["lable"] = first[0]["label"]
    first[1]["type"] = "essay"
    wrong["sections"][1]["elements"][0]["scale"]["max"] = 0
    wrong["sections"][2]["elements"][0]["id"] = "a1"
    found = errors(wrong)
    assert set(found) == {
        "colour",
        "completes",
        "name.nb",
        "sections[0].elements[0].lable",
        "sections[0].elements[1]",
        "sections[1].elements[0].scale.max",
        "sections[2].elements[0].id",
    }
    assert found["colour"].startswith("There is no key colour here. The keys are id, version, kind, ")
    assert found["completes"] == "This must be 'employee' or 'manager'."
    assert found["name.nb"] == "The words in Norwegian are missing."
    assert found["sections[0].elements[0].lable"] == "There is no key lable here: perhaps it is label."
    assert found["sections[1].elements[0].scale.max"].startswith("A scale goes from min up to max")
    assert found["sections[0].elements[1]"].startswith(
        "essay is no kind of element. The kinds are rich_text, "
    )
    assert found["sections[2].elements[0].id"] == "a1 is already the id of another one here."
    assert all(sentence.endswith(".") for sentence in found.values())


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"id": "values"}, "choose another id"),
        ({"visible_to": ["manager"]}, "differs from the readers of the pane"),
        ({"panes": ["joint"], "required_for": ["share"]}, "the joint pane is never shared"),
        ({"type": "activity_review", "required_for": ["sign"]}, "cannot be required"),
        ({"type": "scale", "scale": {"min": 1, "max": 12}}, "in 11 steps at most"),
        ({"type": "scale", "scale": {"min": 1, "max": 5, "labels": {6: WORDS}}}, "has no step 6"),
        ({"type": "activity_table", "columns": ["due_date"]}, "needs the column description"),
        ({"type": "activity_table", "columns": ["description"] * 2}, "description is given twice"),
        ({"panes": []}, "at least one must be given"),
        ({"type": None}, "is no kind of element"),
    ],
)
def test_an_element_that_contradicts_itself_is_refused(keys: dict[str, Any], sentence: str) -> None:
    found = errors(body(element(**keys)))
    assert len(found) == 1
    assert sentence.lower() in next(iter(found.values())).lower()


@pytest.mark.parametrize(
    "wrong", [{}, {"sections": 3}, {"sections": [3, {"elements": "x"}]}, body(sections=[])]
)
def test_anything_at_all_is_refused_with_errors_and_nothing_worse(wrong: dict[str, Any]) -> None:
    assert errors(wrong)


def test_a_template_cannot_give_a_pane_to_other_readers() -> None:
    wrong = annual_template()
    wrong["panes"][0]["read_before_share"] = ["employee", "manager"]
    assert errors(wrong) == {
        "panes[0]": "A pane is written, and read before it is shared, by its owner only."
    }


@pytest.mark.parametrize(
    ("keys", "panes"),
    [
        ({"panes": ["joint", "employee"]}, (Pane.EMPLOYEE, Pane.JOINT)),
        ({"filled_by": ["manager"]}, (Pane.MANAGER,)),
        ({"filled_by": ["employee", "manager"]}, (Pane.JOINT,)),
        ({}, (Pane.JOINT,)),
    ],
)
def test_an_element_lives_where_its_panes_or_its_only_writer_say(
    keys: dict[str, Any], panes: tuple[Pane, ...]
) -> None:
    assert next(template_format.read(body(element(**keys))).elements).lives_in == panes


@pytest.mark.parametrize(
    ("layout", "share", "shares", "together"),
    [
        ("three_pane", None, True, False),
        ("single", None, False, False),
        ("single", {"enabled": True}, True, False),
        ("three_pane", {"enabled": False}, False, False),
        ("three_pane", {"enabled": True, "reveal": "together"}, True, True),
    ],
)
def test_sharing_is_on_in_three_panes_unless_the_template_says_otherwise(
    layout: str, share: object, shares: bool, together: bool
) -> None:
    template = template_format.read(body(element(), layout=layout, share=share))
    assert (template.shares, template.reveals_together) == (shares, together)


def test_words_are_found_in_each_language() -> None:
    name = template_format.read(annual_template()).name
    assert [name.to(locale) for locale in ("sv", "nb", "en")] == [
        "Årligt medarbetarsamtal",
        "Årlig medarbeidersamtale",
        "Annual conversation",
    ]


async def test_only_a_form_administrator_adds_templates_each_version_once(
    database: Database, clock: SetClock
) -> None:
    here = Organisation(database, clock)
    await here.found()
    for actor in (TOMAS.actor, JONAS.actor):
        with pytest.raises(NotFound):
            await here.templates.add(actor, annual_template(version=2))
    for version in (1, 3):
        with pytest.raises(NoLongerPossible):
            await here.templates.add(HELENA.actor, annual_template(version=version))
    await here.templates.add(HELENA.actor, annual_template(version=2, completes="employee"))
    assert (await here.templates.get(*ANNUAL)).completes == "manager"
    assert (await here.templates.get(ANNUAL[0], 2)).completes == "employee"
    with pytest.raises(NotFound):
        await here.templates.get(ANNUAL[0], 3)


async def test_a_template_is_kept_as_it_was_understood_whatever_its_file_made_of_it(
    database: Database, clock: SetClock
) -> None:
    here = Organisation(database, clock)
    await here.found()
    for name in ("routine_with_plan", "short_follow_up", "salary"):
        told = sample(name)
        told.pop("available_to", None)
        # YAML has sets and bytes, and JSON has neither.
        told["follow_up_in"] = {"next_annual_conversation"}
        told["source_seed"] = b"003"
        await here.templates.add(HELENA.actor, told)
        assert await here.templates.get(told["id"], 1) == template_format.read(told)
