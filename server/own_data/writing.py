"""Private notes, letters, and what was asked for."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, or_, select

from crdt.content import plain_text
from server import advice, letter_choices, notes
from server.own_data.source import Field, FieldKind, Item, Source, named
from server.people import Person
from server.storage import tables


def _notes(connection: Connection, me: Person, _now: datetime) -> Iterator[Item]:
    for each in notes.mine(connection, me.actor):
        note, text = notes.read(connection, me.actor, each.id)
        about = note.about_person
        yield {
            "id": note.id,
            "created_at": note.created_at,
            "about": {"id": about.id, "name": about.name} if about else None,
            "conversation": note.about_conversation,
            "text": plain_text(text),
        }


def _preparations(connection: Connection, me: Person, _now: datetime) -> Iterator[Item]:
    table = tables.preparation
    rows = connection.execute(
        select(table).where(table.c.person_id == me.id).order_by(table.c.conversation_id)
    )
    told = {piece.id: piece.to(me.locale) for piece in (*advice.read().employee, *advice.read().manager)}
    for row in rows:
        yield {
            "conversation": row.conversation_id,
            "done": [told[id_] for id_ in row.done if id_ in told],
            "read_at": row.read_at,
        }


def _letters(connection: Connection, me: Person, _now: datetime) -> Iterator[Item]:
    letter = tables.letter
    rows = connection.execute(
        select(letter).where(letter.c.person_id == me.id).order_by(letter.c.made_at.desc(), letter.c.id)
    )
    for row in rows:
        yield {
            "id": row.id,
            "kind": row.kind,
            "conversation": row.conversation_id,
            "made_at": row.made_at,
            "sent_at": row.sent_at,
            "meeting_at": _instant(row.facts.get("meeting_at")),
            "place": row.facts.get("place") or None,
        }


def _instant(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def _requests(connection: Connection, me: Person, _now: datetime) -> Iterator[Item]:
    table = tables.request
    rows = connection.execute(
        select(table)
        .where(or_(table.c.employee_id == me.id, table.c.answered_by == me.id))
        .order_by(table.c.asked_at.desc(), table.c.id)
    ).all()
    people = named(connection, (id_ for row in rows for id_ in (row.employee_id, row.answered_by)))
    for row in rows:
        yield {
            "employee": people[row.employee_id],
            "asked_at": row.asked_at,
            "wish": row.wish or None,
            "times": row.times or None,
            "answer": row.answer,
            "answered_by": people[row.answered_by],
            "answered_at": row.answered_at,
            "reply": row.reply or None,
            "conversation": row.conversation_id,
        }


def _unwanted(connection: Connection, me: Person, _now: datetime) -> Iterator[Item]:
    for kind in sorted(letter_choices.unwanted_by(connection, me.id)):
        yield {"kind": kind.value}


NOTES = Source(
    "private-notes",
    (tables.note,),
    (
        Field("id", FieldKind.TEXT, "its id"),
        Field("created_at", FieldKind.INSTANT, "when it was begun"),
        Field("about", FieldKind.PERSON, "about whom it is, if about anybody"),
        Field("conversation", FieldKind.TEXT, "id of the conversation that it prepares, if it does"),
        Field("text", FieldKind.TEXT, "what it says"),
    ),
    _notes,
)
PREPARATIONS = Source(
    "preparations",
    (tables.preparation,),
    (
        Field("conversation", FieldKind.TEXT, "id of the conversation that was prepared"),
        Field("done", FieldKind.LINES, "the advice that was ticked off"),
        Field("read_at", FieldKind.INSTANT, "when the person said that the questions were read"),
    ),
    _preparations,
)
LETTERS = Source(
    "letters",
    (tables.letter,),
    (
        Field("id", FieldKind.TEXT, "its id, part of its Message-ID"),
        Field("kind", FieldKind.WORD, "what it tells"),
        Field("conversation", FieldKind.TEXT, "id of the conversation that it is about"),
        Field("made_at", FieldKind.INSTANT, "when it was written"),
        Field("sent_at", FieldKind.INSTANT, "when a mail server took it; null if none did"),
        Field("meeting_at", FieldKind.INSTANT, "the time of the meeting that it tells of"),
        Field("place", FieldKind.TEXT, "the place of the meeting"),
    ),
    _letters,
)
REQUESTS = Source(
    "requests",
    (tables.request,),
    (
        Field("employee", FieldKind.PERSON, "who asked for a conversation"),
        Field("asked_at", FieldKind.INSTANT, "when"),
        Field("wish", FieldKind.TEXT, "what about"),
        Field("times", FieldKind.TEXT, "when it would suit"),
        Field("answer", FieldKind.WORD, "made, declined or taken_back; null while it waits"),
        Field("answered_by", FieldKind.PERSON, "who answered"),
        Field("answered_at", FieldKind.INSTANT, "when"),
        Field("reply", FieldKind.TEXT, "what was said to it"),
        Field("conversation", FieldKind.TEXT, "id of the conversation that was made"),
    ),
    _requests,
)
UNWANTED = Source(
    "reminders-turned-off",
    (tables.letter_choice,),
    (Field("kind", FieldKind.WORD, "a kind of reminder that the person does without"),),
    _unwanted,
)
