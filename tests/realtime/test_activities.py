"""Activities and notes while people have them open: real rooms, real rights, both databases, two nodes."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pycrdt
import pytest
from sqlalchemy import Connection

from crdt.messages import Awareness, SyncUpdate
from crdt.schema import VALUES
from server import activities, activity_documents, people
from server.activities import GoalType
from server.activity_documents import DO, FOLLOW_UP, OWNER, TITLE, Wording
from server.realtime.clock import LoopClock
from server.realtime.room import CHANGED
from server.realtime.rooms import Rooms
from server.storage.database import Database
from server.storage.opening import open_database
from server.storage.update_log import Author
from tests.conftest import SetClock
from tests.organisation import JONAS, MAJA, TOMAS, Organisation
from tests.realtime.doubles import Page, shown


class Live:
    """Nodes on one database, the first one's organisation, and an activity of Maja's."""

    def __init__(self, *here: Organisation) -> None:
        self.here = here[0]
        self.rooms = [
            Rooms(each.documents, each.database.log, LoopClock(), each.database.others) for each in here
        ]
        for each, rooms in zip(here, self.rooms, strict=True):
            each.database.listen(rooms.hear)
            rooms.start()
        self.id = self.name = ""

    async def begin(self) -> None:
        await self.here.found()
        self.id = await self.here.new_activities.add(JONAS.actor, "maja", GoalType.WORK, Wording("Kurs"))
        self.name = f"activities/maja/{self.id}"

    async def page(self, who: str, *names: str, node: int = 0) -> Page:
        page = Page(self.rooms[node], Author(who, (await self.here.visit(who)).id))
        await page.join(*(names or (self.name,)))
        return page

    async def place(self, manager: str | None) -> None:
        """Give Maja another manager."""
        now = self.here.clock()
        await self.here.database.write(lambda c: people.place(c, TOMAS.actor, "maja", None, manager, now))

    async def drain(self) -> None:
        for rooms in self.rooms:
            await rooms.drain()


@pytest.fixture
async def live(database: Database, clock: SetClock) -> AsyncIterator[Live]:
    live = Live(Organisation(database, clock))
    await live.begin()
    yield live
    await live.drain()


@pytest.fixture
async def nodes(database: Database, database_url: str, clock: SetClock) -> AsyncIterator[Live]:
    """Two nodes where there can be two, else one that stands for both."""
    if database.others is None:
        live = Live(Organisation(database, clock))
        live.rooms *= 2
        await live.begin()
        yield live
        await live.rooms[0].drain()
        return
    other = await open_database(database_url, clock)
    live = Live(Organisation(database, clock), Organisation(other, clock))
    await live.begin()
    yield live
    await live.drain()
    await other.close()


async def test_two_people_write_in_the_same_field_at_once_and_nothing_is_lost(nodes: Live) -> None:
    maja, jonas = await nodes.page("maja"), await nodes.page("jonas", node=1)
    lower, upper = "abcdefgh", "ABCDEFGH"
    for mine, theirs in zip(lower, upper, strict=True):
        for field in (TITLE, "description"):
            maja.type(nodes.name, mine, field)
            jonas.type(nodes.name, theirs, field)
    for field, before in ((TITLE, "Kurs"), ("description", "")):
        everything = sorted(before + lower + upper)
        for page in (maja, jonas):
            await page.until(lambda page=page: sorted(page.text(nodes.name, field)) == everything)  # type: ignore[misc]  # noqa: B023
        assert maja.text(nodes.name, field) == jonas.text(nodes.name, field)
    for page in (maja, jonas):
        await page.until_saved(nodes.name, 17)
        assert set(page.saved(nodes.name)) == {True}
    (row,) = await nodes.here.activities.of_employee(MAJA.actor, "maja")
    assert row.title == maja.text(nodes.name, TITLE)


async def test_who_is_here_is_shown_to_the_other_as_in_the_joint_pane(nodes: Live) -> None:
    maja, jonas = await nodes.page("maja"), await nodes.page("jonas", node=1)
    maja.speak(nodes.name)
    await jonas.until(lambda: shown(jonas, nodes.name) == {"Maja Öberg"})
    maja.vanish(nodes.rooms[0])
    await jonas.until(lambda: shown(jonas, nodes.name) == set())


async def test_at_every_turn_open_pages_are_told_and_write_only_while_it_is_active(nodes: Live) -> None:
    maja, jonas = await nodes.page("maja"), await nodes.page("jonas", node=1)
    turns = nodes.here.activity_turns
    await turns.complete(MAJA.actor, nodes.id)
    for page in (maja, jonas):
        await page.until(lambda page=page: page.told(nodes.name) == [CHANGED])  # type: ignore[misc]
        assert page.scopes(nodes.name) == ["read-write", "readonly"]
    jonas.type(nodes.name, "för sent", TITLE)
    await jonas.until(lambda: jonas.saved(nodes.name) == [True, False])
    await turns.take_up(JONAS.actor, nodes.id)
    await maja.until(lambda: maja.scopes(nodes.name) == ["read-write", "readonly", "read-write"])
    maja.type(nodes.name, " mer", TITLE)
    await maja.until(lambda: maja.saved(nodes.name) == [True, True])
    await turns.comment(JONAS.actor, nodes.id, "Bra.")
    await maja.until(lambda: len(maja.told(nodes.name)) == 3)
    (row,) = await nodes.here.activities.of_employee(MAJA.actor, "maja")
    assert row.title == "Kurs mer"


async def test_a_turn_that_an_open_page_has_not_heard_of_refuses_what_it_sends(live: Live) -> None:
    maja = await live.page("maja")
    # Without the bell: the append's own transaction decides.
    live.here.database._listeners.clear()
    await live.here.activity_turns.cancel(JONAS.actor, live.id, "Ingen tid")
    maja.type(live.name, "för sent", TITLE)
    await maja.until(lambda: maja.ended(live.name) == "frozen")
    assert maja.saved(live.name) == [True]


async def test_a_new_manager_gets_in_and_the_old_ones_open_page_is_closed_at_once(nodes: Live) -> None:
    maja, jonas = await nodes.page("maja"), await nodes.page("jonas", node=1)
    await nodes.place("astrid")
    await jonas.until(lambda: jonas.ended(nodes.name) == "denied")
    heard = len(jonas.received)
    astrid = await nodes.page("astrid")
    astrid.type(nodes.name, " hej", TITLE)
    await maja.until(lambda: maja.text(nodes.name, TITLE) == "Kurs hej")
    jonas.attach(nodes.name)
    await jonas.until(lambda: jonas.denied(nodes.name) == "denied")
    assert all(not isinstance(message, SyncUpdate | Awareness) for _, message in jonas.messages[heard:])


async def test_whoever_is_responsible_is_in_until_the_conversation_is_over(live: Live) -> None:
    id_ = await live.here.conversation()
    await live.place("astrid")
    jonas = await live.page("jonas")
    assert jonas.scopes(live.name) == ["read-write"]
    await live.here.declining.cancel(JONAS.actor, id_, "Astrid tar över.")
    await jonas.until(lambda: jonas.ended(live.name) == "denied")


@pytest.mark.parametrize("who", ["astrid", "helena", "tomas"])
async def test_for_everybody_else_an_activity_is_as_if_it_were_not_there(live: Live, who: str) -> None:
    page = Page(live.rooms[0], Author(who, (await live.here.visit(who)).id))
    names = (live.name, f"activities/{who}/{live.id}", "activities/maja/" + "0" * 32, "activities/", "notes/")
    page.attach(*names)
    for name in names:
        await page.until(lambda name=name: page.denied(name) == "denied")  # type: ignore[misc]


async def test_an_erased_activity_is_closed_for_those_who_had_it_open(live: Live) -> None:
    maja = await live.page("maja")
    await live.here.database.write(lambda connection: activities.drop(connection, live.id))
    await maja.until(lambda: maja.ended(live.name) == "denied")


async def test_a_note_is_its_owners_alone_on_all_devices(nodes: Live) -> None:
    id_ = await nodes.here.notes.add(MAJA.actor, about_person="jonas")
    (note,) = await nodes.here.notes.mine(MAJA.actor)
    phone, tablet = await nodes.page("maja", note.name), await nodes.page("maja", note.name, node=1)
    jonas = await nodes.page("jonas", node=1)
    heard = len(jonas.received)
    for key in "Bra hållet":
        phone.type(note.name, key, "text")
    phone.speak(note.name)
    await tablet.until(lambda: tablet.text(note.name, "text") == "Bra hållet")
    await tablet.until(lambda: shown(tablet, note.name) == {"Maja Öberg"})
    jonas.attach(note.name)
    await jonas.until(lambda: jonas.denied(note.name) == "denied")
    # Nothing but the answer to what he asked (PRI-3).
    assert len(jonas.received) == heard + 1
    assert (await nodes.here.notes.mine(MAJA.actor))[0].beginning == "Bra hållet"
    await nodes.here.notes.throw_away(MAJA.actor, id_)
    await tablet.until(lambda: tablet.ended(note.name) == "denied")


# The row and the document


def _set(page: Page, name: str, key: str, value: str | None) -> None:
    """Choose a date or a person, as the page does."""
    doc = page.docs[name]
    before = doc.get_state()
    with doc.transaction():
        doc.get(VALUES, type=pycrdt.Map)[key] = value
    page.say(name, SyncUpdate(doc.get_update(before)))


def _empty(page: Page, name: str, field: str) -> None:
    doc = page.docs[name]
    before = doc.get_state()
    with doc.transaction():
        for text in doc.get(field, type=pycrdt.XmlFragment).children[0].children:
            text.clear()
    page.say(name, SyncUpdate(doc.get_update(before)))


def _do_something(dice: random.Random, page: Page, name: str) -> None:
    match dice.randrange(5):
        case 0:
            page.type(name, dice.choice("aåé🫐 "), dice.choice((TITLE, "goal", "description", "how")))
        case 1:
            _set(page, name, OWNER, dice.choice(("maja", "jonas", "nobody", None)))
        case 2 | 3:
            days = ("2027-03-01", "2027-06-30", None)
            _set(page, name, dice.choice((DO, FOLLOW_UP)), dice.choice(days))
        case 4:
            _empty(page, name, TITLE)


@pytest.mark.parametrize("seed", range(4))
async def test_the_row_says_what_the_document_says_whoever_wrote_it_where(nodes: Live, seed: int) -> None:
    dice = random.Random(seed)
    pages = [await nodes.page("maja"), await nodes.page("jonas", node=1)]
    sent = [1, 1]
    for _ in range(60):
        who = dice.randrange(2)
        _do_something(dice, pages[who], nodes.name)
        sent[who] += 1
    for page, number in zip(pages, sent, strict=True):
        await page.until_saved(nodes.name, number)

    def read(connection: Connection) -> tuple[Any, Any]:
        activity, document = activities.get(connection, nodes.id)
        assert document is not None
        said = activity_documents.summary(activity_documents.stored(connection, document))
        known = said.owner if said.owner in ("maja", "jonas") else None
        row = (activity.title, activity.owner and activity.owner.id, activity.due_on, activity.follow_up_on)
        said = replace(said, owner=known)
        return row, (said.title, said.owner, said.due_on, said.follow_up_on)

    row, said = await nodes.here.database.read(read)
    assert row == said
