"""``samsyn person``: erasing somebody who has left and asks for it."""

from typing import Annotated

import typer

from server.commands.ground import Ground, Misuse, now, run
from server.erasing_person import KeptAbout
from server.keeping import Keeping
from server.rules.access import OPERATOR
from server.rules.errors import HeldBack, NotFound, WorksHere
from server.rules.keeping import Kind

person = typer.Typer(
    help="Erase what is kept about somebody who has left.", add_completion=False, rich_markup_mode=None
)


@person.callback()
def about() -> None:
    """Erase what is kept about somebody who has left."""


@person.command()
def erase(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Of the person, as in the organisation's file.")],
    records: Annotated[
        bool,
        typer.Option(
            "--records",
            help="Completed and signed conversations too, before their time.",
            show_default=False,
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for a script.", show_default=False)] = False,
) -> None:
    """Say what goes and what stays, ask once more, and erase (GDPR, article 17).

    What is held back stays, and so do conversations of others, in which the name is theirs to keep.
    """
    kept = run(lambda ground: _about(ground, id_))
    print(_plan(kept, records=records))
    if yes or typer.confirm("Erase it? This cannot be undone."):
        run(lambda ground: _erase(ground, id_, records=records))


async def _about(ground: Ground, id_: str) -> KeptAbout:
    try:
        return await Keeping(ground.database, now).about(OPERATOR, id_)
    except NotFound:
        raise Misuse(f"There is nobody with the id {id_} in {ground.place}.") from None


async def _erase(ground: Ground, id_: str, *, records: bool) -> None:
    try:
        await Keeping(ground.database, now).erase_person(OPERATOR, id_, records=records)
    except WorksHere:
        raise Misuse(
            f"{id_} works here. Make {id_} inactive in the organisation's file first: active: false."
        ) from None
    except HeldBack:
        raise Misuse(f"All about {id_} is held back. HR can lift that, on the page What is kept.") from None
    print(f"Erased in {ground.place}. A receipt of each thing remains.")


def _plan(kept: KeptAbout, *, records: bool) -> str:
    closed = [each for each in kept.conversations if each.kind in (Kind.SIGNED, Kind.COMPLETED)]
    held = [each for each in kept.conversations if each.hold]
    goes = [each for each in kept.conversations if each not in held and (records or each not in closed)]
    stays = [each for each in closed if each not in goes and each not in held]
    lines = [
        f"{kept.person.name}:",
        f"  goes: {len(goes)} conversations, private notes if there are any, "
        + ", ".join(f"{kind}: {number}" for kind, number in kept.counts.items()),
        f"  stays: {len(stays)} completed or signed conversations until their time is over, {len(held)} held "
        f"back, {kept.with_others} of others with the name, and all events of the audit, which are ids",
    ]
    return "\n".join(lines)
