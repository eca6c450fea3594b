"""SIG-1: people type on several devices while the conversation is frozen; the freeze is one moment for all.

Every race is a conversation of its own, on the real rooms and the real log, on PostgreSQL with two nodes.
Both type in the joint pane and Maja in her own, a token a keystroke; somewhere in between somebody presses
Sign on one of the nodes. Afterwards each token that was acknowledged must be in the record, nothing may have
entered the documents since, and every device must have been told of each token that is not in it. A device
that was away and comes back with late text is refused, visibly, and still has it.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from server import freezing
from server.realtime.clock import LoopClock
from server.realtime.rooms import Rooms
from server.record.format import read
from server.rules.access import Pane
from server.storage import tables
from server.storage.log_rows import last_change
from server.storage.opening import open_database
from server.storage.update_log import Author
from tests.organisation import JONAS, MAJA, Organisation
from tests.realtime.doubles import Page

FIELD = "q1"
TOKENS_MAX = 20
"""What one device types at most before somebody freezes, and after."""
TURNS_MAX = 60
"""Turns of the event loop between two keystrokes, and before the freeze."""
AT_ONCE = 4
"""Races that are run beside each other, so that the log has something to group."""


@dataclass
class Outcome:
    """What was seen over all races."""

    races: int = 0
    typed: int = 0
    acknowledged: int = 0
    late: int = 0
    """Tokens that came after the freeze, and were refused."""
    after: int = 0
    """Updates that entered a document after the freeze."""
    missing: int = 0
    """Tokens that were acknowledged and are not in the record."""
    untold: int = 0
    """Devices that were left without an answer."""
    differing: int = 0
    """Documents that say something else than the record."""
    late_unrefused: int = 0
    """Devices that came back with late text, and were not refused, or lost it."""

    @property
    def holds(self) -> bool:
        """Whether the freeze was one moment in every race."""
        wrong = self.after, self.missing, self.untold, self.differing, self.late_unrefused
        return not any(wrong) and self.acknowledged > 0

    def add(self, other: Outcome) -> None:
        """Count another outcome in."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


def now() -> datetime:
    """The real clock: sessions must hold as long as the campaign takes."""
    return datetime.now(UTC)


def template() -> dict[str, Any]:
    """One question in every pane, readable from the start, signed by both."""
    words = dict.fromkeys(("sv", "nb", "en"), "Hur har det gått?")
    question = {"id": FIELD, "type": "rich_text", "panes": [pane.value for pane in Pane], "label": words}
    return {
        "id": "arssamtal-tre-rutor",
        "version": 1,
        "kind": "annual",
        "name": words,
        "layout": "three_pane",
        "share": {"enabled": False},
        "sign": {"enabled": True},
        "sections": [{"id": "all", "title": words, "elements": [question]}],
    }


@dataclass
class Node:
    """One node: the features and the rooms on one database."""

    here: Organisation
    rooms: Rooms


@asynccontextmanager
async def nodes(url: str, count: int) -> AsyncIterator[list[Node]]:
    """So many nodes on one empty database, with Maja and Jonas in it."""
    opened: list[Node] = []
    try:
        for _ in range(count):
            database = await open_database(url, now)
            here = Organisation(database, now)
            rooms = Rooms(here.documents, database.log, LoopClock(), database.others)
            database.listen(rooms.hear)
            rooms.start()
            opened.append(Node(here, rooms))
        await opened[0].here.found(template())
        yield opened
    finally:
        for node in opened:
            await node.rooms.drain()
            await node.here.database.close()


async def run(url: str, count: int, races: int, seed: int, progress: Callable[[], None]) -> Outcome:
    """So many races on so many nodes on an empty database."""
    outcome = Outcome()
    async with nodes(url, count) as on:
        sessions = {who: (await on[0].here.visit(who)).id for who in ("maja", "jonas")}
        for first in range(seed, seed + races, AT_ONCE):
            beside = range(first, min(first + AT_ONCE, seed + races))
            for each in await asyncio.gather(*(race(on, sessions, number) for number in beside)):
                outcome.add(each)
                progress()
    return outcome


class Typist:
    """One device with one document open, and what it has typed there."""

    def __init__(self, label: str, person: str, pane: Pane, node: Node, sessions: Mapping[str, str]) -> None:
        self.label = label
        self.pane = pane
        self.tokens: list[str] = []
        self.name = ""
        self._rooms = node.rooms
        self._author = Author(person, sessions[person])
        self._page = Page(node.rooms, self._author)

    async def join(self, name: str) -> None:
        """Open the document."""
        self.name = name
        await self._page.join(name)

    def leave(self) -> None:
        """The socket is gone, and the device keeps what it has."""
        self._page.vanish(self._rooms)

    def type(self) -> None:
        """One keystroke, sent at once if there is a socket."""
        self.tokens.append(f"{self.label}{len(self.tokens)}.")
        self._page.type(self.name, self.tokens[-1], FIELD)

    async def keep_typing(self, dice: random.Random, count: int) -> None:
        """So many keystrokes, with a little time between them."""
        for _ in range(count):
            self.type()
            await turns(dice.randrange(TURNS_MAX))

    async def until_told(self) -> None:
        """Wait until every token has been answered, or the document closed as frozen."""
        await self._page.until(
            lambda: self._page.ended(self.name) == "frozen" or len(self._answers()) >= len(self.tokens)
        )

    def acknowledged(self) -> list[str]:
        """What the server has said that it has stored."""
        return [token for token, saved in zip(self.tokens, self._answers(), strict=False) if saved]

    def _answers(self) -> list[bool]:
        """The first is the handshake's; from then on one comes for each token, in order."""
        return self._page.saved(self.name)[1:]

    async def comes_back_in_vain(self) -> bool:
        """Attach again with late text. Whether it is refused as it should be, and still on the device."""
        again = Page(self._rooms, self._author)
        again.docs = self._page.docs
        self._page = again
        try:
            await again.join(self.name)
        except TimeoutError:
            return False
        kept = tokens(again.text(self.name, FIELD))
        return (
            again.scopes(self.name) == ["readonly"]
            and again.saved(self.name) == [False]
            and set(self.tokens) <= set(kept)
        )


async def turns(count: int) -> None:
    """Let the event loop turn so many times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def race(on: Sequence[Node], sessions: Mapping[str, str], seed: int) -> Outcome:
    """One race. ``sessions``: person -> hashed id."""
    dice = random.Random(seed)
    here = on[0].here
    id_ = await here.conversation()
    panes = (await here.conversations.see(MAJA.actor, id_)).panes

    def device(label: str, person: str, pane: Pane) -> Typist:
        return Typist(label, person, pane, dice.choice(on), sessions)

    typists = [
        device("m", "maja", Pane.JOINT),
        device("t", "maja", Pane.JOINT),
        device("j", "jonas", Pane.JOINT),
        device("e", "maja", Pane.EMPLOYEE),
    ]
    away = device("a", "jonas", Pane.JOINT)
    for typist in (*typists, away):
        await typist.join(panes[typist.pane].name)
    away.leave()
    away.type()
    typing = [
        asyncio.create_task(typist.keep_typing(dice, dice.randint(1, TOKENS_MAX))) for typist in typists
    ]
    await turns(dice.randrange(TURNS_MAX * TOKENS_MAX))
    presser = dice.choice((MAJA, JONAS))

    def freeze(connection: Connection) -> dict[Pane, int]:
        freezing.freeze(connection, presser.actor, id_, now())
        return lasts(connection, id_)

    last_at_freeze = await dice.choice(on).here.database.write(freeze)
    await asyncio.gather(*typing)
    for typist in typists:
        await typist.keep_typing(dice, dice.randint(1, 3))
    outcome = Outcome(races=1)
    for typist in typists:
        try:
            await typist.until_told()
        except TimeoutError:
            outcome.untold += 1
    outcome.late_unrefused += not await away.comes_back_in_vain()
    await _compare(here, id_, last_at_freeze, typists, outcome)
    for typist in (*typists, away):
        typist.leave()
    return outcome


async def _compare(
    here: Organisation,
    id_: str,
    last_at_freeze: Mapping[Pane, int],
    typists: Sequence[Typist],
    outcome: Outcome,
) -> None:
    """Hold what the devices know against the record, and the record against what is stored now."""
    record = tables.record.c
    content, last = await here.database.read(
        lambda c: (
            c.scalars(select(record.content).where(record.conversation_id == id_)).one(),
            lasts(c, id_),
        )
    )
    recorded = tokens_of(content)
    stored = (await here.documents.read(MAJA.actor, id_)).contents
    for pane in Pane:
        outcome.after += last[pane] - last_at_freeze[pane]
        outcome.differing += tokens(repr(stored.get(pane))) != recorded[pane] and pane in stored
    for typist in typists:
        acknowledged, inside = set(typist.acknowledged()), set(recorded[typist.pane])
        outcome.typed += len(typist.tokens)
        outcome.acknowledged += len(acknowledged)
        outcome.late += len(set(typist.tokens) - inside)
        outcome.missing += len(acknowledged - inside)


def tokens(text: str) -> list[str]:
    """Every token of a text, in its order."""
    return re.findall(r"[a-z]\d+\.", text)


def tokens_of(content: bytes) -> dict[Pane, list[str]]:
    """Every token of a record, by pane."""
    (part,) = read(content).sections[0].elements[0].parts
    return {pane: tokens(repr(part.answers.get(pane.value))) for pane in Pane}


def lasts(connection: Connection, id_: str) -> dict[Pane, int]:
    """Number of the last change in the log of each pane."""
    document = tables.document
    rows = connection.execute(select(document.c.pane, document.c.id).where(document.c.conversation_id == id_))
    return {row.pane: last_change(connection, row.id) or 0 for row in rows}
