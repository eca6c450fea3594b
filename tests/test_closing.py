"""Closing: the record is sealed and kept, and what was agreed becomes activities, once."""

from datetime import date
from typing import Any, cast

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from crdt.content import TextContent, plain_text
from crdt.document import Document
from server.activities import ActivityState, GoalType
from server.record import sealing
from server.record.format import read_sealed
from server.record.sealing import OrganisationSeal, Seals
from server.record.verifying import verify
from server.rules.access import Pane
from server.rules.limits import UPDATE
from server.signing import Signing
from server.storage import tables
from server.storage.database import Database
from server.templates import schemas
from tests.conftest import SetClock
from tests.organisation import JONAS, MAJA, PASSWORD, TOMAS, Organisation, annual_template, text
from tests.template.bodies import sample as template_body
from tests.test_freezing import record

JOINT = Pane.JOINT


def rows(*described: str) -> dict[str, Any]:
    """A table with these things to do, in the annual template's joint pane."""
    return {
        "a7": [
            {"id": f"row-{number}", "goal_type": "development_goal", "description": text(each)}
            | ({"due_date": "2027-03-01"} if number == 0 else {})
            for number, each in enumerate(described)
        ]
    }


async def sign(here: Organisation, id_: str) -> None:
    sha256 = await here.freezing.freeze(MAJA.actor, id_)
    await here.sign(JONAS.actor, id_, sha256)
    await here.sign(MAJA.actor, id_, sha256)


def always(key: OrganisationSeal) -> Seals:
    return lambda _connection, _now: key


async def test_a_key_that_was_changed_between_two_signatures_vouches_for_both(
    here: Organisation, clock: SetClock
) -> None:
    before, after = sealing.make("Nordljus", clock.now), sealing.make("Nordljus", clock.now)
    id_, sha256 = await here.frozen()
    for who, key in ((MAJA.actor, before), (JONAS.actor, after)):
        signing = Signing(here.database, clock, here.accounts, always(key))
        await signing.sign(who, id_, sha256, "sv", "", PASSWORD)
    verdict = verify((await record(here, id_)).sealed, [after.fingerprint])
    assert (verdict.faults, verdict.is_authentic) == ((), True)


async def test_the_sealed_record_has_the_content_and_every_signature(
    here: Organisation, clock: SetClock
) -> None:
    id_, sha256 = await here.frozen()
    await here.sign(JONAS.actor, id_, sha256, "Bra samtal.")
    clock.pass_time(days=1)
    await here.sign(MAJA.actor, id_, sha256)
    row = await record(here, id_)
    sealed = read_sealed(row.sealed)
    assert (sealed.sha256, row.closed_at) == (sha256, clock.now)
    assert [(each.statement.signer, each.statement.comment) for each in sealed.signatures] == [
        ("jonas", "Bra samtal."),
        ("maja", ""),
    ]


async def test_the_documents_are_kept_as_they_were(here: Organisation) -> None:
    id_, _ = await here.closed()
    table = tables.record_document
    kept = await here.database.read(
        lambda connection: {row.pane: row.snapshot for row in connection.execute(select(table))}
    )
    reading = await here.documents.read(MAJA.actor, id_)
    assert kept.keys() == set(Pane)
    for pane, snapshot in kept.items():
        document = Document.loaded(schemas(reading.conversation.template, pane), UPDATE, snapshot, (), {})
        assert document.content() == reading.contents[pane]
        document.close()


async def test_rows_of_the_plan_become_activities(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.ready(id_)
    await here.write("jonas", id_, JOINT, rows("Handledarkurs", "Ny jourlista", " "))
    await sign(here, id_)
    made = await here.activities.of_employee(MAJA.actor, "maja")
    assert [(each.title, each.goal_type, each.state, each.due_on) for each in made] == [
        ("Handledarkurs", GoalType.DEVELOPMENT, ActivityState.ACTIVE, date(2027, 3, 1)),
        ("Ny jourlista", GoalType.DEVELOPMENT, ActivityState.ACTIVE, None),
    ]
    origins = select(tables.activity.c.from_conversation).distinct()
    assert await here.database.read(lambda connection: list(connection.scalars(origins))) == [id_]


async def test_another_version_makes_activities_of_new_rows_alone(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.ready(id_)
    await here.write("jonas", id_, JOINT, rows("Handledarkurs"))
    await sign(here, id_)
    (first,) = await here.activities.of_employee(MAJA.actor, "maja")
    await here.activity_turns.complete(MAJA.actor, first.id)
    for _ in range(2):
        await here.reopening.reopen(JONAS.actor, id_, "En sak till.")
        await sign(here, id_)
    (still,) = await here.activities.of_employee(MAJA.actor, "maja")
    assert (still.id, still.state) == (first.id, ActivityState.COMPLETED)
    other = await here.conversation()
    await here.ready(other)
    await here.write("jonas", other, JOINT, rows("Handledarkurs"))
    await sign(here, other)
    assert await here.count("activity") == 2


async def test_guests_end_with_the_conversation(here: Organisation, clock: SetClock) -> None:
    id_, sha256 = await here.frozen()
    guest = {
        "conversation_id": id_,
        "person_id": "tomas",
        "invited_by": "maja",
        "invited_at": clock.now,
        "agreed_at": clock.now,
        "accepted_at": clock.now,
        "writes": True,
    }

    def invite(connection: Any) -> None:
        connection.execute(insert(tables.guest).values(**guest))
        connection.execute(update(tables.conversation).values(joint_writers=["tomas"]))

    await here.database.write(invite)
    assert JOINT in (await here.documents.read(TOMAS.actor, id_)).contents
    await here.sign(MAJA.actor, id_, sha256)
    await here.sign(JONAS.actor, id_, sha256)
    await here.reopening.reopen(JONAS.actor, id_, "En sak till.")
    ended, writers = await here.database.read(
        lambda connection: (
            connection.execute(select(tables.guest.c.ended_at, tables.guest.c.ended_by)).one(),
            connection.scalar(select(tables.conversation.c.joint_writers)),
        )
    )
    assert tuple(ended) == (clock.now, "jonas")
    assert writers is None
    assert (await here.conversations.see(MAJA.actor, id_)).facts.guests == ()


async def test_a_version_is_recorded_once(here: Organisation) -> None:
    id_, _ = await here.closed()
    again = insert(tables.record).from_select(
        [column.name for column in tables.record.c],
        select(tables.record).where(tables.record.c.conversation_id == id_),
    )
    with pytest.raises(IntegrityError):
        await here.database.write(lambda connection: connection.execute(again))
    counted = select(func.count()).select_from(tables.record)
    assert await here.database.read(lambda connection: connection.scalar(counted)) == 1


async def test_of_a_question_with_a_joint_pane_only_what_was_agreed_there_is_to_be_done(
    database: Database, clock: SetClock
) -> None:
    here = Organisation(database, clock)
    body = annual_template(sign={"enabled": False})
    body["sections"][3]["elements"][1]["panes"] = [pane.value for pane in Pane]
    await here.found(body)
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, rows("Vad jag önskade mig"))
    await here.ready(id_)
    await here.write("jonas", id_, JOINT, rows("Handledarkurs"))
    await here.freezing.complete(JONAS.actor, id_)
    made = await here.activities.of_employee(MAJA.actor, "maja")
    assert [each.title for each in made] == ["Handledarkurs"]


async def test_an_activity_says_everything_that_its_row_of_the_plan_says(
    database: Database, clock: SetClock
) -> None:
    here = Organisation(database, clock)
    body = annual_template(sign={"enabled": False})
    routine = template_body("routine_with_plan")
    body["action_plan"] = routine["action_plan"]
    await here.found(body)
    id_ = await here.conversation()
    await here.ready(id_)
    goal: Any = {
        "id": "r1",
        "verksamhetens_mal": text("Färre driftstopp"),
        "medarbetarens_mal": text("Ny bemanningsplan"),
        "utveckla": text("Att planera"),
        "hur": text("Kartlägga sommaren"),
        "ansvarig": "jonas",
        "datum.do": "2027-03-01",
        "datum.follow_up": "2027-06-01",
    }
    challenge: Any = {
        "id": "r1",
        "medarbetarens_utmaning": text("Dela vikarier"),
        "hur": text("Prata med Trondheim"),
        "stod": text("Tid av Jonas"),
    }
    unclear: Any = {"id": "r2", "hur": text("Kurs"), "ansvarig": "nobody"}
    rows: Any = {"handlingsplan.mal": [goal, unclear], "handlingsplan.utmaning": [challenge]}
    await here.write("jonas", id_, JOINT, rows)
    await here.freezing.complete(JONAS.actor, id_)
    made = {each.title: each for each in await here.activities.of_employee(MAJA.actor, "maja")}
    assert list(made) == ["Ny bemanningsplan", "Dela vikarier", "Kurs"]
    plan = made["Ny bemanningsplan"]
    assert (plan.goal_type, plan.due_on, plan.follow_up_on) == (
        GoalType.WORK,
        date(2027, 3, 1),
        date(2027, 6, 1),
    )
    assert plan.owner is not None
    assert (plan.owner.id, made["Kurs"].owner, plan.from_conversation) == ("jonas", None, id_)
    assert made["Dela vikarier"].goal_type is GoalType.DEVELOPMENT

    async def said(title: str) -> dict[str, str]:
        content = (await here.activities.see(MAJA.actor, made[title].id)).content
        texts = {name: cast(TextContent, value) for name, value in content.items() if isinstance(value, list)}
        return {name: words for name, blocks in texts.items() if (words := plain_text(blocks))}

    assert await said("Ny bemanningsplan") == {
        "title": "Ny bemanningsplan",
        "goal": "Färre driftstopp",
        "develop": "Att planera",
        "how": "Kartlägga sommaren",
    }
    assert await said("Dela vikarier") == {
        "title": "Dela vikarier",
        "description": "Vilket ev. stöd behövs och av vem/vilka: Tid av Jonas",
        "how": "Prata med Trondheim",
    }
    # What is to be done is said once, wherever the row has it.
    assert await said("Kurs") == {"title": "Kurs"}
