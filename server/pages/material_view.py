"""What to prepare a conversation with, on paper: the questions, the empty plan, advice. Never an answer.

Made of the template alone, so there is nothing in it that anybody wrote in a conversation.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

from server import advice
from server.calendar import one_line
from server.documents import COLOURS
from server.letter_format import Appointment, Letter, Material
from server.mail import Enclosed
from server.pages.catalogues import Catalogue
from server.pages.dates import Days
from server.pages.record_view import WIDTHS
from server.pages.record_words import BRAND
from server.record.paper import PaperWords
from server.record.sheet import (
    Sheet,
    SheetAnswer,
    SheetGroup,
    SheetPart,
    SheetQuestion,
    SheetSection,
    SheetTable,
)
from server.rules.access import Pane
from server.rules.day import ZONE
from server.template.elements import Element
from server.template.format import Section, Template
from server.template.parts import Column, Part, PartKind
from server.template.words import Party, Words

EMPTY_ROWS = 3
"""Of a table, to write in by hand."""
EMPTY_LINES = 7

GetTemplate = Callable[[str, int], Awaitable[Template]]
Paper = Callable[[Sheet, PaperWords], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Preparing:
    """Which conversation is prepared, and by whom."""

    employee: str
    responsible: str
    when: str
    """``Thursday 26 November 2026 at 09:30``; empty where nothing is agreed on."""
    place: str
    party: Party | None
    """Whose advice is enclosed; None for a guest, who gets none."""


async def enclosed(
    letter: Letter, catalogue: Catalogue, get_template: GetTemplate, paper: Paper
) -> tuple[Enclosed, ...]:
    """What goes with a letter: one PDF, or nothing."""
    about = letter.about
    if not isinstance(about, Appointment) or about.material is None:
        return ()
    template = await get_template(about.material.template, about.material.version)
    days = Days(catalogue, letter.made_at, ZoneInfo(about.time_zone or ZONE))
    party: Party = "employee" if letter.to.id == about.employee.id else "manager"
    preparing = Preparing(
        employee=one_line(about.employee.name),
        responsible=one_line(about.responsible.name),
        when=days.exactly(about.meeting_at) if about.meeting_at else "",
        place=one_line(about.place),
        party=None if letter.is_to_guest else party,
    )
    made = sheet(template, about.material, preparing, catalogue)
    return (Enclosed(name(made, catalogue), await paper(made, words(made, catalogue))),)


def name(made: Sheet, catalogue: Catalogue) -> str:
    """What the file is called: ``To prepare, Annual conversation.pdf``."""
    plain = "".join(each if each.isalnum() or each in " -_" else " " for each in made.title)
    return f"{catalogue.say('To prepare')}, {' '.join(plain.split())}.pdf"


def sheet(template: Template, material: Material, preparing: Preparing, catalogue: Catalogue) -> Sheet:
    """The questions of a template, its plan, or both, as the material says, for whoever prepares."""
    say = catalogue.say
    locale = catalogue.locale
    numbers = iter(range(1, 10_000))
    chapters = [each for each in template.chapters if (material.plan if each.is_plan else material.routine)]
    facts = [
        (say("Employee"), preparing.employee),
        (say("Responsible"), preparing.responsible),
        (say("Time and place"), " · ".join(filter(None, (preparing.when, preparing.place)))),
    ]
    advised = [_advice(preparing.party, catalogue)] if material.routine and preparing.party else []
    return Sheet(
        locale=locale,
        title=template.name.to(locale),
        under=say("%(employee)s and %(manager)s", employee=preparing.employee, manager=preparing.responsible),
        state=say("To prepare with. Nobody's answers are in here."),
        facts=tuple((what, value) for what, value in facts if value),
        sections=(*advised, *(_section(each, numbers, preparing, catalogue) for each in chapters)),
        signatures=(),
        is_draft=False,
    )


def words(made: Sheet, catalogue: Catalogue) -> PaperWords:
    """What stands beside it on paper."""
    say = catalogue.say
    return PaperWords(
        brand=BRAND,
        draft="",
        unanswered=say("Not answered"),
        signatures=say("Signatures"),
        verifying="",
        footer=f"{made.title} · {made.under}",
        how=(),
        digests=(),
        written_out=say(
            "Characters that no font here has are written as their number and name in Unicode, in square "
            "brackets."
        ),
    )


def _advice(party: Party, catalogue: Catalogue) -> SheetSection:
    told = tuple(each.to(catalogue.locale) for each in advice.read().to(party))
    question = SheetQuestion("advice", "", catalogue.say("Advice for you"), "", told, ())
    return SheetSection("advice", catalogue.say("Before the conversation"), "", False, (question,))


def _section(
    section: Section, numbers: Iterator[int], preparing: Preparing, catalogue: Catalogue
) -> SheetSection:
    locale = catalogue.locale
    return SheetSection(
        id=section.id,
        title=section.title.to(locale),
        help=" ".join(_in(each, locale) for each in (section.help, section.note_rule) if each),
        is_plan=section.is_plan,
        questions=tuple(_question(each, section, numbers, preparing, catalogue) for each in section.elements),
    )


def _question(
    element: Element, section: Section, numbers: Iterator[int], preparing: Preparing, catalogue: Catalogue
) -> SheetQuestion:
    say, locale = catalogue.say, catalogue.locale
    parts = element.parts()
    table = next((part for part in parts if part.kind is PartKind.TABLE), None)
    is_numbered = element.type != "info" and (not section.is_plan or table is not None)
    help_ = [_in(element.help, locale)]
    if parts and not section.is_plan:
        help_.append(say("For: %(names)s.", names=", ".join(_who(element.lives_in, preparing, say))))
    if element.required_for:
        help_.append(say("Must be answered."))
    return SheetQuestion(
        id=element.id,
        number=str(next(numbers)) if is_numbered else "",
        label=element.label.to(locale),
        help=" ".join(filter(None, help_)),
        shown=tuple(shown for part in parts for shown in _shown(part, locale)),
        answers=() if table is None else (_empty(table, element.lives_in[0], preparing, catalogue),),
    )


def _who(panes: Sequence[Pane], preparing: Preparing, say: Callable[[str], str]) -> Iterator[str]:
    named = {Pane.EMPLOYEE: preparing.employee, Pane.MANAGER: preparing.responsible}
    return (named.get(pane) or say("Together").lower() for pane in panes)


def _shown(part: Part, locale: str) -> Iterator[str]:
    """What there is to choose among, or to talk about."""
    if part.options:
        yield from (option.label.to(locale) for option in part.options)
    elif part.scale is not None:
        for step in range(part.scale.min, part.scale.max + 1):
            meaning = _in(part.scale.labels.get(step), locale)
            yield f"{step}: {meaning}" if meaning else str(step)
    elif part.label is not None and part.choice is None:
        help_ = _in(part.help, locale)
        yield f"{part.label.to(locale)}: {help_}" if help_ else part.label.to(locale)


def _empty(part: Part, pane: Pane, preparing: Preparing, catalogue: Catalogue) -> SheetAnswer:
    """A table to fill in by hand."""
    locale = catalogue.locale
    # The two dates of a pair are neighbours, and stand under one heading.
    slots = [list(slot) for _, slot in groupby(part.columns, lambda column: column.name.partition(".")[0])]
    groups = tuple(
        SheetGroup(_in(found[0][0].group, locale), len(found))
        for _, each in groupby(slots, key=lambda slot: slot[0].group)
        for found in (list(each),)
    )
    line = {"type": "paragraph", "runs": []}
    space = SheetPart("", text=[line] * EMPTY_LINES)  # type: ignore[list-item]  # a paragraph as crdt.content has it
    cell = tuple(_cell(slot, space, locale) for slot in slots)
    table = SheetTable(
        groups=groups if any(group.label for group in groups) else (),
        headings=tuple((slot[0].pair or slot[0].label).to(locale) for slot in slots),
        widths=tuple(5 if len(slot) > 1 else WIDTHS.get(slot[0].kind, 3) for slot in slots),
        rows=(cell,) * EMPTY_ROWS,
    )
    who = ", ".join(_who([pane], preparing, catalogue.say))
    return SheetAnswer(pane.value, COLOURS[pane], who, (SheetPart("", table=table),))


def _cell(slot: Sequence[Column], space: SheetPart, locale: str) -> tuple[SheetPart, ...]:
    if len(slot) == 1:
        return (space,)
    return tuple(SheetPart(column.label.to(locale), text=space.text[:2]) for column in slot if space.text)


def _in(words_: Words | None, locale: str) -> str:
    return words_.to(locale) if words_ else ""
