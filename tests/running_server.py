"""What runs in a process of a test: ``samsyn``, with its own environment and its output in pipes."""

import gc
import os
import socket
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import NoReturn

from server.cli import main, whole_cli
from server.pages.catalogues import LOCALES
from server.serving import settle_memory
from server.site import WEB, rendering

# What the server imports only when it needs it, or when it begins to serve.
for module in (
    "uvicorn.protocols.http.auto",
    "uvloop",
    "server.storage.sqlite",
    "server.record.sealing",
    "alembic.command",
    "typst",
):
    with suppress(ImportError):
        import_module(module)
whole_cli()

# Nor does each of hundreds of servers compile all pages again.
for language in LOCALES:
    pages = rendering(WEB).view(language, datetime.now(UTC), "UTC").environment
    for page in pages.list_templates():
        pages.get_template(page)

# Nor looks its collector of garbage through all of this, which would copy it for each.
settle_memory()


@dataclass(frozen=True, slots=True)
class Instruments:
    """What a test has fastened to the process beforehand; None is nothing."""

    gate: Connection | None = None
    """It begins only when something has come through here."""
    recording: Path | None = None
    """Everything that SQLite writes is recorded here: see ``tests/campaign/disk.py``."""
    syncs_fail: float = 0
    questions: Connection | None = None
    """Whatever comes through here is answered with how many objects of each class are alive."""


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    output: Connection,
    errors: Connection,
    network: bool = True,
    instruments: Instruments | None = None,
) -> None:
    """Be the command ``samsyn`` with these arguments, with or without a network. Ends with its exit code."""
    instruments = instruments or Instruments()
    if instruments.gate is not None:
        instruments.gate.recv_bytes()
    if instruments.recording is not None:
        import_module("tests.campaign.disk").record(instruments.recording, instruments.syncs_fail)
    if instruments.questions is not None:
        Thread(target=_answer, args=(instruments.questions,), daemon=True).start()
    if not network:
        for way in ("connect", "connect_ex", "bind"):
            setattr(socket.socket, way, _refuse)
        setattr(socket, "getaddrinfo", _refuse)  # noqa: B010 (of another type, as is meant)
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(output.fileno(), sys.stdout.fileno())
    os.dup2(errors.fileno(), sys.stderr.fileno())
    output.close()
    errors.close()
    sys.argv = ["samsyn", *arguments]
    main()


def _answer(questions: Connection) -> None:
    """Count what is alive (what was made before the server served is left out, see ``settle_memory``)."""
    with suppress(EOFError):
        while questions.recv_bytes():
            gc.collect()
            questions.send(
                Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())
            )


def _refuse(*_: object) -> NoReturn:
    raise OSError("there is no network here")
