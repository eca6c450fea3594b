"""A conversation as it is told to one of its two parties: what she may read of it, now and from earlier."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select, true

from server import change_log, conversations, documents, former, freezing, records
from server.change_log import ChangeLog
from server.conversations import Conversation
from server.former import Part
from server.people import Person, person_of
from server.record import format as record_format
from server.record.content import RecordContent
from server.records import Record
from server.rules.access import Action, Pane, State
from server.rules.limits import SALT_BYTES
from server.storage import tables


@dataclass(frozen=True, slots=True)
class OwnConversation:
    """One conversation, with as much of it as its reader may read."""

    conversation: Conversation
    """Of one that the reader has handed over as ``server/former.py`` tells it; ``is_past`` then."""
    records: tuple[Record, ...]
    """What was frozen and closed, the newest first."""
    draft: RecordContent | None
    """As it stands, her own unshared answers included; None for one that is frozen or closed."""
    unread: tuple[Pane, ...]
    """Panes of the draft that are somebody else's and not shared with her, or not opened by her yet."""
    former: tuple[tuple[Part, RecordContent], ...]
    """What is kept of the time before it was handed over, as much as may be read."""
    log: ChangeLog | None
    """None for whoever has handed it over, and takes part no longer."""
    guests: tuple[Person, ...]
    is_past: bool = False
    """The reader has handed it over: what became of it is not hers to know."""


def ids(connection: Connection, me: Person) -> list[str]:
    """All conversations to which the person is a party, the newest first; then what was handed over."""
    table = tables.conversation.c
    rows = connection.scalars(
        select(table.id)
        .where(or_(table.employee_id == me.id, table.responsible_id == me.id))
        .order_by(table.created_at.desc(), table.id)
    )
    left = (each.conversation for each in former.mine(connection, me.actor))
    return list(dict.fromkeys((*rows, *left)))


def read(connection: Connection, me: Person, id_: str, now: datetime) -> OwnConversation:
    """One conversation. Raises NotFound, also when it has been erased meanwhile."""
    kept = former.of(connection, me.actor, id_)
    before = tuple((part, _drawn(connection, kept.conversation, part, now)) for part in kept.parts)
    closed = tuple(
        records.of(connection, me.actor, id_, each.number)
        for each in records.versions(connection, me.actor, id_)
    )
    if kept.is_past:
        return OwnConversation(kept.conversation, closed, None, (), before, None, (), is_past=True)
    conversation = conversations.see(connection, me.actor, id_)
    is_draft = conversation.state not in (State.FROZEN, State.CLOSED)
    contents = documents.contents(connection, me.actor, conversation) if is_draft else {}
    draft = freezing.gathered(connection, conversation, contents, bytes(SALT_BYTES), now)
    return OwnConversation(
        conversation=conversation,
        records=closed,
        draft=record_format.drawn(draft) if is_draft else None,
        unread=tuple(
            pane
            for pane in conversation.panes
            if is_draft
            and any(conversation.template.elements_in(pane))
            and not conversation.may(me.actor, Action.READ_PANE, pane)
        ),
        former=before,
        log=change_log.read(connection, me.actor, id_),
        guests=tuple(_guests(connection, me, conversation)),
    )


def _drawn(connection: Connection, conversation: Conversation, part: Part, now: datetime) -> RecordContent:
    """A kept part as a draft with nothing else in it: neither the other parts nor what the questions show."""
    as_it_was = replace(conversation, responsible=part.predecessor)
    whole = freezing.gathered(connection, as_it_was, {part.pane: part.content}, bytes(SALT_BYTES), now)
    return record_format.drawn(replace(whole, resolved={}))


def _guests(connection: Connection, me: Person, conversation: Conversation) -> list[Person]:
    """Who took part. To somebody to whom it was handed over nothing is told of the time before."""
    guest, person, id_ = tables.guest, tables.person, conversation.id
    known: ColumnElement[bool] = true()
    since = None if me.id == conversation.employee.id else conversations.handed_over_at(connection, id_)
    if since is not None:
        known = guest.c.ended_at.is_(None) | (guest.c.ended_at > since)
    rows = connection.execute(
        select(person)
        .join(guest, guest.c.person_id == person.c.id)
        .where(guest.c.conversation_id == id_, known)
        .order_by(guest.c.invited_at, person.c.id)
    )
    return [person_of(row) for row in rows]
