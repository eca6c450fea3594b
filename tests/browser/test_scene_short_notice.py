"""S15: short notice. Less than a week is told once and blocks nothing, and what to prepare with goes along.

Jonas plans a conversation with Fatima, as conv-10 was planned: by keyboard alone, on a desk and a phone.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests.browser.conftest import Join
from tests.browser.scenes import STILL, expect_clean, is_focused, press, rows, say, speak
from tests.browser.test_keyboard import tab_to
from tests.running import RunningServer

LANGUAGE = "nb"
ROUTINE = "rutin-medarbetarsamtal"
CREATE = ".after button[value=create]"
PLACE = "Labbet"


def test_s15_short_notice_is_told_once_and_the_conversation_is_made_with_what_to_prepare_with(
    join: Join, server: RunningServer
) -> None:
    jonas, fatima = join("jonas", **STILL), join("fatima", **STILL)
    page = jonas.page
    speak(jonas, LANGUAGE)
    speak(fatima, LANGUAGE)
    before = rows(server.data, "SELECT id FROM conversation WHERE employee_id = 'fatima'")

    # The employee asks for one, which is the manager's way in.
    press(fatima.page, 'a[href="/conversations/ask"]')
    expect(fatima.page.locator("#wish")).to_be_visible()
    expect_clean(fatima.page)
    tab_to(fatima.page, "#wish")
    fatima.page.keyboard.type("Jag vill prata om hösten.")
    press(fatima.page, "main .form button")
    expect(fatima.page.locator("main blockquote")).to_have_text("Jag vill prata om hösten.")
    expect_clean(fatima.page)
    page.reload()
    press(page, 'main a[href^="/requests/"]')
    expect(page.locator("#reply")).to_be_visible()
    expect_clean(page)
    press(page, 'main a[href*="/conversations/new"]')

    # Every form says what it is, and shows its questions.
    expect(page.locator("main h2")).to_have_count(4)
    expect_clean(page)
    press(page, f"button[name=look][value={ROUTINE}]")
    expect(page.locator("main .card")).not_to_have_count(0)
    expect_clean(page)
    press(page, f"button[name=choose][value={ROUTINE}]")

    # The form has chosen beforehand that everybody is told, and what goes along.
    for name in ("notify", "invite", "routine", "plan", "read"):
        expect(page.locator(f"#{name}")).to_be_checked()
    expect(page.locator("main blockquote")).to_have_text("Jag vill prata om hösten.")
    expect_clean(page)
    at = datetime.now(ZoneInfo("Europe/Stockholm")) + timedelta(days=4)
    tab_to(page, "#place")
    page.keyboard.type(PLACE)
    page.keyboard.press("Enter")
    # A place without a time is said beside the field, and the place is still there.
    expect(page.locator("#meeting-wrong")).to_be_visible()
    expect(page.locator("#place")).to_have_value(PLACE)
    expect_clean(page)
    tab_to(page, "#day")
    page.keyboard.type(f"{at:%m%d%Y}")
    tab_to(page, "#time")
    page.keyboard.type("0815AM")
    press(page, CREATE)

    # Told once, beside the day as well, with a link to it.
    told = page.locator(".look[role=alert]")
    expect(told).to_contain_text("Fatima")
    expect(page.locator("#meeting-look")).to_be_visible()
    described = page.locator("#day").get_attribute("aria-describedby") or ""
    assert "meeting-look" in described.split()
    assert rows(server.data, "SELECT id FROM conversation WHERE employee_id = 'fatima'") == before
    expect_clean(page)
    press(page, ".look li a")
    assert is_focused(page, "#day")
    press(page, CREATE)
    page.wait_for_url(re.compile("/conversations/[0-9a-f]{32}$"))
    jonas.wait_until_live()
    expect(page.locator("[data-region=meeting]")).to_contain_text(PLACE)

    # It is there, for both; and the letters say what goes along.
    id_ = page.url.rpartition("/")[2]
    ((place, routine, plan, read),) = rows(
        server.data, "SELECT place, sends_routine, sends_plan, must_read FROM conversation WHERE id = ?", id_
    )
    assert (place, routine, plan, read) == (PLACE, 1, 1, 1)
    letters = rows(server.data, "SELECT person_id, kind, facts FROM letter WHERE conversation_id = ?", id_)
    assert {(person, kind) for person, kind, _ in letters} == {("fatima", "invited"), ("jonas", "invited")}
    for _, _, facts in letters:
        material = json.loads(facts)["material"]
        assert (material["template"], material["routine"], material["plan"]) == (ROUTINE, True, True)
    fatima.page.goto(f"{server.url}/conversations/ask")
    expect(fatima.page.locator(f'main a[href="/conversations/{id_}"]')).to_be_visible()
    press(fatima.page, f'main a[href="/conversations/{id_}"]')
    fatima.wait_until_live()
    # Everybody is to have this one.
    expect(fatima.page.locator("nav.more")).to_contain_text(
        say(
            LANGUAGE,
            "This conversation is one that everybody is to have, so it cannot be declined. Ask %(name)s for "
            "another time, or for somebody beside you.",
            name="Jonas",
        )
    )
