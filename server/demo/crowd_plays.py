"""What the people of a large organisation have done: the sample's conversations, played again by others.

Everything goes by the ordinary features: create, share, open, sign, complete, decline, move. So each of them
could really have reached its state. Two things are shortened: what somebody writes stands in a pane at once,
and nobody signs in or types a password.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, insert

from server import conversations, declining, documents, freezing, meetings, sharing, signing
from server.conversations import Conversation, Meeting
from server.demo import answers, data
from server.demo.crowd import Crowd
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
from server.people import Person
from server.record.sealing import seal
from server.rules.access import State
from server.storage import tables
from server.storage.database import Database, drop_document
from server.templates import schemas

EACH = 3
"""Conversations a person, on average."""
TOGETHER = 40
"""People whose conversations are stored in one transaction."""
YEAR = 365
STILL_GOING_ON = 0.4
"""Part of the newest conversations that go on, or were declined."""
MORNING = time(8, 0)


@dataclass(frozen=True, slots=True)
class Story:
    """A sample conversation that others play, ``days`` later than in the sample."""

    told: ConversationData
    days: int


@dataclass(frozen=True, slots=True)
class Life:
    """Everything that one employee of the crowd has had with whoever leads her."""

    employee: Person
    responsible: Person
    stories: tuple[Story, ...]


class Plays:
    """All conversations of a crowd: the same ones for the same crowd and seed."""

    def __init__(self, crowd: Crowd, today: datetime, seed: int = 1) -> None:
        self._today = today
        self._chance = random.Random(seed)  # noqa: S311 (which story and when, nothing secret)
        told = data.conversations().conversations
        self._ended = [
            each for each in told if each.steps and isinstance(each.steps[-1], SignStep | CompleteStep)
        ]
        self._others = [each for each in told if each not in self._ended]
        self.lives = tuple(self._live(crowd))

    @property
    def count(self) -> int:
        """How many conversations there are."""
        return sum(len(life.stories) for life in self.lives)

    async def play(self, database: Database, when_done: Callable[[int], None]) -> None:
        """Store them. ``when_done`` is told, again and again, how many more there are."""
        for start in range(0, len(self.lives), TOGETHER):
            some = self.lives[start : start + TOGETHER]
            await database.write(partial(self._play, some))
            when_done(sum(len(life.stories) for life in some))

    def _live(self, crowd: Crowd) -> Iterator[Life]:
        by_id = {person.id: person for person in crowd.people}
        owed = 0
        for person in crowd.people:
            owed += EACH
            if person.manager_id is None or crowd.is_new(person):
                continue
            # Who came lately leaves theirs to the others, so that the number comes out.
            count = min(owed, EACH + 1)
            owed -= count
            yield Life(person, by_id[person.manager_id], tuple(self._stories(count)))

    def _stories(self, count: int) -> Iterator[Story]:
        for years_ago in reversed(range(count)):
            is_ended = years_ago > 0 or self._chance.random() > STILL_GOING_ON
            told = self._chance.choice(self._ended if is_ended else self._others)
            latest = -_last_day(told) if is_ended else 0
            yield Story(told, latest - years_ago * YEAR - self._chance.randrange(0, 200 if is_ended else 20))

    def _play(self, lives: Sequence[Life], connection: Connection) -> None:
        for life in lives:
            for story in life.stories:
                _Play(connection, life, story, self._today).play()


class _Play:
    """One conversation, in a transaction."""

    def __init__(self, connection: Connection, life: Life, story: Story, today: datetime) -> None:
        self._connection = connection
        self._life = life
        self._today = today
        self._told = story.told
        self._days = story.days
        # By the ids of the sample, who plays whose part.
        self._cast = {story.told.employee: life.employee, story.told.responsible: life.responsible}
        self._number = 0
        self._id = ""

    def play(self) -> None:
        told = self._told
        template, _, version = told.template.partition("@")
        self._id = conversations.create(
            self._connection,
            self._life.responsible.actor,
            self._life.employee.id,
            (template, int(version)),
            self._meeting(told.meeting) if told.meeting else None,
            self._at(told.created_day),
        )
        for step in told.steps:
            self._take(step, self._cast[step.who])

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


def _last_day(told: ConversationData) -> int:
    return max(step.day for step in told.steps)
