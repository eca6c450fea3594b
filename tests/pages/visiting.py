"""The whole application over a real database, as tests of pages ask it: everybody reads English here."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from server.app import create_app, opened
from server.pages.context import Features
from server.settings import Settings
from tests.conftest import SetClock
from tests.organisation import EVERYBODY, Organisation

ORIGIN = "http://samsyn.example"


@dataclass
class Place:
    """An organisation, and its server."""

    here: Organisation
    features: Features
    client: httpx.AsyncClient

    async def get(self, who: str, path: str) -> httpx.Response:
        """The answer to somebody who asks for a page."""
        key = await self.features.sessions.begin(who, "")
        headers = {"Cookie": f"samsyn={key}", "Accept": "text/html", "Origin": ORIGIN}
        return await self.client.get(path, headers=headers)

    async def post(self, who: str, path: str, data: dict[str, str] | None = None) -> httpx.Response:
        """The answer to somebody who sends a form."""
        key = await self.features.sessions.begin(who, "")
        headers = {"Cookie": f"samsyn={key}", "Accept": "text/html", "Origin": ORIGIN}
        return await self.client.post(path, data=data, headers=headers)

    async def read(self, who: str, path: str) -> str:
        """The words of a page, without what stands round every page; lines as they come."""
        answer = await self.get(who, path)
        assert answer.status_code == httpx.codes.OK, (who, path, answer.status_code)
        return words(answer.text)


@asynccontextmanager
async def place(data: Path, clock: SetClock, template: dict[str, Any] | None = None) -> AsyncIterator[Place]:
    """The small organisation of the tests, on SQLite."""
    async with opened(Settings(data=data, origin=ORIGIN), clock) as features:
        here = Organisation(features.database, clock)
        await here.found(template)
        for person in EVERYBODY:
            await here.accounts.set_locale(person.id, "en")
        transport = httpx.ASGITransport(create_app(features))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            yield Place(here, features, client)


def words(page: str) -> str:
    """What a page says to whoever listens: without tags, and each word apart from the next by one space."""
    main = page.split("<main")[1].split("</main>", maxsplit=1)[0]
    spoken = re.sub(r"<(\w+)[^>]* aria-hidden=\"true\"[^>]*>[^<]*</\1>", " ", main)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", spoken))).strip()
