"""What the organisation knows of a person, her sessions, and what was erased."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, or_, select

from server.own_data.source import Field, FieldKind, Item, Source, named
from server.people import Person
from server.storage import tables


def _person(connection: Connection, me: Person, _now: datetime) -> Iterator[Item]:
    unit = connection.scalar(select(tables.unit.c.name).where(tables.unit.c.id == me.unit))
    password, left_on = connection.execute(
        select(tables.person.c.password_hash.is_not(None), tables.person.c.left_on).where(
            tables.person.c.id == me.id
        )
    ).one()
    yield {
        "id": me.id,
        "name": me.name,
        "email": me.email,
        "title": dict(me.title),
        "unit": dict(unit) if unit else None,
        "manager": named(connection, (me.manager_id,))[me.manager_id],
        "language": me.locale,
        "roles": sorted(me.roles),
        "employment": me.employment.form,
        "began_on": me.employment.began_on,
        "ends_on": me.employment.ends_on,
        "left_on": left_on,
        "has_password": bool(password),
    }


def _sessions(connection: Connection, me: Person, _now: datetime) -> Iterator[Item]:
    session = tables.session
    rows = connection.execute(
        select(session).where(session.c.person_id == me.id).order_by(session.c.began_at.desc())
    )
    for row in rows:
        yield {
            "began_at": row.began_at,
            "seen_at": row.seen_at,
            "ended_at": row.ended_at,
            "device": row.device,
        }


def _stand_ins(connection: Connection, me: Person, _now: datetime) -> Iterator[Item]:
    table = tables.delegation
    rows = connection.execute(
        select(table)
        .where(or_(table.c.manager_id == me.id, table.c.stand_in_id == me.id))
        .order_by(table.c.begins_on.desc(), table.c.id)
    ).all()
    people = named(connection, (id_ for row in rows for id_ in (row.manager_id, row.stand_in_id)))
    for row in rows:
        yield {
            "manager": people[row.manager_id],
            "stand_in": people[row.stand_in_id],
            "begins_on": row.begins_on,
            "ends_on": row.ends_on,
            "reason": row.reason,
        }


def _erasures(connection: Connection, me: Person, _now: datetime) -> Iterator[Item]:
    table = tables.erasure
    rows = connection.execute(select(table).where(table.c.person == me.id).order_by(table.c.at.desc()))
    for row in rows:
        yield {"at": row.at, "kind": row.kind, "rule": row.rule, "subject": row.subject}


PERSON = Source(
    "person",
    (tables.person,),
    (
        Field("id", FieldKind.TEXT, "the id by which everything else names the person"),
        Field("name", FieldKind.TEXT, "the name"),
        Field("email", FieldKind.TEXT, "the address to sign in with, and for letters"),
        Field("title", FieldKind.WORDS, "the title"),
        Field("unit", FieldKind.WORDS, "the name of the unit"),
        Field("manager", FieldKind.PERSON, "the line manager"),
        Field("language", FieldKind.TEXT, "the language in which the person reads everything"),
        Field("roles", FieldKind.LINES, "what the person is in the organisation"),
        Field("employment", FieldKind.TEXT, "the form of employment, as the employer words it"),
        Field("began_on", FieldKind.DAY, "the first day of the employment"),
        Field("ends_on", FieldKind.DAY, "its last day; null for a permanent one"),
        Field("left_on", FieldKind.DAY, "the day on which the account was closed; null while it is open"),
        Field("has_password", FieldKind.YES, "whether a password is kept; only a hash of it is"),
    ),
    _person,
)
SESSIONS = Source(
    "sessions",
    (tables.session,),
    (
        Field("began_at", FieldKind.INSTANT, "when the person signed in"),
        Field("seen_at", FieldKind.INSTANT, "when something was done there last, to the minute"),
        Field("ended_at", FieldKind.INSTANT, "when it was ended; null for one that ends by itself"),
        Field("device", FieldKind.TEXT, "browser and system, coarsely"),
    ),
    _sessions,
)
STAND_INS = Source(
    "stand-ins",
    (tables.delegation,),
    (
        Field("manager", FieldKind.PERSON, "who was stood in for"),
        Field("stand_in", FieldKind.PERSON, "who stood in"),
        Field("begins_on", FieldKind.DAY, "the first day"),
        Field("ends_on", FieldKind.DAY, "the last day"),
        Field("reason", FieldKind.TEXT, "why, as it was given"),
    ),
    _stand_ins,
)
ERASURES = Source(
    "erasures",
    (tables.erasure,),
    (
        Field("at", FieldKind.INSTANT, "when it was erased"),
        Field("kind", FieldKind.WORD, "what kind of thing it was"),
        Field("rule", FieldKind.WORD, "why: time, or request"),
        Field("subject", FieldKind.TEXT, "the id that it had"),
    ),
    _erasures,
)
