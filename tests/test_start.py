"""What somebody begins with: read at one moment, in as many queries for many as for one."""

from datetime import timedelta

from sqlalchemy import Connection

from server import asking, people, start
from server.activities import ActivityState
from server.conversations import Meeting
from server.handover import Handovers
from server.rules.access import OPERATOR, Actor, Pane, State
from server.rules.limits import EARLIER_SHOWN_MAX
from server.start import Start
from tests.conftest import SetClock
from tests.organisation import ANNUAL, ASTRID, HELENA, JONAS, MAJA, Organisation, text
from tests.queries import QUERIES_MAX, counted
from tests.rows import add_activity


async def seen(here: Organisation, actor: Actor, *, has_staff: bool = False) -> Start:
    return await here.database.read(lambda c: start.of(c, actor, here.clock(), has_staff=has_staff))


async def test_what_goes_on_comes_by_its_meetings_and_what_is_over_newest_first(
    here: Organisation, clock: SetClock
) -> None:
    over = []
    for _ in range(2):
        over.append(await here.conversation())
        await here.declining.cancel(JONAS.actor, over[-1], "Fel dag.")
        clock.pass_time(days=1)
    without = await here.conversation()
    later, sooner = [
        await here.conversation(Meeting(clock() + timedelta(days=days), "Europe/Stockholm", "Rum 2"))
        for days in (9, 3)
    ]
    found = [talk.conversation.id for talk in (await seen(here, MAJA.actor)).talks]
    assert found == [sooner, later, without, *reversed(over)]


async def test_of_what_is_over_the_newest_are_listed(here: Organisation, clock: SetClock) -> None:
    first = await here.conversation()
    await here.declining.cancel(JONAS.actor, first, "Fel dag.")
    for _ in range(EARLIER_SHOWN_MAX - 1):
        clock.pass_time(days=1)
        await here.declining.cancel(JONAS.actor, await here.conversation(), "Fel dag.")
    found = await seen(here, MAJA.actor)
    assert (len(found.talks), found.has_older) == (EARLIER_SHOWN_MAX, False)
    clock.pass_time(days=1)
    await here.declining.cancel(JONAS.actor, await here.conversation(), "Fel dag.")
    found = await seen(here, MAJA.actor)
    assert (len(found.talks), found.has_older) == (EARLIER_SHOWN_MAX, True)
    assert first not in [talk.conversation.id for talk in found.talks]


async def test_a_conversation_is_started_for_whoever_has_written_alone(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("Larmrutinen sitter.")})

    async def started(actor: Actor) -> list[bool]:
        return [talk.is_started for talk in (await seen(here, actor)).talks]

    assert (await started(MAJA.actor), await started(JONAS.actor)) == ([True], [False])
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    assert await started(JONAS.actor) == [True]


async def test_it_says_who_has_signed(here: Organisation) -> None:
    id_, sha256 = await here.frozen()
    await here.sign(MAJA.actor, id_, sha256)
    for actor, has_signed in ((MAJA.actor, True), (JONAS.actor, False)):
        (talk,) = (await seen(here, actor)).talks
        assert (talk.conversation.state, talk.has_signed) == (State.FROZEN, has_signed)


async def test_a_guest_finds_the_invitation_and_no_conversation_of_hers(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.invitations.invite(JONAS.actor, id_, "astrid")
    assert (await seen(here, ASTRID.actor)).invitations == (), "Maja has not agreed"
    await here.invitations.agree(MAJA.actor, id_, "astrid")
    found = await seen(here, ASTRID.actor)
    assert [each.conversation for each in found.invitations] == [id_]
    assert found.talks == ()


async def test_one_is_to_do_what_is_active_on_ones_own_list_and_what_one_does_for_ones_staff(
    here: Organisation,
) -> None:
    jonass = await add_activity(here.database, ActivityState.ACTIVE, owner_id="jonas")
    await add_activity(here.database, ActivityState.COMPLETED, owner_id="maja")
    await add_activity(here.database, ActivityState.ACTIVE, "helena", owner_id="jonas")

    async def to_do(actor: Actor) -> list[tuple[str, str]]:
        return [(each.id, employee.id) for each, employee in (await seen(here, actor)).to_do]

    assert await to_do(MAJA.actor) == [(jonass, "maja")]
    # Helena's list is not his to read, whoever wrote his name there.
    assert await to_do(JONAS.actor) == [(jonass, "maja")]
    assert await to_do(ASTRID.actor) == []


async def test_what_an_employee_asks_for_waits_for_the_manager(here: Organisation) -> None:
    await here.database.write(lambda c: asking.ask(c, MAJA.actor, "Jouren", "", here.clock()))
    (asked,) = (await seen(here, JONAS.actor, has_staff=True)).requests
    assert (asked.employee.id, asked.wish) == ("maja", "Jouren")
    assert (await seen(here, HELENA.actor, has_staff=True)).requests == ()


async def test_hr_alone_reads_what_was_declined(here: Organisation) -> None:
    await here.declining.decline(MAJA.actor, await here.conversation(), "Vi hann prata redan.")
    (declined,) = (await seen(here, HELENA.actor)).declined
    assert (declined.employee.id, declined.responsible.id) == ("maja", "jonas")
    assert declined.decision.reason == "Vi hann prata redan."
    assert (await seen(here, JONAS.actor)).declined == ()


async def test_a_handover_asks_the_employee_and_leaves_the_predecessor_what_was_hers(
    here: Organisation,
) -> None:
    id_ = await here.conversation()
    await here.ready(id_)
    await here.sharing.open_pane(MAJA.actor, id_, Pane.MANAGER)
    await Handovers(here.database, here.clock).reassign(HELENA.actor, id_, "astrid", "Maja har bytt enhet.")
    (talk,) = (await seen(here, MAJA.actor)).talks
    assert talk.hands_over
    (talk,) = (await seen(here, ASTRID.actor)).talks
    assert not talk.hands_over
    jonass = await seen(here, JONAS.actor)
    assert jonass.talks == ()
    assert [(left.conversation, left.employee.id) for left in jonass.left] == [(id_, "maja")]


async def test_it_is_never_more_than_a_page_may_ask(here: Organisation) -> None:
    """Somebody for whom there is some of everything."""

    def lead(connection: Connection) -> None:
        people.place(connection, OPERATOR, "maja", None, "helena", here.clock())
        people.place(connection, OPERATOR, "helena", None, "jonas", here.clock())

    await here.declining.decline(MAJA.actor, await here.conversation(), "Vi hann prata redan.")
    invited = await here.conversation()
    await here.invitations.invite(MAJA.actor, invited, "helena")
    await here.database.write(lead)
    await here.database.write(lambda c: asking.ask(c, MAJA.actor, "", "", here.clock()))
    mine = await here.conversations.create(HELENA.actor, "maja", ANNUAL)
    await Handovers(here.database, here.clock).reassign(HELENA.actor, mine, "astrid", "Jag har bytt enhet.")
    await here.conversations.create(HELENA.actor, "maja", ANNUAL)
    hers = await here.conversations.create(JONAS.actor, "helena", ANNUAL)
    await here.write("jonas", hers, Pane.JOINT, {"a6": text("Det här vill jag göra.")})
    await Handovers(here.database, here.clock).reassign(JONAS.actor, hers, "astrid", "Jonas slutar.")
    with counted() as statements:
        found = await seen(here, HELENA.actor, has_staff=True)
    assert all((found.talks, found.invitations, found.requests, found.declined))
    assert any(talk.hands_over for talk in found.talks)
    # The session is one more.
    assert len(statements) < QUERIES_MAX


async def test_fifty_conversations_are_read_in_as_many_queries_as_one(here: Organisation) -> None:
    async def asked(actor: Actor, *, has_staff: bool) -> int:
        with counted() as statements:
            await seen(here, actor, has_staff=has_staff)
        return len(statements)

    await here.conversation()
    one = await asked(JONAS.actor, has_staff=True)
    for _ in range(49):
        await here.conversations.create(JONAS.actor, "maja", ANNUAL)
    assert await asked(JONAS.actor, has_staff=True) == one
    assert len((await seen(here, JONAS.actor)).talks) == 50
