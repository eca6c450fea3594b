"""Faults that strace injects into the system calls of a running server (https://strace.io)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.running import EXIT_SECONDS_MAX


class StraceMissing(Exception):
    """There is no strace, or it may not do its work. Its text is a sentence for whoever runs the campaign."""


def path() -> str:
    """Where strace is. Raises StraceMissing."""
    found = shutil.which("strace")
    if found is None:
        raise StraceMissing("This campaign needs strace: install it (Debian: apt-get install strace).")
    return found


@contextmanager
def injecting(call: str, fault: str) -> Iterator[Callable[[int], None]]:
    """Give what attaches to a process, by its id, and injects ``fault`` (in strace's words) into ``call``.

    From then on, until one leaves. strace counts the calls of each thread of the process for itself; only one
    of a server's threads writes.
    """
    tracers: list[subprocess.Popen[str]] = []

    def attach(pid: int) -> None:
        tracers.append(_attached(pid, call, fault))

    try:
        yield attach
    finally:
        for tracer in tracers:
            tracer.terminate()
            tracer.communicate(timeout=EXIT_SECONDS_MAX)


def _attached(pid: int, call: str, fault: str) -> subprocess.Popen[str]:
    command = (path(), "-f", "-p", str(pid), "-o", os.devnull)
    tracer = subprocess.Popen(
        (*command, "-e", f"trace={call}", "-e", f"inject={call}:{fault}"), stderr=subprocess.PIPE, text=True
    )
    assert tracer.stderr is not None
    said = tracer.stderr.readline()
    if "attached" not in said:
        tracer.wait(EXIT_SECONDS_MAX)
        raise StraceMissing(f"strace may not watch another process here (try as root): {said.strip()}")
    return tracer
