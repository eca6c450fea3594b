"""What runs in a process of a test: ``samsyn``, with its own environment and its output in pipes."""

import os
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from typing import NoReturn

from server.cli import main

# What the server imports only when it needs it, or when it begins to serve.
for module in ("uvicorn.protocols.http.auto", "uvloop", "server.storage.sqlite", "alembic.command"):
    with suppress(ImportError):
        import_module(module)


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    output: Connection,
    errors: Connection,
    network: bool = True,
) -> None:
    """Be the command ``samsyn`` with these arguments, with or without a network. Ends with its exit code."""
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


def _refuse(*_: object) -> NoReturn:
    raise OSError("there is no network here")
