"""Templates as somebody might write them, for tests: the samples, and any valid one."""

from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

FOLDER = Path(__file__).parents[2] / "server/demo"
SAMPLES = sorted(FOLDER.glob("template_*.yaml"))

WORDS = {"sv": "Ord", "nb": "Ord", "en": "Words"}


def sample(name: str) -> dict[str, Any]:
    """The body of ``template_{name}.yaml``."""
    told: dict[str, Any] = yaml.safe_load((FOLDER / f"template_{name}.yaml").read_text("utf-8"))["template"]
    return told


def body(*elements: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A template with one section."""
    return {
        "id": "a",
        "version": 1,
        "kind": "annual",
        "name": WORDS,
        "layout": "three_pane",
        "sections": [{"id": "s", "title": WORDS, "elements": list(elements)}],
    } | changes


def element(**keys: Any) -> dict[str, Any]:
    return {"id": "q", "type": "rich_text", "label": WORDS} | keys


def column(id_: str, type_: str = "text", **keys: Any) -> dict[str, Any]:
    return {"id": id_, "type": type_, "label": WORDS} | keys


def table(**keys: Any) -> dict[str, Any]:
    return element(type="table", columns=[column("c")]) | keys


def plan(**keys: Any) -> dict[str, Any]:
    """An action plan with one table, which creates work goals."""
    creates = {"kind": "follow_up_activity", "goal_type": "work_goal"}
    goals = {"id": "goals", "label": WORDS, "columns": [column("goal")], "creates": creates}
    return {"id": "plan", "title": WORDS, "tables": [goals]} | keys


_ids = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True).filter(
    lambda id_: id_ not in ("values", "id", "removed", "kinds", "not_needed", "plan")
)
_words = st.fixed_dictionaries(
    {language: st.text("abcåäö 🫐", min_size=1).filter(str.strip) for language in WORDS}
)
_sizes = st.integers(1, 4)


def _named(
    item: st.SearchStrategy[dict[str, Any]], min_size: int = 1
) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Items with ids that do not repeat."""
    made = st.tuples(_ids, _words, item).map(lambda told: {"id": told[0], "label": told[1]} | told[2])
    return st.lists(made, min_size=min_size, max_size=4, unique_by=lambda each: each["id"])


_options = _named(st.just({}))
_numbers: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {"min": 0}, {"max": 2.5}, {"min": -1, "max": 10, "integer": True}, {"unit": WORDS}]
)
_columns = _named(
    st.one_of(
        st.sampled_from(["person", "date", "date_pair", "checkbox", "text"]).map(
            lambda type_: {"type": type_}
        ),
        _options.map(lambda options: {"type": "single_choice", "options": options}),
        _numbers.map(lambda told: {"type": "number"} | told),
        st.just({"type": "text", "suggestions": "unit_goals", "required": True}),
    )
)
_tables = st.one_of(
    _columns.map(lambda columns: {"columns": columns}),
    st.tuples(_columns, _words).map(lambda told: {"column_groups": [{"title": told[1], "columns": told[0]}]}),
)
_kinds: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.sampled_from(
        ["rich_text", "text", "date", "date_pair", "checkbox", "person", "activity_review", "info"]
    ).map(lambda type_: {"type": type_}),
    st.just({"type": "read_only_list", "source": "unit_goals"}),
    st.just({"type": "scale", "scale": {"min": 0, "max": 4, "labels": {0: WORDS}}}),
    st.just({"type": "activity_table", "columns": ["description", "goal_type", "due_date"]}),
    _numbers.map(lambda told: {"type": "number"} | told),
    _named(st.sampled_from([{}, {"sensitive": True}])).map(
        lambda topics: {"type": "topic_text", "topics": topics}
    ),
    st.tuples(
        st.sampled_from(["single_choice", "multi_choice"]), _named(st.sampled_from([{}, {"free_text": True}]))
    ).map(lambda told: {"type": told[0], "options": told[1]}),
    _tables.map(lambda told: {"type": "table", "rows": {"min": 1}} | told),
)
_elements = _named(_kinds)
_plan_tables = st.tuples(_ids, _words, _tables).map(
    lambda told: [{"id": told[0], "label": told[1]} | told[2]]
)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Any valid template, more or less."""
    where: Any = st.sampled_from([{}, {"panes": ["employee", "joint"]}, {"filled_by": ["manager"]}])
    elements = [
        told if told["type"] in ("info", "read_only_list", "activity_review") else told | draw(where)
        for told in draw(_elements)
    ]
    made = body(*elements, layout=draw(st.sampled_from(["three_pane", "single", "single_notes_plus_plan"])))
    if draw(st.booleans()):
        made["action_plan"] = {"id": "plan", "title": WORDS, "tables": draw(_plan_tables)}
    if "action_plan" in made and draw(st.booleans()):
        made["development_kinds"] = {"sv": ["a", "b"], "nb": ["a", "b"], "en": ["a", "b"]}
    return made
