"""The text of one pane as a record would have it: to be read, and written in nowhere."""

from collections.abc import Iterator
from dataclasses import replace

from crdt.content import Content
from server.conversations import Conversation
from server.pages import record_view
from server.pages.rendering import View
from server.people import Person
from server.record.content import RecordContent
from server.record.format import Frozen, drawn
from server.record.sheet import SheetAnswer, SheetSection
from server.rules.access import Pane
from server.rules.limits import SALT_BYTES


def as_read(
    conversation: Conversation,
    pane: Pane,
    content: Content,
    view: View,
    *,
    responsible: Person | None = None,
    marked: str = "",
    answered: bool = False,
) -> Iterator[SheetSection]:
    """The questions that are asked in the pane, in their sections, with its answers alone.

    ``responsible``: whose the manager’s pane was, where that is somebody else than today. ``marked`` goes
    before every id, so that several panes can stand on one page. ``answered``: only what has an answer.
    """
    draft = as_record(conversation, pane, content, view, responsible)
    for section in record_view.sections(draft, view):
        questions = tuple(
            replace(question, answers=answers, id=f"{marked}{question.id}")
            for question in section.questions
            if (
                answers := tuple(
                    answer
                    for answer in question.answers
                    if answer.pane == pane and (not answered or _says_something(answer))
                )
            )
        )
        if questions:
            yield replace(section, questions=questions, id=f"{marked}{section.id}")


def _says_something(answer: SheetAnswer) -> bool:
    return not all(part.is_empty for part in answer.parts)


def as_record(
    conversation: Conversation, pane: Pane, content: Content, view: View, responsible: Person | None = None
) -> RecordContent:
    """What a record of this pane alone would say."""
    manager = responsible or conversation.responsible
    frozen = Frozen(
        conversation=conversation.id,
        version=conversation.version,
        template=conversation.template,
        employee=conversation.employee,
        responsible=manager,
        meeting=conversation.meeting,
        frozen_at=view.days.now,
        salt=bytes(SALT_BYTES),
        contents={pane: content},
        resolved={},
        names={each.id: each.name for each in (conversation.employee, manager, conversation.responsible)},
    )
    return drawn(frozen)
