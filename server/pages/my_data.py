"""My data: everything that is kept about the person who asks, put together with one press."""

import zipfile
from collections.abc import AsyncIterator
from typing import IO, cast

from starlette.responses import RedirectResponse, Response, StreamingResponse

from server.own_data.bundles import Bundle
from server.pages import own_data_words
from server.pages.context import PersonVisit
from server.pages.downloads import disposition
from server.pages.failures import sentence_of
from server.pages.rendering import View
from server.record.bundle import EPOCH, READABLE
from server.rules.access import Action, OrganisationFacts, allowed
from server.rules.errors import NotFound, Refusal, TooManyBundles
from server.rules.limits import MIB, OWN_BUNDLE_DAYS


async def show(visit: PersonVisit) -> Response:
    """GET /my-data."""
    return await _page(visit)


async def ask(visit: PersonVisit) -> Response:
    """POST /my-data: have it made, in the background."""
    try:
        await visit.features.own_data.ask(visit.actor)
    except TooManyBundles as refusal:
        return await _page(visit, refusal)
    return RedirectResponse("/my-data", 303)


async def download(visit: PersonVisit) -> Response:
    """GET /my-data/{bundle}.zip."""
    id_ = visit.request.path_params["bundle"]
    names = await visit.features.own_data.download(visit.actor, id_)
    day = visit.features.clock().date().isoformat()
    return StreamingResponse(
        _packed(visit, id_, names),
        media_type="application/zip",
        headers={"Content-Disposition": disposition(f"Samsyn {visit.me.name} {day}.zip")},
    )


async def throw_away(visit: PersonVisit) -> Response:
    """POST /my-data/{bundle}/delete: erase it now."""
    await visit.features.own_data.throw_away(visit.actor, visit.request.path_params["bundle"])
    return RedirectResponse("/my-data", 303)


async def _page(visit: PersonVisit, refusal: Refusal | None = None) -> Response:
    if not allowed(visit.actor, Action.EXPORT_OWN, OrganisationFacts()):
        raise NotFound
    view = visit.view()
    bundles = await visit.features.own_data.mine(visit.actor)
    receipts = await visit.features.keeping.about_me(visit.actor)
    kinds = own_data_words.kinds(view.catalogue)
    return visit.page(
        view,
        "my_data/page.html",
        refusal.status if refusal else 200,
        bundles=[_line(each, view) for each in bundles],
        is_being_made=any(each.is_being_made for each in bundles),
        time=own_data_words.days(view.catalogue, OWN_BUNDLE_DAYS),
        erased=[(kinds[each.kind], view.days.exactly(each.at)) for each in receipts],
        wrong=sentence_of(refusal, view) if refusal else "",
    )


def _line(bundle: Bundle, view: View) -> dict[str, object]:
    size = bundle.bytes / MIB
    return {
        "id": bundle.id,
        "asked": view.days.exactly(bundle.asked_at),
        "until": view.days.exactly(bundle.until),
        "done": bundle.steps_done,
        "total": bundle.steps_total,
        "is_being_made": bundle.is_being_made,
        "is_there": bundle.is_there,
        "has_failed": bundle.failed_at is not None,
        "megabytes": f"{size:.1f}" if view.locale == "en" else f"{size:.1f}".replace(".", ","),
    }


async def _packed(visit: PersonVisit, id_: str, names: list[str]) -> AsyncIterator[bytes]:
    """The zip file, a piece for each file in it, so that no more than one is in memory.

    Ends in the middle when the bundle is erased while it is downloaded: no reader takes that for a whole one.
    """
    pieces = _Pieces()
    with zipfile.ZipFile(cast("IO[bytes]", pieces), "w", zipfile.ZIP_DEFLATED) as packed:
        for number, name in enumerate(names):
            content = await visit.features.own_data.content(id_, number)
            if content is None:
                raise NotFound
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on any system, so that the rights are read as such
            entry.external_attr = READABLE
            packed.writestr(entry, content)
            yield pieces.take()
    yield pieces.take()


class _Pieces:
    """Takes what is written, and gives it away. It cannot tell where it is, so nobody seeks in it."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._written.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken = b"".join(self._written)
        self._written.clear()
        return taken
