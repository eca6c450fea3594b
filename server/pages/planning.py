"""A new conversation (F43-F51): by which form, who takes part, when and where, and who is told how.

Whatever is pressed is one form's POST, so that it works without script and nothing typed is lost. What is
worth a look before it is made, short notice or the questions themselves where the form asks for it, is shown
once; pressed again, the conversation is made (F83).
"""

from dataclasses import dataclass, replace
from zoneinfo import available_timezones

from starlette.responses import RedirectResponse, Response

from server.pages import chapters_view, planning_form, planning_view
from server.pages.context import PersonVisit
from server.pages.failures import sentence_of
from server.pages.forms import read_form
from server.pages.planning_form import Typed
from server.pages.shown import hints, shown_sources
from server.people import Person
from server.planning import Place, Plan, Prospect
from server.rules.errors import AlreadyAnswered, NameNotChosen, NotFound, Refusal
from server.rules.limits import MEETING_MINUTES, NAME_CHARACTERS_MAX, PLACE_CHARACTERS_MAX, SEARCH_RESULTS_MAX
from server.rules.notice import Notice
from server.template.format import Template
from server.template.parts import Source

QUESTIONS = "questions"
"""In ``Typed.seen``, with the form: that its questions have been looked at."""

TURNED = 200
CONFLICT = 409


@dataclass(frozen=True, slots=True)
class Sought:
    """Who was found for a typed name."""

    words: str
    people: tuple[Person, ...] = ()
    there_are_more: bool = False
    chosen: Person | None = None
    """Whoever was found alone, and is chosen for it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows beside what was typed."""

    faults: dict[Place, Refusal]
    notices: tuple[Notice, ...] = ()
    responsible: Sought = Sought("")
    guest: Sought = Sought("")


NOTHING = Shown({})


async def show(visit: PersonVisit) -> Response:
    """GET /people/{person}/conversations/new. ``request``: what the employee asked, to be answered so."""
    request = visit.request.query_params.get("request", "").replace("\0", "")
    prospect = await _prospect(visit, request or None)
    typed = planning_form.begun(prospect)
    if typed.template:
        return await _form(visit, prospect, typed)
    return _choice(visit, prospect, typed)


async def make(visit: PersonVisit) -> Response:
    """POST /people/{person}/conversations/new with the fields of ``Typed``.

    ``look`` or ``choose`` has the id of a form; else ``step`` says what was pressed: ``create``, ``find``,
    ``forms`` (choose another) or ``edit`` (back to what was typed).
    """
    form = await read_form(visit.request)
    typed = planning_form.read(form)
    prospect = await _prospect(visit, typed.request or None)
    typed = replace(typed, request=prospect.asked.id if prospect.asked else "")
    if typed.zone not in available_timezones():
        typed = replace(typed, zone=prospect.time_zone)
    if look := form.get("look"):
        return await _questions(visit, prospect, typed, look)
    if choose := form.get("choose"):
        return await _form(visit, prospect, _chosen(prospect, typed, choose))
    match form.get("step"):
        case "forms":
            return _choice(visit, prospect, typed)
        case "edit" if typed.template:
            return await _form(visit, prospect, typed)
        case "edit":
            return _choice(visit, prospect, typed)
        case "find":
            typed, shown = await _found(visit, prospect, typed)
            return await _form(visit, prospect, typed, shown)
        case _:
            return await _create(visit, prospect, typed)


async def _create(visit: PersonVisit, prospect: Prospect, typed: Typed) -> Response:
    employee = prospect.employee.id
    sought = (typed.responsible_sought, typed.guest_sought)
    typed, shown = await _found(visit, prospect, typed)
    # A name that nobody was chosen for yet: whoever typed it sees first whom it finds.
    for place, name, before in (
        (Place.RESPONSIBLE, typed.responsible_name, sought[0]),
        (Place.GUESTS, typed.guest_name, sought[1]),
    ):
        if name and name != before:
            shown.faults[place] = NameNotChosen()
    is_news = shown.responsible.chosen is not None or shown.guest.chosen is not None
    meeting = None
    try:
        meeting = planning_form.meeting_of(typed)
    except Refusal as refusal:
        shown.faults[Place.MEETING] = refusal
    plan = planning_form.plan_of(typed, employee, meeting)
    found = await visit.features.planning.faults(visit.actor, plan)
    # A calendar invitation wants a time: not to be said of one that was typed wrongly.
    is_said = Place.MEETING in shown.faults
    faults = {place: each for place, each in found.items() if not (is_said and place is Place.CALENDAR)}
    faults |= shown.faults
    if Place.TEMPLATE in faults:
        return _choice(visit, prospect, typed, sentence_of(faults[Place.TEMPLATE], visit.view()))
    if faults or is_news:
        return await _form(visit, prospect, typed, replace(shown, faults=faults))
    if shown_first := await _looked_at(visit, prospect, typed, plan):
        return shown_first
    try:
        return await _made(visit, plan)
    except AlreadyAnswered:
        # Somebody has answered the employee meanwhile: to be seen before a second conversation is made.
        return await _form(visit, replace(prospect, asked=None), replace(typed, request=""))


async def _looked_at(visit: PersonVisit, prospect: Prospect, typed: Typed, plan: Plan) -> Response | None:
    """What is worth a look and has not been shown yet; None where there is nothing."""
    seen = set(typed.seen.split())
    notices = await visit.features.planning.notices(plan)
    template = _template(prospect, typed.template_id)
    questions = f"{QUESTIONS}:{typed.template}"
    # Whoever was told of one day's short notice was told nothing of another's.
    about = {Notice.SAME_KIND: typed.template}
    told = {f"{each}:{about.get(each, typed.at)}".replace(" ", "T") for each in notices}
    wants_look = template is not None and template.preview_before_create and questions not in seen
    if told <= seen and not wants_look:
        return None
    typed = replace(typed, seen=" ".join(sorted(seen | told)))
    if wants_look:
        return await _questions(visit, prospect, typed, typed.template_id, notices, is_last=True)
    return await _form(visit, prospect, typed, Shown({}, notices))


async def _made(visit: PersonVisit, plan: Plan) -> Response:
    id_ = await visit.features.planning.make(visit.actor, plan)
    # Whoever plans in another's place sees that it is there, and nothing of what is written in it.
    is_party = visit.me.id == plan.responsible
    return RedirectResponse(f"/conversations/{id_}" if is_party else f"/people/{plan.employee}", 303)


async def _prospect(visit: PersonVisit, request: str | None) -> Prospect:
    return await visit.features.planning.prospect(visit.actor, visit.request.path_params["person"], request)


def _template(prospect: Prospect, id_: str) -> Template | None:
    return next((each for each in prospect.templates if each.id == id_), None)


def _chosen(prospect: Prospect, typed: Typed, id_: str) -> Typed:
    template = _template(prospect, id_)
    if template is None:
        raise NotFound
    leads = prospect.manager.id if prospect.manager else ""
    return planning_form.chosen(replace(typed, responsible=typed.responsible or leads), template)


async def _found(visit: PersonVisit, prospect: Prospect, typed: Typed) -> tuple[Typed, Shown]:
    """Look for the names that are typed. Whoever is found alone is chosen, and the name is taken away."""
    responsible = await _sought(visit, typed.responsible_name, (prospect.employee.id, typed.responsible))
    if responsible.chosen:
        typed = replace(typed, responsible=responsible.chosen.id, responsible_name="")
    there = (prospect.employee.id, typed.responsible, *typed.guests)
    guest = await _sought(visit, typed.guest_name, there)
    if guest.chosen:
        typed = replace(typed, guests=(*typed.guests, guest.chosen.id), guest_name="")
    typed = replace(typed, responsible_sought=typed.responsible_name, guest_sought=typed.guest_name)
    return typed, Shown({}, (), responsible, guest)


async def _sought(visit: PersonVisit, words: str, without: tuple[str, ...]) -> Sought:
    if not words:
        return Sought("")
    # One more than is shown: then there are more.
    found = await visit.features.planning.found(words[:NAME_CHARACTERS_MAX], SEARCH_RESULTS_MAX + 1, without)
    if len(found) == 1:
        return Sought(words, chosen=found[0])
    shown = visit.view().by_name(found[:SEARCH_RESULTS_MAX])
    return Sought(words, tuple(shown), len(found) > SEARCH_RESULTS_MAX)


def _choice(visit: PersonVisit, prospect: Prospect, typed: Typed, wrong: str = "") -> Response:
    """Choosing a form."""
    view = visit.view()
    return visit.page(
        view,
        "planning/choice.html",
        CONFLICT if wrong else TURNED,
        employee=prospect.employee,
        forms=planning_view.forms(prospect.templates, prospect.employee, view),
        typed=typed,
        asked=prospect.asked,
        wrong=wrong,
    )


async def _form(visit: PersonVisit, prospect: Prospect, typed: Typed, shown: Shown = NOTHING) -> Response:
    view = visit.view(typed.zone)
    template = _template(prospect, typed.template_id)
    if template is None:
        return _choice(visit, prospect, typed)
    form = planning_view.form(template, prospect.employee, view)
    ids = (typed.responsible, *typed.guests)
    named = await visit.features.planning.named(ids)
    return visit.page(
        view,
        "planning/form.html",
        CONFLICT if shown.faults else TURNED,
        employee=prospect.employee,
        manager=prospect.manager,
        form=form,
        has_choice=len(prospect.templates) > 1,
        typed=typed,
        asked=prospect.asked,
        responsible=named.get(typed.responsible),
        guests=[named[each] for each in typed.guests if each in named],
        sought_responsible=shown.responsible,
        sought_guest=shown.guest,
        most=SEARCH_RESULTS_MAX,
        place_max=PLACE_CHARACTERS_MAX,
        minutes=MEETING_MINUTES,
        window=planning_view.window(prospect, typed.zone, view),
        zones=planning_view.zones(typed.zone, view),
        faults={place.value: sentence_of(each, view) for place, each in shown.faults.items()},
        looks=planning_view.looks(shown.notices, prospect, form, view),
        mails=visit.features.settings.mail_server is not None,
    )


async def _questions(
    visit: PersonVisit,
    prospect: Prospect,
    typed: Typed,
    id_: str,
    notices: tuple[Notice, ...] = (),
    *,
    is_last: bool = False,
) -> Response:
    """Every question of a form as it will look, with nothing in it (F45). ``is_last``: before it is made."""
    view = visit.view()
    draft = await visit.features.planning.draft(visit.actor, prospect.employee.id, id_)
    responsible = (await visit.features.planning.named((typed.responsible,))).get(typed.responsible)
    draft = replace(draft, responsible=responsible or draft.responsible)
    seen = planning_view.seen_draft(draft, visit.me, await shown_sources(visit, draft))
    panes = planning_view.panes(seen, view)
    form = planning_view.form(draft.template, prospect.employee, view)
    typed = replace(typed, seen=f"{typed.seen} {QUESTIONS}:{form.id}@{form.version}".strip())
    return visit.page(
        view,
        "planning/questions.html",
        employee=prospect.employee,
        form=form,
        typed=typed,
        is_last=is_last,
        is_chosen=typed.template_id == form.id,
        looks=planning_view.looks(notices, prospect, form, view),
        panes=panes,
        chapters=chapters_view.chapters(seen, view, panes),
        demands=chapters_view.demands(seen, view),
        single=seen.is_single,
        shares=draft.template.shares,
        unit_goals=seen.shown.get(Source.UNIT_GOALS, ()),
        hints=await hints(visit, draft.template),
        review=(),
        last_time={},
    )
