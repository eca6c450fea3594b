"""How one employment stands in a period: was there to be a conversation, and has there been one? Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from server.rules.requirement import Rule, Urgency, due, is_required


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


@dataclass(frozen=True, slots=True)
class Employed:
    """An employment, whose days are as in ``requirement.is_required``."""

    began_on: date
    ends_on: date | None
    left_on: date | None = None
    """The day on which the person had left; None for whoever works here."""

    def overlaps(self, first: date, last: date) -> bool:
        """Whether the person was employed on any day from ``first`` to ``last``."""
        ends = min((day for day in (self.ends_on, self.left_on) if day is not None), default=last)
        return self.began_on <= last and ends >= first


@dataclass(frozen=True, slots=True)
class Talked:
    """What there was of conversations, seen from a period."""

    held_on: date | None = None
    """The last one in the period."""
    held_before: date | None = None
    """The last one before the period."""
    goes_on: bool = False
    declined_on: date | None = None
    """In the period."""


NOTHING = Talked()


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
    if talked.held_on is not None:
        return Standing.HELD, None, False
    said = due(rule, employed.began_on, employed.ends_on, talked.held_before, today)
    left = employed.left_on
    if said.by is None or (left is not None and said.by > left):
        return Standing.NOT_REQUIRED, None, False
    is_overdue = said.urgency is Urgency.OVERDUE and said.by <= last and left is None
    if talked.goes_on:
        return Standing.GOES_ON, said.by, is_overdue
    if talked.declined_on is not None:
        return Standing.DECLINED, said.by, is_overdue
    return Standing.NONE, said.by, is_overdue
