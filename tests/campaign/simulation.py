"""CON-1: a seeded life of 2 to 5 browsers and 1 or 2 nodes, which converges with the replayed log.

python -m tests.campaign.simulation --seeds 1000 [--seed N]
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from tests.crdt.world import World

STEPS = 200


def simulate(seed: int) -> None:
    """Play one life. Raises AssertionError if anything that was promised does not hold at its end."""
    dice = random.Random(seed)
    world = World(browsers=dice.randint(2, 5), nodes=dice.randint(1, 2))
    for _ in range(STEPS):
        _step(world, dice)
    world.settle()
    world.verify()
    world.close()


def _step(world: World, dice: random.Random) -> None:
    browser = dice.choice(world.browsers)
    at = dice.getrandbits(16)
    actions: dict[Callable[[], None], int] = {
        lambda: world.type(browser, at): 24,
        lambda: world.erase(browser, at): 6,
        lambda: world.embolden(browser, at): 3,
        lambda: world.break_paragraph(browser): 2,
        lambda: world.choose(browser, at): 4,
        lambda: world.add_row(browser): 2,
        lambda: world.change_row(browser, at): 3,
        lambda: world.deliver(0): 24,
        lambda: world.deliver(at): 8,
        lambda: world.lose(at): 5,
        lambda: world.double(at): 5,
        lambda: world.commit(at): 12,
        lambda: world.hear(at): 4,
        lambda: world.disconnect(browser): 2,
        lambda: world.connect(browser, at): 5,
        lambda: world.reopen(browser): 2,
        lambda: world.crash(at): 2,
        world.compact: 2,
        world.share: 1,
        world.freeze: 1,
        world.thaw: 2,
    }
    (action,) = dice.choices(list(actions), list(actions.values()))
    action()


def main(
    seeds: Annotated[int, typer.Option(help="How many lives to play.")] = 1000,
    seed: Annotated[int | None, typer.Option(help="The first seed; the others follow it.")] = None,
) -> None:
    """Play seeded lives; stop at the first that does not converge, and say its seed."""
    console = Console()
    first = random.SystemRandom().getrandbits(32) if seed is None else seed
    console.print(f"seed {first}")
    for number in track(range(first, first + seeds), "CON-1 simulations", console=console):
        try:
            simulate(number)
        except BaseException:
            console.print(f"seed {number} did not converge: --seeds 1 --seed {number}")
            raise
    console.print(f"{seeds} simulations converged with the replayed log")


if __name__ == "__main__":
    typer.run(main)
