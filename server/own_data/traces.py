"""What the audit says about a person: what she did, and what was done to her account and her data."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from server.audit import Event
from server.own_data.source import Field, FieldKind, Item, Source
from server.people import Person
from server.storage import tables

TOLD = (
    Event.CONVERSATION_CREATED,
    Event.SESSION_REFUSED,
    Event.SESSION_CUT,
    Event.PASSWORD_SET,
    Event.PERSON_ADDED,
    Event.PERSON_CHANGED,
    Event.ERASED_BY_RULE,
    Event.ERASED_BY_OPERATOR,
    Event.ERASED_ON_REQUEST,
)
"""What others, or the server, did that is about a person and that she is told of. Not who did it: whom the
organisation employs for it, the organisation says. Whatever else is told where it happened, if at all."""

_GUEST = (
    Event.GUEST_AGREED,
    Event.GUEST_ACCEPTED,
    Event.GUEST_ENDED,
    Event.GUEST_GIVEN_JOINT_PANE,
    Event.GUEST_JOINT_PANE_TAKEN_BACK,
)


def _events(connection: Connection, me: Person, _now: datetime) -> Iterator[Item]:
    table = tables.audit
    guest = tables.guest.c
    # Before the employee has agreed to somebody's part, that one is told nothing.
    agreed = select(guest.conversation_id).where(guest.person_id == me.id, guest.agreed_at.is_not(None))
    rows = connection.execute(
        select(table)
        .where(
            or_(
                table.c.person == me.id,
                and_(
                    table.c.event.in_([each.value for each in TOLD]),
                    table.c.about["person"].as_string() == me.id,
                ),
                and_(
                    table.c.event.in_([each.value for each in _GUEST]),
                    table.c.about["guest"].as_string() == me.id,
                    table.c.conversation.in_(agreed),
                ),
            )
        )
        .order_by(table.c.sequence.desc())
    )
    for row in rows:
        by_me = row.person == me.id
        yield {
            "sequence": row.sequence,
            "at": row.at,
            "event": row.event,
            "by_me": by_me,
            "conversation": row.conversation or None,
            "about": [f"{key}: {value}" for key, value in sorted(row.about.items())] if by_me else [],
        }


EVENTS = Source(
    "events",
    (tables.audit,),
    (
        Field("sequence", FieldKind.NUMBER, "its place in the chain of all events"),
        Field("at", FieldKind.INSTANT, "when"),
        Field("event", FieldKind.TEXT, "what, as source:subject:action"),
        Field("by_me", FieldKind.YES, "whether you did it; otherwise it was done to your account or data"),
        Field("conversation", FieldKind.TEXT, "id of the conversation that it is about"),
        Field("about", FieldKind.LINES, "what else it names, of what you did: ids, never content"),
    ),
    _events,
)
