"""Who stands in for a manager: a page on which the manager names them, or HR for one who is away."""

from dataclasses import dataclass
from datetime import date

from starlette.responses import RedirectResponse, Response

from server.pages.context import PersonVisit
from server.pages.failures import sentence_of
from server.pages.forms import read_form
from server.pages.rendering import View
from server.people import Person
from server.rules.errors import (
    AlreadyStandsIn,
    DayPassed,
    DaysReversed,
    NotByOneself,
    NotFound,
    NotOneself,
    Refusal,
    TextTooLong,
    TooFarAway,
    TooLongAway,
)
from server.stand_ins import Days, StandIn, names_for_others

ADDRESS = "/staff/stand-in"


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of the form, as they are shown. Of the two people, what was typed and who was picked."""

    manager: str = ""
    manager_id: str = ""
    who: str = ""
    who_id: str = ""
    begins: str = ""
    ends: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """The form: what was typed, what is wrong with which field, and who may be meant."""

    typed: Typed = Typed()
    faults: dict[str, str] | None = None
    managers: tuple[Person, ...] = ()
    """Of that name, when there are several."""
    people: tuple[Person, ...] = ()


async def show(visit: PersonVisit) -> Response:
    """GET /staff/stand-in."""
    return await _page(visit, Form())


async def name(visit: PersonVisit) -> Response:
    """POST /staff/stand-in with ``who``, ``begins``, ``ends``, ``reason``, and from HR ``manager``.

    ``who`` and ``manager`` are names or addresses; ``who_id`` and ``manager_id`` pick one of several.
    """
    form = await read_form(visit.request)
    names = ("manager", "manager_id", "who", "who_id", "begins", "ends", "reason")
    typed = Typed(**{each: form.get(each, "") for each in names})
    await _may_see(visit)
    given = await _read(visit, typed)
    if isinstance(given, Form):
        return await _page(visit, given)
    manager, person, days = given
    try:
        await visit.features.stand_ins.name(visit.actor, manager, person, days, typed.reason)
    except (NotOneself, NotByOneself, AlreadyStandsIn) as refusal:
        return await _page(visit, _refused(visit, typed, "who", refusal))
    except (DaysReversed, DayPassed, TooLongAway) as refusal:
        return await _page(visit, _refused(visit, typed, "ends", refusal))
    except TooFarAway as refusal:
        return await _page(visit, _refused(visit, typed, "begins", refusal))
    except TextTooLong as refusal:
        return await _page(visit, _refused(visit, typed, "reason", refusal))
    return RedirectResponse(ADDRESS, 303)


async def end(visit: PersonVisit) -> Response:
    """POST /staff/stand-in/{delegation}/end."""
    await visit.features.stand_ins.end(visit.actor, visit.request.path_params["delegation"])
    return RedirectResponse(ADDRESS, 303)


async def _read(visit: PersonVisit, typed: Typed) -> tuple[str, str, Days] | Form:
    """The manager, the stand-in and the days; or the form as it comes back."""
    say = visit.view().catalogue.say
    faults: dict[str, str] = {}
    manager: str = visit.me.id
    managers: tuple[Person, ...] = ()
    if names_for_others(visit.actor) and (typed.manager.strip() or not await _leads(visit)):
        manager, managers = await _meant(visit, typed.manager, typed.manager_id, leading=True)
        if not manager:
            faults["manager"] = (
                say("There are several of that name: pick one.")
                if managers
                else say("Nobody of that name or address has staff.")
            )
    person, persons = await _meant(visit, typed.who, typed.who_id)
    if not person:
        faults["who"] = (
            say("There are several of that name: pick one.")
            if persons
            else say("Nobody of that name or address works here.")
        )
    begins, ends = _day(typed.begins), _day(typed.ends)
    if begins is None:
        faults["begins"] = say("Say from which day.")
    if ends is None:
        faults["ends"] = say("Say until which day.")
    if faults or begins is None or ends is None:
        return Form(typed, faults, managers, persons)
    return manager, person, Days(begins, ends)


async def _meant(
    visit: PersonVisit, words: str, picked: str, *, leading: bool = False
) -> tuple[str, tuple[Person, ...]]:
    """Whose name was typed: the id of one person, or ``""`` and those among whom to pick."""
    found = await visit.features.stand_ins.found(words, leading=leading)
    exact = [person for person in found if person.name.casefold() == words.strip().casefold()]
    for sure in ([person for person in found if person.id == picked], exact, found):
        if len(sure) == 1:
            return sure[0].id, ()
    return "", tuple(visit.view().by_name(found))


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None


def _refused(visit: PersonVisit, typed: Typed, field: str, refusal: Refusal) -> Form:
    return Form(typed, {field: sentence_of(refusal, visit.view())})


async def _leads(visit: PersonVisit) -> bool:
    return await visit.features.stand_ins.leads(visit.me.id)


async def _may_see(visit: PersonVisit) -> None:
    if not names_for_others(visit.actor) and not await _leads(visit):
        raise NotFound


async def _page(visit: PersonVisit, form: Form) -> Response:
    await _may_see(visit)
    view, features = visit.view(), visit.features.stand_ins
    leads, is_hr = await _leads(visit), names_for_others(visit.actor)
    own = await features.of_manager(visit.actor, visit.me.id) if leads else []
    others = await features.of_everybody(visit.actor) if is_hr else []
    return visit.page(
        view,
        "stand_ins/page.html",
        409 if form.faults else 200,
        own=[_row(each, view) for each in own],
        others=[_row(each, view) for each in others if each.manager.id != visit.me.id],
        leads=leads,
        is_hr=is_hr,
        typed=form.typed,
        faults=form.faults or {},
        managers=form.managers,
        people=form.people,
        today=view.days.today,
    )


def _row(stand_in: StandIn, view: View) -> dict[str, object]:
    """One of them, in words."""
    say, days = view.catalogue.say, stand_in.days
    when = say("%(first)s to %(last)s", first=view.days.day(days.begins_on), last=view.days.day(days.ends_on))
    return {
        "id": stand_in.id,
        "manager": stand_in.manager,
        "person": stand_in.person,
        "when": when,
        "reason": stand_in.reason,
        "holds": stand_in.holds_on(view.days.today),
    }
