"""Signing in and out. In demo mode everybody of the sample organisation has a button."""

from contextlib import suppress

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from server import people
from server.pages import cookies
from server.pages.addresses import own_path
from server.pages.context import PersonVisit, Visit
from server.pages.failures import sentence_of
from server.pages.forms import read_form
from server.pages.rendering import View
from server.people import Person
from server.rules.access import Role
from server.rules.errors import NotFound, SignInRefused, TooManyAttempts


async def show(visit: Visit) -> Response:
    """GET /sign-in. ``next`` is where to go afterwards."""
    back = own_path(visit.request.query_params.get("next"))
    if visit.session is not None:
        return RedirectResponse(back, 303)
    return await _page(visit, back)


async def sign_in(visit: Visit) -> Response:
    """POST /sign-in with ``email`` and ``password``, or in demo mode with ``person``."""
    form = await read_form(visit.request)
    accounts, back = visit.features.accounts, own_path(form.get("next"))
    try:
        if "person" in form:
            person = await accounts.sign_in_as(form["person"])
        else:
            address = visit.request.client.host if visit.request.client else ""
            person = await accounts.sign_in(form.get("email", ""), form.get("password", ""), address)
    except (SignInRefused, TooManyAttempts) as refusal:
        wrong = sentence_of(refusal, visit.view())
        return await _page(visit, back, wrong, form.get("email", ""), refusal.status)
    if visit.session is not None:
        # The browser forgets its key now, so nobody could end it here any more.
        with suppress(NotFound):
            await visit.features.sessions.end(visit.session, visit.session.id)
    key = await visit.features.sessions.begin(person.id, visit.request.headers.get("user-agent", ""))
    response = RedirectResponse(back, 303)
    cookies.set_session(response, key, visit.features.settings.secure)
    return response


async def sign_out(visit: PersonVisit) -> Response:
    """POST /sign-out: end this session. Its sockets close."""
    await visit.features.sessions.end(visit.session, visit.session.id)
    response = RedirectResponse("/sign-in", 303)
    cookies.clear_session(response, visit.features.settings.secure)
    return response


async def _page(visit: Visit, back: str, wrong: str = "", email: str = "", status: int = 200) -> Response:
    view = visit.view()
    return visit.page(
        view,
        "sign_in/page.html",
        status,
        next=back,
        wrong=wrong,
        email=email,
        units=await _units(visit, view),
        password_markup=Markup("<code>{}</code>").format(visit.features.settings.demo_password),
    )


async def _units(visit: Visit, view: View) -> list[tuple[str, list[tuple[Person, str]]]]:
    """Everybody to choose from in demo mode, by unit; managers first."""
    everybody = await visit.features.accounts.everybody()
    if not everybody:
        return []
    names = await visit.features.database.read(people.unit_names)
    by_unit = {
        name[view.locale]: [one for one in everybody if one.unit == unit] for unit, name in names.items()
    }
    return [
        (
            unit,
            [
                (one, "man" if Role.MANAGER in one.roles else "emp")
                for one in sorted(view.by_name(members), key=_is_led)
            ],
        )
        for unit, members in by_unit.items()
        if members
    ]


def _is_led(person: Person) -> bool:
    return Role.MANAGER not in person.roles
