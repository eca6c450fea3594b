"""A meeting as a calendar event (iCalendar, RFC 5545 and 5546), for whoever was invited to it.

A conversation is one event in a calendar, however often it is moved: its UID never changes, and each time
that something is sent its SEQUENCE is higher than before.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from server.letter_format import TAKES_NO_EVENT, Appointment, Kind, Letter, Party
from server.rules.limits import MEETING_MINUTES

if TYPE_CHECKING:
    from icalendar import vCalAddress

REQUEST: Final = "REQUEST"
CANCEL: Final = "CANCEL"
GIVES_UP: Final = (Kind.CALLED_OFF, Kind.LEFT)
"""The letters with which a calendar gives up the event that it has."""


def method(letter: Letter) -> str | None:
    """What the receiver's calendar is asked to do (RFC 5546). None for a letter without an event."""
    return None if _told(letter) is None else CANCEL if letter.kind in GIVES_UP else REQUEST


def event(letter: Letter, organizer: Party, summary: str, description: str, url: str) -> bytes:
    """Return the event that goes with a letter which has one, as UTF-8.

    The same letter always gives the same bytes. ``organizer`` is whose address the letters come from:
    calendars take a change from nobody else.
    """
    # On demand: few letters have an event, and those leave in the background.
    from icalendar import Calendar, Event, vDatetime, vText, vUri

    asked, told = method(letter), _told(letter)
    if asked is None or told is None:
        raise ValueError("there is no event in this letter")
    begins_at, sequence, zone = told
    about = letter.about
    assert isinstance(about, Appointment)  # noqa: S101 (what is told of an event)
    made = Event()
    made.add("uid", f"{about.conversation}@samsyn.invalid")
    made.add("sequence", sequence)
    made.add("dtstamp", letter.made_at.astimezone(UTC))
    made.add("dtstart", vDatetime(_local(begins_at, zone)))
    made.add("dtend", vDatetime(_local(begins_at + timedelta(minutes=MEETING_MINUTES), zone)))
    made.add("summary", one_line(summary))
    made.add("description", description)
    if about.place:
        made.add("location", one_line(about.place))
    made.add("url", vUri(url))
    made.add("organizer", _address(organizer))
    for party in _attending(letter, about):
        attendee = _address(party)
        attendee.params["CUTYPE"] = vText("INDIVIDUAL")
        attendee.params["ROLE"] = vText("REQ-PARTICIPANT" if party in _both(about) else "OPT-PARTICIPANT")
        attendee.params["PARTSTAT"] = vText("NEEDS-ACTION")
        # Nobody reads answers: the two agree on the page, or talk.
        attendee.params["RSVP"] = vText("FALSE")
        made.add("attendee", attendee)
    if letter.kind is not Kind.LEFT:
        # Of an event that goes on without the receiver it must not be said (RFC 5546, 3.2.5).
        made.add("status", "CANCELLED" if asked == CANCEL else "CONFIRMED")
    # That somebody has such a conversation is not for whoever may look into the calendar.
    made.add("class", "PRIVATE")
    made.add("transp", "OPAQUE")

    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Samsyn//Samsyn//EN")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", asked)
    calendar.add_component(made)
    # Rules for the years around, for calendars that do not know the zone by its name.
    year = begins_at.astimezone(zone).date().replace(month=1, day=1)
    calendar.add_missing_timezones(
        first_date=year - timedelta(days=366), last_date=year + timedelta(days=3 * 366)
    )
    return bytes(calendar.to_ical())


def _told(letter: Letter) -> tuple[datetime, int, ZoneInfo] | None:
    """When the event begins, its sequence and its zone; None for a letter without an event."""
    about = letter.about
    if not isinstance(about, Appointment) or letter.kind in TAKES_NO_EVENT:
        return None
    if about.sequence is None or about.meeting_at is None:
        return None
    return about.meeting_at, about.sequence, ZoneInfo(about.time_zone or "UTC")


def one_line(words: str) -> str:
    """Words without line breaks and other characters that are not shown, as they stand in a header."""
    return " ".join("".join(each if each.isprintable() else " " for each in words).split())


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment on the clock of the place; in UTC in the hour that the clock shows for a second time."""
    local = moment.astimezone(zone)
    return moment.astimezone(UTC) if local.fold else local


def _both(about: Appointment) -> tuple[Party, Party]:
    return about.employee, about.responsible


def _attending(letter: Letter, about: Appointment) -> list[Party]:
    """The two parties, and the receiver if that is a guest: no guest learns of another here.

    For somebody whose part has ended, she alone (RFC 5546, 3.2.5).
    """
    if letter.kind is Kind.LEFT:
        return [letter.to]
    return [*_both(about), letter.to] if letter.is_to_guest else [*_both(about)]


def _address(party: Party) -> "vCalAddress":
    from icalendar import vCalAddress, vText

    address = vCalAddress(f"mailto:{one_line(party.email)}")
    # A parameter has no way to write a quotation mark (RFC 5545, 3.1).
    address.params["CN"] = vText(one_line(party.name).replace('"', "”"))
    return address
