"""The sample organisation: played once, whole, by people who may do what they do."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from crdt.content import plain_text
from server import conversations, documents, people, sharing
from server.accounts import Accounts
from server.activities import Activities, ActivityState
from server.conversations import Conversation, Conversations
from server.demo import data, play
from server.demo.play import NotTheSample
from server.documents import Documents
from server.people import Person
from server.rules.access import OPERATOR, Pane
from server.rules.errors import NotFound, SignInRefused
from server.sessions import Sessions
from server.storage.database import Database
from server.storage.opening import open_database
from tests.organisation import PASSWORD, QUICK, TOMAS

NOW = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)  # a Friday


def now() -> datetime:
    return NOW


@pytest.fixture(scope="module")
def played_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which the sample organisation has been played."""
    file = tmp_path_factory.mktemp("played") / "samsyn.db"
    asyncio.run(play.once(f"sqlite:///{file}", NOW, PASSWORD))
    return file


@pytest.fixture
async def played(played_file: Path, sqlite_url: str) -> AsyncIterator[Database]:
    """A copy of it for one test."""
    shutil.copy(played_file, sqlite_url.removeprefix("sqlite:///"))
    database = await open_database(sqlite_url, now)
    yield database
    await database.close()


async def cast(database: Database) -> dict[str, Person]:
    return {one.id: one for one in await database.read(people.everybody)}


async def talk(database: Database, one: str, other: str) -> Conversation:
    """The conversation of ``one`` with ``other``, as ``one`` sees it."""
    person = (await cast(database))[one]
    mine = await Conversations(database, now).mine(person.actor)
    return next(each for each, _ in mine if each.other(one).id == other)


async def test_everybody_is_there_with_a_manager_and_can_sign_in(played: Database) -> None:
    everybody = await cast(played)
    assert len(everybody) == 12
    assert [id_ for id_, one in everybody.items() if one.manager_id is None] == ["astrid"]
    assert everybody["tomas"].unit == "stod"
    assert everybody["ola"].manager_id == "ingrid"
    assert everybody["fatima"].employment.ends_on == (NOW + timedelta(days=95)).date()
    signed_in = await Accounts(played, now).sign_in("priya@nordljus.example", PASSWORD, "")
    assert signed_in.id == "priya"


@pytest.mark.parametrize(
    ("employee", "responsible", "shared", "opened"),
    [
        ("maja", "jonas", set(), set()),
        ("ola", "jonas", set(), set()),
        ("fatima", "jonas", set(), set()),
        ("elias", "jonas", {Pane.EMPLOYEE, Pane.MANAGER}, {Pane.EMPLOYEE, Pane.MANAGER}),
        ("kari", "ingrid", {Pane.EMPLOYEE}, {Pane.EMPLOYEE}),
        ("priya", "ingrid", {Pane.EMPLOYEE}, set()),
    ],
)
async def test_each_conversation_has_come_as_far_as_it_says(
    played: Database, employee: str, responsible: str, shared: set[Pane], opened: set[Pane]
) -> None:
    conversation = await talk(played, employee, responsible)
    panes = conversation.panes.items()
    assert {pane for pane, state in panes if state.shared_at} == shared
    assert {pane for pane, state in panes if state.opened_at} == opened


async def test_nothing_has_happened_in_the_future(played: Database) -> None:
    for conversation, _ in await Conversations(played, now).mine((await cast(played))["jonas"].actor):
        stamps = [conversation.created_at, *(pane.shared_at for pane in conversation.panes.values())]
        assert all(stamp <= NOW for stamp in stamps if stamp)


async def test_nobody_meets_on_a_weekend(played: Database) -> None:
    meeting = (await talk(played, "kari", "ingrid")).meeting
    assert meeting is not None
    assert meeting.at == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


async def test_nothing_is_written_in_the_newest_conversation(played: Database) -> None:
    jonas = (await cast(played))["jonas"]
    started = {
        c.employee.id: is_started for c, is_started in await Conversations(played, now).mine(jonas.actor)
    }
    assert started == {"elias": True, "fatima": False, "maja": True, "ola": True}


async def test_every_text_is_where_it_was_written_and_reads_as_text(played: Database) -> None:
    elias = (await cast(played))["elias"]
    conversation = await talk(played, "elias", "jonas")
    read = (await Documents(played, Sessions(played, now), now).read(elias.actor, conversation.id)).contents
    assert set(read) == {Pane.EMPLOYEE, Pane.MANAGER, Pane.JOINT}
    written: Any = read[Pane.EMPLOYEE]["a1"]
    assert plain_text(written).startswith("Doseringen av fällningskemikalier är ner tio")
    assert read[Pane.EMPLOYEE]["a3"] == 3
    rows: Any = read[Pane.JOINT]["a7"]
    assert [(row["responsible"], row["due_date"]) for row in rows] == [
        ("elias", "2027-01-19"),
        ("elias", "2027-03-20"),
    ]


async def test_only_the_parties_of_today_and_then_see_what_was_played(played: Database) -> None:
    everybody = await cast(played)
    conversation = await talk(played, "ola", "jonas")
    with pytest.raises(NotFound):
        await Conversations(played, now).see(everybody["ingrid"].actor, conversation.id)
    assert await Conversations(played, now).see(everybody["jonas"].actor, conversation.id)


async def test_activities_of_earlier_years_stand_as_they_ended(played: Database) -> None:
    kari = (await cast(played))["kari"]
    activities = await Activities(played, now).of_employee(kari.actor, "kari")
    assert sorted((each.title, each.state) for each in activities) == [
        ("Avklart grensesnitt mot fiber", ActivityState.COMPLETED),
        ("Ekstra befaring", ActivityState.CANCELLED),
        ("Kurs i kontraktsledelse", ActivityState.COMPLETED),
    ]


async def test_nobody_is_left_signed_in(played: Database) -> None:
    sessions = Sessions(played, now)
    for person in (await cast(played)).values():
        mine = await sessions.find(await sessions.begin(person.id, ""))
        assert len(await sessions.devices(mine)) == 1


async def test_playing_again_keeps_what_people_have_written_and_gives_the_new_password(
    played: Database, sqlite_url: str
) -> None:
    priya = (await cast(played))["priya"]
    conversation = await talk(played, "priya", "ingrid")
    await played.write(
        lambda c: sharing.withdraw(c, priya.actor, conversation.id, Pane.EMPLOYEE, now()),
    )
    await played.close()
    await play.once(sqlite_url, NOW + timedelta(days=30), "another password")
    again = await open_database(sqlite_url, now)
    assert (await talk(again, "priya", "ingrid")).panes[Pane.EMPLOYEE].shared_at is None
    accounts = Accounts(again, now)
    assert (await accounts.sign_in(priya.email, "another password", "")).id == "priya"
    with pytest.raises(SignInRefused):
        await accounts.sign_in(priya.email, PASSWORD, "")
    await again.close()


async def test_a_database_of_other_people_is_left_alone(sqlite_url: str) -> None:
    database = await open_database(sqlite_url, now)
    await Accounts(database, now, QUICK).add(OPERATOR, TOMAS, PASSWORD)
    await Accounts(database, now, QUICK).add(
        TOMAS.actor, replace(TOMAS, id="eva", email="eva@real.se"), PASSWORD
    )
    await database.close()
    with pytest.raises(NotTheSample, match="another organisation"):
        await play.once(sqlite_url, NOW, "nordljus")


async def test_an_interrupted_play_is_recognised(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def power_cut(*_: object) -> None:
        raise ConnectionAbortedError

    with monkeypatch.context() as patched:
        patched.setattr(play.Play, "_talk", power_cut)
        with pytest.raises(ConnectionAbortedError):
            await play.once(sqlite_url, NOW, PASSWORD)
    with pytest.raises(NotTheSample, match="interrupted"):
        await play.once(sqlite_url, NOW, PASSWORD)


async def test_it_plays_on_postgresql_too(postgres_url: str) -> None:
    await play.once(postgres_url, NOW, PASSWORD)
    database = await open_database(postgres_url, now)
    conversation = await talk(database, "elias", "jonas")

    def read(connection: Connection) -> int:
        return len(documents.contents(connection, conversation.employee.actor, conversation))

    assert await database.read(read) == 3
    assert len(conversation.id) == conversations.ID_BYTES * 2
    await database.close()


def test_the_files_are_whole() -> None:
    ids = {person.id for person in data.organisation().people}
    told = data.conversations()
    named = {who for each in told.conversations for who in (each.employee, each.responsible)}
    named |= {who for each in told.activities for who in (each.employee, each.by)}
    assert named <= ids
