"""A server process, and browser pages under Node with the provider that the client really uses."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CLIENT = HERE.parent.parent / "web/client/node_modules"
SCRIPT_SECONDS_MAX = 30

Run = Callable[[str], None]


@pytest.fixture(scope="session")
def wire_url() -> Iterator[str]:
    """Where the server of this test run listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.wire.serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE.parent.parent,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url.startswith("http"), "the server of the wire tests did not start"
    yield url
    process.stdin.close()
    process.wait(SCRIPT_SECONDS_MAX)
    process.stdout.close()


@pytest.fixture
def run(wire_url: str, request: pytest.FixtureRequest) -> Run:
    """Play one of the scripts beside this file; what it asserts is asserted here."""
    modules = Path(os.environ.get("SAMSYN_TEST_NODE_MODULES", CLIENT))
    if not (modules / "@hocuspocus/provider").is_dir():
        pytest.fail(f"There is no @hocuspocus/provider in {modules}: build the client (make run) first.")

    def play(script: str) -> None:
        answer = subprocess.run(
            ["node", "--experimental-websocket", "--no-warnings", str(HERE / script)],
            env={
                **os.environ,
                "WIRE_URL": wire_url,
                "WIRE_NODE_MODULES": str(modules),
                "WIRE_CONVERSATION": json.dumps(request.node.name).strip('"').replace("/", "-"),
            },
            capture_output=True,
            text=True,
            timeout=SCRIPT_SECONDS_MAX,
            check=False,
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr

    return play
