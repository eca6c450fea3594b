"""My devices: where I am signed in, and ending it there."""

from starlette.responses import RedirectResponse, Response

from server.pages.context import PersonVisit
from server.pages.forms import read_form


async def show(visit: PersonVisit) -> Response:
    """GET /sessions."""
    view = visit.view()
    devices = await visit.features.sessions.devices(visit.session)
    return visit.page(
        view,
        "my_sessions/page.html",
        devices=[
            (device, view.days.when(device.began_at), view.days.when(device.seen_at)) for device in devices
        ],
    )


async def end(visit: PersonVisit) -> Response:
    """POST /sessions with ``session``: one of mine by its id, or ``others`` for all but this one."""
    form = await read_form(visit.request)
    session = form.get("session", "")
    if session == "others":
        await visit.features.sessions.end_others(visit.session)
    else:
        await visit.features.sessions.end(visit.session, session)
    return RedirectResponse("/sessions", 303)
