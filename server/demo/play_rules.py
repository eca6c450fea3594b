"""Plays how the sample organisation has it: its rules, and who stands in for whom."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial

from server.demo.clock import Event
from server.demo.data import OrganisationData, RulesData, StandInData
from server.people import Person
from server.policy import Period, Policies, Policy
from server.rules.access import Role
from server.stand_ins import Days, StandIns
from server.storage.database import Clock, Database


class RulesPlay:
    """The part of a play that is about the organisation as a whole."""

    def __init__(
        self, database: Database, clock: Clock, cast: Mapping[str, Person], day: Callable[[int], datetime]
    ) -> None:
        self._policies = Policies(database, clock)
        self._stand_ins = StandIns(database, clock)
        self._cast = cast
        self._day = day

    def events(self, told: OrganisationData, founded_on: int) -> Iterator[Event]:
        """HR sets the rules on the first day; managers name who stands in."""
        yield Event(founded_on, partial(self._rule, told.rules))
        for each in told.stand_ins:
            yield Event(each.named_day, partial(self._name, each))

    async def _rule(self, told: RulesData) -> None:
        hr = next(person for person in self._cast.values() if Role.HR in person.roles)
        days = self._days(told.period.start_offset, told.period.end_offset)
        period = Period(name=told.period.name, begins_on=days.begins_on, ends_on=days.ends_on)
        policy = Policy.model_validate(told.policy | {"period": period})
        await self._policies.put(hr.actor, policy)

    async def _name(self, told: StandInData) -> None:
        manager = self._cast[told.manager].actor
        days = self._days(told.start_offset, told.end_offset)
        await self._stand_ins.name(manager, told.manager, told.person, days, told.reason)

    def _days(self, first: int, last: int) -> Days:
        return Days(self._day(first).date(), self._day(last).date())
