"""What a curious manager and a page of another site find out or get done: nothing.

Everything goes through the whole application, as a browser would, and answers are compared byte for byte.
"""

from collections import defaultdict
from collections.abc import Sequence

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from server.pages.context import Features
from server.rules.access import Pane
from server.sessions import Session
from server.stand_ins import Days
from tests.conftest import ORIGIN, SetClock
from tests.organisation import JONAS, MAJA, Organisation, text
from tests.test_erasing import leave

DRAFT = text("Jag funderar på att söka det andra jobbet.", "Och på mer.")
OWN = {
    "/sign-out",
    "/my-data",
    "/reminders",
    "/notes",
    "/conversations/ask",
    "/conversations/{id}/prepare/note",
}
"""Where what one sends changes what one sees oneself."""
Answer = tuple[int, list[tuple[str, str]], str]


@pytest.fixture
async def here(features: Features, clock: SetClock) -> Organisation:
    organisation = Organisation(features.database, clock)
    await organisation.found()
    return organisation


class Browser:
    """Somebody who tries every address of the application."""

    def __init__(self, app: Starlette, routes: Sequence[BaseRoute], key: str, **headers: str) -> None:
        self._routes = [route for route in routes if isinstance(route, Route)]
        self._transport = httpx.ASGITransport(app)
        self._headers = {"Cookie": f"samsyn={key}", "Accept": "text/html"} | headers

    async def tries(self, id_: str, methods: tuple[str, ...] = ("GET", "POST")) -> dict[str, Answer]:
        """The answers to every address, of this conversation where one is asked for.

        Whoever also reads changes nothing of his own meanwhile.
        """
        answers: dict[str, Answer] = {}
        async with httpx.AsyncClient(transport=self._transport, base_url=ORIGIN) as client:
            for route in self._routes:
                for pane in Pane if "{pane}" in route.path else (Pane.JOINT,):
                    path = route.path.format_map(
                        defaultdict(lambda: id_, pane=pane, person="maja", version="1")
                    )
                    for method in set(methods) & (route.methods or set()):
                        if method == "GET" or route.path not in OWN or "GET" not in methods:
                            asked = await client.request(method, path, headers=self._headers)
                            answers[f"{method} {route.path} {pane}"] = _plain(asked, id_)
        return answers


def _plain(answer: httpx.Response, id_: str) -> Answer:
    """All of an answer, without the conversation's own id."""
    headers = [(name, value.replace(id_, "")) for name, value in answer.headers.multi_items()]
    return answer.status_code, headers, answer.text.replace(id_, "")


async def test_private_writing_changes_no_byte_of_what_the_other_party_is_answered(
    features: Features, app: Starlette, routes: list[BaseRoute], here: Organisation
) -> None:
    id_ = await here.conversation()
    jonas = Browser(app, routes, await features.sessions.begin("jonas", ""), Origin=ORIGIN)
    before = await jonas.tries(id_)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": DRAFT, "a3": 4})
    await here.write("maja", id_, Pane.EMPLOYEE, {"a4": DRAFT})
    await here.take_back("maja", id_, Pane.EMPLOYEE)
    assert await jonas.tries(id_) == before
    # And it is not because nothing ever shows.
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    assert await jonas.tries(id_, ("GET",)) != {key: each for key, each in before.items() if key[0] == "G"}


async def test_drafting_sharing_and_taking_back_leave_no_byte_behind(
    features: Features, app: Starlette, routes: list[BaseRoute], here: Organisation
) -> None:
    id_ = await here.conversation()
    jonas = Browser(app, routes, await features.sessions.begin("jonas", ""), Origin=ORIGIN)
    before = await jonas.tries(id_)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": DRAFT, "a3": 4})
    for _ in range(2):
        await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
        await here.sharing.withdraw(MAJA.actor, id_, Pane.EMPLOYEE)
    assert await jonas.tries(id_) == before


async def test_what_somebody_keeps_to_herself_changes_no_byte_for_whoever_keeps_watch(
    features: Features,
    app: Starlette,
    routes: list[BaseRoute],
    here: Organisation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Working here or gone: HR, her manager's manager, a stand-in and her manager are shown the same."""
    today = here.clock().date()
    await features.stand_ins.name(JONAS.actor, "jonas", "astrid", Days(today, today))
    watching = {
        "helena": (
            "/retention?days=3650",
            "/retention/people/maja",
            "/coverage",
            "/coverage/people.csv",
            "/coverage/figures.csv",
            "/conversations/to-reassign",
            "/conversations/{id}/responsible",
        ),
        "astrid": ("/", "/staff", "/people/maja", "/people/maja/activities", "/mailbox"),
        "jonas": ("/", "/staff", "/people/maja", "/conversations/{id}/prepare", "/mailbox"),
    }
    id_ = await here.conversation()
    keys = {who: await features.sessions.begin(who, "") for who in watching}
    # How often somebody signs in is counted: she does once.
    once = await here.visit("maja")

    async def same(_who: str) -> Session:
        return once

    monkeypatch.setattr(here, "visit", same)

    async def seen() -> dict[str, Answer]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
            return {
                f"{who} {path}": _plain(
                    await client.get(path.format(id=id_), headers={"Cookie": f"samsyn={keys[who]}"}), id_
                )
                for who, paths in watching.items()
                for path in paths
            }

    before = await seen()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": DRAFT, "a3": 4})
    await features.preparing.tick(MAJA.actor, id_, ["e1"])
    await features.letter_choices.choose(MAJA.actor, [])
    for about in ({}, {"about_person": "jonas"}, {"about_conversation": id_}):
        note = await features.notes.add(MAJA.actor, **about)
        await here.write_in("maja", f"notes/maja/{note}", {"text": DRAFT})
    await features.own_data.ask(MAJA.actor)
    assert await seen() == before
    await leave(here, "maja")
    gone = await seen()
    assert gone != before
    for each in await features.notes.mine(MAJA.actor):
        await features.notes.throw_away(MAJA.actor, each.id)
    assert await seen() == gone


@pytest.mark.parametrize("site", ["cross-site", "same-site", None])
async def test_no_other_site_gets_anything_done_in_anybodys_name(
    features: Features, app: Starlette, routes: list[BaseRoute], here: Organisation, site: str | None
) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": DRAFT, "a3": 4})
    session = await features.sessions.begin("maja", "")
    headers = {"Origin": "https://elsewhere.example"} | ({"Sec-Fetch-Site": site} if site else {})
    answers = await Browser(app, routes, session, **headers).tries(id_, ("POST",))
    assert {answer[0] for answer in answers.values()} == {403}
    # Neither is she signed out, nor anything shared, nor another cookie set.
    assert (await features.sessions.find(session)).person.id == "maja"
    seen = await features.conversations.see(JONAS.actor, id_)
    assert not any(pane.shared_at for pane in seen.panes.values())
    assert "set-cookie" not in {name for _, headers, _ in answers.values() for name, _ in headers}
