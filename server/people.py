"""People as the organisation knows them: reading them, adding them, moving them to another manager."""

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Label,
    Row,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from server import audit
from server.audit import Event
from server.rules.access import GOES_ON, Action, Actor, OrganisationFacts, PersonFacts, Role, allowed
from server.rules.errors import NotFound
from server.rules.limits import SEARCH_CHARACTERS_MIN
from server.storage import tables
from server.storage.bells import PersonChanged, activities_of
from server.storage.database import ring
from server.storage.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Employment:
    """For the rules on who must have a conversation (F111)."""

    form: str
    """As the employer words it: ``tillsvidare``, ``fast``, ``tidsbegränsad``."""
    began_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Somebody:
    """As much of a person as rights rest on, and as those are shown who write beside her."""

    id: str
    name: str
    roles: frozenset[Role]

    @property
    def initials(self) -> str:
        """First letters of the first and the last name."""
        names = self.name.split()
        return "".join(name[0] for name in (names[:1] + names[1:][-1:])).upper()

    @property
    def actor(self) -> Actor:
        """The person as the access rules see one."""
        return Actor(self.id, self.roles)


@dataclass(frozen=True, slots=True)
class Person(Somebody):
    """One person of the organisation."""

    email: str
    """In lower case."""
    unit: str | None
    title: Mapping[str, str]
    """Locale -> words."""
    manager_id: str | None
    locale: str
    employment: Employment
    active: bool = True

    @property
    def first_name(self) -> str:
        """What the other party calls the person."""
        return self.name.split()[0]

    @property
    def facts(self) -> PersonFacts:
        """The person as the access rules see somebody for whom a conversation is made."""
        return PersonFacts(self.id, self.manager_id, frozenset({self.unit} if self.unit else ()))


def get(connection: Connection, id_: str) -> Person:
    """Read one person. Raises NotFound."""
    row = _ONE.one_or_none(connection, person=id_)
    if row is None:
        raise NotFound
    return understood(row)


_READ: Final = (
    "id",
    "name",
    "email",
    "unit",
    "title",
    "manager_id",
    "locale",
    "roles",
    "employment",
    "active",
)
_JSON: Final = ("title", "roles", "employment")

WORDS: Final = tuple(
    cast(column, Text).label(key) if key in _JSON else column
    for key, column in ((key, tables.person.c[key]) for key in _READ)
)
"""The columns that ``understood`` takes: what is JSON among them as it is stored, not read yet."""

BRIEFLY: Final = (tables.person.c.id, tables.person.c.name, cast(tables.person.c.roles, Text).label("roles"))
"""The columns that ``somebody`` takes."""

_ONE: Final = Prepared(select(*WORDS).where(tables.person.c.id == bindparam("person")))


def somebody(row: Any) -> Somebody:
    """Who a row tells of that has the columns of BRIEFLY."""
    return Somebody(row.id, row.name, _roles(row.roles))


@lru_cache(maxsize=256)
def _roles(stored: str) -> frozenset[Role]:
    """Of their JSON: there are few roles, and everybody has some of them."""
    return frozenset(Role(role) for role in json.loads(stored))


def understood(words: tuple[Any, ...]) -> Person:
    """The person that a row of WORDS tells of."""
    row = dict(zip(_READ, words, strict=True))
    # Together: it is how often it is asked that takes long.
    read = json.loads(f"[{','.join(row[key] for key in _JSON)}]")
    row.update(zip(_JSON, read, strict=True))
    return _person(row.__getitem__)


def these(connection: Connection, ids: Collection[str]) -> dict[str, Person]:
    """Read several people, by id. One who is not there is left out."""
    rows = connection.execute(select(tables.person).where(tables.person.c.id.in_(ids)))
    return {row.id: person_of(row) for row in rows}


def facts_on(connection: Connection, id_: str, day: date) -> PersonFacts:
    """Everything that decides about an employee on a day. Raises NotFound."""
    person, above = tables.person, tables.person.alias()
    row = connection.execute(
        select(person.c.id, person.c.manager_id, person.c.unit, above.c.manager_id.label("above"))
        .outerjoin(above, above.c.id == person.c.manager_id)
        .where(person.c.id == id_)
    ).one_or_none()
    if row is None:
        raise NotFound
    conversation = tables.conversation
    responsibles = connection.scalars(
        select(conversation.c.responsible_id).where(
            conversation.c.employee_id == id_, conversation.c.state.in_(GOES_ON)
        )
    )
    return PersonFacts(
        row.id,
        row.manager_id,
        frozenset({row.unit} if row.unit else ()),
        stand_ins=stand_ins(connection, row.manager_id, day),
        responsibles=frozenset(responsibles),
        above=row.above,
    )


def stand_ins(connection: Connection, manager: str | None, day: date) -> frozenset[str]:
    """Who stands in for a manager on a day."""
    table = tables.delegation
    found = connection.scalars(
        select(table.c.stand_in_id).where(table.c.manager_id == manager, stands_in_on(day))
    )
    return frozenset(found)


def stands_in_on(day: date | BindParameter[date]) -> ColumnElement[bool]:
    """Of rows of ``delegation``: those that hold on a day."""
    return and_(tables.delegation.c.begins_on <= day, tables.delegation.c.ends_on >= day)


def has_staff(day: date | BindParameter[date]) -> Label[bool]:
    """A column ``has_staff`` beside rows of ``person``: whether they lead somebody who is active, or stand in
    on that day for a manager."""
    person, led, delegation = tables.person, tables.person.alias(), tables.delegation
    leads = exists().where(led.c.manager_id == person.c.id, led.c.active)
    stands_in = exists().where(delegation.c.stand_in_id == person.c.id, stands_in_on(day))
    return or_(leads, stands_in).label("has_staff")


def with_email(connection: Connection, email: str) -> Person:
    """Read the active person who has this address, however it is typed. Raises NotFound."""
    row = connection.execute(
        select(tables.person).where(tables.person.c.email == normal_email(email), tables.person.c.active)
    ).one_or_none()
    if row is None:
        raise NotFound
    return person_of(row)


def normal_email(email: str) -> str:
    """One form for the same address, however it is typed: the one that is stored."""
    return unicodedata.normalize("NFC", email.strip()).lower()


def everybody(connection: Connection) -> list[Person]:
    """Everybody who is active, by name."""
    return _by_name(connection, tables.person.c.active)


def with_role(connection: Connection, role: Role) -> list[Person]:
    """Everybody who is active and has the role, by name."""
    person = tables.person.c
    # A list in JSON: a role is the same characters in it on both databases.
    has_it = cast(person.roles, Text).contains(f'"{role}"')
    return _by_name(connection, person.active & has_it)


def with_password(connection: Connection) -> list[Person]:
    """Everybody who is active and can sign in, by name."""
    return _by_name(connection, tables.person.c.active & tables.person.c.password_hash.is_not(None))


def _by_name(connection: Connection, who: ColumnElement[bool]) -> list[Person]:
    rows = connection.execute(select(tables.person).where(who).order_by(tables.person.c.name))
    return [person_of(row) for row in rows]


def named(connection: Connection, words: str, most: int, *, also_gone: bool = False) -> list[Person]:
    """Active people by name: whose names begin with every typed word, or whose address is typed in full.

    ``also_gone``: those who have left as well.

    ``Öb``, ``ob`` and ``maja öberg`` all find Maja Öberg. In order of the names, ``most`` at most; nobody
    for fewer than ``SEARCH_CHARACTERS_MIN`` letters, so that nobody reads the whole list.
    """
    wanted = [_plain(word) for word in words.split()]
    if sum(map(len, wanted)) < SEARCH_CHARACTERS_MIN:
        return []
    # Compared here and not by the database: SQLite knows capital letters of English only.
    table = tables.person
    everyone = connection.execute(
        select(table.c.id, table.c.name, table.c.email).where(*([] if also_gone else [table.c.active]))
    )
    address = normal_email(words)
    found = sorted(
        (each.name, each.id)
        for each in everyone
        if each.email == address or _begins(_plain(each.name), wanted)
    )
    ids = [id_ for _, id_ in found[:most]]
    known = {row.id: person_of(row) for row in connection.execute(select(table).where(table.c.id.in_(ids)))}
    return [known[id_] for id_ in ids]


def is_found(text: str, words: str) -> bool:
    """Whether every typed word begins a word of the text, however it is written; as ``named``, for lists
    that somebody sees the whole of anyway. Nothing typed finds everything."""
    return _begins(_plain(text), [_plain(word) for word in words.split()])


def is_named(name: str, words: str) -> bool:
    """Whether the words of a name begin with every typed word, as in ``named``."""
    return _begins(_plain(name), [_plain(word) for word in words.split()])


def _begins(name: str, wanted: list[str]) -> bool:
    """Whether each wanted word begins a word of the name of its own."""
    words = re.split(r"[\s-]+", name)
    for one in sorted(wanted, key=len, reverse=True):
        match = next((word for word in words if word.startswith(one)), None)
        if match is None:
            return False
        words.remove(match)
    return True


def _plain(word: str) -> str:
    """Without capitals and accents, as people type when they search."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def add_unit(
    connection: Connection,
    actor: Actor,
    id_: str,
    name: Mapping[str, str],
    parent: str | None,
    goals: list[dict[str, str]],
    now: datetime,
) -> None:
    """Add a unit and its goals. ``parent`` is there already, or None. Raises NotFound without the right."""
    _require_right(actor)
    connection.execute(insert(tables.unit).values(id=id_, name=dict(name), parent=parent, goals=list(goals)))
    audit.record(connection, Event.UNIT_ADDED, actor.person, now, unit=id_)


def change_unit(
    connection: Connection,
    actor: Actor,
    id_: str,
    name: Mapping[str, str],
    parent: str | None,
    goals: list[dict[str, str]],
    now: datetime,
) -> None:
    """Change a unit and its goals, as ``add_unit``. Raises NotFound without the right."""
    _require_right(actor)
    connection.execute(
        update(tables.unit)
        .where(tables.unit.c.id == id_)
        .values(name=dict(name), parent=parent, goals=list(goals))
    )
    audit.record(connection, Event.UNIT_CHANGED, actor.person, now, unit=id_)


def add(
    connection: Connection, actor: Actor, person: Person, password_hash: str | None, now: datetime
) -> None:
    """Add a person; unit and manager are there already. Raises NotFound without the right."""
    _require_right(actor)
    connection.execute(
        insert(tables.person).values(
            id=person.id,
            password_hash=password_hash,
            left_on=None if person.active else now.date(),
            **_columns(person),
        )
    )
    audit.record(connection, Event.PERSON_ADDED, actor.person, now, person=person.id)


def change(connection: Connection, actor: Actor, person: Person, now: datetime) -> None:
    """Change all that is known of a person but the password; the sockets of one made inactive close.

    Conversations stay with whoever is responsible for them. Raises NotFound without the right, or when
    there is no such person.
    """
    _require_right(actor)
    changed = connection.execute(
        update(tables.person)
        .where(tables.person.c.id == person.id)
        .values(
            # Counted from the first day of being away, however often something is changed afterwards.
            left_on=None if person.active else func.coalesce(tables.person.c.left_on, now.date()),
            **_columns(person),
        )
    )
    if not changed.rowcount:
        raise NotFound
    audit.record(connection, Event.PERSON_CHANGED, actor.person, now, person=person.id)
    ring(connection, PersonChanged(person.id))
    # Whoever leads the person now sees the activities, and whoever did before no longer.
    ring(connection, activities_of(person.id))


def place(
    connection: Connection, actor: Actor, person: str, unit: str | None, manager: str | None, now: datetime
) -> None:
    """Move a person to another unit and manager. Conversations stay with whoever is responsible for them.

    Raises NotFound without the right, or when there is no such person.
    """
    _require_right(actor)
    changed = connection.execute(
        update(tables.person).where(tables.person.c.id == person).values(unit=unit, manager_id=manager)
    )
    if not changed.rowcount:
        raise NotFound
    audit.record(connection, Event.PERSON_CHANGED, actor.person, now, person=person)
    ring(connection, PersonChanged(person))
    ring(connection, activities_of(person))


def set_locale(connection: Connection, person: str, locale: str) -> None:
    """Set the language in which the person reads everything: each person's own choice."""
    connection.execute(update(tables.person).where(tables.person.c.id == person).values(locale=locale))


def units_of(connection: Connection, person: Person) -> tuple[str, ...]:
    """The person's unit, the one above it, and so on to the top. Nothing for somebody without a unit."""
    unit = tables.unit
    own = select(unit.c.id, unit.c.parent, literal(0).label("height")).where(unit.c.id == person.unit)
    line = own.cte("line", recursive=True)
    above = select(unit.c.id, unit.c.parent, line.c.height + 1).where(unit.c.id == line.c.parent)
    line = line.union_all(above)
    return tuple(connection.scalars(select(line.c.id).order_by(line.c.height)))


def unit_names(connection: Connection) -> dict[str, dict[str, str]]:
    """Every unit's name in every language, by the unit's id; those at the top first."""
    rows = connection.execute(
        select(tables.unit.c.id, tables.unit.c.name).order_by(
            tables.unit.c.parent.is_not(None), tables.unit.c.id
        )
    )
    return {row.id: dict(row.name) for row in rows}


def unit_goals(connection: Connection, unit: str | None) -> list[dict[str, str]]:
    """The goals of a unit, each in every language (F78, F102)."""
    goals = connection.scalar(select(tables.unit.c.goals).where(tables.unit.c.id == unit))
    return list(goals or [])


def person_of(row: Any) -> Person:
    """A row that has the columns of the person table, as a Person."""
    return _person(partial(getattr, row))


def columns_of(person: FromClause, name: str) -> list[Label[Any]]:
    """The columns of an alias of the person table, for a query in which others have columns too.

    ``name`` and an underscore stand before each, so that none is called as a column of the others.
    """
    return [column.label(f"{name}_{column.key}") for column in person.c if column.key != "password_hash"]


def person_in(row: Row[Any], name: str) -> Person:
    """The Person in a row that has ``columns_of`` with this name."""
    return _person(lambda key: row._mapping[f"{name}_{key}"])


def _person(column: Callable[[str], Any]) -> Person:
    employment = column("employment")
    began_on, ends_on = employment["began_on"], employment.get("ends_on")
    return Person(
        id=column("id"),
        name=column("name"),
        email=column("email"),
        unit=column("unit"),
        title=column("title"),
        manager_id=column("manager_id"),
        locale=column("locale"),
        roles=frozenset(Role(role) for role in column("roles")),
        employment=Employment(
            employment["form"],
            date.fromisoformat(began_on),
            date.fromisoformat(ends_on) if ends_on else None,
        ),
        active=column("active"),
    )


def _columns(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "email": normal_email(person.email),
        "unit": person.unit,
        "title": dict(person.title),
        "manager_id": person.manager_id,
        "locale": person.locale,
        "roles": sorted(person.roles),
        "employment": _stored(person.employment),
        "active": person.active,
    }


def _stored(employment: Employment) -> dict[str, str]:
    stored = {"form": employment.form, "began_on": employment.began_on.isoformat()}
    return stored | ({"ends_on": employment.ends_on.isoformat()} if employment.ends_on else {})


def _require_right(actor: Actor) -> None:
    if not allowed(actor, Action.ADD_PERSON, OrganisationFacts()):
        raise NotFound
