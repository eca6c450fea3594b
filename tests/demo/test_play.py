"""The sample organisation: played once, whole, by people who may do what they do."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Row, select

from crdt.content import plain_text
from server import conversations, documents, letters, people, sharing
from server.accounts import Accounts
from server.activities import Activities, ActivityState, Detail, GoalType
from server.conversations import Conversation, Conversations
from server.coverage import WHOLE, Coverages, Figures
from server.declining import Declining
from server.demo import data, loading, play
from server.demo.data import CompleteStep, DeclineStep, SignStep
from server.demo.loading import NotTheSample
from server.documents import Documents
from server.freezing import Freezing
from server.letter_format import Appointment
from server.people import Person
from server.policy import Policies
from server.record.format import moment
from server.record.sealing import seal
from server.records import Records
from server.rules.access import OPERATOR, Pane, State
from server.rules.errors import NotFound, SignInRefused
from server.rules.life import Lack
from server.sessions import Sessions
from server.stand_ins import StandIns
from server.storage import tables
from server.storage.database import Database
from server.storage.opening import open_database
from tests.organisation import PASSWORD, QUICK, TOMAS, Organisation

# One process plays it for all of these.
pytestmark = pytest.mark.xdist_group("play")

NOW = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)  # a Friday


TOLD = {each.id: each for each in data.conversations().conversations}
BOTH = {Pane.EMPLOYEE, Pane.MANAGER}


def now() -> datetime:
    return NOW


@pytest.fixture(scope="module")
def played_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which the sample organisation has been played."""
    file = tmp_path_factory.mktemp("played") / "samsyn.db"
    asyncio.run(loading.once(f"sqlite:///{file}", NOW, PASSWORD))
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


async def talk(database: Database, name: str) -> Conversation:
    """The conversation that the files call ``name``, as its employee sees it.

    Of the same two people one at most is open, and one at most is not.
    """
    told = TOLD[name]
    ends = {SignStep, CompleteStep, DeclineStep}
    is_open = not any(type(step) in ends for step in told.steps)
    mine = await Organisation(database, now).mine((await cast(database))[told.employee].actor)
    return next(
        each
        for each, _ in mine
        if (each.employee.id, each.responsible.id) == (told.employee, told.responsible)
        and (each.state is State.OPEN) is is_open
    )


async def read(database: Database, name: str, who: str) -> dict[Pane, Any]:
    """What ``who`` reads of a conversation."""
    conversation = await talk(database, name)
    actor = (await cast(database))[who].actor
    reading = await Documents(database, Sessions(database, now), now).read(actor, conversation.id)
    return dict(reading.contents)


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
    ("name", "state", "template", "shared", "opened"),
    [
        ("conv-01", State.OPEN, "arssamtal-tre-rutor", set(), set()),
        ("conv-02", State.OPEN, "rutin-medarbetarsamtal", {Pane.EMPLOYEE}, {Pane.EMPLOYEE}),
        ("conv-03", State.CLOSED, "arssamtal-tre-rutor", BOTH, BOTH),
        ("conv-04", State.OPEN, "oppfolging-kort", set(), set()),
        ("conv-05", State.OPEN, "arssamtal-tre-rutor", {Pane.EMPLOYEE}, set()),
        ("conv-06", State.OPEN, "arssamtal-tre-rutor", set(), set()),
        ("conv-07", State.CLOSED, "oppfolging-kort", set(), set()),
        ("conv-08", State.CLOSED, "rutin-medarbetarsamtal", {Pane.EMPLOYEE}, {Pane.EMPLOYEE}),
        ("conv-09", State.DECLINED, "arssamtal-tre-rutor", set(), set()),
        ("conv-10", State.OPEN, "rutin-medarbetarsamtal", set(), set()),
    ],
)
async def test_each_conversation_has_come_as_far_as_it_says(
    played: Database, name: str, state: State, template: str, shared: set[Pane], opened: set[Pane]
) -> None:
    conversation = await talk(played, name)
    panes = conversation.panes.items()
    assert (conversation.state, conversation.template.id, conversation.version) == (state, template, 1)
    assert {pane for pane, stored in panes if stored.shared_at} == shared
    assert {pane for pane, stored in panes if stored.opened_at} == opened


async def test_nothing_has_happened_in_the_future(played: Database) -> None:
    def events(connection: Connection) -> list[datetime]:
        return list(connection.scalars(select(tables.audit.c.at).order_by(tables.audit.c.sequence)))

    at = await played.read(events)
    assert len(at) > 100
    assert at == sorted(at)
    assert at[-1] <= NOW


async def test_nobody_meets_on_a_weekend(played: Database) -> None:
    meeting = (await talk(played, "conv-04")).meeting
    assert meeting is not None
    assert meeting.at == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "notify", "sequence"),
    [
        ("conv-01", True, 0),
        ("conv-02", True, 1),
        ("conv-03", False, None),
        ("conv-04", True, None),
        ("conv-05", True, 0),
        ("conv-06", False, None),
    ],
)
async def test_who_was_told_of_a_meeting_gets_what_was_chosen(
    played: Database, name: str, notify: bool, sequence: int | None
) -> None:
    conversation = await talk(played, name)
    assert (conversation.notify, conversation.calendar_sequence) == (notify, sequence)


async def test_elias_and_jonas_meet_today_instead_of_two_days_ago(played: Database) -> None:
    conversation = await talk(played, "conv-02")
    assert conversation.meeting is not None
    assert conversation.meeting.at == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    actor = conversation.employee.actor
    told = await played.read(lambda connection: letters.to(connection, actor))
    abouts = [each.about for each in told if isinstance(each.about, Appointment)]
    moved = next(each for each in abouts if each.conversation == conversation.id and each.sequence == 1)
    assert moved.before_at == datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


async def test_nothing_is_written_in_the_newest_conversation(played: Database) -> None:
    jonas = (await cast(played))["jonas"]
    started = {
        each.employee.id: is_started
        for each, is_started in await Organisation(played, now).mine(jonas.actor)
        if each.state is State.OPEN
    }
    assert started == {"elias": True, "fatima": False, "maja": True, "ola": True}


async def test_every_text_is_where_it_was_written_and_reads_as_text(played: Database) -> None:
    contents = await read(played, "conv-02", "elias")
    # The template asks nothing in the manager's pane.
    assert set(contents) == {Pane.EMPLOYEE, Pane.JOINT}
    joint = contents[Pane.JOINT]
    assert plain_text(joint["b1.belastning"]) == "Hög under vårfloden, annars rimlig."
    assert plain_text(joint["b10"]).startswith("Kort sikt: kurs i processreglering.")
    assert joint["handlingsplan.kinds"] == ["k1", "k4", "k5"]
    assert [
        (plain_text(row["medarbetarens_mal"]), row["ansvarig"], row["datum.do"], row["datum.follow_up"])
        for row in joint["handlingsplan.mal"]
    ] == [
        ("Reservkraften provad på alla stationer", "elias", "2027-01-19", "2027-02-18"),
        ("Ny larmlista utan dubbletter", "jonas", "2027-01-04", "2027-03-20"),
    ]


async def test_what_is_not_shared_only_its_writer_reads(played: Database) -> None:
    assert set(await read(played, "conv-01", "jonas")) == {Pane.MANAGER, Pane.JOINT}
    assert set(await read(played, "conv-05", "ingrid")) == {Pane.MANAGER, Pane.JOINT}


async def lacking(database: Database, name: str, who: str) -> list[tuple[Lack, Pane | None, str | None]]:
    """What keeps ``who`` from signing or completing."""
    conversation = await talk(database, name)
    actor = (await cast(database))[who].actor
    missing = await Freezing(database, now, seal).missing(actor, conversation.id)
    return [(each.kind, each.pane, each.element) for each in missing]


async def test_one_answer_of_each_keeps_ingrid_from_completing_with_kari(played: Database) -> None:
    assert await lacking(played, "conv-04", "ingrid") == [
        (Lack.ELEMENT, Pane.JOINT, "c7"),
        (Lack.ELEMENT, Pane.MANAGER, "c9"),
    ]


async def test_ingrids_unshared_answers_alone_keep_priya_from_signing(played: Database) -> None:
    assert await lacking(played, "conv-05", "priya") == [(Lack.NOT_SHARED, Pane.MANAGER, None)]


@pytest.mark.parametrize(
    ("name", "signed"),
    [
        ("conv-03", {"maja": (-336, ""), "jonas": (-335, "")}),
        ("conv-07", {}),
        (
            "conv-08",
            {
                "jonas": (-31, "Jag har läst det. Jag är inte överens om punkten om budgeten."),
                "astrid": (-30, ""),
            },
        ),
    ],
)
async def test_what_is_closed_has_the_signatures_of_its_signers(
    played: Database, name: str, signed: dict[str, tuple[int, str]]
) -> None:
    conversation = await talk(played, name)
    actor = conversation.employee.actor
    record = await Records(played, now, seal).of(actor, conversation.id, conversation.version)
    assert record.closed_at is not None
    given = {each.signer: (_day(moment(each.at)), each.comment) for each in record.statements}
    assert given == signed


async def test_a_declined_conversation_says_why_to_its_two_people_and_to_hr(played: Database) -> None:
    everybody = await cast(played)
    declining = Declining(played, now)
    conversation = await talk(played, "conv-09")
    (told,) = await declining.declined(everybody["helena"].actor)
    for who in ("tomas", "astrid"):
        (decision,) = await declining.decisions(everybody[who].actor, conversation.id)
        assert decision.reason == "Vill ha med en facklig representant och ta det efter semestern."
        assert decision.alternative == "Samtal med Elias närvarande i augusti"
        assert told.decision == decision
    with pytest.raises(NotFound):
        await declining.declined(everybody["ingrid"].actor)


async def test_only_the_parties_of_today_and_then_see_what_was_played(played: Database) -> None:
    everybody = await cast(played)
    conversation = await talk(played, "conv-06")
    with pytest.raises(NotFound):
        await Conversations(played, now).see(everybody["ingrid"].actor, conversation.id)
    assert await Conversations(played, now).see(everybody["jonas"].actor, conversation.id)


WORK, DEVELOPMENT = GoalType.WORK, GoalType.DEVELOPMENT


@pytest.mark.parametrize(
    ("employee", "activities"),
    [
        (
            "maja",
            {
                ("Larmrutin i drift", WORK, ActivityState.COMPLETED, -60, "conv-03"),
                ("Handledarkurs", DEVELOPMENT, ActivityState.ACTIVE, 40, "conv-03"),
                ("Ny jourlista", WORK, ActivityState.ACTIVE, -5, "conv-03"),
            },
        ),
        (
            "kari",
            {
                ("Avklart grensesnitt mot fiber", WORK, ActivityState.COMPLETED, -100, "conv-07"),
                # The follow-up's table makes work goals only, so this one was agreed on beside it.
                ("Kurs i kontraktsledelse", DEVELOPMENT, ActivityState.COMPLETED, -14, None),
                ("Ekstra befaring", WORK, ActivityState.CANCELLED, None, "conv-07"),
                ("Eldre mål fra forrige system", WORK, ActivityState.ARCHIVED, None, None),
            },
        ),
        ("ola", {("Sertifisering måleinstrument", DEVELOPMENT, ActivityState.ACTIVE, 30, None)}),
        ("jonas", {("Ny bemanningsplan", WORK, ActivityState.ACTIVE, 120, "conv-08")}),
        ("elias", set()),
        ("priya", set()),
        ("fatima", set()),
    ],
)
async def test_what_was_agreed_stands_as_far_as_it_has_come(
    played: Database,
    employee: str,
    activities: set[tuple[str, GoalType, ActivityState, int | None, str | None]],
) -> None:
    """The day is that of completion; of what is active, the deadline."""

    def stored(connection: Connection) -> Sequence[Row[Any]]:
        table = tables.activity
        return connection.execute(select(table).where(table.c.employee_id == employee)).all()

    names = {(await talk(played, name)).id: name for name in ("conv-03", "conv-07", "conv-08")}
    found = set()
    for row in await played.read(stored):
        day = row.due_on if row.state == ActivityState.ACTIVE else row.completed_on
        found.add(
            (
                row.title,
                row.goal_type,
                row.state,
                day and (day - NOW.date()).days,
                names.get(row.from_conversation),
            )
        )
    assert found == activities


def said(seen: Detail, field: str) -> str:
    """What an activity's document says in one field."""
    blocks: Any = seen.content[field]
    return plain_text(blocks)


async def test_activities_have_the_texts_that_two_people_wrote_and_what_was_said(played: Database) -> None:
    actor = (await cast(played))["jonas"].actor
    activities = Activities(played, now)
    course = next(
        each for each in await activities.of_employee(actor, "maja") if each.title == "Handledarkurs"
    )
    seen = await activities.see(actor, course.id)
    assert said(seen, "description").startswith("Maja ska kunna ta emot nya")
    assert said(seen, "how").splitlines()[0] == "grundkurs på distans, klar"
    assert [(each.by.id, each.text.split()[0]) for each in seen.comments] == [
        ("maja", "Grundkursen"),
        ("jonas", "Bra."),
    ]
    row = next(
        each for each in await activities.of_employee(actor, "jonas") if each.title == "Ny bemanningsplan"
    )
    plan = await activities.see(actor, row.id)
    assert plan.activity.owner is not None
    assert plan.activity.owner.id == "jonas"
    assert said(plan, "goal") == "Färre driftstopp på ledningsnätet"
    assert said(plan, "develop") == "Att planera över enhetsgränserna"
    assert said(plan, "how").startswith("Kartlägga sommaren")
    days = [(day - NOW.date()).days for day in (plan.activity.due_on, plan.activity.follow_up_on) if day]
    assert days == [120, 150]


def _day(at: datetime) -> int:
    return (at.date() - NOW.date()).days


async def test_nobody_is_left_signed_in(played: Database) -> None:
    sessions = Sessions(played, now)
    for person in (await cast(played)).values():
        mine = await sessions.find(await sessions.begin(person.id, ""))
        assert len(await sessions.devices(mine)) == 1


async def test_playing_again_keeps_what_people_have_written_and_gives_the_new_password(
    played: Database, sqlite_url: str
) -> None:
    priya = (await cast(played))["priya"]
    conversation = await talk(played, "conv-05")
    await played.write(
        lambda c: sharing.withdraw(c, priya.actor, conversation.id, Pane.EMPLOYEE, now()),
    )
    await played.close()
    await loading.once(sqlite_url, NOW + timedelta(days=30), "another password")
    again = await open_database(sqlite_url, now)
    assert (await talk(again, "conv-05")).panes[Pane.EMPLOYEE].shared_at is None
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
        await loading.once(sqlite_url, NOW, "nordljus")


@pytest.mark.parametrize("where", ["conv-03"])
async def test_an_interrupted_play_is_recognised(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """At the first conversation, and at the last."""
    create = play.Play._create

    async def power_cut(playing: play.Play, told: data.ConversationData) -> None:
        if told.id == where:
            raise ConnectionAbortedError
        await create(playing, told)

    with monkeypatch.context() as patched:
        patched.setattr(play.Play, "_create", power_cut)
        with pytest.raises(ConnectionAbortedError):
            await loading.once(sqlite_url, NOW, PASSWORD)
    with pytest.raises(NotTheSample, match="interrupted"):
        await loading.once(sqlite_url, NOW, PASSWORD)


async def test_it_plays_on_postgresql_too(postgres_url: str) -> None:
    await loading.once(postgres_url, NOW, PASSWORD)
    database = await open_database(postgres_url, now)
    conversation = await talk(database, "conv-02")

    def readable(connection: Connection) -> int:
        return len(documents.contents(connection, conversation.employee.actor, conversation))

    assert await database.read(readable) == 2
    assert (await talk(database, "conv-08")).state is State.CLOSED
    assert len(conversation.id) == conversations.ID_BYTES * 2
    await database.close()


def test_the_files_are_whole() -> None:
    ids = {person.id for person in data.organisation().people}
    told = data.conversations()
    named = {who for each in told.conversations for who in (each.employee, each.responsible)}
    named |= {step.who for each in told.conversations for step in each.steps}
    named |= {who for each in told.activities for who in (each.employee, each.by)}
    named |= {who for each in told.endings for who in (each.employee, each.by)}
    assert named <= ids
    assert data.organisation().newest.id not in named


async def test_hr_has_set_the_rules_and_jonas_names_astrid_for_his_holiday(played: Database) -> None:
    everybody = await cast(played)
    policy = await Policies(played, now).get()
    assert policy.period is not None
    assert (policy.period.name, policy.notice_days, policy.retention.draft_after_leaving_days) == (
        "Medarbetarsamtal i år",
        (7, 14),
        90,
    )
    today = now().date()
    assert [(day - today).days for day in (policy.period.begins_on, policy.period.ends_on)] == [-60, 60]
    (named,) = await StandIns(played, now).mine(everybody["astrid"].actor)
    days = named.days
    assert (named.manager.id, named.reason) == ("jonas", "Semester")
    assert ((days.begins_on - today).days, (days.ends_on - today).days) == (10, 24)


async def test_hr_sees_who_of_the_sample_has_had_a_conversation(played: Database) -> None:
    everybody = await cast(played)
    coverage = await Coverages(played, now).read(everybody["helena"].actor)
    assert {each.id: (each.standing.value, each.is_overdue) for each in coverage.employees} == {
        "astrid": ("none", True),
        "elias": ("goes_on", True),
        "fatima": ("goes_on", False),
        "helena": ("none", True),
        "ingrid": ("none", True),
        "jonas": ("held", False),
        "kari": ("goes_on", False),
        "leo": ("not_required", False),
        "maja": ("goes_on", False),
        "ola": ("goes_on", True),
        "priya": ("goes_on", False),
        "tomas": ("declined", True),
    }
    # Four, four and two people below: each of the three would tell of too few.
    shown = {unit.id: unit.figures for unit in coverage.units.values() if unit.figures}
    figures = Figures(required=11, held=1, goes_on=6, declined=1, none=3, overdue=6, not_required=1)
    assert shown == {WHOLE: figures, "ledning": figures}
