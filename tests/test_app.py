"""The whole application over a real database: nothing is reached without a session but what must be."""

import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from server.app import create_app, opened
from server.pages.context import Features
from server.pages.records import KEY_ADDRESS
from server.pages.static_files import HashedFiles
from server.rules.access import OPERATOR
from server.rules.errors import StorageUnavailable
from server.settings import Settings
from tests.conftest import ORIGIN, SetClock
from tests.organisation import JONAS, MAJA, PASSWORD, Organisation

FOR_ANYBODY = {"/sign-in", "/language", "/offline", "/service-worker.js", "/healthz", KEY_ADDRESS}


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    headers = {"Origin": ORIGIN, "Accept": "text/html"}
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as browser:
        yield browser


async def test_whoever_is_not_signed_in_reaches_nothing_else(
    routes: list[BaseRoute], browser: httpx.AsyncClient
) -> None:
    assert {type(route) for route in routes} == {Route, Mount, WebSocketRoute}
    for route in routes:
        if not isinstance(route, Route) or route.path in FOR_ANYBODY:
            continue
        named = defaultdict(lambda: "0" * 32, pane="joint", person="maja", version="1")
        path = route.path.format_map(named)
        for method in (route.methods or set()) - {"HEAD"}:
            answer = await browser.request(method, path)
            assert answer.status_code == (303 if method == "GET" else 401), (method, path)
            assert method != "GET" or answer.headers["location"].startswith("/sign-in")


async def test_no_answer_leads_where_a_forged_host_says(browser: httpx.AsyncClient) -> None:
    """A proxy passes on what the browser sent: a cache in between must not be given another's address."""
    for path in ("/", "/staff/", "/sign-in/", "/static/", "//elsewhere.example/"):
        answer = await browser.get(path, headers={"Host": "elsewhere.example"})
        assert "elsewhere" not in answer.headers.get("location", ""), path


async def test_what_stands_for_anybody_answers(browser: httpx.AsyncClient) -> None:
    for path in ("/sign-in", "/offline", "/service-worker.js", "/healthz"):
        assert (await browser.get(path)).status_code == 200


async def test_an_address_of_nothing_has_a_page_and_its_headers(browser: httpx.AsyncClient) -> None:
    for path in ("/nothing", "/static/nothing.css"):
        answer = await browser.get(path)
        assert answer.status_code == 404
        assert "</html>" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_fault_that_nobody_expected_has_a_page_too(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(HashedFiles, "get_response", fails)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as browser:
        answer = await browser.get("/static/samsyn.css")
    assert answer.status_code == 500
    assert "</html>" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_conversation_that_is_not_yours_looks_like_one_that_does_not_exist(
    features: Features, browser: httpx.AsyncClient, clock: SetClock
) -> None:
    here = Organisation(features.database, clock)
    await here.found()
    id_ = await here.conversation()
    key = await features.sessions.begin("astrid", "")
    browser.cookies.set("samsyn", key)
    answers = [await browser.get(f"/conversations/{asked}") for asked in (id_, "0" * 32)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.replace(id_, "") == answers[1].text.replace("0" * 32, "")


async def test_what_no_database_takes_is_an_address_of_nothing(
    database_url: str, tmp_path: Path, clock: SetClock
) -> None:
    settings = Settings(data=tmp_path, origin=ORIGIN, database=database_url)
    async with opened(settings, clock) as node:
        await Organisation(node.database, clock).found()
        session = {"Cookie": f"samsyn={await node.sessions.begin('maja', '')}"}
        transport = httpx.ASGITransport(create_app(node))
        given = {"Origin": ORIGIN}
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=given) as maja:
            wrong = {"email": "maja\0@nordljus.example", "password": "\0"}
            signed_in = await maja.post("/sign-in", data=wrong)
            assert signed_in.status_code == 401
            for path in ("", "/record", "/records/1.pdf", "/draft.pdf", "/guests", "/changes"):
                answer = await maja.get(f"/conversations/%00{path}", headers=session)
                assert answer.status_code == 404
            ended = await maja.post("/sessions", data={"session": "\0"}, headers=session)
            assert ended.status_code == 404


async def test_signing_in_by_password_opens_the_conversation(
    features: Features, browser: httpx.AsyncClient, clock: SetClock
) -> None:
    here = Organisation(features.database, clock)
    await here.found()
    await here.accounts.set_password(OPERATOR, "jonas", PASSWORD)
    id_ = await here.conversation()
    form = {"email": JONAS.email, "password": PASSWORD, "next": f"/conversations/{id_}"}
    answer = await browser.post("/sign-in", data=form, follow_redirects=True)
    assert answer.status_code == 200
    assert answer.url.path == f"/conversations/{id_}"
    assert MAJA.name in answer.text


async def test_on_loopback_the_server_has_no_other_name(tmp_path: Path, clock: SetClock) -> None:
    async with opened(Settings(data=tmp_path), clock) as node:
        transport = httpx.ASGITransport(create_app(node))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as browser:
            for host, status in (
                ("localhost:8000", 200),
                ("127.0.0.1:8000", 200),
                ("evil.example:8000", 400),
            ):
                assert (await browser.get("/sign-in", headers={"Host": host})).status_code == status


LATER = {
    *("server.site", "server.pages.context", "server.record", "server.mail", "server.archive", "server.demo"),
    *(
        "alembic",
        "aiosmtplib",
        "argon2",
        "asyncpg",
        "babel",
        "cryptography",
        "icalendar",
        "jinja2",
        "pyhanko",
    ),
    *("rich", "typst", "yaml"),
}

IMPORTED = """
import asyncio, sys
from server.app import create_app, opened
from server.cli import now
from server.settings import Settings

async def serve():
    async with opened(Settings(data=sys.argv[1]), now) as node:
        create_app(node)
        if sys.argv[2:]:
            await node.site()

asyncio.run(serve())
print(*sys.modules)
"""


def imported_by_a_server(data: Path, *and_a_page: str) -> set[str]:
    asked = [sys.executable, "-c", IMPORTED, str(data), *and_a_page]
    return set(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split())


def test_what_only_a_page_needs_is_in_no_servers_memory_before_somebody_asks_for_one(
    tmp_path: Path, sqlite_made: Path
) -> None:
    shutil.copy(sqlite_made, tmp_path / "samsyn.sqlite3")
    assert imported_by_a_server(tmp_path) & LATER == set()
    with_a_page = imported_by_a_server(tmp_path, "and a page")
    assert with_a_page >= {"server.site", "jinja2", "babel"}
    assert with_a_page & {"cryptography", "icalendar", "pyhanko", "rich", "typst"} == set()


async def test_health_says_when_the_database_does_not_answer(
    features: Features, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StorageUnavailable

    assert (await browser.get("/healthz")).text == "ok"
    monkeypatch.setattr(features.database, "read", away)
    assert (await browser.get("/healthz")).status_code == 503
