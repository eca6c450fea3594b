"""What is kept and what goes: for HR, who sees whose and when, and never a word of what is written."""

from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from server.erasing_person import KeptAbout, KeptConversation
from server.keeping import Overview
from server.pages import own_data_words
from server.pages.context import PersonVisit
from server.pages.failures import sentence_of
from server.pages.forms import read_form
from server.pages.rendering import View
from server.rules.errors import (
    ByAnother,
    HeldAlready,
    HeldBack,
    NotConfirmed,
    ReasonMissing,
    Refusal,
    TextTooLong,
    WorksHere,
)
from server.rules.keeping import Due, Kind, Rule
from server.rules.limits import RETENTION_PREVIEW_DAYS, RETENTION_PREVIEW_DAYS_MAX, RETENTION_SHOWN_MAX

HORIZONS = (RETENTION_PREVIEW_DAYS, 90, 365)
"""How many days ahead one may look."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that goes."""

    kind: str
    person: str
    address: str
    """Of the person's page; empty where it is of many."""
    when: str
    is_held: bool
    count: int


async def show(visit: PersonVisit) -> Response:
    """GET /retention, with ``days``."""
    days = _days(visit.request.query_params.get("days", ""))
    overview = await visit.features.keeping.overview(visit.actor, days)
    view = visit.view()
    lines = _lines(overview, view)
    kinds = own_data_words.kinds(view.catalogue)
    return visit.page(
        view,
        "retention/page.html",
        horizon=days,
        horizons=[(each, own_data_words.days(view.catalogue, each)) for each in sorted({*HORIZONS, days})],
        rules=_rules(overview, view),
        counts=_counts(overview, view),
        lines=lines[:RETENTION_SHOWN_MAX],
        more=max(0, len(lines) - RETENTION_SHOWN_MAX),
        holds=[(each, view.days.exactly(each.placed_at)) for each in overview.holds],
        receipts=[
            (each, kinds[each.kind], view.days.exactly(each.at), _why(each.rule, view))
            for each in overview.receipts
        ],
        more_receipts=max(0, overview.receipts_total - len(overview.receipts)),
    )


async def find(visit: PersonVisit) -> Response:
    """GET /retention/people, with ``name``: those who have left, too."""
    words = visit.request.query_params.get("name", "").replace("\0", "").strip()
    found = await visit.features.keeping.find(visit.actor, words)
    view = visit.view()
    return visit.page(view, "retention/people.html", words=words, found=view.by_name(found))


async def person(visit: PersonVisit) -> Response:
    """GET /retention/people/{person}: all that is kept about one, by kind and number."""
    return await _person(visit)


async def erase_person(visit: PersonVisit) -> Response:
    """POST /retention/people/{person}/erase with ``records`` and ``sure``."""
    id_ = _named(visit)
    form = await read_form(visit.request)
    try:
        # Who may not is told so before anything else.
        await visit.features.keeping.about(visit.actor, id_)
        _require_sure(form)
        await visit.features.keeping.erase_person(visit.actor, id_, records=bool(form.get("records")))
    except (NotConfirmed, HeldBack, WorksHere, ByAnother) as refusal:
        return await _person(visit, form, refusal, "erase")
    return RedirectResponse("/retention#receipts", 303)


async def hold_person(visit: PersonVisit) -> Response:
    """POST /retention/people/{person}/hold with ``reason``, and ``conversation`` where it is about one."""
    id_ = _named(visit)
    form = await read_form(visit.request)
    conversation, reason = form.get("conversation", ""), form.get("reason", "")
    try:
        await visit.features.keeping.hold(visit.actor, id_, conversation, reason)
    except (HeldAlready, ReasonMissing, TextTooLong, ByAnother) as refusal:
        return await _person(visit, form, refusal, "hold")
    return RedirectResponse(f"/retention/people/{quote(id_, safe='')}", 303)


async def lift(visit: PersonVisit) -> Response:
    """POST /retention/holds/{hold}/lift."""
    await visit.features.keeping.lift(visit.actor, visit.request.path_params["hold"])
    return RedirectResponse("/retention#holds", 303)


async def erase_conversation(visit: PersonVisit) -> Response:
    """POST /retention/people/{person}/conversations/{conversation}/erase with ``sure``."""
    id_ = visit.request.path_params["conversation"]
    form = await read_form(visit.request)
    try:
        kept = await visit.features.keeping.about(visit.actor, _named(visit))
        _require_sure(form)
        # Of nobody else than whose page it is.
        await visit.features.keeping.erase_conversation(
            visit.actor, next((each.id for each in kept.conversations if each.id == id_), "")
        )
    except (NotConfirmed, HeldBack, ByAnother) as refusal:
        return await _person(visit, form, refusal, id_)
    return RedirectResponse(f"/retention/people/{quote(_named(visit), safe='')}", 303)


async def _person(
    visit: PersonVisit, form: dict[str, str] | None = None, refusal: Refusal | None = None, where: str = ""
) -> Response:
    kept = await visit.features.keeping.about(visit.actor, _named(visit))
    view = visit.view()
    kinds = own_data_words.kinds(view.catalogue)
    return visit.page(
        view,
        "retention/person.html",
        refusal.status if refusal else 200,
        person=kept.person,
        left=view.days.day(kept.left_on) if kept.left_on else "",
        hold=kept.hold,
        conversations=[_conversation(each, kinds, view) for each in kept.conversations],
        counts=[(kinds[kind], number) for kind, number in kept.counts.items() if number],
        with_others=kept.with_others,
        closed=sum(each.kind in (Kind.SIGNED, Kind.COMPLETED) for each in kept.conversations),
        held=_is_partly_held(kept),
        typed=form or {},
        wrong=sentence_of(refusal, view) if refusal else "",
        where=where,
    )


def _require_sure(form: dict[str, str]) -> None:
    if not form.get("sure"):
        raise NotConfirmed


def _conversation(each: KeptConversation, kinds: dict[str, str], view: View) -> dict[str, object]:
    return {
        "id": each.id,
        "kind": kinds[each.kind] if each.until else view.catalogue.say("Conversation that goes on"),
        "made": view.days.weekday(view.days.of(each.created_at)),
        "until": view.days.day(each.until) if each.until else "",
        "hold": each.hold,
    }


def _is_partly_held(kept: KeptAbout) -> bool:
    return kept.hold is None and any(each.hold for each in kept.conversations)


def _lines(overview: Overview, view: View) -> list[Line]:
    kinds = own_data_words.kinds(view.catalogue)
    return [
        Line(
            _kind(each, kinds, view),
            overview.preview.names.get(each.person, ""),
            f"/retention/people/{quote(each.person, safe='')}" if each.person else "",
            view.days.day(each.on) if each.on > view.days.today else view.catalogue.say("now"),
            each.held,
            each.count,
        )
        for each in overview.preview.due
    ]


def _kind(each: Due, kinds: dict[str, str], view: View) -> str:
    if each.version is None:
        return kinds[each.kind]
    return view.catalogue.say(
        "%(kind)s, its earlier version %(number)s", kind=kinds[each.kind], number=each.version
    )


def _counts(overview: Overview, view: View) -> list[tuple[str, int, int]]:
    """Kind, how many go, and how many of its kind are held back."""
    kinds = own_data_words.kinds(view.catalogue)
    due = overview.preview.due
    return [
        (
            kinds[kind],
            sum(each.count for each in due if each.kind is kind and not each.held),
            sum(each.count for each in due if each.kind is kind and each.held),
        )
        for kind in Kind
        if any(each.kind is kind for each in due)
    ]


def _rules(overview: Overview, view: View) -> list[tuple[str, str]]:
    """What is kept for how long, as the guide of everybody's own data says it."""
    about = own_data_words.about(view.catalogue, overview.policy.retention)
    kinds = (own_data_words.CONVERSATION, "activities", "private-notes", "requests")
    shown = (*kinds, "letters", "stand-ins", "sessions", "person")
    return [(about[each].title, about[each].kept) for each in shown]


def _why(rule: Rule, view: View) -> str:
    say = view.catalogue.say
    return say("its time was over") if rule is Rule.TIME else say("on request")


def _named(visit: PersonVisit) -> str:
    id_: str = visit.request.path_params["person"]
    return id_


def _days(typed: str) -> int:
    if not typed.isdecimal() or len(typed) > len(str(RETENTION_PREVIEW_DAYS_MAX)):
        return RETENTION_PREVIEW_DAYS
    return min(int(typed), RETENTION_PREVIEW_DAYS_MAX)
