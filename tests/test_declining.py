"""Declining and cancelling: a reason, told to those whom it concerns and to nobody else."""

import pytest

from server.audit import Event
from server.conversations import Meeting
from server.decisions import Kind
from server.outbox import Outbox
from server.rules.access import Pane, State
from server.rules.errors import NotFound, ReasonMissing, TextTooLong
from server.rules.limits import REASON_CHARACTERS_MAX
from server.storage.bells import ConversationChanged
from tests.conftest import SetClock
from tests.letters import everything, invited, rows
from tests.organisation import ASTRID, HELENA, JONAS, MAJA, TOMAS, Organisation, text
from tests.test_freezing import events

REASON = "Vill ha med en facklig representant."
ALTERNATIVE = "Samtal med Elias närvarande i augusti."


async def test_the_employee_declines_with_a_reason_and_what_she_proposes_instead(
    here: Organisation, clock: SetClock
) -> None:
    id_ = await here.conversation()
    here.bells.clear()
    await here.declining.decline(MAJA.actor, id_, REASON, ALTERNATIVE)
    assert ConversationChanged(id_) in here.bells
    assert (await here.conversations.see(JONAS.actor, id_)).state is State.DECLINED
    for actor in (MAJA.actor, JONAS.actor):
        (told,) = await here.declining.decisions(actor, id_)
        assert (told.kind, told.by.id, told.at) == (Kind.DECLINED, "maja", clock.now)
        assert (told.reason, told.alternative) == (REASON, ALTERNATIVE)
    assert (await events(here, id_))[-1] == Event.CONVERSATION_DECLINED


async def test_hr_sees_what_was_declined_and_no_content(here: Organisation, clock: SetClock) -> None:
    meeting = Meeting(clock.now, "Europe/Stockholm", "Rum Storsjön")
    declined, cancelled = await here.conversation(meeting), await here.conversation()
    await here.write("maja", declined, Pane.JOINT, {"a8": text("Hemligt.")})
    await here.declining.decline(MAJA.actor, declined, REASON, ALTERNATIVE)
    await here.declining.cancel(JONAS.actor, cancelled, "Jag är sjuk.")
    (seen,) = await here.declining.declined(HELENA.actor)
    assert (seen.conversation, seen.employee.id, seen.responsible.id) == (declined, "maja", "jonas")
    assert (seen.decision.reason, seen.decision.alternative) == (REASON, ALTERNATIVE)
    assert (seen.meeting_at, seen.time_zone) == (clock.now, "Europe/Stockholm")
    assert "Hemligt" not in repr(seen)
    with pytest.raises(NotFound):
        await here.documents.read(HELENA.actor, declined)


@pytest.mark.parametrize("notify", [False, True])
async def test_hr_and_the_responsible_are_told_by_letter_and_not_why(
    here: Organisation, notify: bool
) -> None:
    id_ = await invited(here, notify=notify, invite=False)
    outbox = Outbox(here.database, here.clock)
    await everything(outbox)
    await here.declining.decline(MAJA.actor, id_, REASON, ALTERNATIVE)
    told = {row.person_id: row.kind for row in (await rows(here)) if row.next_at and not row.attempts}
    if notify:
        assert told == {"helena": "declined", "jonas": "called_off", "maja": "called_off"}
    else:
        assert told == {"helena": "declined", "jonas": "declined"}
    assert REASON not in repr(await rows(here))


async def test_hr_is_not_told_of_what_the_responsible_cancels(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.declining.cancel(JONAS.actor, id_, "Jag är sjuk.")
    assert await here.count("letter") == 0


async def test_nobody_else_learns_of_it(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.declining.decline(MAJA.actor, id_, REASON)
    for actor in (ASTRID.actor, TOMAS.actor, HELENA.actor):
        with pytest.raises(NotFound):
            await here.declining.decisions(actor, id_)
    for actor in (ASTRID.actor, TOMAS.actor, JONAS.actor, MAJA.actor):
        with pytest.raises(NotFound):
            await here.declining.declined(actor)


async def test_the_responsible_cancels_with_a_reason(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.declining.cancel(JONAS.actor, id_, "Jag är sjuk.")
    (told,) = await here.declining.decisions(MAJA.actor, id_)
    assert (told.kind, told.by.id, told.reason, told.alternative) == (
        Kind.CANCELLED,
        "jonas",
        "Jag är sjuk.",
        "",
    )
    assert (await events(here, id_))[-1] == Event.CONVERSATION_CANCELLED


async def test_a_reason_is_needed_and_has_an_end(here: Organisation) -> None:
    id_ = await here.conversation()
    long = "x" * (REASON_CHARACTERS_MAX + 1)
    for reason, alternative, refusal in (
        (" ", "", ReasonMissing),
        (long, "", TextTooLong),
        (REASON, long, TextTooLong),
    ):
        with pytest.raises(refusal):
            await here.declining.decline(MAJA.actor, id_, reason, alternative)
    assert (await here.conversations.see(MAJA.actor, id_)).state is State.OPEN
    assert await here.declining.decisions(MAJA.actor, id_) == []


async def test_what_was_private_stays_private(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("Mitt utkast.")})
    await here.declining.decline(MAJA.actor, id_, REASON)
    assert Pane.EMPLOYEE in (await here.documents.read(MAJA.actor, id_)).contents
    assert Pane.EMPLOYEE not in (await here.documents.read(JONAS.actor, id_)).contents
