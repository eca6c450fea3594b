"""Who is to have a conversation, and by when (F110-F112)."""

from datetime import date

import pytest

from server.rules.requirement import Due, Rule, Urgency, due, due_on, is_required

YEARLY = Rule()
TODAY = date(2026, 11, 20)
FOR_GOOD = date(2020, 1, 1)


@pytest.mark.parametrize(
    ("began_on", "ends_on", "required"),
    [
        (date(2026, 1, 1), None, True),
        (date(2026, 1, 1), date(2026, 5, 31), True),
        (date(2026, 1, 1), date(2026, 5, 30), False),
        (date(2026, 9, 30), date(2027, 2, 27), True),
        (date(2026, 9, 30), date(2027, 2, 26), False),
    ],
)
def test_a_temporary_employment_of_five_months_requires_one(
    began_on: date, ends_on: date | None, required: bool
) -> None:
    assert is_required(YEARLY, began_on, ends_on) is required


def test_nobody_must_have_one_where_the_organisation_says_so() -> None:
    assert due(Rule(required=False), FOR_GOOD, None, None, TODAY) == Due(Urgency.NONE)


def test_the_next_is_due_a_year_after_the_last_or_after_the_beginning() -> None:
    assert due_on(YEARLY, date(2025, 3, 31), None) == date(2026, 3, 31)
    assert due_on(YEARLY, date(2020, 3, 31), date(2024, 2, 29)) == date(2025, 2, 28)


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
    assert due(YEARLY, FOR_GOOD, None, last, TODAY) == expected


def test_a_short_employment_has_its_one_conversation_before_it_ends() -> None:
    began_on, ends_on = date(2026, 7, 23), date(2027, 2, 23)
    assert due(YEARLY, began_on, ends_on, None, TODAY) == Due(Urgency.LATER, ends_on)
    assert due(YEARLY, began_on, ends_on, date(2026, 10, 1), TODAY) == Due(Urgency.NONE)
