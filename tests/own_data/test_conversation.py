"""A conversation as it is told to one of its parties: no more than she may know."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from server import former
from server.conversations import Meeting
from server.handover import Handovers
from server.own_data import conversation
from server.pages import own_data_json
from server.pages.assets import Assets
from server.pages.catalogues import read_catalogues
from server.pages.own_data_view import BundleWriter
from server.pages.rendering import Rendering
from server.people import Person
from server.rules.access import Pane
from server.site import WEB
from tests.conftest import SetClock
from tests.organisation import ASTRID, HELENA, JONAS, MAJA, TOMAS, Organisation, text


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


async def test_whoever_handed_it_over_is_told_nothing_of_what_came_afterwards(
    here: Organisation, clock: SetClock
) -> None:
    """Neither who has it by now, nor when and where they meet, nor what became of it."""
    id_, _ = await here.closed()
    await here.reopening.reopen(MAJA.actor, id_, "Mer att säga.")
    handovers = Handovers(here.database, here.clock)
    await here.write("jonas", id_, Pane.MANAGER, {"a4": text("Mitt.")})
    await handovers.reassign(HELENA.actor, id_, "astrid", "")
    clock.pass_time(minutes=1)
    await handovers.reassign(HELENA.actor, id_, "tomas", "")
    meeting = Meeting(datetime(2027, 1, 11, 9, 0, tzinfo=UTC), "Europe/Stockholm", "Hemliga rummet")
    await here.meetings.move(TOMAS.actor, id_, meeting)
    await here.declining.cancel(TOMAS.actor, id_, "Inte mer.")
    own = await here.database.read(lambda c: conversation.read(c, JONAS, id_, clock()))
    rendering = Rendering(WEB / "templates", read_catalogues(WEB / "locales"), Assets({"icons.svg": ""}))
    writer = BundleWriter(rendering, "https://samtal.example.org")
    seal = await here.records.seal()
    # What he had signed is put on paper elsewhere.
    chapter, files = writer.conversation(JONAS, 1, replace(own, records=()), seal, clock())
    whole = b"".join(each.content for each in files) + chapter.under.encode()
    # Not the year alone: it may stand in a fingerprint.
    for unknown in (
        b"Hemliga rummet",
        b"2027-01",
        b"januari 2027",
        b"tomas",
        b"Tomas",
        b"cancelled",
        "Inställt".encode(),
    ):
        assert unknown not in whole
    told = own_data_json.told(own)
    assert (told["responsible"]["id"], told["state"], told["version"], told["meeting"]) == (
        "astrid",
        None,
        None,
        None,
    )
    # What was closed when it was his is his to have.
    assert [record.version for record in own.records] == [1]
    page = await here.database.read(lambda c: former.of(c, JONAS.actor, id_))
    assert (page.conversation.responsible.id, page.conversation.meeting) == ("astrid", None)
