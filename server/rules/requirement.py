"""Who is to have a conversation, and by when: the yearly rule and the five-month rule (F110–F115). Pure."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from server.rules.limits import DUE_SOON_DAYS

SHORTEST_MONTH = 28
"""Days that every month has: only of a later one it must be asked how long the month is."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How the organisation has it."""

    required: bool = True
    """Whether everybody to whom the rule applies must have one (F115)."""
    every_months: int = 12
    """From one conversation to the next (F110)."""
    from_months: int = 5
    """A shorter temporary employment needs none (F111); it may have one all the same (F112)."""
    since: date | None = None
    """Before the first conversation nobody is counted from an earlier day."""

    def counts_from(self, began_on: date) -> date:
        """From when somebody who has had none is counted, employed since ``began_on``."""
        return began_on if self.since is None else max(began_on, self.since)


class Urgency(StrEnum):
    """How near the day is by which somebody is to have a conversation."""

    NONE = "none"
    """It is not required, or not any more before the employment ends."""
    LATER = "later"
    SOON = "soon"
    """Within ``DUE_SOON_DAYS``."""
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Due:
    """Whether, and by when, somebody is to have the next conversation."""

    urgency: Urgency
    by: date | None = None
    """The last day for it; None where none is required."""


def due(rule: Rule, began_on: date, ends_on: date | None, last_held_on: date | None, today: date) -> Due:
    """Say for one employment, whose days are as in ``is_required``, how it stands today."""
    if not is_required(rule, began_on, ends_on):
        return Due(Urgency.NONE)
    by = due_by(rule, began_on, ends_on, last_held_on)
    if by is None:
        return Due(Urgency.NONE)
    if by < today:
        return Due(Urgency.OVERDUE, by)
    return Due(Urgency.SOON if by - today <= timedelta(days=DUE_SOON_DAYS) else Urgency.LATER, by)


def is_required(rule: Rule, began_on: date, ends_on: date | None) -> bool:
    """Whether somebody employed from one day to another, both included, must have conversations.

    ``ends_on`` is None for a permanent employment.
    """
    return rule.required and (ends_on is None or _months_later(began_on, rule.from_months) <= _after(ends_on))


def due_on(rule: Rule, began_on: date, last_held_on: date | None) -> date:
    """The day by which somebody for whom it is required is to have had the next one."""
    return _months_later(last_held_on or rule.counts_from(began_on), rule.every_months)


def due_until(rule: Rule, day: date) -> date:
    """The last day that makes ``due_on`` that day, or one before it."""
    found = _months_later(day, -rule.every_months)
    while (later := _after(found)) > found and due_on(rule, later, later) <= day:
        found = later
    return found


def due_by(rule: Rule, began_on: date, ends_on: date | None, last_held_on: date | None) -> date | None:
    """The same, or before the employment ends; None where no other one is needed until then."""
    by = due_on(rule, began_on, last_held_on)
    if ends_on is None or by <= ends_on:
        return by
    # A shorter employment has its one conversation before it ends, and needs no second one.
    return ends_on if last_held_on is None else None


def _after(day: date) -> date:
    return day + timedelta(days=1) if day < date.max else day


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        return date.max if months > 0 else date.min
    if day.day <= SHORTEST_MONTH:
        return date(year, month + 1, day.day)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
