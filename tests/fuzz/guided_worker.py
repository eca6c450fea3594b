"""One process of the guided fuzzing: libFuzzer chooses inputs by what they reach in the package ``crdt``.

Started by ``tests/fuzz/guided.py``: ``python -m tests.fuzz.guided_worker FOLDER SEED INPUTS CORPUS``. It may
die: what it had done stands in ``done.json`` of its folder, and the input under which it died in ``now``.
What took too long, or raised what is not documented, lies in ``slow`` and ``wrong``.
"""

from __future__ import annotations

import gc
import json
import mmap
import os
import resource
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random
from typing import NoReturn

import atheris

with atheris.instrument_imports(include=["crdt"]):
    from tests.fuzz.target import Target

INPUT_SECONDS_MAX = 0.05
INPUT_BYTES_MAX = 64 * 2**20
"""Memory that one input may take."""
LENGTH_MAX = 8_192
"""Bytes of an input."""
HANG_SECONDS = 20
FOUND_MAX = 100
"""Inputs that are kept of each kind."""
TOLD_EVERY = 1_000


class Worker:
    """Counts, and keeps what is found."""

    def __init__(self, folder: Path, inputs: int) -> None:
        self._folder = folder
        self._inputs = inputs
        self._target = Target()
        self._outcomes: Counter[str] = Counter()
        self._count = 0
        # In a page that outlives the process: the length of the input that is being played, and the input.
        self._now = _page(folder / "now", LENGTH_MAX + 8)
        self._page = resource.getpagesize()

    def play(self, data: bytes) -> None:
        """What libFuzzer calls. The process ends when all inputs have been played."""
        if self._count % TOLD_EVERY == 0:
            self._tell()
        self._now[:8] = len(data).to_bytes(8, "big")
        self._now[8 : 8 + len(data)] = data
        began = time.thread_time()
        try:
            outcome = self._target.play(data)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            outcome = "wrong"
            self._keep("wrong", data, traceback.format_exc(limit=-6))
        if time.thread_time() - began > INPUT_SECONDS_MAX:
            self._outcomes["slow while watched"] += 1
            self._keep("slow", data)
        self._outcomes[outcome] += 1
        self._count += 1
        if self._count == self._inputs:
            self._tell()
            os._exit(0)

    def vary(self, data: bytes, length_max: int, seed: int) -> bytes:
        """Another input: every other time by what libFuzzer knows, else by what we know of the format."""
        random = Random(seed)
        if random.random() < 0.5:
            mutated: bytes = atheris.Mutate(data, length_max)
            return mutated
        return self._target.varied(data, random)[:length_max]

    def _tell(self) -> None:
        told = self._folder / "done.tmp"
        told.write_text(json.dumps({"count": self._count, "outcomes": self._outcomes}))
        told.replace(self._folder / "done.json")
        gc.collect()
        # From here on an input may take so much more. Whoever takes more cannot have it, and dies.
        used = int(Path("/proc/self/statm").read_text().split()[0]) * self._page
        resource.setrlimit(resource.RLIMIT_AS, (used + INPUT_BYTES_MAX, resource.RLIM_INFINITY))

    def _keep(self, kind: str, data: bytes, words: str = "") -> None:
        folder = self._folder / kind
        folder.mkdir(exist_ok=True)
        if sum(1 for _ in folder.iterdir()) < 2 * FOUND_MAX:
            (folder / f"{self._count}").write_bytes(data)
            if words:
                (folder / f"{self._count}.txt").write_text(words)


def _page(path: Path, size: int) -> mmap.mmap:
    path.write_bytes(bytes(size))
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), size)


def main(folder: Path, seed: int, inputs: int, corpus: Path) -> NoReturn:
    """Play so many inputs. Does not return."""
    worker = Worker(folder, inputs)
    options = [
        f"-seed={seed}",
        f"-max_len={LENGTH_MAX}",
        f"-timeout={HANG_SECONDS}",
        f"-artifact_prefix={folder}/",
        "-rss_limit_mb=0",
        "-verbosity=0",
        "-print_final_stats=0",
        "-reload=1",
        str(corpus),
    ]
    atheris.Setup([sys.argv[0], *options], worker.play, custom_mutator=worker.vary)
    atheris.Fuzz()
    raise SystemExit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
