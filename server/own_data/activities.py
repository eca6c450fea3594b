"""Follow-up activities: the person's own, and those that she does for others, with what was said of them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, or_, select

from crdt.content import Content, TextContent, plain_text
from server import activities, activity_documents
from server.activities import Detail
from server.own_data.source import Field, FieldKind, Item, Source, named
from server.people import Person
from server.rules.errors import NotFound
from server.storage import tables


def _read(connection: Connection, me: Person, now: datetime) -> Iterator[Item]:
    for detail in _mine(connection, me, now):
        activity = detail.activity
        yield {
            "id": activity.id,
            "employee": {"id": detail.employee.id, "name": detail.employee.name},
            "goal_type": activity.goal_type.value,
            "title": activity.title,
            "state": activity.state.value,
            "owner": {"id": activity.owner.id, "name": activity.owner.name} if activity.owner else None,
            "due_on": activity.due_on,
            "follow_up_on": activity.follow_up_on,
            "ended_on": activity.ended_on,
            "cancel_reason": activity.cancel_reason or None,
            "says": list(_says(detail.content)),
            "older_system": [f"{key}: {value}" for key, value in (activity.archive or {}).items()],
            "created_at": activity.created_at,
            "conversation": activity.from_conversation,
        }


def _comments(connection: Connection, me: Person, now: datetime) -> Iterator[Item]:
    for detail in _mine(connection, me, now):
        for comment in detail.comments:
            yield {
                "activity": detail.activity.id,
                "title": detail.activity.title,
                "at": comment.at,
                "by": {"id": comment.by.id, "name": comment.by.name},
                "kind": comment.kind.value,
                "text": comment.text or None,
            }


def _said_elsewhere(connection: Connection, me: Person, now: datetime) -> Iterator[Item]:
    """What she said of others' activities that she may no longer see: her own words are hers."""
    comment, activity = tables.activity_comment, tables.activity
    rows = connection.execute(
        select(comment, activity.c.employee_id)
        .join(activity, activity.c.id == comment.c.activity_id)
        .where(comment.c.person_id == me.id, activity.c.employee_id != me.id)
        .order_by(comment.c.at, comment.c.id)
    ).all()
    people = named(connection, (row.employee_id for row in rows))
    for row in rows:
        yield {
            "at": row.at,
            "employee": people[row.employee_id],
            "kind": row.kind,
            "text": row.text or None,
        }


def _mine(connection: Connection, me: Person, now: datetime) -> Iterator[Detail]:
    """Hers, and those of others that she is to do and may see."""
    table = tables.activity.c
    ids = connection.scalars(
        select(table.id)
        .where(or_(table.employee_id == me.id, table.owner_id == me.id))
        .order_by(table.employee_id != me.id, table.created_at, table.id)
    ).all()
    for id_ in ids:
        try:
            yield activities.see(connection, me.actor, id_, now)
        except NotFound:
            continue


def _says(content: Content) -> Iterator[str]:
    for name in (
        activity_documents.GOAL,
        activity_documents.DESCRIPTION,
        activity_documents.DEVELOP,
        activity_documents.HOW,
    ):
        text = plain_text(cast(TextContent, content.get(name, cast(Any, []))))
        if text.strip():
            yield text


ACTIVITIES = Source(
    "activities",
    (tables.activity,),
    (
        Field("id", FieldKind.TEXT, "its id"),
        Field("employee", FieldKind.PERSON, "whose it is"),
        Field("goal_type", FieldKind.WORD, "work_goal or development_goal"),
        Field("title", FieldKind.TEXT, "what it is called"),
        Field("state", FieldKind.WORD, "active, completed, cancelled, or archived (from an older system)"),
        Field("owner", FieldKind.PERSON, "who does it"),
        Field("due_on", FieldKind.DAY, "by when"),
        Field("follow_up_on", FieldKind.DAY, "when it is followed up"),
        Field("ended_on", FieldKind.DAY, "when it was completed or cancelled"),
        Field("cancel_reason", FieldKind.TEXT, "why it was cancelled"),
        Field(
            "says", FieldKind.LINES, "goal, description, what to develop and how, those that are filled in"
        ),
        Field("older_system", FieldKind.LINES, "what an older system said of it"),
        Field("created_at", FieldKind.INSTANT, "when it was made"),
        Field("conversation", FieldKind.TEXT, "id of the conversation in which it was agreed"),
    ),
    _read,
)
COMMENTS = Source(
    "activity-comments",
    (tables.activity_comment,),
    (
        Field("activity", FieldKind.TEXT, "id of the activity"),
        Field("title", FieldKind.TEXT, "what it is called"),
        Field("at", FieldKind.INSTANT, "when"),
        Field("by", FieldKind.PERSON, "who"),
        Field("kind", FieldKind.WORD, "said, completed, cancelled or taken_up"),
        Field("text", FieldKind.TEXT, "what was said"),
    ),
    _comments,
)
SAID_ELSEWHERE = Source(
    "comments-on-others-activities",
    (tables.activity_comment,),
    (
        Field("at", FieldKind.INSTANT, "when"),
        Field("employee", FieldKind.PERSON, "whose activity it is"),
        Field("kind", FieldKind.WORD, "said, completed, cancelled or taken_up"),
        Field("text", FieldKind.TEXT, "what you said"),
    ),
    _said_elsewhere,
)
