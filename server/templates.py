"""The templates that conversations are made from: added whole and checked, never changed afterwards."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Text, bindparam, cast, func, insert, select, tuple_

from crdt.schema import DocumentSchema
from server import audit, people
from server.audit import Event
from server.faults import Fault
from server.people import Person
from server.rules.access import Action, Actor, OrganisationFacts, Pane, allowed
from server.rules.errors import NoLongerPossible, NotFound
from server.storage import tables
from server.storage.database import Database, remembered
from server.storage.prepared import Prepared
from server.template import format as template_format
from server.template.format import Template, TemplateInvalid


def schemas(template: Template, pane: Pane) -> DocumentSchema:
    """What the document of ``pane`` holds in a conversation with this template."""
    return template.schemas[pane]


@lru_cache(maxsize=256)
def _understood(body: str) -> Template:
    """A template of its JSON. It never changes, and every opening of a document asks for it."""
    return template_format.read(json.loads(body))


_BODY: Final = cast(tables.template.c.body, Text)
"""As it is stored, not yet read as JSON."""

_ONE: Final = Prepared(
    select(_BODY.label("body")).where(
        tables.template.c.id == bindparam("template"), tables.template.c.version == bindparam("number")
    )
)


def add(connection: Connection, actor: Actor, body: Mapping[str, Any], now: datetime) -> Template:
    """Add one version of a template. Raises TemplateInvalid; versions are counted from 1 without gaps."""
    if not allowed(actor, Action.ADD_TEMPLATE, OrganisationFacts()):
        raise NotFound
    template = template_format.read(body)
    unknown = tuple(_unknown(connection, template))
    if unknown:
        raise TemplateInvalid(unknown)
    if template.version != newest(connection, template.id) + 1:
        raise NoLongerPossible
    # As it was understood, so that it is JSON whatever YAML made of it.
    told = template.model_dump(mode="json", by_alias=True, exclude_unset=True)
    connection.execute(insert(tables.template).values(id=template.id, version=template.version, body=told))
    audit.record(
        connection,
        Event.TEMPLATE_ADDED,
        actor.person,
        now,
        template=template.id,
        version=str(template.version),
    )
    return template


def newest(connection: Connection, id_: str) -> int:
    """The newest version of a template; 0 when there is none."""
    version: int | None = connection.scalar(
        select(func.max(tables.template.c.version)).where(tables.template.c.id == id_)
    )
    return version or 0


def get(connection: Connection, id_: str, version: int) -> Template:
    """Read one version. Raises NotFound."""

    def read() -> Template:
        row = _ONE.one_or_none(connection, template=id_, number=version)
        if row is None:
            raise NotFound
        return _understood(row.body)

    return remembered(connection, "template", f"{id_} {version}", read)


def these(connection: Connection, wanted: Collection[tuple[str, int]]) -> dict[tuple[str, int], Template]:
    """Read several versions, by id and version. One that is not there is left out."""
    table = tables.template
    rows = connection.execute(
        select(table.c.id, table.c.version, _BODY).where(tuple_(table.c.id, table.c.version).in_(wanted))
    )
    return {(id_, version): _understood(body) for id_, version, body in rows}


def available(connection: Connection, person: Person) -> list[Template]:
    """What can be chosen for somebody (F44): the newest version of each template, by its id."""
    units = people.units_of(connection, person)
    return [each for each in all_newest(connection) if can_be_chosen(each, person, units)]


def all_newest(connection: Connection) -> list[Template]:
    """The newest version of each template, by its id."""
    table = tables.template
    newest_of = select(table.c.id, func.max(table.c.version)).group_by(table.c.id)
    rows = connection.scalars(
        select(_BODY).where(tuple_(table.c.id, table.c.version).in_(newest_of)).order_by(table.c.id)
    )
    return [_understood(body) for body in rows]


def can_be_chosen(template: Template, person: Person, units: Collection[str]) -> bool:
    """Whether a conversation can be made from the template. ``units`` are as ``people.units_of`` has them."""
    return template.available_to.includes(person.id, units, person.employment.form)


def _unknown(connection: Connection, template: Template) -> Iterator[Fault]:
    # A misspelt name would withhold the template without a word.
    for key, what, known, named in (
        ("units", "unit", tables.unit.c.id, template.available_to.units),
        ("persons", "person", tables.person.c.id, template.available_to.persons),
    ):
        there = set(connection.scalars(select(known).where(known.in_(named))))
        for number, name in enumerate(named):
            if name not in there:
                yield Fault(f"available_to.{key}[{number}]", f"There is no {what} {name}.")


class Templates:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def add(self, actor: Actor, body: Mapping[str, Any]) -> Template:
        """As ``add``, in a transaction of its own."""
        return await self._database.write(lambda connection: add(connection, actor, body, self._clock()))

    async def newest(self, id_: str) -> int:
        """As ``newest``."""
        return await self._database.read(lambda connection: newest(connection, id_))

    async def get(self, id_: str, version: int) -> Template:
        """As ``get``."""
        return await self._database.read(lambda connection: get(connection, id_, version))
