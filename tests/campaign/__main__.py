"""`make campaign`: what takes longer than a test may, with a progress bar and the seed printed.

A shortened run of each is in `make test` (tests/test_promises.py, tests/test_convergence.py).
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Protocol

import typer
from rich.console import Console
from rich.progress import Progress

from tests.campaign import durability
from tests.campaign.alterations import alterations as alterations_of
from tests.campaign.canaries import PRIVATE_PANES, play_canaries
from tests.campaign.kill_closing import kill_while_closing
from tests.campaign.knocking import requests as requests_of
from tests.campaign.lives_of_rooms import lives
from tests.campaign.races import Outcome as Races
from tests.campaign.races import run as run_races
from tests.campaign.simulation import simulate
from tests.campaign.strace import StraceMissing
from tests.campaign.twins import sequences
from tests.conftest import made_database, started_postgres
from tests.realtime import doubles
from tests.running import played_organisation, serving_copy

PATIENCE_SECONDS = 120
"""How long a device waits for what has to come."""
RACES_OF_ONE_DATABASE = 250
"""Then the races go on in an empty one, with people whose share of a node's time is whole."""

console = Console()
Advance = Callable[[], None]


class Seen(Protocol):
    """What a campaign has seen, as a sentence by ``str``."""

    @property
    def holds(self) -> bool: ...


def _told(
    promise: str, campaign: Callable[[Path, Path, int, int, Callable[..., None]], Seen]
) -> Callable[[Path, Path, int, int, Callable[..., None]], bool]:
    """The campaign, which then says what it has seen, and returns whether the promise holds."""

    def run(played: Path, data: Path, count: int, seed: int, advance: Callable[..., None]) -> bool:
        try:
            outcome = campaign(played, data, count, seed, advance)
        except StraceMissing as missing:
            console.print(f"[red]{promise}: {missing}")
            return False
        console.print(f"{promise}: {outcome}")
        return outcome.holds

    return run


def _canaries(played: Path, data: Path, count: int, seed: int, advance: Advance) -> bool:
    holds = True
    sequences = frames = planted = 0
    for number in range(0, count, len(PRIVATE_PANES)):
        with serving_copy(played, data / f"canaries-{number}") as server:
            outcome = asyncio.run(play_canaries(server, seed + number, advance))
        holds = holds and outcome.holds
        sequences += outcome.sequences
        planted += outcome.canaries
        frames += outcome.frames
        for hit in outcome.hits:
            console.print(f"[red]seed {seed + number}: {hit}")
    console.print(f"PRI-1: {sequences} sequences, {planted} canaries, {frames} frames, all unseen: {holds}")
    return holds


def _simulations(_played: Path, _data: Path, count: int, seed: int, advance: Advance) -> bool:
    for number in range(count):
        simulate(seed + number)
        advance()
    console.print(f"CON-1: {count} simulations converged with the replayed log")
    return True


def _races(_played: Path, data: Path, count: int, seed: int, advance: Advance) -> bool:
    holds = True
    postgres = started_postgres(data / "postgres")
    for name, node_count in (("SQLite", 1), ("PostgreSQL, two nodes", 2)):
        outcome = Races()
        for first in range(0, count, RACES_OF_ONE_DATABASE):
            folder = data / f"races-{first}"
            folder.mkdir(exist_ok=True)
            url = f"sqlite:///{folder / 'samsyn.db'}" if node_count == 1 else made_database(postgres)
            races = min(RACES_OF_ONE_DATABASE, count - first)
            outcome.add(asyncio.run(run_races(url, node_count, races, seed + first, advance)))
        console.print(f"SIG-1 on {name}: {outcome}")
        holds = holds and outcome.holds
    postgres.cleanup()
    return holds


def _closings(_played: Path, data: Path, count: int, seed: int, advance: Advance) -> bool:
    folder = data / "closings"
    folder.mkdir()
    outcome = asyncio.run(kill_while_closing(folder, count, seed, advance))
    console.print(f"SIG-1, closing: {outcome}")
    return outcome.torn == 0


def main(
    seed: Annotated[int | None, typer.Option(help="Play the same again.")] = None,
    kills: Annotated[int, typer.Option(help="DUR-1: SIGKILLs under eight typists.")] = 1000,
    calls: Annotated[int, typer.Option(help="DUR-1: SIGKILLs at the first calls that write or sync.")] = 200,
    images: Annotated[
        int, typer.Option(help="DUR-1: disks after power cuts, and with failing syncs.")
    ] = 1000,
    stops: Annotated[int, typer.Option(help="DUR-1: PostgreSQL stopped at once.")] = 50,
    starvations: Annotated[int, typer.Option(help="DUR-2: times that the disk is full.")] = 50,
    failures: Annotated[int, typer.Option(help="DUR-2: EIO and ENOSPC from call K on, K up to this.")] = 200,
    stalls: Annotated[int, typer.Option(help="ROB-2: one of 200 readers stalls.")] = 1,
    comings: Annotated[int, typer.Option(help="ROB-4: people who come and go.")] = 1000,
    minutes: Annotated[int, typer.Option(help="ROB-4: a day's work in so many.")] = 10,
    canaries: Annotated[int, typer.Option(help="PRI-1: panes drafted on a server, and shared.")] = 100,
    twins: Annotated[int, typer.Option(help="PRI-1, PRI-2, PRI-3: drafts beside none.")] = 10_000,
    simulations: Annotated[int, typer.Option(help="CON-1: lives of clients, and of two nodes.")] = 5000,
    alterations: Annotated[int, typer.Option(help="SIG-2: of a record; its PDF's are 1 %.")] = 100_000,
    requests: Annotated[int, typer.Option(help="ROB-1: to every address, on two databases.")] = 20_000,
    closings: Annotated[int, typer.Option(help="SIG-1: SIGKILLs round a closing.")] = 100,
    races: Annotated[int, typer.Option(help="SIG-1: typing against freezing, on each database.")] = 10_000,
) -> None:
    """Run every campaign; exit code 1 if any promise was broken."""
    seed = random.SystemRandom().getrandbits(32) if seed is None else seed
    console.print(f"seed {seed}")
    # Nothing is promised here about how long it takes, and another's work may be going on beside this.
    doubles.PATIENCE_SECONDS = PATIENCE_SECONDS
    campaigns = [
        ("DUR-1 kills", _told("DUR-1", durability.kills), kills, kills),
        ("DUR-1 kills at calls", _told("DUR-1, at calls", durability.kills_at_calls), calls, calls * 2),
        ("DUR-1 power cuts", _told("DUR-1, power", durability.power_cuts), images, images),
        (
            "DUR-1 failed syncs",
            _told("DUR-1, power after failed syncs", durability.power_cuts_after_failed_syncs),
            images,
            images,
        ),
        ("DUR-1 PostgreSQL", _told("DUR-1 on PostgreSQL", durability.postgres_stops), stops, stops),
        ("DUR-2 full disks", _told("DUR-2", durability.starvations), starvations, starvations),
        ("DUR-2 failing calls", _told("DUR-2, at calls", durability.failures), failures, failures * 4),
        ("PRI-1 canaries", _canaries, canaries, canaries),
        ("PRI-1, PRI-2, PRI-3 twins", _told("PRI-1, PRI-2, PRI-3", sequences), twins, twins),
        ("CON-1 simulations", _simulations, simulations, simulations),
        ("CON-1, CON-2 rooms", _told("CON-1, CON-2 of two nodes", lives), simulations, simulations),
        ("SIG-2 alterations", _told("SIG-2", alterations_of), alterations, alterations + alterations // 100),
        ("ROB-1 requests", _told("ROB-1 over HTTP", requests_of), requests, requests),
        ("SIG-1 closings", _closings, closings, closings),
        ("SIG-1 races on two databases", _races, races, races * 2),
        ("ROB-2 stalling readers", _told("ROB-2", durability.stalls), stalls, stalls),
        ("ROB-4 visits", _told("ROB-4", durability.comings), comings, comings),
        ("ROB-4 a day's work", _told("ROB-4, a day", durability.days), minutes, minutes),
    ]
    held = []
    with (
        played_organisation() as played,
        tempfile.TemporaryDirectory(prefix="samsyn-campaign-") as folder,
        Progress(console=console) as progress,
    ):
        for name, campaign, count, total in campaigns:
            task = progress.add_task(name, total=total)
            held.append(
                not count or campaign(played, Path(folder), count, seed, partial(progress.advance, task))
            )
    raise typer.Exit(0 if all(held) else 1)


if __name__ == "__main__":
    typer.run(main)
