"""How the conversation page loads and how it takes a key press, as Chromium itself measures it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, Route, StorageState, ViewportSize, expect

LONG_TASK_MS_MAX = 100
LAYOUT_SHIFT_MAX = 0.001
"""As Chromium counts it: 0 when nothing that is seen moves."""
KEY_PRESS_MS_MAX = 8
SCRIPT_BEFORE_PAINT_MS_MAX = 5
"""The few bytes that wait for the first paint run in a fraction of this."""
KEY_PRESSES = 100

Event = dict[str, Any]
"""One of Chromium's trace; its times are in µs."""
Events = list[Event]
TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline", "loading", "v8"]
"""The second has every task."""

WINDOW: ViewportSize = {"width": 1440, "height": 1000}

SCRIPTS = "**/static/*.js"
# Before the page's own script. Only what is in the viewport can shift.
OBSERVE = """
window.seen = { shift: 0, live: 0 }
new PerformanceObserver((list) => {
  for (const { value } of list.getEntries()) seen.shift += value
}).observe({ type: 'layout-shift', buffered: true })
new MutationObserver(() => { seen.live = performance.now() })
  .observe(document, { subtree: true, attributeFilter: ['data-live'] })
"""
FIRST_PAINT = """() => new Promise((done) => {
  const tell = (list) => done(list.getEntries()[0].startTime)
  new PerformanceObserver(tell).observe({ type: 'paint', buffered: true })
})"""
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
PLACES = """() => [...document.querySelectorAll('.field')].map((field) => {
  const { x, y, width, height } = field.getBoundingClientRect()
  return [field.id, x, y + scrollY, width, height].join(' ')
})"""


@dataclass(frozen=True, slots=True)
class Load:
    """One loading of the page, until every field is live. Times in ms, from the navigation's start."""

    first_paint: float
    """Chromium's first-contentful-paint."""
    script_before_paint: float
    """How long scripts ran before that paint: no more than the few bytes that wait for it."""
    live: float
    """When the last field had become an editor."""
    longest_task: float
    """Processor time of the main thread's longest task, loading and first layout included."""
    layout_shift: float
    fields: int


def load(browser: Browser, signed_in: StorageState, url: str) -> Load:
    """Load the page in a browser that has nothing of it yet, as the person of `signed_in`."""
    context = browser.new_context(storage_state=signed_in, viewport=WINDOW)
    page = context.new_page()
    page.add_init_script(OBSERVE)
    events: Events = []
    with _tracing(browser, page, events):
        page.goto(url, wait_until="commit")
        until_all_live(page)
        seen = page.evaluate("seen")
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        fields = page.locator(".field[data-live]").count()
    context.close()
    painted = _first_text_painted(events, url)
    thread = painted["pid"], painted["tid"]
    # One that was running when the trace began or ended has no processor time.
    on_main_thread = [event for event in events if (event["pid"], event["tid"]) == thread and "tdur" in event]
    return Load(
        first_paint=paint,
        script_before_paint=sum(
            _processor_ms(event)
            for event in on_main_thread
            if event["name"] == "v8.evaluateModule" and event["ts"] < painted["ts"]
        ),
        live=seen["live"],
        longest_task=max(_processor_ms(event) for event in on_main_thread if event["name"] == "RunTask"),
        layout_shift=seen["shift"],
        fields=fields,
    )


def until_all_live(page: Page) -> None:
    """Wait until every field is an editor, whether it can be seen or not, and that has been painted."""
    page.wait_for_selector("body[data-ready]")
    expect(page.locator(".field:not([data-live])")).to_have_count(0)
    page.evaluate(PAINTED)


@dataclass
class HeldScripts:
    """From now on no script arrives at `page`, until they are let go."""

    page: Page
    _held: list[Route] = field(default_factory=list)
    _is_holding: bool = True

    def __post_init__(self) -> None:
        self.page.route(SCRIPTS, self._asked)

    def let_go(self) -> None:
        self._is_holding = False
        while self._held:
            self._held.pop().continue_()

    def _asked(self, route: Route) -> None:
        if self._is_holding:
            self._held.append(route)
        else:
            route.continue_()


def key_press_ms(page: Page, presses: int = KEY_PRESSES) -> tuple[float, float]:
    """Processor time of the main thread for one key press where the caret is: (all, scripts alone), in ms.

    Everything that the presses cause counts: events, the editor, the frame to the server and its answer,
    style, layout and paint; and whatever else the page does meanwhile. What other programs of the machine
    take does not.
    """
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate(PAINTED)
    before = _metrics(cdp)
    for number in range(presses):
        page.keyboard.press("abcdefghij"[number % 10])
    page.evaluate(PAINTED)
    after = _metrics(cdp)
    cdp.detach()
    task, script = (
        (after[name] - before[name]) * 1000 / presses for name in ("TaskDuration", "ScriptDuration")
    )
    return task, script


def _metrics(cdp: CDPSession) -> dict[str, float]:
    return {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}


@contextmanager
def _tracing(browser: Browser, page: Page, events: Events) -> Iterator[None]:
    """What happens in the block is in `events` when it has ended."""
    browser.start_tracing(page=page, categories=TRACED)
    try:
        yield
    finally:
        events += json.loads(browser.stop_tracing())["traceEvents"]


def _first_text_painted(events: Events, url: str) -> Event:
    """The first contentful paint of the page at `url`: the trace has other pages too."""
    commits = [event["args"]["data"] for event in events if event["name"] == "CommitLoad"]
    frames = {data["frame"] for data in commits if data["url"] == url}
    paints = [event for event in events if event["name"] == "firstContentfulPaint"]
    return min(
        (event for event in paints if event["args"]["frame"] in frames), key=lambda event: float(event["ts"])
    )


def _processor_ms(event: Event) -> float:
    """What other programs of the machine take does not count."""
    return float(event["tdur"]) / 1000
