"""`make bench`: Samsyn beside its peers, in one run on one machine.

python -m tests.bench [--rounds 3] [--quick] [--only NAME]… [--output .cache/bench/results.json]

Every server holds the same documents and is loaded by the same program (tests/bench/load). Each figure is
taken from a fresh process; the servers take turns, round after round, so that whatever else the machine does
hits all of them.
"""

from __future__ import annotations

import asyncio
import json
import platform
import tempfile
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.bench import documents
from tests.bench.figures import ROWS, Bench, Figures, Row, Scale
from tests.bench.servers import KINDS, REFERENCE, SAMSYN, Installed

console = Console()
FOLDER = Path(".cache/bench")
QUICK = Scale(saturated=20, typed=60, opened=10, held=60, cut=30, seconds=2)
"""To see that everything runs: its figures say little."""

Results = dict[str, list[Figures]]
"""By server: what each round measured."""


def summary(results: Results) -> dict[str, Figures]:
    """The median of the rounds, by server and figure; None where there is nothing to measure."""
    return {name: {row.name: _median(rounds, row.name) for row in ROWS} for name, rounds in results.items()}


def _median(rounds: list[Figures], name: str) -> float | None:
    values = [value for one in rounds if (value := one.get(name)) is not None]
    return median(values) if values else None


def table(figures: dict[str, Figures]) -> tuple[Table, bool]:
    """What is shown, and whether every promise is kept that could be looked at."""
    shown = Table("figure (median)", *figures, "promised", "")
    is_kept = True
    for row in ROWS:
        mine = figures.get(SAMSYN, {}).get(row.name)
        reference = figures.get(REFERENCE, {}).get(row.name)
        verdict = ""
        if row.promise is not None and mine is not None and (reference or not row.is_ratio):
            kept = row.promise(mine, mine / reference if reference else 0)
            is_kept = is_kept and kept
            verdict = "kept" if kept else "NOT KEPT"
        cells = (_cell(row, each.get(row.name), reference) for each in figures.values())
        shown.add_row(row.what, *cells, row.promised, verdict)
    return shown, is_kept


def _cell(row: Row, value: float | None, reference: float | None) -> str:
    if value is None:
        return "–"
    digits = 0 if value >= 100 or row.name == "lost" else 2
    said = f"{value:,.{digits}f} {row.unit}".rstrip()
    return f"{said}  {value / reference:.2f}×" if row.is_ratio and reference else said


def main(
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    only: Annotated[list[str] | None, typer.Option(help="Names, or their beginnings.")] = None,
    figure: Annotated[
        list[str] | None, typer.Option(help="saturated, typed, opened, held, cut, killed.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="See that it runs.")] = False,
    program: Annotated[Path, typer.Option(exists=True)] = FOLDER / "load",
    modules: Annotated[Path, typer.Option()] = FOLDER / "node",
    python: Annotated[Path, typer.Option()] = FOLDER / "python/bin/python",
    node: Annotated[Path, typer.Option()] = Path("node"),
    output: Annotated[Path, typer.Option()] = FOLDER / "results.json",
) -> None:
    """Measure, print the table and end with exit code 1 if a promise is not kept."""
    scale = QUICK if quick else Scale()
    kinds = [kind for kind in KINDS if not only or any(kind.name.startswith(one) for one in only)]
    results: Results = {kind.name: [] for kind in kinds}
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with (
        tempfile.TemporaryDirectory(prefix="samsyn-bench-") as name,
        Progress(*columns, console=console) as progress,
    ):
        making = progress.add_task("conversations", total=scale.empty + scale.answered)
        made = asyncio.run(
            documents.make(Path(name), scale.empty, scale.answered, lambda: progress.advance(making))
        )
        bench = Bench(program.absolute(), Installed(modules.absolute(), python.absolute(), node), made, scale)
        parts = [part for part in bench.parts if not figure or part.__name__ in figure]
        measuring = progress.add_task("measuring", total=rounds * len(parts) * len(kinds))
        for _ in range(rounds):
            for kind in kinds:
                results[kind.name].append({})
            for part in parts:
                for kind in kinds:
                    progress.update(measuring, description=f"{kind.name}: {part.__name__}")
                    results[kind.name][-1].update(part(kind))
                    progress.advance(measuring)
    figures = summary(results)
    output.parent.mkdir(parents=True, exist_ok=True)
    machine = {"system": platform.platform(), "python": platform.python_version()}
    output.write_text(json.dumps({"machine": machine, "medians": figures, "rounds": results}, indent=2))
    shown, is_kept = table(figures)
    console.print(shown)
    console.print(f"All rounds: {output}")
    raise typer.Exit(0 if is_kept else 1)


if __name__ == "__main__":
    typer.run(main)
