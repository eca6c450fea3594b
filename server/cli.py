"""The command line: ``samsyn serve``, and what an operator does beside it."""

import asyncio
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Annotated

import typer

from server import logs, settings
from server.app import create_app, door_of, opened
from server.commands.ground import now, require_folder, said
from server.rules.errors import CannotServe
from server.serving import DrainingServer, listening_socket
from server.settings import Settings

INTERRUPTED = 130

# Plain help: in the other mode the brackets of an example are markup, and disappear.
cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@cli.callback()
def about() -> None:
    """Samsyn: the conversation between employee and manager, written by both at the same time.

    Settings come from the environment, as SAMSYN_DATA: where the database lies is the same for every command.
    On SQLite stop the server while another command runs; on PostgreSQL it may go on serving.

    A new installation: organisation, template, a password for each person, conversation, serve.
    """


@cli.command()
def serve(
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            help="Load the sample organisation; anybody signs in as anybody in it.",
            show_default=False,
        ),
    ] = False,
) -> None:
    """Serve until told to stop.

    Ctrl-C and SIGTERM end it in good order: what was received is stored and acknowledged first.
    """
    environment = dict(os.environ) | ({"SAMSYN_DEMO": "true"} if demo else {})
    try:
        with said(CannotServe):
            chosen = settings.read(environment)
            logs.configure(chosen.log_level)
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(_serve(chosen))
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


@cache
def whole_cli() -> typer.Typer:
    """``serve`` and everything beside it."""
    from server.commands.archive import archive
    from server.commands.audit import audit
    from server.commands.conversation import conversation
    from server.commands.demo import demo
    from server.commands.organisation import organisation
    from server.commands.password import password
    from server.commands.person import person
    from server.commands.policy import policy
    from server.commands.retention import retention
    from server.commands.template import template
    from server.commands.verify import verify

    for command in (organisation, policy, password, conversation, archive, verify, demo):
        cli.command()(command)
    cli.add_typer(template, name="template")
    cli.add_typer(audit, name="audit")
    cli.add_typer(person, name="person")
    cli.add_typer(retention, name="retention")
    return cli


async def _serve(chosen: Settings) -> None:
    require_folder(chosen)
    # Taken first: a second server must not touch the data of the one that runs.
    address = listening_socket(chosen.host, chosen.port)
    try:
        if chosen.demo:
            from server.demo import loading

            await loading.once(chosen.database_url, now(), chosen.demo_password)
        async with opened(chosen, now) as node:
            server = DrainingServer(
                create_app(node),
                door_of(node),
                node.rooms.drain,
                lambda: print(_ready(chosen), flush=True),
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


def main() -> None:
    """Entry point of the command ``samsyn``."""
    # A server runs for weeks: what only the others need does not belong in its memory.
    (cli if sys.argv[1:2] == ["serve"] else whole_cli())()


if __name__ == "__main__":
    main()
