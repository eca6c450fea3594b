"""How the organisation has it: who must have a conversation, notice, reminders, retention, small groups.

One row, or none: then everything is as ``Policy`` says by default.
"""

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from sqlalchemy import Connection, insert, select, update

from server import audit
from server.audit import Event
from server.faults import Fault, path_of, sentence_of
from server.rules.access import OPERATOR, Action, Actor, OrganisationFacts, allowed
from server.rules.day import day_of
from server.rules.errors import ChangedMeanwhile, NotFound
from server.rules.limits import (
    NAME_CHARACTERS_MAX,
    NOTICE_DAYS_MAX,
    REMINDER_DAYS_MAX,
    REQUIRED_MONTHS_MAX,
    RETENTION_DAYS_MAX,
    RETENTION_YEARS_MAX,
    SMALL_GROUP_MAX,
)
from server.rules.requirement import Rule
from server.storage import tables
from server.storage.database import Database, remembered
from server.storage.prepared import Prepared
from server.template.format import CombinedWithAnnual

_ONLY = 1
"""Of the one row."""

Days = Annotated[int, Field(ge=0, le=REMINDER_DAYS_MAX)]
Years = Annotated[int, Field(ge=1, le=RETENTION_YEARS_MAX)]


class Strict(BaseModel):
    """Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Period(Strict):
    """The time in which everybody is to have a conversation, both days included."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=NAME_CHARACTERS_MAX)] = ""
    """As people call it; may be empty."""
    begins_on: date
    ends_on: date

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.ends_on < self.begins_on:
            raise ValueError("the period ends before it begins")
        return self


class Reminders(Strict):
    """Days before (prepare, share, meet) or after (sign, follow up). None: nobody is reminded of it."""

    prepare: Days | None = 7
    """Before the meeting, to whoever has not begun to write."""
    share: Days | None = 2
    """Before the meeting, to whoever has not shared."""
    meet: Days | None = 1
    """Before the meeting, to both."""
    sign: Days | None = 3
    """After the first asked to sign, to whoever has not signed; again as many days later."""
    follow_up: Days | None = 0
    """Before an activity's day for doing or for following up, to its owner and the employee."""


class Retention(Strict):
    """How long what is kept is kept, each kind from its own day."""

    draft_after_leaving_days: Annotated[int, Field(ge=0, le=RETENTION_DAYS_MAX)] = 90
    """Conversations never completed, from the day on which the employee has left."""
    completed_years: Years = 2
    """Conversations completed without signatures, from the day of closing."""
    signed_years: Years = 2
    """Signed records, from the day of closing."""
    called_off_years: Years = 2
    """Conversations declined or cancelled, from that day."""
    activities_years: Years = 2
    """Follow-up activities, from the day on which they were completed or cancelled."""
    letters_days: Annotated[int, Field(ge=1, le=RETENTION_DAYS_MAX)] = 365
    """What was told by e-mail, and who stood in for whom, from the day on which that was written or ended."""
    sessions_days: Annotated[int, Field(ge=1, le=RETENTION_DAYS_MAX)] = 90
    """When and on what device somebody was signed in, from the day on which that ended."""


class Policy(Strict):
    """Everything that the organisation decides of conversations."""

    annual_required: bool = True
    required_every_months: Annotated[int, Field(ge=1, le=REQUIRED_MONTHS_MAX)] = 12
    required_from_months: Annotated[int, Field(ge=0, le=REQUIRED_MONTHS_MAX)] = 5
    required_since: date | None = None
    """Before the first conversation nobody is counted from an earlier day. None: always from the first day of
    the employment."""
    may_decline: bool = True
    """Whether an employee may decline a conversation, with a reason (F97, F100)."""
    notice_days: tuple[
        Annotated[int, Field(ge=0, le=NOTICE_DAYS_MAX)], Annotated[int, Field(ge=0, le=NOTICE_DAYS_MAX)]
    ] = (7, 14)
    """An invitation is to come so many days before the meeting: at least, and at most (F83)."""
    pay_with_annual: bool | None = None
    """Whether pay is talked of in the annual conversation (F159). None: as the form for pay has it."""
    period: Period | None = None
    """None: the calendar year."""
    small_group: Annotated[int, Field(ge=2, le=SMALL_GROUP_MAX)] = 5
    """Figures of fewer people than this are not shown (F105)."""
    reminders: Reminders = Reminders()
    retention: Retention = Retention()

    def combines_pay(self, form: CombinedWithAnnual | None) -> bool:
        """Whether pay has no conversation of its own. ``form``: what a form for pay says of it, if any."""
        if form is None:
            return False
        decided = self.pay_with_annual if form.per_organisation else None
        return form.default if decided is None else decided

    @property
    def fingerprint(self) -> str:
        """By which it is known whether it has been changed."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def rule(self) -> Rule:
        """Who is to have a conversation, and by when."""
        return Rule(
            self.annual_required,
            self.required_every_months,
            self.required_from_months,
            self.required_since,
        )

    def period_on(self, day: date) -> Period:
        """The period that is asked about on a day: the organisation's own, or that calendar year."""
        return self.period or Period(begins_on=date(day.year, 1, 1), ends_on=date(day.year, 12, 31))

    @model_validator(mode="after")
    def _notice_in_order(self) -> Self:
        if self.notice_days[0] > self.notice_days[1]:
            raise ValueError("the shortest notice is longer than the longest")
        return self


class PolicyInvalid(Exception):
    """A file that is no policy: everything that is wrong with it."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


def get(connection: Connection) -> Policy:
    """Read how the organisation has it now."""

    def read() -> Policy:
        row = _BODY.one_or_none(connection)
        return Policy() if row is None else Policy.model_validate(row.body)

    return remembered(connection, "policy", "", read)


_BODY: Final = Prepared(select(tables.policy.c.body).where(tables.policy.c.id == _ONLY))


def read(body: object) -> Policy:
    """Make a policy of a file's content; what is not named there is as by default. Raises PolicyInvalid."""
    try:
        return Policy.model_validate(body)
    except ValidationError as invalid:
        errors = invalid.errors()
        raise PolicyInvalid(
            tuple(Fault(path_of(each["loc"], "the file"), sentence_of(each)) for each in errors)
        ) from None


def begin(connection: Connection, actor: Actor, now: datetime) -> date | None:
    """Have the rule hold since today, where nobody has set any rules yet. Returns the day; None elsewhere.

    For an organisation that begins: what was held before is not known here, and nobody is overdue for it.
    """
    if connection.scalar(select(tables.policy.c.id).where(tables.policy.c.id == _ONLY)) is not None:
        return None
    today = day_of(now)
    put(connection, actor, Policy(required_since=today), now)
    return today


def put(connection: Connection, actor: Actor, policy: Policy, now: datetime, seen: str = "") -> None:
    """Have it so from now on. Nothing happens where it is so already.

    ``seen`` is the fingerprint of what the actor saw before. Raises NotFound without the right, and
    ChangedMeanwhile when it has been changed since.
    """
    if not allowed(actor, Action.SET_POLICY, OrganisationFacts()):
        raise NotFound
    # Two who change it at once take turns, and the second hears of the first.
    connection.execute(select(tables.policy.c.id).where(tables.policy.c.id == _ONLY).with_for_update())
    stored = get(connection)
    if seen and stored.fingerprint != seen:
        raise ChangedMeanwhile
    if stored == policy:
        return
    table = tables.policy
    values = {"body": policy.model_dump(mode="json"), "changed_at": now, "changed_by": actor.person or None}
    if not connection.execute(update(table).where(table.c.id == _ONLY).values(values)).rowcount:
        connection.execute(insert(table).values({"id": _ONLY, **values}))
    event = Event.POLICY_SET if actor == OPERATOR else Event.POLICY_CHANGED
    audit.record(connection, event, actor.person, now)


class Policies:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def get(self) -> Policy:
        """As ``get``."""
        return await self._database.read(get)

    async def put(self, actor: Actor, policy: Policy, seen: str = "") -> None:
        """As ``put``."""
        await self._database.write(lambda c: put(c, actor, policy, self._clock(), seen))
