"""S07: moved time. Both calendars follow: the same event, a higher sequence, once; only where it was sent.

Elias and Jonas, conv-02, whose meeting was put into both calendars and moved once before.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Join, Person
from tests.browser.scenes import (
    LANGUAGES,
    STILL,
    expect_clean_once,
    open_by_keyboard,
    press,
    rows,
    say,
    speak,
)
from tests.browser.test_keyboard import tab_to
from tests.mailbox import Calendar, Mailbox, event_of, open_mailbox
from tests.running import RunningServer

STOCKHOLM = ZoneInfo("Europe/Stockholm")
SENT_SECONDS_MAX = 20
PLACE = "Rum Ovansiljan"


@contextmanager
def mail(server: RunningServer) -> Iterator[Mailbox]:
    """A mail server, in a loop of its own, to which the started server sends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    opening = open_mailbox()
    mailbox = asyncio.run_coroutine_threadsafe(opening.__aenter__(), loop).result()
    try:
        server.stop()
        server.environment |= {
            "SAMSYN_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
            "SAMSYN_MAIL_FROM": "Samsyn <samsyn@nordljus.example>",
        }
        server.start()
        yield mailbox
    finally:
        asyncio.run_coroutine_threadsafe(opening.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def await_that(mailbox: Mailbox, holds: Callable[[], bool]) -> None:
    """Wait until it holds, as letters arrive."""
    with mailbox.comes:
        assert mailbox.comes.wait_for(holds, SENT_SECONDS_MAX), "no such letter arrived"


def id_of(server: RunningServer, employee: str) -> str:
    """The open conversation of somebody."""
    wanted = "SELECT id FROM conversation WHERE employee_id = ? AND state = 'open'"
    ((id_,),) = rows(server.data, wanted, employee)
    return str(id_)


def in_days(days: int, clock: str) -> datetime:
    """A time so many days from today, as clocks in Stockholm have it."""
    day = (datetime.now(STOCKHOLM) + timedelta(days=days)).date()
    return datetime.combine(day, time_of_day.fromisoformat(clock), STOCKHOLM)


def move(person: Person, at: datetime) -> None:
    """Go from the conversation to its time, and change it, by keyboard alone."""
    page = person.page
    address = page.url
    press(page, 'a[href$="/meeting"]')
    page.wait_for_url(f"{address}/meeting")
    expect_clean_once(page)
    tab_to(page, "#day")
    page.keyboard.type(f"{at:%m%d%Y}")
    tab_to(page, "#time")
    page.keyboard.type(f"{at:%I%M%p}")
    tab_to(page, "#place")
    page.keyboard.press("Control+A")
    page.keyboard.type(PLACE)
    press(page, "main form button")
    page.wait_for_url(address)
    person.wait_until_live()
    expect(page.locator("[data-region=meeting]")).to_contain_text(PLACE)
    expect(page.locator("[data-region=meeting]")).to_contain_text(f"{at:%H:%M}")


@pytest.mark.parametrize("language", LANGUAGES[1:2])
def test_s07_both_calendars_hold_one_event_that_has_moved(
    join: Join, server: RunningServer, language: str
) -> None:
    with mail(server) as mailbox:
        id_ = id_of(server, "elias")
        jonas, elias = join("jonas", **STILL), join("elias", **STILL)
        for person, other in ((jonas, "Elias"), (elias, "Jonas")):
            speak(person, language)
            open_by_keyboard(person, other)
        expect(elias.page.locator("main a[href$='/meeting']")).to_have_count(0)

        def event(who: str) -> Any:
            """What this conversation is in somebody's calendar, when all that arrived has been taken."""
            calendar = Calendar()
            for letter in mailbox.received(f"{who}@nordljus.example"):
                calendar.take(letter)
            found = [each for uid, each in calendar.events.items() if uid.startswith(id_)]
            assert len(found) <= 1
            return found[0] if found else None

        def hold(sequence: int) -> bool:
            events = [event(who) for who in ("jonas", "elias")]
            return all(each is not None and int(each.sequence.value) == sequence for each in events)

        # The demo has moved it once already, from the time of the invitation.
        first, second = in_days(5, "10:45"), in_days(7, "14:15")
        move(jonas, first)
        # The other page follows by itself, and it is said.
        expect(elias.page.locator("[data-region=meeting]")).to_contain_text("10:45")
        expect(elias.page.locator("[data-slot=announce]")).to_contain_text(PLACE)
        await_that(mailbox, lambda: hold(2))
        before = {who: event(who) for who in ("jonas", "elias")}
        assert {each.dtstart.value for each in before.values()} == {first}

        move(jonas, second)
        expect(elias.page.locator("[data-region=meeting]")).to_contain_text("14:15")
        await_that(mailbox, lambda: hold(3))
        for who in ("jonas", "elias"):
            moved = event(who)
            assert moved.uid.value == before[who].uid.value
            assert (moved.dtstart.value, moved.location.value) == (second, PLACE)
        letters = mailbox.received("elias@nordljus.example")
        assert say(language, "Changed: %(conversation)s", conversation="") in letters[-1]["Subject"]


def test_s07_where_no_invitation_was_sent_no_calendar_follows(join: Join, server: RunningServer) -> None:
    at = in_days(7, "14:15")
    with mail(server) as mailbox:
        # Nobody was told when Ola's conversation was made, so nobody is told now.
        jonas = join("jonas", **STILL)
        open_by_keyboard(jonas, "Ola")
        move(jonas, at)
        assert rows(server.data, "SELECT * FROM letter WHERE conversation_id = ?", id_of(server, "ola")) == []
        # Kari and Ingrid chose e-mail without a calendar invitation.
        ingrid = join("ingrid", **STILL)
        open_by_keyboard(ingrid, "Kari")
        move(ingrid, at)
        await_that(mailbox, lambda: len(mailbox.received("kari@nordljus.example")) == 1)
        (moved,) = mailbox.received("kari@nordljus.example")
        assert PLACE in moved.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert event_of(moved) is None
        assert mailbox.received("ola@nordljus.example") == []
