"""Erasing: what goes, thoroughly, and what remains of it, the receipt.

    due ── again, its row locked ──▶ rows, log, snapshots, change log, letters, bundles ──▶ receipt + audit

Key invariants:

1. What goes and its receipt are one transaction: there is never the one without the other.
2. Each thing is looked at again in the transaction that erases it, with its row locked. So two nodes that
   erase at once make one receipt, and what was held back or taken up meanwhile stays.
3. A receipt has ids and numbers, and the SHA-256 of a record that was: salted, so that no text is found by
   it. No number rests on what somebody wrote and did not share. Private notes leave no receipt, for nobody
   but their owner ever learns that there was one.
4. The audit keeps its events, which are ids: the chain is as whole as before.

On SQLite the text leaves the file and its write-ahead log with the commit (``database.erase_soon``). On
PostgreSQL it is gone from every row; the dead rows leave the files at the next VACUUM, which is autovacuum's
or the operator's, and the write-ahead log as its segments are used again. Backups are the operator's.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    delete,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from server import activities, audit, conversations, holds, letters, notes, retention
from server.audit import Event
from server.letter_format import Kind as LetterKind
from server.own_data import bundles
from server.policy import Policy
from server.rules.access import (
    OPERATOR,
    Action,
    Actor,
    OrganisationFacts,
    State,
    allowed,
    may_decide_on,
)
from server.rules.errors import ByAnother, HeldBack, NotFound
from server.rules.keeping import CONVERSATIONS, Due, Kind, Rule
from server.storage import tables
from server.storage.bells import ConversationChanged, activities_of
from server.storage.database import drop_document, erase_soon, lock_conversation, lock_document, ring
from server.storage.tables import METADATA

ID_BYTES = 16
Counts = Mapping[str, int]
"""How many rows of which table."""

_ROW_OF = {
    Kind.ACTIVITY: tables.activity,
    Kind.NOTE: tables.note,
    Kind.REQUEST: tables.request,
    Kind.PERSON: tables.person,
}
_OF_WRITING = frozenset(
    {
        tables.document_snapshot,
        tables.document_update,
        tables.document_client,
        tables.change_log,
        tables.handover_part,
        tables.preparation,
    }
)
"""Tables of which no receipt counts the rows: they would tell of writing that was never shared."""
_AT_ONCE = {
    Kind.LETTER: tables.letter,
    Kind.SESSION: tables.session,
    Kind.DELEGATION: tables.delegation,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a receipt says of why and by whom."""

    rule: Rule
    actor: Actor
    event: Event
    now: datetime


def by_time(now: datetime, event: Event = Event.ERASED_BY_RULE) -> Told:
    """Because it was kept as long as the organisation has set. ``event``: by the server, or the operator."""
    return Told(Rule.TIME, OPERATOR, event, now)


def on_request(actor: Actor, now: datetime) -> Told:
    """Because somebody whom it is about asked for it."""
    event = Event.ERASED_BY_OPERATOR if actor == OPERATOR else Event.ERASED_ON_REQUEST
    return Told(Rule.REQUEST, actor, event, now)


def require_right(actor: Actor) -> None:
    """Raise NotFound for whoever may not erase."""
    if not allowed(actor, Action.ERASE, OrganisationFacts()):
        raise NotFound


def require_others(connection: Connection, actor: Actor, ids: Collection[str]) -> None:
    """Raise ByAnother for whoever is or was a party to one of these conversations."""
    parties = conversations.parties(connection, ids).values()
    if not all(may_decide_on(actor, each) for each in parties):
        raise ByAnother


def due(connection: Connection, policy: Policy, each: Due, on: date, told: Told) -> bool:
    """Erase one thing that ``retention.due`` found on this day, if it still is to be. Whether it was."""
    if each.held:
        return False
    if each.kind in retention.AT_ONCE:
        table, old = _AT_ONCE[each.kind], retention.old(each.kind, policy, on)
        openly = _count(connection, table, old & letters.counted()) if table is tables.letter else None
        went = _delete(connection, table, old)
        counts = went if openly is None else {table.name: openly} if openly else {}
        if counts:
            receipt(connection, each, counts, "", told)
        return bool(went)
    lock(connection, each)
    if not retention.is_due(connection, policy, each, on):
        return False
    thing(connection, each, told)
    return True


def conversation(connection: Connection, actor: Actor, id_: str, now: datetime) -> None:
    """Erase one conversation on request, before its time. Raises NotFound, ByAnother or HeldBack."""
    require_right(actor)
    row = lock_conversation(connection, id_)
    if row is None:
        raise NotFound
    require_others(connection, actor, (id_,))
    held = holds.held(connection)
    if id_ in held.conversations or row.employee_id in held.persons:
        raise HeldBack
    each = Due(kind_of(connection, id_, row.state), now.date(), id_, row.employee_id)
    thing(connection, each, on_request(actor, now))


def kind_of(connection: Connection, id_: str, state: State) -> Kind:
    """What kind of conversation it is now."""
    if state in (State.DECLINED, State.CANCELLED):
        return Kind.CALLED_OFF
    if state is not State.CLOSED:
        return Kind.DRAFT
    signed = select(exists().where(tables.signature.c.conversation_id == id_))
    return Kind.SIGNED if connection.scalar(signed) else Kind.COMPLETED


def thing(connection: Connection, each: Due, told: Told) -> None:
    """Erase one thing and leave its receipt. The caller has locked it, and asked whether it may go."""
    sha256 = ""
    match each.kind:
        case kind if kind in CONVERSATIONS:
            sha256 = _newest_record(connection, each)
            went = _conversation(connection, each, told.now)
        case Kind.ACTIVITY:
            went = _activity(connection, each.subject, told.now)
        case Kind.NOTE:
            _note(connection, each.subject, each.person, told.now)
            return
        case Kind.REQUEST:
            bundles.withdraw(connection, asked(connection, tables.request.c.id == each.subject), told.now)
            went = _delete(connection, tables.request, tables.request.c.id == each.subject)
        case _:
            private_notes(connection, each.subject, told.now)
            # Those that tell others of her: to her, they go with her row.
            letters = _delete(connection, tables.letter, naming(each.subject))
            went = {**letters, **_delete(connection, tables.person, tables.person.c.id == each.subject)}
    receipt(connection, each, went, sha256, told)


def private_notes(connection: Connection, person: str, now: datetime) -> None:
    """Erase the private notes of somebody who has left, and those of others about her, without a receipt.

    Of somebody else who is held back they stay, and say no more about whom they are: nobody learns of them
    by her row, which could not go otherwise.
    """
    note, held = tables.note, holds.held(connection).persons
    theirs = select(note.c.id, note.c.owner_id).where(
        (note.c.owner_id == person) | (note.c.about_person == person)
    )
    for row in connection.execute(theirs.order_by(note.c.id)).all():
        if row.owner_id in held - {person}:
            bundles.withdraw(connection, (row.owner_id,), now)
            connection.execute(update(note).where(note.c.id == row.id).values(about_person=None))
        else:
            _note(connection, row.id, row.owner_id, now)


def _note(connection: Connection, id_: str, owner: str, now: datetime) -> None:
    bundles.withdraw(connection, (owner,), now)
    notes.drop(connection, id_)
    erase_soon(connection)


def naming(person: str) -> ColumnElement[bool]:
    """Which letters about no conversation tell of somebody."""
    told: ColumnElement[str] = tables.letter.c.facts["person"]["id"].as_string()
    return told == person


def receipt(connection: Connection, each: Due, went: Counts, sha256: str, told: Told) -> None:
    """Keep that it was erased, in the audit too, and have it leave the disk (SQLite)."""
    id_ = secrets.token_hex(ID_BYTES)
    connection.execute(
        insert(tables.erasure).values(
            id=id_,
            at=told.now,
            kind=each.kind.value,
            subject=each.subject,
            person=each.person,
            rule=told.rule.value,
            by=told.actor.person,
            counts=dict(went),
            sha256=sha256,
        )
    )
    about = {"erasure": id_, "kind": each.kind.value} | ({"person": each.person} if each.person else {})
    conversation_id = each.subject if each.kind in CONVERSATIONS else ""
    audit.record(connection, told.event, told.actor.person, told.now, conversation_id, **about)
    if conversation_id:
        _tell(connection, each.person, told.now)
    erase_soon(connection)


def _tell(connection: Connection, person: str, now: datetime) -> None:
    """Tell whoever still works here that a conversation of hers was erased: when, and nothing about it."""
    if connection.scalar(select(tables.person.c.active).where(tables.person.c.id == person)):
        matter = f"erased/{person}"
        letters.queue_notice(
            connection, LetterKind.ERASED, matter, person, person, "/my-data", now, first_on=now.date()
        )


def lock(connection: Connection, each: Due) -> None:
    """Have nobody change what is to be erased until the commit."""
    if each.kind in CONVERSATIONS:
        lock_conversation(connection, each.subject)
    else:
        table = _ROW_OF[each.kind]
        mine = table.c.id == each.subject
        if each.kind in (Kind.ACTIVITY, Kind.NOTE):
            # First the document, as whoever appends to it: else each would wait for the other.
            document = connection.scalar(select(table.c.document_id).where(mine))
            if document is not None:
                lock_document(connection, document)
        connection.execute(select(table.c.id).where(mine).with_for_update())


def _conversation(connection: Connection, each: Due, now: datetime) -> Counts:
    """Erase a whole conversation, or the record of one earlier version of it."""
    id_ = each.subject
    # A bundle that was made for somebody who took part has what goes here.
    bundles.withdraw(connection, _took_part(connection, id_), now)
    if each.version is not None:
        went = _counts(connection, id_, each.version)
        record = tables.record
        connection.execute(
            delete(record).where(record.c.conversation_id == id_, record.c.version == each.version)
        )
    else:
        went = _counts(connection, id_)
        connection.execute(delete(tables.pane).where(tables.pane.c.conversation_id == id_))
        documents = select(tables.document.c.id).where(tables.document.c.conversation_id == id_)
        for document in connection.scalars(documents).all():
            drop_document(connection, document)
        connection.execute(delete(tables.conversation).where(tables.conversation.c.id == id_))
    # Its rooms ask for the rights again, find nothing, and close.
    ring(connection, ConversationChanged(id_))
    # Whoever was responsible saw the employee's activities as long as it went on.
    ring(connection, activities_of(each.person))
    return went


def asked(connection: Connection, which: ColumnElement[bool]) -> set[str]:
    """Who asked for a conversation, and who answered."""
    request = tables.request.c
    rows = connection.execute(select(request.employee_id, request.answered_by).where(which))
    return {person for row in rows for person in row if person}


def _took_part(connection: Connection, id_: str) -> set[str]:
    """Everybody who may have a copy of something in the conversation."""
    table, guest, decision = tables.conversation.c, tables.guest.c, tables.decision.c
    row = connection.execute(select(table.employee_id, table.responsible_id).where(table.id == id_)).one()
    writers = (
        select(tables.document_client.c.person_id)
        .join(tables.document, tables.document.c.id == tables.document_client.c.document_id)
        .where(tables.document.c.conversation_id == id_)
    )
    return {
        *row,
        *connection.scalars(select(guest.person_id).where(guest.conversation_id == id_)),
        *connection.scalars(select(decision.person_id).where(decision.conversation_id == id_)),
        *connection.scalars(
            select(tables.handover.c.predecessor_id).where(tables.handover.c.conversation_id == id_)
        ),
        *connection.scalars(select(tables.pane.c.owner_id).where(tables.pane.c.conversation_id == id_)),
        *connection.scalars(
            select(tables.signature.c.person_id).where(tables.signature.c.conversation_id == id_)
        ),
        *connection.scalars(writers),
    } - {None}


def _counts(connection: Connection, id_: str, version: int | None = None) -> Counts:
    """How many rows of each table go with a conversation, or with the record of one version of it."""
    record = tables.record.c
    goes: dict[Table, ColumnElement[bool]] = (
        {tables.conversation: tables.conversation.c.id == id_}
        if version is None
        else {tables.record: (record.conversation_id == id_) & (record.version == version)}
    )
    for table in METADATA.sorted_tables:
        with_another = [
            exists().where(*(key.column == key.parent for key in each.elements), goes[each.referred_table])
            for each in table.foreign_key_constraints
            if each.ondelete == "CASCADE" and each.referred_table in goes
        ]
        if with_another:
            goes[table] = or_(*with_another)
    goes[tables.letter] = goes.get(tables.letter, false()) & letters.counted()
    counts = {
        table.name: _count(connection, table, where)
        for table, where in goes.items()
        if table not in _OF_WRITING
    }
    return {name: count for name, count in counts.items() if count}


def _newest_record(connection: Connection, each: Due) -> str:
    record = tables.record.c
    wanted = select(record.sha256).where(record.conversation_id == each.subject)
    if each.version is not None:
        wanted = wanted.where(record.version == each.version)
    return connection.scalar(wanted.order_by(record.version.desc()).limit(1)) or ""


def _activity(connection: Connection, id_: str, now: datetime) -> Counts:
    table, comment = tables.activity.c, tables.activity_comment.c
    row = connection.execute(select(table.employee_id, table.owner_id).where(table.id == id_)).one()
    said = connection.scalars(select(comment.person_id).where(comment.activity_id == id_)).all()
    bundles.withdraw(connection, {*row, *said} - {None}, now)
    activities.drop(connection, id_)
    return {tables.activity.name: 1} | ({tables.activity_comment.name: len(said)} if said else {})


def _delete(connection: Connection, table: Table, where: ColumnElement[bool]) -> Counts:
    went = connection.execute(delete(table).where(where)).rowcount
    erase_soon(connection)
    return {table.name: went} if went else {}


def _count(connection: Connection, table: Table, where: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(where)) or 0


def together(counts: Iterable[Counts]) -> Counter[str]:
    """All of several."""
    return sum((Counter(dict(each)) for each in counts), Counter())
