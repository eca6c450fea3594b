"""What every page is given: the features it may ask, and the visit it answers.

A page is a function ``async def page(visit: Visit) -> Response``. It becomes an endpoint in one of two
ways only: ``Pages.for_person`` (somebody is signed in, or the page is never reached) and
``Pages.for_anyone``. So there is no way to get hold of a person except through the session check.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.pages import cookies, failures, language, navigation, security, words
from server.pages.addresses import sign_in_address
from server.pages.rendering import Rendering, View
from server.rules import day
from server.rules.access import Actor
from server.rules.errors import NotFound, NotSignedIn, Refusal, StorageUnavailable
from server.sessions import PageSession

if TYPE_CHECKING:
    from server.accounts import Accounts, Person
    from server.activities import Activities
    from server.activity_turns import ActivityTurns
    from server.archive import Archive
    from server.asking import Asking
    from server.change_log import ChangeLogs
    from server.conversations import Conversations
    from server.coverage import Coverages
    from server.declining import Declining
    from server.documents import Documents
    from server.employee import Employees
    from server.former import Formers
    from server.freezing import Freezing
    from server.handover import Handovers
    from server.handover_answers import HandoverAnswers
    from server.invitations import Invitations
    from server.keeping import Keeping
    from server.letter_choices import LetterChoices
    from server.letters import Letters
    from server.meetings import Meetings
    from server.new_activities import NewActivities
    from server.notes import Notes
    from server.overview import Overviews
    from server.own_data.making import OwnData
    from server.planning import Planning
    from server.policy import Policies
    from server.preparing import Preparing
    from server.realtime.rooms import Rooms
    from server.records import Records
    from server.reopening import Reopening
    from server.sessions import Sessions
    from server.settings import Settings
    from server.sharing import Sharing
    from server.signing import Signing
    from server.stand_ins import StandIns
    from server.start import Starts
    from server.storage.database import Database
    from server.templates import Templates
    from server.to_reassign import ToReassign

DEFAULT_ZONE = day.ZONE
"""Where a day begins on pages that are about no conversation."""

log = logging.getLogger(__name__)


class Clock(Protocol):
    """Tells the time, in UTC. Passed in, so that a test and the demo can choose it."""

    def __call__(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Features:
    """Everything that pages can ask. Made once, in ``server/app.py``."""

    database: "Database"
    accounts: "Accounts"
    sessions: "Sessions"
    conversations: "Conversations"
    starts: "Starts"
    overviews: "Overviews"
    employees: "Employees"
    sharing: "Sharing"
    documents: "Documents"
    templates: "Templates"
    activities: "Activities"
    new_activities: "NewActivities"
    activity_turns: "ActivityTurns"
    archive: "Archive"
    notes: "Notes"
    preparing: "Preparing"
    invitations: "Invitations"
    declining: "Declining"
    meetings: "Meetings"
    planning: "Planning"
    asking: "Asking"
    handovers: "Handovers"
    handover_answers: "HandoverAnswers"
    formers: "Formers"
    to_reassign: "ToReassign"
    freezing: "Freezing"
    signing: "Signing"
    reopening: "Reopening"
    records: "Records"
    change_logs: "ChangeLogs"
    stand_ins: "StandIns"
    policies: "Policies"
    coverages: "Coverages"
    letters: "Letters"
    letter_choices: "LetterChoices"
    own_data: "OwnData"
    keeping: "Keeping"
    rooms: "Rooms"
    settings: "Settings"
    clock: Clock


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, from anybody. ``session`` is None when nobody is signed in."""

    request: Request
    features: Features
    rendering: Rendering
    session: PageSession | None

    def view(self, zone: str = DEFAULT_ZONE) -> View:
        """The language and the calendar of whoever asks. ``zone`` is an IANA time zone."""
        person = self.session.person if self.session else None
        locale = person.locale if person else language.asked_for(self.request)
        return self.rendering.view(locale, self.features.clock(), zone)

    def page(self, view: View, template: str, status: int = 200, **context: object) -> HTMLResponse:
        """Return a page with the frame that every page has."""
        person = self.session.person if self.session else None
        island = person and {
            "me": {"id": person.id, "name": person.name, "initials": person.initials, "colour": "joint"},
            "locale": view.locale,
            **words.for_client(view.catalogue),
        }
        menu = self.session and navigation.menu(self.session, view.catalogue, self.request.url.path)
        frame = {"me": person, "menu": menu, "here": here(self.request), "island": island}
        return view.page(template, status, **(frame | context))


@dataclass(frozen=True, slots=True)
class PersonVisit(Visit):
    """A request from somebody who is signed in."""

    session: PageSession

    @property
    def me(self) -> "Person":
        """Who asks."""
        return self.session.person

    @property
    def actor(self) -> Actor:
        """Who asks, as the access rules see it."""
        return self.session.actor


Page = Callable[[Visit], Awaitable[Response]]
PersonPage = Callable[[PersonVisit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class Pages:
    """Makes endpoints of pages: finds the session, and shows every refusal in the person's language."""

    def __init__(self, features: Features, rendering: Rendering) -> None:
        self._features = features
        self._rendering = rendering

    def for_person(self, page: PersonPage) -> Endpoint:
        """A page that is only reached by somebody whose session holds."""

        async def endpoint(request: Request) -> Response:
            if any("\0" in str(value) for value in request.path_params.values()):
                # There is nothing of that name, and not every database can be asked.
                return await self.missing(request, NotFound())
            try:
                visit = await self._visit(request)
            except StorageUnavailable:
                # Not the sign-in page: nobody has signed out, and what is unsaved must wait, not go.
                return self._unavailable(self._nobody(request))
            if visit.session is None:
                return self._not_signed_in(visit)
            person = PersonVisit(visit.request, visit.features, visit.rendering, visit.session)
            return await self._shown(person, lambda: page(person))

        return endpoint

    def for_anyone(self, page: Page) -> Endpoint:
        """A page that needs no session."""

        async def endpoint(request: Request) -> Response:
            visit = await self._visit_or_nobody(request)
            return await self._shown(visit, lambda: page(visit))

        return endpoint

    async def missing(self, request: Request, _error: Exception) -> Response:
        """For an address that leads nowhere: the same page as for one that is not yours."""
        return failures.page(await self._visit_or_nobody(request), NotFound())

    async def broken(self, request: Request, _error: Exception) -> Response:
        """For what nobody expected. It needs no database, which may be what is broken."""
        response = failures.broken(self._nobody(request))
        # Starlette sends this one from outside every middleware.
        security.set_headers(response.headers, self._features.settings.secure)
        return response

    def refused(self, request: Request, refusal: Refusal) -> Response:
        """For a request that is refused before its session is looked at (``security.Security``)."""
        return failures.page(self._nobody(request), refusal)

    async def _visit(self, request: Request) -> Visit:
        key = cookies.session_key(request.cookies, self._features.settings.secure)
        session: PageSession | None = None
        if key is not None:
            try:
                session = await self._features.sessions.find(key)
            except NotSignedIn:
                session = None
        return Visit(request, self._features, self._rendering, session)

    async def _visit_or_nobody(self, request: Request) -> Visit:
        """For pages that somebody without a session can have too: they need no database."""
        try:
            return await self._visit(request)
        except StorageUnavailable:
            return self._nobody(request)

    def _nobody(self, request: Request) -> Visit:
        return Visit(request, self._features, self._rendering, None)

    def _unavailable(self, visit: Visit) -> Response:
        log.warning("a page waits for the database in vain")
        return failures.unavailable(visit)

    def _not_signed_in(self, visit: Visit) -> Response:
        if visit.request.method == "GET" and not failures.wants_data(visit.request):
            return RedirectResponse(sign_in_address(here(visit.request)), 303)
        return failures.page(visit, NotSignedIn())

    async def _shown(self, visit: Visit, answer: Callable[[], Awaitable[Response]]) -> Response:
        try:
            return await answer()
        except NotSignedIn:
            return self._not_signed_in(visit)
        except Refusal as refusal:
            return failures.page(visit, refusal)
        except StorageUnavailable:
            return self._unavailable(visit)


def here(request: Request) -> str:
    """The address of the page that was asked for, to come back to; ``/`` after a form."""
    if request.method != "GET":
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
