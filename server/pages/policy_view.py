"""The form of the organisation's rules: a field for each of ``Policy``, and what is wrong. Pure."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError

from server.pages.rendering import View
from server.policy import Policy, Reminders, Retention

Location = tuple[int | str, ...]

TICKS: dict[str, Location] = {"annual_required": ("annual_required",), "may_decline": ("may_decline",)}
OWN_PERIOD = "own_period"
"""A tick as well: whether the organisation has a period of its own."""
NUMBERS: dict[str, Location] = {
    "required_every_months": ("required_every_months",),
    "required_from_months": ("required_from_months",),
    "notice_least": ("notice_days", 0),
    "notice_most": ("notice_days", 1),
    "small_group": ("small_group",),
    **{each: ("retention", each) for each in Retention.model_fields},
}
REMINDERS: dict[str, Location] = {f"remind_{each}": ("reminders", each) for each in Reminders.model_fields}
"""Numbers that may be left empty: then nobody is reminded."""
SINCE = "required_since"
"""A day that may be left empty."""
PERIOD: dict[str, Location] = {
    "period_name": ("period", "name"),
    "period_begins": ("period", "begins_on"),
    "period_ends": ("period", "ends_on"),
}
PAY = "pay_with_annual"
"""One of three: as the form for pay has it (empty), yes, or no."""
PAY_CHOICES = {"": None, "yes": True, "no": False}
NAMES = (*TICKS, SINCE, OWN_PERIOD, *NUMBERS, *REMINDERS, *PERIOD, PAY)
"""Every field of the form."""
_FIELDS = {location: name for name, location in (TICKS | NUMBERS | REMINDERS | PERIOD).items()} | {
    ("period",): "period_ends",
    (SINCE,): SINCE,
    (): "notice_most",
}
"""Beside which field a fault is said: of two that do not fit each other, the second."""


def typed(policy: Policy) -> dict[str, str]:
    """The fields as they are for a policy."""
    stored = policy.model_dump(mode="json")
    fields = {name: _text(_at(stored, location)) for name, location in (NUMBERS | REMINDERS).items()}
    fields |= {name: "yes" if _at(stored, location) else "" for name, location in TICKS.items()}
    fields |= {name: _text(_at(stored, location)) for name, location in PERIOD.items()}
    pay = next(word for word, choice in PAY_CHOICES.items() if choice is policy.pay_with_annual)
    since = _text(stored[SINCE])
    return fields | {SINCE: since, OWN_PERIOD: "yes" if policy.period else "", PAY: pay}


def body(fields: Mapping[str, str]) -> dict[str, Any]:
    """What the fields say, as ``Policy`` takes it. What is no number stays as typed, and is refused."""
    told: dict[str, Any] = {name: fields[name] == "yes" for name in TICKS}
    told[SINCE] = fields[SINCE] or None
    told[PAY] = PAY_CHOICES.get(fields[PAY])
    told["notice_days"] = [fields["notice_least"], fields["notice_most"]]
    for name, location in NUMBERS.items():
        if location[0] not in ("notice_days", "retention"):
            told[str(location[0])] = fields[name]
    told["retention"] = {str(at[1]): fields[name] for name, at in NUMBERS.items() if at[0] == "retention"}
    told["reminders"] = {str(at[1]): fields[name] or None for name, at in REMINDERS.items()}
    has_own = fields[OWN_PERIOD] == "yes"
    told["period"] = {str(at[1]): fields[name] for name, at in PERIOD.items()} if has_own else None
    return told


def faults(invalid: ValidationError, view: View) -> dict[str, str]:
    """A sentence for each field with which something is wrong, in the order of the form."""
    found: dict[str, str] = {}
    for error in invalid.errors():
        location = error["loc"]
        found.setdefault(_FIELDS.get(location, ""), _sentence(location, view))
    return {name: found[name] for name in (*NAMES, "") if name in found}


def _sentence(location: Location, view: View) -> str:
    say = view.catalogue.say
    match location:
        case ():
            return say("The longest notice is shorter than the shortest.")
        case ("period",):
            return say("The last day comes before the first.")
        case ("period", "name"):
            return say("Write a shorter name.")
        case ("period", _) | ("required_since",):
            return say("Say which day.")
        case _:
            least, most = _bounds(location)
            return say("Write a whole number from %(least)s to %(most)s.", least=least, most=most)


@cache
def _bounds(location: Location) -> tuple[int, int]:
    """Between which numbers a field must be, as ``Policy`` has it."""
    schema = Policy.model_json_schema()
    found: Any = schema
    for step in location:
        found = found["prefixItems"][step] if isinstance(step, int) else found["properties"][step]
        if "$ref" in found:
            found = schema["$defs"][found["$ref"].rpartition("/")[2]]
    found = next((each for each in found.get("anyOf", ()) if "minimum" in each), found)
    return found["minimum"], found["maximum"]


def _at(stored: Any, location: Location) -> Any:
    for step in location:
        if stored is None:
            return None
        stored = stored[step]
    return stored


def _text(value: object) -> str:
    return "" if value is None else str(value)
