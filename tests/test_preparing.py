"""Preparing: each party's own list, which is nobody else's, and who has read the material."""

import pytest

from server.preparing import Preparing
from server.rules.errors import NoLongerPossible, NotFound
from server.storage.bells import ConversationChanged
from server.storage.database import Database
from tests.conftest import SetClock
from tests.organisation import ASTRID, JONAS, MAJA, Organisation, annual_template


@pytest.fixture
async def here(database: Database, clock: SetClock) -> Organisation:
    organisation = Organisation(database, clock)
    await organisation.found(annual_template(prepare={"employee_must_read": True}))
    return organisation


@pytest.fixture
def preparing(database: Database, clock: SetClock) -> Preparing:
    return Preparing(database, clock)


async def test_a_list_is_kept_as_it_was_left_and_is_its_owners_alone(
    here: Organisation, preparing: Preparing
) -> None:
    id_ = await here.conversation()
    here.bells.clear()
    await preparing.tick(MAJA.actor, id_, ["e2", "e1"])
    assert (await preparing.of(MAJA.actor, id_)).done == {"e1", "e2"}
    assert (await preparing.of(JONAS.actor, id_)).done == frozenset()
    assert here.bells == []
    await preparing.tick(MAJA.actor, id_, [])
    assert (await preparing.of(MAJA.actor, id_)).done == frozenset()


async def test_both_know_that_the_employee_has_read_and_since_when(
    here: Organisation, preparing: Preparing, clock: SetClock
) -> None:
    id_ = await here.conversation()
    await preparing.tick(MAJA.actor, id_, ["e1"])
    first = clock()
    await preparing.confirm_read(MAJA.actor, id_)
    clock.pass_time(days=1)
    await preparing.confirm_read(MAJA.actor, id_)
    for who in (MAJA, JONAS):
        assert (await preparing.of(who.actor, id_)).read_at == first
    assert (await preparing.of(MAJA.actor, id_)).done == {"e1"}
    assert here.bells.count(ConversationChanged(id_)) == 1


async def test_nobody_but_the_employee_says_that_it_is_read(here: Organisation, preparing: Preparing) -> None:
    id_ = await here.conversation()
    here.bells.clear()
    with pytest.raises(NotFound):
        await preparing.confirm_read(JONAS.actor, id_)
    assert (await preparing.of(MAJA.actor, id_)).read_at is None
    assert here.bells == []


async def test_nobody_else_prepares_it(here: Organisation, preparing: Preparing) -> None:
    id_ = await here.conversation()
    for refused in (preparing.of(ASTRID.actor, id_), preparing.tick(ASTRID.actor, id_, ["m1"])):
        with pytest.raises(NotFound):
            await refused


async def test_what_is_over_is_prepared_no_more(here: Organisation, preparing: Preparing) -> None:
    id_ = await here.conversation()
    await here.declining.cancel(JONAS.actor, id_, "Vi tar det i vår.")
    with pytest.raises(NoLongerPossible):
        await preparing.tick(MAJA.actor, id_, ["e1"])
