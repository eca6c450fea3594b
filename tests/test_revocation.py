"""ACC-2 over both transports: who loses a right loses it on open sockets and the next page, within 2 s.

The whole application over a real database: a page is asked for, a socket is open, something is changed by the
feature that changes it, and from then on neither says anything more.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import pytest
from starlette.applications import Starlette

from server import activities, people
from server.activities import GoalType
from server.activity_documents import Wording
from server.handover import Handovers
from server.pages.context import Features
from server.people import Person
from server.realtime.closings import UNAUTHORIZED
from server.rules.access import OPERATOR, Pane, Role
from server.stand_ins import Days, StandIns
from server.storage.update_log import Author
from tests.conftest import SetClock
from tests.organisation import ASTRID, HELENA, JONAS, MAJA, TOMAS, Organisation, text
from tests.pages.visiting import Place, founded
from tests.realtime.doubles import Page

WITHIN_SECONDS = 2
FIELD = "a8"


@dataclass
class Talk:
    """Maja's conversation with Jonas, and her pane shared and opened."""

    there: Place
    id: str
    joint: str
    own: str
    """Maja's pane."""

    @property
    def here(self) -> Organisation:
        return self.there.here

    async def device(self, who: Person, *names: str) -> Page:
        """A device of somebody, attached. What it may not have is denied."""
        session = await self.here.visit(who.id)
        device = Page(self.there.features.rooms, Author(who.id, session.id))
        device.attach(*names)
        for name in names:
            await within(device, partial(_is_answered, device, name))
        return device

    async def status(self, who: Person, path: str = "") -> int:
        """What somebody who asks for a page is answered; for the conversation's own by default."""
        return (await self.there.get(who.id, path or f"/conversations/{self.id}")).status_code

    async def hears_no_more(self, device: Page) -> None:
        """Maja writes in the joint pane, and another device hears of it, and ``device`` does not."""
        joint = await self.here.name(self.id, Pane.JOINT)
        maja, witness = await self.device(MAJA, joint), await self.device(MAJA, joint)
        heard = len(device.received)
        maja.type(joint, "Bara mellan oss", FIELD)
        await within(witness, lambda: "Bara mellan oss" in witness.text(joint, FIELD))
        assert not [frame for frame in device.received[heard:] if self.id.encode() in frame]


def _is_answered(device: Page, name: str) -> bool:
    return bool(device.saved(name)) or device.denied(name) is not None


async def within(device: Page, predicate: Callable[[], bool]) -> None:
    """Wait until something that reaches the device makes it true: two seconds at most."""
    async with asyncio.timeout(WITHIN_SECONDS), device.happened:
        await device.happened.wait_for(predicate)


@pytest.fixture
async def talk(features: Features, app: Starlette, clock: SetClock) -> Talk:
    there = Place(await founded(features, clock), features, app)
    here = there.here
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("Larmrutinen sitter.")})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    return Talk(there, id_, await here.name(id_, Pane.JOINT), await here.name(id_, Pane.EMPLOYEE))


async def test_a_session_that_is_ended_on_another_device_is_over_on_both_transports(talk: Talk) -> None:
    sessions = talk.there.features.sessions
    key, other = await sessions.begin("jonas", ""), await talk.here.visit("jonas")
    ended = await sessions.find(key)
    phone = Page(talk.there.features.rooms, Author("jonas", ended.id))
    await phone.join(talk.joint, talk.own)
    laptop = await talk.device(JONAS, talk.joint)
    await sessions.end(other, ended.id)
    await within(phone, lambda: phone.closed == (UNAUTHORIZED.code, UNAUTHORIZED.reason))
    async with talk.there.browser(None, Cookie=f"samsyn={key}") as browser:
        assert (await browser.get(f"/conversations/{talk.id}")).status_code == 303
    await talk.hears_no_more(phone)
    assert laptop.closed is None


async def test_somebody_who_is_made_inactive_is_out_at_once(talk: Talk) -> None:
    jonas = await talk.device(JONAS, talk.joint, talk.own)
    key = await talk.there.features.sessions.begin("jonas", "")
    gone = replace(JONAS, active=False)
    await talk.here.database.write(lambda c: people.change(c, OPERATOR, gone, talk.here.clock()))
    await within(
        jonas, lambda: jonas.ended(talk.joint) == jonas.ended(talk.own) == "denied" or bool(jonas.closed)
    )
    async with talk.there.browser(None, Cookie=f"samsyn={key}") as browser:
        assert (await browser.get(f"/conversations/{talk.id}")).status_code == 303
    await talk.hears_no_more(jonas)


async def test_a_manager_who_hands_over_keeps_nothing_open(talk: Talk) -> None:
    jonas = await talk.device(JONAS, talk.joint, talk.own)
    mine = await talk.here.name(talk.id, Pane.MANAGER)
    own = await talk.device(JONAS, mine)
    handovers = Handovers(talk.here.database, talk.here.clock)
    await handovers.reassign(JONAS.actor, talk.id, "astrid")
    await within(jonas, lambda: jonas.ended(talk.joint) is not None and jonas.ended(talk.own) is not None)
    # His own draft stays his, and nobody writes in it any more.
    await within(own, lambda: own.ended(mine) is not None)
    for who in (JONAS, ASTRID):
        assert "read-write" not in (await talk.device(who, mine)).scopes(mine)
    assert (await talk.device(ASTRID, mine)).denied(mine) is not None
    await talk.hears_no_more(jonas)
    assert await talk.status(ASTRID) == 200


async def test_a_share_that_is_withdrawn_is_private_again_for_those_who_are_there(talk: Talk) -> None:
    here = talk.here
    await here.write("jonas", talk.id, Pane.MANAGER, {"a1": text("Du har lyft hela laget.")})
    await here.share(JONAS.actor, talk.id, Pane.MANAGER)
    shared = await here.name(talk.id, Pane.MANAGER)
    jonas, maja = await talk.device(JONAS, shared), await talk.device(MAJA, talk.joint, shared)
    assert maja.denied(shared) == "denied"
    await here.sharing.withdraw(JONAS.actor, talk.id, Pane.MANAGER)
    await within(maja, lambda: maja.told(talk.joint) != [])
    answer = await talk.there.post("maja", f"/conversations/{talk.id}/panes/manager/open")
    assert answer.status_code == 404
    heard = len(maja.received)
    current = await here.name(talk.id, Pane.MANAGER)
    again = await talk.device(JONAS, current)
    again.speak(current)
    again.type(current, "Bara för mig", "a1")
    await within(again, lambda: len(again.saved(current)) == 2)
    late = await talk.device(MAJA, current)
    assert late.denied(current) == "denied"
    assert len(maja.received) == heard
    assert jonas.closed is None


async def test_a_guest_whose_part_is_ended_is_out_of_the_room_and_of_the_page(talk: Talk) -> None:
    await talk.here.invitations.invite(MAJA.actor, talk.id, "tomas")
    await talk.here.invitations.accept(TOMAS.actor, talk.id)
    tomas = await talk.device(TOMAS, talk.joint, talk.own)
    assert tomas.scopes(talk.joint) == ["readonly"]
    assert await talk.status(TOMAS) == 200
    await talk.here.invitations.end(MAJA.actor, talk.id, "tomas")
    await within(tomas, lambda: tomas.ended(talk.joint) == tomas.ended(talk.own) == "denied")
    assert await talk.status(TOMAS) == 404
    await talk.hears_no_more(tomas)


async def test_who_no_longer_leads_somebody_loses_her_activities_and_her_page(talk: Talk) -> None:
    here = talk.here
    added = await here.new_activities.add(JONAS.actor, "maja", GoalType.WORK, Wording("Ny jourlista"))
    await Handovers(here.database, here.clock).reassign(JONAS.actor, talk.id, "astrid")
    activity, _ = await here.database.read(lambda c: activities.get(c, added))
    name = activity.name
    jonas = await talk.device(JONAS, name)
    assert jonas.scopes(name) == ["read-write"]
    assert await talk.status(JONAS, "/people/maja") == 200
    await here.database.write(lambda c: people.place(c, OPERATOR, "maja", None, "astrid", here.clock()))
    await within(jonas, lambda: jonas.ended(name) == "denied")
    assert await talk.status(JONAS, "/people/maja") == 404
    assert await talk.status(JONAS, f"/people/maja/activities/{added}") == 404


async def test_a_role_that_is_taken_away_is_gone_with_the_next_page(talk: Talk) -> None:
    assert await talk.status(HELENA, "/coverage") == 200
    here = talk.here
    plain = replace(HELENA, roles=frozenset({Role.EMPLOYEE}))
    await here.database.write(lambda c: people.change(c, OPERATOR, plain, here.clock()))
    for path in ("/coverage", "/coverage/people.csv", "/policy", "/retention", "/archive"):
        assert await talk.status(HELENA, path) == 404, path


async def test_a_stand_in_whose_days_are_ended_plans_and_sees_no_more(talk: Talk) -> None:
    today = talk.here.clock().date()
    stand_ins = StandIns(talk.here.database, talk.here.clock)
    named = await stand_ins.name(JONAS.actor, "jonas", "tomas", Days(today, today))
    tomas = await talk.device(TOMAS, talk.joint)
    assert tomas.denied(talk.joint) == "denied"
    paths = ("/people/maja", f"/conversations/{talk.id}/meeting")
    assert [await talk.status(TOMAS, path) for path in paths] == [200, 200]
    await stand_ins.end(JONAS.actor, named)
    assert [await talk.status(TOMAS, path) for path in paths] == [404, 404]
