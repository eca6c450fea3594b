"""Who wrote what: the change log of a conversation or an activity as a page, by day, the newest first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from starlette.responses import Response

from server.activities import Detail
from server.change_log import ActivityLog, ChangeLog, FieldWriting, Kind, Turn, Writing
from server.conversations import Conversation
from server.documents import COLOURS, colour_of, shown_in_activities
from server.pages import activities_view, activity_view
from server.pages.context import PersonVisit
from server.pages.heading import names, zone
from server.pages.names import whose
from server.pages.rendering import View
from server.people import Person
from server.rules.access import Pane, State
from server.rules.errors import NotFound

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

    label: str
    when: str
    """``14:02–14:10``"""
    address: str = ""
    """Where the answer is read; empty where it is not read by itself any more."""


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
        back=(_address(conversation), view.catalogue.say("Back to the conversation")),
        about=" · ".join((conversation.template.name.to(view.locale), names(conversation, view))),
        happened=days(log, visit.me, view),
        shares=conversation.facts.shares,
    )


async def show_activity(visit: PersonVisit) -> Response:
    """GET /people/{person}/activities/{activity}/changes."""
    asked = visit.request.path_params
    log = await visit.features.change_logs.read_activity(visit.actor, asked["activity"])
    if log.detail.employee.id != asked["person"]:
        raise NotFound
    view = visit.view()
    return visit.page(
        view,
        "changes/page.html",
        back=(
            activities_view.address_of(log.detail.activity),
            view.catalogue.say("Back to the activity"),
        ),
        about=activities_view.title(log.detail.activity, view),
        happened=_by_day([*_written_there(log, visit.me, view), *_said_there(log.detail, view)], view),
        shares=False,
    )


def days(log: ChangeLog, me: Person, view: View) -> list[Day]:
    """The log as ``me`` reads it."""
    turned = (_turned(turn, log.conversation, me, view) for turn in log.turns)
    return _by_day([*_written(log, me, view), *turned], view)


def _by_day(entries: list[Entry], view: View) -> list[Day]:
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
            lines=tuple(_lines(writings, conversation, view)),
        )


def _lines(writings: Iterable[Writing], conversation: Conversation, view: View) -> Iterator[Line]:
    is_open = conversation.state is State.OPEN
    for writing in writings:
        yield Line(
            label=writing.element.label.to(view.locale),
            when=_between(writing.first_at, writing.last_at, view),
            address=f"{_address(conversation)}#q-{writing.element.id}" if is_open else "",
        )


def _written_there(log: ActivityLog, me: Person, view: View) -> Iterator[Entry]:
    """One entry for each day and person."""
    detail = log.detail
    fields = {each.name: each for each in activity_view.fields(detail, view)}
    together: dict[tuple[date, str], list[FieldWriting]] = {}
    for writing in log.writings:
        together.setdefault((view.days.of(writing.last_at), writing.by.id), []).append(writing)
    for writings in together.values():
        by = writings[0].by
        lines = (
            Line(
                label=fields[each.field].label,
                when=_between(each.first_at, each.last_at, view),
                address=f"{activities_view.address_of(detail.activity)}#{fields[each.field].id}"
                if detail.may_write
                else "",
            )
            for each in writings
        )
        hand = shown_in_activities(by, detail.employee.id)["colour"]
        yield Entry(writings[0].last_at, _name(by, me, view), by, hand, lines=tuple(lines))


def _said_there(detail: Detail, view: View) -> Iterator[Entry]:
    """The turns of an activity's life; what was said stands below the activity."""
    for comment, said in zip(detail.comments, activity_view.trail(detail, view), strict=True):
        if not said.is_comment:
            when = view.days.clock(comment.at)
            yield Entry(
                comment.at, said.sentence, said.by, said.hand, when=when, icon=said.icon, reason=said.text
            )


def _address(conversation: Conversation) -> str:
    return f"/conversations/{conversation.id}"


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
