"""The questions of a conversation as one person sees them, chapter by chapter, ready to be drawn.

Pure, as ``conversation_view``. Of a pane that the person may not read there is no content in here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from server.pages.conversation_view import PaneSeen, Seen
from server.pages.parts_view import PartSeen, parts
from server.pages.rendering import View
from server.rules.access import Pane
from server.template.elements import Element
from server.template.format import Section
from server.template.parts import Part, PartKind, Source


@dataclass(frozen=True, slots=True)
class Cell:
    """One question in one pane. ``label`` says whose it is, in the words that the layout asks for."""

    pane: PaneSeen
    question: str
    label: str
    parts: tuple[PartSeen, ...]

    @property
    def key(self) -> str:
        """Unique on the page."""
        return f"{self.pane.pane}-{self.question}"

    @property
    def is_pair(self) -> bool:
        """Whether it is two dates that belong together."""
        return len(self.parts) > 1 and all(part.kind == PartKind.DATE for part in self.parts)


class Form(StrEnum):
    """What a question consists of."""

    ANSWERS = "answers"
    INFO = "info"
    """Words alone."""
    FACT = "fact"
    """A name, found out by the server."""
    LIST = "list"
    REVIEW = "review"
    """What was agreed earlier, as it stands now."""


FORMS = {
    Source.UNIT_GOALS: Form.LIST,
    Source.ACTIVITIES: Form.REVIEW,
    Source.EMPLOYEE: Form.FACT,
    Source.RESPONSIBLE: Form.FACT,
    Source.UNIT: Form.FACT,
}


@dataclass(frozen=True, slots=True)
class Question:
    """One card. ``number`` is None where nothing is asked; ``must`` says when an answer is required."""

    id: str
    number: int | None
    form: Form
    label: str
    help: str
    must: str
    cells: tuple[Cell, ...]
    shown: tuple[str, ...]
    has_goals_beside: bool

    @property
    def has_table(self) -> bool:
        """Whether it needs all the room there is."""
        return any(part.kind == PartKind.TABLE for cell in self.cells for part in cell.parts)

    @property
    def hands(self) -> str:
        """Classes that say in which tabs of the phone the card has something."""
        return " ".join(f"has-{cell.pane.hand}" for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Chapter:
    """Questions under one heading. ``head``: what stands above the tables of a plan, as on a form."""

    id: str
    title: str
    help: str
    note: str
    carries: str
    is_plan: bool
    head: tuple[Question, ...]
    questions: tuple[Question, ...]

    @property
    def hands(self) -> str:
        """As for a question: where any of them has something."""
        every = (hand for question in (*self.head, *self.questions) for hand in question.hands.split())
        return " ".join(dict.fromkeys(every))


def chapters(seen: Seen, view: View, panes_seen: Mapping[Pane, PaneSeen]) -> tuple[Chapter, ...]:
    """Every question in order, numbered through."""
    numbers = iter(range(1, 1_000))
    return tuple(
        _chapter(seen, view, panes_seen, each, numbers) for each in seen.conversation.template.chapters
    )


def demands(seen: Seen, view: View) -> str:
    """What a star means in this conversation; empty where nothing has one."""
    say = view.catalogue.say
    steps_there = {step for element in seen.conversation.template.elements for step in element.required_for}
    sentences = {
        "share": say("A star marks what must be filled in before you share."),
        "sign": say("A star marks what must be filled in before you sign."),
        "complete": say("A star marks what must be filled in before the conversation is completed."),
    }
    if len(steps_there) > 1:
        return say("A star marks what must be filled in.")
    return next((sentences[step] for step in steps_there), "")


def _who(view: View, seen: Seen, pane: PaneSeen) -> str:
    """Who fills in a question that stands alone."""
    say = view.catalogue.say
    if pane.owner is None:
        if seen.mine is not None:
            return say("You fill this in together")
        first, second = (party.first_name for party in seen.parties)
        return say("%(first)s and %(second)s fill this in together", first=first, second=second)
    return (
        say("You fill this in") if pane.is_mine else say("%(name)s fills this in", name=pane.owner.first_name)
    )


def _chapter(
    seen: Seen, view: View, panes_seen: Mapping[Pane, PaneSeen], section: Section, numbers: Iterator[int]
) -> Chapter:
    head = tuple(_head(section)) if section.is_plan else ()
    return Chapter(
        id=section.id,
        title=section.title.to(view.locale),
        help=section.help.to(view.locale) if section.help else "",
        note=section.note_rule.to(view.locale) if section.note_rule else "",
        carries=_carries(view, section),
        is_plan=section.is_plan,
        head=tuple(_question(seen, view, panes_seen, element, None) for element in head),
        questions=tuple(
            _question(seen, view, panes_seen, element, None if _is_info(element) else next(numbers))
            for element in section.elements
            if element not in head
        ),
    )


def _is_info(element: Element) -> bool:
    return element.source is None and not element.parts()


def _head(section: Section) -> Iterator[Element]:
    """What stands before the first table of a plan: its date, and for whom it is."""
    for element in section.elements:
        if any(part.kind is PartKind.TABLE for part in element.parts()):
            return
        yield element


def _carries(view: View, section: Section) -> str:
    say = view.catalogue.say
    match section.carries_to:
        case "notes":
            return say("What you write here stays in the notes of the conversation.")
        case "plan_goals":
            return say("What you arrive at here goes into the action plan, as goals.")
        case "plan_development":
            return say("What you arrive at here goes into the action plan, as development.")
        case "plan_challenge":
            return say("What you arrive at here goes into the action plan, as this year's challenge.")
        case None:
            return ""


def _question(
    seen: Seen, view: View, panes_seen: Mapping[Pane, PaneSeen], element: Element, number: int | None
) -> Question:
    every = element.parts()
    label = element.label.to(view.locale)
    source = element.source
    cells = tuple(
        Cell(
            panes_seen[pane],
            element.id,
            _who(view, seen, panes_seen[pane]) if seen.is_single else panes_seen[pane].label,
            parts(
                every,
                label,
                pane,
                seen.contents.get(pane),
                is_required=bool(element.required_for),
                people=seen.parties,
                shown=seen.shown,
                locale=view.locale,
            ),
        )
        for pane in Pane
        if every and pane in element.lives_in and pane in panes_seen
    )
    return Question(
        id=element.id,
        number=number,
        form=Form.ANSWERS if every else FORMS[source] if source else Form.INFO,
        label=label,
        help=element.help.to(view.locale) if element.help else "",
        must=_must(element, view),
        cells=cells,
        shown=seen.shown.get(source, ()) if source else (),
        has_goals_beside=_wants_goals(seen, every),
    )


def _must(element: Element, view: View) -> str:
    """What the star says in words."""
    say = view.catalogue.say
    if "share" in element.required_for:
        return say("mandatory before you share")
    if "sign" in element.required_for:
        return say("mandatory before you sign")
    return say("mandatory before the conversation is completed") if element.required_for else ""


def _wants_goals(seen: Seen, every: tuple[Part, ...]) -> bool:
    """Whether the unit's goals stand beside a table (F78): not where the template shows them elsewhere."""
    is_table = any(part.kind is PartKind.TABLE for part in every)
    is_shown = any(
        element.source is Source.UNIT_GOALS
        or any(column.suggestions for part in element.parts() for column in part.columns)
        for element in seen.conversation.template.elements
    )
    return is_table and not is_shown
