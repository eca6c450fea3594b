"""The command line: ``samsyn serve``."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from sqlalchemy import make_url

from server import logs, settings
from server.app import create_app, opened
from server.demo import play
from server.demo.play import NotTheSample
from server.pages.assets import AssetsMissing
from server.rules.errors import StorageUnavailable
from server.serving import CannotListen, DrainingServer, listening_socket
from server.settings import Settings, SettingsInvalid
from server.storage.migrations import DatabaseTooNew

NOT_STARTED = 2
INTERRUPTED = 130

cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@cli.callback()
def about() -> None:
    """Samsyn: the conversation between employee and manager, written by both at the same time."""


@cli.command()
def serve(
    demo: Annotated[
        bool, typer.Option("--demo", help="Load the sample organisation; anybody signs in as anybody in it.")
    ] = False,
) -> None:
    """Serve until told to stop. Settings come from the environment, as SAMSYN_PORT."""
    environment = dict(os.environ) | ({"SAMSYN_DEMO": "true"} if demo else {})
    try:
        chosen = settings.read(environment)
        logs.configure(chosen.log_level)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(chosen))
    except SettingsInvalid as invalid:
        _stop(*invalid.errors)
    except (AssetsMissing, CannotListen, CannotWrite, DatabaseTooNew, NotTheSample) as reason:
        _stop(str(reason))
    except StorageUnavailable as reason:
        _stop(f"The database cannot be opened: {reason}")
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


class CannotWrite(Exception):
    """The data folder cannot be written in. Its text is a sentence for the operator."""


async def _serve(chosen: Settings) -> None:
    _require_folder(chosen)
    # Taken first: a second server must not touch the data of the one that runs.
    address = listening_socket(chosen.host, chosen.port)
    try:
        if chosen.demo:
            await play.once(chosen.database_url, _now(), chosen.demo_password)
        async with opened(chosen, _now) as features:
            server = DrainingServer(
                create_app(features), features.rooms.drain, lambda: print(_ready(chosen), flush=True)
            )
            await server.serve([address])
    finally:
        address.close()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """The faster loop, where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def _now() -> datetime:
    return datetime.now(UTC)


def _ready(chosen: Settings) -> str:
    """One line: where it is, and in the demo how to see two people write."""
    if not chosen.demo:
        return f"Samsyn is at {chosen.address}"
    # A browser keeps the cookies of the two names apart, so that one browser can be two people.
    second = chosen.address.replace("127.0.0.1", "localhost")
    elsewhere = f"at {second}" if second != chosen.address else "in a private window"
    return (
        f"Samsyn is at {chosen.address} – sign in there as Maja, and {elsewhere} in a second window as "
        f"Jonas; the password of everybody is {chosen.demo_password}"
    )


def _require_folder(chosen: Settings) -> None:
    url = make_url(chosen.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    folder = Path(url.database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The rights alone do not tell: a disk may be mounted read-only.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotWrite(
            f"The folder {folder} cannot be written in ({error.strerror}). Make it writable, or choose "
            "another by SAMSYN_DATA."
        ) from error


def _stop(*sentences: str) -> NoReturn:
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    raise typer.Exit(NOT_STARTED)


def main() -> None:
    """Entry point of the command ``samsyn``."""
    cli()


if __name__ == "__main__":
    main()
