"""For HR: conversations that go on with somebody who is not, or is no longer, the employee's manager."""

import pytest
from sqlalchemy import update

from server import people
from server.rules.access import OPERATOR, State
from server.rules.errors import NotFound
from server.storage import tables
from server.to_reassign import ToReassign
from tests.organisation import ANNUAL, ASTRID, HELENA, JONAS, MAJA, TOMAS, Organisation, person
from tests.queries import counted

QUERIES = 2


@pytest.fixture
async def here(here: Organisation) -> Organisation:
    for who in ("elin", "ola"):
        await here.accounts.add(TOMAS.actor, person(who, f"{who.capitalize()} Åberg", "jonas"), None)
    return here


async def moved(here: Organisation, who: str) -> str:
    """A conversation with Jonas of somebody who then gets Astrid as manager."""
    id_ = await here.conversations.create(JONAS.actor, who, ANNUAL)
    await here.database.write(lambda c: people.place(c, TOMAS.actor, who, None, "astrid", here.clock()))
    return id_


async def test_those_with_somebody_else_are_found_and_those_whose_responsible_has_left_come_first(
    here: Organisation,
) -> None:
    fine = await here.conversation()
    assert await ToReassign(here.database).find(HELENA.actor) == []
    ola, elin = await moved(here, "ola"), await moved(here, "elin")
    with counted() as asked:
        found = await ToReassign(here.database).find(HELENA.actor)
    assert len(asked) <= QUERIES
    assert [each.id for each in found] == [elin, ola]
    first = found[0]
    assert (first.responsible.id, first.manager and first.manager.id, first.state) == (
        "jonas",
        "astrid",
        State.OPEN,
    )
    gone = update(tables.person).where(tables.person.c.id == "jonas").values(active=False)
    await here.database.write(lambda c: c.execute(gone))
    everybodys = await ToReassign(here.database).find(OPERATOR)
    assert [each.id for each in everybodys] == [elin, fine, ola]


@pytest.mark.parametrize("who", [MAJA, JONAS, ASTRID, TOMAS], ids=lambda one: one.id)
async def test_nobody_else_is_told(here: Organisation, who: people.Person) -> None:
    await moved(here, "ola")
    with pytest.raises(NotFound):
        await ToReassign(here.database).find(who.actor)


async def test_nobody_of_hr_is_told_of_her_own(here: Organisation) -> None:
    await here.database.write(lambda c: people.place(c, TOMAS.actor, "helena", None, "jonas", here.clock()))
    await moved(here, "helena")
    assert await ToReassign(here.database).find(HELENA.actor) == []


async def test_what_is_over_is_not_among_them(here: Organisation) -> None:
    id_ = await moved(here, "ola")
    await here.declining.cancel(JONAS.actor, id_, "Vi tar det en annan gång.")
    assert await ToReassign(here.database).find(HELENA.actor) == []
