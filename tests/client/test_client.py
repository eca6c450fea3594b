"""The client's modules that need no page, under Node's own test runner: a test here for each suite."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CLIENT = HERE.parent.parent / "web" / "client"
MODULES = CLIENT / "node_modules"
SUITES = sorted(path.name for path in HERE.glob("*.test.ts"))
SECONDS_MAX = 120


def run(*command: str | Path) -> None:
    """Run a program of the client's; what it says is the failure's text."""
    done = subprocess.run(
        command, cwd=CLIENT, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module", autouse=True)
def node() -> str:
    """Node, and what the client is built with."""
    found = shutil.which("node")
    if found is None or not MODULES.is_dir():
        pytest.fail("Node or the client's packages are missing. Run the tests by `make test`.")
    return found


@pytest.mark.parametrize("suite", SUITES)
def test_the_suite_passes(suite: str, node: str, tmp_path: Path) -> None:
    bundle = tmp_path / suite.replace(".ts", ".mjs")
    build = (
        "import { build } from 'esbuild';"
        "const [entry, out, modules] = process.argv.slice(1);"
        "await build({ entryPoints: [entry], outfile: out, bundle: true, platform: 'node', format: 'esm',"
        " nodePaths: [modules], tsconfigRaw: {}, logLevel: 'warning' })"
    )
    run(node, "--input-type=module", "-e", build, HERE / suite, bundle, MODULES)
    run(node, "--test", bundle)


def test_the_suites_have_no_type_errors(node: str) -> None:
    run(node, MODULES / "typescript" / "bin" / "tsc", "--noEmit", "-p", HERE)


def test_every_sentence_is_the_pages() -> None:
    """No text for people in the scripts: whatever is shown comes from the page, in the person's language."""
    shown = ("textContent = '", "innerHTML", "confirm('", "alert(", "title = '", "aria-label', '")
    for path in (CLIENT / "src").glob("*.ts"):
        for part in shown:
            assert part not in path.read_text().replace("textContent = ''", ""), f"{path.name}: {part}"
