"""What an older system had is brought in once, all of it or nothing, to be read and never changed (F73)."""

import pytest
from sqlalchemy import func, select

from server.activities import Activity, ActivityState, GoalType
from server.archive import Archive, Brought
from server.archive_format import DESCRIPTION, STATE, ArchiveInvalid, Wrong, said
from server.rules.access import OPERATOR
from server.rules.errors import NotFound
from server.storage import tables
from tests.organisation import ASTRID, HELENA, JONAS, MAJA, Organisation

HEAD = "Medarbetare;Typ av mål;Vad som ska göras;Status;Beskrivning;Klart senast;Referens;Kostnadsställe"
ALARM = "maja@nordljus.example;Arbetsmål;Ny larmrutin;Genomfört;Hela jourgången.;2023-05-01;A-1;410"
COURSE = "MAJA@nordljus.example ;Utvecklingsmål;Handledarkurs;Avbrutet;;01.02.2022;;"
RADIO = "jonas;Arbetsmål;Radiosystemet;Pågår;;;;"


async def bring(here: Organisation, *rows: str, who: str = "helena") -> Brought:
    actor = {"helena": HELENA.actor, "maja": MAJA.actor, "jonas": JONAS.actor, "": OPERATOR}[who]
    return await Archive(here.database, here.clock).bring(actor, "\r\n".join((HEAD, *rows)).encode())


async def faults(here: Organisation, *rows: str) -> list[tuple[int, Wrong]]:
    with pytest.raises(ArchiveInvalid) as refused:
        await bring(here, *rows)
    return [(fault.line, fault.sentence) for fault in refused.value.faults]


async def archive(here: Organisation, who: str) -> list[Activity]:
    return await here.activities.archive_of(MAJA.actor if who == "maja" else JONAS.actor, who)


async def stored(here: Organisation) -> int:
    count = select(func.count()).select_from(tables.activity)
    return await here.database.read(lambda connection: connection.scalars(count).one())


async def test_each_activity_is_the_employee_s_with_everything_that_the_older_system_said(
    here: Organisation,
) -> None:
    assert await bring(here, ALARM, COURSE, RADIO) == Brought(added=3, people=2, there=0)
    alarm, course = await archive(here, "maja")
    assert (alarm.title, alarm.goal_type, str(alarm.due_on)) == ("Ny larmrutin", GoalType.WORK, "2023-05-01")
    assert (course.title, course.goal_type) == ("Handledarkurs", GoalType.DEVELOPMENT)
    assert alarm.archive is not None
    assert list(alarm.archive) == HEAD.split(";")
    assert said(alarm.archive, DESCRIPTION) == "Hela jourgången."
    assert [said(each.archive or {}, STATE) for each in (alarm, course)] == ["Genomfört", "Avbrutet"]
    assert [each.title for each in await archive(here, "jonas")] == ["Radiosystemet"]
    assert {each.state for each in (alarm, course)} == {ActivityState.ARCHIVED}


async def test_it_is_in_no_list_of_what_is_to_be_done_and_takes_no_turn(here: Organisation) -> None:
    await bring(here, ALARM)
    assert await here.activities.of_employee(MAJA.actor, "maja") == []
    (alarm,) = await archive(here, "maja")
    detail = await here.activities.see(JONAS.actor, alarm.id)
    assert not detail.may_write
    assert not detail.may_end
    with pytest.raises(NotFound):
        await here.activity_turns.comment(MAJA.actor, alarm.id, "Än en gång")


async def test_the_same_file_twice_adds_nothing(here: Organisation) -> None:
    await bring(here, ALARM, COURSE)
    before = await stored(here)
    assert await bring(here, ALARM, COURSE) == Brought(added=0, people=0, there=2)
    assert await bring(here, COURSE, RADIO) == Brought(added=1, people=1, there=1)
    assert await stored(here) == before + 1


async def test_a_row_that_is_wrong_keeps_every_other_out(here: Organisation) -> None:
    assert await faults(here, ALARM, COURSE.replace("MAJA", "nobody"), RADIO) == [(3, Wrong.NOBODY)]
    assert await stored(here) == 0


async def test_whatever_is_wrong_in_the_file_is_said_at_once(here: Organisation) -> None:
    assert await faults(
        here, COURSE.replace("MAJA", "nobody").replace("Avbrutet", "Borta"), RADIO, RADIO
    ) == [
        (2, Wrong.NOT_A_WORD),
        (2, Wrong.NOBODY),
        (4, Wrong.TWICE_HERE),
    ]


async def test_what_stands_twice_in_a_file_is_said_to(here: Organisation) -> None:
    assert await faults(here, COURSE, ALARM, COURSE, ALARM.replace("Ny", "Ännu en")) == [
        (4, Wrong.TWICE_HERE),
        (5, Wrong.TWICE_HERE),
    ]


async def test_what_was_brought_in_never_changes(here: Organisation) -> None:
    await bring(here, ALARM)
    assert await faults(here, ALARM.replace("Hela", "Halva"), RADIO) == [(2, Wrong.CHANGED)]
    assert await stored(here) == 1


@pytest.mark.parametrize("who", ["maja", "jonas"])
async def test_nobody_but_hr_brings_any_in(here: Organisation, who: str) -> None:
    with pytest.raises(NotFound):
        await bring(here, ALARM, who=who)
    with pytest.raises(NotFound):
        await bring(here, "not;even;a;file", who=who)


async def test_hr_and_the_manager_s_manager_do_not_read_it(here: Organisation) -> None:
    await bring(here, ALARM, who="")
    for actor in (HELENA.actor, ASTRID.actor):
        with pytest.raises(NotFound):
            await here.activities.archive_of(actor, "maja")
