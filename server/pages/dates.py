"""Days and times as people say them, in their language and in the place's own time zone."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time

from server.pages.catalogues import Catalogue


@dataclass(frozen=True, slots=True)
class Days:
    """The calendar of one person, seen at ``now`` (UTC)."""

    catalogue: Catalogue
    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """Today's date where the conversation takes place."""
        return self.now.astimezone(self.zone).date()

    def of(self, moment: datetime) -> date:
        """The date of a moment, where the conversation takes place."""
        return moment.astimezone(self.zone).date()

    def day(self, day: date) -> str:
        """``26 november``, with the year unless it is this one."""
        return self._written(day, "long")

    def weekday(self, day: date) -> str:
        """``torsdag 26 november``, with the year unless it is this one."""
        return self._written(day, "full")

    def clock(self, moment: datetime) -> str:
        """``09:30``."""
        return format_time(moment.astimezone(self.zone), "short", locale=self._locale)

    def month(self, day: date) -> str:
        """``nov``, for a leaf of the calendar."""
        return format_date(day, "LLL", locale=self._locale).rstrip(".")

    def near(self, day: date) -> str | None:
        """``today``, ``tomorrow`` or ``yesterday``; None for any other day."""
        say = self.catalogue.say
        match (day - self.today).days:
            case 0:
                return say("today")
            case 1:
                return say("tomorrow")
            case -1:
                return say("yesterday")
            case _:
                return None

    def when(self, moment: datetime) -> str:
        """``tomorrow at 09:30``, ``Thursday 26 November at 09:30``."""
        day = self.of(moment)
        return self.catalogue.say(
            "%(day)s at %(time)s", day=self.near(day) or self.weekday(day), time=self.clock(moment)
        )

    def exactly(self, moment: datetime) -> str:
        """``Thursday 26 November at 09:30``: for what is read on another day too."""
        day = self.weekday(self.of(moment))
        return self.catalogue.say("%(day)s at %(time)s", day=day, time=self.clock(moment))

    @property
    def _locale(self) -> Locale:
        return self.catalogue.calendar

    def _written(self, day: date, length: Literal["long", "full"]) -> str:
        # In all three languages the year stands last, after a space. A comma would cut a sentence in two.
        pattern = self._locale.date_formats[length].pattern.replace(",", "")
        if day.year == self.today.year:
            pattern = pattern.removesuffix(" y")
        return format_date(day, pattern, locale=self._locale)
