"""``samsyn retention``: what is no longer to be kept, and erasing it now."""

from collections import Counter
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from server import holds, policy
from server import retention as feature
from server.audit import Event
from server.commands.ground import Ground, now, run
from server.keeping import Keeping
from server.rules.access import OPERATOR
from server.rules.keeping import Kind
from server.rules.limits import RETENTION_PREVIEW_DAYS, RETENTION_PREVIEW_DAYS_MAX

BAR_THINGS_MIN = 20
"""Fewer are erased before a bar could be seen."""

retention = typer.Typer(
    help="Show what is no longer to be kept, or erase it now. The server does so by itself once a day.",
    add_completion=False,
    rich_markup_mode=None,
)


@retention.command()
def preview(
    days: Annotated[
        int, typer.Option("--days", min=0, max=RETENTION_PREVIEW_DAYS_MAX, help="How far ahead.")
    ] = RETENTION_PREVIEW_DAYS,
) -> None:
    """Print what goes within so many days: the day, the kind, whose it is and its id. Never content."""
    run(lambda ground: _preview(ground, days))


@retention.command("run")
def run_() -> None:
    """Erase everything whose time is over, and say how much that was.

    What is held back stays. A receipt of each thing remains, in the table "erasure" and in the audit.
    """
    run(_run)


async def _preview(ground: Ground, days: int) -> None:
    on = now().date() + timedelta(days=days)
    found = await ground.database.read(
        lambda c: feature.preview(c, OPERATOR, policy.get(c), on, holds.held(c))
    )
    for each in found.due:
        version = f" version={each.version}" if each.version is not None else ""
        held = " held-back" if each.held else ""
        whose = f"{each.person} {each.subject}" if each.person else f"- {each.count}"
        print(f"{each.on.isoformat()} {each.kind} {whose}{version}{held}")
    if not found.due:
        print(f"Nothing in {ground.place} goes until {on.isoformat()}.")


async def _run(ground: Ground) -> None:
    keeping = Keeping(ground.database, now)
    due = [each for each in await keeping.due() if not each.held]
    went: Counter[Kind] = Counter()
    with Progress(console=Console(stderr=True), transient=True, disable=len(due) < BAR_THINGS_MIN) as bar:
        erased = bar.add_task("Erasing", total=len(due))
        for each in due:
            if await keeping.erase_due(each, Event.ERASED_BY_OPERATOR):
                went[each.kind] += each.count
            bar.advance(erased)
    # Nobody but their owner ever learns that there was a private note.
    told = ", ".join(f"{kind}: {went[kind]}" for kind in Kind if went[kind] and kind is not Kind.NOTE)
    print(f"Erased in {ground.place}: {told or 'nothing'}.")
