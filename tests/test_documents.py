"""The desk: who opens which document, with which scope, and what everybody else is told."""

import pytest

from crdt.schema import Text
from server.realtime.ports import OpeningDenied
from server.rules.access import Pane
from server.rules.errors import NotFound
from server.storage.database import Database
from server.storage.update_log import Author
from tests.conftest import SetClock
from tests.organisation import ASTRID, JONAS, MAJA, Organisation, annual_template, text


async def test_the_owner_opens_a_private_pane_to_write(here: Organisation) -> None:
    id_ = await here.conversation()
    session = await here.visit("maja")
    name = await here.name(id_, Pane.EMPLOYEE)
    opening = await here.documents.open(session.id, name)
    assert (opening.room, opening.pane, opening.name) == (id_, Pane.EMPLOYEE, name)
    assert (opening.scope, opening.private) == ("read-write", True)
    assert opening.author == Author("maja", session.id)
    assert opening.schema.fields[0] == Text("a1")
    assert opening.user == {"id": "maja", "name": "Maja Öberg", "initials": "MÖ", "colour": "emp"}


async def test_both_write_in_the_joint_pane_each_in_their_colour(here: Organisation) -> None:
    id_ = await here.conversation()
    openings = [await here.open(who, id_, Pane.JOINT) for who in ("maja", "jonas")]
    assert [(each.scope, each.private, each.user["colour"]) for each in openings] == [
        ("read-write", False, "emp"),
        ("read-write", False, "man"),
    ]
    assert openings[0].document == openings[1].document


async def test_a_shared_pane_is_private_until_it_is_opened_and_then_read_only(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("Färdigt")})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    assert (await here.open("maja", id_, Pane.EMPLOYEE)).private
    with pytest.raises(OpeningDenied, match="denied"):
        await here.open("jonas", id_, Pane.EMPLOYEE)
    await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    mine, theirs = [await here.open(who, id_, Pane.EMPLOYEE) for who in ("maja", "jonas")]
    assert (mine.scope, mine.private) == ("read-write", False)
    assert (theirs.scope, theirs.private) == ("readonly", False)


async def test_without_sharing_every_pane_is_read_from_the_start(database: Database, clock: SetClock) -> None:
    here = Organisation(database, clock)
    await here.found(annual_template(share={"enabled": False}))
    id_ = await here.conversation()
    theirs = await here.open("jonas", id_, Pane.EMPLOYEE)
    assert (theirs.scope, theirs.private) == ("readonly", False)


@pytest.mark.parametrize(
    "name",
    [
        "{current}",
        "{id}/manager/{other}",
        "{id}/employee/1",
        "{id}/employee/{other}/1",
        "{id}/employee/{other}0",
        "{id}/employee/",
        "{id}/employee",
        "{id}/everything/{other}",
        "{other}/employee/{other}",
        "",
        "///",
    ],
)
async def test_missing_and_forbidden_are_told_apart_by_nothing(here: Organisation, name: str) -> None:
    id_ = await here.conversation()
    session = await here.visit("maja")
    theirs = await here.name(id_, Pane.MANAGER)
    with pytest.raises(OpeningDenied) as denied:
        await here.documents.open(session.id, name.format(id=id_, current=theirs, other="0" * 32))
    assert denied.value.reason == "denied"


async def test_of_a_name_that_is_not_the_joint_panes_its_readers_alone_are_told_to_look_again(
    here: Organisation,
) -> None:
    id_ = await here.conversation()
    for who, told in (("maja", "moved"), ("jonas", "moved"), ("astrid", "denied")):
        session = await here.visit(who)
        with pytest.raises(OpeningDenied, match=told):
            await here.documents.open(session.id, f"{id_}/joint/{'0' * 32}")


async def test_a_session_that_has_ended_opens_nothing(here: Organisation) -> None:
    id_ = await here.conversation()
    session = await here.visit("maja")
    assert await here.documents.session_holds(session.id)
    await here.sessions.end(session, session.id)
    assert not await here.documents.session_holds(session.id)
    with pytest.raises(OpeningDenied, match="denied"):
        await here.documents.open(session.id, await here.name(id_, Pane.EMPLOYEE))


async def test_a_page_has_the_content_of_exactly_what_its_reader_may_read(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("Mitt")})
    await here.write("jonas", id_, Pane.MANAGER, {"a1": text("Hans")})
    await here.write("jonas", id_, Pane.JOINT, {"a1": text("Vårt")})
    read = (await here.documents.read(MAJA.actor, id_)).contents
    assert {pane: content["a1"] for pane, content in read.items()} == {
        Pane.EMPLOYEE: text("Mitt"),
        Pane.JOINT: text("Vårt"),
    }
    with pytest.raises(NotFound):
        await here.documents.read(ASTRID.actor, id_)


async def test_a_preview_needs_a_pane_of_ones_own(here: Organisation) -> None:
    id_ = await here.conversation()
    for pane in (Pane.MANAGER, Pane.JOINT):
        with pytest.raises(NotFound):
            await here.documents.preview(MAJA.actor, id_, pane)
