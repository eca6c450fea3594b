"""A small organisation in memory for the tests of pages: two people, one conversation, no database."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import yaml
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route

from crdt.content import Content
from server import availability, people, records, sources
from server.activities import Activity, ActivityState, GoalType
from server.change_log import ChangeLog, Turn, Writing
from server.conversations import Conversation, ConversationPane, Meeting
from server.decisions import Decision, Declined
from server.documents import Reading
from server.invitations import Gathering
from server.letter_format import OPTIONAL, Letter
from server.letter_format import Kind as LetterKind
from server.pages import (
    changes,
    conversation,
    declining,
    freezing,
    language,
    mailbox,
    meetings,
    my_sessions,
    offline,
    reminders,
    reopening,
    sharing,
    sign_in,
    signing,
    start,
)
from server.pages.assets import Assets
from server.pages.catalogues import read_catalogues
from server.pages.context import Features, Pages
from server.pages.rendering import Rendering
from server.pages.security import Security
from server.people import Employment, Person
from server.policy import Policy
from server.record.content import RecordContent
from server.record.format import Frozen, Statement, drawn
from server.records import Record
from server.rules.access import Action, Actor, ConversationFacts, Pane, PaneFacts, Role, State
from server.rules.errors import NotFound, NotReadyToShare, NotSignedIn, Refusal, SignInRefused
from server.rules.life import Missing
from server.sessions import Device, PageSession, Session
from server.settings import Settings
from server.start import Start, Talk
from server.template import format as template_format
from server.template.format import Template
from server.template.parts import Source

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
MEETING = Meeting(datetime(2026, 11, 26, 8, 30, tzinfo=UTC), "Europe/Stockholm", "Rum Storsjön")
ORIGIN = "https://samsyn.example"


def template_of(file: str) -> Template:
    """A template of the sample organisation."""
    return template_format.read(yaml.safe_load((ROOT / "server/demo" / file).read_text("utf-8"))["template"])


TEMPLATE = template_of("template_annual_three_panes.yaml")
FONTS = "inter-latin-wght-normal.woff2", "newsreader-latin-wght-normal.woff2"
ASSETS = Assets({name: name for name in ("samsyn.css", "samsyn.js", "page.js", "icons.svg", *FONTS)})
UNIT_NAME = {"sv": "Drift", "nb": "Drift", "en": "Operations"}
UNIT_GOALS = [{"sv": "Färre driftstopp på ledningsnätet", "nb": "Færre driftsstans", "en": "Fewer outages"}]


def person(id_: str, name: str, locale: str = "sv", *roles: Role) -> Person:
    """Make a person of the operations unit."""
    return Person(
        id=id_,
        name=name,
        email=f"{id_}@nordljus.example",
        unit="drift",
        title={"sv": "Drifttekniker", "nb": "Driftstekniker", "en": "Operations technician"},
        manager_id=None,
        locale=locale,
        roles=frozenset({Role.EMPLOYEE, *roles}),
        employment=Employment("tillsvidare", date(2020, 1, 1)),
    )


MAJA = person("maja", "Maja Öberg")
JONAS = person("jonas", "Jonas Bergman", "sv", Role.MANAGER)


def text(*paragraphs: str) -> list[Any]:
    """A text of plain paragraphs."""
    return [{"type": "paragraph", "runs": [{"text": each}] if each else []} for each in paragraphs]


@dataclass
class World:
    """What the pages see. Every part can be changed by a test before it asks for a page."""

    template: Template = TEMPLATE
    state: State = State.OPEN
    shared: frozenset[Pane] = frozenset()
    opened: frozenset[Pane] = frozenset()
    contents: dict[Pane, dict[str, Any]] = field(default_factory=dict)
    signed_in: dict[str, Person] = field(default_factory=lambda: {"m": MAJA, "j": JONAS})
    activities: list[Activity] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    writings: tuple[Writing, ...] = ()
    turns: tuple[Turn, ...] = ()
    declined: list[Declined] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    signed: frozenset[str] = frozenset()
    statements: tuple[Statement, ...] = ()
    refusal: Refusal | None = None
    """With which every turn of the conversation's life is refused."""
    missing: tuple[Missing, ...] = ()
    previous: RecordContent | None = None
    demo: bool = False
    meeting: Meeting | None = MEETING
    notify: bool = False
    calendar_sequence: int | None = None
    mails: bool = True
    """There is a mail server."""
    is_started: bool = True
    has_conversations: bool = True
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    @property
    def conversation(self) -> Conversation:
        """The one conversation: Maja's with Jonas."""
        signers = frozenset({"maja", "jonas"} if self.template.sign.enabled else ())
        facts = ConversationFacts("maja", "jonas", self.state, self.template.shares, signers, "jonas")
        owners = {Pane.EMPLOYEE: "maja", Pane.MANAGER: "jonas", Pane.JOINT: None}
        panes = {
            pane: ConversationPane(
                PaneFacts(facts, pane, owner, pane in self.shared, pane in self.opened),
                number,
                f"c1/{pane}/1",
                NOW if pane in self.shared else None,
                NOW if pane in self.opened else None,
            )
            for number, (pane, owner) in enumerate(owners.items())
        }
        maja, jonas = self._current(MAJA), self._current(JONAS)
        return Conversation(
            "c1",
            self.template,
            facts,
            panes,
            maja,
            jonas,
            1,
            NOW,
            self.meeting,
            self.notify,
            self.calendar_sequence,
        )

    def _current(self, someone: Person) -> Person:
        return next((each for each in self.signed_in.values() if each.id == someone.id), someone)

    def features(self) -> Features:
        """Features that answer from here."""
        settings = Settings(
            origin=ORIGIN,
            demo=self.demo,
            smtp_url="smtp://mail.example" if self.mails else "",
            mail_from="samsyn@nordljus.example" if self.mails else "",
        )
        parts = {name: self for name in ("documents", "conversations", "sharing", "accounts", "sessions")}
        return cast(
            "Features",
            SimpleNamespace(
                **parts,
                activities=SimpleNamespace(
                    of_conversation=self.of_conversation, of_employee=self.of_conversation
                ),
                starts=SimpleNamespace(of=self.start),
                invitations=SimpleNamespace(gathering=self.gathering),
                declining=SimpleNamespace(
                    decisions=self.decided,
                    declined=self.declined_ones,
                    decline=self.turn("decline"),
                    cancel=self.turn("cancel"),
                ),
                freezing=SimpleNamespace(
                    freeze=self.turn("freeze"), complete=self.turn("complete"), missing=self.lacking
                ),
                signing=SimpleNamespace(sign=self.turn("sign")),
                reopening=SimpleNamespace(reopen=self.turn("reopen")),
                handover_answers=SimpleNamespace(standing=self.handed_over),
                formers=SimpleNamespace(of=self.kept),
                letters=SimpleNamespace(to=self.letters_to),
                letter_choices=SimpleNamespace(wanted=self.wanted_letters),
                policies=SimpleNamespace(get=self.policy),
                meetings=SimpleNamespace(move=self.turn("meeting")),
                records=SimpleNamespace(of=self.record, open=self.record),
                change_logs=SimpleNamespace(read=self.change_log),
                database=SimpleNamespace(read=self.read_directly),
                settings=settings,
                clock=lambda: NOW,
            ),
        )

    async def start(self, actor: Actor, *, has_staff: bool) -> Start:
        talk = Talk(self.conversation, self.is_started, "c1" in self.signed)
        return Start(
            talks=(talk,) if self.has_conversations else (),
            has_older=False,
            invitations=(),
            to_do=tuple((each, MAJA) for each in self.activities if each.state is ActivityState.ACTIVE),
            requests=(),
            left=(),
            declined=tuple(self.declined) if Role.HR in actor.roles else (),
        )

    def turn(self, name: str) -> Callable[..., Awaitable[None]]:
        """A feature that takes a turn, or refuses it."""

        async def take(actor: Actor, *given: Any) -> None:
            self.calls.append((name, actor.person, *given))
            if self.refusal:
                raise self.refusal

        return take

    async def lacking(self, actor: Actor, id_: str) -> tuple[Missing, ...]:
        return self.missing

    async def record(self, actor: Actor, id_: str, version: int) -> Record:
        found = await self.see(actor, id_)
        contents = {pane: cast("Content", self.contents.get(pane, {})) for pane in Pane}
        frozen = Frozen(
            conversation=id_,
            version=version,
            template=found.template,
            employee=found.employee,
            responsible=found.responsible,
            meeting=found.meeting,
            frozen_at=NOW,
            salt=bytes(32),
            contents=contents,
            resolved={},
            names={},
        )
        return Record(
            conversation=found,
            version=version,
            content=drawn(frozen),
            sha256="ab" * 32,
            statements=self.statements,
            frozen_at=NOW,
            frozen_by="jonas",
            closed_at=NOW if found.state is State.CLOSED else None,
            sealed=None,
        )

    async def decided(self, actor: Actor, id_: str) -> list[Decision]:
        return self.decisions

    async def handed_over(self, actor: Actor, id_: str) -> None:
        return None

    async def kept(self, actor: Actor, id_: str) -> None:
        raise NotFound

    async def declined_ones(self, actor: Actor) -> list[Declined]:
        return self.declined

    async def change_log(self, actor: Actor, id_: str) -> ChangeLog:
        return ChangeLog(await self.see(actor, id_), self.writings, self.turns)

    async def read_directly(self, work: Any) -> Any:
        if work is people.unit_names:
            return {"drift": UNIT_NAME}
        if getattr(work, "func", None) is records.previous:
            self.calls.append(("previous", work.keywords["kinds"]))
            return self.previous
        if getattr(work, "func", None) is availability.excluded_topics:
            return work.keywords["template"].excluded_topics
        if getattr(work, "func", None) is sources.resolved:
            return {
                Source.UNIT_GOALS: UNIT_GOALS,
                Source.EMPLOYEE: [MAJA.name],
                Source.RESPONSIBLE: [JONAS.name],
                Source.UNIT: [UNIT_NAME],
            }
        return UNIT_GOALS

    async def read(self, actor: Actor, id_: str) -> Reading:
        found = await self.see(actor, id_)
        readable = {
            p: cast("Content", self.contents.get(p, {}))
            for p in Pane
            if found.may(actor, Action.READ_PANE, p)
        }
        return Reading(found, readable)

    async def preview(self, actor: Actor, id_: str, pane: Pane) -> Reading:
        found = await self.see(actor, id_)
        if not found.may(actor, Action.PREVIEW_PANE, pane):
            raise NotFound
        return Reading(found, {pane: cast("Content", self.contents.get(pane, {}))})

    async def see_planned(self, actor: Actor, id_: str) -> Conversation:
        return await self.see(actor, id_)

    async def see(self, actor: Actor, id_: str) -> Conversation:
        if id_ != "c1" or actor.person not in ("maja", "jonas"):
            raise NotFound
        return self.conversation

    async def gathering(self, actor: Actor, id_: str) -> Gathering:
        return Gathering(await self.see(actor, id_), ())

    async def share(self, actor: Actor, id_: str, pane: Pane, state_vector: bytes) -> None:
        self.calls.append(("share", actor.person, id_, pane, state_vector))
        if not self.contents.get(pane):
            raise NotReadyToShare(("a1",))

    async def withdraw(self, actor: Actor, id_: str, pane: Pane) -> None:
        self.calls.append(("withdraw", actor.person, id_, pane))

    async def open_pane(self, actor: Actor, id_: str, pane: Pane) -> None:
        self.calls.append(("open", actor.person, id_, pane))

    async def of_conversation(self, actor: Actor, id_: str) -> list[Activity]:
        return self.activities

    async def find(self, key: str) -> PageSession:
        if key not in self.signed_in:
            raise NotSignedIn
        return PageSession(key, self.signed_in[key])

    async def begin(self, person_id: str, user_agent: str) -> str:
        return person_id[0]

    async def end(self, mine: Session, session: str) -> None:
        self.calls.append(("end", mine.id, session))

    async def end_others(self, mine: Session) -> None:
        self.calls.append(("end_others", mine.id))

    async def letters_to(self, actor: Actor) -> list[Letter]:
        return [letter for letter in self.letters if letter.to.id == actor.person]

    async def wanted_letters(self, actor: Actor) -> frozenset[LetterKind]:
        return frozenset(OPTIONAL)

    async def policy(self) -> Policy:
        return Policy()

    async def devices(self, mine: Session) -> list[Device]:
        return [
            Device(mine.id, "Firefox · Linux", NOW - timedelta(minutes=5), NOW, True),
            Device("other", "Safari · iPhone", NOW - timedelta(hours=3), NOW - timedelta(hours=2), False),
        ]

    async def sign_in(self, email: str, password: str, address: str) -> Person:
        found = next((each for each in self.signed_in.values() if each.email == email), None)
        if found is None or password != "nordljus":
            raise SignInRefused
        return found

    async def sign_in_as(self, id_: str) -> Person:
        if not self.demo:
            raise NotFound
        return next(each for each in self.signed_in.values() if each.id == id_)

    async def everybody(self) -> list[Person]:
        return list(self.signed_in.values()) if self.demo else []

    async def set_locale(self, id_: str, locale: str) -> None:
        self.signed_in = {
            key: replace(each, locale=locale) if each.id == id_ else each
            for key, each in self.signed_in.items()
        }


def filled() -> World:
    """A conversation in which both have written and nobody has shared."""
    return World(
        contents={
            Pane.EMPLOYEE: {
                "a1": [
                    {
                        "type": "paragraph",
                        "runs": [
                            {"text": "Nya larmrutinen fungerar. Jag har tagit tre av fyra nätter i "},
                            {"text": "jourveckan", "bold": True},
                            {"text": " själv utan att det blev stopp."},
                        ],
                    }
                ],
                "a3": 2,
                "a4": [
                    *text("Jag vill:"),
                    {
                        "type": "bulletList",
                        "items": [text("slippa vara ensam jour"), text("gå handledarkursen")],
                    },
                ],
            },
            Pane.MANAGER: {
                "a1": text("Maja har lyft hela jourgången. Behöver prata om att hon tar för mycket själv.")
            },
            Pane.JOINT: {
                "a1": text("Larmrutinen är årets stora lyft."),
                "a7": [
                    {
                        "id": "r1",
                        "goal_type": "work_goal",
                        "description": text("Dela upp jouren på fem"),
                        "responsible": "jonas",
                        "due_date": "2027-01-15",
                        "follow_up_date": "2027-03-01",
                    },
                    {"id": "r2", "description": text("Handledarkurs"), "responsible": "maja"},
                ],
                "a8": text("Maja tar över larmrutinen."),
                "a9": "2027-02-01",
            },
        },
        activities=[
            Activity(
                "1", "maja", GoalType.WORK, "Ny jourlista", ActivityState.ACTIVE, date(2026, 11, 20), None
            ),
            Activity(
                "2",
                "maja",
                GoalType.DEVELOPMENT,
                "Handledarkurs",
                ActivityState.ACTIVE,
                date(2027, 1, 4),
                None,
            ),
            Activity(
                "3",
                "maja",
                GoalType.WORK,
                "Larmrutin i drift",
                ActivityState.COMPLETED,
                None,
                date(2026, 9, 26),
            ),
        ],
    )


ASKED = {
    "complete": freezing.ask_complete,
    "decline": declining.ask_decline,
    "cancel": declining.ask_cancel,
    "reopen": reopening.ask,
    "meeting": meetings.ask,
}
TAKEN = {
    "freeze": freezing.freeze,
    "complete": freezing.complete,
    "sign": signing.sign,
    "decline": declining.decline,
    "cancel": declining.cancel,
    "reopen": reopening.reopen,
    "meeting": meetings.move,
}
"""Address -> the page of a turn: what asks for it, and what takes it."""


@cache
def rendering_with(assets: Assets) -> Rendering:
    """What pages are made with, in which each template is compiled once."""
    return Rendering(ROOT / "web/templates", read_catalogues(ROOT / "web/locales"), assets)


def application(world: World, assets: Assets = ASSETS) -> Starlette:
    """The pages at their addresses, behind the same guard as in ``server/app.py``."""
    pages = Pages(world.features(), rendering_with(assets))
    pane = "/conversations/{id}/panes/{pane}"

    def refused(scope: Any, refusal: Refusal) -> Any:
        return pages.refused(Request(scope), refusal)

    return Starlette(
        routes=[
            Route("/", pages.for_person(start.show)),
            Route("/sign-in", pages.for_anyone(sign_in.show)),
            Route("/sign-in", pages.for_anyone(sign_in.sign_in), methods=["POST"]),
            Route("/sign-out", pages.for_person(sign_in.sign_out), methods=["POST"]),
            Route("/sessions", pages.for_person(my_sessions.show)),
            Route("/sessions", pages.for_person(my_sessions.end), methods=["POST"]),
            Route("/mailbox", pages.for_person(mailbox.show)),
            Route("/reminders", pages.for_person(reminders.show)),
            Route("/language", pages.for_anyone(language.choose), methods=["POST"]),
            Route("/offline", pages.for_anyone(offline.offline)),
            Route("/kept", pages.for_person(offline.kept)),
            Route("/conversations/{id}", pages.for_person(conversation.show)),
            *(Route(f"/conversations/{{id}}/{at}", pages.for_person(page)) for at, page in ASKED.items()),
            *(
                Route(f"/conversations/{{id}}/{at}", pages.for_person(page), methods=["POST"])
                for at, page in TAKEN.items()
            ),
            Route("/conversations/{id}/changes", pages.for_person(changes.show)),
            Route(f"{pane}/preview", pages.for_person(conversation.preview)),
            Route(f"{pane}/share", pages.for_person(sharing.share), methods=["POST"]),
            Route(f"{pane}/withdraw", pages.for_person(sharing.withdraw), methods=["POST"]),
            Route(f"{pane}/open", pages.for_person(sharing.open_pane), methods=["POST"]),
        ],
        exception_handlers={404: pages.missing, 500: pages.broken},
        middleware=[Middleware(Security, origin=ORIGIN, refused=refused)],
    )


@asynccontextmanager
async def browser(world: World, key: str | None = "m", **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which the session ``key`` is signed in."""
    cookies: Mapping[str, str] = {"__Host-samsyn": key} if key else {}
    transport = httpx.ASGITransport(application(world), raise_app_exceptions=False)
    given = {"sec-fetch-site": "same-origin"} | headers
    async with httpx.AsyncClient(
        transport=transport, base_url=ORIGIN, cookies=dict(cookies), headers=given
    ) as client:
        yield client
