"""Every table, as SQLAlchemy Core sees it. Features name them; nothing else holds data.

Ids of people, templates, conversations and sessions are random strings or names of the organisation's
own, never counters. The one counter, ``document.id``, never leaves the server. Instants are aware and
in UTC. Localised words are JSON objects, locale -> text.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
)

from server.rules.access import Pane, State
from server.rules.limits import EMAIL_CHARACTERS_MAX, NAME_CHARACTERS_MAX, PLACE_CHARACTERS_MAX

# Named constraints, so that a later migration can drop one on both databases.
METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC. SQLite knows no time zones, so there it is stored without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        # Read at once, where a list has ten thousand of them: parsing first and then naming the zone takes
        # several times as long.
        return _stored if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _stored(value: str | None) -> datetime | None:
    """An instant as SQLite has it, a text in UTC."""
    return None if value is None else datetime.fromisoformat(value + "+00:00")


def _words(enumeration: type[Pane] | type[State]) -> list[str]:
    return [member.value for member in enumeration]


def _pane() -> Enum:
    return Enum(
        Pane, name="pane", native_enum=False, create_constraint=True, length=16, values_callable=_words
    )


def _state() -> Enum:
    return Enum(
        State, name="state", native_enum=False, create_constraint=True, length=16, values_callable=_words
    )


unit = Table(
    "unit",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("name", JSON, nullable=False),
    Column("parent", ForeignKey("unit.id")),
    Column("goals", JSON, nullable=False),
)

person = Table(
    "person",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("name", String(NAME_CHARACTERS_MAX), nullable=False),
    # In lower case, so that one address is one person.
    Column("email", String(EMAIL_CHARACTERS_MAX), nullable=False, unique=True),
    Column("unit", ForeignKey("unit.id")),
    Column("title", JSON, nullable=False),
    Column("manager_id", ForeignKey("person.id")),
    Column("locale", String(16), nullable=False),
    # A list of the values of server.rules.access.Role.
    Column("roles", JSON, nullable=False),
    Column("employment", JSON, nullable=False),
    Column("password_hash", Text),
    Column("active", Boolean, nullable=False),
    # The day on which ``active`` ended; from it on, what is kept of somebody who has left is counted.
    Column("left_on", Date),
    Index(None, "manager_id"),
)

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

template = Table(
    "template",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", JSON, nullable=False),
)

conversation = Table(
    "conversation",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("template_id", String(64), nullable=False),
    Column("template_version", Integer, nullable=False),
    Column("employee_id", ForeignKey("person.id"), nullable=False),
    Column("responsible_id", ForeignKey("person.id"), nullable=False),
    Column("state", _state(), nullable=False),
    # The template's ``share``. A conversation keeps its template's version, so this never changes; it
    # is here because every append asks for the rights, and must not read a whole template to do so.
    Column("shares", Boolean, nullable=False),
    # The guests who may write the joint pane now: a list of person ids, NULL for nobody. Kept with the table
    # ``guest`` in one transaction, and here for the same reason.
    Column("joint_writers", JSON(none_as_null=True)),
    # Counts from 1; reopening a closed conversation begins the next.
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", Instant, nullable=False),
    Column("meeting_at", Instant),
    Column("time_zone", String(64)),
    Column("place", String(PLACE_CHARACTERS_MAX)),
    # Whether those who take part are told of the meeting by e-mail.
    Column("notify", Boolean, nullable=False, server_default=false()),
    # Of the calendar event that was last sent out (RFC 5545, SEQUENCE); NULL: none ever was.
    Column("calendar_sequence", Integer),
    # What goes with the invitation: the organisation's routine, and the empty action plan.
    Column("sends_routine", Boolean, nullable=False, server_default=false()),
    Column("sends_plan", Boolean, nullable=False, server_default=false()),
    # Whether the employee is asked to confirm having read what goes with it.
    Column("must_read", Boolean, nullable=False, server_default=false()),
    ForeignKeyConstraint(["template_id", "template_version"], ["template.id", "template.version"]),
    Index(None, "employee_id"),
    Index(None, "responsible_id"),
)

document = Table(
    "document",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # As it stands on the wire: "{conversation}/{pane}/{generation}", "activities/{employee}/{activity}" or
    # "notes/{owner}/{note}".
    Column("name", String(256), nullable=False, unique=True),
    # Both NULL for the document of an activity or a note, whose own rows name it.
    Column("conversation_id", ForeignKey("conversation.id", ondelete="CASCADE")),
    Column("pane", _pane()),
    # Number of the last change in the log; 0 when there has been none.
    Column("last", BigInteger, nullable=False, default=0, server_default="0"),
    Index(None, "conversation_id"),
    # A dropped generation's number is never given to another: rooms know documents by it.
    sqlite_autoincrement=True,
)

pane = Table(
    "pane",
    METADATA,
    Column("conversation_id", ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("pane", _pane(), primary_key=True),
    # None for the joint pane.
    Column("owner_id", ForeignKey("person.id")),
    # The current generation.
    Column("document_id", ForeignKey("document.id"), nullable=False, unique=True),
    Column("shared_at", Instant),
    Column("opened_at", Instant),
    # After the conversation was handed over, and until the employee has answered what goes over: nobody but
    # the pane's owner reads or writes it (``server/handover.py``).
    Column("withheld", Boolean, nullable=False, server_default=false()),
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

# A turn in a conversation's life for which somebody gave a reason: declined, cancelled, reopened.
decision = Table(
    "decision",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    # "declined", "cancelled" or "reopened".
    Column("kind", String(16), nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    # What the employee proposes instead of the conversation that she declines (F98); "" for none.
    Column("alternative", Text, nullable=False),
    # The version that was left: of a reopened conversation, the one that was frozen or closed.
    Column("version", Integer, nullable=False),
    Index(None, "conversation_id"),
)

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
    Column("pane", _pane(), primary_key=True),
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

# A support person or union representative, invited for one conversation (F47, F99).
guest = Table(
    "guest",
    METADATA,
    Column("conversation_id", ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", ForeignKey("person.id"), primary_key=True),
    Column("invited_by", ForeignKey("person.id"), nullable=False),
    Column("invited_at", Instant, nullable=False),
    # When the employee agreed: at once for a guest of her own.
    Column("agreed_at", Instant),
    Column("accepted_at", Instant),
    # Whether the joint pane has been given to the guest.
    Column("writes", Boolean, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", ForeignKey("person.id")),
    Index(None, "person_id"),
)

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

# An employee asks for a conversation, and is answered: by one that is made, or by a sentence.
request = Table(
    "request",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("employee_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    # What about, and when it would suit; either may be "".
    Column("wish", Text, nullable=False),
    Column("times", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    # "made", "declined" or "taken_back"; NULL while it waits.
    Column("answer", String(16)),
    Column("answered_by", ForeignKey("person.id")),
    Column("answered_at", Instant),
    # What was said to it.
    Column("reply", Text, nullable=False),
    # The conversation that was made.
    Column("conversation_id", ForeignKey("conversation.id", ondelete="SET NULL")),
    Index(None, "employee_id"),
)

# How the organisation has it, as ``server/policy.py`` documents it. One row; none where nothing was changed.
policy = Table(
    "policy",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("body", JSON, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", ForeignKey("person.id")),
)

# Who plans and sees the overview in a manager's place, from one day to another, both included.
delegation = Table(
    "delegation",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("manager_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("stand_in_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("begins_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "manager_id"),
    Index(None, "stand_in_id"),
)

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

# That a conversation was given to another responsible, and by whom (``server/handover.py``).
handover = Table(
    "handover",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("conversation_id", ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    Column("predecessor_id", ForeignKey("person.id"), nullable=False),
    Column("successor_id", ForeignKey("person.id"), nullable=False),
    Column("by_id", ForeignKey("person.id"), nullable=False),
    Column("at", Instant, nullable=False),
    # Told to those whom it concerns; "" for none.
    Column("reason", Text, nullable=False),
    Index(None, "conversation_id"),
    Index(None, "predecessor_id"),
)

# What there was when it was handed over: the predecessor's own pane always, the others where they were
# shared.
handover_part = Table(
    "handover_part",
    METADATA,
    Column("handover_id", ForeignKey("handover.id", ondelete="CASCADE"), primary_key=True),
    Column("pane", _pane(), primary_key=True),
    # Whether the other one of the two had received it: then the employee is asked whether it goes over.
    Column("received", Boolean, nullable=False),
    # The employee's answer. NULL: not answered, or nothing to answer.
    Column("goes_over", Boolean),
    Column("answered_at", Instant),
    # The text as it stood, written afresh: one Yjs update (v1). NULL where it still stands in its pane, or is
    # gone.
    Column("snapshot", LargeBinary),
    # When its owner removed it from what is kept for them. What the other one had received stays with that
    # one.
    Column("removed_at", Instant),
)

# How far somebody has come in preparing a conversation: nobody else's to know, but whether it was read.
preparation = Table(
    "preparation",
    METADATA,
    Column("conversation_id", ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    # Ids of the advice that is ticked off (``server/advice.yaml``): a list.
    Column("done", JSON, nullable=False),
    # When the person said that the material was read.
    Column("read_at", Instant),
    Index(None, "person_id"),
)
