"""My reminders and what is enclosed in my letters, over the real application."""

import re
from datetime import UTC, datetime

import pytest
import vobject

from server import policy
from server.conversations import Meeting
from server.letter_choices import LetterChoices
from server.letter_format import OPTIONAL, Kind
from server.letters import Letters
from server.pages.catalogues import LOCALES
from server.pages.context import Features
from server.policy import Policy, Reminders
from server.rules.access import OPERATOR
from tests.conftest import SetClock
from tests.organisation import ANNUAL, JONAS, MAJA, Organisation, annual_template
from tests.pages.visiting import Place

MEETING = Meeting(datetime(2026, 12, 10, 8, 30, tzinfo=UTC), "Europe/Stockholm", "Rum Storsjön")


@pytest.fixture
async def here(features: Features, clock: SetClock) -> Organisation:
    organisation = Organisation(features.database, clock)
    await organisation.found(annual_template(prepare={"send_routine_with_invitation": True}))
    return organisation


def ticked(page: str) -> set[str]:
    return {
        tag.group(1)
        for tag in re.finditer(r'<input type="checkbox"[^>]*name="(\w+)"[^>]*>', page)
        if " checked" in tag.group(0)
    }


async def test_whoever_has_chosen_nothing_gets_everything_and_can_turn_it_off(there: Place) -> None:
    every = {kind.value for kind in OPTIONAL}
    assert ticked((await there.get("maja", "/reminders")).text) == every
    answer = await there.post("maja", "/reminders", {"share": "yes", "sign": "yes", "invited": "no"})
    assert answer.status_code == 303
    page = (await there.get("maja", answer.headers["location"])).text
    assert 'role="status"' in page
    assert ticked(page) == {"share"}
    choices = LetterChoices(there.here.database)
    assert await choices.wanted(MAJA.actor) == {Kind.SHARE}
    # Nobody else's are touched.
    assert ticked((await there.get("jonas", "/reminders")).text) == every


async def test_the_page_says_when_the_organisation_sends_each(there: Place) -> None:
    days = Policy(reminders=Reminders(prepare=10, share=None, meet=0, sign=5, follow_up=1))
    database = there.here.database
    await database.write(lambda c: policy.put(c, OPERATOR, days, there.here.clock()))
    await there.here.accounts.set_locale("maja", "en")
    page = (await there.get("maja", "/reminders")).text
    for sentence in (
        "Sent 10 days before the meeting.",
        "Your organisation does not send it.",
        "Sent on the day of the meeting.",
        "Sent after 5 days, and again as many days later until you have signed.",
        "Sent 1 day before.",
    ):
        assert sentence in page


@pytest.mark.parametrize("locale", LOCALES)
async def test_the_page_is_there_in_every_language(there: Place, locale: str) -> None:
    await there.here.accounts.set_locale("maja", locale)
    answer = await there.get("maja", "/reminders")
    assert answer.status_code == 200
    assert f'<html lang="{locale}">' in answer.text


async def letter(there: Place, who: str) -> str:
    """Where the first letter to somebody has what is enclosed."""
    found = re.search(r"/mailbox/[0-9a-f]+", (await there.get(who, "/mailbox")).text)
    assert found
    return found[0]


async def test_what_a_letter_encloses_is_there_for_its_receiver_alone(there: Place) -> None:
    await there.here.conversations.create(JONAS.actor, "maja", ANNUAL, MEETING, notify=True, invite=True)
    mine = await letter(there, "maja")
    assert mine != await letter(there, "jonas")
    material, event = [await there.get("maja", f"{mine}/{name}") for name in ("material.pdf", "event.ics")]
    assert [material.status_code, event.status_code] == [200, 200]
    assert material.content.startswith(b"%PDF")
    assert material.headers["content-type"] == "application/pdf"
    assert vobject.readOne(event.text).vevent.location.value == "Rum Storsjön"
    for who in ("jonas", "astrid"):
        for name in ("material.pdf", "event.ics"):
            assert (await there.get(who, f"{mine}/{name}")).status_code == 404


async def test_a_letter_without_anything_enclosed_has_nothing_to_fetch(there: Place) -> None:
    here = there.here
    id_ = await here.conversations.create(JONAS.actor, "maja", ANNUAL, MEETING, notify=True)
    here.clock.pass_time(hours=1)  # type: ignore[attr-defined]  # it is the one that is set
    await here.declining.cancel(JONAS.actor, id_, "Flyttas till våren.")
    page = (await there.get("maja", "/mailbox")).text
    [invited] = re.findall(r"(/mailbox/[0-9a-f]+)/material.pdf", page)
    assert (await there.get("maja", f"{invited}/event.ics")).status_code == 404
    called_off, _ = await Letters(here.database, here.clock).to(MAJA.actor)
    assert (await there.get("maja", f"/mailbox/{called_off.id}/material.pdf")).status_code == 404
    assert (await there.get("maja", "/mailbox/0/material.pdf")).status_code == 404
