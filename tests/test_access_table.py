"""ACC-1 over the real application: every address and every document, for everybody, in the states of a life.

Whoever may is answered; whoever may not is answered what a conversation that never was would answer, byte for
byte, and nothing has changed.
"""

import asyncio
import base64
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, Table, delete, insert, select

from server import activities
from server.activities import GoalType
from server.activity_documents import Wording
from server.app import Node, create_app, opened
from server.handover import Handovers
from server.handover_answers import Answer, HandoverAnswers
from server.realtime.ports import OpeningDenied
from server.rules.access import OPERATOR, Action, Actor, Pane, State
from server.settings import Settings
from server.stand_ins import Days, StandIns
from server.storage import tables
from tests import access_table
from tests.access_table import (
    EMPLOYEE,
    GUESTS,
    OPERATES,
    PARTS,
    PREDECESSOR,
    RESPONSIBLE,
    ROLES,
    SIGNED_OUT,
    STAND_IN,
    Section,
    Situation,
)
from tests.conftest import SetClock
from tests.organisation import ANNUAL, PASSWORD, Organisation, annual_template, person, text

# One process plays each scene, and asks for what never was.
pytestmark = pytest.mark.xdist_group("access table")

ORIGIN = "http://samsyn.example"
NOBODYS = "0" * 32
"""The id of a conversation that there never was."""

PEOPLE = [who for who in access_table.read()[0] if who != OPERATES]
EMP, RES = Actor(EMPLOYEE), access_table.actor(RESPONSIBLE)
PREV = access_table.actor(PREDECESSOR)
CONVERSATION = "GET /conversations/{id}"
CHANGED = "This has changed since the page was shown. Look again."
WRITTEN = text("Larmrutinen fungerar.")
OFF: dict[str, Any] = {"share": {"enabled": False, "unit": "whole_pane"}}
UNSIGNED: dict[str, Any] = {"sign": {"enabled": False}, "completes": "manager"}
TOGETHER: dict[str, Any] = {
    "share": {
        "enabled": True,
        "unit": "whole_pane",
        "revocable_until": "other_party_has_opened",
        "reveal": "together",
    }
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A conversation, and how it came to be where it is."""

    name: str
    state: State = State.OPEN
    employee: str = "not shared"
    manager: str = "not shared"
    """How far each of the two panes is shared."""
    signing: str = "both sign"
    template: dict[str, Any] = field(default_factory=dict)
    part: str = PARTS[0]
    """What has become of what prev and emp had shared, where prev handed the conversation over."""

    @property
    def is_handed_over(self) -> bool:
        return self.part != PARTS[0]

    def situation(self, pane: Pane | None, guest: str = "") -> Situation:
        """What the table calls it."""
        sharing = self.manager if pane is Pane.MANAGER else self.employee
        is_withheld = pane is Pane.JOINT and self.part == "undecided"
        return Situation(self.state, sharing, self.signing, guest, part=self.part, is_withheld=is_withheld)


SCENES = (
    Scene("begun"),
    Scene("shared", employee="shared", manager="shared"),
    Scene("waiting", employee="waiting", template=TOGETHER),
    Scene("opened", employee="opened", manager="opened"),
    Scene("open-to-both", employee="share off", manager="share off", template=OFF),
    Scene("unsigned", employee="opened", manager="opened", signing="nobody signs", template=UNSIGNED),
    Scene("frozen", State.FROZEN, "opened", "opened"),
    Scene("closed", State.CLOSED, "opened", "opened"),
    Scene("completed", State.CLOSED, "opened", "opened", "nobody signs", UNSIGNED),
    Scene("declined", State.DECLINED),
    Scene("cancelled", State.CANCELLED, "opened", "opened"),
    Scene("handed-over", part="undecided"),
    Scene("gone-over", employee="shared", part="went over"),
    Scene("stayed", part="stayed"),
)


@dataclass
class Stage:
    """A played scene in a folder of its own, of which copies can be made."""

    scene: Scene
    folder: Path
    clock: SetClock
    id: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    vectors: dict[tuple[str, Pane], bytes] = field(default_factory=dict)
    """What a page of the pane's owner would say that it has."""
    sha256: str = ""
    handover: str = "f" * 32
    """Id of the handover, where there was one."""

    @asynccontextmanager
    async def node(self) -> AsyncIterator[Node]:
        async with opened(Settings(data=self.folder, origin=ORIGIN), self.clock) as node:
            yield node

    def form(self, way: str, who: str, pane: Pane) -> dict[str, Any]:
        """What the page behind an address would send, as httpx takes it."""
        match way.rpartition("/")[2]:
            case "share":
                vector = base64.b64encode(self.vectors.get((who, pane), b"\0")).decode()
                return {"json": {"state_vector": vector}}
            case "guests":
                return {"data": {"person": "coll"}}
            case "writing":
                return {"data": {"writes": "yes"}}
            case "meeting":
                return {"data": {"day": "2026-12-01", "time": "10:00", "place": "Rum 2"}}
            case "decline" | "cancel" | "reopen":
                return {"data": {"reason": "Vi tar det om en månad."}}
            case "responsible":
                return {"data": {"person": "coll"}}
            case "handover":
                vector = base64.b64encode(self.vectors.get((who, Pane.EMPLOYEE), b"\0")).decode()
                keys = [f"{self.handover}-{each}" for each in Pane]
                chosen = {f"part-{key}": "goes" for key in keys}
                return {"data": chosen | {f"seen-{keys[0]}": vector}}
            case "sign":
                signs = {"sha256": self.sha256, "language": "en", "password": PASSWORD, "comment": ""}
                return {"data": signs}
            case _:
                return {}


@pytest.fixture(scope="module", params=SCENES, ids=lambda scene: scene.name)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Each scene once, for the tests to copy."""
    stage = Stage(request.param, tmp_path_factory.mktemp("played"), SetClock())
    asyncio.run(_play_all(stage))
    return stage


@pytest.fixture
def stage(played: Stage, tmp_path: Path) -> Stage:
    return replace(played, folder=Path(shutil.copytree(played.folder, tmp_path / "stage")))


async def _play_all(stage: Stage) -> None:
    async with stage.node() as node:
        await _play(stage, Organisation(node.database, stage.clock))
        for who in PEOPLE:
            if who != SIGNED_OUT:
                stage.keys[who] = await node.sessions.begin(who, "")


async def _play(stage: Stage, here: Organisation) -> None:
    scene = stage.scene
    others = [one for one in PEOPLE if one not in ("above", RESPONSIBLE, SIGNED_OUT)]
    for who in ("above", RESPONSIBLE, *others):
        leads = {RESPONSIBLE: "above", EMPLOYEE: RESPONSIBLE}
        roles = (ROLES[who],) if who in ROLES else ()
        someone = person(who, f"{who.capitalize()} Person", leads.get(who), *roles)
        await here.accounts.add(OPERATOR, someone, PASSWORD if who in (EMPLOYEE, RESPONSIBLE) else None)
        await here.accounts.set_locale(who, "en")
    today = stage.clock().date()
    await StandIns(here.database, stage.clock).name(RES, RESPONSIBLE, STAND_IN, Days(today, today))
    await here.templates.add(OPERATOR, annual_template(**scene.template))
    id_ = stage.id = await here.conversations.create(RES, EMPLOYEE, ANNUAL)
    if scene.is_handed_over:
        stage.handover = await _hand_over(here, id_, scene.part)
    await _invite(here, id_)
    await here.write(EMPLOYEE, id_, Pane.EMPLOYEE, {"a1": WRITTEN, "a6": WRITTEN})
    await here.write(RESPONSIBLE, id_, Pane.MANAGER, {"a1": WRITTEN, "a6": WRITTEN})
    if not scene.is_handed_over:
        await here.write(EMPLOYEE, id_, Pane.JOINT, {"a6": WRITTEN, "a8": WRITTEN})
    for pane, sharing, owner, other in (
        (Pane.EMPLOYEE, scene.employee, EMP, RES),
        (Pane.MANAGER, scene.manager, RES, EMP),
    ):
        if sharing in ("shared", "waiting", "opened") and not scene.is_handed_over:
            await here.share(owner, id_, pane)
        if sharing == "opened":
            await here.sharing.open_pane(other, id_, pane)
        stage.vectors[owner.person, pane] = await here.state_vector(owner.person, id_, pane)
    match scene.state, scene.signing:
        case State.FROZEN, _:
            stage.sha256 = await here.freezing.freeze(EMP, id_)
        case State.CLOSED, "nobody signs":
            await here.freezing.complete(RES, id_)
        case State.CLOSED, _:
            stage.sha256 = await here.freezing.freeze(EMP, id_)
            for signer in (EMP, RES):
                await here.signing.sign(signer, id_, stage.sha256, "en", "", PASSWORD)
        case State.DECLINED, _:
            await here.declining.decline(EMP, id_, "Vi tar det om en månad.")
        case State.CANCELLED, _:
            await here.declining.cancel(RES, id_, "Vi tar det om en månad.")


async def _hand_over(here: Organisation, id_: str, part: str) -> str:
    """Have prev and emp share everything, and prev hand it over to res. Returns the handover's id."""
    handovers = Handovers(here.database, here.clock)
    answers = HandoverAnswers(here.database, here.clock)
    await handovers.reassign(RES, id_, PREDECESSOR)
    for who, pane in ((EMP, Pane.EMPLOYEE), (PREV, Pane.MANAGER)):
        await here.write(who.person, id_, pane, {"a1": WRITTEN})
        await here.share(who, id_, pane)
    await here.sharing.open_pane(PREV, id_, Pane.EMPLOYEE)
    await here.sharing.open_pane(EMP, id_, Pane.MANAGER)
    await here.write(EMPLOYEE, id_, Pane.JOINT, {"a6": WRITTEN, "a8": WRITTEN})
    await handovers.reassign(PREV, id_, RESPONSIBLE)
    asked = (await answers.asked(EMP, id_)).questions
    if part != "undecided":
        goes = part == "went over"
        given = {each.key: Answer(goes, each.state_vector) for each in asked}
        await answers.answer(EMP, id_, given)
    return asked[0].handover


async def _invite(here: Organisation, id_: str) -> None:
    """Have a guest of every kind. The one whose part has been ended could have been given the joint pane."""
    for who in ("left", *GUESTS):
        facts = GUESTS.get(who)
        inviting = RES if facts and facts.invited_by == RESPONSIBLE else EMP
        await here.invitations.invite(inviting, id_, who)
        if inviting is RES and facts and facts.agreed:
            await here.invitations.agree(EMP, id_, who)
        if facts is None or facts.accepted:
            await here.invitations.accept(Actor(who), id_)
        if facts is None or facts.writes:
            await here.invitations.let_write(EMP, id_, who, True)
        if facts is None:
            await here.invitations.end(EMP, id_, who)


# Pages.


@dataclass(frozen=True, slots=True)
class Request:
    """One address, filled in."""

    way: str
    who: str
    pane: Pane = Pane.JOINT
    guest: str = ""
    """The person whom the address names."""

    @property
    def is_reading(self) -> bool:
        return self.way.startswith("GET ")

    def is_there(self, scene: Scene) -> bool:
        """Whether there is anything to show: a record, once frozen; its files and receipts, once closed."""
        is_signed = scene.signing != "nobody signs"
        if self.way == CONVERSATION and self.who == PREDECESSOR:
            return scene.is_handed_over
        if "/former" in self.way:
            # Of her own pane nothing is kept: what stayed stands in it.
            return (
                scene.is_handed_over
                and self.pane is not Pane.EMPLOYEE
                and not (self.pane is Pane.JOINT and scene.part != "stayed" and self.way.endswith("/remove"))
            )
        match self.way.rpartition("/records/{version}")[::2]:
            case "", _ if self.way.endswith("/record"):
                return scene.state in (State.FROZEN, State.CLOSED)
            case "", _:
                return True
            case _, "":
                return scene.state in (State.FROZEN, State.CLOSED)
            case _, "/receipt":
                return scene.state is State.CLOSED and is_signed
            case _:
                return scene.state is State.CLOSED

    def may(self, scene: Scene) -> bool:
        """What the table says."""
        return any(self._cell(section, scene) for section in access_table.asked_for(self.way))

    def _cell(self, section: Section, scene: Scene) -> bool:
        if section.pane not in (None, self.pane):
            return False
        guest = self.guest
        if section.action in (Action.SEE_INVITATION, Action.ACCEPT_INVITATION):
            guest = self.who
        is_of_guest = section.rows[0].situations[0].guest != ""
        if is_of_guest and guest not in GUESTS:
            return False
        return section.may(self.who, scene.situation(section.pane, guest if is_of_guest else ""))


def _requests(who: str) -> Iterator[Request]:
    """Every address that is about a conversation, as this person would ask for it."""
    takes_part = who in (*GUESTS, EMPLOYEE, RESPONSIBLE)
    named = (*GUESTS, "left", "coll", "nobody") if takes_part else ("guest", "nobody")
    for way in sorted(access_table.ways()):
        if "{id}" in way:
            # What a page shows of a handover, it shows because of what the predecessor had shared.
            page = Pane.MANAGER if way == CONVERSATION or way.endswith("/former") else Pane.JOINT
            panes = tuple(Pane) if "{pane}" in way else (page,)
            for pane, guest in product(panes, named if "{person}" in way else ("",)):
                yield Request(way, who, pane, guest)


class Browsers:
    """Everybody's browsers, on one application."""

    def __init__(self, stage: Stage, node: Node) -> None:
        self._stage = stage
        self._node = node

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(create_app(self._node)), base_url=ORIGIN)

    async def ask(self, request: Request, id_: str) -> httpx.Response:
        """The answer to a request about the conversation with this id."""
        method, path = request.way.split(" ")
        named = {"pane": request.pane, "person": request.guest, "handover": self._stage.handover}
        path = path.format(id=id_, version=1, **named)
        key = self._stage.keys.get(request.who)
        headers = {"Origin": ORIGIN, "Accept": "text/html" if request.is_reading else "application/json"}
        if key is not None:
            headers["Cookie"] = f"samsyn={key}"
        form = {} if request.is_reading else self._stage.form(request.way, request.who, request.pane)
        return await self._client.request(method, path, headers=headers, **form)


def _plain(answer: httpx.Response, *ids: str) -> tuple[int, list[tuple[str, str]], str]:
    """All of an answer, without the ids that stood in the address."""
    address = re.compile("|".join(ids))
    headers = [(name, address.sub("", value)) for name, value in answer.headers.multi_items()]
    return answer.status_code, headers, address.sub("", answer.text)


Stored = dict[Table, list[dict[str, Any]]]


def _stored(connection: Connection) -> Stored:
    """All that is stored."""
    return {
        table: [dict(row) for row in connection.execute(select(table)).mappings()]
        for table in tables.METADATA.sorted_tables
    }


def _about_conversations(stored: Stored) -> Stored:
    """Without who tried her password in vain, which signing asks for before anything else."""
    kept = {table: rows for table, rows in stored.items() if table is not tables.sign_in_attempt}
    return kept | {tables.audit: [row for row in stored[tables.audit] if row["conversation"]]}


def _put_back(connection: Connection, stored: Stored) -> None:
    """Undo whatever was done."""
    for table in reversed(stored):
        connection.execute(delete(table))
    for table, rows in stored.items():
        if rows:
            connection.execute(insert(table), rows)


def _refused(scene: Scene) -> Iterator[Request]:
    """What is asked in a scene by whoever may not: all that she may in another scene, and of what she may in
    none, in turn, a share. Those are told apart nowhere in the product but in the rules, whose every cell is
    tried in ``tests/test_access.py``; over all scenes each of them is asked here, too.
    """
    turn = SCENES.index(scene)
    for number, request in enumerate(each for who in PEOPLE for each in _requests(who)):
        may = [request.may(each) for each in SCENES]
        if not may[turn] and (any(may) or number % len(SCENES) == turn):
            yield request


NOTHING: dict[Request, Any] = {}
"""What each request is answered about the conversation that never was: the same in every scene."""


async def test_who_may_not_gets_what_nobodys_conversation_gives_and_changes_nothing(stage: Stage) -> None:
    async with stage.node() as node:
        browsers = Browsers(stage, node)
        before = _about_conversations(await node.database.read(_stored))
        for request in _refused(stage.scene):
            answer = await browsers.ask(request, stage.id)
            if answer.status_code == 409 and Request(CONVERSATION, request.who).may(stage.scene):
                # Whoever sees the conversation is told that this is not, or no longer, to be done.
                continue
            if request not in NOTHING:
                NOTHING[request] = _plain(await browsers.ask(request, NOBODYS), NOBODYS, stage.handover)
            assert _plain(answer, stage.id, stage.handover) == NOTHING[request], request
            assert answer.status_code in ((303, 401) if request.who == SIGNED_OUT else (404,)), request
        assert _about_conversations(await node.database.read(_stored)) == before


async def test_who_may_is_answered(stage: Stage) -> None:
    async with stage.node() as node:
        browsers = Browsers(stage, node)
        before = await node.database.read(_stored)
        for request in (each for who in PEOPLE for each in _requests(who)):
            if not request.may(stage.scene):
                continue
            answer = await browsers.ask(request, stage.id)
            if not request.is_there(stage.scene):
                assert answer.status_code == 404, request
                continue
            # Done or shown, or refused for what is missing: never because the person may not.
            assert answer.status_code in (200, 204, 303, 409), (request, answer.status_code)
            if answer.status_code == 409:
                assert CHANGED not in answer.text, request
            if not request.is_reading:
                await node.database.write(lambda connection: _put_back(connection, before))


# The socket.


async def test_each_document_opens_to_whom_the_table_names_and_for_what(stage: Stage) -> None:
    scene = stage.scene
    async with stage.node() as node:
        here = Organisation(node.database, stage.clock)
        for who, pane in product(PEOPLE, Pane):
            if who == SIGNED_OUT:
                continue
            situation = scene.situation(pane)
            reads = access_table.section(Action.READ_PANE, pane).may(who, situation)
            writes = access_table.section(Action.WRITE_PANE, pane).may(who, situation)
            got: str
            try:
                got = (await here.open(who, stage.id, pane)).scope
            except OpeningDenied as denied:
                got = denied.reason
            assert got == ("read-write" if writes else "readonly" if reads else "denied"), (who, pane)


async def test_an_activity_and_a_note_open_to_whom_the_table_names_and_for_what(stage: Stage) -> None:
    async with stage.node() as node:
        features = (await node.site()).features
        added = await features.new_activities.add(RES, EMPLOYEE, GoalType.WORK, Wording("Ny jourlista"))
        await features.notes.add(EMP)
        activity, _ = await node.database.read(lambda connection: activities.get(connection, added))
        (note,) = await features.notes.mine(EMP)
        rights = {
            activity.name: (Action.SEE_ACTIVITIES, Action.WRITE_ACTIVITY),
            note.name: (Action.KEEP_NOTE, Action.KEEP_NOTE),
        }
        for who, name in product(PEOPLE, rights):
            if who == SIGNED_OUT:
                continue
            reads, writes = (
                access_table.section(action).may(who, Situation(stage.scene.state)) for action in rights[name]
            )
            got: str
            try:
                session = await node.sessions.find(stage.keys[who])
                got = (await node.documents.open(session.id, name)).scope
            except OpeningDenied as denied:
                got = denied.reason
            assert got == ("read-write" if writes else "readonly" if reads else "denied"), (who, name)
