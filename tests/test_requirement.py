"""Who is to have a conversation, and by when: the yearly rule and the five-month rule (F110–F115)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.rules.requirement import Due, Rule, Urgency, due, due_on, due_until, is_required

RULE = Rule()
DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))
MONTHS = st.integers(1, 60)
DAY = timedelta(days=1)


def months_of(day: date) -> int:
    """Counted from year 0."""
    return day.year * 12 + day.month - 1


# Who.


@given(DAYS)
def test_a_permanent_employment_always_needs_one(began_on: date) -> None:
    assert is_required(RULE, began_on, None)


@given(DAYS, st.none() | DAYS)
def test_nobody_needs_one_where_the_organisation_requires_none(began_on: date, ends_on: date | None) -> None:
    assert not is_required(Rule(required=False), began_on, ends_on)


@given(DAYS, st.integers(0, 400), st.integers(0, 12))
def test_who_needs_one_needs_it_in_a_longer_employment(began_on: date, days: int, months: int) -> None:
    rule = Rule(from_months=months)
    ends_on = began_on + timedelta(days=days)
    if is_required(rule, began_on, ends_on):
        assert is_required(rule, began_on, ends_on + DAY)
        assert is_required(rule, began_on - 31 * DAY, ends_on)


@given(DAYS)
def test_five_whole_months_are_enough_and_a_day_less_is_not(began_on: date) -> None:
    after = due_on(Rule(every_months=5), began_on, None)
    assert is_required(RULE, began_on, after - DAY)
    assert not is_required(RULE, began_on, after - 2 * DAY)


@pytest.mark.parametrize(
    ("began_on", "ends_on", "required"),
    [
        (date(2026, 1, 1), date(2026, 5, 31), True),
        (date(2026, 1, 1), date(2026, 5, 30), False),
        # September has no 31st: five months from the 31st of a month are over with the month.
        (date(2026, 3, 31), date(2026, 8, 30), True),
        (date(2026, 3, 31), date(2026, 8, 29), False),
        (date(2025, 9, 30), date(2026, 2, 27), True),
        (date(2025, 9, 30), date(2026, 2, 26), False),
        # In a leap year the month is a day longer.
        (date(2027, 9, 30), date(2028, 2, 27), False),
        (date(2027, 9, 30), date(2028, 2, 28), True),
        (date(2027, 9, 29), date(2028, 2, 28), True),
        (date(2028, 2, 29), date(2028, 7, 28), True),
        (date(2028, 2, 29), date(2028, 7, 27), False),
        (date(2026, 8, 15), date(2027, 1, 14), True),
    ],
)
def test_months_are_counted_from_day_to_day(began_on: date, ends_on: date, required: bool) -> None:
    assert is_required(RULE, began_on, ends_on) is required


@given(DAYS)
def test_of_the_sample_fatima_needs_one_and_leo_does_not_whatever_day_it_is(today: date) -> None:
    assert is_required(RULE, today - 120 * DAY, today + 95 * DAY)
    assert not is_required(RULE, today - 30 * DAY, today + 60 * DAY)


# By when.


@given(DAYS, MONTHS)
def test_it_is_due_on_the_same_day_of_a_later_month_or_on_its_last(held_on: date, months: int) -> None:
    by = due_on(Rule(every_months=months), date(1980, 1, 1), held_on)
    assert months_of(by) - months_of(held_on) == months
    is_last = (by + DAY).month != by.month
    assert by.day == held_on.day or (by.day < held_on.day and is_last)


@given(DAYS, DAYS, MONTHS)
def test_whoever_talks_later_is_due_later(first: date, second: date, months: int) -> None:
    rule = Rule(every_months=months)
    earlier, later = sorted((first, second))
    assert due_on(rule, earlier, earlier) <= due_on(rule, earlier, later)


@given(DAYS, MONTHS)
def test_what_is_due_by_a_day_was_last_held_on_one_day_or_before_it(day: date, months: int) -> None:
    rule = Rule(every_months=months)
    found = due_until(rule, day)
    assert due_on(rule, found, None) <= day < due_on(rule, found + timedelta(days=1), None)


@given(DAYS, DAYS)
def test_until_the_first_conversation_it_is_counted_from_the_beginning(began_on: date, held_on: date) -> None:
    assert due_on(RULE, began_on, None) == due_on(RULE, held_on, began_on)


@pytest.mark.parametrize(
    ("held_on", "by"),
    [
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2027, 2, 28), date(2028, 2, 28)),
        (date(2025, 12, 31), date(2026, 12, 31)),
        (date(9999, 3, 1), date.max),
        (date(9998, 12, 31), date.max),
        (date(9998, 12, 1), date(9999, 12, 1)),
    ],
)
def test_a_year_later_is_the_same_day(held_on: date, by: date) -> None:
    assert due_on(RULE, date(2020, 1, 1), held_on) == by


@given(DAYS, DAYS, DAYS)
def test_where_the_rule_is_new_nobody_is_counted_from_before_it(
    began_on: date, since: date, held_on: date
) -> None:
    new = Rule(since=since)
    assert due_on(new, began_on, None) == max(due_on(RULE, began_on, None), due_on(RULE, since, None))
    # What was held counts as ever.
    assert due_on(new, began_on, held_on) == due_on(RULE, began_on, held_on)


@given(DAYS, DAYS)
def test_a_shorter_employment_has_its_one_before_it_ends_where_the_rule_is_new_too(
    began_on: date, since: date
) -> None:
    ends_on = began_on + 200 * DAY
    by = due(Rule(since=since), began_on, ends_on, None, began_on).by
    assert by == min(ends_on, due_on(Rule(since=since), began_on, None))


# How urgent it is.


@given(DAYS, st.none() | DAYS, DAYS)
def test_a_day_is_named_exactly_for_whom_one_is_required(
    began_on: date, last_held_on: date | None, today: date
) -> None:
    for ends_on in (None, began_on + 60 * DAY, began_on + 200 * DAY):
        said = due(RULE, began_on, ends_on, last_held_on, today)
        assert (said.by is None) is (said.urgency is Urgency.NONE)
        if said.by is not None:
            assert (said.urgency is Urgency.OVERDUE) is (said.by < today)
            assert is_required(RULE, began_on, ends_on)
            assert ends_on is None or said.by <= ends_on


@given(DAYS, st.integers(150, 360), DAYS)
def test_a_shorter_employment_has_its_one_conversation_before_it_ends(
    began_on: date, days: int, today: date
) -> None:
    ends_on = began_on + timedelta(days=days)
    if is_required(RULE, began_on, ends_on):
        assert due(RULE, began_on, ends_on, None, today).by == ends_on
        assert due(RULE, began_on, ends_on, began_on + 30 * DAY, today) == Due(Urgency.NONE)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (date(2025, 11, 19), Due(Urgency.OVERDUE, date(2026, 11, 19))),
        (date(2025, 11, 20), Due(Urgency.SOON, date(2026, 11, 20))),
        (date(2026, 1, 19), Due(Urgency.SOON, date(2027, 1, 19))),
        (date(2026, 1, 20), Due(Urgency.LATER, date(2027, 1, 20))),
        (None, Due(Urgency.OVERDUE, date(2021, 1, 1))),
    ],
)
def test_it_says_how_near_the_day_is(last: date | None, expected: Due) -> None:
    assert due(RULE, date(2020, 1, 1), None, last, date(2026, 11, 20)) == expected
