"""``samsyn password``: a way in for one person."""

import secrets
import sys
from typing import Annotated

import typer

from server.accounts import Accounts, check_new
from server.commands.ground import Ground, Misuse, now, run
from server.people import Person
from server.rules.access import OPERATOR
from server.rules.errors import PasswordGuessable, PasswordLength

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look like another: it is read aloud and typed."""
GROUPS, GROUP_LETTERS = 4, 4


def password(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Whose password it is.")],
    generate: Annotated[
        bool,
        typer.Option("--generate", help="Make a password and print it, alone on a line.", show_default=False),
    ] = False,
) -> None:
    """Give a person a new password.

    It is typed twice at a prompt, or made by --generate. The old one no longer holds, and every session of
    that person ends.
    """
    run(lambda ground: _set(ground, email, generate))


async def _set(ground: Ground, email: str, generate: bool) -> None:
    person = await ground.person(email)
    chosen = _generated() if generate else _typed(person)
    await Accounts(ground.database, now).set_password(OPERATOR, person.id, chosen)
    if generate:
        print(chosen)
    print(f"{person.name} has a new password, and every session of theirs has ended.", file=sys.stderr)


def _generated() -> str:
    """79 bits, which nobody guesses."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP_LETTERS)) for _ in range(GROUPS))


def _typed(person: Person) -> str:
    try:
        first = str(typer.prompt(f"New password of {person.name}", hide_input=True, err=True))
        check_new(first, (person.name, person.email))
        second = str(typer.prompt("The same again", hide_input=True, err=True))
    except (PasswordLength, PasswordGuessable) as refused:
        raise Misuse(f"{str(refused).removesuffix('.')}: nothing was changed.") from None
    except typer.Abort:
        raise Misuse("No password was typed: nothing was changed.") from None
    if first != second:
        raise Misuse("The two passwords are not the same: nothing was changed.")
    return first
