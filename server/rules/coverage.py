"""How one employment stands in a period: was there to be a conversation, and has there been one? Pure."""

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from server.rules.requirement import Rule, due_by, due_until, is_required


class Standing(StrEnum):
    """Each person has exactly one in a period, so that the figures add up."""

    HELD = "held"
    GOES_ON = "goes_on"
    """None was held; one is planned or begun. Which of the two, only those who take part in it know."""
    DECLINED = "declined"
    """None was held and none goes on, and one was declined in the period."""
    NONE = "none"
    NOT_REQUIRED = "not_required"
    """The rule does not apply to the employment. One may have been held all the same (F112)."""


class Employed(NamedTuple):
    """An employment, whose days are as in ``requirement.is_required``."""

    began_on: date
    ends_on: date | None
    left_on: date | None = None
    """The day on which the person had left; None for whoever works here."""

    def overlaps(self, first: date, last: date) -> bool:
        """Whether the person was employed on any day from ``first`` to ``last``."""
        return (
            self.began_on <= last
            and (self.ends_on is None or self.ends_on >= first)
            and (self.left_on is None or self.left_on >= first)
        )


class Talked(NamedTuple):
    """What there was of conversations, seen from a period."""

    held: bool = False
    """In the period."""
    held_before: date | None = None
    """The day of the last one before the period."""
    goes_on: bool = False
    declined: bool = False
    """In the period."""


def standing(
    rule: Rule, employed: Employed, talked: Talked, last: date, today: date
) -> tuple[Standing, date | None, bool]:
    """How it stands in a period that ends on ``last``, the day by which, and whether that is overdue.

    Everybody to whom the rule applies is to have a conversation in the period. Overdue is whoever has had
    none although the yearly rule's day, or the last of a short employment, has passed and is not after the
    period. Of whoever has left, none was required that had not been due by then.
    """
    if not is_required(rule, employed.began_on, employed.ends_on):
        return Standing.NOT_REQUIRED, None, False
    if talked.held:
        return Standing.HELD, None, False
    by = due_by(rule, employed.began_on, employed.ends_on, talked.held_before)
    left = employed.left_on
    if by is None or (left is not None and by > left):
        return Standing.NOT_REQUIRED, None, False
    is_overdue = by < today and by <= last and left is None
    if talked.goes_on:
        return Standing.GOES_ON, by, is_overdue
    if talked.declined:
        return Standing.DECLINED, by, is_overdue
    return Standing.NONE, by, is_overdue


def overdue_until(rule: Rule, last: date, today: date) -> date:
    """Of whoever is employed for good, and has had none in a period that ends on ``last``: who is overdue?

    Those whose last conversation, or else the day from which they are counted, was that day or before.
    """
    return due_until(rule, min(last, today - timedelta(days=1)))
