"""Handing a conversation over: what the successor gets, what stays with whom, when (S11, PRI-1, PRI-2)."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, select

from crdt.schema import SERVER_CLIENT
from server.activities import GoalType
from server.activity_documents import Wording
from server.conversations import Meeting
from server.former import Formers
from server.handover import Handovers
from server.handover_answers import Answer, HandoverAnswers
from server.realtime.ports import OpeningDenied
from server.rules.access import Actor, Pane, Role
from server.rules.errors import (
    AnswerMissing,
    HandoverUnanswered,
    NobodyResponsible,
    NoLongerPossible,
    NotFound,
    NotReadyToShare,
    NotYourself,
    OtherDeviceHasWritten,
    ResponsibleAlready,
    SignedByName,
)
from server.start import Starts
from server.storage import tables
from server.storage.bells import ConversationChanged, PersonChanged
from server.storage.database import Database
from tests.conftest import SetClock
from tests.organisation import (
    ANNUAL,
    ASTRID,
    HELENA,
    JONAS,
    MAJA,
    TOMAS,
    Organisation,
    annual_template,
    person,
    text,
)

INGRID = person("ingrid", "Ingrid Solheim", "astrid", Role.MANAGER)
DRAFT = "Maja tar för mycket själv, och det vet hon."
SAID = text("Du har lyft hela laget.")
MINE = text("Larmrutinen sitter.")
OURS = text("Mot driftledning.")
OFF: dict[str, Any] = {"share": {"enabled": False, "unit": "whole_pane"}}


class Here(Organisation):
    """The organisation, in which Maja gets another manager."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.handovers = Handovers(self.database, self.clock)
        self.answers = HandoverAnswers(self.database, self.clock)
        self.formers = Formers(self.database, self.clock)

    async def hand_over(self, id_: str, actor: Actor = HELENA.actor) -> None:
        await self.handovers.reassign(actor, id_, "ingrid", "Maja har bytt enhet.")

    async def ready_and_opened(self, id_: str) -> None:
        """Both have shared and read, and written together."""
        await self.ready(id_)
        await self.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
        await self.sharing.open_pane(MAJA.actor, id_, Pane.MANAGER)

    async def is_asked(self, actor: Actor) -> set[str]:
        """The conversations in which something is asked of somebody, as the start page has them."""
        found = await Starts(self.database, self.clock).of(actor, has_staff=False)
        return {talk.conversation.id for talk in found.talks if talk.hands_over}

    async def answer(self, id_: str, **goes: bool) -> None:
        """Answer as Maja: what is not named stays."""
        asked = await self.answers.asked(MAJA.actor, id_)
        answers = {
            each.key: Answer(goes.get(each.pane, False), each.state_vector) for each in asked.questions
        }
        await self.answers.answer(MAJA.actor, id_, answers)


async def founded(database: Database, clock: SetClock, **template: Any) -> Here:
    here = Here(database, clock)
    await here.found(annual_template(**template) if template else None)
    await here.accounts.add(TOMAS.actor, INGRID, None)
    return here


@pytest.fixture
async def here(database: Database, clock: SetClock) -> Here:
    return await founded(database, clock)


def everything(connection: Connection) -> bytes:
    rows = [row for table in tables.METADATA.tables.values() for row in connection.execute(select(table))]
    return b"".join(each if isinstance(each, bytes) else str(each).encode() for row in rows for each in row)


def snapshot_of(id_: str, connection: Connection) -> bytes:
    """What is kept of the predecessor's pane."""
    part, handover = tables.handover_part, tables.handover
    kept: bytes = connection.scalars(
        select(part.c.snapshot)
        .join(handover, handover.c.id == part.c.handover_id)
        .where(handover.c.conversation_id == id_, part.c.pane == Pane.MANAGER)
    ).one()
    return kept


# Who, whom and when.


@pytest.mark.parametrize("actor", [HELENA.actor, JONAS.actor], ids=lambda a: a.person)
async def test_hr_and_the_responsible_hand_a_conversation_over(here: Here, actor: Actor) -> None:
    id_ = await here.conversation()
    await here.hand_over(id_, actor)
    assert (await here.conversations.see(INGRID.actor, id_)).responsible.id == "ingrid"
    with pytest.raises(NotFound):
        await here.conversations.see(JONAS.actor, id_)


@pytest.mark.parametrize(
    "actor", [MAJA.actor, ASTRID.actor, INGRID.actor, TOMAS.actor], ids=lambda a: a.person
)
async def test_nobody_else_does_not_even_a_new_line_manager(here: Here, actor: Actor) -> None:
    id_ = await here.conversation()
    with pytest.raises(NotFound):
        await here.hand_over(id_, actor)
    assert (await here.conversations.see(JONAS.actor, id_)).responsible.id == "jonas"


async def test_an_employee_of_hr_does_not_choose_her_own_manager(here: Here) -> None:
    await here.accounts.add(TOMAS.actor, person("elin", "Elin Wik", "jonas", Role.HR), None)
    elin = Actor("elin", frozenset({Role.HR}))
    id_ = await here.conversations.create(JONAS.actor, "elin", ("arssamtal-tre-rutor", 1))
    with pytest.raises(NotFound):
        await here.handovers.reassign(elin, id_, "ingrid")


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ("maja", NobodyResponsible),
        ("nobody", NobodyResponsible),
        ("jonas", ResponsibleAlready),
        ("helena", NotYourself),
    ],
)
async def test_who_cannot_be_responsible_is_refused(here: Here, chosen: str, why: type[Exception]) -> None:
    id_ = await here.conversation()
    with pytest.raises(why):
        await here.handovers.reassign(HELENA.actor, id_, chosen)
    assert await here.count("handover") == 0


async def test_a_conversation_that_is_being_signed_is_opened_again_first(here: Here) -> None:
    id_, _ = await here.frozen()
    for actor in (HELENA.actor, JONAS.actor):
        with pytest.raises(SignedByName):
            await here.hand_over(id_, actor)
    await here.reopening.reopen(MAJA.actor, id_, "Jag får en annan chef.")
    await here.hand_over(id_)
    assert (await here.conversations.see(INGRID.actor, id_)).responsible.id == "ingrid"


async def test_what_is_over_is_handed_over_to_nobody(here: Here) -> None:
    id_, _ = await here.closed()
    with pytest.raises(NoLongerPossible):
        await here.hand_over(id_, JONAS.actor)


# The predecessor's draft.


async def test_an_unshared_draft_stays_its_writers_alone(here: Here) -> None:
    id_ = await here.conversation()
    await here.write("jonas", id_, Pane.MANAGER, {"a1": text(DRAFT)})
    await here.hand_over(id_)
    (part,) = (await here.formers.of(JONAS.actor, id_)).parts
    assert part.content["a1"] == text(DRAFT)
    assert (await here.documents.read(INGRID.actor, id_)).contents[Pane.MANAGER]["a1"] == text("")
    assert (await here.answers.asked(MAJA.actor, id_)).questions == ()
    for actor in (MAJA.actor, INGRID.actor):
        assert (await here.formers.of(actor, id_)).parts == ()
    with pytest.raises(NotFound):
        await here.formers.of(HELENA.actor, id_)


async def test_a_draft_that_was_shared_and_never_opened_counts_as_unshared(here: Here) -> None:
    id_ = await here.conversation()
    await here.write("jonas", id_, Pane.MANAGER, {"a1": SAID})
    await here.share(JONAS.actor, id_, Pane.MANAGER)
    await here.hand_over(id_)
    assert (await here.answers.asked(MAJA.actor, id_)).questions == ()
    with pytest.raises(NotFound):
        await here.sharing.open_pane(MAJA.actor, id_, Pane.MANAGER)


async def test_nothing_of_how_the_draft_was_written_is_kept(here: Here) -> None:
    id_ = await here.conversation()
    await here.write("jonas", id_, Pane.MANAGER, {"a4": text(DRAFT)})
    await here.take_back("jonas", id_, Pane.MANAGER)
    await here.write("jonas", id_, Pane.MANAGER, {"a1": SAID})
    await here.hand_over(id_)
    assert DRAFT[:20].encode() not in await here.database.read(everything)
    assert await here.count("change_log") == 0


async def test_its_writer_has_the_draft_erased(here: Here) -> None:
    id_ = await here.conversation()
    await here.write("jonas", id_, Pane.MANAGER, {"a1": text(DRAFT)})
    await here.hand_over(id_)
    (part,) = (await here.formers.of(JONAS.actor, id_)).parts
    await here.formers.remove(JONAS.actor, id_, part.handover, part.pane)
    assert DRAFT.encode() not in await here.database.read(everything)
    with pytest.raises(NotFound):
        await here.formers.of(JONAS.actor, id_)
    assert await here.formers.mine(JONAS.actor) == []


async def test_what_the_employee_has_received_stays_with_her_when_its_writer_erases_it(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.hand_over(id_)
    part = next(each for each in (await here.formers.of(JONAS.actor, id_)).parts if each.pane is Pane.MANAGER)
    await here.formers.remove(JONAS.actor, id_, part.handover, part.pane)
    assert [each.pane for each in (await here.formers.of(JONAS.actor, id_)).parts] == [Pane.JOINT]
    assert part.content in [each.content for each in (await here.formers.of(MAJA.actor, id_)).parts]
    with pytest.raises(NotFound):
        await here.formers.remove(JONAS.actor, id_, part.handover, part.pane)


@pytest.mark.parametrize("actor", [MAJA.actor, INGRID.actor, HELENA.actor], ids=lambda a: a.person)
async def test_nobody_else_has_a_draft_erased(here: Here, actor: Actor) -> None:
    id_ = await here.conversation()
    await here.write("jonas", id_, Pane.MANAGER, {"a1": text(DRAFT)})
    await here.hand_over(id_)
    (part,) = (await here.formers.of(JONAS.actor, id_)).parts
    with pytest.raises((NotFound, NoLongerPossible)):
        await here.formers.remove(actor, id_, part.handover, part.pane)
    assert (await here.formers.of(JONAS.actor, id_)).parts == (part,)


async def test_the_predecessor_finds_what_is_kept_in_a_list(here: Here) -> None:
    id_ = await here.conversation()
    await here.write("jonas", id_, Pane.MANAGER, {"a1": text(DRAFT)})
    assert await here.formers.mine(JONAS.actor) == []
    await here.hand_over(id_)
    (left,) = await here.formers.mine(JONAS.actor)
    assert (left.conversation, left.employee.id) == (id_, "maja")
    assert await here.formers.mine(INGRID.actor) == []


# Before the employee has answered.


async def test_the_successor_reads_nothing_before_the_employee_has_answered(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    old = await here.name(id_, Pane.JOINT)
    await here.hand_over(id_)
    reading = await here.documents.read(INGRID.actor, id_)
    assert reading.contents.keys() == {Pane.MANAGER}
    for pane in (Pane.EMPLOYEE, Pane.JOINT):
        with pytest.raises(OpeningDenied):
            await here.open("ingrid", id_, pane)
    with pytest.raises(OpeningDenied):
        await here.open("ingrid", id_, Pane.JOINT, old)
    with pytest.raises(NotFound):
        await here.sharing.open_pane(INGRID.actor, id_, Pane.EMPLOYEE)
    assert (await here.formers.of(INGRID.actor, id_)).parts == ()


async def test_meanwhile_the_successor_prepares_and_the_employee_writes_on(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.hand_over(id_)
    await here.write("ingrid", id_, Pane.MANAGER, {"a1": text("Vi börjar om.")})
    await here.write("maja", id_, Pane.EMPLOYEE, {"a4": text("Detta är nytt.")})
    assert (await here.open("maja", id_, Pane.EMPLOYEE)).private
    assert (await here.documents.read(MAJA.actor, id_)).contents[Pane.EMPLOYEE]["a1"] == MINE


async def test_the_employee_is_asked_about_each_part_that_was_shared(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.hand_over(id_)
    asked = await here.answers.asked(MAJA.actor, id_)
    assert [each.pane for each in asked.questions] == list(Pane)
    assert [each.content.get("a1") for each in asked.questions[:2]] == [MINE, SAID]
    assert asked.questions[2].content["a6"] == OURS
    assert await here.is_asked(MAJA.actor) == {id_}
    assert await here.is_asked(INGRID.actor) == set()
    for actor in (INGRID.actor, JONAS.actor, HELENA.actor):
        with pytest.raises(NotFound):
            await here.answers.asked(actor, id_)


async def test_nothing_is_signed_before_the_employee_has_answered(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.hand_over(id_)
    for actor in (MAJA.actor, INGRID.actor):
        with pytest.raises(HandoverUnanswered):
            await here.freezing.freeze(actor, id_)


# The answer.


async def test_what_goes_over_is_read_by_the_successor(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.hand_over(id_)
    await here.answer(id_, employee=True, manager=True, joint=True)
    await here.sharing.open_pane(INGRID.actor, id_, Pane.EMPLOYEE)
    contents = (await here.documents.read(INGRID.actor, id_)).contents
    assert contents[Pane.EMPLOYEE]["a1"] == MINE
    assert contents[Pane.JOINT]["a6"] == OURS
    (said,) = (await here.formers.of(INGRID.actor, id_)).parts
    assert (said.pane, said.predecessor.id, said.content["a1"]) == (Pane.MANAGER, "jonas", SAID)
    assert await here.is_asked(MAJA.actor) == set()
    await here.write("ingrid", id_, Pane.JOINT, {"a8": text("Vi går vidare.")})


async def test_what_stays_is_read_by_the_two_who_had_it_and_the_joint_pane_begins_anew(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.hand_over(id_)
    await here.answer(id_)
    contents = (await here.documents.read(INGRID.actor, id_)).contents
    assert contents.keys() == {Pane.MANAGER, Pane.JOINT}
    assert contents[Pane.JOINT]["a6"] == text("")
    assert (await here.formers.of(INGRID.actor, id_)).parts == ()
    for who in (MAJA, JONAS):
        parts = {each.pane: each.content for each in (await here.formers.of(who.actor, id_)).parts}
        assert parts[Pane.JOINT]["a6"] == OURS
        assert parts[Pane.MANAGER]["a1"] == SAID
    assert (await here.documents.read(MAJA.actor, id_)).contents[Pane.EMPLOYEE]["a1"] == MINE
    assert (await here.open("maja", id_, Pane.EMPLOYEE)).private


async def test_what_has_gone_over_is_no_longer_the_predecessors_to_read_but_his_own_words_are(
    here: Here,
) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.hand_over(id_)
    assert {each.pane for each in (await here.formers.of(JONAS.actor, id_)).parts} == {
        Pane.MANAGER,
        Pane.JOINT,
    }
    await here.answer(id_, joint=True, manager=True)
    assert [each.pane for each in (await here.formers.of(JONAS.actor, id_)).parts] == [Pane.MANAGER]


async def test_equal_texts_go_over_as_equal_bytes_however_they_were_drafted(here: Here) -> None:
    stored = []
    for wavers in (True, False):
        id_ = await here.conversation()
        await here.ready_and_opened(id_)
        if wavers:
            for who, pane in (("maja", Pane.JOINT), ("maja", Pane.EMPLOYEE), ("jonas", Pane.MANAGER)):
                await here.write(
                    who, id_, pane, {"a4" if pane is not Pane.JOINT else "a1": text("Ett utkast")}
                )
                await here.take_back(who, id_, pane)
        await here.hand_over(id_)
        await here.answer(id_, employee=True, manager=True, joint=True)
        loaded = [
            await here.database.log.load((await here.conversations.see(MAJA.actor, id_)).panes[pane].document)
            for pane in (Pane.EMPLOYEE, Pane.JOINT)
        ]
        kept = await here.database.read(partial(snapshot_of, id_))
        stored.append(([(each.snapshot, each.updates, each.clients) for each in loaded], kept))
    assert stored[0] == stored[1]


async def test_every_question_is_answered_at_once(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.hand_over(id_)
    first, *_ = (await here.answers.asked(MAJA.actor, id_)).questions
    with pytest.raises(AnswerMissing):
        await here.answers.answer(MAJA.actor, id_, {first.key: Answer(False)})
    assert len((await here.answers.asked(MAJA.actor, id_)).questions) == 3


async def test_only_the_employee_answers(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.hand_over(id_)
    asked = await here.answers.asked(MAJA.actor, id_)
    answers = {each.key: Answer(True, each.state_vector) for each in asked.questions}
    for actor in (INGRID.actor, JONAS.actor, HELENA.actor):
        with pytest.raises(NotFound):
            await here.answers.answer(actor, id_, answers)


async def test_her_answers_do_not_go_over_when_another_device_has_written(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.hand_over(id_)
    asked = await here.answers.asked(MAJA.actor, id_)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a4": text("Från telefonen.")})
    with pytest.raises(OtherDeviceHasWritten):
        await here.answers.answer(
            MAJA.actor, id_, {each.key: Answer(True, each.state_vector) for each in asked.questions}
        )
    assert len((await here.answers.asked(MAJA.actor, id_)).questions) == 3


async def test_her_answers_go_over_with_what_must_be_filled_in_as_when_she_shares(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.hand_over(id_)
    here._client = SERVER_CLIENT
    await here.take_back("maja", id_, Pane.EMPLOYEE)
    with pytest.raises(NotReadyToShare):
        await here.answer(id_, employee=True)


async def test_she_can_share_her_pane_herself_and_is_then_not_asked_about_it(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.hand_over(id_)
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    asked = await here.answers.asked(MAJA.actor, id_)
    assert [each.pane for each in asked.questions] == [Pane.MANAGER, Pane.JOINT]
    # And again by the next.
    await here.sharing.open_pane(INGRID.actor, id_, Pane.EMPLOYEE)
    await here.handovers.reassign(HELENA.actor, id_, "astrid")
    asked = await here.answers.asked(MAJA.actor, id_)
    assert [(each.pane, each.predecessor.id) for each in asked.questions] == [
        (Pane.EMPLOYEE, "ingrid"),
        (Pane.MANAGER, "jonas"),
        (Pane.JOINT, "jonas"),
    ]


async def test_what_a_second_successor_gets_is_still_the_employees_to_say(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.hand_over(id_)
    await here.handovers.reassign(INGRID.actor, id_, "astrid")
    assert (await here.documents.read(ASTRID.actor, id_)).contents.keys() == {Pane.MANAGER}
    await here.answer(id_, joint=True)
    assert (await here.documents.read(ASTRID.actor, id_)).contents[Pane.JOINT]["a6"] == OURS
    with pytest.raises(NotFound):
        await here.formers.of(INGRID.actor, id_)


async def test_a_text_that_everybody_read_is_withheld_just_the_same(
    database: Database, clock: SetClock
) -> None:
    here = await founded(database, clock, **OFF)
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": MINE})
    await here.write("jonas", id_, Pane.MANAGER, {"a1": SAID})
    await here.hand_over(id_)
    assert (await here.documents.read(INGRID.actor, id_)).contents.keys() == {Pane.MANAGER, Pane.JOINT}
    await here.write("maja", id_, Pane.EMPLOYEE, {"a4": text("Detta är nytt.")})
    asked = await here.answers.asked(MAJA.actor, id_)
    assert [each.pane for each in asked.questions] == [Pane.EMPLOYEE, Pane.MANAGER]
    await here.answer(id_)
    assert (await here.documents.read(INGRID.actor, id_)).contents[Pane.EMPLOYEE]["a1"] == text("")
    mine = next(each for each in (await here.formers.of(MAJA.actor, id_)).parts if each.pane is Pane.EMPLOYEE)
    assert mine.content["a4"] == text("Detta är nytt.")
    assert Pane.EMPLOYEE not in {each.pane for each in (await here.formers.of(JONAS.actor, id_)).parts}


async def test_of_a_text_that_everybody_read_she_says_that_it_goes_over(
    database: Database, clock: SetClock
) -> None:
    here = await founded(database, clock, **OFF)
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, {"a4": text(DRAFT)})
    await here.take_back("maja", id_, Pane.EMPLOYEE)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": MINE})
    await here.hand_over(id_)
    asked = await here.answers.asked(MAJA.actor, id_)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a5": text("Från telefonen.")})
    with pytest.raises(OtherDeviceHasWritten):
        await here.answers.answer(
            MAJA.actor, id_, {each.key: Answer(True, each.state_vector) for each in asked.questions}
        )
    await here.answer(id_, employee=True)
    assert (await here.documents.read(INGRID.actor, id_)).contents[Pane.EMPLOYEE]["a1"] == MINE
    assert DRAFT[:20].encode() not in await here.database.read(everything)


# Guests, bells, typing.


async def test_guests_of_the_predecessor_leave_and_the_employees_stay(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.invitations.invite(JONAS.actor, id_, "tomas")
    await here.invitations.agree(MAJA.actor, id_, "tomas")
    await here.invitations.accept(TOMAS.actor, id_)
    await here.invitations.invite(MAJA.actor, id_, "astrid")
    await here.invitations.accept(ASTRID.actor, id_)
    await here.invitations.let_write(MAJA.actor, id_, "astrid", True)
    await here.hand_over(id_)
    assert [each.person for each in (await here.conversations.see(MAJA.actor, id_)).facts.guests] == [
        "astrid"
    ]
    with pytest.raises(NotFound):
        await here.conversations.see(TOMAS.actor, id_)
    assert (await here.documents.read(ASTRID.actor, id_)).contents == {}
    # What the two agreed on before is theirs as well, on paper too.
    await here.new_activities.add(MAJA.actor, "maja", GoalType.WORK, Wording("Ny jourlista"))
    assert "Ny jourlista" not in str(await here.records.draft(ASTRID.actor, id_))
    assert "Ny jourlista" in str(await here.records.draft(MAJA.actor, id_))
    await here.answer(id_, joint=True)
    assert (await here.open("astrid", id_, Pane.JOINT)).scope == "read-write"


async def test_everybody_concerned_is_told_at_once(here: Here) -> None:
    id_ = await here.conversation()
    here.bells.clear()
    await here.hand_over(id_)
    assert ConversationChanged(id_) in here.bells
    assert PersonChanged("jonas") in here.bells


async def test_a_key_press_comes_before_the_handover_and_is_kept_or_is_refused(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    before = {
        who: await here.open(who, id_, pane) for who, pane in (("jonas", Pane.MANAGER), ("maja", Pane.JOINT))
    }
    await here.write("jonas", id_, Pane.MANAGER, {"a4": text("Det sista ordet.")})
    await here.hand_over(id_)
    for who, opening in before.items():
        with pytest.raises(OpeningDenied):
            await here.open(who, id_, Pane.JOINT, opening.name)
    said = next(each for each in (await here.formers.of(JONAS.actor, id_)).parts if each.pane is Pane.MANAGER)
    assert said.content["a4"] == text("Det sista ordet.")


async def test_what_was_said_of_a_handover_leaves_no_word_in_the_audit(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.hand_over(id_)
    await here.answer(id_, joint=True)
    rows = await here.database.read(
        lambda c: c.execute(select(tables.audit).where(tables.audit.c.conversation == id_)).all()
    )
    handed = next(row for row in rows if row.event == "page:conversation:handed-over")
    assert (handed.person, dict(handed.about)) == ("helena", {"person": "ingrid", "predecessor": "jonas"})
    answered = [dict(row.about) for row in rows if row.event == "page:handover:answered"]
    assert answered == [
        {"pane": "employee", "kind": "stays"},
        {"pane": "manager", "kind": "stays"},
        {"pane": "joint", "kind": "goes_over"},
    ]


async def test_a_guest_who_becomes_responsible_is_a_guest_no_longer(here: Here) -> None:
    id_ = await here.conversation()
    await here.ready_and_opened(id_)
    await here.invitations.invite(MAJA.actor, id_, "ingrid")
    await here.invitations.accept(INGRID.actor, id_)
    await here.hand_over(id_)
    conversation = await here.conversations.see(INGRID.actor, id_)
    assert (conversation.responsible.id, conversation.facts.guests) == ("ingrid", ())
    assert (await here.documents.read(INGRID.actor, id_)).contents.keys() == {Pane.MANAGER}


async def test_calendars_follow_and_the_predecessors_gives_the_meeting_up(here: Here) -> None:
    meeting = Meeting(here.clock() + timedelta(days=9), "Europe/Stockholm", "Rum Storsjön")
    id_ = await here.conversations.create(JONAS.actor, "maja", ANNUAL, meeting, notify=True, invite=True)
    await here.invitations.invite(JONAS.actor, id_, "tomas")
    await here.invitations.agree(MAJA.actor, id_, "tomas")
    await here.invitations.accept(TOMAS.actor, id_)
    await here.hand_over(id_)
    letter = tables.letter
    waiting = await here.database.read(
        lambda c: c.execute(select(letter).where(letter.c.next_at.is_not(None))).all()
    )
    told = {row.person_id: row.kind for row in waiting}
    assert told == {"maja": "reassigned", "ingrid": "reassigned", "jonas": "left", "tomas": "left"}
    assert all(DRAFT not in str(row.facts) and "bytt enhet" not in str(row.facts) for row in waiting)
    assert (await here.conversations.see(INGRID.actor, id_)).meeting == meeting
