"""What is worth saying before a conversation is made, and keeps nobody from making it (F83, F116). Pure."""

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class Notice(StrEnum):
    """Something to look at once more."""

    PAST = "past"
    """They are to meet at a time that has passed."""
    SHORT = "short"
    """Fewer days to prepare than the organisation wishes."""
    LONG = "long"
    """More days than the organisation wishes: what is prepared then is old when they meet."""
    SAME_KIND = "same_kind"
    """The employee has a conversation of the same kind that is not over."""


def of_meeting(at: datetime, time_zone: str, now: datetime, days: tuple[int, int]) -> Notice | None:
    """What there is to say of a meeting to which somebody is invited now.

    ``days`` are the fewest and the most between the invitation and the meeting, counted as calendars at the
    meeting's place count them: invited on a Thursday, the next Thursday is 7 days away.
    """
    zone = ZoneInfo(time_zone)
    between = (at.astimezone(zone).date() - now.astimezone(zone).date()).days
    fewest, most = days
    if at <= now:
        return Notice.PAST
    if between < fewest:
        return Notice.SHORT
    return Notice.LONG if between > most else None
