"""Sessions: how one is found, how long it holds, how it is ended and what then happens to its sockets."""

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select, update

from server.rules.access import Pane
from server.rules.errors import NotFound, NotSignedIn
from server.rules.limits import SESSION_HOURS_MAX, SESSION_IDLE_HOURS_MAX
from server.sessions import device_label, hashed
from server.storage import tables
from server.storage.bells import SessionEnded
from server.storage.update_log import Author
from tests.conftest import SetClock
from tests.organisation import Organisation, text
from tests.rows import add_stand_in

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def test_a_session_is_found_by_its_key_and_knows_whose_it_is(here: Organisation) -> None:
    session = await here.sessions.find(await here.sessions.begin("maja", FIREFOX))
    assert session.person.name == "Maja Öberg"
    assert session.actor.person == "maja"


async def test_a_session_says_whether_its_person_has_staff_or_stands_in_today(
    here: Organisation, clock: SetClock
) -> None:
    today = clock().date()

    await add_stand_in(here.database, "helena", today + timedelta(days=1), today + timedelta(days=2))
    assert [(await here.visit(who)).has_staff for who in ("jonas", "maja", "helena")] == [True, False, False]
    for day, stands_in in ((1, True), (2, True), (3, False)):
        clock.now = datetime.combine(today + timedelta(days=day), time(9), UTC)
        assert (await here.visit("helena")).has_staff is stands_in


async def test_the_key_itself_is_stored_nowhere(here: Organisation) -> None:
    key = await here.sessions.begin("maja", FIREFOX)
    rows = await here.database.read(lambda connection: connection.execute(select(tables.session)).all())
    assert key not in str(rows)
    assert [row.id_hash for row in rows] == [hashed(key)]
    with pytest.raises(NotSignedIn):
        await here.sessions.find(hashed(key))


@pytest.mark.parametrize("key", ["", "x", "é\ud800"])
async def test_an_unknown_key_finds_nothing(here: Organisation, key: str) -> None:
    with pytest.raises(NotSignedIn):
        await here.sessions.find(key)


async def test_a_socket_that_is_opened_again_and_again_keeps_no_session_from_ending(
    here: Organisation, clock: SetClock
) -> None:
    key = await here.sessions.begin("maja", FIREFOX)
    clock.pass_time(hours=SESSION_IDLE_HOURS_MAX - 1)
    assert await here.sessions.of_socket(key) == Author("maja", hashed(key))
    clock.pass_time(hours=1)
    with pytest.raises(NotSignedIn):
        await here.sessions.of_socket(key)


async def test_no_socket_is_opened_in_a_session_that_has_just_been_ended(here: Organisation) -> None:
    key, other = [await here.sessions.begin("maja", FIREFOX) for _ in range(2)]
    assert await here.sessions.of_socket(key) == Author("maja", hashed(key))
    await here.sessions.end(await here.sessions.find(other), hashed(key))
    with pytest.raises(NotSignedIn):
        await here.sessions.of_socket(key)


async def test_no_socket_is_opened_by_somebody_who_has_just_become_inactive(here: Organisation) -> None:
    key = await here.sessions.begin("maja", FIREFOX)
    assert await here.sessions.of_socket(key) == Author("maja", hashed(key))
    await _deactivate(here, "maja")
    with pytest.raises(NotSignedIn):
        await here.sessions.of_socket(key)


async def test_a_session_that_is_not_used_ends_by_itself(here: Organisation, clock: SetClock) -> None:
    key = await here.sessions.begin("maja", FIREFOX)
    clock.pass_time(hours=SESSION_IDLE_HOURS_MAX)
    with pytest.raises(NotSignedIn):
        await here.sessions.find(key)


async def test_a_session_in_use_ends_at_its_greatest_age(here: Organisation, clock: SetClock) -> None:
    key = await here.sessions.begin("maja", FIREFOX)
    for _ in range(SESSION_HOURS_MAX - 1):
        clock.pass_time(hours=1)
        await here.sessions.find(key)
    clock.pass_time(hours=1)
    with pytest.raises(NotSignedIn):
        await here.sessions.find(key)


async def test_an_open_page_alone_does_not_keep_a_session_but_writing_does(
    here: Organisation, clock: SetClock
) -> None:
    id_ = await here.conversation()
    idle = (await here.visit("jonas")).id
    writing = await here.visit("maja")
    for field in ("a1", "a4", "a5", "a6"):
        clock.pass_time(hours=SESSION_IDLE_HOURS_MAX / 4)
        await here.write("maja", id_, Pane.EMPLOYEE, {field: text("Mer")})
        held = await here.sessions.holds(idle), await here.sessions.holds(writing.id)
    assert held == (False, True)


async def test_a_session_of_somebody_who_has_become_inactive_does_not_hold(here: Organisation) -> None:
    session = await here.visit("maja")
    await _deactivate(here, "maja")
    assert not await here.sessions.holds(session.id)
    with pytest.raises(NotFound):
        await here.sessions.begin("maja", FIREFOX)


async def test_a_session_that_does_not_exist_does_not_hold(here: Organisation) -> None:
    assert not await here.sessions.holds("nothing")


async def test_ending_a_session_rings_for_its_sockets(here: Organisation) -> None:
    key = await here.sessions.begin("maja", FIREFOX)
    session = await here.sessions.find(key)
    await here.sessions.end(session, session.id)
    assert here.bells == [SessionEnded(session.id)]
    with pytest.raises(NotSignedIn):
        await here.sessions.find(key)
    with pytest.raises(NotFound):
        await here.sessions.end(session, session.id)


async def test_nobody_ends_somebody_elses_session(here: Organisation) -> None:
    mine, theirs = await here.visit("maja"), await here.visit("jonas")
    with pytest.raises(NotFound):
        await here.sessions.end(mine, theirs.id)
    assert await here.sessions.holds(theirs.id)


async def test_all_my_other_sessions_end_and_nobody_elses(here: Organisation) -> None:
    this, phone, tablet = [await here.visit("maja") for _ in range(3)]
    theirs = await here.visit("jonas")
    await here.sessions.end_others(this)
    held = [await here.sessions.holds(each.id) for each in (this, phone, tablet, theirs)]
    assert held == [True, False, False, True]
    assert set(here.bells) == {SessionEnded(phone.id), SessionEnded(tablet.id)}


async def test_my_devices_are_listed_without_those_that_have_ended(
    here: Organisation, clock: SetClock
) -> None:
    phone = await here.sessions.find(await here.sessions.begin("maja", "an iPhone with Safari/605"))
    gone = await here.visit("maja")
    await here.sessions.end(phone, gone.id)
    clock.pass_time(minutes=5)
    this = await here.sessions.find(await here.sessions.begin("maja", FIREFOX))
    devices = await here.sessions.devices(this)
    assert [(device.label, device.is_this) for device in devices] == [
        ("Firefox · Windows", True),
        ("Safari · iPhone", False),
    ]


def test_a_strange_device_is_a_question_mark() -> None:
    assert device_label("<script>alert(1)</script>") == "? · ?"


async def _deactivate(here: Organisation, person: str) -> None:
    await here.database.write(
        lambda connection: connection.execute(
            update(tables.person).where(tables.person.c.id == person).values(active=False)
        )
    )
