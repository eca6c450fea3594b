"""``samsyn archive``: what an older system had of follow-up activities, brought in to be read."""

from pathlib import Path
from typing import Annotated

import typer

from server.archive import Archive
from server.archive_format import ArchiveInvalid
from server.commands.ground import Ground, Misuse, now, run, said
from server.rules.access import OPERATOR


def archive(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The activities, as below.")],
) -> None:
    """Bring in the follow-up activities of an older system.

    They can be read, and never change. All of them are added or, if any row is wrong, none: every fault is
    said with its line. What has been brought in before is not added again.

    UTF-8, commas or semicolons, the headings in the first row, in English, Swedish or Norwegian:

    \b
    Employee            the e-mail address or id of somebody who is here   required
    Type of goal        Work goal or Development goal                      required
    What is to be done  a few words                                        required
    State               Going on, Completed or Cancelled                   required
    Description, Responsible                                               texts
    Done by, Ended on   days: 2024-03-31 or 31.03.2024
    Reference           by which the older system knew it: never added twice

    Other columns are kept as they are, and shown with the activity.
    """
    with said():
        data = _bytes_in(file)
    run(lambda ground: _bring(ground, data))


def _bytes_in(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Misuse(f"{file} cannot be read: {error.strerror}.") from error


async def _bring(ground: Ground, data: bytes) -> None:
    try:
        brought = await Archive(ground.database, now).bring(OPERATOR, data)
    except ArchiveInvalid as invalid:
        raise Misuse(*map(str, invalid.faults)) from None
    print(
        f"Added {brought.added} activities of {brought.people} people, in {ground.place}. "
        f"{brought.there} were there already."
    )
