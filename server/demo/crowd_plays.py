"""Who of a large organisation has had which conversations: the sample's, played again by others.

Each story is played once (``crowd_story``), and copied for whoever has the same (``crowd_copies``).
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from server.demo import data
from server.demo.crowd import Crowd
from server.demo.crowd_copies import Copier, Parts, Played
from server.demo.crowd_story import Story, rehearsed
from server.record.sealing import seal
from server.storage.database import Database

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


class Plays:
    """All conversations of a crowd: the same ones for the same crowd, day and seed."""

    def __init__(self, crowd: Crowd, today: datetime, seed: int = 1) -> None:
        self._crowd = crowd
        self._today = today
        self._chance = random.Random(seed)  # noqa: S311 (which story and when, nothing secret)
        told = data.conversations().conversations
        self._ended = [each for each in told if each.is_ended]
        self._others = [each for each in told if not each.is_ended]
        self._casts = tuple(self._cast())
        self._stories = frozenset(story for _, stories in self._casts for story in stories)

    @property
    def count(self) -> int:
        """How many conversations there are."""
        return sum(len(stories) for _, stories in self._casts)

    @property
    def stories(self) -> int:
        """How many of them differ by more than who plays."""
        return len(self._stories)

    async def play(
        self,
        database: Database,
        when_rehearsed: Callable[[int], None],
        when_done: Callable[[int], None],
    ) -> None:
        """Store them. Both are told, again and again, how many more stories and conversations there are."""
        played = await rehearsed(self._stories, self._today, when_rehearsed)
        for start in range(0, len(self._casts), TOGETHER):
            some = self._casts[start : start + TOGETHER]
            await database.write(partial(self._copy, some, played))
            when_done(sum(len(stories) for _, stories in some))

    def _copy(
        self,
        casts: Sequence[tuple[Parts, Sequence[Story]]],
        played: Mapping[Story, Played],
        connection: Connection,
    ) -> None:
        copier = Copier(connection, seal(connection, self._today))
        for parts, stories in casts:
            for story in stories:
                copier.copy(played[story], parts)
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
            yield parts, tuple(self._chosen(count, person.locale))

    def _chosen(self, count: int, locale: str) -> Iterator[Story]:
        for years_ago in reversed(range(count)):
            if years_ago > 0 or self._chance.random() > GOING_ON:
                told = self._chance.choice(self._ended)
                latest = -max(step.day for step in told.steps) - self._chance.choice(ENDED_DAYS_AGO)
            else:
                told = self._chance.choice(self._others)
                latest = -self._chance.choice(OTHERS_DAYS_AGO)
            yield Story(told.id, latest - years_ago * YEAR, locale)
