"""What the tables are made of: their metadata, and the types of columns that SQLAlchemy does not have."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Enum, MetaData, TypeDecorator

from server.rules.access import Pane, State

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


def pane_kind() -> Enum:
    """The type of a column that names a pane."""
    return Enum(
        Pane, name="pane", native_enum=False, create_constraint=True, length=16, values_callable=_words
    )


def state_kind() -> Enum:
    """The type of a column that has a conversation's state."""
    return Enum(
        State, name="state", native_enum=False, create_constraint=True, length=16, values_callable=_words
    )
