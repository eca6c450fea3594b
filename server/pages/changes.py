"""Who wrote what: the change log of a conversation as a page, by day, the newest first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from starlette.responses import Response

from server.change_log import ChangeLog, Kind, Turn, Writing
from server.conversations import Conversation
from server.documents import COLOURS, colour_of
from server.pages.context import PersonVisit
from server.pages.heading import zone
from server.pages.names import whose
from server.pages.rendering import View
from server.people import Person
from server.rules.access import Pane, State

ICONS = {
    Kind.CREATED: "sprout",
    Kind.HANDED_OVER: "users",
    Kind.SHARED: "send",
    Kind.OPENED: "eye",
    Kind.FROZEN: "lock",
    Kind.SIGNED: "pen-line",
    Kind.COMPLETED: "check",
    Kind.REOPENED: "rotate-ccw",
    Kind.DECLINED: "x",
    Kind.CANCELLED: "x",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One element in which somebody has written."""

    element: str
    label: str
    when: str
    """``14:02–14:10``"""


@dataclass(frozen=True, slots=True)
class Entry:
    """Either what one person wrote in one pane on one day (``lines``), or a turn in the conversation's life
    (``icon``)."""

    at: datetime
    """When it ended: by this it is in its place."""
    title: str
    person: Person | None
    hand: str
    """The colour of the person."""
    when: str = ""
    pane: str = ""
    """Its title; empty where the conversation has one pane only."""
    pane_hand: str = ""
    lines: tuple[Line, ...] = ()
    icon: str = ""
    reason: str = ""
    alternative: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """One day's entries, the newest first."""

    heading: str
    entries: tuple[Entry, ...]


async def show(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/changes."""
    log = await visit.features.change_logs.read(visit.actor, visit.request.path_params["id"])
    conversation = log.conversation
    view = visit.view(zone(conversation))
    return visit.page(
        view,
        "changes/page.html",
        id=conversation.id,
        name=conversation.template.name.to(view.locale),
        parties=(conversation.employee, conversation.responsible),
        happened=days(log, visit.me, view),
        leads_there=conversation.state is State.OPEN,
        shares=conversation.facts.shares,
    )


def days(log: ChangeLog, me: Person, view: View) -> list[Day]:
    """The log as ``me`` reads it."""
    entries = [*_written(log, me, view), *(_turned(turn, log.conversation, me, view) for turn in log.turns)]
    # Of what came at once, a turn stands above what was written before it. Sorting keeps the rest in order.
    entries.sort(key=lambda entry: (entry.at, bool(entry.icon)), reverse=True)
    return [
        Day(_heading(day, view), tuple(of_day))
        for day, of_day in groupby(entries, lambda entry: view.days.of(entry.at))
    ]


def _heading(day: date, view: View) -> str:
    near, written = view.days.near(day), view.days.weekday(day)
    return f"{near}, {written}" if near else written


def _written(log: ChangeLog, me: Person, view: View) -> Iterator[Entry]:
    """One entry for each day, person and pane."""
    together: dict[tuple[date, str, Pane], list[Writing]] = {}
    for writing in log.writings:
        key = view.days.of(writing.last_at), writing.by.id, writing.pane
        together.setdefault(key, []).append(writing)
    conversation = log.conversation
    has_several = len({pane for pane in Pane if any(conversation.template.elements_in(pane))}) > 1
    for (_, _, pane), writings in together.items():
        by = writings[0].by
        yield Entry(
            at=writings[0].last_at,
            title=_name(by, me, view),
            person=by,
            hand=colour_of(conversation, by.id),
            pane=_pane(conversation, pane, me, view) if has_several else "",
            pane_hand=COLOURS[pane],
            lines=tuple(_lines(writings, view)),
        )


def _lines(writings: Iterable[Writing], view: View) -> Iterator[Line]:
    for writing in writings:
        yield Line(
            element=writing.element.id,
            label=writing.element.label.to(view.locale),
            when=_between(writing.first_at, writing.last_at, view),
        )


def _between(first: datetime, last: datetime, view: View) -> str:
    """``14:02``, ``14:02–14:10``, or with the day on which it began when that was another one."""
    days = view.days
    if days.of(first) != days.of(last):
        return view.catalogue.say("%(time)s, begun %(when)s", time=days.clock(last), when=days.when(first))
    begun, ended = days.clock(first), days.clock(last)
    return begun if begun == ended else f"{begun}–{ended}"


def _turned(turn: Turn, conversation: Conversation, me: Person, view: View) -> Entry:
    return Entry(
        at=turn.at,
        title=_sentence(turn, conversation, me, view),
        person=turn.by,
        hand=colour_of(conversation, turn.by.id) if turn.by else COLOURS[turn.pane or Pane.JOINT],
        when=view.days.clock(turn.at),
        icon=ICONS[turn.kind],
        reason=turn.reason,
        alternative=turn.alternative,
    )


def _sentence(turn: Turn, conversation: Conversation, me: Person, view: View) -> str:
    say = view.catalogue.say
    name = turn.by.name if turn.by else ""
    match turn.kind:
        case Kind.CREATED:
            return say("%(name)s planned the conversation", name=name)
        case Kind.HANDED_OVER:
            to = turn.to.name if turn.to else ""
            if turn.to is not None and turn.by is not None and turn.to.id == turn.by.id:
                return say("%(name)s took the conversation over", name=name)
            return say("%(name)s handed the conversation over to %(other)s", name=name, other=to)
        case Kind.SHARED:
            return say("%(name)s shared the answers", name=name)
        case Kind.OPENED:
            owner = conversation.employee if turn.pane is Pane.EMPLOYEE else conversation.responsible
            return say("%(whose)s answers were opened", whose=whose(owner.name, view.locale))
        case Kind.FROZEN:
            return say("%(name)s asked to sign", name=name)
        case Kind.SIGNED:
            return say("%(name)s signed", name=name)
        case Kind.COMPLETED:
            if turn.by is None:
                return say("The conversation was completed")
            return say("%(name)s completed the conversation", name=name)
        case Kind.REOPENED:
            return say("%(name)s reopened the conversation", name=name)
        case Kind.DECLINED:
            return say("%(name)s declined the conversation", name=name)
        case Kind.CANCELLED:
            return say("%(name)s cancelled the conversation", name=name)


def _name(person: Person, me: Person, view: View) -> str:
    return view.catalogue.say("%(name)s (you)", name=person.name) if person.id == me.id else person.name


def _pane(conversation: Conversation, pane: Pane, me: Person, view: View) -> str:
    say = view.catalogue.say
    if pane is Pane.JOINT:
        return say("Joint conclusion")
    owner = conversation.employee if pane is Pane.EMPLOYEE else conversation.responsible
    if owner.id == me.id:
        return say("My pane")
    return say("%(whose)s pane", whose=whose(owner.first_name, view.locale))
