"""My reminders and what is enclosed in my letters, over the real application."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import vobject

from server import policy
from server.app import create_app, opened
from server.conversations import Meeting
from server.letter_choices import LetterChoices
from server.letter_format import OPTIONAL, Kind
from server.letters import Letters
from server.pages.catalogues import LOCALES
from server.policy import Policy, Reminders
from server.rules.access import OPERATOR
from server.settings import Settings
from tests.conftest import SetClock
from tests.organisation import ANNUAL, JONAS, MAJA, Organisation, annual_template

ORIGIN = "http://samsyn.example"
MEETING = Meeting(datetime(2026, 12, 10, 8, 30, tzinfo=UTC), "Europe/Stockholm", "Rum Storsjön")


class Place:
    """The application, and everybody's browsers on it."""

    def __init__(self, organisation: Organisation, client: httpx.AsyncClient, keys: dict[str, str]) -> None:
        self.organisation = organisation
        self.client = client
        self._keys = keys

    async def get(self, who: str, path: str) -> httpx.Response:
        return await self.client.get(path, headers={"Cookie": f"samsyn={self._keys[who]}"})

    async def post(self, who: str, path: str, data: dict[str, str]) -> httpx.Response:
        headers = {"Cookie": f"samsyn={self._keys[who]}", "Origin": ORIGIN}
        return await self.client.post(path, data=data, headers=headers)


@pytest.fixture
async def place(tmp_path: Path, clock: SetClock) -> AsyncIterator[Place]:
    async with opened(Settings(data=tmp_path, origin=ORIGIN), clock) as features:
        organisation = Organisation(features.database, clock)
        await organisation.found(annual_template(prepare={"send_routine_with_invitation": True}))
        keys = {who: await features.sessions.begin(who, "") for who in ("maja", "jonas", "astrid")}
        transport = httpx.ASGITransport(create_app(features))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            yield Place(organisation, client, keys)


def ticked(page: str) -> set[str]:
    return {
        tag.group(1)
        for tag in re.finditer(r'<input type="checkbox"[^>]*name="(\w+)"[^>]*>', page)
        if " checked" in tag.group(0)
    }


async def test_whoever_has_chosen_nothing_gets_everything_and_can_turn_it_off(place: Place) -> None:
    every = {kind.value for kind in OPTIONAL}
    assert ticked((await place.get("maja", "/reminders")).text) == every
    answer = await place.post("maja", "/reminders", {"share": "yes", "sign": "yes", "invited": "no"})
    assert answer.status_code == 303
    page = (await place.get("maja", answer.headers["location"])).text
    assert 'role="status"' in page
    assert ticked(page) == {"share"}
    choices = LetterChoices(place.organisation.database)
    assert await choices.wanted(MAJA.actor) == {Kind.SHARE}
    # Nobody else's are touched.
    assert ticked((await place.get("jonas", "/reminders")).text) == every


async def test_the_page_says_when_the_organisation_sends_each(place: Place) -> None:
    days = Policy(reminders=Reminders(prepare=10, share=None, meet=0, sign=5, follow_up=1))
    database = place.organisation.database
    await database.write(lambda c: policy.put(c, OPERATOR, days, place.organisation.clock()))
    await place.organisation.accounts.set_locale("maja", "en")
    page = (await place.get("maja", "/reminders")).text
    for sentence in (
        "Sent 10 days before the meeting.",
        "Your organisation does not send it.",
        "Sent on the day of the meeting.",
        "Sent after 5 days, and again as many days later until you have signed.",
        "Sent 1 day before.",
    ):
        assert sentence in page


@pytest.mark.parametrize("locale", LOCALES)
async def test_the_page_is_there_in_every_language(place: Place, locale: str) -> None:
    await place.organisation.accounts.set_locale("maja", locale)
    answer = await place.get("maja", "/reminders")
    assert answer.status_code == 200
    assert f'<html lang="{locale}">' in answer.text


async def letter(place: Place, who: str) -> str:
    """Where the first letter to somebody has what is enclosed."""
    found = re.search(r"/mailbox/[0-9a-f]+", (await place.get(who, "/mailbox")).text)
    assert found
    return found[0]


async def test_what_a_letter_encloses_is_there_for_its_receiver_alone(place: Place) -> None:
    await place.organisation.conversations.create(
        JONAS.actor, "maja", ANNUAL, MEETING, notify=True, invite=True
    )
    mine = await letter(place, "maja")
    assert mine != await letter(place, "jonas")
    material, event = [await place.get("maja", f"{mine}/{name}") for name in ("material.pdf", "event.ics")]
    assert [material.status_code, event.status_code] == [200, 200]
    assert material.content.startswith(b"%PDF")
    assert material.headers["content-type"] == "application/pdf"
    assert vobject.readOne(event.text).vevent.location.value == "Rum Storsjön"
    for who in ("jonas", "astrid"):
        for name in ("material.pdf", "event.ics"):
            assert (await place.get(who, f"{mine}/{name}")).status_code == 404


async def test_a_letter_without_anything_enclosed_has_nothing_to_fetch(place: Place) -> None:
    here = place.organisation
    id_ = await here.conversations.create(JONAS.actor, "maja", ANNUAL, MEETING, notify=True)
    here.clock.pass_time(hours=1)  # type: ignore[attr-defined]  # it is the one that is set
    await here.declining.cancel(JONAS.actor, id_, "Flyttas till våren.")
    page = (await place.get("maja", "/mailbox")).text
    [invited] = re.findall(r"(/mailbox/[0-9a-f]+)/material.pdf", page)
    assert (await place.get("maja", f"{invited}/event.ics")).status_code == 404
    called_off, _ = await Letters(here.database, here.clock).to(MAJA.actor)
    assert (await place.get("maja", f"/mailbox/{called_off.id}/material.pdf")).status_code == 404
    assert (await place.get("maja", "/mailbox/0/material.pdf")).status_code == 404
