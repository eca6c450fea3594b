"""How the organisation has it: who may say so, what is refused, and that nobody overwrites another unseen."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from server import policy
from server.policy import Period, Policies, Policy, PolicyInvalid, Reminders, Retention
from server.rules.access import OPERATOR, Actor
from server.rules.errors import ChangedMeanwhile, NotFound
from server.storage import tables
from server.storage.database import Database
from tests.conftest import SetClock
from tests.organisation import ASTRID, HELENA, JONAS, MAJA, TOMAS, Organisation

OTHER = Policy(
    annual_required=False,
    required_since=date(2026, 1, 1),
    notice_days=(3, 30),
    period=Period(name="Hösten", begins_on=date(2026, 9, 1), ends_on=date(2026, 12, 20)),
    reminders=Reminders(prepare=None, sign=5),
    retention=Retention(signed_years=10),
)


@pytest.fixture
def policies(database: Database, clock: SetClock) -> Policies:
    return Policies(database, clock)


async def test_it_is_as_by_default_until_somebody_says_otherwise(
    here: Organisation, policies: Policies
) -> None:
    assert await policies.get() == Policy()
    await policies.put(HELENA.actor, OTHER)
    assert await policies.get() == OTHER
    await policies.put(TOMAS.actor, Policy())
    assert await policies.get() == Policy()


@pytest.mark.parametrize("who", [ASTRID, JONAS, MAJA])
async def test_hr_and_the_system_administrator_set_it_and_nobody_else(
    here: Organisation, policies: Policies, who: Any
) -> None:
    with pytest.raises(NotFound):
        await policies.put(who.actor, OTHER)
    assert await policies.get() == Policy()


async def test_nobody_overwrites_what_somebody_else_has_changed_meanwhile(
    here: Organisation, policies: Policies
) -> None:
    seen = (await policies.get()).fingerprint
    await policies.put(TOMAS.actor, Policy(small_group=7))
    with pytest.raises(ChangedMeanwhile):
        await policies.put(HELENA.actor, OTHER, seen)
    assert await policies.get() == Policy(small_group=7)
    await policies.put(HELENA.actor, OTHER, Policy(small_group=7).fingerprint)
    assert await policies.get() == OTHER


async def test_the_audit_says_who_changed_it_where_and_nothing_where_it_stayed(
    here: Organisation, policies: Policies, database: Database
) -> None:
    await policies.put(HELENA.actor, OTHER)
    await policies.put(TOMAS.actor, OTHER)
    await policies.put(OPERATOR, Policy())
    audit = tables.audit
    events = await database.read(
        lambda c: c.execute(select(audit).where(audit.c.event.like("%:policy:%"))).all()
    )
    assert [(each.event, each.person) for each in events] == [
        ("page:policy:changed", "helena"),
        ("command:policy:changed", ""),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"small_group": 1},
        {"required_every_months": 0},
        {"required_since": "some day"},
        {"notice_days": [14, 7]},
        {"period": {"begins_on": "2026-12-02", "ends_on": "2026-12-01"}},
        {"reminders": {"meet": -1}},
        {"retention": {"signed_years": 101}},
        {"anual_required": True},
    ],
)
def test_what_cannot_be_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate(body)
    with pytest.raises(PolicyInvalid) as refused:
        policy.read(body)
    assert len(refused.value.faults) == 1
    assert next(iter(body)) in str(refused.value) or "the file" in str(refused.value)


def test_the_period_of_a_day_is_the_organisations_own_or_the_calendar_year() -> None:
    assert OTHER.period_on(date(2030, 5, 1)) == OTHER.period
    year = Policy().period_on(date(2030, 5, 1))
    assert (year.begins_on, year.ends_on) == (date(2030, 1, 1), date(2030, 12, 31))


async def test_an_organisation_that_begins_is_counted_from_that_day_and_one_that_has_rules_keeps_them(
    here: Organisation, database: Database, clock: SetClock
) -> None:
    assert await database.write(lambda c: policy.begin(c, OPERATOR, clock())) == date(2026, 11, 20)
    assert (await database.read(policy.get)) == Policy(required_since=date(2026, 11, 20))
    await database.write(lambda c: policy.put(c, OPERATOR, OTHER, clock()))
    assert await database.write(lambda c: policy.begin(c, OPERATOR, clock())) is None
    assert await database.read(policy.get) == OTHER


async def test_somebody_who_is_nobody_sets_nothing(here: Organisation, policies: Policies) -> None:
    with pytest.raises(NotFound):
        await policies.put(Actor("nobody"), OTHER)
