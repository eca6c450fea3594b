"""Moving a meeting: by whom, to when, and who is told of it how (F48-F54)."""

from datetime import UTC, datetime, timedelta

import pytest

from server import letters, meetings
from server.audit import Event
from server.conversations import Meeting
from server.letter_format import Appointment, Kind
from server.rules.errors import NoLongerPossible, NotFound, TextTooLong, TimeSkipped, TooFarAway
from server.rules.limits import MEETING_DAYS_MAX, PLACE_CHARACTERS_MAX
from server.storage.bells import ConversationChanged
from tests.conftest import SetClock
from tests.organisation import ANNUAL, HELENA, JONAS, MAJA, TOMAS, Organisation
from tests.test_freezing import events

STOCKHOLM = "Europe/Stockholm"


def at(local: str) -> datetime:
    """A time as clocks say it, without a zone."""
    return datetime.fromisoformat(local)


FIRST = meetings.meeting(at("2026-11-26 09:30"), STOCKHOLM, "Rum Storsjön")
MOVED = meetings.meeting(at("2026-12-01 13:00"), STOCKHOLM, "Teams")
AGAIN = meetings.meeting(at("2026-12-02 13:00"), STOCKHOLM, "Teams")


async def made(here: Organisation, *, notify: bool = False, invite: bool = False) -> str:
    """Maja's conversation with Jonas, with a meeting."""
    return await here.conversations.create(JONAS.actor, "maja", ANNUAL, FIRST, notify=notify, invite=invite)


async def told(here: Organisation, who: str) -> list[tuple[Kind, Appointment]]:
    """What the letters to somebody say, the oldest first."""
    actor = {"maja": MAJA, "jonas": JONAS, "helena": HELENA}[who].actor
    found = await here.database.read(lambda connection: letters.to(connection, actor))
    return [(each.kind, each.about) for each in found[::-1] if isinstance(each.about, Appointment)]


# When it is.


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        (at("2026-07-01 09:30"), datetime(2026, 7, 1, 7, 30, tzinfo=UTC)),
        (at("2026-12-01 09:30"), datetime(2026, 12, 1, 8, 30, tzinfo=UTC)),
        # 02:30 comes twice that night: the first one is meant.
        (at("2026-10-25 02:30"), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_meeting_is_when_clocks_in_its_zone_say(local: datetime, instant: datetime) -> None:
    assert meetings.meeting(local, STOCKHOLM, " Rum\r\n Storsjön ") == Meeting(
        instant, STOCKHOLM, "Rum Storsjön"
    )


def test_a_time_that_clocks_skip_is_refused() -> None:
    with pytest.raises(TimeSkipped) as refused:
        meetings.meeting(at("2027-03-28 02:30"), STOCKHOLM, "")
    assert "02:30" in str(refused.value)


@pytest.mark.parametrize("local", ["0001-01-01 00:00", "9999-12-31 23:59"])
def test_a_time_outside_of_every_calendar_is_refused(local: str) -> None:
    for zone in ("Pacific/Auckland", "America/Los_Angeles"):
        try:
            meetings.meeting(at(local), zone, "")
        except TooFarAway:
            break
    else:
        raise AssertionError("was taken in both")


# Who moves it, and from where to where.


async def test_whoever_is_responsible_moves_it_and_every_page_is_told(here: Organisation) -> None:
    id_ = await made(here)
    here.bells.clear()
    await here.meetings.move(JONAS.actor, id_, MOVED)
    assert ConversationChanged(id_) in here.bells
    assert (await here.conversations.see(MAJA.actor, id_)).meeting == MOVED
    assert (await events(here, id_))[-1] == Event.MEETING_MOVED


async def test_a_conversation_without_a_meeting_gets_one(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.meetings.move(JONAS.actor, id_, MOVED)
    assert (await here.conversations.see(MAJA.actor, id_)).meeting == MOVED


async def test_nothing_happens_where_they_were_to_meet_already(here: Organisation) -> None:
    id_ = await made(here, invite=True)
    before = await events(here, id_)
    here.bells.clear()
    await here.meetings.move(JONAS.actor, id_, FIRST)
    assert here.bells == []
    assert await events(here, id_) == before
    assert [about.sequence for _, about in await told(here, "maja")] == [0]


async def test_two_people_may_have_met_on_another_day_than_was_planned(
    here: Organisation, clock: SetClock
) -> None:
    id_ = await made(here)
    yesterday = Meeting(clock.now - timedelta(days=1), STOCKHOLM, "")
    await here.meetings.move(JONAS.actor, id_, yesterday)
    assert (await here.conversations.see(MAJA.actor, id_)).meeting == yesterday


async def test_a_slip_of_the_finger_is_refused_and_changes_nothing(
    here: Organisation, clock: SetClock
) -> None:
    id_ = await made(here, invite=True)
    for days in (-MEETING_DAYS_MAX - 1, MEETING_DAYS_MAX + 1):
        with pytest.raises(TooFarAway):
            await here.meetings.move(
                JONAS.actor, id_, Meeting(clock.now + timedelta(days=days), STOCKHOLM, "")
            )
    with pytest.raises(TextTooLong):
        await here.meetings.move(
            JONAS.actor, id_, Meeting(MOVED.at, STOCKHOLM, "x" * (PLACE_CHARACTERS_MAX + 1))
        )
    assert (await here.conversations.see(MAJA.actor, id_)).meeting == FIRST
    assert [about.sequence for _, about in await told(here, "maja")] == [0]


async def test_nobody_else_moves_it_nor_anybody_when_it_is_over(here: Organisation) -> None:
    id_ = await made(here, invite=True)
    for actor in (MAJA.actor, TOMAS.actor, HELENA.actor):
        with pytest.raises(NotFound):
            await here.meetings.move(actor, id_, MOVED)
    await here.declining.cancel(JONAS.actor, id_, "Jag är sjuk.")
    with pytest.raises(NoLongerPossible):
        await here.meetings.move(JONAS.actor, id_, MOVED)
    assert (await here.conversations.see(MAJA.actor, id_)).meeting == FIRST


async def test_what_is_frozen_keeps_its_time_when_the_meeting_is_moved(here: Organisation) -> None:
    id_ = await made(here)
    await here.ready(id_)
    sha256 = await here.freezing.freeze(MAJA.actor, id_)
    await here.meetings.move(JONAS.actor, id_, MOVED)
    assert (await here.conversations.see(MAJA.actor, id_)).meeting == MOVED
    assert (await here.records.of(MAJA.actor, id_, 1)).sha256 == sha256
    await here.sign(MAJA.actor, id_, sha256)


# Who is told, and how.


async def test_who_was_invited_gets_the_same_event_with_a_higher_sequence(here: Organisation) -> None:
    id_ = await made(here, notify=True, invite=True)
    await here.meetings.move(JONAS.actor, id_, MOVED)
    await here.meetings.move(JONAS.actor, id_, AGAIN)
    assert (await here.conversations.see(MAJA.actor, id_)).calendar_sequence == 2
    for who in ("maja", "jonas"):
        got = {about.sequence: (kind, about) for kind, about in await told(here, who)}
        assert {sequence: kind for sequence, (kind, _) in got.items()} == {
            0: Kind.INVITED,
            1: Kind.MOVED,
            2: Kind.MOVED,
        }
        assert {about.conversation for _, about in got.values()} == {id_}
        newest = got[2][1]
        assert (newest.meeting_at, newest.before_at) == (AGAIN.at, MOVED.at)
        assert (newest.place, newest.time_zone) == ("Teams", STOCKHOLM)


async def test_another_place_alone_is_told_too(here: Organisation) -> None:
    id_ = await made(here, invite=True)
    await here.meetings.move(JONAS.actor, id_, Meeting(FIRST.at, STOCKHOLM, "Labbet"))
    assert [(about.sequence, about.place) for _, about in await told(here, "maja") if about.sequence] == [
        (1, "Labbet")
    ]


async def test_where_e_mail_alone_was_chosen_no_calendar_event_goes_with_it(here: Organisation) -> None:
    id_ = await made(here, notify=True)
    await here.meetings.move(JONAS.actor, id_, MOVED)
    for who in ("maja", "jonas"):
        got = await told(here, who)
        assert {kind for kind, _ in got} == {Kind.INVITED, Kind.MOVED}
        assert {about.sequence for _, about in got} == {None}


async def test_where_nothing_was_sent_nothing_ever_is(here: Organisation) -> None:
    id_ = await made(here)
    await here.meetings.move(JONAS.actor, id_, MOVED)
    await here.declining.cancel(JONAS.actor, id_, "Jag är sjuk.")
    assert await here.count("letter") == 0


@pytest.mark.parametrize("turn", ["decline", "cancel"])
async def test_what_is_called_off_leaves_the_calendars_and_never_says_why(
    here: Organisation, turn: str
) -> None:
    id_ = await made(here, invite=True)
    if turn == "decline":
        await here.declining.decline(MAJA.actor, id_, "Hemligt skäl.", "Hemligt förslag.")
    else:
        await here.declining.cancel(JONAS.actor, id_, "Hemligt skäl.")
    for who in ("maja", "jonas"):
        got = await told(here, who)
        assert {(kind, about.sequence) for kind, about in got} == {(Kind.INVITED, 0), (Kind.CALLED_OFF, 1)}
        assert "Hemligt" not in repr(got)


async def test_a_guest_who_takes_part_is_told_also_that_it_is_called_off(here: Organisation) -> None:
    id_ = await made(here, invite=True)
    await here.invitations.invite(MAJA.actor, id_, "helena")
    await here.meetings.move(JONAS.actor, id_, MOVED)
    assert [(kind, about.sequence) for kind, about in await told(here, "helena")] == [
        (Kind.GUEST_ASKED, None)
    ]
    await here.invitations.accept(HELENA.actor, id_)
    await here.meetings.move(JONAS.actor, id_, AGAIN)
    await here.declining.cancel(JONAS.actor, id_, "Jag är sjuk.")
    assert {(kind, about.sequence) for kind, about in await told(here, "helena")} == {
        (Kind.GUEST_ASKED, None),
        (Kind.INVITED, 2),
        (Kind.MOVED, 3),
        (Kind.CALLED_OFF, 4),
    }
