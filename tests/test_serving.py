"""The server process takes as many connections as it may."""

from __future__ import annotations

import resource
from pathlib import Path

from server.rules.limits import OPEN_FILES
from tests.running import RunningServer


def test_a_server_started_with_the_usual_allowance_of_open_files_raises_it(tmp_path: Path) -> None:
    allowance = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    server = RunningServer(tmp_path, demo=False)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), hard))
    try:
        server.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, allowance)
    assert server.process is not None
    try:
        raised, _ = resource.prlimit(server.process.pid or 0, resource.RLIMIT_NOFILE)
    finally:
        server.stop()
    assert raised == min(OPEN_FILES, hard)
