"""The structure keeps itself: the import rules of pyproject.toml, and what they cannot say."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TRACKED = subprocess.run(
    ["git", "ls-files"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
).stdout.splitlines()
OWN_TEXT = [ROOT / name for name in TRACKED if not name.endswith((".png", "LICENSE"))]


def test_the_import_rules_hold() -> None:
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("host", ["registry" + ".npmjs", "pypi" + ".org", "python" + "hosted"])
def test_no_file_names_a_package_registry(host: str) -> None:
    assert [str(path) for path in OWN_TEXT if host in path.read_text(errors="ignore")] == []


def test_the_core_reads_no_clock() -> None:
    """The import rules keep `time` out; `datetime` is there to check a date, not to ask for one."""
    for path in ROOT.glob("crdt/**/*.py"):
        assert not re.search(r"\.(now|today|utcnow)\(", path.read_text()), path


FORMAT = {"CLOCK_MAX", "UINT_MAX", "_UINT_SHIFT_MAX", "_INTEGER_BITS_MAX"}
"""What the encoding itself can hold: facts of the format, not limits of ours."""


def test_no_module_of_the_core_has_a_default_limit_of_its_own() -> None:
    """Every limit stands in server/rules/limits.py: no `*_MAX = 123` anywhere else in the product."""
    found = []
    for path in [*ROOT.glob("crdt/**/*.py"), *ROOT.glob("server/**/*.py")]:
        if path == ROOT / "server/rules/limits.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [target.id for target in targets if isinstance(target, ast.Name)]
                if any(
                    name not in FORMAT and re.search(r"_MAX(_|$)|_LIMIT$|_TIMEOUT$", name) for name in names
                ):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []
