"""The page for when there is no network, and the page of the text that this device has kept."""

from starlette.responses import Response

from server.pages.context import PersonVisit, Visit


async def offline(visit: Visit) -> Response:
    """GET /offline: kept by the service worker and shown instead of a page that it does not have.

    It names nobody: it stays on the device when its user has signed out.
    """
    nobody = Visit(visit.request, visit.features, visit.rendering, None)
    return nobody.page(visit.view(), "offline/offline.html")


async def kept(visit: PersonVisit) -> Response:
    """GET /kept: the client fills it from the device. The server has none of it."""
    view = visit.view()
    return visit.page(view, "offline/kept.html")
