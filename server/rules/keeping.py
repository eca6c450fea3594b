"""How long what is kept is kept: the kinds, the rules and the days. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What is kept for a time of its own. The first four are conversations."""

    DRAFT = "draft"
    """A conversation that was never completed, of somebody who has left."""
    COMPLETED = "completed"
    """A conversation that was completed without signatures."""
    SIGNED = "signed"
    CALLED_OFF = "called_off"
    """A conversation that was declined or cancelled."""
    ACTIVITY = "activity"
    NOTE = "note"
    REQUEST = "request"
    """That somebody asked for a conversation."""
    LETTER = "letter"
    SESSION = "session"
    DELEGATION = "delegation"
    """That somebody stood in for a manager."""
    PERSON = "person"
    """What is known of somebody who has left."""


CONVERSATIONS = frozenset({Kind.DRAFT, Kind.COMPLETED, Kind.SIGNED, Kind.CALLED_OFF})


class Rule(StrEnum):
    """Why something was erased."""

    TIME = "time"
    """It was kept as long as the organisation has set."""
    REQUEST = "request"
    """Somebody whom it is about asked for it (GDPR, article 17)."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is to be erased on a day."""

    kind: Kind
    on: date
    """The first day on which it is no longer kept. Of many at once, the first one's."""
    subject: str = ""
    """Its id; empty for many at once."""
    person: str = ""
    """Whose it is; empty for many people's at once."""
    version: int | None = None
    """Of an earlier version's record, which goes alone; None for the whole."""
    count: int = 1
    held: bool = False
    """It is held back, and stays until that is lifted."""


def years_later(day: date, years: int) -> date:
    """The same day of a later year; the last of February for its 29th."""
    if day.year + years > date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def days_later(day: date, days: int) -> date:
    """The day so many days later."""
    return day + timedelta(days=days) if (date.max - day).days > days else date.max


def left(left_on: date | None, ends_on: date | None) -> date | None:
    """The day on which somebody who is no longer active left: the end of the employment, unless that is
    later than the day on which the account was closed. None for whoever works here."""
    if left_on is None:
        return None
    return min(left_on, ends_on) if ends_on else left_on
