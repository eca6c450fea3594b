"""An employee's follow-up activities: what goes on, what is over, what an older system had (F41, F71–F73)."""

from dataclasses import dataclass
from datetime import date

from starlette.responses import RedirectResponse, Response

from server.activities import GoalType, Listed
from server.activity_documents import Wording
from server.pages import activities_view
from server.pages.context import PersonVisit
from server.pages.failures import sentence_of
from server.pages.forms import read_form
from server.pages.rendering import View
from server.rules.errors import TextTooLong, TitleMissing


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of the form, as they are shown."""

    kind: str = ""
    title: str = ""
    owner: str = ""
    due: str = ""
    follow_up: str = ""


async def own(visit: PersonVisit) -> Response:
    """GET /activities: one's own list."""
    return RedirectResponse(_address(visit.me.id), 303)


async def show(visit: PersonVisit) -> Response:
    """GET /people/{person}/activities."""
    listed = await _listed(visit)
    view = visit.view()
    return visit.page(
        view,
        "activities/page.html",
        employee=listed.employee,
        is_mine=listed.employee.id == visit.me.id,
        heading=_heading(visit, listed, view),
        address=_address(listed.employee.id),
        active=activities_view.still_active(listed.activities, view),
        ended=activities_view.ended(listed.activities, view),
        archive=[activities_view.goal(each, view) for each in listed.archive],
    )


async def ask(visit: PersonVisit) -> Response:
    """GET /people/{person}/activities/new."""
    listed = await _listed(visit)
    return _form(visit, listed, Typed(owner=listed.employee.id), {})


async def add(visit: PersonVisit) -> Response:
    """POST /people/{person}/activities/new with ``kind``, ``title``, ``owner``, ``due`` and ``follow_up``."""
    form = await read_form(visit.request)
    typed = Typed(*(form.get(name, "").strip() for name in ("kind", "title", "owner", "due", "follow_up")))
    listed = await _listed(visit)
    view = visit.view()
    say = view.catalogue.say
    faults: dict[str, str] = {}
    if typed.kind not in tuple(GoalType):
        faults["kind"] = say("Choose what kind of goal it serves.")
    days = {name: _day(text) for name, text in (("due", typed.due), ("follow_up", typed.follow_up))}
    for name, day in days.items():
        if day is None and getattr(typed, name):
            faults[name] = say("This is no day. Choose one, or leave it empty.")
    if typed.owner and typed.owner not in {each.id for each in listed.owners}:
        faults["owner"] = say("Choose one of those who can see it.")
    wording = Wording(
        typed.title, owner=typed.owner or None, due_on=days["due"], follow_up_on=days["follow_up"]
    )
    if not typed.title:
        faults["title"] = sentence_of(TitleMissing(), view)
    if faults:
        return _form(visit, listed, typed, faults)
    try:
        id_ = await visit.features.new_activities.add(
            visit.actor, listed.employee.id, GoalType(typed.kind), wording
        )
    except (TitleMissing, TextTooLong) as refusal:
        return _form(visit, listed, typed, {"title": sentence_of(refusal, view)})
    return RedirectResponse(f"{_address(listed.employee.id)}/{id_}", 303)


async def _listed(visit: PersonVisit) -> Listed:
    return await visit.features.activities.listed(visit.actor, visit.request.path_params["person"])


def _form(visit: PersonVisit, listed: Listed, typed: Typed, faults: dict[str, str]) -> Response:
    view = visit.view()
    return visit.page(
        view,
        "activities/new.html",
        409 if faults else 200,
        is_mine=listed.employee.id == visit.me.id,
        heading=_heading(visit, listed, view),
        address=_address(listed.employee.id),
        kinds=[(each.value, activities_view.kind(each, view)) for each in GoalType],
        owners=view.by_name(listed.owners),
        typed=typed,
        wrong="",
        faults=faults,
    )


def _heading(visit: PersonVisit, listed: Listed, view: View) -> str:
    say = view.catalogue.say
    if listed.employee.id == visit.me.id:
        return say("My activities")
    return say("Activities of %(name)s", name=listed.employee.name)


def _address(person: str) -> str:
    return f"/people/{person}/activities"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
