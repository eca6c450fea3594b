"""What does not fit together in a template: ids that repeat, rules that nothing can keep.

Looks at the mapping as it was written, before anything in it has been checked, so that these are reported
along with everything else.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from server.faults import Fault, mappings
from server.template.plan import KINDS, NOT_NEEDED

PLAN_HAS_GOAL = "plan_has_at_least_one_goal"
DEVELOPMENT_PLANNED = "development_plan_present_or_marked_not_needed"

GOALS_OF_RULES = {PLAN_HAS_GOAL: "work_goal", DEVELOPMENT_PLANNED: "development_goal"}
"""What a table of the plan must create, for the rule to ask anything."""


def misfits(body: Mapping[str, Any]) -> Iterator[Fault]:
    """Every fault of this sort."""
    yield from _repeated_ids(body)
    yield from _plan_rules(body)
    yield from _signing(body)


def _repeated_ids(body: Mapping[str, Any]) -> Iterator[Fault]:
    sections = mappings(body.get("sections"))
    elements = [
        (f"sections[{s}].elements[{e}]", element)
        for s, section in enumerate(sections)
        for e, element in enumerate(mappings(section.get("elements")))
    ]
    plan = _mapping(body.get("action_plan"))
    plan_id = ("action_plan.id", plan.get("id"))
    yield from _repeated((*_ids(sections, "sections"), plan_id))
    yield from _repeated((*((f"{path}.id", element.get("id")) for path, element in elements), plan_id))
    for path, element in elements:
        for key in ("options", "topics"):
            yield from _repeated(_ids(mappings(element.get(key)), f"{path}.{key}"))
        yield from _repeated_columns(element, path)
    added = [("", KINDS)] if "development_kinds" in body else []
    if DEVELOPMENT_PLANNED in _list(body.get("requires_before_complete")):
        added.append(("", NOT_NEEDED))
    tables = mappings(plan.get("tables"))
    headers = mappings(plan.get("header_fields"))
    yield from _repeated(
        (*added, *_ids(headers, "action_plan.header_fields"), *_ids(tables, "action_plan.tables"))
    )
    for number, table in enumerate(tables):
        yield from _repeated_columns(table, f"action_plan.tables[{number}]")
    for key in ("panes", "excluded_topics"):
        yield from _repeated(_ids(mappings(body.get(key)), key))


def _repeated_columns(table: Mapping[str, Any], path: str) -> Iterator[Fault]:
    columns = [
        (f"{path}.columns[{number}]", column) for number, column in enumerate(mappings(table.get("columns")))
    ]
    for g, group in enumerate(mappings(table.get("column_groups"))):
        columns += [
            (f"{path}.column_groups[{g}].columns[{c}]", column)
            for c, column in enumerate(mappings(group.get("columns")))
        ]
    yield from _repeated((f"{where}.id", column.get("id")) for where, column in columns)
    for where, column in columns:
        yield from _repeated(_ids(mappings(column.get("options")), f"{where}.options"))


def _plan_rules(body: Mapping[str, Any]) -> Iterator[Fault]:
    has_plan = body.get("action_plan") is not None
    tables = mappings(_mapping(body.get("action_plan")).get("tables"))
    created = {_text(_mapping(table.get("creates")).get("goal_type")) for table in tables}
    for number, rule in enumerate(_list(body.get("requires_before_complete"))):
        path, goal = f"requires_before_complete[{number}]", GOALS_OF_RULES.get(_text(rule))
        if goal is not None and not has_plan:
            yield Fault(path, "There is no action_plan, so this can never be fulfilled.")
        elif goal is not None and goal not in created:
            yield Fault(path, f"No table of the plan creates a {goal}, so this can never be fulfilled.")
    if has_plan:
        return
    if body.get("development_kinds") is not None:
        yield Fault("development_kinds", "There is no action_plan in which these could be chosen.")
    if _mapping(body.get("prepare")).get("send_action_plan_template"):
        yield Fault("prepare.send_action_plan_template", "There is no action_plan to send.")
    for number, section in enumerate(mappings(body.get("sections"))):
        if _text(section.get("carries_to")).startswith("plan_"):
            yield Fault(f"sections[{number}].carries_to", "There is no action_plan to carry anything to.")


def _signing(body: Mapping[str, Any]) -> Iterator[Fault]:
    sign, share = _mapping(body.get("sign")), _mapping(body.get("share"))
    shares = share.get("enabled") if share else body.get("layout") == "three_pane"
    if shares is False:
        for number, guard in enumerate(_list(sign.get("requires"))):
            if guard == "notes_delivered_to_employee":
                yield Fault(
                    f"sign.requires[{number}]",
                    "Notes are delivered by sharing them, and nothing is shared here: switch share on.",
                )
    signers, completer = _list(sign.get("signers")), body.get("completes")
    is_signed = sign.get("enabled") is True and bool(signers)
    if is_signed and completer in ("employee", "manager") and completer not in signers:
        yield Fault("completes", f"The {completer} does not sign, and signing is what completes it.")


def _repeated(ids: Iterable[tuple[str, object]]) -> Iterator[Fault]:
    seen: set[str] = set()
    for path, id_ in ids:
        if isinstance(id_, str):
            if id_ in seen:
                yield Fault(path, f"{id_} is already the id of another one here.")
            seen.add(id_)


def _ids(items: list[dict[str, Any]], path: str) -> Iterator[tuple[str, object]]:
    return ((f"{path}[{number}].id", item.get("id")) for number, item in enumerate(items))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
