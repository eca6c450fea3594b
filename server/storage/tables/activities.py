"""Follow-up activities, and what is said about them."""

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, String, Table, Text

from server.storage.tables.columns import METADATA, Instant

activity = Table(
    "activity",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("employee_id", ForeignKey("person.id"), nullable=False),
    # "work_goal" or "development_goal" (F33).
    Column("goal_type", String(32), nullable=False),
    # Title, owner and the two dates repeat what the document says, and are written in the transaction of
    # every change to it: lists and reminders read no documents.
    Column("title", Text, nullable=False),
    # "active", "completed", "cancelled" or "archived".
    Column("state", String(32), nullable=False),
    Column("due_on", Date),
    Column("completed_on", Date),
    Column("from_conversation", ForeignKey("conversation.id", ondelete="SET NULL")),
    # What it says, live. NULL for what an older system brought, which nobody writes in.
    Column("document_id", ForeignKey("document.id")),
    # Who does it: the one whom its document names, if there is such a person.
    Column("owner_id", ForeignKey("person.id")),
    Column("follow_up_on", Date),
    Column("cancelled_on", Date),
    # NULL unless it is cancelled.
    Column("cancel_reason", Text),
    # NULL for those that were made before this was kept.
    Column("created_at", Instant),
    Column("created_by", ForeignKey("person.id")),
    # What an older system said of it, as ``server/activities.py`` documents it; NULL for our own.
    Column("archive", JSON(none_as_null=True)),
    Index(None, "employee_id"),
    Index(None, "owner_id"),
    Index(None, "from_conversation"),
    Index(None, "document_id", unique=True),
)

# What was said about an activity, and what became of it. Added to, never changed.
activity_comment = Table(
    "activity_comment",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("activity_id", ForeignKey("activity.id", ondelete="CASCADE"), nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("at", Instant, nullable=False),
    # "said", "completed", "cancelled" or "taken_up".
    Column("kind", String(16), nullable=False),
    # What was said, or why it was cancelled; "" for the other turns.
    Column("text", Text, nullable=False),
    Index(None, "activity_id"),
)
