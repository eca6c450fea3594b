"""DUR-2: from its K-th call on the disk refuses to write or to sync, while eight devices type.

Then it works again, and the same server goes on: whatever it had called saved is in the rows by then, and in
the end everything is.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.campaign import strace
from tests.campaign.typists import Typists, stored_tokens
from tests.running import RunningServer

CALLS = ("pwrite64", "fdatasync")
ERRORS = ("EIO", "ENOSPC")
SECONDS_REFUSING = 0.2
"""For which the disk goes on refusing, once it has been seen to."""


@dataclass
class Outcome:
    """What was seen over all failures."""

    failures: int = 0
    typed: int = 0
    waited: int = 0
    """Keystrokes that were written and not acknowledged when the disk worked again."""
    without_a_row: int = 0
    """Acknowledgements of what was not stored: at the end of each failure, and at the end of all."""
    recovered: int = 0

    @property
    def holds(self) -> bool:
        return not self.without_a_row and self.recovered == self.failures > 0 and self.waited > 0

    def add(self, other: Outcome) -> None:
        """Count what was seen elsewhere as well."""
        self.failures += other.failures
        self.typed += other.typed
        self.waited += other.waited
        self.without_a_row += other.without_a_row
        self.recovered += other.recovered


async def fail_at_calls(
    server: RunningServer,
    call: str,
    error: str,
    numbers: Iterable[int],
    seed: int,
    progress: Callable[[], None],
) -> Outcome:
    """Let `call` fail with `error` from the first one on, the second, …: once for each of `numbers`."""
    typists = await Typists.of(server.url, dice=random.Random(seed))
    outcome = Outcome()
    await typists.connect()
    assert server.process is not None
    assert server.process.pid is not None
    for number in numbers:
        with strace.injecting(call, f"error={error}:when={number}+") as inject:
            await asyncio.to_thread(inject, server.process.pid)
            async with typists.typing():
                await _until_refusing(typists)
            heard = typists.acknowledged
        seen = await asyncio.to_thread(stored_tokens, server.data, typists.document)
        outcome.without_a_row += sum(not seen[key] for key in heard)
        outcome.waited += len(typists.written) - len(heard)
        await typists.until_acknowledged()
        outcome.recovered += 1
        outcome.failures += 1
        progress()
    seen = await asyncio.to_thread(stored_tokens, server.data, typists.document)
    outcome.typed = len(typists.written)
    outcome.without_a_row += sum(seen[key] != 1 for key in typists.written)
    await typists.close()
    return outcome


async def _until_refusing(typists: Typists) -> None:
    """Wait until nothing has been acknowledged for a while, though everybody writes on."""
    heard = -1
    while heard < len(typists.acknowledged):
        heard = len(typists.acknowledged)
        await asyncio.sleep(SECONDS_REFUSING)
