"""What was frozen, who signed it, and the key that seals it."""

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from server.storage.tables.columns import METADATA, Instant, pane_kind

# What was frozen, and once closed is never changed: the content that people sign.
record = Table(
    "record",
    METADATA,
    Column("conversation_id", ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # The canonical content (RFC 8785, UTF-8) as ``server/record/format.py`` documents it, salt included.
    Column("content", LargeBinary, nullable=False),
    # SHA-256 of ``content``, in hexadecimal.
    Column("sha256", String(64), nullable=False),
    Column("frozen_at", Instant, nullable=False),
    Column("frozen_by", ForeignKey("person.id"), nullable=False),
    # Who was responsible then: a conversation that is opened again may be handed over. A person's id.
    Column("responsible_id", String(64)),
    Column("closed_at", Instant),
    # With ``closed_at``: content, signatures and the organisation's seal in canonical JSON, for verifying.
    Column("sealed", LargeBinary),
    # For who has had a conversation when: without it each row's content is read past.
    Index(None, "conversation_id", "closed_at"),
)

# The state of the three documents when the record was closed, each one Yjs update (v1).
record_document = Table(
    "record_document",
    METADATA,
    Column("conversation_id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("pane", pane_kind(), primary_key=True),
    Column("snapshot", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["conversation_id", "version"],
        ["record.conversation_id", "record.version"],
        ondelete="CASCADE",
    ),
)

signature = Table(
    "signature",
    METADATA,
    Column("conversation_id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("person_id", ForeignKey("person.id"), primary_key=True),
    Column("at", Instant, nullable=False),
    # The signed statement (canonical JSON), as ``server/record/format.py`` documents it: who, what, in which
    # language, the comment, the method, the time and the SHA-256 of the content.
    Column("statement", LargeBinary, nullable=False),
    # The organisation's seal over ``statement``: DER, ECDSA with SHA-256.
    Column("seal", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["conversation_id", "version"],
        ["record.conversation_id", "record.version"],
        ondelete="CASCADE",
    ),
)

# The organisation's key and certificate, made by the first node that needs them. One row.
organisation_seal = Table(
    "organisation_seal",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("made_at", Instant, nullable=False),
    # PEM, PKCS #8, not encrypted: whoever reads the database can read every text as well.
    Column("private_key", Text, nullable=False),
    # PEM, X.509.
    Column("certificate", Text, nullable=False),
)
