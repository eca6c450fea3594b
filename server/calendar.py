"""A meeting as a calendar event (iCalendar, RFC 5545 and 5546), for whoever was invited to it.

A conversation is one event in a calendar, however often it is moved: its UID never changes, and each time
that something is sent its SEQUENCE is higher than before.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vDatetime, vText, vUri

from server.letters import Kind, Letter, Party
from server.rules.limits import MEETING_MINUTES

REQUEST: Final = "REQUEST"
CANCEL: Final = "CANCEL"


def method(letter: Letter) -> str | None:
    """What the receiver's calendar is asked to do (RFC 5546). None for a letter without an event."""
    if letter.sequence is None or letter.meeting_at is None:
        return None
    return CANCEL if letter.kind is Kind.CALLED_OFF else REQUEST


def event(letter: Letter, organizer: Party, summary: str, description: str, url: str) -> bytes:
    """Return the event that goes with a letter which has one, as UTF-8.

    The same letter always gives the same bytes. ``organizer`` is whose address the letters come from:
    calendars take a change from nobody else.
    """
    asked = method(letter)
    if asked is None or letter.meeting_at is None or letter.sequence is None:
        raise ValueError("there is no event in this letter")
    made = Event()
    made.add("uid", f"{letter.conversation}@samsyn.invalid")
    made.add("sequence", letter.sequence)
    made.add("dtstamp", letter.made_at.astimezone(UTC))
    end = letter.meeting_at + timedelta(minutes=MEETING_MINUTES)
    zone = ZoneInfo(letter.time_zone or "UTC")
    made.add("dtstart", vDatetime(_local(letter.meeting_at, zone)))
    made.add("dtend", vDatetime(_local(end, zone)))
    made.add("summary", one_line(summary))
    made.add("description", description)
    if letter.place:
        made.add("location", one_line(letter.place))
    made.add("url", vUri(url))
    made.add("organizer", _address(organizer))
    for party in _attending(letter):
        attendee = _address(party)
        attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
        attendee.params["PARTSTAT"] = vText("NEEDS-ACTION")
        # Nobody reads answers: the two agree on the page, or talk.
        attendee.params["RSVP"] = vText("FALSE")
        made.add("attendee", attendee)
    made.add("status", "CANCELLED" if asked == CANCEL else "CONFIRMED")
    # That somebody has such a conversation is not for whoever may look into the calendar.
    made.add("class", "PRIVATE")

    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Samsyn//Samsyn//EN")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", asked)
    calendar.add_component(made)
    # Rules for the years around, for calendars that do not know the zone by its name.
    year = letter.meeting_at.astimezone(zone).date().replace(month=1, day=1)
    calendar.add_missing_timezones(
        first_date=year - timedelta(days=366), last_date=year + timedelta(days=3 * 366)
    )
    return bytes(calendar.to_ical())


def one_line(words: str) -> str:
    """Words without line breaks and other characters that are not shown, as they stand in a header."""
    return " ".join("".join(each if each.isprintable() else " " for each in words).split())


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment on the clock of the place; in UTC in the hour that the clock shows for a second time."""
    local = moment.astimezone(zone)
    return moment.astimezone(UTC) if local.fold else local


def _attending(letter: Letter) -> list[Party]:
    """The two parties, and the receiver if that is a guest: no guest learns of another here."""
    both = [letter.employee, letter.responsible]
    return both if letter.to.id in {party.id for party in both} else [*both, letter.to]


def _address(party: Party) -> vCalAddress:
    address = vCalAddress(f"mailto:{one_line(party.email)}")
    # A parameter has no way to write a quotation mark (RFC 5545, 3.1).
    address.params["CN"] = vText(one_line(party.name).replace('"', "”"))
    return address
