"""Which language: the person's own choice, else the cookie's, else what the browser asks for."""

from typing import TYPE_CHECKING

from babel import negotiate_locale
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.pages import cookies
from server.pages.addresses import own_path
from server.pages.catalogues import DEFAULT_LOCALE, LOCALES
from server.pages.forms import read_form

if TYPE_CHECKING:
    from server.pages.context import Visit

# Browsers in Norway ask for "no" and "nn" too; both read bokmål.
NEAR = {"no": "nb", "nn": "nb"}


def asked_for(request: Request) -> str:
    """The language of somebody who has not signed in."""
    chosen = cookies.language(request)
    if chosen in LOCALES:
        return chosen
    wanted = [NEAR.get(name.split("-")[0], name) for name in _ordered(request)]
    return negotiate_locale(wanted, LOCALES, sep="-") or DEFAULT_LOCALE


def _ordered(request: Request) -> list[str]:
    """The names in Accept-Language, the most wanted first. Whatever cannot be read is left out."""
    ranked: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "").split(",")[:20]:
        name, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), name.lower()))
        except ValueError:
            continue
    return [name for weight, name in sorted(ranked, key=lambda pair: pair[0]) if weight < 0]


async def choose(visit: "Visit") -> Response:
    """POST /language: store the choice on the person, and in the cookie for when nobody is signed in."""
    form = await read_form(visit.request)
    response = RedirectResponse(own_path(form.get("back")), 303)
    locale = form.get("locale", "")
    if locale in LOCALES:
        if visit.session is not None:
            await visit.features.accounts.set_locale(visit.session.person.id, locale)
        cookies.set_language(response, locale, visit.features.settings.secure)
    return response
