"""Random lives of a conversation: both do what comes to mind, and what was promised holds after each step."""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection, select

from server.realtime.ports import Opening, OpeningDenied
from server.record.format import read_sealed, read_statement
from server.rules.access import Actor, Pane, State
from server.rules.errors import NotReady, RecordChanged, Refusal
from server.storage import tables
from server.storage.opening import open_database
from server.storage.update_log import AppendRefused, DocumentGone
from tests.campaign.races import tokens, tokens_of
from tests.conftest import SetClock, made_database
from tests.organisation import JONAS, MAJA, Organisation, annual_template, text

T = TypeVar("T")
LIVES, STEPS = 12, 20
BOTH = st.sampled_from((MAJA.actor, JONAS.actor))
OWNERS = {Pane.EMPLOYEE: MAJA.actor, Pane.MANAGER: JONAS.actor}


def template() -> dict[str, Any]:
    """One question in every pane, which nobody must answer; shared, and signed by both."""
    words = dict.fromkeys(("sv", "nb", "en"), "Hur har det gått?")
    question = {"id": "q1", "type": "rich_text", "panes": [pane.value for pane in Pane], "label": words}
    return annual_template(sections=[{"id": "all", "title": words, "elements": [question]}])


class Stage:
    """A database with the organisation in it, on which one life after the other is played."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self.clock = SetClock()
        self._url = url

    def open(self) -> None:
        self.database = self.run(open_database(self._url, self.clock))
        self.here = Organisation(self.database, self.clock)
        self.run(self.here.found(template()))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def read(self, work: Callable[[Connection], T]) -> T:
        return self.run(self.database.read(work))

    def close(self) -> None:
        self.run(self.database.close())
        self._runner.close()


class Life(RuleBasedStateMachine):
    """One conversation. The model is what the two could say of it themselves."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.here = self.stage.here
        self.id = self.stage.run(self.here.conversation())
        self.state = State.OPEN
        self.version = 1
        self.shared: set[Pane] = set()
        self.signed: set[str] = set()
        self.written: dict[Pane, list[str]] = {pane: [] for pane in Pane}
        self.closed: dict[int, tuple[Any, ...]] = {}
        """Version -> its row, as it was when it closed."""
        self.sha256 = ""
        self.earlier: Opening | None = None

    def attempt(
        self, work: Coroutine[Any, Any, Any], *, may: bool, refusal: type[Exception] = Refusal
    ) -> bool:
        """Do something. Whether it was done, which must be as the model says."""
        try:
            self.stage.run(work)
        except refusal:
            assert not may
            return False
        assert may
        return True

    @initialize(turns=st.integers(0, 5))
    def begin(self, turns: int) -> None:
        """Lives that begin from nothing seldom come far: some begin shared, frozen, signed or closed."""
        way: list[Callable[[], None]] = [
            lambda: self.share(Pane.EMPLOYEE),
            lambda: self.share(Pane.MANAGER),
            lambda: self.freeze(JONAS.actor),
            lambda: self.sign(MAJA.actor),
            lambda: self.sign(JONAS.actor),
        ]
        self.write(MAJA.actor, Pane.JOINT)
        for turn in way[:turns]:
            turn()

    @rule(actor=BOTH, pane=st.sampled_from(Pane))
    def write(self, actor: Actor, pane: Pane) -> None:
        is_mine = OWNERS.get(pane, actor) == actor
        if self.written[pane]:
            # ``write`` fills in what is empty: in a field with text nothing more is tried.
            return
        token = f"{actor.person[0]}{self.stage.here._client}."
        work = self.here.write(actor.person, self.id, pane, {"q1": text(token)})
        if not is_mine:
            # Either the pane cannot be read at all, or it can be read and not written.
            with pytest.raises((OpeningDenied, AppendRefused)):
                self.stage.run(work)
        elif self.attempt(work, may=self.state is State.OPEN, refusal=AppendRefused):
            self.written[pane].append(token)

    @rule(pane=st.sampled_from((Pane.EMPLOYEE, Pane.MANAGER)))
    def share(self, pane: Pane) -> None:
        may = self.state is State.OPEN and pane not in self.shared
        if self.attempt(self.here.share(OWNERS[pane], self.id, pane), may=may):
            self.shared.add(pane)

    @rule(actor=BOTH)
    def freeze(self, actor: Actor) -> None:
        ready = len(self.shared) == len(OWNERS)
        work = self.here.freezing.freeze(actor, self.id)
        refusal = Refusal if self.state is not State.OPEN else NotReady
        if self.attempt(work, may=self.state is State.OPEN and ready, refusal=refusal):
            self.state = State.FROZEN
            record = tables.record.c
            wanted = select(record.sha256).where(
                record.conversation_id == self.id, record.version == self.version
            )
            self.sha256 = self.stage.read(lambda c: c.scalars(wanted).one())

    @rule(actor=BOTH)
    def sign(self, actor: Actor) -> None:
        may = self.state is State.FROZEN and actor.person not in self.signed
        if self.attempt(self.here.sign(actor, self.id, self.sha256), may=may):
            self.signed.add(actor.person)
            if len(self.signed) == len(OWNERS):
                self.state = State.CLOSED
                self.closed[self.version] = self._rows()[self.version]

    @rule(actor=BOTH)
    def sign_something_else(self, actor: Actor) -> None:
        refusal = RecordChanged if self.state is State.FROZEN else Refusal
        self.attempt(self.here.sign(actor, self.id, "0" * 64), may=False, refusal=refusal)

    @rule(actor=BOTH)
    def reopen(self, actor: Actor) -> None:
        may = self.state in (State.FROZEN, State.CLOSED)
        if self.attempt(self.here.reopening.reopen(actor, self.id, "Ett ord till."), may=may):
            self.version += self.state is State.CLOSED
            self.state = State.OPEN
            self.signed = set()

    @rule()
    def write_where_it_was_before(self) -> None:
        """A device that never heard of anything appends to a document that it opened earlier."""
        current = self.stage.run(self.here.open("maja", self.id, Pane.JOINT))
        earlier, self.earlier = self.earlier or current, current
        if self.state is not State.OPEN or earlier.document != current.document:
            with pytest.raises((AppendRefused, DocumentGone)):
                self.stage.run(self._append_late(earlier))

    async def _append_late(self, opening: Opening) -> None:
        document = await self.here.load(opening)
        update = document.fill({"q1": text("late")}, 7)
        await self.here._append("maja", opening, document, update)

    @rule(actor=BOTH)
    def decline(self, actor: Actor) -> None:
        may = self.state is State.OPEN and actor == MAJA.actor and len(self.closed) > 0
        if not may and self.state is State.OPEN and actor == MAJA.actor:
            # Only now and then: nothing happens in a conversation that was declined at once.
            return
        if self.attempt(self.here.declining.decline(actor, self.id, "Inte nu."), may=may):
            self.state = State.DECLINED

    def _rows(self) -> dict[int, tuple[Any, ...]]:
        wanted = select(tables.record).where(tables.record.c.conversation_id == self.id)
        return {row.version: tuple(row) for row in self.stage.read(lambda c: c.execute(wanted).all())}

    @invariant()
    def it_is_where_the_two_left_it(self) -> None:
        conversation = self.stage.run(self.here.conversations.see(MAJA.actor, self.id))
        assert (conversation.state, conversation.version) == (self.state, self.version)
        shared = {pane for pane, each in conversation.panes.items() if each.facts.shared}
        assert shared == self.shared

    @invariant()
    def nothing_that_was_written_is_lost(self) -> None:
        for pane, actor in ((Pane.JOINT, MAJA.actor), *OWNERS.items()):
            contents = self.stage.run(self.here.documents.read(actor, self.id)).contents
            assert tokens(repr(contents[pane])) == self.written[pane]

    @invariant()
    def what_was_closed_never_changes(self) -> None:
        rows = self._rows()
        for version, row in self.closed.items():
            assert rows[version] == row
        there = set(self.closed) | ({self.version} if self.state is State.FROZEN else set())
        assert set(rows) == there

    @invariant()
    def everybody_has_signed_what_is_recorded(self) -> None:
        record, signature = tables.record, tables.signature
        joined = (
            select(record.c.content, record.c.sha256, record.c.sealed, signature.c.statement)
            .join(
                signature,
                (signature.c.conversation_id == record.c.conversation_id)
                & (signature.c.version == record.c.version),
            )
            .where(record.c.conversation_id == self.id)
        )
        for row in self.stage.read(lambda c: c.execute(joined).all()):
            assert read_statement(row.statement).record == row.sha256
            assert hashlib.sha256(row.content).hexdigest() == row.sha256
            assert row.sealed is None or read_sealed(row.sealed).sha256 == row.sha256

    @invariant()
    def what_is_frozen_says_what_the_documents_say(self) -> None:
        if self.state in (State.FROZEN, State.CLOSED):
            content = self._rows()[self.version][2]
            assert tokens_of(content) == self.written


@pytest.fixture(params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Stage]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'samsyn.db'}"
    else:
        url = made_database(request.getfixturevalue("postgres_server"))
    stage = Stage(url)
    stage.open()
    yield stage
    stage.close()


def test_whatever_the_two_do_what_was_promised_holds(stage: Stage) -> None:
    run_state_machine_as_test(
        type("StagedLife", (Life,), {"stage": stage}),
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
