"""Plays the sample organisation: everybody signs in, writes, shares and opens as they would themselves.

Time and person are injected, everything else is the product: each conversation could really have
reached its state. All are played beside each other, day by day, as the days went.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import partial

from server import people
from server.accounts import Accounts
from server.conversations import Conversations, Meeting
from server.declining import Declining
from server.demo import data
from server.demo.clock import Event, Played
from server.demo.data import (
    CompleteStep,
    ConversationData,
    ConversationsData,
    DeclineStep,
    MeetingData,
    MoveStep,
    OpenStep,
    PersonData,
    ShareStep,
    SignStep,
    Step,
    WriteStep,
)
from server.demo.play_activities import ActivitiesPlay
from server.demo.play_rules import RulesPlay
from server.demo.typing_in import Typing
from server.documents import Documents
from server.freezing import Freezing
from server.meetings import Meetings, meeting
from server.people import Employment, Person
from server.record.sealing import seal
from server.records import Records
from server.rules.access import OPERATOR, Role, State
from server.sessions import PageSession, Sessions
from server.sharing import Sharing
from server.signing import Signing
from server.storage.database import Database
from server.templates import Templates

FOUNDED_ON = -400
"""The day on which the organisation and its people were entered."""
MANAGER_CHANGED_ON = -20
SATURDAY = 5


class Play:
    """One play into one empty database."""

    def __init__(self, database: Database, clock: Played) -> None:
        self._database = database
        self._clock = clock
        self._accounts = Accounts(database, clock)
        self._templates = Templates(database, clock)
        self._conversations = Conversations(database, clock)
        self._sessions = Sessions(database, clock)
        self._sharing = Sharing(database, clock)
        self._documents = Documents(database, self._sessions, clock)
        self._freezing = Freezing(database, clock, seal)
        self._records = Records(database, clock, seal)
        self._signing = Signing(database, clock, self._accounts, seal)
        self._declining = Declining(database, clock)
        self._meetings = Meetings(database, clock)
        self._password = ""
        self._ids: dict[str, str] = {}
        """Of the conversations, by their names in the file."""
        self._cast: dict[str, Person] = {}
        self._typing = Typing(database, self._documents, clock)
        self._activities = ActivitiesPlay(database, self._sessions, self._typing, clock, self._cast)

    async def play(self, password: str) -> None:
        """Play everything, day by day."""
        organisation = data.organisation()
        self._password = password
        self._clock.go_to(FOUNDED_ON)
        await self._found(organisation, password)
        for body in data.templates():
            administrator = next(p for p in self._cast.values() if Role.FORM_ADMINISTRATOR in p.roles)
            await self._templates.add(administrator.actor, body)
        first, *others = organisation.people
        moves = [
            Event(MANAGER_CHANGED_ON, partial(self._place, each))
            for each in (first, *(each for each in others if each.previous_manager))
        ]
        rules = RulesPlay(self._database, self._clock, self._cast, self._day)
        played = (*rules.events(organisation, FOUNDED_ON), *self._events(data.conversations()), *moves)
        for event in sorted(played, key=lambda event: event.day):
            self._clock.go_to(event.day)
            await event.happens()
        # Last of all: by this a play that was interrupted is recognised.
        await self._place(organisation.newest)

    def _events(self, told: ConversationsData) -> Iterator[Event]:
        """Everything that people do, in the order of the file: what happens on one day stays in it."""
        for talk in told.conversations:
            yield Event(talk.created_day, partial(self._create, talk))
            yield from (Event(step.day, partial(self._step, talk, step)) for step in talk.steps)
        yield from self._activities.events(told)

    async def _found(self, organisation: data.OrganisationData, password: str) -> None:
        """Add units and people. The first person comes before any unit, and has neither unit nor manager."""
        first, *others = organisation.people
        await self._accounts.add(OPERATOR, self._person(first, unit=None, manager=None), password)
        administrator = self._cast[first.id].actor
        for unit in organisation.units:
            await self._database.write(
                lambda connection, unit=unit: people.add_unit(  # type: ignore[misc]
                    connection,
                    administrator,
                    unit.id,
                    unit.name.model_dump(),
                    unit.parent,
                    [goal.model_dump() for goal in unit.goals],
                    self._clock(),
                )
            )
        for person in others:
            manager = person.previous_manager or person.manager
            if person is organisation.newest:
                manager = None
            await self._accounts.add(administrator, self._person(person, person.unit, manager), password)

    async def _place(self, told: PersonData) -> None:
        """Give somebody today's unit and manager."""
        administrator = next(p for p in self._cast.values() if Role.SYSTEM_ADMINISTRATOR in p.roles)
        await self._database.write(
            lambda connection: people.place(
                connection, administrator.actor, told.id, told.unit, told.manager, self._clock()
            )
        )

    def _person(self, told: PersonData, unit: str | None, manager: str | None) -> Person:
        began, ends = told.employment.start_offset, told.employment.end_offset
        person = Person(
            id=told.id,
            name=told.name,
            email=told.email,
            unit=unit,
            title=told.title.model_dump(),
            manager_id=manager,
            locale=told.locale,
            roles=frozenset(told.roles),
            employment=Employment(
                told.employment.form,
                self._day(began).date(),
                self._day(ends).date() if ends is not None else None,
            ),
        )
        self._cast[told.id] = person
        return person

    async def _create(self, told: ConversationData) -> None:
        template, _, version = told.template.partition("@")
        meets = told.meeting
        self._ids[told.id] = await self._conversations.create(
            self._cast[told.responsible].actor,
            told.employee,
            (template, int(version)),
            self._meeting(meets) if meets else None,
            notify=meets is not None and meets.email_notice,
            invite=meets is not None and meets.calendar_invite,
        )

    async def _step(self, told: ConversationData, step: Step) -> None:
        """Play a visit of its own: sign in, do it, sign out."""
        id_ = self._ids[told.id]
        session = await self._sessions.find(await self._sessions.begin(step.who, "demo"))
        match step:
            case WriteStep():
                await self._write(session, id_, step)
            case ShareStep():
                await self._share(session, id_, step)
            case OpenStep():
                await self._sharing.open_pane(session.actor, id_, step.opens)
            case SignStep():
                await self._sign(session, id_, step)
            case CompleteStep():
                await self._freezing.complete(session.actor, id_)
            case DeclineStep():
                await self._declining.decline(session.actor, id_, step.declines, step.proposes)
            case MoveStep():
                await self._meetings.move(session.actor, id_, self._meeting(step.moves))
        await self._sessions.end(session, session.id)

    async def _write(self, session: PageSession, id_: str, step: WriteStep) -> None:
        conversation = await self._conversations.see(session.actor, id_)
        await self._typing.write(session, conversation.panes[step.pane].name, step.answers)

    async def _share(self, session: PageSession, id_: str, step: ShareStep) -> None:
        conversation = await self._conversations.see(session.actor, id_)
        shown = await self._typing.state_vector(session, conversation.panes[step.shares].name)
        await self._sharing.share(session.actor, id_, step.shares, shown)

    async def _sign(self, session: PageSession, id_: str, step: SignStep) -> None:
        """Read what is frozen, and sign that; the first to sign freezes it."""
        conversation = await self._conversations.see(session.actor, id_)
        if conversation.state is State.OPEN:
            await self._freezing.freeze(session.actor, id_)
        shown = await self._records.of(session.actor, id_, conversation.version)
        language = session.person.locale
        await self._signing.sign(session.actor, id_, shown.sha256, language, step.signs, self._password)

    def _day(self, offset: int) -> datetime:
        return self._clock.today + timedelta(days=offset)

    def _meeting(self, told: MeetingData) -> Meeting:
        day = self._day(told.day).date()
        if day.weekday() >= SATURDAY and told.day:
            # Nobody meets on a Sunday because the demo was loaded on a Friday.
            day += timedelta(days=7 - day.weekday())
        local = datetime.combine(day, time.fromisoformat(told.time))
        return meeting(local, told.time_zone, told.place)
