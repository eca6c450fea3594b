"""What the people of a large organisation have done: the sample's conversations, played again by others.

Everything goes by the ordinary features: create, share, open, sign, complete, decline, move. So each of them
could really have reached its state. Two things are shortened: what somebody writes stands in a pane at once,
and nobody signs in or types a password.
"""

import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, insert

from server import (
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
from server.conversations import Conversation, Meeting
from server.demo import answers, data
from server.demo.crowd import Crowd
from server.demo.crowd_copies import Copier, Parts, Played, read
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
from server.storage.database import Database, drop_document
from server.storage.opening import open_database
from server.template.words import LOCALES
from server.templates import schemas

EACH = 3
"""Conversations a person, on average."""
TOGETHER = 200
"""People whose conversations are stored in one transaction."""
YEAR = 365
ENDED_DAYS_AGO = tuple(range(0, 210, 35))
"""On which days before its own a story that has ended is played, within a year."""
OTHERS_DAYS_AGO = (0, 4, 9)
GOING_ON = 0.4
"""Part of the newest conversations that go on, or were declined."""
MORNING = time(8, 0)


@dataclass(frozen=True, slots=True)
class Story:
    """A sample conversation that others play, ``days`` later than in the sample."""

    told: ConversationData
    days: int


class Plays:
    """All conversations of a crowd: the same ones for the same crowd, day and seed."""

    def __init__(self, crowd: Crowd, today: datetime, seed: int = 1) -> None:
        self._crowd = crowd
        self._today = today
        self._chance = random.Random(seed)  # noqa: S311 (which story and when, nothing secret)
        told = data.conversations().conversations
        self._ended = [
            each for each in told if each.steps and isinstance(each.steps[-1], SignStep | CompleteStep)
        ]
        self._others = [each for each in told if each not in self._ended]
        self._casts = tuple(self._cast())

    @property
    def count(self) -> int:
        """How many conversations there are."""
        return sum(len(stories) for _, stories in self._casts)

    async def play(self, database: Database, when_done: Callable[[int], None]) -> None:
        """Store them. ``when_done`` is told, again and again, how many more there are."""
        wanted = {(story.told.id, story.days): story for _, stories in self._casts for story in stories}
        played = await _rehearsed(wanted, self._today)
        for start in range(0, len(self._casts), TOGETHER):
            some = self._casts[start : start + TOGETHER]
            await database.write(partial(self._copy, some, played))
            when_done(sum(len(stories) for _, stories in some))

    def _copy(
        self,
        casts: Sequence[tuple[Parts, Sequence[Story]]],
        played: Mapping[tuple[str, int], Played],
        connection: Connection,
    ) -> None:
        copier = Copier(connection, seal(connection, self._today))
        for parts, stories in casts:
            for story in stories:
                copier.copy(played[story.told.id, story.days], parts)
        copier.store()

    def _cast(self) -> Iterator[tuple[Parts, Sequence[Story]]]:
        by_id = {person.id: person for person in self._crowd.people}
        units = {unit.id: unit.name for unit in self._crowd.units}
        owed = 0
        for person in self._crowd.people:
            owed += EACH
            if person.manager_id is None or person.unit is None or self._crowd.is_new(person):
                continue
            # Who came lately leaves theirs to the others, so that the number comes out.
            count = min(owed, EACH + 1)
            owed -= count
            parts = Parts(person, by_id[person.manager_id], units[person.unit])
            yield parts, tuple(self._stories(count))

    def _stories(self, count: int) -> Iterator[Story]:
        for years_ago in reversed(range(count)):
            if years_ago > 0 or self._chance.random() > GOING_ON:
                told = self._chance.choice(self._ended)
                latest = -max(step.day for step in told.steps) - self._chance.choice(ENDED_DAYS_AGO)
            else:
                told = self._chance.choice(self._others)
                latest = -self._chance.choice(OTHERS_DAYS_AGO)
            yield Story(told, latest - years_ago * YEAR)


async def _rehearsed(
    stories: Mapping[tuple[str, int], Story], today: datetime
) -> Mapping[tuple[str, int], Played]:
    """Have two stand-ins play each story, in a database of their own."""
    with tempfile.TemporaryDirectory(prefix="samsyn-") as folder:
        database = await open_database(f"sqlite:///{folder}/rehearsal.db", lambda: today)
        try:
            await database.write(partial(_set_stage, today))
            return await database.write(
                lambda connection: {
                    key: read(connection, STAND_INS, _Play(connection, story, today).play())
                    for key, story in stories.items()
                }
            )
        finally:
            await database.close()


def _set_stage(today: datetime, connection: Connection) -> None:
    for body in data.templates():
        templates.add(connection, OPERATOR, {**body, "available_to": {}}, today)
    people.add_unit(connection, OPERATOR, STAGE, STAND_INS.unit, None, [], today)
    for person in (STAND_INS.responsible, STAND_INS.employee):
        people.add(connection, OPERATOR, person, None, today)


def _stand_in(id_: str, manager: str | None) -> Person:
    """Somebody whose id is as long as everybody's, and whose name stands in no text."""
    return Person(
        id=f"{data.CROWD}{id_}",
        name=f"{{{id_}}} {{{id_}}}",
        email=f"{id_}@{data.DOMAIN}",
        unit=STAGE,
        title={locale: f"{{title {id_} {locale}}}" for locale in LOCALES},
        manager_id=manager,
        locale="sv",
        roles=frozenset({Role.EMPLOYEE}),
        employment=Employment("tillsvidare", date(2000, 1, 1)),
    )


STAGE = "stage"
STAND_INS = Parts(
    # Whoever leads comes first, as in a crowd: a record lists those whom it names in the order of their ids.
    responsible=_stand_in("nameA", None),
    employee=_stand_in("nameB", f"{data.CROWD}nameA"),
    unit={locale: f"{{unit {locale}}}" for locale in LOCALES},
)


class _Play:
    """One conversation, in a transaction."""

    def __init__(self, connection: Connection, story: Story, today: datetime) -> None:
        self._connection = connection
        self._today = today
        self._told = story.told
        self._days = story.days
        # By the ids of the sample, who plays whose part.
        self._cast = {
            story.told.employee: STAND_INS.employee,
            story.told.responsible: STAND_INS.responsible,
        }
        self._number = 0
        self._id = ""
        self._sha256 = ""

    def play(self) -> str:
        """Play it, and return its id."""
        told = self._told
        template, _, version = told.template.partition("@")
        self._id = conversations.create(
            self._connection,
            STAND_INS.responsible.actor,
            STAND_INS.employee.id,
            (template, int(version)),
            self._meeting(told.meeting) if told.meeting else None,
            self._at(told.created_day),
        )
        for step in told.steps:
            self._take(step, self._cast[step.who])
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
