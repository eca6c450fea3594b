"""Conversations and who takes part: what was planned, asked for, prepared, decided and handed over."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
)

from server.rules.limits import PLACE_CHARACTERS_MAX
from server.storage.tables.columns import METADATA, Instant, pane_kind, state_kind

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
    Column("state", state_kind(), nullable=False),
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

pane = Table(
    "pane",
    METADATA,
    Column("conversation_id", ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("pane", pane_kind(), primary_key=True),
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
    Column("pane", pane_kind(), primary_key=True),
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
