"""What runs in a server process of a test: ``samsyn``, with its own environment and its output in pipes."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection

from server.cli import main

# What the server imports only when it needs it, or when it begins to serve.
for module in ("uvicorn.protocols.http.auto", "uvloop", "server.storage.sqlite", "alembic.command"):
    with suppress(ImportError):
        import_module(module)


def run(
    arguments: Sequence[str], environment: Mapping[str, str], output: Connection, errors: Connection
) -> None:
    """Be the command ``samsyn`` with these arguments. Ends with its exit code."""
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(output.fileno(), sys.stdout.fileno())
    os.dup2(errors.fileno(), sys.stderr.fileno())
    output.close()
    errors.close()
    sys.argv = ["samsyn", *arguments]
    main()
