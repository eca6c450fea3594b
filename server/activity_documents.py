"""What an activity's document holds, how it is made, and what its row repeats of it.

One document an activity, made once by the server: ``activities/{employee}/{activity}`` on the wire. Both of
its people write in it at the same time, as in the joint pane.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import cast

from sqlalchemy import Connection

from crdt.content import Block, Content, ScalarContent, TextContent, plain_text
from crdt.document import Document
from crdt.schema import DocumentSchema, Scalar, Text, Value
from server.rules.limits import ACTIVITY_TITLE_CHARACTERS_MAX, UPDATE
from server.storage import log_rows
from server.storage.database import add_document
from server.storage.update_log import ActivitySummary

TITLE, GOAL, DESCRIPTION, DEVELOP, HOW = "title", "goal", "description", "develop", "how"
OWNER, DO, FOLLOW_UP = "owner", "do", "follow_up"

SCHEMA = DocumentSchema(
    (
        Text(TITLE, rich=False),
        # Which of the organisation's goals it serves (F106).
        Text(GOAL, rich=False),
        Text(DESCRIPTION),
        Text(DEVELOP),
        Text(HOW),
        Value(OWNER, Scalar.PERSON),
        Value(DO, Scalar.DATE),
        Value(FOLLOW_UP, Scalar.DATE),
    )
)


@dataclass(frozen=True, slots=True)
class Wording:
    """What an activity says when it is made. A line of a text is a paragraph."""

    title: str
    goal: str = ""
    description: str = ""
    develop: str = ""
    """What is to be developed, and ``how``: the columns of the plan (F138)."""
    how: str = ""
    owner: str | None = None
    """Id of whoever does it."""
    due_on: date | None = None
    follow_up_on: date | None = None


def name_of(employee: str, id_: str) -> str:
    """Its name on the wire."""
    return f"activities/{employee}/{id_}"


def make(connection: Connection, employee: str, id_: str, wording: Wording) -> tuple[int, ActivitySummary]:
    """Store the document of a new activity. Returns its row id, and what the activity's row is to say."""
    document = Document.made(SCHEMA, UPDATE, _content(wording))
    try:
        number = add_document(connection, name_of(employee, id_), None, None, document.snapshot())
        return number, summary(document.content())
    finally:
        document.close()


def stored(connection: Connection, document: int, schema: DocumentSchema = SCHEMA) -> Content:
    """What a document says as it stands in this transaction. The caller has asked for the right to it."""
    log = log_rows.load(connection, document)
    loaded = Document.loaded(schema, UPDATE, log.snapshot, log.updates, log.clients)
    try:
        return loaded.content()
    finally:
        loaded.close()


def summary(content: Content) -> ActivitySummary:
    """What the row repeats of a document with this content."""
    owner = content.get(OWNER)
    return ActivitySummary(
        title=plain_text(cast(TextContent, content[TITLE]))[:ACTIVITY_TITLE_CHARACTERS_MAX],
        owner=owner if isinstance(owner, str) else None,
        due_on=_date(content.get(DO)),
        follow_up_on=_date(content.get(FOLLOW_UP)),
    )


def paragraphs(text: str) -> TextContent:
    """A text as a document holds it: a line is a paragraph, and an empty one is none."""
    lines = [line for line in map(str.strip, text.replace("\0", "").splitlines()) if line]
    made: list[Block] = [{"type": "paragraph", "runs": [{"text": line}]} for line in lines]
    return made or [{"type": "paragraph", "runs": []}]


def _content(wording: Wording) -> Content:
    content: Content = {
        # One paragraph each, whatever was pasted into a form.
        TITLE: paragraphs(" ".join(wording.title.split())),
        GOAL: paragraphs(" ".join(wording.goal.split())),
        DESCRIPTION: paragraphs(wording.description),
        DEVELOP: paragraphs(wording.develop),
        HOW: paragraphs(wording.how),
    }
    return content | dict(_scalars(wording))


def _scalars(wording: Wording) -> Iterable[tuple[str, ScalarContent]]:
    if wording.owner:
        yield OWNER, wording.owner
    if wording.due_on is not None:
        yield DO, wording.due_on.isoformat()
    if wording.follow_up_on is not None:
        yield FOLLOW_UP, wording.follow_up_on.isoformat()


def _date(value: object) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else None
