"""`make fuzz`: inputs that find their own way into the core, guided by what they reach of it.

    python -m tests.fuzz.guided --count 2000000 --seed 1 [--corpus FOLDER] [--endless]

Frames, updates, state vectors and presence go through decoding, parsing, judging and merging, as
``tests/fuzz/target.py`` has them. Each may take 50 ms of processor time and 64 MiB of memory, and may end in
nothing but a refusal of ``crdt.errors``. Processes of their own play them, so that the death of one is seen:
it is a crash, and the input under which it died is kept, as is every other that should not be.

What was found to reach something new stays in the folder ``--corpus``, and is where the next run begins.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.fuzz.target import Target

INPUT_SECONDS_MAX = 0.05
LOOK_SECONDS = 0.5
CRASHES_MAX = 10
"""Then it is enough: an input that is in the corpus kills every process that begins with it."""
SLICE = 50_000
"""Inputs that one process plays: what it leaves behind in memory goes with it."""
CORPUS = Path(".cache/corpus")
FAULTS = Path(".cache/faults")
"""Where inputs are kept that should not be."""


@dataclass
class Figures:
    """What became of the inputs."""

    outcomes: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What is not documented, or should not have come to it."""
    slow: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not (self.crashes or self.wrong or self.slow)


class Run:
    """One process, until it ends by itself or dies."""

    def __init__(self, folder: Path, seed: int, inputs: int, corpus: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.inputs = inputs
        arguments = (folder, seed, inputs, corpus)
        command = [sys.executable, "-m", "tests.fuzz.guided_worker", *map(str, arguments)]
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    @property
    def done(self) -> int:
        """How many inputs it is known to have played."""
        return int(self._told().get("count", 0))

    def take_into(self, figures: Figures) -> int:
        """Count what it did, now that it has ended. Returns how many inputs that were."""
        told = self._told()
        figures.outcomes.update(told.get("outcomes", {}))
        for path in sorted((self.folder / "wrong").glob("*.txt")):
            figures.wrong.append(f"{_kept(path.with_suffix(''))}: {path.read_text()}")
        slow = sorted(each for each in (self.folder / "slow").glob("*") if each.is_file())
        figures.slow += [f"{_kept(path)}: {took * 1000:.0f} ms" for path, took in _slow(slow)]
        if self.process.returncode:
            now = (self.folder / "now").read_bytes()
            died = self.folder / "died"
            died.write_bytes(now[8 : 8 + int.from_bytes(now[:8], "big")])
            said = (self.folder / "log").read_text(errors="replace")[-600:]
            figures.crashes.append(f"{_kept(died)}: exit {self.process.returncode}\n{said}")
        return int(told.get("count", 0))

    def _told(self) -> dict[str, Any]:
        try:
            told: dict[str, Any] = json.loads((self.folder / "done.json").read_text())
        except FileNotFoundError:
            return {}
        return told


def _kept(path: Path) -> Path:
    FAULTS.mkdir(parents=True, exist_ok=True)
    kept = FAULTS / f"{path.parent.parent.name}-{path.parent.name}-{path.name}"
    kept.write_bytes(path.read_bytes())
    return kept


def _slow(paths: list[Path]) -> Iterator[tuple[Path, float]]:
    """Those that take as long when nobody watches what they reach: watching takes several times as long."""
    target = Target()
    for path in paths:
        took = []
        for _ in range(3):
            began = time.thread_time()
            target.play(path.read_bytes())
            took.append(time.thread_time() - began)
        if median(took) > INPUT_SECONDS_MAX:
            yield path, median(took)


def run(count: int | None, seed: int, workers: int, corpus: Path, progress: Progress) -> Figures:
    """Play ``count`` inputs, or go on until interrupted."""
    figures = Figures()
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(Target().recorded()):
        (corpus / f"recorded-{number}").write_bytes(data)
    task = progress.add_task("inputs", total=count)
    finished = started = 0
    with tempfile.TemporaryDirectory(prefix="samsyn-fuzz-") as folder:
        running: list[Run] = []
        try:
            while running or ((count is None or finished < count) and len(figures.crashes) < CRASHES_MAX):
                promised = finished + sum(each.inputs for each in running)
                if (
                    len(running) < workers
                    and (count is None or promised < count)
                    and len(figures.crashes) < CRASHES_MAX
                ):
                    share = SLICE if count is None else min(SLICE, count - promised)
                    running.append(Run(Path(folder) / f"{seed + started}", seed + started, share, corpus))
                    started += 1
                    continue
                time.sleep(LOOK_SECONDS)
                for each in [each for each in running if each.process.poll() is not None]:
                    running.remove(each)
                    finished += each.take_into(figures)
                progress.update(task, completed=finished + sum(each.done for each in running))
        except KeyboardInterrupt:
            for each in running:
                each.process.kill()
                each.process.wait()
    return figures


def main(
    count: Annotated[int, typer.Option(help="How many inputs.")] = 2_000_000,
    seed: Annotated[int | None, typer.Option(help="Where the choice of inputs begins.")] = None,
    workers: Annotated[int, typer.Option(help="Processes side by side.")] = os.cpu_count() or 1,
    corpus: Annotated[Path, typer.Option(help="What earlier runs have found their way by.")] = CORPUS,
    endless: Annotated[bool, typer.Option("--endless", help="Go on until interrupted.")] = False,
) -> None:
    """Play inputs; exit code 1 if any of them showed a fault, 2 when the fuzzer is not installed."""
    console = Console()
    if find_spec("atheris") is None:
        console.print(
            "The guided fuzzer, atheris, is not installed: its package is built for Linux on x86-64 alone."
        )
        raise typer.Exit(2)
    chosen = secrets.randbelow(2**31) if seed is None else seed
    console.print(f"seed {chosen}")
    began = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        figures = run(None if endless else count, chosen, workers, corpus, progress)
    total = figures.outcomes.total() - figures.outcomes["slow while watched"]
    console.print(
        f"inputs {total:,} in {time.monotonic() - began:,.0f} s, {len([*corpus.iterdir()]):,} in the corpus"
    )
    for name, number in figures.outcomes.most_common():
        console.print(f"  {name:24}{number:>10,}")
    console.print(
        f"crashes {len(figures.crashes)}, undocumented {len(figures.wrong)}, over 50 ms {len(figures.slow)}"
    )
    for fault in (*figures.crashes, *figures.wrong, *figures.slow)[:20]:
        console.print(fault, markup=False)
    raise typer.Exit(0 if figures.holds else 1)


if __name__ == "__main__":
    typer.run(main)
