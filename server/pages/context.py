"""What every page is given: the features it may ask, and the visit it answers.

A page is a function ``async def page(visit: Visit) -> Response``. It becomes an endpoint in one of two
ways only: ``Pages.for_person`` (somebody is signed in, or the page is never reached) and
``Pages.for_anyone``. So there is no way to get hold of a person except through the session check.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.pages import cookies, failures, language
from server.pages.rendering import Rendering, View
from server.rules.access import Actor
from server.rules.errors import NotSignedIn, Refusal, StorageUnavailable

if TYPE_CHECKING:
    from server.accounts import Accounts, Person
    from server.activities import Activities
    from server.conversations import Conversations
    from server.documents import Documents
    from server.realtime.rooms import Rooms
    from server.sessions import Session, Sessions
    from server.settings import Settings
    from server.sharing import Sharing
    from server.storage.database import Database
    from server.templates import Templates


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
    sharing: "Sharing"
    documents: "Documents"
    templates: "Templates"
    activities: "Activities"
    rooms: "Rooms"
    settings: "Settings"
    clock: Clock
