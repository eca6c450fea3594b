"""A conversation of two people, brought by the features to where a test begins, on a real server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from server.pages.catalogues import read_catalogues
from server.rules.access import OPERATOR, Pane
from server.storage.opening import open_database
from tests.browser.conftest import Person, enter
from tests.conftest import SetClock
from tests.organisation import JONAS, MAJA, PASSWORD, Organisation, text
from tests.pages.world import ROOT
from tests.running import RunningServer

CATALOGUES = read_catalogues(ROOT / "web/locales")
PANES = [Pane.EMPLOYEE, Pane.MANAGER, Pane.JOINT]


def words(english: str) -> dict[str, str]:
    return {"sv": english, "nb": english, "en": english}


SIGNED: dict[str, Any] = {
    "id": "arssamtal-tre-rutor",
    "version": 1,
    "kind": "annual",
    "name": {"sv": "Årssamtal", "nb": "Årssamtale", "en": "Annual conversation"},
    "layout": "three_pane",
    "sign": {"enabled": True, "meaning": "agreed"},
    "sections": [
        {
            "id": "all",
            "title": words("Everything"),
            "elements": [
                {
                    "id": "a1",
                    "type": "rich_text",
                    "panes": ["employee", "manager", "joint"],
                    "label": words("How has it been?"),
                },
                {
                    "id": "a2",
                    "type": "rich_text",
                    "filled_by": ["employee", "manager"],
                    "required_for": ["sign"],
                    "label": words("What do we take with us?"),
                },
            ],
        }
    ],
}
"""Three panes, shared each on its own, signed by both; the joint conclusion must be filled in."""

COMPLETED: dict[str, Any] = SIGNED | {
    "layout": "single",
    "sign": {"enabled": False},
    "completes": "manager",
    "sections": [
        {
            "id": "all",
            "title": words("Everything"),
            "elements": [
                {
                    "id": "c1",
                    "type": "text",
                    "filled_by": ["employee", "manager"],
                    "required_for": ["complete"],
                    "label": words("What has happened?"),
                },
                {
                    "id": "c2",
                    "type": "single_choice",
                    "filled_by": ["employee"],
                    "required_for": ["complete"],
                    "options": [
                        {"id": "ahead", "label": words("Ahead")},
                        {"id": "behind", "label": words("Behind")},
                    ],
                    "label": words("Where are the goals?"),
                },
            ],
        }
    ],
}
"""One pane that both write, completed by the manager."""

Prepare = Callable[[Organisation, str], Awaitable[None]]


async def both_shared(organisation: Organisation, id_: str) -> None:
    """Both have written and shared, and each has opened the other's answers."""
    await organisation.write("maja", id_, Pane.EMPLOYEE, {"a1": text("Larmrutinen fungerar.")})
    await organisation.write("jonas", id_, Pane.MANAGER, {"a1": text("Maja har lyft jourgången.")})
    await organisation.share(MAJA.actor, id_, Pane.EMPLOYEE)
    await organisation.share(JONAS.actor, id_, Pane.MANAGER)
    await organisation.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    await organisation.sharing.open_pane(MAJA.actor, id_, Pane.MANAGER)


async def ready(organisation: Organisation, id_: str) -> None:
    """Nothing is missing any more."""
    await both_shared(organisation, id_)
    await organisation.write("jonas", id_, Pane.JOINT, {"a2": text("Vi delar upp jouren.")})


async def frozen(organisation: Organisation, id_: str) -> None:
    """Jonas has asked to sign."""
    await ready(organisation, id_)
    await organisation.freezing.freeze(JONAS.actor, id_)


async def closed(organisation: Organisation, id_: str) -> None:
    """Both have signed."""
    await ready(organisation, id_)
    sha256 = await organisation.freezing.freeze(JONAS.actor, id_)
    await organisation.signing.sign(MAJA.actor, id_, sha256, "sv", "Jouren är inte löst.", PASSWORD)
    await organisation.signing.sign(JONAS.actor, id_, sha256, "nb", "", PASSWORD)


async def nothing(_organisation: Organisation, _id: str) -> None:
    """Just planned."""


@dataclass
class Talk:
    """One conversation of Maja and Jonas on a server, and the browsers in which they take part."""

    browser: Browser
    server: RunningServer
    id: str
    locale: str
    people: list[Person] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.server.url}/conversations/{self.id}"

    def join(self, who: str, **options: Any) -> Person:
        """Sign somebody in, in a browser of her own, and show the conversation."""
        options = {"viewport": {"width": 1440, "height": 1000}, "reduced_motion": "reduce"} | options
        context = self.browser.new_context(**options)
        page = context.new_page()
        person = Person(who, context, page, self.server)
        person.hear(page)
        self.people.append(person)
        enter(context, self.server, email=f"{who}@nordljus.example", password=PASSWORD)
        page.goto(self.url)
        person.wait_until_live()
        return person

    def say(self, sentence: str, **fields: str | int) -> str:
        """A sentence as these people read it."""
        return CATALOGUES[self.locale].say(sentence, **fields)

    def faults(self) -> list[str]:
        """What the browsers complained of; that a refusal is no success they always say."""
        said = [fault for person in self.people for fault in person.faults]
        return [fault for fault in said if not any(status in fault for status in ("409", "403", "404"))]


@contextmanager
def talking(
    browser: Browser, data: Path, template: dict[str, Any], prepare: Prepare, locale: str = "sv"
) -> Iterator[Talk]:
    """Serve a conversation that is where ``prepare`` brings it."""
    data.mkdir(parents=True)
    id_ = in_its_own_loop(_made(data, template, prepare, locale))
    server = RunningServer(data, demo=False)
    server.start()
    talk = Talk(browser, server, id_, locale)
    try:
        yield talk
    finally:
        for person in talk.people:
            person.context.close()
        server.stop()
    assert not talk.faults()
    log = server.log.read_text()
    assert "Traceback" not in log, log[-4000:]


async def _made(data: Path, template: dict[str, Any], prepare: Prepare, locale: str) -> str:
    clock = SetClock()
    clock.now = datetime.now(UTC)
    database = await open_database(f"sqlite:///{data / 'samsyn.sqlite3'}", clock)
    try:
        organisation = Organisation(database, clock)
        await organisation.found(deepcopy(template))
        await organisation.accounts.set_password(OPERATOR, "helena", PASSWORD)
        for who in ("maja", "jonas", "helena"):
            await organisation.accounts.set_locale(who, locale)
        id_ = await organisation.conversation()
        await prepare(organisation, id_)
        return id_
    finally:
        await database.close()


def in_its_own_loop(work: Coroutine[Any, Any, Any]) -> Any:
    """Playwright's loop is running in this thread: run ours in another."""
    result: list[Any] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            result.append(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001 (raised again below)
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return result[0]


def focused(page: Page, selector: str) -> bool:
    """Whether what ``selector`` says has the focus."""
    found: bool = page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector)
    return found
