"""``samsyn audit``: whether the audit is whole, and what it says."""

import re
import sys
from datetime import UTC
from functools import partial
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress

from server import audit as feature
from server.audit import Entry, Unreadable
from server.commands.ground import Ground, Misuse, run
from server.rules.access import OPERATOR
from server.rules.limits import AUDIT_BATCH_EVENTS

BROKEN = 1
EXPECTED = re.compile(r"([1-9][0-9]*):([0-9a-f]{64})")

audit = typer.Typer(
    help="Show that nobody has changed what was recorded, or list it.",
    add_completion=False,
    rich_markup_mode=None,
)


@audit.command()
def verify(
    expect: Annotated[
        str,
        typer.Option(
            "--expect",
            metavar="NUMBER:HASH",
            help="An event as an earlier verification printed it: it must still be there.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Walk the whole chain of events, and say whether it is whole or where it is broken.

    Each event holds the hash of the one before, so nothing in between can be changed, removed, inserted or
    moved unseen. That the newest ones were cut off, or all of it was written anew, only comparing shows: keep
    the number and hash that this prints somewhere else, and give them to --expect next time.

    It ends with 0 when the chain is whole, and with 1 when it is not.
    """
    run(lambda ground: _verify(ground, _expected(expect)))


@audit.command("list")
def list_(
    conversation: Annotated[
        str,
        typer.Option(
            "--conversation",
            metavar="ID",
            help="Only what is about this one: the last part of its address.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Print the events, one a line: number, time in UTC, event, person, conversation and what else it names.

    All of it is ids: never a word of what people wrote. A dash stands for nobody, for instance the operator.
    """
    run(lambda ground: _list(ground, conversation))


async def _verify(ground: Ground, expected: tuple[int, str] | None) -> None:
    count = await ground.database.read(lambda connection: feature.count(connection, OPERATOR))
    newest: Entry | None = None
    kept: Entry | None = None
    broken: int | None = None
    # A chain of one batch is verified before a bar could be seen.
    with Progress(console=Console(stderr=True), transient=True, disable=count <= AUDIT_BATCH_EVENTS) as bar:
        walked = bar.add_task("Verifying", total=count)
        while broken is None:
            try:
                entries = await ground.database.read(partial(feature.batch, actor=OPERATOR, after=newest))
            except Unreadable:
                broken = newest.sequence + 1 if newest else 1
                break
            if not entries:
                break
            broken = feature.verify(entries, newest)
            if expected is not None:
                kept = kept or next((entry for entry in entries if entry.sequence == expected[0]), None)
            newest = entries[-1]
            bar.advance(walked, len(entries))
    if broken is not None:
        _stop(
            f"The audit in {ground.place} is broken at event {broken}: it, or what stood around it, was "
            "changed, removed, inserted or moved."
        )
    if expected is not None and (kept is None or kept.hash != expected[1]):
        was = "is not there any more" if kept is None else "is another one than it was"
        _stop(
            f"Event {expected[0]} {was}: the end of the audit in {ground.place} was cut off, or all of it "
            "was written anew."
        )
    if newest is None:
        print(f"The audit in {ground.place} is empty.")
        return
    print(
        f"The audit in {ground.place} is whole: {newest.sequence} events, the newest at {_instant(newest)}."
    )
    print(f"{newest.sequence}:{newest.hash}")


async def _list(ground: Ground, conversation: str) -> None:
    newest: Entry | None = None
    while True:
        try:
            entries = await ground.database.read(
                partial(feature.batch, actor=OPERATOR, after=newest, conversation=conversation)
            )
        except Unreadable:
            _stop("What stands here is no event: samsyn audit verify says where the audit is broken.")
        if not entries:
            return
        for entry in entries:
            print(_line(entry))
        newest = entries[-1]


def _line(entry: Entry) -> str:
    about = (f"{key}={value}" for key, value in sorted(entry.about.items()))
    who = (entry.person or "-", entry.conversation or "-")
    return " ".join((str(entry.sequence), _instant(entry), entry.event, *who, *about))


def _instant(entry: Entry) -> str:
    return entry.at.astimezone(UTC).isoformat(timespec="seconds")


def _expected(told: str) -> tuple[int, str] | None:
    if not told:
        return None
    parts = EXPECTED.fullmatch(told)
    if parts is None:
        raise Misuse(
            "--expect must be a number and a hash with a colon between, as samsyn audit verify prints."
        )
    return int(parts[1]), parts[2]


def _stop(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(BROKEN)
