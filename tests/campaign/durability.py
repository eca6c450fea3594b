"""How `make campaign` runs what attacks durability and endurance: on copies of the sample organisation.

A campaign takes the folder in which that has been played, an empty one, a number, the seed, and what is
called when one more is done. It returns what was seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.campaign import endure, fail, kill, power, stall, starve, stop_postgres
from tests.conftest import made_database, started_postgres
from tests.running import RunningServer, serving_copy

Advance = Callable[..., None]

OF_ONE_DATABASE = 10
"""Kills and failures: then it goes on with another copy, before a text is longer than anybody's."""


def kills(played: Path, data: Path, count: int, seed: int, advance: Advance) -> kill.Outcome:
    """SIGKILLs at random moments."""
    outcome = kill.Outcome()
    for first in range(0, count, OF_ONE_DATABASE):
        number = min(OF_ONE_DATABASE, count - first)
        with serving_copy(played, data / f"killed-{first}") as server:
            outcome.add(asyncio.run(kill.kill_while_typing(server, number, seed + first, advance)))
    return outcome


def kills_at_calls(played: Path, data: Path, count: int, seed: int, advance: Advance) -> kill.Outcome:
    """SIGKILLs at each of the first calls that write or sync, so many of each."""
    outcome = kill.Outcome()
    for call in kill.CALLS:
        for first in range(1, count + 1, OF_ONE_DATABASE):
            numbers = range(first, min(first + OF_ONE_DATABASE, count + 1))
            with serving_copy(played, data / f"killed-at-{call}-{first}") as server:
                outcome.add(asyncio.run(kill.kill_at_calls(server, call, numbers, seed, advance)))
    return outcome


def failures(played: Path, data: Path, count: int, seed: int, advance: Advance) -> fail.Outcome:
    """A disk that refuses from its first call on, its second, …: so often for each call and each error."""
    outcome = fail.Outcome()
    for call in fail.CALLS:
        for error in fail.ERRORS:
            for first in range(1, count + 1, OF_ONE_DATABASE):
                numbers = range(first, min(first + OF_ONE_DATABASE, count + 1))
                with serving_copy(played, data / f"failed-{call}-{error}-{first}") as server:
                    outcome.add(asyncio.run(fail.fail_at_calls(server, call, error, numbers, seed, advance)))
    return outcome


def starvations(played: Path, data: Path, count: int, _seed: int, advance: Advance) -> starve.Outcome:
    """A full disk, again and again."""
    with serving_copy(played, data / "starved") as server:
        return asyncio.run(starve.starve(server, ("priya", "ingrid"), count, advance))


def power_cuts(played: Path, data: Path, count: int, seed: int, advance: Advance) -> power.Outcome:
    """Power cuts under a disk that works."""
    with serving_copy(played, data / "power") as server:
        return asyncio.run(power.lose_power(server, count, seed, advance))


def power_cuts_after_failed_syncs(
    played: Path, data: Path, count: int, seed: int, advance: Advance
) -> power.Outcome:
    """Power cuts under a disk of which a sync fails now and then, with a server that is killed at times."""
    with serving_copy(played, data / "failing") as server:
        ill = power.lose_power(server, count, seed, advance, lives=power.LIVES, syncs_fail=power.SYNCS_FAIL)
        return asyncio.run(ill)


def postgres_stops(
    _played: Path, data: Path, count: int, seed: int, advance: Advance
) -> stop_postgres.Outcome:
    """PostgreSQL stopped under two nodes, which play the sample organisation into it."""
    with ExitStack() as stack:
        postgres = started_postgres(data / "stopped-postgres")
        stack.callback(postgres.cleanup)
        uri = made_database(postgres)
        nodes = tuple(
            RunningServer(data / f"node-{name}", environment={"SAMSYN_DATABASE": uri}) for name in "ab"
        )
        for node in nodes:
            node.data.mkdir()
            node.start()
            stack.callback(node.stop)
        return asyncio.run(stop_postgres.stop_while_typing(postgres, uri, nodes, count, seed, advance))


def stalls(_played: Path, data: Path, count: int, _seed: int, advance: Advance) -> stall.Outcome:
    """A reader who stalls, so many times."""
    outcome = stall.Outcome()
    for number in range(count):
        folder = data / f"stalled-{number}"
        folder.mkdir()
        outcome.add(asyncio.run(stall.stall_one(folder)))
        advance()
    return outcome


def comings(_played: Path, data: Path, count: int, seed: int, advance: Advance) -> endure.Coming:
    """People who come and go."""
    folder = data / "comings"
    folder.mkdir()
    return asyncio.run(endure.come_and_go(folder, count, seed, advance))


def days(_played: Path, data: Path, minutes: int, seed: int, advance: Advance) -> endure.Day:
    """A day's work, in so many minutes."""
    folder = data / "day"
    folder.mkdir()
    return asyncio.run(endure.work_all_day(folder, 60 * minutes, seed, advance))
