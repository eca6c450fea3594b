"""One conversation of a large organisation, played by two stand-ins in a database of their own.

Everything goes by the ordinary features: create, share, open, sign, complete, decline, move, and for the
activities say, complete and cancel. So each of them could really have reached its state. Two things are
shortened: what somebody writes stands in a pane at once, and nobody signs in or types a password.
"""

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, insert

from server import (
    activities,
    activity_turns,
    conversations,
    declining,
    documents,
    freezing,
    meetings,
    people,
    sharing,
    signing,
    templates,
)
from server.activities import Activity
from server.conversations import Conversation, Meeting
from server.demo import answers, data
from server.demo.crowd_copies import Parts, Played, read
from server.demo.data import (
    CompleteStep,
    ConversationData,
    DeclineStep,
    MeetingData,
    MoveStep,
    OpenStep,
    ShareStep,
    SignStep,
    Step,
    WriteStep,
)
from server.people import Employment, Person
from server.record.sealing import seal
from server.rules.access import OPERATOR, Role, State
from server.storage import tables
from server.storage.database import drop_document
from server.storage.opening import open_database
from server.template.words import LOCALES
from server.templates import schemas

TOGETHER = 10
"""Stories that are played in one transaction."""
MORNING = time(8, 0)
LATE_DAYS = 20
"""So many days after its deadline an activity is still active, for everybody to see that it is late."""
DONE_DAYS = 120
"""After how many days something was done that had no deadline."""
GIVEN_UP = 5
"""Of so many activities one was cancelled."""


@dataclass(frozen=True, slots=True)
class Story:
    """A sample conversation that others play."""

    told: str
    """Its id in the sample."""
    days: int
    """How many days later than in the sample, mostly negative."""
    locale: str
    """What the employee reads."""


async def rehearsed(
    stories: Collection[Story], today: datetime, when_done: Callable[[int], None]
) -> Mapping[Story, Played]:
    """Have two stand-ins play each story. ``when_done`` is told, again and again, how many more have been."""
    found: dict[Story, Played] = {}
    waiting = sorted(stories, key=lambda story: (story.told, story.days, story.locale))
    with tempfile.TemporaryDirectory(prefix="samsyn-") as folder:
        database = await open_database(f"sqlite:///{folder}/rehearsal.db", lambda: today)
        try:
            await database.write(partial(set_stage, today))
            for start in range(0, len(waiting), TOGETHER):
                some = waiting[start : start + TOGETHER]
                ids = await database.write(partial(play, some, today))
                # Only now they have their places in the audit.
                found |= await database.read(partial(_read, ids))
                when_done(len(some))
        finally:
            await database.close()
    return found


def play(stories: Collection[Story], today: datetime, connection: Connection) -> Mapping[Story, str]:
    """Have the stand-ins play these. Returns the ids of their conversations."""
    told = {each.id: each for each in data.conversations().conversations}
    return {story: _Play(connection, story, told[story.told], today).play() for story in stories}


def _read(ids: Mapping[Story, str], connection: Connection) -> Mapping[Story, Played]:
    return {story: read(connection, STAND_INS[story.locale], id_) for story, id_ in ids.items()}


def set_stage(today: datetime, connection: Connection) -> None:
    """Enter what the stand-ins need: the sample's templates, a unit, and themselves."""
    for body in data.templates():
        templates.add(connection, OPERATOR, {**body, "available_to": {}}, today)
    people.add_unit(connection, OPERATOR, STAGE, STAGE_NAME, None, [], today)
    for person in (RESPONSIBLE, *(parts.employee for parts in STAND_INS.values())):
        people.add(connection, OPERATOR, person, None, today)


def _stand_in(id_: str, manager: str | None, locale: str) -> Person:
    """Somebody whose id is as long as everybody's, and whose name stands in no text."""
    return Person(
        id=f"{data.CROWD}{id_}",
        name=f"{{{id_}}} {{{id_}}}",
        email=f"{id_}@{data.DOMAIN}",
        unit=STAGE,
        title={locale: f"{{title {id_} {locale}}}" for locale in LOCALES},
        manager_id=manager,
        locale=locale,
        roles=frozenset({Role.EMPLOYEE}),
        employment=Employment("tillsvidare", date(2000, 1, 1)),
    )


STAGE = "stage"
STAGE_NAME = {locale: f"{{unit {locale}}}" for locale in LOCALES}
# Whoever leads comes first, as in a crowd: a record lists those whom it names in the order of their ids.
RESPONSIBLE = _stand_in("nameA", None, LOCALES[0])
STAND_INS = {
    locale: Parts(_stand_in(f"name{letter}", RESPONSIBLE.id, locale), RESPONSIBLE, STAGE_NAME)
    for letter, locale in zip("BCD", LOCALES, strict=True)
}
"""By what the employee reads: activities are put into her language."""


class _Play:
    """One conversation, in a transaction."""

    def __init__(self, connection: Connection, story: Story, told: ConversationData, today: datetime) -> None:
        self._connection = connection
        self._today = today
        self._told = told
        self._days = story.days
        self._employee = STAND_INS[story.locale].employee
        # By the ids of the sample, who plays whose part.
        self._cast = {told.employee: self._employee, told.responsible: RESPONSIBLE}
        self._number = 0
        self._id = ""
        self._sha256 = ""

    def play(self) -> str:
        """Play it, and return its id."""
        told = self._told
        template, _, version = told.template.partition("@")
        self._id = conversations.create(
            self._connection,
            RESPONSIBLE.actor,
            self._employee.id,
            (template, int(version)),
            self._meeting(told.meeting) if told.meeting else None,
            self._at(told.created_day),
        )
        for step in told.steps:
            self._take(step, self._cast[step.who])
        self._carry_on()
        return self._id

    def _take(self, step: Step, who: Person) -> None:
        connection, id_, actor, now = self._connection, self._id, who.actor, self._at(step.day)
        match step:
            case WriteStep():
                self._write(step, who, now)
            case ShareStep():
                document = sharing.stored_document(connection, self._see(who), step.shares)
                sharing.share(connection, actor, id_, step.shares, document.state_vector(), now)
                document.close()
            case OpenStep():
                sharing.open_pane(connection, actor, id_, step.opens, now)
            case SignStep():
                if self._see(who).state is State.OPEN:
                    self._sha256 = freezing.freeze(connection, actor, id_, now)
                signing.sign(connection, actor, id_, self._sha256, who.locale, step.signs, seal, now)
            case CompleteStep():
                freezing.complete(connection, actor, id_, seal, now)
            case DeclineStep():
                declining.decline(connection, actor, id_, step.declines, step.proposes, now)
            case MoveStep():
                meetings.move(connection, actor, id_, self._meeting(step.moves), now)

    def _carry_on(self) -> None:
        """Do what was agreed, or give it up, as much as has had its time."""
        words, who, locale = data.crowd(), self._employee.actor, self._employee.locale
        for number, (activity, day) in enumerate(self._had_their_time(), -self._days):
            at = datetime.combine(day, MORNING, UTC)
            if number % 2 == 0:
                activity_turns.comment(self._connection, who, activity.id, words.said.to(locale), at)
            if number % GIVEN_UP == 0:
                why = words.given_up.to(locale)
                activity_turns.cancel(self._connection, who, activity.id, why, day, at)
            else:
                activity_turns.complete(self._connection, who, activity.id, day, at)

    def _had_their_time(self) -> Iterator[tuple[Activity, date]]:
        """Activities that the conversation has made, and the day on which each was to be done."""
        today = self._today.date()
        for activity in activities.of(self._connection, self._employee.id):
            if activity.from_conversation == self._id and activity.created_at is not None:
                made_on = activity.created_at.date()
                day = max(activity.due_on or made_on + timedelta(days=DONE_DAYS), made_on + timedelta(days=1))
                if day + timedelta(days=LATE_DAYS) <= today:
                    yield activity, day

    def _see(self, who: Person) -> Conversation:
        return conversations.see(self._connection, who.actor, self._id)

    def _write(self, step: WriteStep, who: Person, now: datetime) -> None:
        """Put what is written into the pane, and who wrote it into its change log."""
        self._number += 1
        conversation = self._see(who)
        schema = schemas(conversation.template, step.pane)
        said = answers.content(self._recast(step.answers), schema, self._day(0), self._number)
        before = documents.content_of(self._connection, conversation, step.pane)
        document = sharing.begin_anew(self._connection, conversation, step.pane, {**before, **said})
        drop_document(self._connection, conversation.panes[step.pane].document)
        self._connection.execute(
            insert(tables.change_log),
            [
                {
                    "document_id": document,
                    "field": field,
                    "person_id": who.id,
                    "first_at": now,
                    "last_at": now,
                }
                for field in said
            ],
        )

    def _recast(self, told: Any) -> Any:
        """The same answers, with those who play now in the place of the sample's people."""
        match told:
            case Mapping():
                return {key: self._recast(value) for key, value in told.items()}
            case list():
                return [self._recast(each) for each in told]
            case str() if told in self._cast:
                return self._cast[told].id
            case _:
                return told

    def _day(self, day: int) -> datetime:
        return self._today + timedelta(days=day + self._days)

    def _at(self, day: int) -> datetime:
        """The morning of a day of the story, and never in the future."""
        return min(datetime.combine(self._day(day), MORNING, UTC), self._today)

    def _meeting(self, told: MeetingData) -> Meeting:
        local = datetime.combine(self._day(told.day), time.fromisoformat(told.time))
        return meetings.meeting(local, told.time_zone, told.place)
