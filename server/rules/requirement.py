"""Who is to have a conversation, and by when: the yearly rule and the five-month rule (F110–F115). Pure."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Rule:
    """How the organisation has it."""

    required: bool = True
    """Whether everybody to whom the rule applies must have one (F115)."""
    every_months: int = 12
    """From one conversation to the next (F110)."""
    from_months: int = 5
    """A shorter temporary employment needs none (F111); it may have one all the same (F112)."""


def is_required(rule: Rule, began_on: date, ends_on: date | None) -> bool:
    """Whether somebody employed from one day to another, both included, must have conversations.

    ``ends_on`` is None for a permanent employment.
    """
    return rule.required and (ends_on is None or _months_later(began_on, rule.from_months) <= _after(ends_on))


def due_on(rule: Rule, began_on: date, last_held_on: date | None) -> date:
    """The day by which somebody for whom it is required is to have had the next one."""
    return _months_later(last_held_on or began_on, rule.every_months)


def _after(day: date) -> date:
    return day + timedelta(days=1) if day < date.max else day


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    last = (date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))
