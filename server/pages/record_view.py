"""A record as its reader sees it: the canonical content, worded in one language.

Pure. Everything comes from the content and the statements alone, never from the database, so that a record
reads the same whatever has become of the template and of the people since.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby, takewhile
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from server.documents import COLOURS
from server.pages.catalogues import LOCALES
from server.pages.rendering import View
from server.record.content import (
    Party,
    RecordColumn,
    RecordContent,
    RecordElement,
    RecordOption,
    RecordPart,
    RecordScale,
    RecordSection,
    Words,
    panes_of,
)
from server.record.format import Statement, moment
from server.record.sheet import (
    Sheet,
    SheetAnswer,
    SheetGroup,
    SheetPart,
    SheetQuestion,
    SheetSection,
    SheetSignature,
    SheetTable,
)
from server.rules.access import Pane
from server.template.parts import PartKind

WIDTHS = {PartKind.TEXT: 5, PartKind.NUMBER: 2, PartKind.CHECKBOX: 2}
"""Of a column, in parts of the whole; 3 for what takes a word or two: a choice, a
person, a day; 5 for two days with what they are for."""


def sections(content: RecordContent, view: View) -> tuple[SheetSection, ...]:
    """Everything that was asked and answered, in the order of reading."""
    numbers = iter(range(1, 10_000))
    return tuple(_section(each, content, view, numbers) for each in content.sections)


def sheet(
    content: RecordContent,
    statements: Sequence[Statement],
    view: View,
    *,
    closed_at: datetime | None = None,
    is_draft: bool = False,
) -> Sheet:
    """The whole record in the reader's language."""
    say = view.catalogue.say
    employee, responsible = content.employee.name, content.responsible.name
    return Sheet(
        locale=view.locale,
        title=_in(content.template.name, view),
        under=say("%(employee)s and %(manager)s", employee=employee, manager=responsible),
        state=_state(content, statements, view, closed_at, is_draft),
        facts=tuple(_facts(content, view, closed_at, is_draft)),
        sections=sections(content, view),
        signatures=tuple(signature(each, view) for each in statements),
        is_draft=is_draft,
    )


def when(moment_: datetime, view: View) -> str:
    """``26 November 2026 at 09:30``: with its year, for it is read in other years."""
    day = _day(view.days.of(moment_), view)
    return view.catalogue.say("%(day)s at %(time)s", day=day, time=view.days.clock(moment_))


def party(which: Party, view: View) -> str:
    """What somebody is in the conversation."""
    return view.catalogue.say("Employee") if which == "employee" else view.catalogue.say("Responsible")


def _state(
    content: RecordContent,
    statements: Sequence[Statement],
    view: View,
    closed_at: datetime | None,
    is_draft: bool,
) -> str:
    say = view.catalogue.say
    if is_draft:
        return say("Draft. Not finished, not signed: what is written here can still change.")
    if closed_at is None:
        return say("Frozen and waiting to be signed.")
    if not statements:
        return say("Completed. This template is not signed.")
    names = [each.name for each in statements]
    if len(names) == 1:
        return say("Signed by %(name)s.", name=names[0])
    return say("Signed by %(names)s and %(name)s.", names=", ".join(names[:-1]), name=names[-1])


def _facts(
    content: RecordContent, view: View, closed_at: datetime | None, is_draft: bool
) -> Iterator[tuple[str, str]]:
    say = view.catalogue.say
    for person in content.parties():
        title = _in(person.title, view)
        yield party(person.party, view), f"{person.name}, {title}" if title else person.name
    if content.meeting:
        at = when(moment(content.meeting.at), view)
        yield say("Time and place"), " · ".join(filter(None, (at, content.meeting.place)))
    template = content.template
    yield (
        say("Template"),
        say("%(name)s, version %(version)s", name=_in(template.name, view), version=template.version),
    )
    if content.version > 1:
        yield say("Version of the record"), str(content.version)
    yield (say("Draft of") if is_draft else say("Frozen")), when(moment(content.frozen_at), view)
    if closed_at:
        yield say("Closed"), when(closed_at, view)


def signature(statement: Statement, view: View) -> SheetSignature:
    """One signature, as its statement says it."""
    say = view.catalogue.say
    language = LOCALES.get(statement.language, statement.language)
    # Only English writes the name of a language with a capital letter.
    language = language if view.locale == "en" else language.lower()
    return SheetSignature(
        name=statement.name,
        party=party(statement.party, view),
        words=statement.words,
        language=statement.language,
        comment=statement.comment,
        details=say(
            "%(when)s, confirmed with a password; read in %(language)s.",
            when=when(moment(statement.at), view),
            language=language,
        ),
    )


def _section(
    section: RecordSection, content: RecordContent, view: View, numbers: Iterator[int]
) -> SheetSection:
    return SheetSection(
        id=section.id,
        title=_in(section.title, view),
        help=" ".join(filter(None, (_in(section.help, view), _in(section.note, view)))),
        is_plan=section.is_plan,
        questions=tuple(
            SheetQuestion(
                id=element.id,
                number=str(next(numbers)) if _is_numbered(element, section) else "",
                label=_in(element.label, view),
                help=_in(element.help, view),
                shown=tuple(each if isinstance(each, str) else _in(each, view) for each in element.shown),
                answers=tuple(_answer(element, pane, content, view) for pane in panes_of(element, content))
                if element.parts
                else (),
            )
            for element in section.elements
        ),
    )


def _is_numbered(element: RecordElement, section: RecordSection) -> bool:
    """As on the conversation's page: neither words alone nor what stands above the tables of a plan."""
    if not section.is_plan:
        return element.type != "info"
    head = takewhile(lambda each: all(part.kind != PartKind.TABLE for part in each.parts), section.elements)
    return element not in head


def _answer(element: RecordElement, pane: Pane, content: RecordContent, view: View) -> SheetAnswer:
    who = {
        Pane.EMPLOYEE: content.employee.name,
        Pane.MANAGER: content.responsible.name,
        Pane.JOINT: view.catalogue.say("Together"),
    }[pane]
    beside = {
        option.free_text: _in(option.label, view)
        for part in element.parts
        for option in part.options
        if option.free_text
    }
    return SheetAnswer(
        pane=pane.value,
        hand=COLOURS[pane],
        who=who,
        parts=tuple(
            _part(
                part,
                part.answers.get(pane),
                _in(part.label, view) or beside.get(part.name, ""),
                content,
                view,
            )
            for part in element.parts
            # A text beside an option is there for those who wrote one.
            if part.choice is None or pane in part.answers
        ),
    )


def _part(part: RecordPart, answer: Any, label: str, content: RecordContent, view: View) -> SheetPart:
    grounds = part.grounds.get(view.locale) or next(filter(None, part.grounds.values()), [])
    asked = SheetPart(label, help=_in(part.help, view), grounds=tuple(grounds))
    if answer is None:
        return asked
    if part.kind == PartKind.TABLE:
        return replace(asked, table=_table(part.columns, answer, content, view))
    if part.kind in (PartKind.RICH_TEXT, PartKind.TEXT):
        return replace(asked, text=answer)
    told = _told(part.kind, answer, part.options, part.scale, part.unit, content, view)
    return replace(asked, lines=tuple(told))


def _told(
    kind: str,
    answer: Any,
    options: Sequence[RecordOption],
    scale: RecordScale | None,
    unit: Words | None,
    content: RecordContent,
    view: View,
) -> Iterator[str]:
    """What was chosen, in words."""
    say = view.catalogue.say
    labels = {option.id: _in(option.label, view) for option in options}
    match kind:
        case PartKind.MULTI_CHOICE:
            yield from (labels.get(each, each) for each in answer)
        case PartKind.SINGLE_CHOICE:
            yield labels.get(answer, answer)
        case PartKind.SCALE if scale is not None:
            step = say(
                "%(step)s on a scale from %(lowest)s to %(highest)s",
                step=answer,
                lowest=scale.min,
                highest=scale.max,
            )
            meaning = _in(scale.labels.get(str(answer)), view)
            yield f"{step}: {meaning}" if meaning else step
        case PartKind.DATE:
            yield _day(date.fromisoformat(answer), view)
        case PartKind.CHECKBOX:
            yield say("Ticked")
        case PartKind.PERSON:
            yield content.name_of(answer)
        case _:
            number = format_decimal(answer, locale=view.catalogue.calendar, decimal_quantization=False)
            yield f"{number} {_in(unit, view)}".rstrip()


def _table(columns: Sequence[RecordColumn], rows: Any, content: RecordContent, view: View) -> SheetTable:
    # The two dates of a pair are neighbours, and stand under one heading.
    slots = [
        list(together) for _, together in groupby(columns, key=lambda column: column.name.partition(".")[0])
    ]
    groups = tuple(
        SheetGroup(_in(found[0][0].group, view), len(found))
        for _, each in groupby(slots, key=lambda slot: slot[0].group)
        for found in (list(each),)
    )
    return SheetTable(
        groups=groups if any(group.label for group in groups) else (),
        headings=tuple(_in(slot[0].pair or slot[0].label, view) for slot in slots),
        widths=tuple(5 if len(slot) > 1 else WIDTHS.get(PartKind(slot[0].kind), 3) for slot in slots),
        rows=tuple(tuple(_cell(slot, row, content, view) for slot in slots) for row in rows),
    )


def _cell(
    slot: Sequence[RecordColumn], row: dict[str, Any], content: RecordContent, view: View
) -> tuple[SheetPart, ...]:
    return tuple(_in_cell(column, row[column.name], content, view) for column in slot if column.name in row)


def _in_cell(column: RecordColumn, answer: Any, content: RecordContent, view: View) -> SheetPart:
    label = _in(column.label, view) if column.pair else ""
    if column.kind == PartKind.TEXT:
        return SheetPart(label, text=answer)
    told = _told(column.kind, answer, column.options, None, column.unit, content, view)
    return SheetPart(label, lines=tuple(told))


def _day(day: date, view: View) -> str:
    return format_date(day, "long", locale=view.catalogue.calendar)


def _in(words: Words | None, view: View) -> str:
    """The words in the reader's language; in another, should the record not have them in that one."""
    if not words:
        return ""
    return words.get(view.locale) or next(iter(_some(words.values())), "")


def _some(texts: Iterable[str]) -> Iterator[str]:
    return (text for text in texts if text)
