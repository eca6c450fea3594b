"""My reminders: which of them I get, and when the organisation sends them."""

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from server.letter_format import OPTIONAL, Kind
from server.pages.catalogues import Catalogue
from server.pages.context import PersonVisit
from server.pages.forms import read_form
from server.policy import Reminders


@dataclass(frozen=True, slots=True)
class Choice:
    """One reminder as the page shows it."""

    kind: str
    label: str
    about: str
    when: str
    """When the organisation sends it, or that it does not."""
    is_wanted: bool


async def show(visit: PersonVisit) -> Response:
    """GET /reminders."""
    view = visit.view()
    wanted = await visit.features.letter_choices.wanted(visit.actor)
    days = (await visit.features.policies.get()).reminders
    return visit.page(
        view,
        "reminders/page.html",
        choices=list(_choices(wanted, days, view.catalogue)),
        sign=_after(days.sign, view.catalogue),
        is_saved=visit.request.query_params.get("saved") == "yes",
        mails=visit.features.settings.mail_server is not None,
    )


async def choose(visit: PersonVisit) -> Response:
    """POST /reminders with the name of each reminder that is wanted."""
    form = await read_form(visit.request)
    await visit.features.letter_choices.choose(visit.actor, [kind for kind in OPTIONAL if kind.value in form])
    return RedirectResponse("/reminders?saved=yes", 303)


def _choices(wanted: frozenset[Kind], days: Reminders, catalogue: Catalogue) -> Iterator[Choice]:
    say = catalogue.say
    told = {
        Kind.PREPARE: (
            say("To prepare"),
            say("Before a meeting, if you have not begun to write."),
            _before_meeting(days.prepare, catalogue),
        ),
        Kind.SHARE: (
            say("To share"),
            say("Before a meeting, if you have not shared your answers."),
            _before_meeting(days.share, catalogue),
        ),
        Kind.MEET: (
            say("To meet"),
            say("Before a meeting, with time and place."),
            _before_meeting(days.meet, catalogue),
        ),
        Kind.FOLLOW_UP: (
            say("To follow up"),
            say("When an activity of yours is to be done or followed up."),
            _before_day(days.follow_up, catalogue),
        ),
    }
    for kind in OPTIONAL:
        label, about, when = told[kind]
        yield Choice(kind.value, label, about, when, kind in wanted)


def _before_meeting(days: int | None, catalogue: Catalogue) -> str:
    match days:
        case None:
            return _never(catalogue)
        case 0:
            return catalogue.say("Sent on the day of the meeting.")
        case _:
            return catalogue.say_number(
                "Sent %(num)s day before the meeting.", "Sent %(num)s days before the meeting.", days
            )


def _before_day(days: int | None, catalogue: Catalogue) -> str:
    match days:
        case None:
            return _never(catalogue)
        case 0:
            return catalogue.say("Sent on the day itself.")
        case _:
            return catalogue.say_number("Sent %(num)s day before.", "Sent %(num)s days before.", days)


def _after(days: int | None, catalogue: Catalogue) -> str:
    match days:
        case None:
            return _never(catalogue)
        case 0:
            return catalogue.say("Sent on the same day, and every day until you have signed.")
        case _:
            return catalogue.say_number(
                "Sent after %(num)s day, and every day until you have signed.",
                "Sent after %(num)s days, and again as many days later until you have signed.",
                days,
            )


def _never(catalogue: Catalogue) -> str:
    return catalogue.say("Your organisation does not send it.")
