"""Conversations: who makes one, who sees one, and what each of the two can know of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from server import conversations
from server.conversations import Conversation, ConversationPanes, Meeting
from server.people import add_unit
from server.rules.access import OPERATOR, Actor, Pane, Role, State
from server.rules.errors import NotFound
from server.storage.database import Database
from tests.conftest import SetClock
from tests.organisation import (
    ANNUAL,
    ASTRID,
    HELENA,
    JONAS,
    MAJA,
    TOMAS,
    Organisation,
    annual_template,
    person,
    text,
)

T = TypeVar("T")
MEETING = Meeting(datetime(2026, 11, 26, 8, 30, tzinfo=UTC), "Europe/Stockholm", "Rum Storsjön")


async def test_the_manager_makes_a_conversation_and_both_see_it(here: Organisation) -> None:
    id_ = await here.conversation(MEETING)
    for actor in (MAJA.actor, JONAS.actor):
        seen = await here.conversations.see(actor, id_)
        assert (seen.employee.id, seen.responsible.id, seen.state) == ("maja", "jonas", State.OPEN)
        assert (seen.meeting, seen.template.id) == (MEETING, ANNUAL[0])
        assert [(pane, *each.name.split("/")[:2]) for pane, each in seen.panes.items()] == [
            (pane, id_, pane) for pane in (Pane.EMPLOYEE, Pane.MANAGER, Pane.JOINT)
        ]
        assert seen.other(actor.person).id != actor.person


async def test_its_id_is_random_and_has_128_bits(here: Organisation) -> None:
    ids = {await here.conversation() for _ in range(3)}
    assert {len(bytes.fromhex(id_)) for id_ in ids} == {16}
    assert len(ids) == 3


async def test_the_names_of_its_documents_are_random_and_have_128_bits(here: Organisation) -> None:
    id_ = await here.conversation()
    names = [(await here.name(id_, pane)).removeprefix(f"{id_}/{pane}/") for pane in Pane]
    assert [len(bytes.fromhex(name)) for name in names] == [16, 16, 16]
    assert len(set(names)) == 3


@pytest.mark.parametrize(
    "actor", [MAJA.actor, ASTRID.actor, HELENA.actor, TOMAS.actor], ids=lambda a: a.person
)
async def test_nobody_else_makes_a_conversation(here: Organisation, actor: Actor) -> None:
    with pytest.raises(NotFound):
        await here.conversations.create(actor, "maja", ANNUAL)
    with pytest.raises(NotFound):
        await here.conversations.create(JONAS.actor, "nobody", ANNUAL)
    with pytest.raises(NotFound):
        await here.conversations.create(JONAS.actor, "maja", ("no-such-template", 1))


async def test_a_template_of_other_units_cannot_be_chosen(database: Database, clock: SetClock) -> None:
    here = Organisation(database, clock)
    name = {"sv": "Projekt", "nb": "Prosjekt", "en": "Projects"}
    await database.write(
        lambda connection: add_unit(connection, OPERATOR, "prosjekt", name, None, [], clock())
    )
    await here.found(annual_template(available_to={"units": ["prosjekt"]}))
    with pytest.raises(NotFound):
        await here.conversation()


@pytest.mark.parametrize("actor", [ASTRID.actor, HELENA.actor, TOMAS.actor], ids=lambda a: a.person)
async def test_to_everybody_else_it_looks_as_if_it_did_not_exist(here: Organisation, actor: Actor) -> None:
    id_ = await here.conversation()
    for asked in (id_, "0" * 32):
        for ask in (here.conversations.see, here.documents.read, here.activities.of_conversation):
            with pytest.raises(NotFound):
                await ask(actor, asked)
    assert await here.mine(actor) == []


async def test_whoever_opens_a_document_is_weighed_by_all_that_is_known_of_its_conversation(
    here: Organisation,
) -> None:
    # It is read in another way than for a page: in one statement, and without its people.
    elias = person("elias", "Elias Norén", "jonas", Role.UNION_REPRESENTATIVE)
    await here.accounts.add(TOMAS.actor, elias, None)
    id_ = await here.conversation(MEETING)
    seen: list[ConversationPanes | None] = []

    async def compare() -> None:
        for one in (MAJA, JONAS, elias, ASTRID, TOMAS):
            whole = await _asked(here.database, conversations.see, one.actor, id_)
            panes = await _asked(here.database, conversations.see_panes, one.actor, id_)
            assert (panes is None) == (whole is None)
            if whole is not None and panes is not None:
                for name in ConversationPanes.__slots__:
                    assert getattr(panes, name) == getattr(whole, name), name
            seen.append(panes)

    await compare()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("Färdigt")})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    await compare()
    await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    await here.invitations.invite(MAJA.actor, id_, "elias")
    await compare()
    await here.invitations.accept(elias.actor, id_)
    await here.invitations.let_write(MAJA.actor, id_, "elias", writes=True)
    await compare()
    await here.invitations.end(MAJA.actor, id_, "elias")
    await compare()
    taking_part = [bool(panes) for panes in seen[2::5]]
    assert taking_part == [False, False, False, True, False]


async def _asked(
    database: Database, see: Callable[[Connection, Actor, str], T], actor: Actor, id_: str
) -> T | None:
    try:
        return await database.read(lambda rows: see(rows, actor, id_))
    except NotFound:
        return None


async def test_private_writing_starts_a_conversation_for_the_writer_alone(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("Utkast")})
    assert await _started(here, MAJA.actor)
    assert not await _started(here, JONAS.actor)


async def test_joint_writing_starts_it_for_both(here: Organisation) -> None:
    id_ = await here.conversation()
    assert not await _started(here, MAJA.actor)
    await here.write("maja", id_, Pane.JOINT, {"a1": text("Vi")})
    assert await _started(here, JONAS.actor)


async def test_a_share_starts_it_for_both_and_withdrawing_leaves_it_started_for_the_writer(
    here: Organisation,
) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("Färdigt")})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    assert await _started(here, JONAS.actor)
    await here.sharing.withdraw(MAJA.actor, id_, Pane.EMPLOYEE)
    assert await _started(here, MAJA.actor)
    assert not await _started(here, JONAS.actor)


async def test_private_writing_changes_nothing_in_the_others_list(here: Organisation) -> None:
    first, second = await here.conversation(), await here.conversation(MEETING)
    before = await _list(here, JONAS.actor)
    await here.write("maja", first, Pane.EMPLOYEE, {"a1": text("Utkast")})
    await here.write("maja", second, Pane.EMPLOYEE, {"a1": text("Utkast")})
    assert await _list(here, JONAS.actor) == before
    assert [each.id for each, _ in before] == [second, first]


async def _started(here: Organisation, actor: Actor) -> bool:
    ((_, is_started),) = await here.mine(actor)
    return is_started


async def _list(here: Organisation, actor: Actor) -> list[tuple[Conversation, bool]]:
    return await here.mine(actor)
