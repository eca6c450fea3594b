"""What an older system had of follow-up activities: brought in once, to be read and never changed (F73)."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from server import archive_file, audit
from server.activities import ActivityState
from server.archive_file import Reading
from server.archive_format import ArchivedRow, ArchiveInvalid, RowFault, Wrong, by_name, identity
from server.audit import Event
from server.people import normal_email
from server.rules.access import Action, Actor, OrganisationFacts, allowed
from server.rules.errors import NotFound
from server.rules.limits import ARCHIVE_IDS_AT_ONCE_MAX
from server.storage import tables
from server.storage.database import Database


@dataclass(frozen=True, slots=True)
class Brought:
    """What a file did."""

    added: int
    people: int
    """Whose they are."""
    there: int
    """Of its rows, how many had been brought in before."""


def bring(connection: Connection, actor: Actor, told: Reading, now: datetime) -> Brought:
    """Add every activity of a file that is not there yet.

    Raises NotFound without the right, and ArchiveInvalid, with nothing added, when any row is wrong: breaks
    the format, names nobody of the organisation, says the same as another one, or says otherwise what was
    brought in before.
    """
    if not allowed(actor, Action.IMPORT_ARCHIVE, OrganisationFacts()):
        raise NotFound
    people = _people(connection)
    strangers = [each for each in told.named if _known(people, each[1]) is None]
    found, twice = _found(people, told.rows)
    there = _there(connection, list(found))
    faults = [
        *told.faults,
        *(RowFault(line, Wrong.NOBODY, {"said": said}) for line, said in strangers),
        *twice,
        *_changed(found, there),
    ]
    if faults:
        raise ArchiveInvalid(tuple(sorted(faults, key=lambda fault: fault.line)))
    new = {id_: told for id_, told in found.items() if id_ not in there}
    if new:
        _add(connection, actor, new, now)
    return Brought(len(new), len({employee for employee, _ in new.values()}), len(there))


Found = dict[str, tuple[str, ArchivedRow]]
"""Id of the activity -> the employee's id, and what the file says."""


def _people(connection: Connection) -> dict[str, str]:
    """Id or address -> id, of everybody, those who have left too."""
    table = tables.person
    people: dict[str, str] = {}
    for id_, email in connection.execute(select(table.c.id, table.c.email)):
        people |= {id_: id_, email: id_}
    return people


def _known(people: dict[str, str], said: str) -> str | None:
    return people.get(said) or people.get(normal_email(said))


def _found(people: dict[str, str], rows: Sequence[ArchivedRow]) -> tuple[Found, list[RowFault]]:
    """The activities of those who are here, and which of them stand twice in the file."""
    found: Found = {}
    faults: list[RowFault] = []
    for row in rows:
        employee = _known(people, row.employee)
        if employee is None:
            continue
        _, first = found.setdefault(identity(row, employee), (employee, row))
        if first is not row:
            faults.append(RowFault(row.line, Wrong.TWICE_HERE, {"first": first.line}))
    return found, faults


def _there(connection: Connection, ids: list[str]) -> dict[str, Any]:
    """Those of the ids that were brought in before, with what was said then."""
    table = tables.activity
    there: dict[str, Any] = {}
    for at in range(0, len(ids), ARCHIVE_IDS_AT_ONCE_MAX):
        some = ids[at : at + ARCHIVE_IDS_AT_ONCE_MAX]
        wanted = select(table.c.id, table.c.archive).where(table.c.id.in_(some))
        there |= {row.id: row.archive or {} for row in connection.execute(wanted)}
    return there


def _changed(found: Found, there: dict[str, Any]) -> Iterator[RowFault]:
    for id_, before in there.items():
        _, row = found[id_]
        if row.reference and by_name(before) != by_name(row.says):
            yield RowFault(row.line, Wrong.CHANGED, {"reference": row.reference})


def _add(connection: Connection, actor: Actor, new: Found, now: datetime) -> None:
    connection.execute(
        insert(tables.activity),
        [
            {
                "id": id_,
                "employee_id": employee,
                "goal_type": row.kind,
                "title": row.title,
                "state": ActivityState.ARCHIVED,
                "due_on": row.due_on,
                "created_at": now,
                "created_by": actor.person or None,
                "archive": dict(row.says),
            }
            for id_, (employee, row) in new.items()
        ],
    )
    audit.record(connection, Event.ARCHIVE_IMPORTED, actor.person, now)


class Archive:
    """The way in for pages and commands."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def bring(self, actor: Actor, data: bytes) -> Brought:
        """As ``bring``, of a file with these bytes. Whoever may not is told nothing about the file."""
        if not allowed(actor, Action.IMPORT_ARCHIVE, OrganisationFacts()):
            raise NotFound
        # A large file takes a second, in which everybody else writes on.
        told = await asyncio.to_thread(archive_file.read, data)
        return await self._database.write(lambda c: bring(c, actor, told, self._clock()))
