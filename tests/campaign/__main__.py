"""`make campaign`: what takes longer than a test may, with a progress bar and the seed printed.

python -m tests.campaign [--seed N] [--kills 200] [--starvations 50] [--simulations 1000] [--canaries 20]
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from tests.campaign.canaries import PRIVATE_PANES, play_canaries
from tests.campaign.kill import kill_while_typing
from tests.campaign.simulation import simulate
from tests.campaign.starve import starve
from tests.running import RunningServer
from tests.typist import documents_with, sign_in

console = Console()


@contextmanager
def sample_organisation() -> Iterator[Callable[[], RunningServer]]:
    """Plays the sample organisation once; each call gives a running server on a copy of it."""
    with tempfile.TemporaryDirectory(prefix="samsyn-") as folder:
        played = Path(folder) / "played"
        played.mkdir()
        first = RunningServer(played)
        first.start()
        first.stop()
        servers: list[RunningServer] = []

        def another() -> RunningServer:
            data = Path(folder) / str(len(servers))
            shutil.copytree(played, data)
            (data / "server.log").unlink(missing_ok=True)
            server = RunningServer(data)
            server.start()
            servers.append(server)
            return server

        try:
            yield another
        finally:
            for server in servers:
                server.stop()


async def joint_document(server: RunningServer, person: str, other: str) -> str:
    return (await documents_with(server.url, await sign_in(server.url, person), other))["joint"]


def main(
    seed: Annotated[int | None, typer.Option()] = None,
    kills: Annotated[int, typer.Option()] = 200,
    starvations: Annotated[int, typer.Option()] = 50,
    simulations: Annotated[int, typer.Option()] = 1000,
    canaries: Annotated[int, typer.Option()] = 20,
) -> None:
    """Run every campaign and end with exit code 1 if any promise was broken."""
    seed = random.SystemRandom().getrandbits(32) if seed is None else seed
    console.print(f"seed {seed}")
    broken = False
    with sample_organisation() as another, Progress(console=console) as progress:
        task = progress.add_task("DUR-1 kills", total=kills)
        server = another()
        document = asyncio.run(joint_document(server, "elias", "Jonas"))
        killed = asyncio.run(
            kill_while_typing(
                server, document, ("elias", "jonas"), kills, seed, lambda: progress.advance(task)
            )
        )
        console.print(killed)
        broken |= bool(killed.lost or killed.doubled or not killed.acknowledged)

        task_2 = progress.add_task("DUR-2 full disks", total=starvations)
        server = another()
        document = asyncio.run(joint_document(server, "elias", "Jonas"))
        starved = asyncio.run(
            starve(server, document, "elias", starvations, lambda: progress.advance(task_2))
        )
        console.print(starved)
        broken |= bool(starved.lost or starved.false_acknowledgements)

        task_3 = progress.add_task("PRI-1 canaries", total=canaries * len(PRIVATE_PANES))
        for number in range(canaries):
            played = asyncio.run(play_canaries(another(), seed + number, lambda: progress.advance(task_3)))
            broken |= bool(played.hits)
            console.print(played)

        task_4 = progress.add_task("CON-1 simulations", total=simulations)
        for number in range(simulations):
            simulate(seed + number)
            progress.advance(task_4)
        console.print(f"{simulations} simulations converged with the replayed log")
    raise typer.Exit(1 if broken else 0)


if __name__ == "__main__":
    typer.run(main)
