"""What is measured of each server, each figure in a fresh process on data of its own."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.documents import ANSWERED, EMPTY, Documents
from tests.bench.servers import Installed, Kind, Server, seats_of

KILL_SECONDS = 3
"""For which everybody types before the server is killed, 300 ms after the last keystroke."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything."""

    saturated: int = 50
    """Documents with two typists each, who wait for nothing but each other's last character."""
    typed: int = 500
    """Documents with two typists each, at RATE keystrokes a second."""
    opened: int = 50
    """Answered documents, opened one after the other."""
    held: int = 1_000
    """Answered documents that two people each have open."""
    cut: int = 250
    """Answered documents with two people each, who are cut off and come back at once."""
    seconds: float = 30
    """Of typing. Hocuspocus stores a document that is typed in every ten seconds, and Samsyn folds what it
    has appended: what that costs those who type meanwhile belongs to the figures."""

    @property
    def empty(self) -> int:
        return max(self.saturated, self.typed)

    @property
    def answered(self) -> int:
        return max(self.opened, self.held, self.cut)


Figures = dict[str, float | None]
"""By the name of a row of ``ROWS``."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of the table."""

    name: str
    what: str
    unit: str
    promise: Callable[[float, float], bool] | None = None
    """Of Samsyn's figure and its ratio to the reference."""
    promised: str = ""
    is_ratio: bool = True


ROWS = (
    Row(
        "delivered_per_cpu_second",
        "50 × 2 without pause: delivered updates a CPU second",
        "",
        lambda _, r: r >= 1.3,
        "≥ 1.3×",
    ),
    Row("saturated_p99_ms", "… p99 of delivery", "ms"),
    Row("p50_ms", "500 × 2, 5,000 keystrokes/s: p50 of delivery", "ms", lambda ms, _: ms <= 1.0, "≤ 1.0 ms"),
    Row("p99_ms", "… p99", "ms", lambda _, r: r <= 0.1, "≤ 0.1×"),
    Row("cpu_seconds_per_100k", "… CPU seconds for 100,000 keystrokes", "s"),
    Row("typed_mib", "… resident memory", "MiB", lambda _, r: r <= 0.35, "≤ 0.35×"),
    Row(
        "held_mib",
        "1,000 documents with 60 answers, 2 people each: resident memory",
        "MiB",
        lambda _, r: r <= 0.35,
        "≤ 0.35×",
    ),
    Row("cold_ms", "opening one of them, cold", "ms", lambda _, r: r <= 0.25, "≤ 0.25×"),
    Row("warm_ms", "… warm", "ms", lambda _, r: r <= 0.4, "≤ 0.4×"),
    Row(
        "storm_ms",
        "500 people come back at once, until all are synced",
        "ms",
        lambda _, r: r <= 0.5,
        "≤ 0.5×",
    ),
    Row(
        "lost",
        "keystrokes lost, SIGKILL 300 ms after the last",
        "",
        lambda lost, _: lost == 0,
        "0",
        is_ratio=False,
    ),
    Row("load_share", "the load generator's CPU for a CPU second of the server", "", is_ratio=False),
)


class Bench:
    """Runs ``load`` against servers. ``program``: its path, compiled."""

    def __init__(self, program: Path, installed: Installed, documents: Documents, scale: Scale) -> None:
        self._program = program
        self._installed = installed
        self._documents = documents
        self._scale = scale
        self._seed = 0

    @property
    def parts(self) -> tuple[Callable[[Kind], Figures], ...]:
        """What is measured together, in order."""
        return self.saturated, self.typed, self.opened, self.held, self.cut, self.killed

    def saturated(self, kind: Kind) -> Figures:
        """As many keystrokes as the server manages."""
        said = self._run(kind, EMPTY, self._scale.saturated, "saturate", {"seconds": self._scale.seconds})
        _check(said)
        return {
            "delivered_per_cpu_second": said["delivered"] / said["processor_seconds"],
            "saturated_p99_ms": said["delivery_ms"]["p99"],
            "load_share": said["own_processor_seconds"] / said["processor_seconds"],
        }

    def typed(self, kind: Kind) -> Figures:
        """Five keystrokes a second from everybody, whatever the server does."""
        said = self._run(kind, EMPTY, self._scale.typed, "rate", {"seconds": self._scale.seconds})
        _check(said)
        return {
            "p50_ms": said["delivery_ms"]["p50"],
            "p99_ms": said["delivery_ms"]["p99"],
            "cpu_seconds_per_100k": 1e5 * said["processor_seconds"] / max(1, said["delivered"]),
            "typed_mib": said["resident_kib"] / 1024,
        }

    def opened(self, kind: Kind) -> Figures:
        """Documents that nobody has open, and then somebody has."""
        said = self._run(kind, ANSWERED, self._scale.opened, "open", {})
        return {"cold_ms": said["cold_ms"]["p50"] if kind.stores else None, "warm_ms": said["warm_ms"]["p50"]}

    def held(self, kind: Kind) -> Figures:
        """Many documents, open, and quiet."""
        said = self._run(kind, ANSWERED, self._scale.held, "hold", {"seconds": 2})
        return {"held_mib": said["resident_kib"] / 1024}

    def cut(self, kind: Kind) -> Figures:
        """Everybody at once."""
        said = self._run(kind, ANSWERED, self._scale.cut, "storm", {})
        return {"storm_ms": said["synced_ms"]}

    def killed(self, kind: Kind) -> Figures:
        """What a power cut costs those who had just written."""
        said = self._run(kind, EMPTY, self._scale.saturated, "kill", {"seconds": KILL_SECONDS})
        return {"lost": said["lost"]}

    def _run(
        self, kind: Kind, contents: str, count: int, mode: str, options: Mapping[str, float]
    ) -> dict[str, Any]:
        """One run of ``load`` against a fresh server with so many documents. Returns what it measured."""
        self._seed += 1
        seats = seats_of(kind, self._documents, contents, count)
        with tempfile.TemporaryDirectory(prefix="samsyn-bench-") as name:
            data = Path(name)
            kind.fill(self._documents, data, seats)
            self._documents.write_plan(data / "plan", seats)
            # Some are given more to hold than others: the system would go on writing that meanwhile.
            os.sync()
            server = Server(kind, self._installed, data)
            server.start()
            server.settle()
            try:
                arguments = {
                    "protocol": kind.protocol,
                    "path": kind.path,
                    "port": server.port,
                    "origin": f"http://127.0.0.1:{server.port}",
                    "server": server.pid,
                    "seed": self._seed,
                    # pycrdt-websocket may answer before it has loaded what it stores.
                    "content": len(self._documents.snapshots[contents]) // 2,
                    **options,
                }
                words = [str(self._program), str(data / "plan"), mode]
                words += [word for key, value in arguments.items() for word in (f"--{key}", str(value))]
                return _load(words, server)
            finally:
                server.stop()


def _load(words: Sequence[str], server: Server) -> dict[str, Any]:
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as load:
        assert load.stdin is not None
        assert load.stdout is not None
        line = load.stdout.readline()
        if line == "killed\n":
            server.reap()
            server.start()
            load.stdin.write("\n")
            load.stdin.flush()
            line = load.stdout.readline()
        load.stdin.close()
    if load.returncode or not line:
        log = (server.data / "server.log").read_text()[-2_000:]
        raise RuntimeError(f"{server.kind.name}: {' '.join(words[2:])} ended with {load.returncode}\n{log}")
    said: dict[str, Any] = json.loads(line)
    return said


def _check(said: Mapping[str, Any]) -> None:
    """A figure of a server that loses sockets, or of a reader that cannot follow it, is none."""
    if said["closed"] or said["unreadable"]:
        raise RuntimeError(f"{said['closed']} sockets were closed, {said['unreadable']} frames unreadable")
