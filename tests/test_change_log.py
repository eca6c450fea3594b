"""The change log: who wrote in what and when, for those who may read it and for nobody else."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from server import change_log
from server.change_log import ChangeLog, Kind
from server.rules.access import Actor, Pane
from server.rules.errors import NotFound
from server.storage import tables
from tests.conftest import SetClock
from tests.organisation import ASTRID, HELENA, JONAS, MAJA, TOMAS, Organisation, annual_template, text

ANSWERS = {"a1": text("Hemligt"), "a3": 2}


async def read(here: Organisation, actor: Actor, id_: str) -> ChangeLog:
    return await here.database.read(lambda connection: change_log.read(connection, actor, id_))


async def writings(here: Organisation, actor: Actor, id_: str) -> list[tuple[str, str, str]]:
    """Pane, element and person, the newest first."""
    log = await read(here, actor, id_)
    return [(each.pane.value, each.element.id, each.by.id) for each in log.writings]


async def turns(here: Organisation, actor: Actor, id_: str) -> list[tuple[str, str | None]]:
    """What happened and who did it, the oldest first."""
    log = await read(here, actor, id_)
    return [(turn.kind.value, turn.by.id if turn.by else None) for turn in reversed(log.turns)]


async def test_it_names_who_wrote_in_which_element_and_when_first_and_last(
    here: Organisation, clock: SetClock
) -> None:
    id_ = await here.conversation()
    began = clock()
    await here.write("maja", id_, Pane.JOINT, {"a1": text("Ett")})
    clock.pass_time(minutes=3)
    await here.take_back("maja", id_, Pane.JOINT)
    clock.pass_time(minutes=5)
    await here.write("jonas", id_, Pane.JOINT, {"a1": text("Två")})

    first, second = (await read(here, JONAS.actor, id_)).writings
    assert (first.element.id, first.by.id, first.pane) == ("a1", "jonas", Pane.JOINT)
    assert (first.first_at, first.last_at) == (clock(), clock())
    assert (second.element.id, second.by.id) == ("a1", "maja")
    assert (second.first_at, second.last_at) == (began, began + timedelta(minutes=3))


async def test_the_parts_of_an_element_are_one(here: Organisation, clock: SetClock) -> None:
    """Two fields of one element, as a choice and the text beside it, are one line to people."""
    body = annual_template()
    body["version"] = 2
    body["sections"][0]["elements"].append(
        {
            "id": "dates",
            "type": "date_pair",
            "panes": ["joint"],
            "label": {"sv": "När", "nb": "Når", "en": "When"},
        }
    )
    await here.templates.add(HELENA.actor, body)
    id_ = await here.conversations.create(JONAS.actor, "maja", (body["id"], 2), None)
    began = clock()
    await here.write("maja", id_, Pane.JOINT, {"dates.do": "2027-01-01"})
    clock.pass_time(minutes=1)
    await here.write("maja", id_, Pane.JOINT, {"dates.follow_up": "2027-02-01"})

    (only,) = (await read(here, MAJA.actor, id_)).writings
    assert (only.element.id, only.first_at, only.last_at) == ("dates", began, clock())


async def test_rows_of_a_table_are_one(here: Organisation) -> None:
    id_ = await here.conversation()
    for row in ("r1", "r2"):
        await here.write("maja", id_, Pane.JOINT, {"a7": [{"id": row, "description": text(row)}]})

    assert await writings(here, MAJA.actor, id_) == [("joint", "a7", "maja")]


async def test_what_is_not_shared_is_told_to_its_owner_alone(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, ANSWERS)
    await here.write("jonas", id_, Pane.MANAGER, {"a1": text("Också hemligt")})

    assert sorted(await writings(here, MAJA.actor, id_)) == [
        ("employee", "a1", "maja"),
        ("employee", "a3", "maja"),
    ]
    assert await writings(here, JONAS.actor, id_) == [("manager", "a1", "jonas")]


async def test_private_writing_changes_nothing_in_what_the_other_party_reads(
    here: Organisation, clock: SetClock
) -> None:
    id_ = await here.conversation()
    before = await read(here, JONAS.actor, id_)
    clock.pass_time(hours=1)
    await here.write("maja", id_, Pane.EMPLOYEE, ANSWERS)

    assert await read(here, JONAS.actor, id_) == before


async def test_what_was_written_before_the_share_is_told_to_nobody_afterwards(
    here: Organisation, clock: SetClock
) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, ANSWERS)
    clock.pass_time(minutes=5)
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    for actor in (MAJA.actor, JONAS.actor):
        assert await writings(here, actor, id_) == []
        assert await turns(here, actor, id_) == [("created", "jonas"), ("shared", "maja")]

    clock.pass_time(minutes=5)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a4": text("Efter delningen")})
    assert await writings(here, MAJA.actor, id_) == [("employee", "a4", "maja")]
    # Shared, and not opened yet.
    assert await writings(here, JONAS.actor, id_) == []

    await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    assert await writings(here, JONAS.actor, id_) == [("employee", "a4", "maja")]
    assert (await turns(here, MAJA.actor, id_))[-1] == ("opened", None)


async def test_a_share_that_was_taken_back_is_told_no_more(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, ANSWERS)
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    await here.sharing.withdraw(MAJA.actor, id_, Pane.EMPLOYEE)

    for actor in (MAJA.actor, JONAS.actor):
        assert await turns(here, actor, id_) == [("created", "jonas")]
        assert await writings(here, actor, id_) == []


async def test_nobody_else_reads_it(here: Organisation) -> None:
    id_ = await here.conversation()
    for one in (TOMAS, HELENA, ASTRID):
        with pytest.raises(NotFound):
            await read(here, one.actor, id_)
    with pytest.raises(NotFound):
        await read(here, MAJA.actor, "0" * 32)


async def test_a_guest_reads_what_both_can_read_and_nothing_of_what_the_two_decide(
    here: Organisation, clock: SetClock
) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, ANSWERS)
    await here.write("maja", id_, Pane.JOINT, {"a1": text("Tillsammans")})
    await here.database.write(
        lambda connection: (
            connection.execute(
                insert(tables.guest).values(
                    conversation_id=id_,
                    person_id="helena",
                    invited_by="maja",
                    invited_at=clock(),
                    agreed_at=clock(),
                    accepted_at=clock(),
                    writes=False,
                )
            )
            and None
        )
    )

    assert await writings(here, HELENA.actor, id_) == [("joint", "a1", "maja")]
    assert await turns(here, HELENA.actor, id_) == []
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    assert await turns(here, HELENA.actor, id_) == [("shared", "maja")]


async def test_a_guest_who_wrote_is_named_after_the_end_as_well(here: Organisation, clock: SetClock) -> None:
    id_ = await here.conversation()
    guest = {"conversation_id": id_, "person_id": "helena", "invited_by": "maja", "invited_at": clock()}

    def give(connection: Any) -> None:
        connection.execute(
            insert(tables.guest).values(**guest, agreed_at=clock(), accepted_at=clock(), writes=True)
        )
        connection.execute(update(tables.conversation).values(joint_writers=["helena"]))

    def end(connection: Any) -> None:
        connection.execute(update(tables.guest).values(writes=False, ended_at=clock(), ended_by="maja"))
        connection.execute(update(tables.conversation).values(joint_writers=None))

    await here.database.write(give)
    await here.write("helena", id_, Pane.JOINT, {"a1": text("Från gästen")})
    await here.database.write(end)

    assert await writings(here, MAJA.actor, id_) == [("joint", "a1", "helena")]
    with pytest.raises(NotFound):
        await read(here, HELENA.actor, id_)


async def test_the_way_to_the_signed_record_and_back_is_told(here: Organisation, clock: SetClock) -> None:
    id_, sha256 = await here.frozen()
    clock.pass_time(minutes=1)
    await here.sign(MAJA.actor, id_, sha256)
    clock.pass_time(minutes=1)
    await here.sign(JONAS.actor, id_, sha256)
    seen = await turns(here, MAJA.actor, id_)

    assert [kind for kind, _ in seen][-4:] == ["frozen", "signed", "signed", "completed"]
    assert [who for _, who in seen][-3:] == ["maja", "jonas", None]
    clock.pass_time(minutes=1)
    await here.reopening.reopen(JONAS.actor, id_, "En siffra är fel.")
    log = await read(here, MAJA.actor, id_)
    assert (log.turns[0].kind, log.turns[0].reason) == (Kind.REOPENED, "En siffra är fel.")
    # The texts begin anew, and so does who wrote them.
    assert log.writings == ()
    await here.write("jonas", id_, Pane.JOINT, {"a1": text("Rättat")})
    assert await writings(here, MAJA.actor, id_) == [("joint", "a1", "jonas")]


async def test_what_was_voided_before_closing_is_told_no_more(here: Organisation, clock: SetClock) -> None:
    id_, sha256 = await here.frozen()
    await here.sign(MAJA.actor, id_, sha256)
    clock.pass_time(minutes=1)
    await here.reopening.reopen(JONAS.actor, id_, "Vi glömde en sak.")
    kinds = [kind for kind, _ in await turns(here, MAJA.actor, id_)]

    assert kinds[-1] == "reopened"
    assert not {"frozen", "signed", "completed"} & set(kinds)
