"""The live documents: what was written, and who wrote where. Every append touches these."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from server.storage.tables.columns import METADATA, Instant, pane_kind

document = Table(
    "document",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # As it stands on the wire: "{conversation}/{pane}/{generation}", "activities/{employee}/{activity}" or
    # "notes/{owner}/{note}".
    Column("name", String(256), nullable=False, unique=True),
    # Both NULL for the document of an activity or a note, whose own rows name it.
    Column("conversation_id", ForeignKey("conversation.id", ondelete="CASCADE")),
    Column("pane", pane_kind()),
    # Number of the last change in the log, on PostgreSQL, where nodes take turns by it.
    Column("last", BigInteger, nullable=False, default=0, server_default="0"),
    Index(None, "conversation_id"),
    # A dropped generation's number is never given to another: rooms know documents by it.
    sqlite_autoincrement=True,
)

# Apart from ``document``: every append changes that row, and SQLite would read the whole snapshot each time.
document_snapshot = Table(
    "document_snapshot",
    METADATA,
    Column("document_id", ForeignKey("document.id", ondelete="CASCADE"), primary_key=True),
    # Number of the last change that is in here.
    Column("sequence", BigInteger, nullable=False),
    # A Yjs update (v1).
    Column("snapshot", LargeBinary, nullable=False),
    # The clock up to which it knows each client, as Yjs encodes it, and the CRC-32 of the snapshot and this.
    # Both NULL where nobody has looked yet.
    Column("state_vector", LargeBinary),
    Column("checksum", BigInteger),
)

# The three tables that appends write are kept in the order of their keys on SQLite (``with_rowid``): one
# tree to write instead of a table and an index.
document_update = Table(
    "document_update",
    METADATA,
    Column("document_id", ForeignKey("document.id", ondelete="CASCADE"), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("change", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

document_client = Table(
    "document_client",
    METADATA,
    Column("document_id", ForeignKey("document.id", ondelete="CASCADE"), primary_key=True),
    # A Yjs client id: up to 53 bits.
    Column("client", BigInteger, primary_key=True, autoincrement=False),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    sqlite_with_rowid=False,
)

change_log = Table(
    "change_log",
    METADATA,
    Column("document_id", ForeignKey("document.id", ondelete="CASCADE"), primary_key=True),
    Column("field", String(200), primary_key=True),
    Column("person_id", ForeignKey("person.id"), primary_key=True),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)
