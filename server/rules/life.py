"""What must hold before a conversation is frozen: the guards of signing and completing (design, section 2).

Pure. ``missing`` finds everything at once, in reading order, each with the place in the page that it is
about, so that the page can say it in a sentence and lead there.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from crdt.content import Content, TextContent, plain_text
from server.rules.access import Pane
from server.template.elements import Element
from server.template.format import Template
from server.template.parts import GOAL_TYPES, Part, PartKind
from server.template.plan import NOT_NEEDED
from server.template.words import Step

WORK_GOAL, DEVELOPMENT_GOAL = GOAL_TYPES

TEXTS = (PartKind.RICH_TEXT, PartKind.TEXT)

OWN_PANES = (Pane.EMPLOYEE, Pane.MANAGER)
"""The panes that somebody owns, and shares."""


class Lack(StrEnum):
    """Which guard says no."""

    NOT_SHARED = "not_shared"
    """The owner of the pane has not shared it."""
    ELEMENT = "element"
    """A required element is not filled in that pane."""
    TOO_LONG = "too_long"
    """A text has more characters than its ``Part.max_length``."""
    PLAN_GOAL = "plan_goal"
    """The plan has no goal (F106)."""
    DEVELOPMENT = "development"
    """The plan has no development, and nobody has marked that none is needed (F107, F108)."""
    UNREAD = "unread"
    """Something is missing in a pane that has been shared, and that the actor has not opened yet: what it
    is, is not to be told before."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing, and where."""

    kind: Lack
    pane: Pane
    element: str | None = None
    """The element's id; None for what concerns the whole pane."""
    part: str | None = None
    """The document field that wants attention first; None for the whole element."""


def missing(
    template: Template,
    contents: Mapping[Pane, Content],
    unshared: Collection[Pane] = (),
    unread: Collection[Pane] = (),
) -> tuple[Missing, ...]:
    """Find everything that keeps a conversation from being signed or completed.

    ``contents`` has the panes to look into: not one that its owner has not shared with whoever asks, which
    is among ``unshared`` and says nothing more. Of what is found in one of ``unread`` nothing is told but
    that there is something.
    """
    found = [Missing(Lack.NOT_SHARED, pane) for pane in OWN_PANES if pane in unshared]
    for section in template.chapters:
        for element in section.elements:
            found += _of_element(template, element, contents)
    found += _of_plan(template, contents)
    told: dict[Missing, None] = {}
    for each in found:
        hidden = each.pane in unread and each.kind is not Lack.NOT_SHARED
        told[Missing(Lack.UNREAD, each.pane) if hidden else each] = None
    return tuple(told)


def must_be_shared(template: Template, pane: Pane) -> bool:
    """Whether the pane's owner has something to share in it: a pane without elements counts as shared."""
    return template.shares and pane in OWN_PANES and any(template.elements_in(pane))


def characters(template: Template, contents: Mapping[Pane, Content]) -> int:
    """How many characters have been written in all panes together, tables included."""
    texts: list[TextContent] = []
    for pane, content in contents.items():
        for element in template.elements_in(pane):
            for part in element.parts():
                if part.kind in TEXTS:
                    texts.append(cast(TextContent, content.get(part.name) or []))
                elif part.kind is PartKind.TABLE:
                    names = [column.name for column in part.columns if column.kind in TEXTS]
                    for row in part.rows(content):
                        texts += [cast(TextContent, row.get(name) or []) for name in names]
    return sum(len(plain_text(text)) for text in texts)


def settled_in(element: Element) -> tuple[Pane, ...]:
    """Where what an element asks is settled: in the joint pane if it has one, else in all its panes."""
    return (Pane.JOINT,) if Pane.JOINT in element.lives_in else element.lives_in


def _of_element(template: Template, element: Element, contents: Mapping[Pane, Content]) -> Iterator[Missing]:
    demanded = {pane for step in _steps(template) for pane in element.demanded_in(step)}
    for pane in element.lives_in:
        if pane not in contents:
            continue
        content = contents[pane]
        if pane in demanded and not element.is_filled(content):
            parts = (part.name for part in element.parts() if part.choice is None)
            yield Missing(Lack.ELEMENT, pane, element.id, next(parts, None))
        for part in element.parts():
            if part.is_too_long(content):
                yield Missing(Lack.TOO_LONG, pane, element.id, part.name)


def _steps(template: Template) -> tuple[Step, ...]:
    """The steps that are ahead: what is signed is thereby completed as well."""
    return ("sign", "complete") if template.sign.enabled else ("complete",)


def _of_plan(template: Template, contents: Mapping[Pane, Content]) -> Iterator[Missing]:
    """The rules on the plan as a whole (F106-F108): what is missing is missing in the first table for it."""
    rules = template.requires_before_complete
    if "plan_has_at_least_one_goal" in rules:
        yield from _of_goal(template, contents, WORK_GOAL, Lack.PLAN_GOAL)
    if "development_plan_present_or_marked_not_needed" in rules and not _is_waived(template, contents):
        yield from _of_goal(template, contents, DEVELOPMENT_GOAL, Lack.DEVELOPMENT)


def _of_goal(
    template: Template, contents: Mapping[Pane, Content], goal: str, lack: Lack
) -> Iterator[Missing]:
    tables = [
        (pane, element, part)
        for element in template.elements
        for part in element.parts()
        if part.creates is not None and (part.creates.goal or goal) == goal
        for pane in settled_in(element)
    ]
    if tables and not any(_has_goal(part, contents.get(pane, {}), goal) for pane, _, part in tables):
        pane, element, part = tables[0]
        yield Missing(lack, pane, element.id, part.name)


def _has_goal(part: Part, content: Content, goal: str) -> bool:
    creates = part.creates
    return creates is not None and any(
        creates.makes_activity(row) and creates.goal_type(row) == goal for row in part.rows(content)
    )


def _is_waived(template: Template, contents: Mapping[Pane, Content]) -> bool:
    plan = template.action_plan
    return plan is not None and contents.get(Pane.JOINT, {}).get(f"{plan.id}.{NOT_NEEDED}") is True
