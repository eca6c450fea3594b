"""Days and times as people say them, in their own language and where the conversation takes place."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from server.pages.catalogues import read_catalogues
from server.pages.dates import Days
from tests.pages.messages import LOCALES_FOLDER

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
CATALOGUES = read_catalogues(LOCALES_FOLDER)


def days(locale: str, zone: str = "Europe/Stockholm") -> Days:
    return Days(CATALOGUES[locale], NOW, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("locale", "weekday", "day", "other_year", "month"),
    [
        ("sv", "torsdag 26 november", "26 november", "1 mars 2027", "nov"),
        ("nb", "torsdag 26. november", "26. november", "1. mars 2027", "nov"),
        ("en", "Thursday 26 November", "26 November", "1 March 2027", "Nov"),
    ],
)
def test_a_day_is_written_as_in_its_language(
    locale: str, weekday: str, day: str, other_year: str, month: str
) -> None:
    its = days(locale)
    assert its.weekday(date(2026, 11, 26)) == weekday
    assert its.day(date(2026, 11, 26)) == day
    assert its.day(date(2027, 3, 1)) == other_year
    assert its.month(date(2026, 11, 26)) == month


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 11, 25, 12, 0, tzinfo=UTC), "i dag kl.\u00a013:00"),
        (datetime(2026, 11, 26, 8, 30, tzinfo=UTC), "i morgon kl.\u00a009:30"),
        (datetime(2026, 11, 24, 8, 30, tzinfo=UTC), "i går kl.\u00a009:30"),
        (datetime(2026, 12, 1, 8, 30, tzinfo=UTC), "tisdag 1 december kl.\u00a009:30"),
    ],
)
def test_a_near_day_has_a_word_of_its_own(moment: datetime, said: str) -> None:
    assert days("sv").when(moment) == said


def test_a_day_begins_where_the_conversation_takes_place() -> None:
    moment = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)
    assert days("en").when(moment) == "tomorrow at 00:30"
    assert days("en", "Europe/London").when(moment) == "today at 23:30"
