"""Coverage: who should have had a conversation in a period and who has, in figures that tell of nobody."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, update

from server import people
from server.conversations import Meeting
from server.coverage import UNPLACED, WHOLE, Coverage, Coverages, Details, Employee, Figures, Wanted
from server.people import Employment
from server.policy import Period, Policies, Policy
from server.rules.access import OPERATOR, Actor, Pane, State
from server.rules.coverage import Employed, Standing, Talked, overdue_until, standing
from server.rules.errors import NotFound
from server.rules.requirement import Rule
from server.storage import tables
from server.storage.database import Database
from tests.conftest import SetClock
from tests.organisation import ANNUAL, ASTRID, HELENA, JONAS, MAJA, TOMAS, Organisation, person, text
from tests.queries import QUERIES_MAX, counted

TODAY = date(2026, 11, 20)
DAY = timedelta(days=1)
PERIOD = Period(name="I år", begins_on=TODAY - 60 * DAY, ends_on=TODAY + 60 * DAY)
YEAR = Period(begins_on=date(2026, 1, 1), ends_on=date(2026, 12, 31))
BEFORE = Period(begins_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))


# One employment.

LONG = Employed(date(2020, 1, 1), None)
SHORT = Employed(TODAY - 30 * DAY, TODAY + 60 * DAY)
HALF_YEAR = Employed(TODAY - 120 * DAY, TODAY + 95 * DAY)


def judged(employed: Employed, talked: Talked, today: date = TODAY) -> tuple[Standing, date | None, bool]:
    return standing(Rule(), employed, talked, PERIOD.ends_on, today)


@pytest.mark.parametrize(
    ("employed", "talked", "expected"),
    [
        (LONG, Talked(), (Standing.NONE, date(2021, 1, 1), True)),
        (LONG, Talked(held_before=TODAY - 300 * DAY), (Standing.NONE, date(2027, 1, 24), False)),
        (LONG, Talked(held=True, goes_on=True), (Standing.HELD, None, False)),
        (LONG, Talked(goes_on=True, declined=True), (Standing.GOES_ON, date(2021, 1, 1), True)),
        (LONG, Talked(declined=True), (Standing.DECLINED, date(2021, 1, 1), True)),
        (SHORT, Talked(), (Standing.NOT_REQUIRED, None, False)),
        (SHORT, Talked(held=True), (Standing.NOT_REQUIRED, None, False)),
        (HALF_YEAR, Talked(), (Standing.NONE, TODAY + 95 * DAY, False)),
        # The one conversation of a short employment was before the period.
        (HALF_YEAR, Talked(held_before=TODAY - 90 * DAY), (Standing.NOT_REQUIRED, None, False)),
        # Who has left: what was due by then was to be held, and nobody can catch up on it.
        (LONG._replace(left_on=TODAY), Talked(), (Standing.NONE, date(2021, 1, 1), False)),
        (
            LONG._replace(left_on=TODAY),
            Talked(held_before=TODAY - 300 * DAY),
            (Standing.NOT_REQUIRED, None, False),
        ),
    ],
)
def test_each_employment_stands_in_one_way(
    employed: Employed, talked: Talked, expected: tuple[Standing, date | None, bool]
) -> None:
    assert judged(employed, talked) == expected


def test_what_is_due_after_a_period_is_not_overdue_in_it() -> None:
    talked = Talked(held_before=PERIOD.begins_on - DAY)
    by = standing(Rule(), LONG, talked, PERIOD.ends_on, date(2030, 1, 1))
    assert by == (Standing.NONE, date(2027, 9, 20), False)


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.booleans(), st.dates(TODAY, TODAY + 400 * DAY))
def test_for_good_it_is_overdue_when_the_last_one_was_on_one_day_or_before_it(
    day: date, is_held: bool, today: date
) -> None:
    employed, talked = (LONG, Talked(held_before=day)) if is_held else (Employed(day, None), Talked())
    *_, is_overdue = judged(employed, talked, today)
    assert is_overdue == (day <= overdue_until(Rule(), PERIOD.ends_on, today))


@pytest.mark.parametrize(
    ("employed", "overlaps"),
    [
        (Employed(PERIOD.ends_on, None), True),
        (Employed(PERIOD.ends_on + DAY, None), False),
        (Employed(date(2020, 1, 1), PERIOD.begins_on), True),
        (Employed(date(2020, 1, 1), PERIOD.begins_on - DAY), False),
        (Employed(date(2020, 1, 1), None, PERIOD.begins_on - DAY), False),
        (Employed(date(2020, 1, 1), PERIOD.ends_on, PERIOD.begins_on - DAY), False),
    ],
)
def test_who_is_employed_on_any_day_of_the_period_counts(employed: Employed, overlaps: bool) -> None:
    assert employed.overlaps(PERIOD.begins_on, PERIOD.ends_on) is overlaps


# The organisation.


@pytest.fixture
def coverages(database: Database, clock: SetClock) -> Coverages:
    return Coverages(database, clock)


async def staffed(here: Organisation, units: Mapping[str, str | None], sizes: Mapping[str, int]) -> None:
    """Add units with their parents, and so many people in each."""

    def add(connection: Connection) -> None:
        for unit, parent in units.items():
            names = {"sv": unit.capitalize(), "nb": unit.capitalize(), "en": unit.capitalize()}
            people.add_unit(connection, OPERATOR, unit, names, parent, [], here.clock())
        for unit, size in sizes.items():
            for number in range(size):
                one = replace(person(f"{unit}{number}", f"{unit.capitalize()} {number}", "jonas"), unit=unit)
                people.add(connection, OPERATOR, one, None, here.clock())

    await here.database.write(add)


async def held(here: Organisation, employee: str, on: date) -> str:
    """A conversation with Jonas that was closed at noon of a day."""
    id_ = await here.conversations.create(JONAS.actor, employee, ANNUAL)
    at = datetime.combine(on, datetime.min.time(), UTC) + timedelta(hours=12)

    def close(connection: Connection) -> None:
        record, talk = tables.record, tables.conversation
        connection.execute(
            insert(record).values(
                conversation_id=id_,
                version=1,
                content=b"",
                sha256="",
                frozen_at=at,
                frozen_by="jonas",
                closed_at=at,
            )
        )
        connection.execute(update(talk).where(talk.c.id == id_).values(state=State.CLOSED))

    await here.database.write(close)
    return id_


def of(coverage: Coverage, id_: str) -> Employee:
    return next(each for each in coverage.employees if each.id == id_)


async def more_of(coverages: Coverages, coverage: Coverage, id_: str) -> Details:
    """What a list says of somebody beside that."""
    ((_, found),) = await coverages.detailed(HELENA.actor, coverage.period, [of(coverage, id_)])
    return found


async def test_hr_sees_who_has_had_one_and_when_and_nothing_of_it(
    here: Organisation, coverages: Coverages
) -> None:
    await here.closed()
    coverage = await coverages.read(HELENA.actor)
    maja, jonas = of(coverage, "maja"), of(coverage, "jonas")
    assert (maja.standing, jonas.standing, jonas.is_overdue) == (Standing.HELD, Standing.NONE, True)
    of_maja = await more_of(coverages, coverage, "maja")
    assert (of_maja.held_on, of_maja.manager, of_maja.due_on) == (TODAY, "Jonas Bergman", None)
    assert (await more_of(coverages, coverage, "jonas")).due_on == date(2021, 1, 1)


@pytest.mark.parametrize("who", [ASTRID, JONAS, MAJA, TOMAS])
async def test_nobody_but_hr_sees_coverage_or_takes_it_out(
    here: Organisation, coverages: Coverages, who: people.Person
) -> None:
    with pytest.raises(NotFound):
        await coverages.read(who.actor)
    with pytest.raises(NotFound):
        await coverages.detailed(who.actor, YEAR, [])
    with pytest.raises(NotFound):
        await coverages.note_export(who.actor, "people", WHOLE)


async def test_without_an_own_period_it_is_the_calendar_year(
    here: Organisation, coverages: Coverages, database: Database, clock: SetClock
) -> None:
    assert (await coverages.read(HELENA.actor)).period == YEAR
    await Policies(database, clock).put(HELENA.actor, Policy(period=PERIOD))
    assert (await coverages.read(HELENA.actor)).period == PERIOD
    assert (await coverages.read(HELENA.actor, BEFORE)).period == BEFORE


async def test_private_writing_changes_nothing_that_hr_sees(here: Organisation, coverages: Coverages) -> None:
    meeting = Meeting(datetime(2026, 12, 3, 8, 30, tzinfo=UTC), "Europe/Stockholm", "")
    id_ = await here.conversation(meeting)
    before = await coverages.read(HELENA.actor)
    details = await more_of(coverages, before, "maja")
    assert (of(before, "maja").standing, details.meets_on) == (Standing.GOES_ON, date(2026, 12, 3))
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("Hemligt.")})
    await here.write("jonas", id_, Pane.MANAGER, {"a1": text("Hemligt.")})
    assert await coverages.read(HELENA.actor) == before
    assert await more_of(coverages, before, "maja") == details


async def test_a_declined_one_shows_until_another_goes_on(here: Organisation, coverages: Coverages) -> None:
    await here.declining.decline(MAJA.actor, await here.conversation(), "Hemligt skäl.")
    coverage = await coverages.read(HELENA.actor)
    details = await more_of(coverages, coverage, "maja")
    assert (of(coverage, "maja").standing, details.declined_on) == (Standing.DECLINED, TODAY)
    assert "Hemligt" not in repr((coverage, details))
    assert of(await coverages.read(HELENA.actor, BEFORE), "maja").standing is Standing.NONE
    await here.conversation()
    assert of(await coverages.read(HELENA.actor), "maja").standing is Standing.GOES_ON


async def test_each_period_has_its_own_conversations(here: Organisation, coverages: Coverages) -> None:
    await held(here, "maja", date(2025, 12, 31))
    await held(here, "maja", date(2025, 3, 1))
    this, before = await coverages.read(HELENA.actor, YEAR), await coverages.read(HELENA.actor, BEFORE)
    then, now = [await more_of(coverages, each, "maja") for each in (before, this)]
    assert (then.held_on, then.held_before) == (date(2025, 12, 31), None)
    assert (now.held_before, now.due_on) == (date(2025, 12, 31), date(2026, 12, 31))
    assert of(this, "maja")[-2:] == (Standing.NONE, False)


async def test_the_days_of_a_period_are_the_organisations_own(
    here: Organisation, coverages: Coverages, database: Database
) -> None:
    id_ = await held(here, "maja", TODAY)
    # Half past midnight on New Year's Day, in Stockholm.
    at = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    record = tables.record
    await database.write(
        lambda c: c.execute(update(record).where(record.c.conversation_id == id_).values(closed_at=at))
    )
    this, before = await coverages.read(HELENA.actor, YEAR), await coverages.read(HELENA.actor, BEFORE)
    assert (of(this, "maja").standing, of(before, "maja").standing) == (Standing.HELD, Standing.NONE)
    assert (await more_of(coverages, this, "maja")).held_on == date(2026, 1, 1)
    assert (await more_of(coverages, before, "maja")).held_on is None


@pytest.mark.parametrize(("at", "is_overdue"), [("22:59:59", True), ("23:00:00", False)])
async def test_it_is_overdue_the_day_after_the_last_for_it_and_not_before(
    here: Organisation, coverages: Coverages, database: Database, at: str, is_overdue: bool
) -> None:
    # A year before today, in Stockholm: the last second of the day before, and the first of that day.
    moment = datetime.fromisoformat(f"2025-11-19T{at}+00:00")
    id_, record = await held(here, "maja", TODAY), tables.record
    await database.write(
        lambda c: c.execute(update(record).where(record.c.conversation_id == id_).values(closed_at=moment))
    )
    coverage = await coverages.read(HELENA.actor, YEAR)
    assert of(coverage, "maja")[-2:] == (Standing.NONE, is_overdue)


async def test_what_is_opened_again_stays_held(here: Organisation, coverages: Coverages) -> None:
    id_, _ = await here.closed()
    await here.reopening.reopen(MAJA.actor, id_, "Vi glömde en sak.")
    assert of(await coverages.read(HELENA.actor), "maja").standing is Standing.HELD


async def test_a_conversation_about_pay_is_not_the_yearly_one(
    here: Organisation, coverages: Coverages, database: Database
) -> None:
    await held(here, "maja", TODAY)
    template = tables.template

    def become_pay(connection: Connection) -> None:
        body = connection.scalars(select(template.c.body)).one()
        connection.execute(update(template).values(body={**body, "kind": "salary"}))

    await database.write(become_pay)
    assert of(await coverages.read(HELENA.actor), "maja").standing is Standing.NONE


async def test_whoever_has_left_counts_while_employed_and_nobody_follows_up(
    here: Organisation, coverages: Coverages, database: Database, clock: SetClock
) -> None:
    gone = replace(MAJA, active=False)
    await database.write(lambda c: people.change(c, TOMAS.actor, gone, clock()))
    coverage = await coverages.read(HELENA.actor, YEAR)
    assert of(coverage, "maja")[-2:] == (Standing.NONE, False)
    assert (await more_of(coverages, coverage, "maja")).employed.left_on == TODAY
    next_year = Period(begins_on=date(2027, 1, 1), ends_on=date(2027, 12, 31))
    assert "maja" not in {each.id for each in (await coverages.read(HELENA.actor, next_year)).employees}


# Figures.


async def test_a_units_figures_hold_those_of_the_units_below_it_and_add_up(
    here: Organisation, coverages: Coverages, database: Database
) -> None:
    await staffed(here, {"top": None, "north": "top", "south": "top"}, {"north": 6, "south": 7, "top": 8})
    await held(here, "north0", TODAY)
    await here.conversations.create(JONAS.actor, "north1", ANNUAL)
    id_ = await here.conversations.create(JONAS.actor, "south0", ANNUAL)
    await here.declining.decline(Actor("south0"), id_, "Nej.")
    short = replace(person("south9", "Kort Vikarie", "jonas"), unit="south")
    short = replace(short, employment=Employment("tidsbegränsad", TODAY, TODAY + 30 * DAY))
    await database.write(lambda c: people.add(c, OPERATOR, short, None, here.clock()))
    units = (await coverages.read(HELENA.actor)).units
    assert units["north"].figures == Figures(6, held=1, goes_on=1, declined=0, none=4, overdue=5)
    assert units["south"].figures == Figures(7, 0, 0, declined=1, none=6, overdue=7, not_required=1)
    assert units["top"].figures == Figures(21, 1, 1, 1, 18, overdue=20, not_required=1)
    # The five of the organisation who are in no unit.
    assert units[WHOLE].figures == Figures(26, 1, 1, 1, 23, overdue=25, not_required=1)
    assert units[UNPLACED].figures == Figures(5, none=5, overdue=5)
    assert (units["north"].above, units["top"].above, set(units["top"].below)) == (
        "top",
        WHOLE,
        {"north", "south"},
    )


async def test_small_groups_are_hidden_with_what_they_could_be_computed_from(
    here: Organisation, coverages: Coverages, database: Database, clock: SetClock
) -> None:
    await staffed(
        here, {"top": None, "north": "top", "south": "top", "west": "top"}, {"north": 9, "south": 7}
    )
    await staffed(here, {}, {"west": 2})
    units = (await coverages.read(HELENA.actor)).units
    hidden = {id_ for id_, unit in units.items() if unit.figures is None}
    assert hidden == {"west", "south"}
    await Policies(database, clock).put(HELENA.actor, Policy(small_group=2))
    units = (await coverages.read(HELENA.actor)).units
    assert all(unit.figures for unit in units.values())


# The list.


async def test_people_are_found_by_unit_state_and_name(here: Organisation, coverages: Coverages) -> None:
    await staffed(here, {"top": None, "north": "top"}, {"top": 1, "north": 2})
    await held(here, "north0", TODAY)
    coverage = await coverages.read(HELENA.actor)

    def found(wanted: Wanted) -> list[str]:
        return [each.id for each in coverage.people(wanted)]

    assert found(Wanted("top")) == ["north0", "north1", "top0"]
    assert found(Wanted("north")) == ["north0", "north1"]
    assert found(Wanted("nowhere")) == []
    assert found(Wanted(standing=Standing.HELD)) == ["north0"]
    assert found(Wanted("top", overdue=True)) == ["north1", "top0"]
    assert found(Wanted(words="öb maj")) == found(Wanted(words="MAJA")) == ["maja"]
    assert len(found(Wanted())) == 8


async def test_of_more_people_than_a_query_may_name_it_says_the_same(
    here: Organisation, coverages: Coverages, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.closed()
    coverage = await coverages.read(HELENA.actor)
    asked = coverage.people(Wanted(words="maja")) + coverage.people(Wanted(words="jonas"))
    named = await coverages.detailed(HELENA.actor, coverage.period, asked)
    monkeypatch.setattr("server.coverage.COVERAGE_NAMED_MAX", 1)
    assert await coverages.detailed(HELENA.actor, coverage.period, asked) == named
    assert [(each.id, more.held_on) for each, more in named] == [("maja", TODAY), ("jonas", None)]


async def test_it_asks_as_often_for_many_people_as_for_few(here: Organisation, coverages: Coverages) -> None:
    with counted() as few:
        await coverages.read(HELENA.actor)
    await staffed(here, {"top": None}, {"top": 60})
    for number in range(5):
        await here.conversations.create(JONAS.actor, f"top{number}", ANNUAL)
    with counted() as many:
        await coverages.read(HELENA.actor)
    assert len(many) == len(few) <= QUERIES_MAX


# The sample.


async def test_of_the_sample_fatima_is_to_have_one_and_leo_is_not(
    here: Organisation, coverages: Coverages
) -> None:
    for id_, first, last in (("fatima", -120, 95), ("leo", -30, 60)):
        one = person(id_, id_.capitalize(), "jonas")
        employment = Employment("tidsbegränsad", TODAY + first * DAY, TODAY + last * DAY)
        await here.accounts.add(OPERATOR, replace(one, employment=employment), None)
    for period in (PERIOD, YEAR):
        coverage = await coverages.read(HELENA.actor, period)
        assert of(coverage, "fatima").standing is Standing.NONE
        assert of(coverage, "leo").standing is Standing.NOT_REQUIRED
