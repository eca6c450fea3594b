"""The record that a later conversation begins from: closed, of the same two people, of a wanted kind."""

from dataclasses import replace
from functools import partial

from server import conversations, records
from server.record.content import RecordContent
from tests.conftest import SetClock
from tests.organisation import ASTRID, JONAS, MAJA, Organisation

KINDS = ("annual", "follow_up")


async def before(here: Organisation, id_: str, kinds: tuple[str, ...] | None = KINDS) -> RecordContent | None:
    """What the conversation begins from."""
    conversation = await here.database.read(partial(conversations.see, actor=MAJA.actor, id_=id_))
    return await here.database.read(partial(records.previous, conversation=conversation, kinds=kinds))


async def test_it_is_the_newest_that_was_closed_and_never_the_conversation_itself(
    here: Organisation, clock: SetClock
) -> None:
    first, _ = await here.closed()
    assert await before(here, first) is None
    clock.pass_time(days=300)
    second, _ = await here.closed()
    clock.pass_time(days=1)
    third, _ = await here.frozen()
    found = await before(here, third)
    assert found
    assert found.conversation == second
    found = await before(here, second)
    assert found
    assert found.conversation == first, "what is only frozen is not agreed yet"


async def test_a_kind_that_is_not_asked_for_is_not_shown(here: Organisation) -> None:
    await here.closed()
    later = await here.conversation()
    assert await before(here, later, ("salary",)) is None
    assert await before(here, later, None) is not None


async def test_the_same_employee_with_another_manager_begins_anew(here: Organisation) -> None:
    await here.closed()
    id_ = await here.conversation()
    later = await here.database.read(partial(conversations.see, actor=JONAS.actor, id_=id_))
    other = replace(later, responsible=ASTRID)
    assert await here.database.read(partial(records.previous, conversation=other, kinds=KINDS)) is None
