"""Everything that went wrong, as a page that says in the person's language what to do.

For a script that asked with JSON the same sentence comes as data: ``{"sentence": …}``, and for elements
that are missing ``{"missing": [{"id", "label"}]}`` beside it.
"""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.pages.rendering import View
from server.rules.errors import NotSignedIn, Refusal, SignInRefused, TooManyAttempts

if TYPE_CHECKING:
    from server.pages.context import Visit


def wants_data(request: Request) -> bool:
    """Whether a script asked, and not a person's browser on its way to a page."""
    return "application/json" in (
        request.headers.get("content-type", ""),
        request.headers.get("accept", "").split(",")[0],
    )


def sentence_of(refusal: Refusal, view: View) -> str:
    """The refusal's sentence in the person's language."""
    return view.catalogue.say(refusal.sentence, **refusal.fields)


def page(visit: "Visit", refusal: Refusal, **data: object) -> Response:
    """Show why it was not done. ``data`` goes to a script that asked."""
    view = visit.view()
    sentence = sentence_of(refusal, view)
    if wants_data(visit.request):
        return JSONResponse({"sentence": sentence, **data}, refusal.status)
    heading, advice = _heading_and_advice(refusal, view)
    if isinstance(refusal, NotSignedIn | SignInRefused | TooManyAttempts):
        way_on, label = "/sign-in", view.catalogue.say("To the sign-in page")
    else:
        way_on, label = "/", view.catalogue.say("To my conversations")
    return _page(visit, view, refusal.status, heading, sentence, advice, way_on, label)


def unavailable(visit: "Visit") -> Response:
    """503: the database could not be read or written."""
    view = visit.view()
    say = view.catalogue.say
    sentence = say("What you asked for could not be read or kept just now. Nothing was lost.")
    if wants_data(visit.request):
        return JSONResponse({"sentence": sentence}, 503)
    advice = say("Wait a minute and try again.")
    return _page(visit, view, 503, say("Not just now"), sentence, advice, "/", say("Try again"))


def broken(visit: "Visit") -> Response:
    """500: a fault of ours."""
    view = visit.view()
    say = view.catalogue.say
    sentence = say("Something went wrong here, and it is not your doing.")
    if wants_data(visit.request):
        return JSONResponse({"sentence": sentence}, 500)
    advice = say(
        "What was shown as saved is saved. Go back and try again, and tell whoever runs Samsyn if it returns."
    )
    return _page(visit, view, 500, say("A fault of ours"), sentence, advice, "/", say("To my conversations"))


def _heading_and_advice(refusal: Refusal, view: View) -> tuple[str, str]:
    say = view.catalogue.say
    match refusal.status:
        case 401:
            return say("You are not signed in"), say("Nothing was changed.")
        case 403:
            return say("Not carried out"), say("Open Samsyn yourself and do it from there.")
        case 404:
            return say("Nothing here"), say("Check the address, or ask whoever sent it to you.")
        case 413:
            return say("Too much at once"), say("Send less at a time.")
        case 429:
            return say("Wait a little"), say("This protects your account against guessing.")
        case _:
            return say("This was not done"), say(
                "Go back and look again: the page may have changed since it was shown."
            )


def _page(
    visit: "Visit", view: View, status: int, heading: str, sentence: str, advice: str, way_on: str, label: str
) -> Response:
    return visit.page(
        view,
        "failures/page.html",
        status,
        heading=heading,
        sentence=sentence,
        advice=advice,
        way_on=way_on,
        way_on_label=label,
    )
