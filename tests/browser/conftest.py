"""Real browser windows on the real server process that every test has of its own."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    WebSocket,
    expect,
    sync_playwright,
)

from tests.running import RunningServer

EXPECT_MS = 15_000
SEE_OTHER = 303
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What a browser says by itself when the network is away, or of an answer that is a refusal, is no fault of
# the page.
NOISE = re.compile(
    r"ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|ERR_FAILED|WebSocket connection to|status of 409"
)


def chromium() -> str | None:
    """The path of the browser that ``chromium.sh`` would name, if it is there."""
    named = os.environ.get("SAMSYN_TEST_CHROMIUM")
    return named or shutil.which("chromium-headless-shell") or shutil.which("chromium")


# No longer than the tests in this folder: while it lives, asyncio takes its loop for running.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium()
    if not path:
        pytest.fail("No Chromium: run the tests by `make test`, or set SAMSYN_TEST_CHROMIUM to one.")
    expect.set_options(timeout=EXPECT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@dataclass(eq=False)
class Person:
    """One person in one browser window, and everything that her browser was sent."""

    who: str
    context: BrowserContext
    page: Page
    server: RunningServer
    received: list[bytes] = field(default_factory=list)
    """Every frame of every socket and the body of every answer, in order."""
    faults: list[str] = field(default_factory=list)

    def hear(self, page: Page) -> None:
        """Record what `page` is sent and what goes wrong in it."""

        def on_socket(ws: WebSocket) -> None:
            ws.on(
                "framereceived",
                lambda frame: self.received.append(frame if isinstance(frame, bytes) else frame.encode()),
            )

        def on_console(message: ConsoleMessage) -> None:
            if message.type == "error" and not NOISE.search(message.text):
                self.faults.append(f"{message.text} {message.location.get('url', '')}".strip())

        page.on("websocket", on_socket)
        page.on("console", on_console)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def open(self, conversation_with: str) -> None:
        """Go from the start page to the open conversation with somebody, and wait until it is live."""
        self.page.goto(self.server.url)
        self.page.get_by_role("link", name=re.compile(conversation_with)).first.click()
        self.wait_until_live()

    def wait_until_live(self) -> None:
        self.page.wait_for_selector("body[data-ready]")

    def cell(self, pane: str, name: str) -> Locator:
        return self.page.locator(f'[data-pane="{pane}"][data-field="{name}"].field')

    def editor(self, pane: str, name: str) -> Locator:
        return self.cell(pane, name).locator('[role="textbox"]')

    def write(self, pane: str, name: str, text: str, delay_ms: float = 0) -> None:
        """Put the caret at the end of a text and type."""
        self.editor(pane, name).click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(text, delay=delay_ms)

    @property
    def status(self) -> Locator:
        return self.page.locator("[data-slot=save]")

    def expect_saved(self) -> None:
        expect(self.status).to_have_attribute("data-state", "saved")

    def expect_on_device(self, changes: int) -> None:
        """Wait until the line says that the device has so many changes, with or without thousands' marks."""
        expect(self.status).to_have_attribute("data-state", "device")
        number = f"{changes:,}".replace(",", r"\D?")
        expect(self.status).to_contain_text(re.compile(rf"(?<!\d){number}(?!\d)"))

    def go_offline(self) -> None:
        """Take the network away, open sockets included, as a train's tunnel does."""
        self.context.set_offline(True)
        expect(self.status).to_have_attribute("data-offline", "")

    def go_online(self) -> None:
        self.context.set_offline(False)

    def lose_page(self) -> None:
        """Close the page without asking it, and have an empty one instead.

        A page that is offline is told that the network is back before it ends, for Chromium takes the
        emulation off it first: the server must not hear what it sends then.
        """
        with self.server.holding_still():
            self.page.close()
        self.page = self.context.new_page()
        self.hear(self.page)


def enter(context: BrowserContext, server: RunningServer, **form: str | float | bool) -> None:
    """Sign in as the page's form does, but without the page: tests of signing in go there themselves."""
    headers = {"Origin": server.url}
    answer = context.request.post(f"{server.url}/sign-in", form=form, headers=headers, max_redirects=0)
    assert answer.status == SEE_OTHER, answer.text()


Join = Callable[..., Person]


@pytest.fixture
def join(browser: Browser, server: RunningServer) -> Iterator[Join]:
    """`join("maja")` signs somebody in, in a browser of her own, which shows nothing yet."""
    people: list[Person] = []

    def sign_in(who: str, **options: Any) -> Person:
        options.setdefault("viewport", {"width": 1440, "height": 1000})
        context = browser.new_context(**options)
        page = context.new_page()
        person = Person(who, context, page, server)
        person.hear(page)
        people.append(person)
        enter(context, server, person=who)
        return person

    yield sign_in
    faults = {person.who: person.faults for person in people if person.faults}
    for person in people:
        person.context.close()
    assert not faults, faults
