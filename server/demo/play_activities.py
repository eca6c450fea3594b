"""The part of the play that is about follow-up activities outside conversations."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import partial

from server.activities import Activities, Activity, ActivityState
from server.activity_documents import Wording
from server.activity_turns import ActivityTurns
from server.archive import Archive
from server.demo import data
from server.demo.clock import Event, Played
from server.demo.data import (
    ActivityData,
    ActivityWriting,
    ArchiveData,
    CommentData,
    ConversationsData,
    EndingData,
)
from server.demo.typing_in import Typing
from server.new_activities import NewActivities
from server.people import Person
from server.rules.access import Actor
from server.sessions import Sessions
from server.storage.database import Database


class ActivitiesPlay:
    """``cast``: everybody who plays, by id."""

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        typing: Typing,
        clock: Played,
        cast: Mapping[str, Person],
    ) -> None:
        self._sessions = sessions
        self._activities = Activities(database, clock)
        self._new = NewActivities(database, clock)
        self._turns = ActivityTurns(database, clock)
        self._archive = Archive(database, clock)
        self._typing = typing
        self._clock = clock
        self._cast = cast

    def events(self, told: ConversationsData) -> Iterator[Event]:
        """Everything that people do with activities; what happens on one day in this order."""
        yield Event(told.archive.day, partial(self._bring_archive, told.archive))
        for activity in told.activities:
            yield Event(activity.day, partial(self._agree, activity))
        for writing in told.activity_writings:
            yield Event(writing.day, partial(self._write, writing))
        for comment in told.comments:
            yield Event(comment.day, partial(self._comment, comment))
        for ending in told.endings:
            yield Event(ending.day, partial(self._end, ending))

    async def _bring_archive(self, told: ArchiveData) -> None:
        await self._archive.bring(self._cast[told.by].actor, data.archive())

    async def _agree(self, told: ActivityData) -> None:
        wording = Wording(
            told.title,
            description=told.description,
            develop=told.develop,
            how=told.how,
            owner=told.owner,
            due_on=self._day(told.due),
            follow_up_on=self._day(told.follow_up),
        )
        await self._new.add(self._cast[told.by].actor, told.employee, told.goal_type, wording)

    async def _write(self, told: ActivityWriting) -> None:
        session = await self._sessions.find(await self._sessions.begin(told.by, "demo"))
        activity = await self._active(session.actor, told.employee, told.title)
        await self._typing.write(session, activity.name, told.answers)
        await self._sessions.end(session, session.id)

    async def _comment(self, told: CommentData) -> None:
        actor = self._cast[told.by].actor
        activity = await self._active(actor, told.employee, told.title)
        await self._turns.comment(actor, activity.id, told.says)

    async def _end(self, told: EndingData) -> None:
        actor = self._cast[told.by].actor
        activity = await self._active(actor, told.employee, told.title)
        if told.state is ActivityState.COMPLETED:
            await self._turns.complete(actor, activity.id)
        else:
            await self._turns.cancel(actor, activity.id, told.reason)

    async def _active(self, actor: Actor, employee: str, title: str) -> Activity:
        all_ = await self._activities.of_employee(actor, employee)
        return next(one for one in all_ if one.title == title and one.state is ActivityState.ACTIVE)

    def _day(self, offset: int | None) -> date | None:
        return None if offset is None else (self._clock.today + timedelta(days=offset)).date()
