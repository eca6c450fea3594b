"""What the page for a new conversation says: of each form, of what is worth a look, of the days. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.dates import get_timezone_location

from crdt.content import Content, Row
from crdt.schema import ROW_ID
from server.conversations import Conversation
from server.pages import conversation_view
from server.pages.conversation_view import PaneSeen, Seen
from server.pages.dates import Days
from server.pages.names import whose
from server.pages.parts_view import Shown
from server.pages.rendering import View
from server.people import Person
from server.planning import Prospect
from server.rules import life
from server.rules.access import Pane
from server.rules.notice import Notice
from server.template.format import Template
from server.template.parts import PartKind

NORDIC = ("Europe/Stockholm", "Europe/Oslo", "Europe/Copenhagen", "Europe/Helsinki", "Atlantic/Reykjavik")


@dataclass(frozen=True, slots=True)
class FormSeen:
    """One form that can be chosen, in words."""

    id: str
    version: int
    name: str
    description: str
    facts: tuple[str, ...]
    """Its kind, how it is laid out, how many questions, who ends it how."""
    has_plan: bool


def forms(templates: Iterable[Template], employee: Person, view: View) -> tuple[FormSeen, ...]:
    """Every form that can be chosen, by name."""
    seen = [form(each, employee, view) for each in templates]
    return tuple(view.by_name(seen))


def form(template: Template, employee: Person, view: View) -> FormSeen:
    """One form."""
    return FormSeen(
        id=template.id,
        version=template.version,
        name=template.name.to(view.locale),
        description=template.description.to(view.locale) if template.description else "",
        facts=tuple(filter(None, _facts(template, employee, view))),
        has_plan=template.action_plan is not None,
    )


def _facts(template: Template, employee: Person, view: View) -> Iterator[str]:
    say = view.catalogue.say
    yield {
        "annual": say("Annual conversation"),
        "follow_up": say("Follow-up"),
        "salary": say("Pay conversation"),
    }[template.kind]
    questions = sum(bool(element.parts()) for element in template.elements)
    yield view.catalogue.say_number("%(num)s question", "%(num)s questions", questions)
    shares = any(life.must_be_shared(template, pane) for pane in life.OWN_PANES)
    yield _layout(template, shares, view)
    name = employee.first_name
    if template.mandatory_conversation:
        yield say("Everybody is to have it, so it cannot be declined")
    if not template.sign.enabled:
        yield (
            say("Nobody signs, %(name)s completes it", name=name)
            if template.completes == "employee"
            else say("Nobody signs, the responsible completes it")
        )
    elif len(template.sign.signers) > 1:
        yield say("Both sign")
    else:
        yield (
            say("%(name)s signs", name=name)
            if "employee" in template.sign.signers
            else say("The responsible signs")
        )


def _layout(template: Template, shares: bool, view: View) -> str:
    say = view.catalogue.say
    match template.layout:
        case "three_pane" if shares:
            return say("Each writes in a pane of their own and shares it, then both write a conclusion")
        case "three_pane":
            return say("A pane for each and one for both, which both read from the start")
        case _ if shares:
            return say("One page, where each shares what they have written")
        case _:
            return say("One page that both read from the start")


@dataclass(frozen=True, slots=True)
class Look:
    """Something to look at once more, and where it stands on the page."""

    notice: Notice
    place: str
    """The id of the field."""
    sentence: str


def looks(
    notices: Iterable[Notice], prospect: Prospect, form_seen: FormSeen | None, view: View
) -> tuple[Look, ...]:
    """Each notice in a sentence."""
    say = view.catalogue.say
    fewest, most = prospect.policy.notice_days
    name = prospect.employee.first_name
    sentences = {
        Notice.PAST: say("The time that you chose has passed."),
        Notice.SHORT: view.catalogue.say_number(
            "That is less than %(num)s day from today, so %(name)s has little time to prepare.",
            "That is less than %(num)s days from today, so %(name)s has little time to prepare.",
            fewest,
            name=name,
        ),
        Notice.LONG: view.catalogue.say_number(
            "That is more than %(num)s day from today: what is prepared now may be old by then.",
            "That is more than %(num)s days from today: what is prepared now may be old by then.",
            most,
        ),
        Notice.SAME_KIND: say(
            "%(name)s already has a conversation of this kind that is not finished.", name=name
        ),
    }
    return tuple(
        Look(each, "form" if each is Notice.SAME_KIND else "day", sentences[each]) for each in notices
    )


def window(prospect: Prospect, zone: str, view: View) -> str:
    """When a meeting is best, as the organisation has it (F83)."""
    fewest, most = prospect.policy.notice_days
    days = Days(view.catalogue, view.days.now, ZoneInfo(zone))
    return view.catalogue.say(
        "Best between %(first)s and %(last)s: then there is time to prepare.",
        first=days.weekday(days.today + timedelta(days=fewest)),
        last=days.weekday(days.today + timedelta(days=most)),
    )


@cache
def _zones(locale: Locale) -> tuple[tuple[str, str], ...]:
    """Where people can meet, by city: the Nordic capitals first, then the rest of Europe."""

    def city(zone: str) -> str:
        return get_timezone_location(zone, locale=locale, return_city=True)

    others = {
        city(zone): zone
        for zone in sorted(available_timezones())
        if zone.startswith("Europe/") and zone not in NORDIC
    }
    first = [(zone, city(zone)) for zone in NORDIC]
    known = {name for _, name in first}
    return (*first, *((zone, name) for name, zone in sorted(others.items()) if name not in known))


def zones(present: str, view: View) -> tuple[tuple[str, str], ...]:
    """Each zone with its city; with ``present``, wherever that is."""
    known = _zones(view.catalogue.calendar)
    if present in dict(known):
        return known
    city = get_timezone_location(present, locale=view.catalogue.calendar, return_city=True)
    return ((present, city), *known)


def seen_draft(draft: Conversation, viewer: Person, shown: Shown) -> Seen:
    """A conversation that is not there yet, for whoever looks at its questions. A table has one empty row."""
    return Seen(viewer, draft, {pane: _blank(draft.template, pane) for pane in Pane}, shown)


def _blank(template: Template, pane: Pane) -> Content:
    content: Content = {}
    for element in template.elements_in(pane):
        for part in element.parts():
            if part.kind is PartKind.TABLE:
                row: Row = {ROW_ID: "1"}
                content[part.name] = [row]
    return content


def panes(seen: Seen, view: View) -> Mapping[Pane, PaneSeen]:
    """Its panes, to be read alone, each with who will write and read there."""
    template = seen.conversation.template
    return {
        pane: replace(each, writable=False, status=_status(each, template, view))
        for pane, each in conversation_view.panes(seen, view).items()
    }


def _status(pane: PaneSeen, template: Template, view: View) -> str:
    say = view.catalogue.say
    if pane.owner is None:
        return say("Both write here")
    if not template.shares:
        return say("Both read this")
    return say("%(whose)s own until it is shared", whose=whose(pane.owner.first_name, view.locale))
