"""A conversation's life: what its guards find missing, and who can take which turn in which state."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from crdt.content import Content
from server.demo import data
from server.rules import life
from server.rules.access import OPERATOR, Actor, Pane, State
from server.rules.errors import NoLongerPossible, NotFound, ShareAlreadyOpened
from server.rules.life import Lack, Missing
from server.storage import tables
from server.storage.database import Database
from server.storage.update_log import AppendRefused
from server.template import format as template_format
from server.template.format import Template
from tests.conftest import SetClock
from tests.organisation import (
    ASTRID,
    HELENA,
    JONAS,
    MAJA,
    PASSWORD,
    TOMAS,
    Organisation,
    annual_template,
    text,
)

EMPLOYEE, MANAGER, JOINT = Pane.EMPLOYEE, Pane.MANAGER, Pane.JOINT


def sample(id_: str, **changes: Any) -> Template:
    """One of the sample organisation's templates, with some keys changed."""
    (body,) = (body for body in data.templates() if body["id"] == id_)
    return template_format.read(body | changes)


ANNUAL = sample("arssamtal-tre-rutor")
ROUTINE = sample("rutin-medarbetarsamtal")
SHORT = sample("oppfolging-kort")


def blank(*panes: Pane) -> dict[Pane, Content]:
    """The contents of panes in which nobody has written."""
    return {pane: {} for pane in panes or tuple(Pane)}


# Required elements.


def test_what_signing_requires_is_demanded_in_the_joint_pane_if_the_element_has_one() -> None:
    assert life.missing(ANNUAL, blank()) == (
        Missing(Lack.ELEMENT, JOINT, "a6", "a6"),
        Missing(Lack.ELEMENT, JOINT, "a8", "a8"),
    )


def test_what_completing_requires_is_demanded_in_every_other_pane_that_it_has() -> None:
    assert life.missing(SHORT, blank()) == (
        Missing(Lack.ELEMENT, JOINT, "c2", "c2"),
        Missing(Lack.ELEMENT, EMPLOYEE, "c3", "c3"),
        Missing(Lack.ELEMENT, JOINT, "c6", "c6"),
        Missing(Lack.ELEMENT, JOINT, "c7", "c7"),
        Missing(Lack.ELEMENT, MANAGER, "c9", "c9"),
    )


def test_what_only_signing_requires_is_not_demanded_where_nobody_signs() -> None:
    assert life.missing(sample(ANNUAL.id, sign={"enabled": False}), blank()) == ()


def test_text_that_cannot_be_seen_fills_nothing_in() -> None:
    contents = blank() | {JOINT: {"a6": text(" \u00a0\u200b\t"), "a8": text("", "Vi är nöjda.")}}
    assert life.missing(ANNUAL, contents) == (Missing(Lack.ELEMENT, JOINT, "a6", "a6"),)


def test_a_table_is_filled_by_a_row_that_has_everything_required() -> None:
    row = {"id": "r1", "tiltak": text("Befaring"), "ansvarlig": "kari"}
    contents: dict[Pane, Content] = {
        EMPLOYEE: {"c3": "rute"},
        MANAGER: {"c9": text("Godt.")},
        JOINT: {"c2": text("Mye."), "c6": [row], "c7": "2026-12-01"},
    }
    assert life.missing(SHORT, contents) == (Missing(Lack.ELEMENT, JOINT, "c6", "c6"),)
    contents[JOINT] = contents[JOINT] | {"c6": [row | {"frist": "2026-12-24"}]}
    assert life.missing(SHORT, contents) == ()


def test_a_text_with_too_many_characters_is_told_with_its_place() -> None:
    contents = blank() | {JOINT: {"c2": text("å" * 4_001)}}
    found = life.missing(SHORT, contents)
    assert found[0] == Missing(Lack.TOO_LONG, JOINT, "c2", "c2")
    contents[JOINT] = {"c2": text("å" * 4_000)}
    assert Lack.TOO_LONG not in {each.kind for each in life.missing(SHORT, contents)}


# The plan.


def plan(**values: Any) -> dict[Pane, Content]:
    """The contents of a conversation by the routine, with its one required answer."""
    return blank() | {JOINT: {"b5": text("Sluka färre larm.")} | values}


def goal(**cells: Any) -> dict[str, Any]:
    return {"handlingsplan.mal": [{"id": "r1", "hur": text("")} | cells]}


GOAL = goal(medarbetarens_mal=text("Ett eget larm."))
NO_GOAL = Missing(Lack.PLAN_GOAL, JOINT, "handlingsplan.mal", "handlingsplan.mal")
NO_DEVELOPMENT = Missing(Lack.DEVELOPMENT, JOINT, "handlingsplan.utmaning", "handlingsplan.utmaning")


def test_a_plan_needs_a_goal_and_a_development_or_the_word_that_none_is_needed() -> None:
    assert life.missing(ROUTINE, plan()) == (NO_GOAL, NO_DEVELOPMENT)
    assert life.missing(ROUTINE, plan(**GOAL)) == (NO_DEVELOPMENT,)
    assert life.missing(ROUTINE, plan(**GOAL, **{"handlingsplan.not_needed": True})) == ()
    challenge = [{"id": "r1", "medarbetarens_utmaning": text("Leda ett möte.")}]
    assert life.missing(ROUTINE, plan(**GOAL, **{"handlingsplan.utmaning": challenge})) == ()


def test_a_row_without_a_word_is_no_goal() -> None:
    found = life.missing(ROUTINE, plan(**goal(ansvarig="maja"), **{"handlingsplan.not_needed": True}))
    assert found == (NO_GOAL,)


# What is not shared, and not opened.


def test_an_unshared_pane_is_missing_and_says_nothing_else() -> None:
    demanding = annual_template()
    demanding["sections"][0]["elements"][0] |= {"panes": ["employee"], "required_for": ["sign"]}
    template = template_format.read(demanding)
    contents = {JOINT: {"a6": text("x"), "a8": text("y")}}
    assert life.missing(template, contents, unshared=[MANAGER, EMPLOYEE]) == (
        Missing(Lack.NOT_SHARED, EMPLOYEE),
        Missing(Lack.NOT_SHARED, MANAGER),
    )
    assert life.missing(template, contents | blank(EMPLOYEE)) == (
        Missing(Lack.ELEMENT, EMPLOYEE, "a1", "a1"),
    )


def test_of_a_pane_that_was_not_opened_it_is_told_once_that_something_is_missing() -> None:
    contents = plan(**GOAL, **{"handlingsplan.not_needed": True})
    demanding = sample(ROUTINE.id)
    elements = [element for section in demanding.sections for element in section.elements]
    lonely = [element for element in elements if element.lives_in == (EMPLOYEE,)]
    assert len(lonely) > 1
    assert life.missing(SHORT, blank(), unread=[EMPLOYEE]) == (
        Missing(Lack.ELEMENT, JOINT, "c2", "c2"),
        Missing(Lack.UNREAD, EMPLOYEE),
        Missing(Lack.ELEMENT, JOINT, "c6", "c6"),
        Missing(Lack.ELEMENT, JOINT, "c7", "c7"),
        Missing(Lack.ELEMENT, MANAGER, "c9", "c9"),
    )
    assert life.missing(demanding, contents, unread=[EMPLOYEE]) == ()


def test_a_pane_without_elements_counts_as_shared() -> None:
    assert [pane for pane in Pane if life.must_be_shared(ANNUAL, pane)] == [EMPLOYEE, MANAGER]
    assert [pane for pane in Pane if life.must_be_shared(ROUTINE, pane)] == [EMPLOYEE]
    assert [pane for pane in Pane if life.must_be_shared(SHORT, pane)] == []


# Who can take which turn.


@dataclass(frozen=True)
class Turns:
    """What one state allows: (turn, person). Everything else is refused."""

    state: State
    signed: frozenset[tuple[str, str]]
    """Where the template has it signed."""
    unsigned: frozenset[tuple[str, str]]
    """Where nobody signs."""


TABLE = (
    Turns(
        State.OPEN,
        frozenset({("freeze", "maja"), ("freeze", "jonas"), ("decline", "maja"), ("cancel", "jonas")}),
        frozenset({("complete", "jonas"), ("decline", "maja"), ("cancel", "jonas")}),
    ),
    Turns(
        State.FROZEN,
        frozenset({("sign", "maja"), ("sign", "jonas"), ("reopen", "maja"), ("reopen", "jonas")}),
        frozenset(),
    ),
    Turns(
        State.CLOSED,
        frozenset({("reopen", "maja"), ("reopen", "jonas")}),
        frozenset({("reopen", "jonas")}),
    ),
    Turns(State.DECLINED, frozenset(), frozenset()),
    Turns(State.CANCELLED, frozenset(), frozenset()),
)

TURNS = ("freeze", "complete", "sign", "reopen", "decline", "cancel")
EVERYBODY = (MAJA, JONAS, ASTRID, HELENA, TOMAS)

EVER = {
    True: {pair for row in TABLE for pair in row.signed},
    False: {pair for row in TABLE for pair in row.unsigned},
}
"""By whether it is signed: what somebody can do at all. Who cannot is told that there is nothing."""


class Life:
    """One conversation, brought into a state, and the turns that people try in it."""

    def __init__(self, here: Organisation, signed: bool) -> None:
        self.here = here
        self.signed = signed
        self.id = ""
        self.sha256 = "0" * 64

    async def begin(self) -> None:
        template = annual_template() if self.signed else annual_template(sign={"enabled": False})
        await self.here.found(template)

    async def reach(self, state: State) -> None:
        """A new conversation in this state."""
        here = self.here
        self.id = await here.conversation()
        await here.ready(self.id)
        match state:
            case State.FROZEN:
                self.sha256 = await here.freezing.freeze(MAJA.actor, self.id)
            case State.CLOSED if self.signed:
                self.sha256 = await here.freezing.freeze(MAJA.actor, self.id)
                await here.sign(MAJA.actor, self.id, self.sha256)
                await here.sign(JONAS.actor, self.id, self.sha256)
            case State.CLOSED:
                await here.freezing.complete(JONAS.actor, self.id)
            case State.DECLINED:
                await here.declining.decline(MAJA.actor, self.id, "Inte nu.")
            case State.CANCELLED:
                await here.declining.cancel(JONAS.actor, self.id, "Inte nu.")

    async def take(self, turn: str, actor: Actor) -> None:
        here = self.here
        match turn:
            case "freeze":
                await here.freezing.freeze(actor, self.id)
            case "complete":
                await here.freezing.complete(actor, self.id)
            case "sign":
                await here.signing.sign(actor, self.id, self.sha256, "sv", "", PASSWORD)
            case "reopen":
                await here.reopening.reopen(actor, self.id, "Vi glömde något.")
            case "decline":
                await here.declining.decline(actor, self.id, "Inte nu.")
            case "cancel":
                await here.declining.cancel(actor, self.id, "Inte nu.")

    async def everything(self) -> list[Any]:
        """Every row that a turn could change."""
        kept = (tables.conversation, tables.pane, tables.decision, tables.record, tables.signature)
        return await self.here.database.read(
            lambda connection: [
                tuple(row) for table in kept for row in connection.execute(select(table)).all()
            ]
        )


@pytest.fixture(params=["signed", "unsigned"])
async def a_life(request: pytest.FixtureRequest, database: Database, clock: SetClock) -> Life:
    a_life = Life(Organisation(database, clock), request.param == "signed")
    await a_life.begin()
    # So that it is the right to the turn that refuses them, and not the password.
    for one in (ASTRID, HELENA):
        await a_life.here.accounts.set_password(OPERATOR, one.id, PASSWORD)
    return a_life


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.state)
async def test_every_turn_in_every_state_is_taken_by_those_who_may_and_by_nobody_else(
    a_life: Life, row: Turns
) -> None:
    may = row.signed if a_life.signed else row.unsigned
    if row.state is State.FROZEN and not a_life.signed:
        # What nobody signs is never frozen alone.
        return
    await a_life.reach(row.state)
    before = await a_life.everything()
    for turn in TURNS:
        for person in EVERYBODY:
            if (turn, person.id) not in may:
                ever = (turn, person.id) in EVER[a_life.signed]
                with pytest.raises(NoLongerPossible if ever else NotFound):
                    await a_life.take(turn, person.actor)
    assert await a_life.everything() == before
    for turn, who in sorted(may):
        await a_life.reach(row.state)
        await a_life.take(turn, next(person.actor for person in EVERYBODY if person.id == who))


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("pane", [EMPLOYEE, JOINT])
async def test_only_in_an_open_conversation_anything_is_written(
    database: Database, clock: SetClock, state: State, pane: Pane
) -> None:
    a_life = Life(Organisation(database, clock), signed=True)
    await a_life.begin()
    await a_life.reach(state)
    if state is State.OPEN:
        await a_life.here.write("maja", a_life.id, pane, {"a4": text("Mer tid.")})
        return
    with pytest.raises(AppendRefused) as refused:
        await a_life.here.write("maja", a_life.id, pane, {"a4": text("Mer tid.")})
    assert refused.value.reason == "frozen"


@pytest.mark.parametrize("state", [State.FROZEN, State.CLOSED, State.DECLINED, State.CANCELLED])
async def test_no_pane_is_shared_or_taken_back_once_it_is_not_open(
    database: Database, clock: SetClock, state: State
) -> None:
    a_life = Life(Organisation(database, clock), signed=True)
    await a_life.begin()
    await a_life.reach(state)
    vector = await a_life.here.state_vector("maja", a_life.id, EMPLOYEE)
    with pytest.raises(NoLongerPossible):
        await a_life.here.sharing.share(MAJA.actor, a_life.id, EMPLOYEE, vector)
    with pytest.raises((NoLongerPossible, ShareAlreadyOpened)):
        await a_life.here.sharing.withdraw(MAJA.actor, a_life.id, EMPLOYEE)
