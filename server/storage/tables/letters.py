"""What is sent by e-mail, and what somebody wants to get of it."""

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from server.storage.tables.columns import METADATA, Instant

# What is to be sent by e-mail, stored with the change that it tells of: who meets whom, when and where, or
# about whom something is, and never what anybody wrote.
letter = Table(
    "letter",
    METADATA,
    # Random, and part of the Message-ID: a letter that is sent again by mistake is the same one.
    Column("id", String(64), primary_key=True),
    # NULL for what is about none.
    Column("conversation_id", ForeignKey("conversation.id", ondelete="CASCADE")),
    # What it is about: a conversation's id, or ``activities/{employee}`` and the like. A newer letter takes
    # the place of one about the same that has not left.
    Column("matter", String(128), nullable=False),
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    # One of ``server.letter_format.Kind``.
    Column("kind", String(16), nullable=False),
    # Of a reminder: which one it is, so that it is not sent twice. NULL for any other letter.
    Column("day", Date),
    # What it says, as ``server/letter_format.py`` documents it.
    Column("facts", JSON, nullable=False),
    Column("made_at", Instant, nullable=False),
    # When it is to be tried next, or, while a node is sending it, when another may take it for lost; NULL
    # when there is nothing left to do.
    Column("next_at", Instant),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", Instant),
    # Why the last attempt failed.
    Column("failed_why", Text),
    Index(None, "next_at"),
    Index(None, "conversation_id"),
    Index(None, "person_id"),
    Index(None, "matter", "person_id", "kind", "day", unique=True),
)

# Which optional reminders somebody has turned off. Whoever has no row gets them all.
letter_choice = Table(
    "letter_choice",
    METADATA,
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    # One of ``server.letter_format.OPTIONAL``.
    Column("kind", String(16), primary_key=True),
)
