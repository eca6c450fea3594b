"""The composition root: what a server is made of.

A node carries rooms, and what watches over time. Everything else (pages, letters, bundles of own data) stands
in ``server/site.py``. That is half of all the code that a server can have in memory, so it is imported when
the first page is asked for, the first letter leaves or the first bundle is made: by a thread, so that
those who type meanwhile are not kept waiting.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from server.documents import Documents
from server.keeping import Keeping
from server.own_data import bundles
from server.pages.addresses import ARCHIVE
from server.pages.assets import read_assets
from server.pages.cookies import session_key
from server.pages.security import Security
from server.pages.static_files import HashedFiles
from server.realtime.clock import LoopClock
from server.realtime.rooms import Rooms
from server.realtime.socket import Door, FindAuthor, live_socket
from server.reminders import Reminding
from server.rounds import Rounds
from server.rules.errors import NotSignedIn, Refusal, StorageUnavailable
from server.rules.limits import (
    ARCHIVE_BYTES_MAX,
    FORM_BYTES_MAX,
    OWN_BUNDLE_POLL_SECONDS,
    REMINDER_POLL_SECONDS,
    RETENTION_FIRST_ROUND_SECONDS,
    RETENTION_ROUND_SECONDS,
)
from server.sessions import Sessions
from server.settings import Settings
from server.storage.database import Database
from server.storage.opening import open_database
from server.storage.update_log import Author

if TYPE_CHECKING:
    from server.letter_format import Letter
    from server.mail import Postman, Written
    from server.record.sealing import Seals
    from server.site import Site

STATIC = Path(__file__).parent.parent / "web/static"
UPLOADS = {ARCHIVE: ARCHIVE_BYTES_MAX + FORM_BYTES_MAX}
"""Addresses that take a file, and how many bytes with the form round it."""


@dataclass
class Node:
    """What one process has, whoever asks."""

    settings: Settings
    clock: Callable[[], datetime]
    seals: "Seals | None"
    """Where the organisation's key comes from, when it has one of its own; else one is in the database."""
    database: Database
    sessions: Sessions
    documents: Documents
    rooms: Rooms
    keeping: Keeping
    _own_data: Rounds = field(init=False)
    _site: "Site | None" = None
    _importing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._own_data = Rounds("own data", self._make_own_data, OWN_BUNDLE_POLL_SECONDS)

    async def site(self) -> "Site":
        """What it has beside its rooms."""
        async with self._importing:
            if self._site is None:
                self._site = await asyncio.to_thread(self._make_site)
        return self._site

    def _make_site(self) -> "Site":
        from server.site import make_site

        return make_site(self)

    # What it does without being asked.

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Send letters, remind, make bundles and erase in the background, meanwhile."""
        rounds = (
            self._own_data,
            Rounds("reminders", Reminding(self.database, self.clock).remind, REMINDER_POLL_SECONDS),
            Rounds("retention", self.keeping.work, RETENTION_ROUND_SECONDS, RETENTION_FIRST_ROUND_SECONDS),
        )
        postman = self._postman()
        if postman is not None:
            self.database.listen(postman.hear)
            postman.start()
        for each in rounds:
            each.start()
        try:
            yield
        finally:
            for each in rounds:
                await each.stop()
            if postman is not None:
                await postman.stop()

    def make_own_data_now(self) -> None:
        """Have what somebody has asked for made at once."""
        self._own_data.call()

    async def _make_own_data(self) -> None:
        if await self.database.read(lambda connection: bundles.is_waiting(connection, self.clock())):
            await (await self.site()).maker.work()

    def _postman(self) -> "Postman | None":
        """Who sends letters; None when there is no mail server."""
        if self.settings.mail_server is None:
            return None
        from server import mail_server
        from server.mail import Postman
        from server.outbox import Outbox

        outbox, came_from = Outbox(self.database, self.clock), mail_server.sender(self.settings.mail_from)
        return Postman(outbox, self.settings.mail_server, came_from, self._write_letter)

    async def _write_letter(self, letter: "Letter") -> "Written":
        return await (await self.site()).write_letter(letter)


@asynccontextmanager
async def opened(settings: Settings, clock: Callable[[], datetime]) -> AsyncIterator[Node]:
    """Open the database and make a node round it; on leaving, rooms and database close.

    Raises SealUnusable, DatabaseTooNew, and StorageUnavailable when there is no database to open.
    """
    seals = _seals(settings)
    database = await open_database(settings.database_url, clock)
    sessions = Sessions(database, clock)
    documents = Documents(database, sessions, clock)
    rooms = Rooms(documents, database.log, LoopClock(), database.others)
    database.listen(rooms.hear)
    if database.others is None:
        await database.write(bundles.leave_all)
    node = Node(settings, clock, seals, database, sessions, documents, rooms, Keeping(database, clock))
    try:
        async with node.watching():
            rooms.start()
            try:
                yield node
            finally:
                await rooms.drain()
    finally:
        await database.close()


def _seals(settings: Settings) -> "Seals | None":
    if settings.seal_key is None or settings.seal_certificate is None:
        return None
    from server.record import sealing

    return sealing.given(settings.seal_key, settings.seal_certificate)


def create_app(node: Node) -> Starlette:
    """Make the application of a node. Raises AssetsMissing when the client has not been built."""
    read_assets(STATIC)
    origin = node.settings.origin

    async def missing(request: Request, error: Exception) -> Response:
        return await (await node.site()).pages.missing(request, error)

    async def broken(request: Request, error: Exception) -> Response:
        return await (await node.site()).pages.broken(request, error)

    app = Starlette(
        routes=[
            Route("/healthz", _health(node.database)),
            WebSocketRoute("/live", live_socket(door_of(node))),
            Mount("/static", HashedFiles(directory=STATIC)),
            Mount("/", _pages_of(node)),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=node.settings.hosts, www_redirect=False),
            Middleware(Security, origin=origin, refused=_refused_by(node), uploads=UPLOADS),
        ],
        exception_handlers={404: missing, 500: broken},
    )
    # An address with one slash too many would be led to whatever host the request names.
    app.router.redirect_slashes = False
    return app


def door_of(node: Node) -> Door:
    """Who is let in at /live."""
    return Door(node.rooms, _author_of(node), node.settings.origin, node.settings.hosts)


def _pages_of(node: Node) -> ASGIApp:
    async def pages(scope: Scope, receive: Receive, send: Send) -> None:
        await (await node.site()).app(scope, receive, send)

    return pages


def _refused_by(node: Node) -> Callable[[Scope, Refusal], ASGIApp]:
    def refused(_scope: Scope, refusal: Refusal) -> ASGIApp:
        async def page(scope: Scope, receive: Receive, send: Send) -> None:
            await (await node.site()).refused(scope, refusal)(scope, receive, send)

        return page

    return refused


def _author_of(node: Node) -> FindAuthor:
    secure = node.settings.secure

    async def find(cookies: Mapping[str, str]) -> Author | None:
        try:
            return await node.sessions.of_socket(session_key(cookies, secure) or "")
        except NotSignedIn:
            return None

    return find


def _health(database: Database) -> Callable[[Request], Awaitable[Response]]:
    """Whether the database answers, for whatever watches over the server."""

    async def health(_request: Request) -> Response:
        try:
            await database.read(lambda connection: connection.scalar(select(1)))
        except StorageUnavailable:
            return PlainTextResponse("the database does not answer", 503)
        return PlainTextResponse("ok")

    return health
