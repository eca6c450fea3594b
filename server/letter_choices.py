"""Which letters each person does without: the reminders that are hers to turn off, at ``/reminders``.

Invitations, changes and the reminder to sign come to everybody. Whoever has chosen nothing gets everything.
"""

from collections.abc import Collection

from sqlalchemy import Connection, delete, insert, select

from server.letter_format import OPTIONAL, Kind
from server.rules.access import Actor
from server.storage import tables
from server.storage.database import Database

CHOICE = tables.letter_choice


def unwanted(connection: Connection) -> frozenset[tuple[str, Kind]]:
    """(person, kind) of everything that anybody has turned off."""
    rows = connection.execute(select(CHOICE.c.person_id, CHOICE.c.kind))
    return frozenset((row.person_id, Kind(row.kind)) for row in rows)


def unwanted_by(connection: Connection, person: str) -> frozenset[Kind]:
    """What one person has turned off."""
    return frozenset(map(Kind, connection.scalars(select(CHOICE.c.kind).where(CHOICE.c.person_id == person))))


def choose(connection: Connection, actor: Actor, wanted: Collection[Kind]) -> None:
    """Have the actor get these of the optional reminders, and no other of them."""
    # The person's row is locked, so that two pages of hers do not choose in the middle of each other.
    connection.execute(
        select(tables.person.c.id).where(tables.person.c.id == actor.person).with_for_update()
    ).one()
    connection.execute(delete(CHOICE).where(CHOICE.c.person_id == actor.person))
    off = [{"person_id": actor.person, "kind": kind.value} for kind in OPTIONAL if kind not in wanted]
    if off:
        connection.execute(insert(CHOICE), off)


class LetterChoices:
    """The way in for pages: each for themselves."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def wanted(self, actor: Actor) -> frozenset[Kind]:
        """The optional reminders that the actor gets."""
        return frozenset(OPTIONAL) - await self._database.read(lambda c: unwanted_by(c, actor.person))

    async def choose(self, actor: Actor, wanted: Collection[Kind]) -> None:
        """As ``choose``."""
        await self._database.write(lambda c: choose(c, actor, wanted))
