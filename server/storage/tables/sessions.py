"""Who is signed in, and who tried."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from server.storage.tables.columns import METADATA, Instant

session = Table(
    "session",
    METADATA,
    Column("id_hash", String(64), primary_key=True),
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("device", String(200), nullable=False),
    Index(None, "person_id"),
)

sign_in_attempt = Table(
    "sign_in_attempt",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # What is counted: an e-mail address or a network address, as the feature names it.
    Column("key", String(300), nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "key", "at"),
)
