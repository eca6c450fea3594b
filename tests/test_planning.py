"""Planning a conversation: for whom which form, by whom, with whom, what is said first, and what is made."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from server import availability, meetings
from server.conversations import Meeting
from server.demo import data
from server.letter_format import Kind
from server.people import add_unit
from server.planning import Place, Plan, Planning
from server.policy import Policies, Policy
from server.rules.access import OPERATOR, Actor, Pane
from server.rules.errors import (
    MustBeHeld,
    NobodyResponsible,
    NobodyToInvite,
    NotFound,
    NotYourself,
    TakesPartAlready,
    TemplateNotChosen,
    TemplateNotThere,
    TextTooLong,
    TimeMissingForCalendar,
    TooFarAway,
    TooManyGuests,
)
from server.rules.limits import GUESTS_MAX, PLACE_CHARACTERS_MAX
from server.rules.notice import Notice
from server.storage import tables
from server.template.format import Prepare
from tests.conftest import SetClock
from tests.organisation import (
    ANNUAL,
    ASTRID,
    HELENA,
    JONAS,
    MAJA,
    TOMAS,
    Organisation,
    annual_template,
    person,
)

STOCKHOLM = "Europe/Stockholm"
ELIAS = person("elias", "Elias Norén", "jonas")
PLAN = Plan("maja", ANNUAL, "jonas")


@pytest.fixture
async def here(here: Organisation) -> Organisation:
    await here.accounts.add(TOMAS.actor, ELIAS, None)
    return here


@pytest.fixture
def planning(here: Organisation) -> Planning:
    return Planning(here.database, here.clock)


def on(local: str, place: str = "Rum Storsjön") -> Meeting:
    return meetings.meeting(datetime.fromisoformat(local), STOCKHOLM, place)


async def stand_in(here: Organisation, who: str, until: date = date(2026, 11, 30)) -> None:
    """Somebody stands in for Jonas from the first of November."""
    row = {
        "id": "d1",
        "manager_id": "jonas",
        "stand_in_id": who,
        "begins_on": date(2026, 11, 1),
        "ends_on": until,
        "reason": "",
    }
    await here.database.write(lambda c: c.execute(insert(tables.delegation).values(row)))


async def forms(planning: Planning) -> list[tuple[str, int]]:
    return [(each.id, each.version) for each in (await planning.prospect(JONAS.actor, "maja")).templates]


def other(id_: str, **changes: Any) -> dict[str, Any]:
    return annual_template(id=id_, **changes)


# Which forms there are to choose from (F44).


@pytest.mark.parametrize(
    ("available_to", "is_there"),
    [
        ({}, True),
        ({"units": ["drift"]}, True),
        ({"units": ["stod"]}, False),
        ({"employment_forms": ["Tillsvidare"]}, True),
        ({"employment_forms": ["timanställd"]}, False),
        ({"units": ["drift"], "employment_forms": ["tillsvidare"]}, True),
        ({"units": ["drift"], "employment_forms": ["timanställd"]}, False),
        ({"units": ["stod"], "employment_forms": ["tillsvidare"]}, False),
        ({"persons": ["maja"]}, True),
        ({"persons": ["elias"]}, False),
        ({"units": ["stod"], "persons": ["maja"]}, True),
        ({"units": ["drift"], "persons": ["elias"]}, True),
    ],
)
async def test_a_form_is_for_units_forms_of_employment_and_persons(
    here: Organisation, planning: Planning, available_to: dict[str, list[str]], is_there: bool
) -> None:
    def place(connection: Any) -> None:
        for unit in ("drift", "stod"):
            words = {"sv": unit, "nb": unit, "en": unit}
            add_unit(connection, OPERATOR, unit, words, None, [], here.clock())
        connection.execute(tables.person.update().where(tables.person.c.id == "maja").values(unit="drift"))

    await here.database.write(place)
    await here.templates.add(HELENA.actor, other("narrow", available_to=available_to))
    assert (("narrow", 1) in await forms(planning)) is is_there
    faults = await planning.faults(JONAS.actor, replace(PLAN, template=("narrow", 1)))
    assert (Place.TEMPLATE not in faults) is is_there
    if not is_there:
        with pytest.raises(NotFound):
            await here.conversations.create(JONAS.actor, "maja", ("narrow", 1))


async def test_the_newest_version_is_chosen_and_an_older_one_is_not(
    here: Organisation, planning: Planning
) -> None:
    await here.templates.add(HELENA.actor, annual_template(version=2))
    assert await forms(planning) == [(ANNUAL[0], 2)]
    with pytest.raises(TemplateNotThere):
        await planning.make(JONAS.actor, PLAN)
    await planning.make(JONAS.actor, replace(PLAN, template=(ANNUAL[0], 2)))


@pytest.mark.parametrize(
    ("decided", "default", "per_organisation", "is_there"),
    [
        (None, False, True, True),
        (None, True, True, False),
        (True, False, True, False),
        (False, True, True, True),
        (True, False, False, True),
        (False, True, False, False),
    ],
)
async def test_pay_has_a_form_of_its_own_unless_it_is_talked_of_in_the_annual_one(
    here: Organisation,
    planning: Planning,
    decided: bool | None,
    default: bool,
    per_organisation: bool,
    is_there: bool,
) -> None:
    combined = {"default": default, "per_organisation": per_organisation}
    pay = next(body for body in data.templates() if body["kind"] == "salary")
    await here.templates.add(HELENA.actor, pay | {"combined_with_annual": combined})
    await Policies(here.database, here.clock).put(HELENA.actor, Policy(pay_with_annual=decided))
    assert ((pay["id"], 1) in await forms(planning)) is is_there


@pytest.mark.parametrize(("decided", "said"), [(None, True), (False, True), (True, False)])
async def test_pay_belongs_elsewhere_unless_it_is_talked_of_here(
    here: Organisation, decided: bool | None, said: bool
) -> None:
    pay = next(body for body in data.templates() if body["kind"] == "salary")
    await here.templates.add(HELENA.actor, pay)
    await Policies(here.database, here.clock).put(HELENA.actor, Policy(pay_with_annual=decided))
    annual = await here.templates.get(*ANNUAL)
    topics = await here.database.read(lambda c: availability.excluded_topics(c, annual))
    assert ([topic.id for topic in topics] == ["pay"]) is said


async def test_a_form_for_a_unit_or_person_that_is_not_there_is_refused(here: Organisation) -> None:
    from server.template.format import TemplateInvalid

    with pytest.raises(TemplateInvalid) as refused:
        await here.templates.add(
            HELENA.actor, other("narrow", available_to={"units": ["drfit"], "persons": ["maja", "maia"]})
        )
    assert [(each.path, each.sentence) for each in refused.value.errors] == [
        ("available_to.units[0]", "There is no unit drfit."),
        ("available_to.persons[1]", "There is no person maia."),
    ]


# Who plans.


@pytest.mark.parametrize(
    "actor", [MAJA.actor, ASTRID.actor, HELENA.actor, TOMAS.actor, ELIAS.actor], ids=lambda a: a.person
)
async def test_nobody_plans_but_the_manager(planning: Planning, actor: Actor) -> None:
    for asked in (
        planning.prospect(actor, "maja"),
        planning.faults(actor, PLAN),
        planning.make(actor, PLAN),
        planning.draft(actor, "maja", ANNUAL[0]),
    ):
        with pytest.raises(NotFound):
            await asked


async def test_whoever_stands_in_plans_and_the_manager_becomes_responsible(
    here: Organisation, planning: Planning
) -> None:
    await stand_in(here, "helena")
    seen = await planning.prospect(HELENA.actor, "maja")
    assert seen.manager is not None
    assert seen.manager.id == "jonas"
    id_ = await planning.make(HELENA.actor, PLAN)
    talk = await here.conversations.see(JONAS.actor, id_)
    assert (talk.responsible.id, talk.panes[Pane.MANAGER].facts.owner) == ("jonas", "jonas")
    with pytest.raises(NotFound):
        await here.conversations.see(HELENA.actor, id_)


async def test_whoever_stands_in_does_not_make_herself_responsible(
    here: Organisation, planning: Planning
) -> None:
    """A stand-in reads nothing, and responsible for a conversation she would read the activities."""
    await stand_in(here, "helena")
    plan = replace(PLAN, responsible="helena")
    assert {place: type(each) for place, each in (await planning.faults(HELENA.actor, plan)).items()} == {
        Place.RESPONSIBLE: NotYourself
    }
    with pytest.raises(NotYourself):
        await planning.make(HELENA.actor, plan)
    assert await here.count("conversation") == 0
    with pytest.raises(NotFound):
        await here.activities.listed(HELENA.actor, "maja")


async def test_whoever_stood_in_until_yesterday_plans_nothing(
    here: Organisation, planning: Planning, clock: SetClock
) -> None:
    await stand_in(here, "helena", until=clock.now.date() - timedelta(days=1))
    with pytest.raises(NotFound):
        await planning.make(HELENA.actor, PLAN)


async def test_nothing_is_planned_for_somebody_who_has_left(here: Organisation, planning: Planning) -> None:
    gone = tables.person.update().where(tables.person.c.id == "maja").values(active=False)
    await here.database.write(lambda c: c.execute(gone))
    with pytest.raises(NotFound):
        await planning.prospect(JONAS.actor, "maja")


# Who takes part.


async def test_somebody_else_can_be_responsible_and_is_told_whatever_was_chosen(
    here: Organisation, planning: Planning
) -> None:
    id_ = await planning.make(JONAS.actor, replace(PLAN, responsible="astrid"))
    talk = await here.conversations.see(ASTRID.actor, id_)
    assert (talk.responsible.id, talk.panes[Pane.MANAGER].facts.owner) == ("astrid", "astrid")
    with pytest.raises(NotFound):
        await here.conversations.see(JONAS.actor, id_)
    assert await told(here) == [(Kind.INVITED, "astrid")]


async def test_nobody_is_told_when_nobody_else_is_responsible_and_nothing_was_chosen(
    here: Organisation, planning: Planning
) -> None:
    await planning.make(JONAS.actor, PLAN)
    assert await told(here) == []


async def test_guests_are_invited_with_it_in_the_name_of_the_responsible(
    here: Organisation, planning: Planning
) -> None:
    await stand_in(here, "helena")
    id_ = await planning.make(HELENA.actor, replace(PLAN, guests=("elias", "tomas")))
    guests = (await here.invitations.gathering(MAJA.actor, id_)).guests
    assert [(each.person.id, each.invited_by.id, each.facts.agreed) for each in guests] == [
        ("elias", "jonas", False),
        ("tomas", "jonas", False),
    ]
    # The employee has not agreed: they know nothing.
    assert await here.invited_to(ELIAS.actor) == []
    await here.invitations.agree(MAJA.actor, id_, "elias")
    assert len(await here.invited_to(ELIAS.actor)) == 1


async def told(here: Organisation) -> list[tuple[str, str]]:
    """Kind and receiver of every letter."""
    rows = await here.database.read(lambda c: c.execute(select(tables.letter)).all())
    return sorted((row.kind, row.person_id) for row in rows)


# What is wrong, all at once.


@pytest.mark.parametrize(
    ("changes", "place", "refusal"),
    [
        ({"template": None}, Place.TEMPLATE, TemplateNotChosen),
        ({"template": ("nothing", 1)}, Place.TEMPLATE, TemplateNotThere),
        ({"template": (ANNUAL[0], 7)}, Place.TEMPLATE, TemplateNotThere),
        ({"responsible": "maja"}, Place.RESPONSIBLE, NobodyResponsible),
        ({"responsible": "nobody"}, Place.RESPONSIBLE, NobodyResponsible),
        ({"responsible": ""}, Place.RESPONSIBLE, NobodyResponsible),
        ({"guests": ("nobody",)}, Place.GUESTS, NobodyToInvite),
        ({"guests": ("maja",)}, Place.GUESTS, TakesPartAlready),
        ({"guests": ("elias", "jonas")}, Place.GUESTS, TakesPartAlready),
        ({"guests": ("elias",) * (GUESTS_MAX + 1)}, Place.GUESTS, TooManyGuests),
        ({"meeting": on("2036-11-26 09:30")}, Place.MEETING, TooFarAway),
        ({"meeting": on("2026-11-30 09:30", "x" * (PLACE_CHARACTERS_MAX + 1))}, Place.MEETING, TextTooLong),
        ({"invite": True}, Place.CALENDAR, TimeMissingForCalendar),
    ],
)
async def test_what_is_wrong_is_said_of_its_place_and_nothing_is_made(
    here: Organisation, planning: Planning, changes: dict[str, Any], place: Place, refusal: type[Exception]
) -> None:
    plan = replace(PLAN, **changes)
    faults = await planning.faults(JONAS.actor, plan)
    assert {where: type(each) for where, each in faults.items()} == {place: refusal}
    with pytest.raises(refusal):
        await planning.make(JONAS.actor, plan)
    assert await here.mine(MAJA.actor) == []
    assert await here.count("guest") == 0


async def test_everything_that_is_wrong_is_said_at_once(planning: Planning) -> None:
    plan = Plan("maja", None, "nobody", guests=("maja",), invite=True)
    assert set(await planning.faults(JONAS.actor, plan)) == {
        Place.TEMPLATE,
        Place.RESPONSIBLE,
        Place.GUESTS,
        Place.CALENDAR,
    }


async def test_somebody_who_has_left_is_neither_responsible_nor_guest(
    here: Organisation, planning: Planning
) -> None:
    gone = tables.person.update().where(tables.person.c.id == "elias").values(active=False)
    await here.database.write(lambda c: c.execute(gone))
    plan = replace(PLAN, responsible="elias", guests=("elias",))
    faults = await planning.faults(JONAS.actor, plan)
    assert set(faults) == {Place.RESPONSIBLE, Place.GUESTS}


# What is worth a look, and blocks nothing (F83). It is Friday 2026-11-20, 10:00 in Stockholm.


@pytest.mark.parametrize(
    ("at", "days", "notice"),
    [
        ("2026-11-20 09:59", (7, 14), Notice.PAST),
        ("2026-11-20 10:00", (7, 14), Notice.PAST),
        ("2026-11-20 10:01", (7, 14), Notice.SHORT),
        ("2026-11-26 23:59", (7, 14), Notice.SHORT),
        ("2026-11-27 00:00", (7, 14), None),
        ("2026-12-04 23:59", (7, 14), None),
        ("2026-12-05 00:00", (7, 14), Notice.LONG),
        ("2026-11-20 10:01", (0, 0), None),
        ("2026-11-21 00:00", (0, 0), Notice.LONG),
        ("2026-11-26 23:59", (3, 6), None),
    ],
)
async def test_short_and_long_notice_is_told_and_the_conversation_is_made_all_the_same(
    here: Organisation, planning: Planning, at: str, days: tuple[int, int], notice: Notice | None
) -> None:
    await Policies(here.database, here.clock).put(HELENA.actor, Policy(notice_days=days))
    plan = replace(PLAN, meeting=on(at))
    assert await planning.notices(plan) == ((notice,) if notice else ())
    id_ = await planning.make(JONAS.actor, plan)
    assert (await here.conversations.see(MAJA.actor, id_)).meeting == plan.meeting


async def test_a_day_is_that_of_the_place(planning: Planning, clock: SetClock) -> None:
    # In Stockholm it is the 21st already.
    clock.now = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert await planning.notices(replace(PLAN, meeting=on("2026-11-27 09:00"))) == (Notice.SHORT,)
    assert await planning.notices(replace(PLAN, meeting=on("2026-11-28 00:00"))) == ()


async def test_a_second_conversation_of_the_same_kind_is_told_and_not_blocked(
    here: Organisation, planning: Planning
) -> None:
    follow_up = other("short", kind="follow_up")
    await here.templates.add(HELENA.actor, follow_up)
    await here.templates.add(HELENA.actor, other("annual-too"))
    first = await planning.make(JONAS.actor, PLAN)
    assert await planning.notices(replace(PLAN, template=("annual-too", 1))) == (Notice.SAME_KIND,)
    assert await planning.notices(replace(PLAN, template=("short", 1))) == ()
    assert await planning.notices(replace(PLAN, employee="elias")) == ()
    await here.declining.cancel(JONAS.actor, first, "Vi tar det senare.")
    assert await planning.notices(PLAN) == ()
    await planning.make(JONAS.actor, PLAN)
    await planning.make(JONAS.actor, PLAN)


# What goes with it.


@pytest.mark.parametrize(
    ("chosen", "stored"),
    [
        (None, (True, True, True)),
        (Prepare(), (False, False, False)),
        (Prepare(send_routine_with_invitation=True), (True, False, False)),
        (Prepare(send_action_plan_template=True, employee_must_read=True), (False, True, True)),
    ],
)
async def test_what_goes_with_the_invitation_is_as_chosen_or_as_the_form_says(
    here: Organisation, planning: Planning, chosen: Prepare | None, stored: tuple[bool, bool, bool]
) -> None:
    routine = next(body for body in data.templates() if body["id"] == "rutin-medarbetarsamtal")
    await here.templates.add(HELENA.actor, routine)
    plan = replace(PLAN, template=(routine["id"], 1), prepare=chosen)
    id_ = await planning.make(JONAS.actor, plan)
    told = (await here.conversations.see(MAJA.actor, id_)).prepare
    assert (
        told.send_routine_with_invitation,
        told.send_action_plan_template,
        told.employee_must_read,
    ) == stored


async def test_no_action_plan_goes_where_the_form_has_none(here: Organisation, planning: Planning) -> None:
    id_ = await planning.make(JONAS.actor, replace(PLAN, prepare=Prepare(send_action_plan_template=True)))
    assert not (await here.conversations.see(MAJA.actor, id_)).prepare.send_action_plan_template


async def test_letters_and_calendars_are_as_chosen(here: Organisation, planning: Planning) -> None:
    meeting = on("2026-11-30 09:30")
    await planning.make(JONAS.actor, replace(PLAN, meeting=meeting, notify=True, invite=True))
    rows = await here.database.read(lambda c: c.execute(select(tables.letter)).all())
    assert {(row.person_id, row.kind, row.facts["sequence"]) for row in rows} == {
        ("maja", "invited", 0),
        ("jonas", "invited", 0),
    }


# Looking at a form before.


async def test_a_draft_is_the_conversation_with_nothing_in_it_and_is_stored_nowhere(
    here: Organisation, planning: Planning
) -> None:
    draft = await planning.draft(JONAS.actor, "maja", ANNUAL[0])
    assert (draft.employee.id, draft.responsible.id, draft.template.id) == ("maja", "jonas", ANNUAL[0])
    assert await here.count("conversation") == 0
    with pytest.raises(NotFound):
        await planning.draft(JONAS.actor, "maja", "nothing")


async def test_the_zone_is_where_the_employee_met_last_or_else_who_plans(
    here: Organisation, planning: Planning
) -> None:
    assert (await planning.prospect(JONAS.actor, "maja")).time_zone == STOCKHOLM
    oslo = Meeting(datetime(2026, 11, 30, 9, 0, tzinfo=UTC), "Europe/Oslo", "Nidelva")
    await here.conversations.create(JONAS.actor, "elias", ANNUAL, oslo)
    assert (await planning.prospect(JONAS.actor, "maja")).time_zone == "Europe/Oslo"
    helsinki = Meeting(oslo.at, "Europe/Helsinki", "")
    await here.conversations.create(JONAS.actor, "maja", ANNUAL, helsinki)
    assert (await planning.prospect(JONAS.actor, "maja")).time_zone == "Europe/Helsinki"


# Declining what must be held (F100).


@pytest.mark.parametrize(
    ("mandatory", "may_decline", "may"),
    [(False, True, True), (True, True, False), (False, False, False)],
)
async def test_what_must_be_held_is_not_declined(
    here: Organisation, planning: Planning, mandatory: bool, may_decline: bool, may: bool
) -> None:
    await here.templates.add(HELENA.actor, annual_template(version=2, mandatory_conversation=mandatory))
    await Policies(here.database, here.clock).put(HELENA.actor, Policy(may_decline=may_decline))
    id_ = await planning.make(JONAS.actor, replace(PLAN, template=(ANNUAL[0], 2)))
    if may:
        await here.declining.decline(MAJA.actor, id_, "Jag vill vänta.")
        return
    with pytest.raises(MustBeHeld):
        await here.declining.decline(MAJA.actor, id_, "Jag vill vänta.")
    # Nobody else learns more of it than before.
    with pytest.raises(NotFound):
        await here.declining.decline(JONAS.actor, id_, "Jag vill vänta.")
    await here.declining.cancel(JONAS.actor, id_, "Vi tar det senare.")
    with pytest.raises(Exception, match="changed since"):
        await here.declining.decline(MAJA.actor, id_, "Jag vill vänta.")


async def test_the_audit_says_where_it_was_made(here: Organisation, planning: Planning) -> None:
    from server.audit import Event

    await planning.make(JONAS.actor, PLAN)
    await here.conversations.create(JONAS.actor, "maja", ANNUAL, event=Event.CONVERSATION_ENTERED)
    rows = await here.database.read(
        lambda c: c.scalars(select(tables.audit.c.event).order_by(tables.audit.c.sequence)).all()
    )
    assert [each for each in rows if each.endswith("conversation:created")] == [
        "page:conversation:created",
        "command:conversation:created",
    ]
