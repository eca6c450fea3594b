"""Asking for a conversation (F75): who reads what was asked, who answers how, and who is told."""

from datetime import date

import pytest
from sqlalchemy import insert, select

from server.asking import Answer, Asking
from server.audit import Event
from server.letter_format import Kind
from server.planning import Plan, Planning
from server.rules.access import Actor
from server.rules.errors import (
    AlreadyAnswered,
    AskedAlready,
    AskedOften,
    NotFound,
    ReasonMissing,
    TextTooLong,
)
from server.rules.limits import WISH_CHARACTERS_MAX, WISHES_A_DAY_MAX
from server.storage import tables
from tests.conftest import SetClock
from tests.organisation import ANNUAL, ASTRID, HELENA, JONAS, MAJA, TOMAS, Organisation, person

WISH, TIMES = "Jag vill prata om jouren.", "Helst före jul."
LINA = person("lina", "Lina Ek", "jonas")


@pytest.fixture
async def here(here: Organisation) -> Organisation:
    await here.accounts.add(TOMAS.actor, LINA, None)
    return here


@pytest.fixture
def asking(here: Organisation) -> Asking:
    return Asking(here.database, here.clock)


async def letters(here: Organisation) -> list[tuple[str, str]]:
    """Kind and receiver of every letter that waits."""
    table = tables.letter
    wanted = select(table.c.kind, table.c.person_id).where(table.c.next_at.is_not(None))
    rows = await here.database.read(lambda c: c.execute(wanted).all())
    return sorted((row.kind, row.person_id) for row in rows)


async def stand_in(here: Organisation, who: str) -> None:
    """Somebody stands in for Jonas now."""
    row = {
        "id": "d1",
        "manager_id": "jonas",
        "stand_in_id": who,
        "begins_on": date(2026, 11, 1),
        "ends_on": date(2026, 11, 30),
        "reason": "",
    }
    await here.database.write(lambda c: c.execute(insert(tables.delegation).values(row)))


async def test_the_manager_reads_what_was_asked_and_nobody_else_does(
    here: Organisation, asking: Asking, clock: SetClock
) -> None:
    id_ = await asking.ask(MAJA.actor, f" {WISH} ", TIMES)
    (waiting,) = await asking.requests(JONAS.actor)
    assert waiting == await asking.asked(JONAS.actor, id_)
    assert (waiting.employee.id, waiting.wish, waiting.times, waiting.asked_at) == (
        "maja",
        WISH,
        TIMES,
        clock.now,
    )
    assert (waiting.answer, waiting.reply) == (None, "")
    for actor in (ASTRID.actor, HELENA.actor, TOMAS.actor, LINA.actor, MAJA.actor):
        assert await asking.requests(actor) == []
        with pytest.raises(NotFound):
            await asking.asked(actor, id_)
    assert await asking.of_mine(MAJA.actor) == [waiting]
    assert await asking.of_mine(LINA.actor) == []
    assert await letters(here) == [(Kind.ASKED_FOR, "jonas")]


async def test_whoever_stands_in_reads_it_is_told_and_may_answer(here: Organisation, asking: Asking) -> None:
    await stand_in(here, "helena")
    id_ = await asking.ask(MAJA.actor, WISH, "")
    assert [each.id for each in await asking.requests(HELENA.actor)] == [id_]
    assert await letters(here) == [(Kind.ASKED_FOR, "helena"), (Kind.ASKED_FOR, "jonas")]
    await asking.decline(HELENA.actor, id_, "Jonas är tillbaka i december.")
    (mine,) = await asking.of_mine(MAJA.actor)
    assert mine.answered_by is not None
    assert (mine.answer, mine.answered_by.id) == (Answer.DECLINED, "helena")


async def test_whoever_stands_in_answers_nothing_of_their_own(here: Organisation, asking: Asking) -> None:
    await stand_in(here, "maja")
    id_ = await asking.ask(MAJA.actor, WISH, "")
    assert await asking.requests(MAJA.actor) == []
    with pytest.raises(NotFound):
        await asking.decline(MAJA.actor, id_, "Nej.")


async def test_nobody_asks_without_a_manager(asking: Asking) -> None:
    for ask in (asking.ask(ASTRID.actor, WISH, TIMES), asking.may_ask(ASTRID.actor)):
        with pytest.raises(NotFound):
            await ask
    assert (await asking.may_ask(MAJA.actor)).id == "jonas"


async def test_nobody_asks_all_day_long(asking: Asking, clock: SetClock) -> None:
    for _ in range(WISHES_A_DAY_MAX):
        await asking.take_back(MAJA.actor, await asking.ask(MAJA.actor, WISH, ""))
    with pytest.raises(AskedOften):
        await asking.ask(MAJA.actor, WISH, "")
    await asking.ask(LINA.actor, WISH, "")
    clock.pass_time(days=1)
    await asking.ask(MAJA.actor, WISH, "")


async def test_one_waits_at_a_time(asking: Asking) -> None:
    id_ = await asking.ask(MAJA.actor, "", "")
    with pytest.raises(AskedAlready):
        await asking.ask(MAJA.actor, WISH, TIMES)
    await asking.ask(LINA.actor, WISH, TIMES)
    await asking.take_back(MAJA.actor, id_)
    await asking.ask(MAJA.actor, WISH, TIMES)


async def test_too_long_a_wish_is_refused(asking: Asking) -> None:
    longest = "x" * WISH_CHARACTERS_MAX
    for wish, times in ((longest + "x", ""), ("", longest + "x")):
        with pytest.raises(TextTooLong):
            await asking.ask(MAJA.actor, wish, times)
    await asking.ask(MAJA.actor, longest, longest)


async def test_an_answer_with_a_sentence_reaches_the_employee(here: Organisation, asking: Asking) -> None:
    id_ = await asking.ask(MAJA.actor, WISH, TIMES)
    with pytest.raises(ReasonMissing):
        await asking.decline(JONAS.actor, id_, " ")
    await asking.decline(JONAS.actor, id_, "Vi tar det i januari.")
    (mine,) = await asking.of_mine(MAJA.actor)
    assert (mine.answer, mine.reply) == (Answer.DECLINED, "Vi tar det i januari.")
    assert await asking.requests(JONAS.actor) == []
    assert (Kind.ANSWERED, "maja") in await letters(here)
    for again in (asking.decline(JONAS.actor, id_, "Nej."), asking.take_back(MAJA.actor, id_)):
        with pytest.raises(AlreadyAnswered):
            await again


async def test_what_is_taken_back_waits_no_more_and_no_letter_of_it_leaves(
    here: Organisation, asking: Asking
) -> None:
    id_ = await asking.ask(MAJA.actor, WISH, TIMES)
    for actor in (JONAS.actor, LINA.actor):
        with pytest.raises(NotFound):
            await asking.take_back(actor, id_)
    await asking.take_back(MAJA.actor, id_)
    assert await asking.requests(JONAS.actor) == []
    assert await letters(here) == []
    with pytest.raises(AlreadyAnswered):
        await asking.decline(JONAS.actor, id_, "Nej.")


async def test_a_conversation_that_is_made_is_the_answer(here: Organisation, asking: Asking) -> None:
    id_ = await asking.ask(MAJA.actor, WISH, TIMES)
    planning = Planning(here.database, here.clock)
    plan = Plan("maja", ANNUAL, "jonas", request=id_)
    made = await planning.make(JONAS.actor, plan)
    (mine,) = await asking.of_mine(MAJA.actor)
    assert (mine.answer, mine.conversation) == (Answer.MADE, made)
    assert (Kind.ANSWERED, "maja") in await letters(here)
    with pytest.raises(AlreadyAnswered):
        await planning.make(JONAS.actor, plan)
    assert len(await here.mine(MAJA.actor)) == 1, "what was refused made nothing"


async def test_a_conversation_with_somebody_else_is_no_answer(here: Organisation, asking: Asking) -> None:
    id_ = await asking.ask(MAJA.actor, WISH, TIMES)
    planning = Planning(here.database, here.clock)
    with pytest.raises(NotFound):
        await planning.make(JONAS.actor, Plan("lina", ANNUAL, "jonas", request=id_))
    assert [each.id for each in await asking.requests(JONAS.actor)] == [id_]
    assert await here.mine(LINA.actor) == []


async def test_what_is_asked_goes_to_the_manager_of_now(here: Organisation, asking: Asking) -> None:
    id_ = await asking.ask(MAJA.actor, WISH, TIMES)
    moved = tables.person.update().where(tables.person.c.id == "maja").values(manager_id="astrid")
    await here.database.write(lambda c: c.execute(moved))
    assert await asking.requests(JONAS.actor) == []
    with pytest.raises(NotFound):
        await asking.asked(JONAS.actor, id_)
    assert [each.id for each in await asking.requests(ASTRID.actor)] == [id_]


async def test_what_is_asked_is_in_the_audit_without_a_word_of_it(here: Organisation, asking: Asking) -> None:
    first = await asking.ask(MAJA.actor, WISH, TIMES)
    await asking.take_back(MAJA.actor, first)
    await asking.decline(JONAS.actor, await asking.ask(MAJA.actor, WISH, TIMES), "Vi tar det i januari.")
    rows = await here.database.read(
        lambda c: c.execute(select(tables.audit).order_by(tables.audit.c.sequence)).all()
    )
    told = [(row.event, row.person, row.about) for row in rows if ":request:" in row.event]
    assert told == [
        (Event.REQUEST_MADE, "maja", {"person": "maja"}),
        (Event.REQUEST_TAKEN_BACK, "maja", {"person": "maja"}),
        (Event.REQUEST_MADE, "maja", {"person": "maja"}),
        (Event.REQUEST_DECLINED, "jonas", {"person": "maja"}),
    ]
    assert "jouren" not in str(rows)


async def test_however_many_wait_they_are_read_in_one_query(here: Organisation, asking: Asking) -> None:
    from sqlalchemy import event

    await asking.ask(MAJA.actor, WISH, TIMES)
    await asking.ask(LINA.actor, WISH, TIMES)
    from server import asking as feature

    def counted(connection: object) -> int:
        statements: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            if statement.startswith("SELECT"):
                statements.append(statement)

        event.listen(connection, "before_cursor_execute", note)
        try:
            feature.requests(connection, Actor("jonas"), here.clock())  # type: ignore[arg-type]
        finally:
            event.remove(connection, "before_cursor_execute", note)
        return len(statements)

    assert await here.database.read(counted) == 1
