"""Guests: who may invite whom, whose consent it takes, what a guest gets, and how it ends (F47, F99)."""

from datetime import datetime

import pytest
from sqlalchemy import Connection, select, update

from server import audit, conversations, people
from server.realtime.ports import OpeningDenied
from server.rules.access import OPERATOR, Actor, GuestFacts, Pane, Role, State
from server.rules.errors import (
    InvitedAlready,
    NobodyToInvite,
    NoLongerPossible,
    NotFound,
    TakesPartAlready,
    TooManyGuests,
)
from server.rules.limits import GUESTS_MAX, SEARCH_RESULTS_MAX
from server.storage import tables
from server.storage.bells import ConversationChanged
from server.storage.update_log import AppendRefused
from tests.conftest import SetClock
from tests.organisation import ASTRID, JONAS, MAJA, TOMAS, Organisation, person, text

ELIAS = person("elias", "Elias Norén", "jonas", Role.UNION_REPRESENTATIVE)
BRITT = person("britt", "Britt-Marie Öberg", "jonas")
WORDS = text("Larmrutinen fungerar.")


@pytest.fixture
async def here(here: Organisation) -> Organisation:
    for one in (ELIAS, BRITT):
        await here.accounts.add(TOMAS.actor, one, None)
    return here


async def beside_maja(here: Organisation) -> str:
    """Maja's conversation, in which Elias takes part by her invitation."""
    id_ = await here.conversation()
    await here.invitations.invite(MAJA.actor, id_, "elias")
    await here.invitations.accept(ELIAS.actor, id_)
    return id_


async def names(here: Organisation, who: Actor, id_: str) -> list[str]:
    """Whom somebody knows to be a guest of a conversation."""
    return [guest.person.id for guest in (await here.invitations.gathering(who, id_)).guests]


async def sees(here: Organisation, who: Actor, id_: str) -> bool:
    """Whether somebody sees a conversation at all."""
    try:
        await here.documents.read(who, id_)
    except NotFound:
        return False
    return True


# The way in.


async def test_whom_the_employee_invites_takes_part_from_acceptance(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.invitations.invite(MAJA.actor, id_, "elias")
    assert not await sees(here, ELIAS.actor, id_)
    [invited] = await here.invited_to(ELIAS.actor)
    assert (invited.conversation, invited.employee.id, invited.responsible.id) == (id_, "maja", "jonas")
    await here.invitations.accept(ELIAS.actor, id_)
    assert await sees(here, ELIAS.actor, id_)
    assert await names(here, JONAS.actor, id_) == ["elias"]


async def test_whom_the_responsible_invites_knows_nothing_until_the_employee_agrees(
    here: Organisation,
) -> None:
    id_ = await here.conversation()
    await here.invitations.invite(JONAS.actor, id_, "elias")
    assert await here.invited_to(ELIAS.actor) == []
    with pytest.raises(NotFound):
        await here.invitations.invitation(ELIAS.actor, id_)
    with pytest.raises(NotFound):
        await here.invitations.accept(ELIAS.actor, id_)
    with pytest.raises(NoLongerPossible):
        await here.invitations.agree(JONAS.actor, id_, "elias")
    await here.invitations.agree(MAJA.actor, id_, "elias")
    assert not await sees(here, ELIAS.actor, id_)
    await here.invitations.accept(ELIAS.actor, id_)
    assert await sees(here, ELIAS.actor, id_)


async def test_the_employee_refuses_whom_the_responsible_invited(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.invitations.invite(JONAS.actor, id_, "elias")
    await here.invitations.end(MAJA.actor, id_, "elias")
    assert await names(here, JONAS.actor, id_) == []
    with pytest.raises(NotFound):
        await here.invitations.accept(ELIAS.actor, id_)
    with pytest.raises(NoLongerPossible):
        await here.invitations.agree(MAJA.actor, id_, "elias")


async def test_an_invitation_is_declined(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.invitations.invite(MAJA.actor, id_, "elias")
    await here.invitations.end(ELIAS.actor, id_, "elias")
    assert await here.invited_to(ELIAS.actor) == []
    assert await names(here, MAJA.actor, id_) == []


async def test_of_one_who_has_not_accepted_other_guests_know_nothing(
    here: Organisation, clock: SetClock
) -> None:
    id_ = await beside_maja(here)
    clock.pass_time(minutes=1)
    await here.invitations.invite(JONAS.actor, id_, "britt")
    assert await names(here, ELIAS.actor, id_) == ["elias"]
    assert await names(here, MAJA.actor, id_) == ["elias", "britt"]
    await here.invitations.agree(MAJA.actor, id_, "britt")
    await here.invitations.accept(BRITT.actor, id_)
    assert await names(here, ELIAS.actor, id_) == ["elias", "britt"]


async def test_only_the_two_invite(here: Organisation) -> None:
    id_ = await beside_maja(here)
    for somebody in (ELIAS, ASTRID, TOMAS):
        with pytest.raises(NotFound):
            await here.invitations.invite(somebody.actor, id_, "britt")


@pytest.mark.parametrize(
    ("invited", "refusal"),
    [
        ("maja", TakesPartAlready),
        ("jonas", TakesPartAlready),
        ("elias", InvitedAlready),
        ("nobody", NobodyToInvite),
        ("", NobodyToInvite),
        ("britt", NobodyToInvite),
    ],
)
async def test_who_cannot_be_invited_is_refused_with_a_sentence(
    here: Organisation, invited: str, refusal: type[Exception]
) -> None:
    id_ = await beside_maja(here)
    await here.database.write(
        lambda c: c.execute(update(tables.person).where(tables.person.c.id == "britt").values(active=False))
    )
    with pytest.raises(refusal):
        await here.invitations.invite(MAJA.actor, id_, invited)


async def test_there_is_a_limit_to_how_many_are_invited(here: Organisation) -> None:
    id_ = await here.conversation()
    for number in range(GUESTS_MAX + 1):
        await here.accounts.add(TOMAS.actor, person(f"p{number}", f"Person {number}", None), None)
    for number in range(GUESTS_MAX):
        await here.invitations.invite(JONAS.actor, id_, f"p{number}")
    with pytest.raises(TooManyGuests):
        await here.invitations.invite(MAJA.actor, id_, f"p{GUESTS_MAX}")
    await here.invitations.end(MAJA.actor, id_, "p0")
    await here.invitations.invite(MAJA.actor, id_, f"p{GUESTS_MAX}")


# What a guest gets.


async def test_a_guest_reads_what_both_can_read_and_no_more(here: Organisation) -> None:
    id_ = await beside_maja(here)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": WORDS})
    await here.write("jonas", id_, Pane.MANAGER, {"a1": WORDS})

    async def read() -> set[Pane]:
        return set((await here.documents.read(ELIAS.actor, id_)).contents)

    assert await read() == {Pane.JOINT}
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    assert await read() == {Pane.JOINT}
    await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    assert await read() == {Pane.EMPLOYEE, Pane.JOINT}
    opening = await here.open("elias", id_, Pane.EMPLOYEE)
    assert opening.scope == "readonly"
    assert opening.user["colour"] == "guest"
    with pytest.raises(OpeningDenied, match="denied"):
        await here.open("elias", id_, Pane.MANAGER)


async def test_a_guest_opens_nothing_in_the_place_of_the_other_party(here: Organisation) -> None:
    id_ = await beside_maja(here)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": WORDS})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    with pytest.raises(NotFound):
        await here.sharing.open_pane(ELIAS.actor, id_, Pane.EMPLOYEE)
    await here.sharing.withdraw(MAJA.actor, id_, Pane.EMPLOYEE)


async def test_a_guest_writes_only_while_given_the_joint_pane(here: Organisation) -> None:
    id_ = await beside_maja(here)
    assert (await here.open("elias", id_, Pane.JOINT)).scope == "readonly"
    with pytest.raises(AppendRefused, match="denied"):
        await here.write("elias", id_, Pane.JOINT, {"a1": WORDS})
    await here.invitations.let_write(JONAS.actor, id_, "elias", True)
    assert (await here.open("elias", id_, Pane.JOINT)).scope == "read-write"
    await here.write("elias", id_, Pane.JOINT, {"a1": WORDS})
    await here.invitations.let_write(MAJA.actor, id_, "elias", False)
    with pytest.raises(AppendRefused, match="denied"):
        await here.write("elias", id_, Pane.JOINT, {"a8": WORDS})


async def test_only_who_takes_part_is_given_the_joint_pane_and_only_by_the_two(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.invitations.invite(MAJA.actor, id_, "elias")
    with pytest.raises(NoLongerPossible):
        await here.invitations.let_write(MAJA.actor, id_, "elias", True)
    await here.invitations.accept(ELIAS.actor, id_)
    with pytest.raises(NotFound):
        await here.invitations.let_write(ELIAS.actor, id_, "elias", True)
    with pytest.raises(NotFound):
        await here.invitations.let_write(ASTRID.actor, id_, "elias", True)


# The way out.


@pytest.mark.parametrize("who", [MAJA, JONAS, ELIAS], ids=lambda who: who.id)
async def test_each_of_the_three_ends_a_guests_part_at_once(here: Organisation, who: people.Person) -> None:
    id_ = await beside_maja(here)
    await here.invitations.let_write(MAJA.actor, id_, "elias", True)
    await here.invitations.end(who.actor, id_, "elias")
    assert not await sees(here, ELIAS.actor, id_)
    with pytest.raises(OpeningDenied, match="denied"):
        await here.open("elias", id_, Pane.JOINT)
    writers = await here.database.read(lambda c: c.scalar(select(tables.conversation.c.joint_writers)))
    assert writers is None


async def test_nobody_else_ends_it(here: Organisation) -> None:
    id_ = await beside_maja(here)
    await here.invitations.invite(MAJA.actor, id_, "britt")
    for somebody in (BRITT, ASTRID, TOMAS):
        with pytest.raises(NotFound):
            await here.invitations.end(somebody.actor, id_, "elias")
    assert await sees(here, ELIAS.actor, id_)


async def test_who_has_left_may_be_invited_again_and_begins_anew(here: Organisation) -> None:
    id_ = await beside_maja(here)
    await here.invitations.let_write(MAJA.actor, id_, "elias", True)
    await here.invitations.end(ELIAS.actor, id_, "elias")
    await here.invitations.invite(JONAS.actor, id_, "elias")
    [guest] = (await here.invitations.gathering(MAJA.actor, id_)).guests
    assert guest.facts == GuestFacts("elias", "jonas", agreed=False, accepted=False, writes=False)


@pytest.mark.parametrize("state", [State.CLOSED, State.DECLINED, State.CANCELLED])
async def test_when_the_conversation_is_over_nobody_is_its_guest(here: Organisation, state: State) -> None:
    id_ = await beside_maja(here)
    await here.invitations.let_write(MAJA.actor, id_, "elias", True)
    await here.invitations.invite(JONAS.actor, id_, "britt")

    def finish(connection: Connection) -> None:
        conversation = conversations.see(connection, MAJA.actor, id_)
        conversations.move(connection, conversation, state, MAJA.actor, here.clock())

    await here.database.write(finish)
    assert not await sees(here, ELIAS.actor, id_)
    assert await here.invited_to(ELIAS.actor) == []
    await here.database.write(lambda c: c.execute(update(tables.conversation).values(state=State.OPEN)))
    # Nor when it is opened again.
    assert await names(here, MAJA.actor, id_) == []
    with pytest.raises(OpeningDenied):
        await here.open("elias", id_, Pane.JOINT)


# What is told of it.


async def test_every_turn_is_heard_by_open_pages_and_remembered_in_the_audit(
    here: Organisation, clock: SetClock
) -> None:
    id_ = await here.conversation()
    here.bells.clear()
    await here.invitations.invite(JONAS.actor, id_, "elias")
    await here.invitations.agree(MAJA.actor, id_, "elias")
    await here.invitations.accept(ELIAS.actor, id_)
    await here.invitations.let_write(MAJA.actor, id_, "elias", True)
    await here.invitations.let_write(MAJA.actor, id_, "elias", False)
    await here.invitations.end(ELIAS.actor, id_, "elias")
    assert here.bells == [ConversationChanged(id_)] * 6
    entries = await here.database.read(lambda c: audit.batch(c, OPERATOR, conversation=id_))
    told: list[tuple[str, str, str, datetime]] = [
        (entry.event.rpartition(":")[2], entry.person, entry.about["guest"], entry.at)
        for entry in entries
        if ":guest:" in entry.event
    ]
    assert told == [
        ("invited", "jonas", "elias", clock.now),
        ("agreed", "maja", "elias", clock.now),
        ("accepted", "elias", "elias", clock.now),
        ("given-joint-pane", "maja", "elias", clock.now),
        ("joint-pane-taken-back", "maja", "elias", clock.now),
        ("ended", "elias", "elias", clock.now),
    ]


# Finding somebody.


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("noren", ["elias"]),
        ("ELIAS Nor", ["elias"]),
        ("Norén elias", ["elias"]),
        (" elias@nordljus.example ", ["elias"]),
        ("öb", ["britt"]),
        ("marie", ["britt"]),
        ("elias elias", []),
        ("lias", []),
        ("e", []),
        ("", []),
        ("elias@nordljus", []),
        ("maja", []),
        ("jonas", []),
    ],
)
async def test_a_colleague_is_found_by_name_or_address(
    here: Organisation, words: str, found: list[str]
) -> None:
    id_ = await here.conversation()
    got = await here.invitations.found(MAJA.actor, id_, words, SEARCH_RESULTS_MAX)
    assert [each.id for each in got] == found


async def test_only_so_many_are_found_at_once_and_nobody_who_has_left(here: Organisation) -> None:
    id_ = await here.conversation()
    for number in range(4):
        await here.accounts.add(TOMAS.actor, person(f"p{number}", f"Person {number}", None), None)
    await here.database.write(
        lambda c: c.execute(update(tables.person).where(tables.person.c.id == "p0").values(active=False))
    )
    assert [p.id for p in await here.invitations.found(MAJA.actor, id_, "person", 2)] == ["p1", "p2"]
    assert len(await here.invitations.found(MAJA.actor, id_, "person", 9)) == 3


async def test_the_list_of_colleagues_is_searched_by_the_two_alone(here: Organisation) -> None:
    id_ = await beside_maja(here)
    for somebody in (ELIAS, ASTRID, TOMAS):
        with pytest.raises(NotFound):
            await here.invitations.found(somebody.actor, id_, "elias", 1)
