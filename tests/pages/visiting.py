"""The whole application over a real database, as tests of pages ask it.

``features`` (tests/conftest.py) is the application, ``here`` its organisation, and ``there`` both, with a way
to ask for pages (tests/pages/conftest.py).
Tests that need more in the organisation have a ``here`` of their own.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any

import httpx
from starlette.applications import Starlette

from server.pages.context import Features
from tests.conftest import ORIGIN, SetClock
from tests.organisation import EVERYBODY, Organisation


async def founded(
    features: Features, clock: SetClock, template: dict[str, Any] | None = None
) -> Organisation:
    """The small organisation of the tests, in which everybody reads English."""
    here = Organisation(features.database, clock)
    await here.found(template)
    for person in EVERYBODY:
        await here.accounts.set_locale(person.id, "en")
    return here


@dataclass
class Place:
    """An organisation, and its application."""

    here: Organisation
    features: Features
    app: Starlette

    @asynccontextmanager
    async def browser(self, who: str | None, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        """A browser in which somebody is signed in, or nobody."""
        sent = {"Accept": "text/html", "Origin": ORIGIN} | headers
        if who:
            sent["Cookie"] = f"samsyn={await self.features.sessions.begin(who, '')}"
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=sent) as browser:
            yield browser

    async def get(self, who: str | None, path: str) -> httpx.Response:
        """The answer to somebody, or nobody, who asks for a page."""
        async with self.browser(who) as browser:
            return await browser.get(path)

    async def post(
        self, who: str, path: str, data: dict[str, str] | None = None, **sent: Any
    ) -> httpx.Response:
        """The answer to somebody who sends a form. ``sent``: what else httpx is to send."""
        async with self.browser(who) as browser:
            return await browser.post(path, data=data, **sent)

    async def read(self, who: str, path: str) -> str:
        """The words of a page, without what stands round every page; lines as they come."""
        answer = await self.get(who, path)
        assert answer.status_code == httpx.codes.OK, (who, path, answer.status_code)
        return words(answer.text)


def words(page: str) -> str:
    """What a page says to whoever listens: without tags, and each word apart from the next by one space."""
    main = page.split("<main")[1].split("</main>", maxsplit=1)[0]
    spoken = re.sub(r"<(\w+)[^>]* aria-hidden=\"true\"[^>]*>[^<]*</\1>", " ", main)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", spoken))).strip()
