"""What a letter is: its kind, whom it goes to, what it is about, and how that is kept in the table.

A letter is about an appointment (a conversation: who meets whom, when and where) or is a notice (about a
person, and where to read on). Neither has room for anything that anybody wrote.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final


class Kind(StrEnum):
    """What a letter tells."""

    INVITED = "invited"
    """To a conversation, as one of its two parties or as a guest who takes part."""
    MOVED = "moved"
    """Another time, another place, or both."""
    CALLED_OFF = "called_off"
    """The conversation was declined or cancelled."""
    DECLINED = "declined"
    """The employee has declined the conversation (F98): to HR, and to whoever is responsible."""
    REASSIGNED = "reassigned"
    """Somebody else is responsible for the conversation now."""
    GUEST_ASKED = "guest_asked"
    """Whether she takes part in a conversation as a guest."""
    NOT_ASKED = "not_asked"
    """A guest who has not answered yet need not."""
    LEFT = "left"
    """The receiver no longer takes part."""

    PREPARE = "prepare"
    SHARE = "share"
    MEET = "meet"
    SIGN = "sign"
    FOLLOW_UP = "follow_up"
    """Activities have their day."""

    ASKED_FOR = "asked_for"
    """An employee asks for a conversation (F75)."""
    ANSWERED = "answered"
    """The receiver has asked for a conversation, and somebody has answered."""
    STAND_IN = "stand_in"
    """Somebody has been named to stand in for a manager."""
    ERASED = "erased"
    """A conversation of the receiver's was erased."""


REMINDERS: Final = frozenset({Kind.PREPARE, Kind.SHARE, Kind.MEET, Kind.SIGN, Kind.FOLLOW_UP})
OPTIONAL: Final = (Kind.PREPARE, Kind.SHARE, Kind.MEET, Kind.FOLLOW_UP)
"""The reminders that each person can turn off, in the order of a conversation's life."""
TAKES_NO_EVENT: Final = REMINDERS | {Kind.DECLINED, Kind.GUEST_ASKED, Kind.NOT_ASKED}
"""About a conversation, and never with a calendar event."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody as the letter names them."""

    id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Material:
    """What is enclosed to prepare with: made of a template, when the letter is sent or looked at."""

    template: str
    version: int
    routine: bool
    """The questions, and advice to whoever gets them (F84, F117)."""
    plan: bool
    """The action plan with its empty tables (F121)."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """Who meets whom, when and where: of a conversation."""

    conversation: str
    template: Mapping[str, str]
    """The name of the template, locale -> text."""
    employee: Party
    responsible: Party
    meeting_at: datetime | None
    time_zone: str | None
    """As in the IANA database; there whenever ``meeting_at`` is."""
    place: str
    before_at: datetime | None
    """When they were to meet, of a meeting that was moved."""
    sequence: int | None
    """Of the calendar event that goes with it; None when none does."""
    material: Material | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """About whom something is, and where to read on."""

    person: Party
    path: str
    """Of the page, ``/people/maja``."""
    first_on: date | None
    """The day of the activities; the first day of standing in."""
    last_on: date | None
    """The last day of standing in."""
    number: int = 1
    """Of activities."""


About = Appointment | Notice


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter to one person."""

    id: str
    kind: Kind
    to: Party
    """As the organisation knows the person when the letter is read."""
    locale: str
    """The receiver's language."""
    about: About
    made_at: datetime
    attempts: int
    """How often it has been tried, this time included."""
    sent_at: datetime | None

    @property
    def is_to_guest(self) -> bool:
        """Whether it goes to neither of the two whose conversation it is about."""
        about = self.about
        return isinstance(about, Appointment) and self.to.id not in (about.employee.id, about.responsible.id)


def facts_of(about: About, kind: Kind) -> dict[str, Any]:
    """What of a letter is kept as JSON. Only an invitation encloses anything by itself."""
    facts = {
        name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(about).items()
    }
    if isinstance(about, Appointment):
        del facts["conversation"]
        if kind is not Kind.INVITED:
            facts["material"] = None
    return facts


def about_of(facts: Mapping[str, Any], conversation: str | None) -> About:
    """The inverse of ``facts_of``."""
    if conversation is None:
        return Notice(
            person=Party(**facts["person"]),
            path=facts["path"],
            first_on=_day(facts["first_on"]),
            last_on=_day(facts["last_on"]),
            number=facts["number"],
        )
    # Letters of before there was anything to enclose do not say that nothing is.
    material = facts.get("material")
    return Appointment(
        conversation=conversation,
        template=facts["template"],
        employee=Party(**facts["employee"]),
        responsible=Party(**facts["responsible"]),
        meeting_at=_instant(facts["meeting_at"]),
        time_zone=facts["time_zone"],
        place=facts["place"],
        before_at=_instant(facts["before_at"]),
        sequence=facts["sequence"],
        material=Material(**material) if material else None,
    )


def _instant(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None
