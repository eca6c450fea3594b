"""`make fuzz`: a million frames that nobody honest would send, and what became of each.

    python -m tests.fuzz.frames --count 1000000 --seed 1

Each frame is mutated from a recorded or a generated one and goes the whole way: decoded, parsed, judged
and merged into a real document, in processes of their own, so that even the death of one is seen. Only
refusals of ``crdt.errors`` may come out of it. Anything else, and any dead process, is printed with the
frame's number, and the program exits with 1. The same seed makes the same frames again.
"""

import multiprocessing
import os
import secrets
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.sharedctypes import Synchronized
from random import Random
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from crdt.document import Document
from crdt.errors import CrdtError, DocumentBroken
from crdt.messages import SyncStep1, SyncStep2, SyncUpdate, decode, encode
from crdt.update import parse_state_vector
from server.rules.limits import UPDATE, WIRE
from tests.crdt.recordings import SCHEMA, frames, scenes
from tests.fuzz.mutations import DOCUMENT, generated_message, generated_update, mutated, wrapped
from tests.fuzz.reloading import loads_in_another_order

SLICE = 2_000
"""Frames that one process takes at a time. Documents do not outlive a slice, so that any can be repeated."""

ACCEPTED = "accepted"
REORDERED = "accepted, reorders"
"""Accepted, and loads again with the same characters in another order: the forger's own text moves about."""

UNDOCUMENTED = "undocumented errors"
BROKEN = "broken documents"
"""pycrdt failed on what was accepted: a documented error, but the parser is there so that it never comes."""

CRASHES = "crashes"
NOT_REFUSED = frozenset({ACCEPTED, REORDERED, BROKEN, UNDOCUMENTED, CRASHES})


class _Scene:
    """A document on its way through one recorded scene."""

    def __init__(self, updates: tuple[bytes, ...]) -> None:
        self._updates = updates
        self.document = Document.loaded(SCHEMA, UPDATE, updates[0], (), {})
        self._next = 1

    @property
    def over(self) -> bool:
        return self._next == len(self._updates)

    def upcoming(self) -> bytes:
        return self._updates[self._next]

    def advance(self) -> None:
        """Merge what was really written next. What was forged before may stand in its way."""
        try:
            self.document.merge(self.upcoming(), "somebody")
        except CrdtError:
            self.restart()
        else:
            self._next += 1
            if self.over:
                self.restart()

    def restart(self) -> None:
        self.document.close()
        self.document = Document.loaded(SCHEMA, UPDATE, self._updates[0], (), {})
        self._next = 1


class _Stage:
    """Makes and plays the frames of one slice."""

    def __init__(self) -> None:
        self._recorded = frames()
        self._updates = [update for scene in scenes().values() for update in scene]
        self._scenes = [_Scene(updates) for updates in scenes().values()]

    def play(self, random: Random) -> str:
        """One frame; gives what became of it. Any exception that leaves it is undocumented."""
        scene = random.choice(self._scenes)
        frame = self._frame(random, scene)
        try:
            message = decode(frame, WIRE).message
            if isinstance(message, SyncStep1):
                scene.document.is_ahead_of(message.state_vector)
                scene.document.diff(message.state_vector)
            elif isinstance(message, SyncStep2 | SyncUpdate):
                scene.document.contains(message.update)
                merged = scene.document.merge(message.update, random.choice(("somebody", "somebody", "else")))
                scene.document.take_change()
                if merged.changed and loads_in_another_order(scene.document):
                    scene.restart()
                    return REORDERED
        except CrdtError as error:
            if isinstance(error, DocumentBroken):
                scene.restart()
                raise
            return type(error).__name__
        finally:
            if random.random() < 0.2:
                scene.advance()
        return ACCEPTED

    def _frame(self, random: Random, scene: _Scene) -> bytes:
        clocks = parse_state_vector(scene.document.state_vector(), UPDATE)
        match random.randrange(10):
            case 0:
                return mutated(random, random.choice(self._recorded), self._recorded)
            case 1:
                return mutated(random, encode(DOCUMENT, generated_message(random)), self._recorded)
            case 2:
                return mutated(random, wrapped(random, scene.upcoming()), self._recorded)
            case 3 | 4 | 5 | 6:
                return wrapped(random, mutated(random, scene.upcoming(), self._updates))
            case 7:
                return wrapped(random, mutated(random, generated_update(random, clocks), self._updates))
            case _:
                return wrapped(random, generated_update(random, clocks))


@dataclass
class _Figures:
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def _play_slice(stage: _Stage, seed: int, first: int, last: int, at: "Synchronized[int]") -> _Figures:
    figures = _Figures()
    for number in range(first, last):
        at.value = number
        try:
            outcome = stage.play(Random(f"{seed}/{number}"))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            outcome = BROKEN if isinstance(error, DocumentBroken) else UNDOCUMENTED
            figures.failures.append(f"frame {number}: {traceback.format_exc(limit=-4)}")
        figures.outcomes[outcome] += 1
    return figures


def _work(seed: int, slices: Connection, at: "Synchronized[int]") -> None:
    while (bounds := slices.recv()) is not None:
        first, last = bounds
        slices.send(_play_slice(_Stage(), seed, first, last, at))


@dataclass
class _Worker:
    process: SpawnProcess
    slices: Connection
    at: Any
    bounds: tuple[int, int] | None = None

    @classmethod
    def started(cls, seed: int) -> "_Worker":
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        at = context.Value("q", 0)
        process = context.Process(target=_work, args=(seed, theirs, at), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours, at)

    def give(self, bounds: tuple[int, int] | None) -> None:
        self.bounds = bounds
        self.slices.send(bounds)


def run(count: int, seed: int, workers_max: int, progress: Progress) -> _Figures:
    """Play the frames 0 … ``count`` in worker processes."""
    figures = _Figures()
    waiting = [(first, min(first + SLICE, count)) for first in range(0, count, SLICE)][::-1]
    workers = [_Worker.started(seed) for _ in range(min(workers_max, len(waiting)))]
    for worker in workers:
        worker.give(waiting.pop())
    task = progress.add_task("frames", total=count)
    while workers:
        for ready in wait([worker.slices for worker in workers]):
            worker = next(worker for worker in workers if worker.slices is ready)
            first, last = worker.bounds or (0, 0)
            try:
                played: _Figures = worker.slices.recv()
            except (EOFError, ConnectionError):
                worker.process.join()
                died_at = worker.at.value
                figures.outcomes[CRASHES] += 1
                figures.failures.append(f"frame {died_at}: the process died ({worker.process.exitcode})")
                workers.remove(worker)
                worker = _Worker.started(seed)
                workers.append(worker)
                # What came before it in the slice is played again: its figures died with the process.
                waiting += [part for part in ((died_at + 1, last), (first, died_at)) if part[0] < part[1]]
                progress.advance(task)
            else:
                figures.outcomes += played.outcomes
                figures.failures += played.failures
                progress.advance(task, last - first)
            if waiting:
                worker.give(waiting.pop())
            else:
                worker.give(None)
                worker.process.join()
                workers.remove(worker)
    return figures


def main(
    count: Annotated[int, typer.Option(help="How many frames.")] = 1_000_000,
    seed: Annotated[int | None, typer.Option(help="Makes the same frames again.")] = None,
    workers: Annotated[int, typer.Option(help="Processes side by side.")] = os.cpu_count() or 1,
) -> None:
    console = Console()
    chosen = secrets.randbelow(2**32) if seed is None else seed
    console.print(f"seed {chosen}")
    began = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        figures = run(count, chosen, workers, progress)
    outcomes = figures.outcomes
    refused = {name: n for name, n in outcomes.items() if name not in NOT_REFUSED}
    console.print(f"frames             {outcomes.total():>10,}  in {time.monotonic() - began:,.0f} s")
    for name in (ACCEPTED, REORDERED):
        console.print(f"{name:19}{outcomes[name]:>10,}")
    console.print(f"refused            {sum(refused.values()):>10,}")
    for name, n in sorted(refused.items(), key=lambda item: -item[1]):
        console.print(f"  {name:17}{n:>10,}")
    console.print(f"{BROKEN:19}{outcomes[BROKEN]:>10,}")
    console.print(f"{CRASHES:19}{outcomes[CRASHES]:>10,}")
    console.print(f"{UNDOCUMENTED:19}{outcomes[UNDOCUMENTED]:>10,}")
    for failure in figures.failures[:20]:
        console.print(failure, markup=False)
    sys.exit(1 if figures.failures else 0)


if __name__ == "__main__":
    typer.run(main)
