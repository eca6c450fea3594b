"""The organisation: its units and people, who stands in for whom, and the rules that it has."""

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from server.rules.limits import EMAIL_CHARACTERS_MAX, NAME_CHARACTERS_MAX
from server.storage.tables.columns import METADATA, Instant

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

# How the organisation has it, as ``server/policy.py`` documents it. One row; none where nothing was changed.
policy = Table(
    "policy",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("body", JSON, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", ForeignKey("person.id")),
)
