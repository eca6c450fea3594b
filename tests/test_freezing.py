"""Freezing: nothing enters the record afterwards, and everything that was acknowledged is in it."""

import hashlib
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from server import freezing
from server.activities import GoalType
from server.activity_documents import Wording
from server.audit import Event
from server.record.format import read, read_sealed
from server.rules.access import Pane, State
from server.rules.errors import NotReady, ShareAlreadyOpened, TooMuchForRecord
from server.rules.life import Lack, Missing
from server.storage import tables
from server.storage.bells import ConversationChanged
from server.storage.database import Database
from server.storage.opening import open_database
from tests.conftest import SetClock
from tests.long_conversation import long_conversation
from tests.organisation import JONAS, MAJA, Organisation, annual_template, text

EMPLOYEE, MANAGER, JOINT = Pane.EMPLOYEE, Pane.MANAGER, Pane.JOINT


@pytest.fixture
async def unsigned(database: Database, clock: SetClock) -> Organisation:
    """Where nobody signs."""
    organisation = Organisation(database, clock)
    await organisation.found(annual_template(sign={"enabled": False}))
    return organisation


async def record(here: Organisation, id_: str) -> Any:
    """The row of the conversation's newest record."""
    table = tables.record
    wanted = select(table).where(table.c.conversation_id == id_).order_by(table.c.version.desc())
    return await here.database.read(lambda connection: connection.execute(wanted).first())


async def events(here: Organisation, id_: str) -> list[str]:
    table = tables.audit
    wanted = select(table.c.event).where(table.c.conversation == id_).order_by(table.c.sequence)
    return await here.database.read(lambda connection: list(connection.scalars(wanted)))


def answers(content: bytes, part: str) -> dict[str, Any]:
    """Pane -> answer of one part of a record."""
    (found,) = (
        each
        for section in read(content).sections
        for element in section.elements
        for each in element.parts
        if each.name == part
    )
    return found.answers


async def test_the_record_has_what_stands_in_all_three_panes(here: Organisation) -> None:
    id_, sha256 = await here.frozen()
    row = await record(here, id_)
    assert (row.version, row.frozen_by, row.closed_at, row.sealed) == (1, "maja", None, None)
    assert row.sha256 == sha256 == hashlib.sha256(row.content).hexdigest()
    assert answers(row.content, "a1") == {
        "employee": text("Larmrutinen sitter."),
        "manager": text("Du har lyft hela laget."),
    }
    assert answers(row.content, "a8") == {"joint": text("Vi är nöjda.")}


async def test_two_records_of_the_same_words_have_nothing_in_common_to_search_for(here: Organisation) -> None:
    _, first = await here.frozen()
    _, second = await here.frozen()
    assert first != second


async def test_what_is_missing_is_told_at_once_and_nothing_changes(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, EMPLOYEE, {"a1": text("Bra.")})
    await here.share(MAJA.actor, id_, EMPLOYEE)
    await here.write("maja", id_, JOINT, {"a6": text("Vidare.")})
    with pytest.raises(NotReady) as refused:
        await here.freezing.freeze(MAJA.actor, id_)
    missing = Missing(Lack.NOT_SHARED, MANAGER), Missing(Lack.ELEMENT, JOINT, "a8", "a8")
    assert refused.value.missing == missing == await here.freezing.missing(MAJA.actor, id_)
    assert (await here.conversations.see(MAJA.actor, id_)).state is State.OPEN
    assert await here.count("record") == 0


async def test_the_guards_tell_nobody_what_stands_in_a_pane_that_is_not_theirs_to_read(
    database: Database, clock: SetClock
) -> None:
    here = Organisation(database, clock)
    body = annual_template()
    # What Maja alone is asked, and the last answer that signing demands.
    body["sections"][1]["elements"][0]["required_for"] = ["sign"]
    await here.found(body)
    id_ = await here.conversation()
    await here.write("jonas", id_, MANAGER, {"a1": text("Bra.")})
    await here.share(JONAS.actor, id_, MANAGER)
    await here.write("maja", id_, JOINT, {"a6": text("Vidare."), "a8": text("Nöjda.")})
    not_shared = Missing(Lack.NOT_SHARED, EMPLOYEE)
    in_her_pane = Missing(Lack.ELEMENT, EMPLOYEE, "a3", "a3")
    assert await here.freezing.missing(JONAS.actor, id_) == (not_shared,)
    assert await here.freezing.missing(MAJA.actor, id_) == (not_shared, in_her_pane)
    await here.write("maja", id_, EMPLOYEE, {"a1": text("Bra.")})
    await here.share(MAJA.actor, id_, EMPLOYEE)
    # He has not pressed "show the answers".
    assert await here.freezing.missing(JONAS.actor, id_) == (Missing(Lack.UNREAD, EMPLOYEE),)
    await here.sharing.open_pane(JONAS.actor, id_, EMPLOYEE)
    assert await here.freezing.missing(JONAS.actor, id_) == (in_her_pane,)


async def test_a_freeze_opens_what_was_shared_for_good(here: Organisation) -> None:
    id_, _ = await here.frozen()
    conversation = await here.conversations.see(JONAS.actor, id_)
    assert [pane for pane in Pane if conversation.panes[pane].opened_at] == [EMPLOYEE, MANAGER]
    with pytest.raises(ShareAlreadyOpened):
        await here.sharing.withdraw(MAJA.actor, id_, EMPLOYEE)


async def test_a_freeze_is_told_to_the_rooms_and_to_the_audit(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.ready(id_)
    here.bells.clear()
    await here.freezing.freeze(JONAS.actor, id_)
    assert ConversationChanged(id_) in here.bells
    assert (await events(here, id_))[-1] == Event.CONVERSATION_FROZEN


async def test_the_record_keeps_the_names_goals_and_activities_of_its_moment(here: Organisation) -> None:
    await here.new_activities.add(JONAS.actor, "maja", GoalType.WORK, Wording("Ny jourlista"))
    id_ = await here.conversation()
    await here.ready(id_)
    await here.write(
        "jonas",
        id_,
        JOINT,
        {"a7": [{"id": "r1", "description": text("Handledarkurs"), "responsible": "jonas"}]},
    )
    await here.freezing.freeze(MAJA.actor, id_)
    await here.database.write(
        lambda connection: connection.execute(
            update(tables.person).where(tables.person.c.id == "jonas").values(name="Jonas Bergman-Ek")
        )
    )
    content = read((await record(here, id_)).content)
    assert content.people == {"jonas": "Jonas Bergman"}
    assert content.responsible.name == "Jonas Bergman"
    (review,) = (
        element for section in content.sections for element in section.elements if element.id == "a2"
    )
    assert [each["en"] for each in review.shown if isinstance(each, dict)] == ["Ny jourlista (going on)"]


async def test_what_nobody_signs_is_closed_in_one_step_by_whom_the_template_names(
    unsigned: Organisation, clock: SetClock
) -> None:
    id_ = await unsigned.conversation()
    await unsigned.ready(id_)
    await unsigned.freezing.complete(JONAS.actor, id_)
    assert (await unsigned.conversations.see(MAJA.actor, id_)).state is State.CLOSED
    row = await record(unsigned, id_)
    assert (row.frozen_at, row.closed_at) == (clock.now, clock.now)
    assert read_sealed(row.sealed).signatures == []
    turns = [event for event in await events(unsigned, id_) if ":conversation:" in event]
    assert turns[1:] == [
        Event.CONVERSATION_FROZEN,
        Event.CONVERSATION_COMPLETED,
        Event.CONVERSATION_CLOSED,
    ]


async def test_what_is_missing_keeps_it_from_being_completed(unsigned: Organisation) -> None:
    id_ = await unsigned.conversation()
    with pytest.raises(NotReady) as refused:
        await unsigned.freezing.complete(JONAS.actor, id_)
    assert [each.kind for each in refused.value.missing] == [Lack.NOT_SHARED] * 2
    assert await unsigned.count("record") == 0


async def test_what_fails_on_the_way_freezes_nothing(
    here: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await here.conversation()
    await here.ready(id_)

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("in the middle")

    broken: Callable[..., None] = fails
    monkeypatch.setattr("server.conversations.move", broken)
    with pytest.raises(RuntimeError):
        await here.freezing.freeze(MAJA.actor, id_)
    monkeypatch.undo()
    assert await here.count("record") == 0
    assert not (await here.conversations.see(MAJA.actor, id_)).panes[EMPLOYEE].opened_at
    assert Event.CONVERSATION_FROZEN not in await events(here, id_)
    await here.freezing.freeze(MAJA.actor, id_)


async def test_more_than_a_record_can_have_is_not_frozen(
    here: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await here.conversation()
    await here.ready(id_)
    await here.write("maja", id_, JOINT, {"a7": [{"id": "r", "description": text("Kurs. " * 200)}]})
    monkeypatch.setattr(freezing, "RECORD_CHARACTERS_MAX", 1_000)
    with pytest.raises(TooMuchForRecord):
        await here.freezing.freeze(MAJA.actor, id_)
    assert (await here.conversations.see(MAJA.actor, id_)).state is State.OPEN
    monkeypatch.setattr(freezing, "RECORD_CHARACTERS_MAX", 2_000)
    await here.freezing.freeze(MAJA.actor, id_)


async def test_a_conversation_as_long_as_they_get_is_frozen_in_200_ms(
    sqlite_url: str, clock: SetClock
) -> None:
    database = await open_database(sqlite_url, clock)
    here = Organisation(database, clock)
    id_ = await long_conversation(here)
    # What the machine does beside it must not count, so it is the processor's time.
    began = time.process_time()
    await here.freezing.freeze(MAJA.actor, id_)
    seconds = time.process_time() - began
    assert set(answers((await record(here, id_)).content, "q0")) == {"employee", "manager", "joint"}
    await database.close()
    assert seconds < 0.2
