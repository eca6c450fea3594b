"""The turns of an activity's life, and what is said about it."""

import asyncio
from contextlib import suppress
from datetime import date

import pytest
from sqlalchemy import Connection, select

from server import activity_turns
from server.activities import ActivityState, CommentKind, GoalType
from server.activity_documents import Wording
from server.audit import Event
from server.rules.errors import NoLongerPossible, NotFound, NothingSaid, ReasonMissing, TextTooLong
from server.rules.limits import ACTIVITY_COMMENT_CHARACTERS_MAX, REASON_CHARACTERS_MAX
from server.storage import tables
from server.storage.bells import activities_of
from server.storage.log_rows import last_change
from server.storage.update_log import Append, AppendRefused
from tests.conftest import SetClock
from tests.organisation import ASTRID, HELENA, JONAS, MAJA, Organisation
from tests.rows import add_activity


async def added(here: Organisation) -> str:
    id_ = await here.new_activities.add(JONAS.actor, "maja", GoalType.WORK, Wording("Ny jourlista"))
    here.bells.clear()
    return id_


async def test_an_activity_is_completed_taken_up_again_and_cancelled_and_its_trail_says_so(
    here: Organisation, clock: SetClock
) -> None:
    id_ = await added(here)
    await here.activity_turns.complete(MAJA.actor, id_, date(2026, 11, 1))
    clock.pass_time(days=1)
    completed = (await here.activities.see(JONAS.actor, id_)).activity
    assert (completed.state, completed.ended_on) == (ActivityState.COMPLETED, date(2026, 11, 1))
    await here.activity_turns.take_up(JONAS.actor, id_)
    clock.pass_time(days=1)
    active = (await here.activities.see(JONAS.actor, id_)).activity
    assert (active.state, active.ended_on) == (ActivityState.ACTIVE, None)
    await here.activity_turns.cancel(JONAS.actor, id_, " Ingen jour i år. ")
    clock.pass_time(days=1)
    await here.activity_turns.comment(MAJA.actor, id_, "Synd.\r\nMen bra.\0")
    seen = await here.activities.see(MAJA.actor, id_)
    assert (seen.activity.state, seen.activity.cancel_reason) == (ActivityState.CANCELLED, "Ingen jour i år.")
    assert seen.activity.ended_on == date(2026, 11, 22)
    assert (seen.may_write, seen.may_end) == (False, True)
    assert [(each.kind, each.by.id, each.text) for each in seen.comments] == [
        (CommentKind.COMPLETED, "maja", ""),
        (CommentKind.TAKEN_UP, "jonas", ""),
        (CommentKind.CANCELLED, "jonas", "Ingen jour i år."),
        (CommentKind.SAID, "maja", "Synd.\nMen bra."),
    ]
    assert here.bells == [activities_of("maja")] * 4
    told = select(tables.audit.c.event).order_by(tables.audit.c.sequence.desc()).limit(3)
    assert await here.database.read(lambda connection: list(connection.scalars(told))) == [
        Event.ACTIVITY_CANCELLED,
        Event.ACTIVITY_TAKEN_UP,
        Event.ACTIVITY_COMPLETED,
    ]


async def test_a_turn_whose_time_has_passed_says_so_and_changes_nothing(here: Organisation) -> None:
    id_ = await added(here)
    turns = here.activity_turns
    with pytest.raises(NoLongerPossible):
        await turns.take_up(MAJA.actor, id_)
    await turns.cancel(MAJA.actor, id_, "Ingen tid")
    for again in (turns.complete(MAJA.actor, id_), turns.cancel(JONAS.actor, id_, "Nej")):
        with pytest.raises(NoLongerPossible):
            await again
    seen = await here.activities.see(MAJA.actor, id_)
    assert seen.activity.cancel_reason == "Ingen tid"
    assert len(seen.comments) == 1


async def test_a_reason_and_a_comment_have_a_word_in_them_and_an_end(here: Organisation) -> None:
    id_ = await added(here)
    turns = here.activity_turns
    for refused, refusal in (
        (turns.cancel(MAJA.actor, id_, " \n"), ReasonMissing),
        (turns.cancel(MAJA.actor, id_, "x" * (REASON_CHARACTERS_MAX + 1)), TextTooLong),
        (turns.comment(MAJA.actor, id_, "\0 "), NothingSaid),
        (turns.comment(MAJA.actor, id_, "x" * (ACTIVITY_COMMENT_CHARACTERS_MAX + 1)), TextTooLong),
    ):
        with pytest.raises(refusal):
            await refused
    seen = await here.activities.see(MAJA.actor, id_)
    assert (seen.activity.state, seen.comments) == (ActivityState.ACTIVE, ())


async def test_nobody_else_sees_or_turns_it_and_what_is_archived_is_turned_by_nobody(
    here: Organisation,
) -> None:
    id_ = await added(here)
    old = await add_activity(here.database, ActivityState.ARCHIVED, archive={"Status": "klart"})
    turns = here.activity_turns
    for actor, asked in (
        (ASTRID.actor, id_),
        (HELENA.actor, id_),
        (MAJA.actor, "nothing"),
        (MAJA.actor, old),
    ):
        for ask in (
            turns.complete(actor, asked),
            turns.cancel(actor, asked, "Nej"),
            turns.take_up(actor, asked),
            turns.comment(actor, asked, "Hej"),
        ):
            with pytest.raises(NotFound):
                await ask
    for actor in (ASTRID.actor, HELENA.actor):
        for asked in (id_, old):
            with pytest.raises(NotFound):
                await here.activities.see(actor, asked)
    seen = await here.activities.see(JONAS.actor, old)
    assert (seen.content, seen.may_write, seen.may_end) == ({}, False, False)
    assert seen.activity.archive == {"Status": "klart"}
    assert [each.id for each in await here.activities.archive_of(MAJA.actor, "maja")] == [old]
    assert [each.id for each in await here.activities.of_employee(MAJA.actor, "maja")] == [id_]


async def test_whoever_is_responsible_sees_it_until_the_conversation_is_over(here: Organisation) -> None:
    id_ = await added(here)
    talk = await here.conversation()
    await here.database.write(
        lambda connection: (
            connection.execute(
                tables.conversation.update()
                .where(tables.conversation.c.id == talk)
                .values(responsible_id="astrid")
            )
            and None
        )
    )
    assert (await here.activities.see(ASTRID.actor, id_)).may_write
    await here.declining.cancel(ASTRID.actor, talk, "Jonas tar det.")
    with pytest.raises(NotFound):
        await here.activities.see(ASTRID.actor, id_)


async def test_what_was_acknowledged_came_before_the_turn_and_nothing_comes_after_it(
    here: Organisation,
) -> None:
    id_ = await added(here)
    session = await here.visit("jonas")
    opening = await here.documents.open(
        session.id, (await here.activities.see(MAJA.actor, id_)).activity.name
    )
    log = here.database.log

    is_under_way = asyncio.Event()

    async def write_until_refused() -> int:
        number = 0
        with suppress(AppendRefused):
            while number < 500:
                number = await log.append(Append(opening.document, b"\0\0", (opening.author,), ()))
                if number >= 5:
                    is_under_way.set()
        return number

    def complete(connection: Connection) -> int:
        activity_turns.complete(connection, MAJA.actor, id_, here.clock().date(), here.clock())
        return last_change(connection, opening.document) or 0

    writing = [asyncio.create_task(write_until_refused()) for _ in range(3)]
    await is_under_way.wait()
    ended_at = await here.database.write(complete)
    assert max(await asyncio.gather(*writing)) == ended_at < 500
    assert (await log.load(opening.document)).sequence == ended_at
