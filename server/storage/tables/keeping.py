"""What shows afterwards what happened: the audit, what is held back, and that something was erased."""

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, String, Table, Text

from server.storage.tables.columns import METADATA, Instant

# Events, ids and never content, each chained to the one before (``server/audit.py``).
audit = Table(
    "audit",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    # "source:subject:action", one of a closed list.
    Column("event", String(64), nullable=False),
    # Ids only, without foreign keys: what happened remains when its subject is erased.
    Column("person", String(64), nullable=False),
    Column("conversation", String(64), nullable=False),
    # What else the event is about, as names and ids: a JSON object of strings.
    Column("about", JSON, nullable=False),
    # SHA-256 of the event before, in hexadecimal; zeros for the first.
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "conversation"),
)

# What is not erased although its time has come, because a dispute is going on: all of one person's, or one
# conversation.
hold = Table(
    "hold",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE")),
    Column("conversation_id", ForeignKey("conversation.id", ondelete="CASCADE")),
    Column("reason", Text, nullable=False),
    Column("placed_at", Instant, nullable=False),
    Column("placed_by", ForeignKey("person.id", ondelete="SET NULL")),
    Index(None, "person_id"),
    Index(None, "conversation_id"),
)

# That something was erased: what is left of it. Ids without foreign keys, numbers, and never a word of it.
erasure = Table(
    "erasure",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("at", Instant, nullable=False),
    # Of what, one of ``server.rules.keeping.Kind``.
    Column("kind", String(16), nullable=False),
    # What it was: the id of a conversation, an activity or a person; empty for many at once.
    Column("subject", String(64), nullable=False),
    # Whose it was, a person's id; empty for many people's at once.
    Column("person", String(64), nullable=False),
    # By which rule, one of ``server.rules.keeping.Rule``.
    Column("rule", String(32), nullable=False),
    # Who asked for it; empty for what a rule or the operator did.
    Column("by", String(64), nullable=False),
    # How many rows of which table: a JSON object, table -> number.
    Column("counts", JSON, nullable=False),
    # Of the newest record, SHA-256 of its salted content in hexadecimal; empty where there was none.
    Column("sha256", String(64), nullable=False),
    Index(None, "at"),
    Index(None, "person"),
)
