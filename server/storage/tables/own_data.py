"""What people get about themselves."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from server.storage.tables.columns import METADATA, Instant

# Everything that one person has asked to get about herself, while it is made and until it is erased
# (``server/own_data``).
own_bundle = Table(
    "own_bundle",
    METADATA,
    # Random: it stands in an address.
    Column("id", String(64), primary_key=True),
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("steps_done", Integer, nullable=False),
    # 0 until it is begun.
    Column("steps_total", Integer, nullable=False),
    # How often it has been begun. A node that was taken for lost finds another number here, and stops.
    Column("attempts", Integer, nullable=False),
    # For how long it is one node's: another begins it anew afterwards.
    Column("lease_until", Instant),
    Column("made_at", Instant),
    # When making it was given up.
    Column("failed_at", Instant),
    # When its files were erased, before its time too.
    Column("gone_at", Instant),
    # When its files are erased.
    Column("until", Instant, nullable=False),
    Index(None, "person_id"),
)

own_bundle_file = Table(
    "own_bundle_file",
    METADATA,
    Column("bundle_id", ForeignKey("own_bundle.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    # Its path in the bundle.
    Column("name", String(200), nullable=False),
    Column("content", LargeBinary, nullable=False),
)
