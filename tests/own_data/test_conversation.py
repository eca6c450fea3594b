"""A conversation as it is told to one of its parties: no more than she may know."""

from collections.abc import Callable

from sqlalchemy import Connection

from server.handover import Handovers
from server.own_data import conversation
from server.people import Person
from tests.conftest import SetClock
from tests.organisation import ASTRID, HELENA, JONAS, MAJA, TOMAS, Organisation


async def test_a_successor_learns_nothing_of_the_guests_of_before(
    here: Organisation, clock: SetClock
) -> None:
    id_ = await here.conversation()
    await here.invitations.invite(MAJA.actor, id_, "tomas")
    await here.invitations.accept(TOMAS.actor, id_)
    await here.invitations.end(MAJA.actor, id_, "tomas")
    await here.invitations.invite(JONAS.actor, id_, "helena")
    clock.pass_time(minutes=1)
    await Handovers(here.database, here.clock).reassign(JONAS.actor, id_, "astrid", "")

    def told(who: Person) -> Callable[[Connection], set[str]]:
        def read(connection: Connection) -> set[str]:
            return {each.id for each in conversation.read(connection, who, id_, clock()).guests}

        return read

    assert await here.database.read(told(MAJA)) == {"tomas", "helena"}
    assert await here.database.read(told(ASTRID)) == set()
    await here.invitations.invite(MAJA.actor, id_, "helena")
    await here.invitations.accept(HELENA.actor, id_)
    assert await here.database.read(told(ASTRID)) == {"helena"}
