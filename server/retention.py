"""What is no longer to be kept, and when it goes: found out from dates and states, never from content.

Each kind has its own days (``policy.Retention``). What is held back (``server/holds.py``) is found too, and
says so. ``server/erasing.py`` erases what this finds.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ForeignKey,
    Select,
    String,
    Table,
    cast,
    exists,
    false,
    func,
    literal,
    select,
    true,
    union,
    union_all,
)

from server import holds, letters
from server.holds import Held
from server.policy import Policy
from server.rules.access import GOES_ON, Action, Actor, OrganisationFacts, State, allowed
from server.rules.errors import NotFound
from server.rules.keeping import CONVERSATIONS, Due, Kind, days_later, left, years_later
from server.rules.limits import LETTER_HOURS_MAX
from server.storage import tables
from server.storage.tables import METADATA, Instant

Only = Select[tuple[str]] | tuple[str, ...] | None
"""Ids of what is looked at; None: everything."""

LETTER_DAYS_MIN = LETTER_HOURS_MAX // 24 + 1
"""A letter is not erased while it may still be sent."""

SESSION_DAYS_MIN = 2
"""A session is not erased while somebody may still be signed in by it."""

AT_ONCE = frozenset({Kind.LETTER, Kind.SESSION, Kind.DELEGATION})
"""Kinds that go many at once, of many people: each of them is worth little."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What is due until a day, and whose it is."""

    until: date
    due: tuple[Due, ...]
    names: Mapping[str, str]
    """Person id -> name."""


def due(connection: Connection, policy: Policy, on: date) -> list[Due]:
    """Everything that is not to be kept after the day before ``on``, by day and kind."""
    return _due(connection, policy, on, holds.held(connection), told=False)


def _due(connection: Connection, policy: Policy, on: date, held: Held, *, told: bool) -> list[Due]:
    """``told``: somebody else than the server learns of it, so nothing that is private is in it."""
    gone = _gone(connection)
    finds = dict.fromkeys(find for kind, find in _FIND.items() if not told or kind is not Kind.NOTE)
    found = (each for find in finds for each in find(connection, policy, gone, None))
    one_by_one = (replace(each, held=_is_held(each, held)) for each in found if each.on <= on)
    order = list(Kind)
    together = _at_once(connection, policy, on, told=told)
    return sorted(
        (*one_by_one, *together),
        key=lambda each: (each.on, order.index(each.kind), each.person, each.subject, each.version or 0),
    )


def is_due(connection: Connection, policy: Policy, each: Due, on: date) -> bool:
    """Whether what ``due`` found is still to be erased on the same day, and is not held back."""
    found = _FIND[each.kind](connection, policy, _gone(connection), (each.subject,))
    same = (now for now in found if (now.kind, now.version) == (each.kind, each.version) and now.on <= on)
    return any(same) and not _is_held(each, holds.held(connection))


def conversations_of(connection: Connection, policy: Policy, person: str) -> dict[str, Due]:
    """Conversation id -> when it goes, of those of a person of which that is known."""
    table = tables.conversation.c
    mine = select(table.id).where(table.employee_id == person)
    found = _conversations(connection, policy, _gone(connection), mine)
    return {each.subject: each for each in found if each.version is None}


def preview(connection: Connection, actor: Actor, policy: Policy, on: date, held: Held) -> Preview:
    """As ``due``, with the names of those whose it is, and without private notes and what is not counted.

    Nobody but the owner ever learns that there is one. ``held`` is what is held back. Raises NotFound
    without the right to erase.
    """
    if not allowed(actor, Action.ERASE, OrganisationFacts()):
        raise NotFound
    found = _due(connection, policy, on, held, told=True)
    return Preview(on, tuple(found), names(connection, (each.person for each in found)))


def names(connection: Connection, persons: Iterable[str]) -> dict[str, str]:
    """Person id -> name, of those who are still known."""
    wanted = {each for each in persons if each}
    if not wanted:
        return {}
    person = tables.person.c
    rows = connection.execute(select(person.id, person.name).where(person.id.in_(wanted)))
    return {row.id: row.name for row in rows}


def _is_held(each: Due, held: Held) -> bool:
    return each.person in held.persons or each.subject in held.conversations


def _gone(connection: Connection) -> dict[str, date]:
    """Person id -> the day of leaving, of everybody who has left."""
    person = tables.person.c
    rows = connection.execute(select(person.id, person.left_on, person.employment).where(~person.active))
    found = {}
    for row in rows:
        ends_on = row.employment.get("ends_on")
        day = left(row.left_on, date.fromisoformat(ends_on) if ends_on else None)
        if day is not None:
            found[row.id] = day
    return found


def _conversations(
    connection: Connection, policy: Policy, gone: Mapping[str, date], only: Only
) -> Iterator[Due]:
    kept = policy.retention
    for _, of_one in groupby(connection.execute(_kept_conversations(only)), key=lambda row: row.id):
        rows = list(of_one)
        row = rows[0]
        records = {
            each.closed_version: _record(each.closed_at, policy, is_signed=bool(each.is_signed))
            for each in rows
            if each.closed_at is not None
        }
        match row.state:
            case State.CLOSED if row.version in records:
                kind, on = records.pop(row.version)
                yield Due(kind, on, row.id, row.employee_id)
            case State.DECLINED | State.CANCELLED if row.called_off_at is not None:
                on = years_later(row.called_off_at.date(), kept.called_off_years)
                # What was signed before it was opened again is kept as long as what was signed.
                last = max((day for _, day in records.values()), default=on)
                yield Due(Kind.CALLED_OFF, max(on, last), row.id, row.employee_id)
            case State.OPEN | State.FROZEN if row.employee_id in gone:
                on = days_later(gone[row.employee_id], kept.draft_after_leaving_days)
                last = max((day for _, day in records.values()), default=on)
                yield Due(Kind.DRAFT, max(on, last), row.id, row.employee_id)
        for version, (kind, on) in records.items():
            yield Due(kind, on, row.id, row.employee_id, version)


def _kept_conversations(only: Only) -> Select[Any]:
    """All that may be due, by id: a row for each record that was closed, one where there is none."""
    table, record, signature, decision = (
        tables.conversation,
        tables.record,
        tables.signature.c,
        tables.decision.c,
    )
    is_signed = exists().where(
        signature.conversation_id == record.c.conversation_id, signature.version == record.c.version
    )
    called_off = select(func.max(decision.at)).where(
        decision.conversation_id == table.c.id, decision.kind.in_(("declined", "cancelled"))
    )
    left = select(tables.person.c.id).where(~tables.person.c.active)
    closed = (record.c.conversation_id == table.c.id) & record.c.closed_at.is_not(None)
    return (
        select(
            table.c.id,
            table.c.employee_id,
            table.c.state,
            table.c.version,
            record.c.version.label("closed_version"),
            record.c.closed_at,
            is_signed.label("is_signed"),
            called_off.scalar_subquery().label("called_off_at"),
        )
        .select_from(table.outerjoin(record, closed))
        .where(
            table.c.state.not_in(GOES_ON) | table.c.employee_id.in_(left) | record.c.closed_at.is_not(None),
            *_among(table.c.id, only),
        )
        .order_by(table.c.id)
    )


def _record(closed_at: datetime, policy: Policy, *, is_signed: bool) -> tuple[Kind, date]:
    kept = policy.retention
    if is_signed:
        return Kind.SIGNED, years_later(closed_at.date(), kept.signed_years)
    return Kind.COMPLETED, years_later(closed_at.date(), kept.completed_years)


def _among(column: ColumnElement[str], only: Only) -> Iterator[ColumnElement[bool]]:
    if only is not None:
        yield column.in_(only)


def _activities(
    connection: Connection, policy: Policy, gone: Mapping[str, date], only: Only
) -> Iterator[Due]:
    kept = policy.retention
    table = tables.activity.c
    rows = connection.execute(
        select(
            table.id, table.employee_id, table.state, table.completed_on, table.cancelled_on, table.created_at
        ).where((table.state != "active") | table.employee_id.in_(gone), *_among(table.id, only))
    )
    for row in rows:
        days = []
        ended_on = row.completed_on or row.cancelled_on
        if ended_on is None and row.state != "active" and row.created_at is not None:
            ended_on = row.created_at.date()
        if ended_on is not None:
            days.append(years_later(ended_on, kept.activities_years))
        if row.employee_id in gone:
            days.append(days_later(gone[row.employee_id], kept.draft_after_leaving_days))
        if days:
            yield Due(Kind.ACTIVITY, min(days), row.id, row.employee_id)


def _notes(connection: Connection, policy: Policy, gone: Mapping[str, date], only: Only) -> Iterator[Due]:
    """Private notes of those who have left, and about those who have left."""
    note = tables.note.c
    rows = connection.execute(
        select(note.id, note.owner_id, note.about_person).where(
            note.owner_id.in_(gone) | note.about_person.in_(gone), *_among(note.id, only)
        )
    )
    for row in rows:
        days = [gone[each] for each in (row.owner_id, row.about_person) if each in gone]
        on = days_later(min(days), policy.retention.draft_after_leaving_days)
        yield Due(Kind.NOTE, on, row.id, row.owner_id)


def _requests(connection: Connection, policy: Policy, gone: Mapping[str, date], only: Only) -> Iterator[Due]:
    request = tables.request.c
    rows = connection.execute(
        select(request.id, request.employee_id, request.answered_at).where(
            request.answered_at.is_not(None) | request.employee_id.in_(gone),
            *_among(request.id, only),
        )
    )
    for row in rows:
        days = []
        if row.answered_at is not None:
            days.append(years_later(row.answered_at.date(), policy.retention.called_off_years))
        if row.employee_id in gone:
            days.append(days_later(gone[row.employee_id], policy.retention.draft_after_leaving_days))
        yield Due(Kind.REQUEST, min(days), row.id, row.employee_id)


def _persons(connection: Connection, policy: Policy, gone: Mapping[str, date], only: Only) -> Iterator[Due]:
    """Those who have left, and whom nothing names any more but what goes with them, or before them.

    Private notes go on the same day at the latest: whether somebody is found here never tells of one.
    """
    days = {
        id_: days_later(day, policy.retention.draft_after_leaving_days)
        for id_, day in gone.items()
        if not isinstance(only, tuple) or id_ in only
    }
    if not days:
        return
    columns = ((table, table.c[key.parent.name]) for table, key in keeping_references())
    naming = (select(each).where(each.in_(days), *_beside_notes(table)) for table, each in columns)
    named = set(connection.scalars(union(*naming)))
    yield from (Due(Kind.PERSON, on, id_, id_) for id_, on in days.items() if id_ not in named)


def _beside_notes(table: Table) -> Iterator[ColumnElement[bool]]:
    """Of rows that name somebody: those that are no private note, nor go with one."""
    note = tables.note
    if table is note:
        yield false()
    elif "document_id" in table.c:
        yield table.c.document_id.is_(None) | table.c.document_id.not_in(select(note.c.document_id))


def keeping_references() -> Iterator[tuple[Table, ForeignKey]]:
    """Every reference to a person that neither goes nor is emptied when the person's row goes."""
    for table in METADATA.sorted_tables:
        for key in sorted(table.foreign_keys, key=lambda each: each.parent.name):
            if key.column is tables.person.c.id and key.ondelete not in ("CASCADE", "SET NULL"):
                yield table, key


def _at_once(connection: Connection, policy: Policy, on: date, *, told: bool) -> Iterator[Due]:
    """One line for each kind of which there is something; ``told`` as in ``_due``."""
    kinds = sorted(AT_ONCE)
    selects = [
        select(
            literal(kind.value).label("kind"),
            # One type for all three, on both databases.
            cast(func.min(_ended(kind, policy)[0]), String).label("first"),
            func.count().label("number"),
        ).where(old(kind, policy, on), letters.counted() if told and kind is Kind.LETTER else true())
        for kind in kinds
    ]
    for row in connection.execute(union_all(*selects)):
        if row.number:
            kind = Kind(row.kind)
            first = date.fromisoformat(row.first[: len("2026-11-20")])
            yield Due(kind, days_later(first, _ended(kind, policy)[1]), count=row.number)


def old(kind: Kind, policy: Policy, on: date) -> ColumnElement[bool]:
    """Which rows of a kind of AT_ONCE are due on a day."""
    ended, days = _ended(kind, policy)
    if on - date.min <= timedelta(days=days):
        return false()
    last = on - timedelta(days=days)
    if kind is Kind.DELEGATION:
        return ended <= last
    return ended < datetime.combine(last + timedelta(days=1), time(), UTC)


def _ended(kind: Kind, policy: Policy) -> tuple[ColumnElement[Any], int]:
    """From when a kind of AT_ONCE is kept, and for how many days."""
    kept = policy.retention
    match kind:
        case Kind.LETTER:
            # What no mail server has taken by then is given up, if there is one to try.
            return tables.letter.c.made_at, max(kept.letters_days, LETTER_DAYS_MIN)
        case Kind.SESSION:
            # One that nobody ended has ended by itself within SESSION_HOURS_MAX: by the end of the next day.
            session = tables.session.c
            days = max(kept.sessions_days, SESSION_DAYS_MIN)
            return func.coalesce(session.ended_at, session.began_at, type_=Instant), days
        case _:
            return tables.delegation.c.ends_on, kept.letters_days


_FIND: Mapping[Kind, Callable[[Connection, Policy, Mapping[str, date], Only], Iterator[Due]]] = {
    **dict.fromkeys(CONVERSATIONS, _conversations),
    Kind.ACTIVITY: _activities,
    Kind.NOTE: _notes,
    Kind.REQUEST: _requests,
    Kind.PERSON: _persons,
}
"""What finds each kind: of everybody's, or of some things alone where their ids are given."""
