"""Which day it is, for what is about no meeting: the organisation's own day, not that of UTC. Pure."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONE = "Europe/Stockholm"
"""Where a day of the organisation begins and ends, as in the IANA database."""


def day_of(moment: datetime) -> date:
    """The organisation's day at an instant."""
    return moment.astimezone(ZoneInfo(ZONE)).date()
