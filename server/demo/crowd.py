"""A large organisation below the sample one: its units and people. What they do: ``crowd_plays``."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from server import people
from server.demo import data
from server.people import Employment, Person
from server.rules.access import OPERATOR, Role
from server.template.words import Words

TEAM = 12
"""People of one team, whoever leads it included."""
LARGE_TEAM = 500
"""One team is as large as this, where there are people enough: the longest list that one person has."""
TEAMS_OF_DEPARTMENT = 10
NEWCOMERS = 0.06
"""Part of the people who have come lately. Half of them stay for a time only."""
NEWCOMER_DAYS = (5, 150)
OTHERS_DAYS = (1_500, 9_000)
"""How long ago somebody came, at least and at most."""
LANGUAGES = {"sv": 6, "nb": 3, "en": 1}
"""How many of ten read each."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the crowd, and the one above it."""

    id: str
    name: Mapping[str, str]
    parent: str


class Crowd:
    """``size`` people in units and teams: the same ones for the same ``seed`` and day."""

    def __init__(self, size: int, today: datetime, seed: int = 1) -> None:
        self.units: list[Unit] = []
        self.people: list[Person] = []
        """Whoever leads somebody stands before them."""
        self._told = data.crowd()
        self._today = today
        self._chance = random.Random(seed)  # noqa: S311 (names and days, nothing secret)
        self._gather(size)

    def is_new(self, person: Person) -> bool:
        """Whether somebody has come so lately that they have had no conversation."""
        return (self._today.date() - person.employment.began_on).days <= NEWCOMER_DAYS[1]

    def enter(self, connection: Connection) -> None:
        """Store everybody. Nobody gets a password: in a demo one chooses who one is."""
        for unit in self.units:
            people.add_unit(connection, OPERATOR, unit.id, unit.name, unit.parent, [], self._today)
        for person in self.people:
            people.add(connection, OPERATOR, person, None, self._today)

    def _gather(self, size: int) -> None:
        first = self._person(None, self._told.under[0], leads=True)
        department, teams = first, 0
        while len(self.people) < size:
            if teams % TEAMS_OF_DEPARTMENT == 0:
                department = self._person(first.id, self._department(), leads=True)
            teams += 1
            unit = self._unit(f"{department.unit}-{teams}", self._told.team, teams, department.unit or "")
            leader = self._person(department.id, unit, leads=True)
            members = LARGE_TEAM if teams == 1 and size > 2 * LARGE_TEAM else TEAM - 1
            for _ in range(min(members, size - len(self.people))):
                self._person(leader.id, unit, leads=False)
        # Somebody who was to lead, and for whom nobody is left.
        del self.people[size:]

    def _department(self) -> str:
        number = 1 + sum(unit.parent in self._told.under for unit in self.units)
        under = self._told.under[number % len(self._told.under)]
        return self._unit(f"{data.CROWD}{number}", self._told.department, number, under)

    def _unit(self, id_: str, kind: Words, number: int, parent: str) -> str:
        name = {locale: f"{word} {number}" for locale, word in kind.model_dump().items()}
        self.units.append(Unit(id_, name, parent))
        return id_

    def _person(self, leader: str | None, unit: str, *, leads: bool) -> Person:
        chance, id_ = self._chance, f"{data.CROWD}{len(self.people) + 1:05}"
        is_new = not leads and chance.random() < NEWCOMERS
        title = self._told.leader if leads else chance.choice(self._told.titles)
        person = Person(
            id=id_,
            name=f"{chance.choice(self._told.first_names)} {chance.choice(self._told.last_names)}",
            email=data.crowd_address(id_),
            unit=unit,
            title=title.model_dump(),
            manager_id=leader,
            locale=chance.choices([*LANGUAGES], [*LANGUAGES.values()])[0],
            roles=frozenset({Role.EMPLOYEE, Role.MANAGER} if leads else {Role.EMPLOYEE}),
            employment=self._employment(is_new=is_new),
        )
        self.people.append(person)
        return person

    def _employment(self, *, is_new: bool) -> Employment:
        chance = self._chance
        began_on = self._day(-chance.randrange(*(NEWCOMER_DAYS if is_new else OTHERS_DAYS)))
        if is_new and chance.choice((True, False)):
            return Employment("tidsbegränsad", began_on, self._day(chance.randrange(20, 200)))
        return Employment("tillsvidare", began_on)

    def _day(self, offset: int) -> date:
        return (self._today + timedelta(days=offset)).date()
