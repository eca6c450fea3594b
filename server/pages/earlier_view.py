"""What was agreed last time, as a block to read above the questions (F137, F151, F156)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from server.pages import record_view
from server.pages.activities_view import Goal
from server.pages.rendering import View
from server.record.content import RecordContent, RecordSection
from server.record.format import moment
from server.record.sheet import SheetQuestion
from server.rules.access import Pane
from server.template.format import Section, Template
from server.template.parts import PartKind, Source

BESIDE = ("annual", "follow_up")
"""Kinds that are shown beside others; what was said of pay stays in the salary conversation (F155)."""


@dataclass(frozen=True, slots=True)
class LastTime:
    """``questions``: joint answers; ``goals``: activities as they stand now. Either may be empty."""

    conversation: str
    title: str
    questions: tuple[SheetQuestion, ...]
    goals: tuple[Goal, ...]


def kinds(template: Template) -> tuple[str, ...]:
    """The kinds of conversations of which this one shows something; none for most templates."""
    if template.may_reference:
        return template.may_reference.kinds
    return BESIDE if any(section.prefill for section in template.sections) else ()


def blocks(
    template: Template, earlier: RecordContent | None, goals: Iterable[Goal], view: View
) -> dict[str, LastTime]:
    """Section id -> what stands in it. Where the template only refers, in its first section."""
    if earlier is None:
        return {}
    every = tuple(goals)
    made = {
        section.id: _block(earlier, what, () if _reviews(section) else every, view)
        for section, what in _wanted(template)
    }
    return {id_: block for id_, block in made.items() if block.questions or block.goals}


def _wanted(template: Template) -> Iterator[tuple[Section, tuple[str, ...]]]:
    """Each section that something stands in, and what."""
    for number, section in enumerate(template.sections):
        if section.prefill:
            yield section, section.prefill.what
        elif template.may_reference and number == 0:
            yield section, template.may_reference.what


def _reviews(section: Section) -> bool:
    """Whether a question of the section shows the activities anyway."""
    return any(element.source is Source.ACTIVITIES for element in section.elements)


def _block(earlier: RecordContent, what: tuple[str, ...], goals: tuple[Goal, ...], view: View) -> LastTime:
    day = view.days.day(view.days.of(moment(earlier.frozen_at)))
    return LastTime(
        conversation=earlier.conversation,
        title=view.catalogue.say("What you arrived at on %(day)s", day=day),
        questions=tuple(_joint(earlier, view)) if "joint" in what else (),
        goals=goals if "activities" in what else (),
    )


def _joint(content: RecordContent, view: View) -> Iterator[SheetQuestion]:
    """What both wrote together, without what is sensitive: that is read where it was written."""
    told = content.model_copy(update={"sections": [_told(section) for section in content.sections]})
    for section in record_view.sections(told, view):
        for question in section.questions:
            answers = tuple(answer for answer in question.answers if answer.pane == Pane.JOINT)
            if answers:
                yield replace(question, answers=answers)


def _told(section: RecordSection) -> RecordSection:
    elements = [
        element.model_copy(update={"parts": parts})
        for element in section.elements
        if not element.sensitive
        and (
            parts := [
                part
                for part in element.parts
                # Rows of tables have become activities, which say more: how it went.
                if not part.sensitive and part.kind != PartKind.TABLE and Pane.JOINT in part.answers
            ]
        )
    ]
    return section.model_copy(update={"elements": elements})
