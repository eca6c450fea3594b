"""Where a person was a guest in others' conversations: that she was, and nothing of what is written there."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, select

from server.own_data.source import Field, FieldKind, Item, Source, named
from server.people import Person
from server.storage import tables


def _guest(connection: Connection, me: Person, _now: datetime) -> Iterator[Item]:
    guest, conversation = tables.guest, tables.conversation
    rows = connection.execute(
        select(guest, conversation.c.employee_id)
        .join(conversation, conversation.c.id == guest.c.conversation_id)
        # Before the employee has agreed to somebody's part, that one is told nothing.
        .where(guest.c.person_id == me.id, guest.c.agreed_at.is_not(None))
        .order_by(guest.c.invited_at.desc(), guest.c.conversation_id)
    ).all()
    people = named(connection, (id_ for row in rows for id_ in (row.employee_id, row.invited_by)))
    for row in rows:
        yield {
            "conversation": row.conversation_id,
            "employee": people[row.employee_id],
            "invited_by": people[row.invited_by],
            "invited_at": row.invited_at,
            "accepted_at": row.accepted_at,
            "wrote": row.writes,
            "ended_at": row.ended_at,
        }


GUEST = Source(
    "as-guest",
    (tables.guest,),
    (
        Field("conversation", FieldKind.TEXT, "id of the conversation"),
        Field("employee", FieldKind.PERSON, "whose conversation it is"),
        Field("invited_by", FieldKind.PERSON, "who invited you"),
        Field("invited_at", FieldKind.INSTANT, "when"),
        Field("accepted_at", FieldKind.INSTANT, "when you accepted"),
        Field("wrote", FieldKind.YES, "whether you could write in the joint part"),
        Field("ended_at", FieldKind.INSTANT, "when your part ended"),
    ),
    _guest,
)
