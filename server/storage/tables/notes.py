"""What people write for themselves alone."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from server.storage.tables.columns import METADATA, Instant

# What somebody writes for themselves alone: to prepare a conversation, of a colleague, or of their own work.
note = Table(
    "note",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("owner_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    # At most one of the two.
    Column("about_person", ForeignKey("person.id")),
    Column("about_conversation", ForeignKey("conversation.id", ondelete="SET NULL")),
    Column("document_id", ForeignKey("document.id"), nullable=False, unique=True),
    # The first line of what the document says, written in the transaction of every change to it.
    Column("beginning", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index(None, "owner_id"),
    Index(None, "about_person"),
    Index(None, "about_conversation"),
)
