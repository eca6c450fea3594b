"""PRI-1, PRI-2, PRI-3: two conversations that differ in what one drafts and takes back, and in that alone.

In both the same happens in what two people share. In one of them an owner also types canaries in her own
pane, deletes them, says by presence where she is, goes offline and comes back, changes her mind about a
scale. The other party listens on a socket, knocks at her document, and asks for pages. What he receives must
be the same in both, frame for frame; no page may be another one after she has typed; and once she has shared
the same final text in both, he must be sent the same bytes. Nothing that she took back may be in any of it,
nor in any file of the database once it is closed.

All of it goes through the real rooms, the real database and the real pages, but no socket: so that there can
be thousands. ``tests/campaign/canaries.py`` does the like of it over sockets.
"""

from __future__ import annotations

import asyncio
import json
import random
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pycrdt

from crdt.messages import Stateless, SyncUpdate
from crdt.schema import VALUES
from server.app import Node, create_app, opened
from server.people import Person
from server.realtime.rooms import Rooms
from server.rules.access import Pane
from server.rules.limits import COMPACTION_IDLE_SECONDS, PING_SECONDS
from server.settings import Settings
from server.storage.update_log import Author
from tests.organisation import HELENA, JONAS, MAJA, Organisation
from tests.realtime.doubles import ManualClock, Page

ORIGIN = "http://samsyn.example"
DRAFT, FINAL, SCALE, SHARED = "a4", "a1", "a3", "a8"
"""Fields: what is drafted and taken back, what stays, a scale of hers; and one of the joint pane."""
LAST_WORDS = "slutlig "
SHARED_NUMBER, DRAFTED_NUMBER = 3, 5
"""The scale, as it stands when the pane is shared; and on the way there."""
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
OWNERS = ((MAJA, JONAS, Pane.EMPLOYEE), (JONAS, MAJA, Pane.MANAGER))
"""(owner, the other party, her pane)."""
SEQUENCES_OF_ONE_ORGANISATION = 50
TURNS = 10
"""Of the event loop, for a frame that should not come."""
PAGES = (
    "/",
    "/conversations/{id}",
    "/conversations/{id}/changes",
    "/conversations/{id}/panes/employee/preview",
    "/conversations/{id}/panes/manager/preview",
    "/conversations/{id}/prepare",
    "/conversations/{id}/questions.pdf",
    "/conversations/{id}/draft.pdf",
    "/people/maja",
    "/staff",
    "/mailbox",
    "/notes",
    "/coverage",
)


@dataclass
class Outcome:
    """What was played, and what was seen that may not be."""

    sequences: int = 0
    canaries: int = 0
    frames: int = 0
    """That the other party received."""
    pages: int = 0
    hits: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return self.sequences > 0 and not self.hits

    def add(self, other: Outcome) -> None:
        """Count another outcome in."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass
class Side:
    """One of the two conversations, with the devices that are in it."""

    id: str
    own: str
    """The document of the owner's pane, by its name on the wire."""
    joint: str
    owner: Page
    spy: Page
    """The other party's device."""
    has_scale: bool

    @property
    def spy_has_heard(self) -> int:
        """How many frames came to him that tell anything: a ping comes by the clock."""
        return len(self.spy.received) - self.spy.pings()

    def plain(self, frames: Iterable[bytes]) -> list[bytes]:
        """Frames without the names that only one of the two conversations has."""
        for name, called in ((self.own, b"own"), (self.joint, b"joint"), (self.id, b"id")):
            frames = [frame.replace(name.encode(), called) for frame in frames]
        return list(frames)


class Twins:
    """An organisation in which sequences are played."""

    def __init__(self, here: Organisation, node: Node, outcome: Outcome) -> None:
        self._here = here
        self._node = node
        self._transport = httpx.ASGITransport(create_app(node))
        self._outcome = outcome
        self._clock = ManualClock()
        self.rooms = Rooms(node.documents, node.database.log, self._clock, None)
        node.database.listen(self.rooms.hear)
        self._keys: dict[str, str] = {}
        self._sessions: dict[str, str] = {}
        self.forgotten: list[bytes] = []
        """Every canary that was taken back."""

    async def begin(self) -> None:
        """Open the rooms, and let everybody sign in."""
        self.rooms.start()
        for who in (MAJA, JONAS, HELENA):
            self._keys[who.id] = await self._node.sessions.begin(who.id, "")
            self._sessions[who.id] = (await self._node.sessions.find(self._keys[who.id])).id

    async def play(self, seed: str) -> None:
        """One sequence."""
        dice = random.Random(seed)
        owner, other, pane = dice.choice(OWNERS)
        busy, quiet = [await self._side(owner, other, pane) for _ in range(2)]
        canaries = [b"kanarie%016x" % dice.getrandbits(64) for _ in range(dice.randint(1, 3))]
        asked = [(other, path) for path in dice.sample(PAGES, 2)] + [(HELENA, "/coverage")]
        before = [await self._page(who, path, busy) for who, path in asked]
        await self._draft(dice, owner, busy, canaries[0])
        after = [await self._page(who, path, busy) for who, path in asked]
        self._require(before == after, seed, f"a page of {asked} has changed")
        for canary in canaries:
            await self._in_public(dice, busy, quiet)
            heard = busy.spy_has_heard
            await self._draft(dice, owner, busy, canary)
            self._require(busy.spy_has_heard == heard, seed, "a frame came from a private pane")
        received = []
        for side in (busy, quiet):
            await self._finish(side)
            received.append(await self._share(owner, other, side, pane))
        self._require(received[0] == received[1], seed, "what was shared shows how it was drafted")
        frames = busy.plain(busy.spy.received)
        self._require(frames == quiet.plain(quiet.spy.received), seed, "the other party's frames differ")
        seen = [*frames, received[0], *before, *after, await self._page(other, dice.choice(PAGES), busy)]
        for canary in canaries:
            self._require(all(canary not in each for each in seen), seed, f"{canary!r} was seen")
        self._outcome.sequences += 1
        self._outcome.canaries += len(canaries)
        self._outcome.frames += len(frames)
        self.forgotten += canaries
        for side in (busy, quiet):
            side.owner.vanish(self.rooms)
            side.spy.vanish(self.rooms)

    def _require(self, holds: bool, seed: str, otherwise: str) -> None:
        if not holds:
            self._outcome.hits.append(f"{seed}: {otherwise}")

    async def _side(self, owner: Person, other: Person, pane: Pane) -> Side:
        id_ = await self._here.conversation()
        panes = (await self._here.conversations.see(owner.actor, id_)).panes
        own, joint = panes[pane].name, panes[Pane.JOINT].name
        device, spy = self._device(owner, 100, own, joint), self._device(other, 200, joint)
        await device.join(own, joint)
        await spy.join(joint)
        # He knows the name of her document, and knocks.
        spy.attach(own)
        await spy.until(lambda: spy.denied(own) is not None)
        return Side(id_, own, joint, device, spy, has_scale=pane is Pane.EMPLOYEE)

    def _device(self, who: Person, client: int, *names: str) -> Page:
        """A device whose client ids are the same in both conversations: he receives them."""
        page = Page(self.rooms, Author(who.id, self._sessions[who.id]))
        for number, name in enumerate(names):
            page.docs[name] = pycrdt.Doc(client_id=client + number)
        return page

    async def _draft(self, dice: random.Random, owner: Person, side: Side, canary: bytes) -> None:
        """What may be seen nowhere: a canary is typed, shown by presence, and taken back."""
        device, name, word = side.owner, side.own, canary.decode()
        if dice.random() < 0.5:
            device.speak(name, dice.getrandbits(20), json.dumps({"user": {"name": word}, "where": word}))
        if dice.random() < 0.3:
            # On another device, which was away when it was typed.
            device = self._device(owner, dice.randrange(1_000, 2**31), name)
            await device.join(name)
            device.vanish(self.rooms)
            away, device = device, self._device(owner, 0)
            device.docs = away.docs
            device.write(name, word + " ", DRAFT)
            if dice.random() < 0.5:
                _erase(device.docs[name])
            await device.join(name)
        else:
            for piece in (word[:9], word[9:] + " "):
                await self._say(device, name, lambda piece=piece: device.write(name, piece, DRAFT))  # type: ignore[misc]
        if side.has_scale and dice.random() < 0.5:
            await self._say(device, name, lambda: _mark(device.docs[name], DRAFTED_NUMBER))
        if dice.random() < 0.2:
            # Long enough for her log to be folded, with the canary in it.
            await self._clock.advance(COMPACTION_IDLE_SECONDS + PING_SECONDS)
        await self._say(device, name, lambda: _erase(device.docs[name]))
        if device is not side.owner:
            await side.owner.until(lambda: word not in side.owner.text(name, DRAFT))
            device.vanish(self.rooms)
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def _say(self, device: Page, name: str, write: Callable[[], bytes]) -> None:
        """Send what was written, and wait until it is stored."""
        answered = len(device.saved(name))
        device.say(name, SyncUpdate(write()))
        await device.until_saved(name, answered + 1)

    async def _in_public(self, dice: random.Random, *sides: Side) -> None:
        """The same in both conversations, for everybody in them to see."""
        kind, word = dice.randrange(4), f"{dice.getrandbits(16)} "
        for side in sides:
            heard = len(side.spy.received)
            if kind == 0:
                side.spy.type(side.joint, word, SHARED)
            elif kind == 1:
                side.owner.speak(side.joint, int(word))
            else:
                side.owner.type(side.joint, word, SHARED)
            await side.spy.until(lambda side=side, heard=heard: len(side.spy.received) > heard)  # type: ignore[misc]
        if kind == 3:
            await self._clock.advance(PING_SECONDS)

    async def _finish(self, side: Side) -> None:
        """What both drafts end in."""
        device, name = side.owner, side.own
        await self._say(device, name, lambda: device.write(name, LAST_WORDS, FINAL))
        if side.has_scale:
            await self._say(device, name, lambda: _mark(device.docs[name], SHARED_NUMBER))

    async def _share(self, owner: Person, other: Person, side: Side, pane: Pane) -> bytes:
        """Share it and open it. Returns what the other party is then sent."""
        await self._here.share(owner.actor, side.id, pane)
        # Two changes that come together are told as one.
        await side.spy.until(lambda: side.spy.count(side.joint, Stateless) == 1)
        await self._here.sharing.open_pane(other.actor, side.id, pane)
        await side.spy.until(lambda: side.spy.count(side.joint, Stateless) == 2)
        name = await self._here.name(side.id, pane)
        reader = self._device(other, 900, name)
        await reader.join(name)
        assert LAST_WORDS.strip() in reader.text(name, FINAL)
        reader.vanish(self.rooms)
        return b"".join(reader.received).replace(name.encode(), b"shared")

    async def _page(self, who: Person, path: str, side: Side) -> bytes:
        """Everything that somebody is answered, the headers too."""
        headers = {"Cookie": f"samsyn={self._keys[who.id]}", "Accept": "text/html"}
        async with httpx.AsyncClient(transport=self._transport, base_url=ORIGIN, headers=headers) as client:
            answer = await client.get(path.format(id=side.id))
        self._outcome.pages += 1
        return b"%d %r " % (answer.status_code, answer.headers.multi_items()) + answer.content


def _erase(doc: pycrdt.Doc[Any]) -> bytes:
    """Take away every character of the draft. Returns the update, unsent."""
    before = doc.get_state()
    with doc.transaction():
        for paragraph in doc.get(DRAFT, type=pycrdt.XmlFragment).children:
            for text in paragraph.children:
                text.clear()
    return doc.get_update(before)


def _mark(doc: pycrdt.Doc[Any], number: int) -> bytes:
    """Choose on the scale. Returns the update, unsent."""
    before = doc.get_state()
    doc.get(VALUES, type=pycrdt.Map)[SCALE] = number
    return doc.get_update(before)


async def play_twins(data: Path, sequences: int, seed: str, progress: Callable[[], None]) -> Outcome:
    """Play so many sequences in an organisation of their own in the empty folder ``data``."""
    outcome = Outcome()
    async with opened(Settings(data=data, origin=ORIGIN), lambda: NOW) as node:
        here = Organisation(node.database, lambda: NOW)
        await here.found()
        twins = Twins(here, node, outcome)
        await twins.begin()
        for number in range(sequences):
            await twins.play(f"{seed}/{number}")
            progress()
        await twins.rooms.drain()
    outcome.hits += [f"{seed}: {hit}" for hit in await asyncio.to_thread(_found, data, twins.forgotten)]
    return outcome


def _found(data: Path, words: list[bytes]) -> list[str]:
    files = [path for path in data.rglob("*") if path.is_file()]
    assert files
    return [f"{word!r} in {path.name}" for path in files for word in words if word in path.read_bytes()]


def sequences(_played: Path, data: Path, count: int, seed: int, advance: Callable[[], None]) -> Outcome:
    """Play so many, in one organisation after the other: what is listed grows with each."""
    outcome = Outcome()
    for number, first in enumerate(range(0, count, SEQUENCES_OF_ONE_ORGANISATION)):
        folder = data / f"twins-{number}"
        folder.mkdir()
        some = min(SEQUENCES_OF_ONE_ORGANISATION, count - first)
        outcome.add(asyncio.run(play_twins(folder, some, f"{seed}/{number}", advance)))
        shutil.rmtree(folder)
    return outcome
