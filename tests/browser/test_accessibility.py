"""Every page in a real browser, before any script: axe finds nothing, nothing overflows, all can be hit."""

import asyncio
import threading
from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route

from server.change_log import Kind, Turn, Writing
from server.pages.assets import read_assets
from server.rules.access import Pane
from tests.pages.world import JONAS, MAJA, NOW, ORIGIN, ROOT, World, application, filled
from tests.test_calendar import INVITED

STATIC = ROOT / "web/static"
BUILT = read_assets(STATIC)
AXE = ROOT / "web/client/node_modules/axe-core/axe.min.js"
EVERYTHING = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
CONTRAST = {"runOnly": ["color-contrast"]}
TARGET_PX = 44

DESKTOP = {"width": 1440, "height": 1000}
PHONE = {"width": 390, "height": 844}

SMALL_TARGETS = """minimum => [...document.querySelectorAll(
    'button, summary, .button, .input, .pick, .scale label, .seg label')]
  .map(one => [one, one.getBoundingClientRect()])
  .filter(([one, box]) => box.width > 0 && one.checkVisibility() && (box.height < minimum || box.width < 24))
  .map(([one, box]) => `${one.outerHTML.slice(0, 120)} ${box.width}x${box.height}`)"""


def shared(*panes: Pane, opened: bool = False) -> World:
    """A conversation in which these panes are shared."""
    world = filled()
    world.shared = frozenset(panes)
    world.opened = world.shared if opened else frozenset()
    return world


def written() -> World:
    """A conversation in which both have written, and which the employee has declined after all."""
    world = filled()
    elements = {element.id: element for element in world.template.elements}
    world.writings = (
        Writing(Pane.JOINT, elements["a1"], MAJA, NOW - timedelta(days=1), NOW),
        Writing(Pane.JOINT, elements["a8"], JONAS, NOW - timedelta(minutes=9), NOW - timedelta(minutes=2)),
        Writing(Pane.EMPLOYEE, elements["a4"], MAJA, NOW - timedelta(days=2), NOW - timedelta(days=2)),
    )
    world.turns = (
        Turn(Kind.DECLINED, NOW, MAJA, reason="Vi hann prata redan.", alternative="En timme i mars."),
        Turn(Kind.SHARED, NOW - timedelta(days=1), JONAS, Pane.MANAGER),
    )
    return world


PAGES = {
    "signing in to the demo": (World(demo=True), None, "/sign-in"),
    "start": (filled(), "m", "/"),
    "start without conversations": (World(has_conversations=False), "m", "/"),
    "my own pane unshared": (filled(), "m", "/conversations/c1"),
    "theirs shared and unopened": (shared(Pane.EMPLOYEE), "j", "/conversations/c1"),
    "both shared and opened": (shared(*Pane, opened=True), "m", "/conversations/c1"),
    "preview": (filled(), "m", "/conversations/c1/panes/employee/preview"),
    "who wrote what": (written(), "m", "/conversations/c1/changes"),
    "time and place": (World(calendar_sequence=0), "j", "/conversations/c1/meeting"),
    "my letters": (World(letters=[INVITED]), "m", "/mailbox"),
    "my reminders": (World(mails=False), "m", "/reminders"),
    "my devices": (filled(), "m", "/sessions"),
    "kept text": (filled(), "m", "/kept"),
    "an error": (filled(), "m", "/nowhere"),
    "offline": (filled(), None, "/offline"),
}


async def answered(world: World, key: str | None, path: str) -> httpx.Response:
    """Ask the application for a page, with the assets as they are built."""
    transport = httpx.ASGITransport(application(world, BUILT))
    cookies = {"__Host-samsyn": key} if key else {}
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=cookies) as client:
        return await client.get(path)


def in_its_own_loop(work: Any) -> Any:
    """Playwright's loop is running in this thread: run ours in another."""
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.append(asyncio.run(work)))
    thread.start()
    thread.join()
    return result[0]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_used_by_everybody(browser: Browser, name: str) -> None:
    world, key, path = PAGES[name]
    rendered = in_its_own_loop(answered(world, key, path))
    faults: list[str] = []

    def answer(route: Route) -> None:
        asked = httpx.URL(route.request.url).path
        if asked.endswith(".js"):
            route.fulfill(body="", content_type="text/javascript")
        elif asked.startswith("/static/"):
            route.fulfill(path=STATIC / asked.removeprefix("/static/"))
        else:
            route.fulfill(status=rendered.status_code, headers=dict(rendered.headers), body=rendered.text)

    # Without motion: a colour on its way to another is neither.
    context = browser.new_context(reduced_motion="reduce")
    try:
        context.route("**/*", answer)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.goto(ORIGIN + path)
        page.evaluate(AXE.read_text("utf-8"))
        for size in (DESKTOP, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.emulate_media(color_scheme="light")
            faults += shortcomings(page, EVERYTHING)
            page.emulate_media(color_scheme="dark")
            faults += shortcomings(page, CONTRAST)
    finally:
        context.close()
    assert not [fault for fault in faults if "status of 404" not in fault]


# No more than this leaves the browser: all that axe says of a page is a megabyte.
FOUND = """async options => {
  const found = await axe.run(document, {...options, resultTypes: ["violations"]});
  const faults = found.violations.flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html}`));
  return {passes: found.passes.length, faults};
}"""


def shortcomings(page: Page, options: dict[str, list[str]]) -> list[str]:
    """What axe finds, what is too small to be hit, and whether the page is wider than its window."""
    found = page.evaluate(FOUND, options)
    assert found["passes"], "axe has looked at nothing"
    faults: list[str] = found["faults"]
    faults += page.evaluate(SMALL_TARGETS, TARGET_PX)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        faults.append("wider than its window")
    return faults
