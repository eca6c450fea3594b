"""Calendar events, read by another library than the one that writes them."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import vobject
from hypothesis import assume, given
from hypothesis import strategies as st

from server import calendar
from server.letter_format import TAKES_NO_EVENT, Appointment, Kind, Letter, Notice, Party
from server.rules.limits import MEETING_MINUTES

MAJA = Party("maja", "Maja Öberg", "maja@nordljus.example")
JONAS = Party("jonas", "Jonas Bergman", "jonas@nordljus.example")
ASTRID = Party("astrid", "Astrid Lindqvist", "astrid@nordljus.example")
SAMSYN = Party("", "Samsyn", "samsyn@nordljus.example")
MEETS_AT = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
URL = "https://samtal.example.org/conversations/0123456789abcdef"

INVITED = Letter(
    id="f00d",
    kind=Kind.INVITED,
    to=MAJA,
    locale="sv",
    about=Appointment(
        conversation="0123456789abcdef",
        template={"sv": "Årssamtal", "nb": "Årssamtale", "en": "Annual conversation"},
        employee=MAJA,
        responsible=JONAS,
        meeting_at=MEETS_AT,
        time_zone="Europe/Stockholm",
        place="Rum Storsjön",
        before_at=None,
        sequence=0,
    ),
    made_at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
    attempts=1,
    sent_at=None,
)


def changed(letter: Letter, **facts: Any) -> Letter:
    """The letter about an appointment, with some of its facts changed."""
    assert isinstance(letter.about, Appointment)
    return replace(letter, about=replace(letter.about, **facts))


def written(
    letter: Letter, summary: str = "Årssamtal", description: str = "Ett samtal.\nEn rad till."
) -> bytes:
    return calendar.event(letter, SAMSYN, summary, description, URL)


def read(letter: Letter, **words: str) -> Any:
    return vobject.readOne(written(letter, **words).decode())


def test_an_invitation_says_who_when_and_where() -> None:
    invitation = read(INVITED)
    event = invitation.vevent
    assert invitation.method.value == "REQUEST"
    assert event.dtstart.value == MEETS_AT
    assert b"\r\nDTSTART;TZID=Europe/Stockholm:20261126T093000\r\n" in written(INVITED)
    assert event.dtend.value - event.dtstart.value == timedelta(minutes=MEETING_MINUTES)
    assert event.dtstamp.value == INVITED.made_at
    assert (event.summary.value, event.location.value) == ("Årssamtal", "Rum Storsjön")
    assert event.description.value == "Ett samtal.\nEn rad till."
    assert event.url.value == URL
    assert event.organizer.value == "mailto:samsyn@nordljus.example"
    assert [(each.value, each.params["CN"]) for each in event.attendee_list] == [
        ("mailto:maja@nordljus.example", ["Maja Öberg"]),
        ("mailto:jonas@nordljus.example", ["Jonas Bergman"]),
    ]


def test_the_event_stays_the_same_one_when_it_is_moved_and_called_off() -> None:
    later = changed(INVITED, sequence=1, meeting_at=datetime(2026, 12, 1, 9, tzinfo=UTC))
    moved = replace(later, kind=Kind.MOVED)
    off = replace(changed(moved, sequence=2), kind=Kind.CALLED_OFF)
    seen = [read(each) for each in (INVITED, moved, off)]
    assert len({each.vevent.uid.value for each in seen}) == 1
    assert [each.vevent.sequence.value for each in seen] == ["0", "1", "2"]
    assert [each.method.value for each in seen] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [each.vevent.status.value for each in seen] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]


def test_a_guest_sees_no_other_guest_and_nobody_else_sees_the_guest() -> None:
    names = [each.params["CN"][0] for each in read(replace(INVITED, to=ASTRID)).vevent.attendee_list]
    assert names == ["Maja Öberg", "Jonas Bergman", "Astrid Lindqvist"]
    assert b"Astrid" not in written(INVITED)


def test_the_rules_of_the_time_zone_come_along() -> None:
    zone = read(INVITED).vtimezone
    assert zone.tzid.value == "Europe/Stockholm"
    spring = changed(INVITED, meeting_at=datetime(2027, 4, 1, 7, 30, tzinfo=UTC))
    # What the file itself says of summer time, not what this machine knows.
    parsed = vobject.readOne(written(spring).decode().replace("Europe/Stockholm", "Somewhere/Else"))
    assert parsed.vevent.dtstart.value.utcoffset() == timedelta(hours=2)


def test_the_second_of_two_equal_hours_is_told_in_utc() -> None:
    """On 25 October 2026 clocks show 02:30 twice in Stockholm."""
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert b"DTSTART;TZID=Europe/Stockholm:20261025T023000" in written(changed(INVITED, meeting_at=first))
    assert b"DTSTART:20261025T013000Z" in written(changed(INVITED, meeting_at=second))


@pytest.mark.parametrize("changes", [{"sequence": None}, {"meeting_at": None}])
def test_a_letter_without_a_sequence_or_a_time_has_no_event(changes: dict[str, None]) -> None:
    letter = changed(INVITED, **changes)
    assert calendar.method(letter) is None
    with pytest.raises(ValueError, match="no event"):
        written(letter)


@pytest.mark.parametrize("kind", sorted(TAKES_NO_EVENT))
def test_a_reminder_and_a_question_have_no_event(kind: Kind) -> None:
    assert calendar.method(replace(INVITED, kind=kind)) is None


def test_a_notice_has_no_event() -> None:
    notice = Notice(MAJA, "/people/maja", None, None)
    assert calendar.method(replace(INVITED, kind=Kind.ASKED_FOR, about=notice)) is None


def test_each_who_attends_is_told_apart_and_asked_for_no_answer() -> None:
    """What Outlook, Google and Apple read of an attendee (RFC 5545, 3.2)."""
    attendees = read(replace(INVITED, to=ASTRID)).vevent.attendee_list
    told = [
        {name: each.params[name] for name in ("CUTYPE", "PARTSTAT", "ROLE", "RSVP")} for each in attendees
    ]
    same = {"CUTYPE": ["INDIVIDUAL"], "PARTSTAT": ["NEEDS-ACTION"], "RSVP": ["FALSE"]}
    assert told == [
        same | {"ROLE": ["REQ-PARTICIPANT"]},
        same | {"ROLE": ["REQ-PARTICIPANT"]},
        same | {"ROLE": ["OPT-PARTICIPANT"]},
    ]


def test_whoever_no_longer_takes_part_gives_up_the_event_alone() -> None:
    """RFC 5546, 3.2.5: only who is taken off, and no status, which would be that of the whole event."""
    left = read(replace(changed(INVITED, sequence=3), kind=Kind.LEFT, to=ASTRID))
    assert left.method.value == "CANCEL"
    assert [each.value for each in left.vevent.attendee_list] == ["mailto:astrid@nordljus.example"]
    assert "status" not in left.vevent.contents
    assert left.vevent.sequence.value == "3"


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert written(INVITED) == written(replace(INVITED, attempts=7))


WORDS = st.text(max_size=120) | st.text(alphabet='\r\n\\;:,"=^BEGIN VEVENT', max_size=40)


ONCE = "UID SEQUENCE DTSTAMP DTSTART DTEND SUMMARY DESCRIPTION URL ORGANIZER STATUS CLASS TRANSP"
LINES = Counter({"ATTENDEE": 2, **dict.fromkeys(ONCE.split(), 1)})
"""Of every event, whatever its words."""


@given(name=WORDS, place=WORDS, summary=WORDS)
def test_no_name_and_no_place_can_add_to_the_event(name: str, place: str, summary: str) -> None:
    letter = replace(INVITED, to=replace(MAJA, name=name))
    letter = changed(letter, employee=replace(MAJA, name=name), place=place)
    whole = written(letter, summary=summary)
    assert whole.endswith(b"END:VCALENDAR\r\n")
    lines = whole.split(b"\r\n")
    assert not [line for line in lines if b"\n" in line or b"\r" in line]
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode()
    unfolded = re.sub(rb"\r\n[ \t]", b"", whole).decode()
    inside = re.search("\r\nBEGIN:VEVENT\r\n(.*?)\r\nEND:VEVENT\r\n", unfolded, re.DOTALL)
    assert inside
    assert Counter(re.split("[;:]", line)[0] for line in inside[1].split("\r\n")) == LINES + Counter(
        ["LOCATION"] if place else []
    )
    event = vobject.readOne(whole.decode()).vevent
    # icalendar takes a written "\\N" for the end of a line, which stays within the event.
    assume("\\N" not in place + summary)
    assert event.summary.value == calendar.one_line(summary)
    assert not place or event.location.value == calendar.one_line(place)
    assert [each.value for each in event.attendee_list] == [f"mailto:{each.email}" for each in (MAJA, JONAS)]
