"""The built files: for ever cached under their hashed names; the service worker always asked for anew."""

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

if TYPE_CHECKING:
    from server.pages.context import Visit

FOR_EVER = "public, max-age=31536000, immutable"
SERVICE_WORKER = "service-worker.js"


class HashedFiles(StaticFiles):
    """``/static``: a file's name changes with its content, so it may be kept for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200 and path != SERVICE_WORKER:  # noqa: PLR2004 (the usual success)
            response.headers["Cache-Control"] = FOR_EVER
        return response


class ServiceWorker:
    """``/service-worker.js``: at the root, so that it may keep every page of the site."""

    def __init__(self, static: Path) -> None:
        self._path = static / SERVICE_WORKER

    async def __call__(self, _visit: "Visit") -> Response:
        return FileResponse(self._path, media_type="text/javascript", headers={"Cache-Control": "no-cache"})
