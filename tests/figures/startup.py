"""How long `make run` takes, from the command to the line that says where Samsyn is."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.running import free_port

ROOT = Path(__file__).parents[2]
READY = "Samsyn is at"
START_SECONDS_MAX = 3
"""When the data is there already."""
EXIT_SECONDS_MAX = 20


def seconds_to_ready(data: Path) -> float:
    """Run `make run` on a data folder until it is ready, and stop it. An empty folder is a first start."""
    settings = {"SAMSYN_DATA": str(data), "SAMSYN_PORT": str(free_port())}
    # What an outer make hands down is not for this one.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    began = time.perf_counter()
    process = subprocess.Popen(
        ["make", "run"],
        cwd=ROOT,
        env=inherited | settings,
        stdout=subprocess.PIPE,
        text=True,
        # So that the signal reaches the server too, as Ctrl-C in a terminal does.
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout as lines:
        ready = any(READY in line for line in lines)
        seconds = time.perf_counter() - began
        os.killpg(process.pid, signal.SIGINT)
        process.wait(EXIT_SECONDS_MAX)
    assert ready, "make run ended before it was ready"
    return seconds
