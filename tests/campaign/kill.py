"""DUR-1: the server is killed while eight devices type; nothing that was acknowledged may be missing.

It is killed at random moments, and at each of its first calls that write or sync: then it has done all
that comes before that call and nothing of it, also while it opens what the kill before has left.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from websockets.exceptions import WebSocketException

from tests.campaign import strace
from tests.campaign.typists import Typists
from tests.running import NotServing, RunningServer

SECONDS_ALIVE_MAX = 0.6
"""A random kill comes within this time of the first keystroke."""
CALLS = ("fdatasync", "pwrite64")


@dataclass
class Outcome:
    """What was seen over all kills."""

    kills: int = 0
    while_opening: int = 0
    """Kills before it served."""
    typed: int = 0
    in_the_air: int = 0
    """Of these, keystrokes that were not yet acknowledged when the server was killed."""
    lost: int = 0
    doubled: int = 0
    broken_by: list[int] = field(default_factory=list)
    """Seeds of the databases in which anything was."""

    @property
    def holds(self) -> bool:
        return not self.lost and not self.doubled and self.typed > self.in_the_air

    def add(self, other: Outcome) -> None:
        """Count what was seen elsewhere as well."""
        self.kills += other.kills
        self.while_opening += other.while_opening
        self.typed += other.typed
        self.in_the_air += other.in_the_air
        self.lost += other.lost
        self.doubled += other.doubled
        self.broken_by += other.broken_by


async def kill_while_typing(
    server: RunningServer, kills: int, seed: int, progress: Callable[[], None]
) -> Outcome:
    """Kill `server` so many times while eight devices write in one pane."""
    dice = random.Random(seed)
    typists = await Typists.of(server.url, dice=dice)
    outcome = Outcome()
    await typists.connect()
    for _ in range(kills):
        async with typists.typing():
            await asyncio.sleep(dice.uniform(0.02, SECONDS_ALIVE_MAX))
            await asyncio.to_thread(server.kill)
        await _look(server, typists, outcome)
        progress()
    await _look_at_last(typists, outcome)
    if outcome.lost or outcome.doubled:
        outcome.broken_by.append(seed)
    return outcome


async def kill_at_calls(
    server: RunningServer, call: str, numbers: Iterable[int], seed: int, progress: Callable[[], None]
) -> Outcome:
    """Kill `server` when it is about to make its first `call`, its second, …: once for each of `numbers`."""
    typists = await Typists.of(server.url, dice=random.Random(seed))
    outcome = Outcome()
    await typists.connect()
    for number in numbers:
        await asyncio.to_thread(server.kill)
        await typists.close()
        with strace.injecting(call, f"signal=SIGKILL:when={number}") as inject:
            try:
                await asyncio.to_thread(server.start, inject)
            except NotServing:
                outcome.while_opening += 1
            else:
                with contextlib.suppress(OSError, WebSocketException):
                    await typists.connect()
                async with typists.typing():
                    await typists.until_cut_off()
                server.reap()
        await _look(server, typists, outcome)
        progress()
    await _look_at_last(typists, outcome)
    if outcome.lost or outcome.doubled:
        outcome.broken_by.append(seed)
    return outcome


async def _look(server: RunningServer, typists: Typists, outcome: Outcome) -> None:
    """Start the server and look at what is there before any device is back; then let them come back."""
    await typists.close()
    await asyncio.to_thread(server.start)
    seen = await typists.shown()
    outcome.lost += sum(not seen[key] for key in typists.acknowledged)
    outcome.doubled += sum(count > 1 for count in seen.values())
    outcome.in_the_air += len(typists.written) - len(typists.acknowledged)
    outcome.kills += 1
    await typists.connect()


async def _look_at_last(typists: Typists, outcome: Outcome) -> None:
    """In the end everything is there, once: also what was typed between a commit and a kill."""
    seen = await typists.shown()
    outcome.typed += len(typists.written)
    outcome.lost += sum(not seen[key] for key in typists.written)
    outcome.doubled += sum(count > 1 for count in seen.values())
    await typists.close()
