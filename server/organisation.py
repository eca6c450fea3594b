"""Bringing the organisation in line with a file: units, their goals and people, all of it or nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from graphlib import TopologicalSorter
from typing import TypeVar

from sqlalchemy import Connection, func, select

from server import organisation_format, people, policy
from server.organisation_format import OrganisationFile, PersonEntry, Present, UnitEntry
from server.people import Employment, Person
from server.rules.access import Action, Actor, OrganisationFacts, allowed
from server.rules.errors import NotFound
from server.storage import tables

Entry = TypeVar("Entry", UnitEntry, PersonEntry)


@dataclass(frozen=True, slots=True)
class Brought:
    """How many were added and changed, and how many active people cannot sign in yet."""

    units_added: int
    units_changed: int
    people_added: int
    people_changed: int
    without_password: int
    counted_since: date | None
    """From this day whoever has had no conversation is counted; None where the rules were set before."""


def bring(connection: Connection, actor: Actor, body: object, now: datetime) -> Brought:
    """Add what the file has and the database has not, and change what differs; nothing is removed.

    Nobody gets a password, and passwords that are there stay. Raises OrganisationInvalid with everything
    that is wrong, and NotFound without the right.
    """
    if not allowed(actor, Action.ADD_PERSON, OrganisationFacts()):
        raise NotFound
    present = _present(connection)
    told = organisation_format.read(body, present)
    is_first = not present.managers and bool(told.people)
    units = _bring_units(connection, actor, told, now)
    persons = _bring_people(connection, actor, told, now)
    person = tables.person.c
    without = connection.scalar(
        select(func.count()).select_from(tables.person).where(person.active, person.password_hash.is_(None))
    )
    since = policy.begin(connection, actor, now) if is_first else None
    return Brought(*units, *persons, without_password=without or 0, counted_since=since)


def _present(connection: Connection) -> Present:
    unit, person = tables.unit.c, tables.person.c
    rows = connection.execute(select(person.id, person.manager_id, person.email)).all()
    return Present(
        parents={row.id: row.parent for row in connection.execute(select(unit.id, unit.parent))},
        managers={row.id: row.manager_id for row in rows},
        emails={row.email: row.id for row in rows},
    )


def _bring_units(
    connection: Connection, actor: Actor, told: OrganisationFile, now: datetime
) -> tuple[int, int]:
    stored = {
        row.id: (row.name, row.parent, row.goals) for row in connection.execute(select(tables.unit)).all()
    }
    added = changed = 0
    for entry in _from_the_top(told.units, "parent"):
        columns = (entry.name.model_dump(), entry.parent, [goal.model_dump() for goal in entry.goals])
        if entry.id not in stored:
            people.add_unit(connection, actor, entry.id, *columns, now)
            added += 1
        elif stored[entry.id] != columns:
            people.change_unit(connection, actor, entry.id, *columns, now)
            changed += 1
    return added, changed


def _bring_people(
    connection: Connection, actor: Actor, told: OrganisationFile, now: datetime
) -> tuple[int, int]:
    stored = {row.id: people.person_of(row) for row in connection.execute(select(tables.person)).all()}
    added = changed = 0
    for entry in _from_the_top(told.people, "manager"):
        person = _person(entry)
        if entry.id not in stored:
            people.add(connection, actor, person, None, now)
            added += 1
        # The language is each person's own choice once the person is there.
        elif stored[entry.id] != (person := replace(person, locale=stored[entry.id].locale)):
            people.change(connection, actor, person, now)
            changed += 1
    return added, changed


def _from_the_top(entries: Iterable[Entry], above: str) -> Iterator[Entry]:
    """Whoever stands above somebody first: a row can only name one that is there."""
    by_id = {entry.id: entry for entry in entries}
    over = {id_: {getattr(entry, above)} & by_id.keys() for id_, entry in by_id.items()}
    return (by_id[id_] for id_ in TopologicalSorter(over).static_order())


def _person(entry: PersonEntry) -> Person:
    told = entry.employment
    return Person(
        id=entry.id,
        name=entry.name,
        email=entry.email,
        unit=entry.unit,
        title=entry.title.model_dump(),
        manager_id=entry.manager,
        locale=entry.locale,
        roles=frozenset(entry.roles),
        employment=Employment(told.form, told.began_on, told.ends_on),
        active=entry.active,
    )
