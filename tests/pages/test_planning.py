"""The pages of a new conversation and of asking for one, over the real application, without script."""

import re
from collections.abc import Callable
from datetime import date
from html import unescape
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select
from starlette.applications import Starlette

from server.demo import data
from server.pages.context import Features
from server.planning import Plan
from server.policy import Policy
from server.rules.access import Actor
from server.rules.limits import GUESTS_MAX, WISH_CHARACTERS_MAX
from server.storage import tables
from tests.conftest import SetClock
from tests.organisation import (
    ANNUAL,
    HELENA,
    JONAS,
    TOMAS,
    Organisation,
    person,
)
from tests.pages.visiting import Place, founded

NEW = "/people/maja/conversations/new"
ROUTINE = "rutin-medarbetarsamtal"
SHORT = "oppfolging-kort"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
WHEN = {"day": "2026-12-01", "time": "09:30", "zone": "Europe/Oslo", "place": "Rum <Två>"}
FULL = {"template": f"{ANNUAL[0]}@1", "responsible": "jonas", "notify": "yes", "invite": "yes", **WHEN}


class Office(Place):
    """The organisation with colleagues and templates to choose from, and its application."""

    async def send(self, who: str, path: str, **form: str) -> httpx.Response:
        """The answer to somebody who sends a form with these fields."""
        return await self.post(who, path, form)

    async def conversations(self) -> list[Any]:
        rows = select(tables.conversation).order_by(tables.conversation.c.created_at)
        return list(await self.features.database.read(lambda c: c.execute(rows).all()))

    async def answer_of(self, request: str) -> str | None:
        wanted = select(tables.request.c.answer).where(tables.request.c.id == request)
        return await self.features.database.read(lambda c: c.scalar(wanted))


@pytest.fixture
async def here(features: Features, clock: SetClock) -> Organisation:
    here = await founded(features, clock)
    for one in (person("elias", "Elias Norén", "jonas"), person("elin", "Elin Ek", "jonas")):
        await here.accounts.add(TOMAS.actor, one, None)
    for body in data.templates()[1:]:
        await here.templates.add(HELENA.actor, body | {"available_to": {}})
    await here.accounts.set_locale("elias", "en")
    return here


@pytest.fixture
def office(features: Features, app: Starlette, here: Organisation) -> Office:
    return Office(here, features, app)


def value(name: str) -> Callable[[str], str | None]:
    """Finds what an input of this name holds."""
    found = re.compile(rf'name="{name}"[^>]*? value="([^"]*)"')
    return lambda text: next(iter(found.findall(text)), None)


def is_checked(text: str, name: str) -> bool:
    return re.search(rf'type="checkbox"[^>]*name="{re.escape(name)}"[^>]* checked', text) is not None


def carried(text: str) -> dict[str, str]:
    """What a page carries along in fields that it does not show."""
    return {name: unescape(held) for name, held in HIDDEN.findall(text)}


# Who gets there.


async def stand_in(office: Office, who: str) -> None:
    """Have somebody stand in for Jonas this month."""
    row = {
        "id": "d1",
        "manager_id": "jonas",
        "stand_in_id": who,
        "begins_on": date(2026, 11, 1),
        "ends_on": date(2026, 11, 30),
        "reason": "",
    }
    await office.features.database.write(lambda c: c.execute(insert(tables.delegation).values(row)))


@pytest.mark.parametrize("who", ["maja", "elias", "astrid", "helena", "tomas"])
async def test_nobody_gets_there_but_the_manager(office: Office, who: str) -> None:
    for answer in (await office.get(who, NEW), await office.send(who, NEW, step="create", **FULL)):
        assert answer.status_code == 404
    assert await office.conversations() == []


async def test_whoever_stands_in_makes_it_and_is_led_back_to_the_employee(office: Office) -> None:
    await stand_in(office, "helena")
    chosen = await office.send("helena", NEW, choose=ANNUAL[0])
    assert "Jonas Bergman" in chosen.text
    made = await office.send("helena", NEW, step="create", **FULL)
    assert (made.status_code, made.headers["location"]) == (303, "/people/maja")
    assert [each.responsible_id for each in await office.conversations()] == ["jonas"]


# Choosing a form (F44, F45).


async def test_every_form_says_what_it_is(office: Office) -> None:
    text = (await office.get("jonas", NEW)).text
    assert text.count('name="choose"') == 4
    assert text.count('name="look"') == 4
    for said in (
        "Four to six questions, thirty minutes at most.",
        "9 questions",
        "Nobody signs, the responsible completes it",
        "Both sign",
        "Everybody is to have it, so it cannot be declined",
        "One page that both read from the start",
        "Pay conversation",
    ):
        assert said in text, said


async def test_the_questions_are_seen_as_they_will_look_and_nothing_typed_is_lost(office: Office) -> None:
    looked = await office.send("jonas", NEW, look=ANNUAL[0], **{"guest.elias": "yes"}, **WHEN)
    assert looked.status_code == 200
    for words in (
        "What went well, and what got in the way?",
        "mandatory before you share",
        "Nothing was agreed",
    ):
        assert words in looked.text
    assert "contenteditable" not in looked.text
    held = carried(looked.text)
    assert {name: held[name] for name in (*WHEN, "guest.elias")} == {**WHEN, "guest.elias": "yes"}
    back = await office.send("jonas", NEW, **(held | {"choose": ANNUAL[0]}))
    assert value("place")(back.text) == "Rum &lt;Två&gt;"
    assert is_checked(back.text, "guest.elias")
    assert await office.conversations() == []


async def test_a_table_is_seen_with_its_headings(office: Office) -> None:
    text = (await office.send("jonas", NEW, look=ROUTINE)).text
    assert text.count('<tr data-row="1">') == 2
    assert "Fewer" not in text, "she is in no unit"


@pytest.mark.parametrize("id_", ["nothing", "../x"])
async def test_a_form_that_is_not_there_is_not_looked_at(office: Office, id_: str) -> None:
    assert (await office.send("jonas", NEW, look=id_)).status_code == 404
    assert (await office.send("jonas", NEW, choose=id_)).status_code == 404


async def test_a_form_chooses_beforehand_who_is_told_and_what_goes_along(office: Office) -> None:
    routine = (await office.send("jonas", NEW, choose=ROUTINE)).text
    assert [is_checked(routine, each) for each in ("notify", "invite", "routine", "plan", "read")] == [
        True
    ] * 5
    annual = (await office.send("jonas", NEW, choose=ANNUAL[0])).text
    assert [is_checked(annual, each) for each in ("notify", "invite")] == [True] * 2
    assert [is_checked(annual, each) for each in ("routine", "read")] == [False] * 2
    assert 'name="plan"' not in annual, "it has none"


async def test_the_only_form_is_chosen_at_once(features: Features, app: Starlette, clock: SetClock) -> None:
    there = Place(await founded(features, clock), features, app)
    text = (await there.get("jonas", NEW)).text
    assert f'name="template" value="{ANNUAL[0]}@1"' in text
    assert 'value="forms"' not in text


async def test_without_any_form_it_is_said(office: Office) -> None:
    empty = await office.features.database.read(lambda c: c.scalars(select(tables.template.c.id)).all())
    narrow = {"available_to": {"persons": ["elias"]}}

    def withhold(connection: Any) -> None:
        for row in connection.execute(select(tables.template)).all():
            connection.execute(
                tables.template.update().where(tables.template.c.id == row.id).values(body=row.body | narrow)
            )

    await office.features.database.write(withhold)
    assert empty
    assert "No form has been made available for Maja." in (await office.get("jonas", NEW)).text


# Making it.


async def test_what_was_chosen_is_made(office: Office) -> None:
    made = await office.send("jonas", NEW, step="create", routine="yes", **{"guest.elias": "yes"}, **FULL)
    (row,) = await office.conversations()
    assert (made.status_code, made.headers["location"]) == (303, f"/conversations/{row.id}")
    assert (row.employee_id, row.responsible_id, row.template_id) == ("maja", "jonas", ANNUAL[0])
    assert (row.time_zone, row.place, row.meeting_at.isoformat()) == (
        "Europe/Oslo",
        "Rum <Två>",
        "2026-12-01T08:30:00+00:00",
    )
    assert (row.notify, row.calendar_sequence) == (True, 0)
    assert (row.sends_routine, row.sends_plan, row.must_read) == (True, False, False)
    assert await office.here.count("guest") == 1


async def test_without_a_time_it_is_made_and_decided_later(office: Office) -> None:
    form = {"template": FULL["template"], "responsible": "jonas", "zone": "Europe/Oslo", "notify": "yes"}
    assert (await office.send("jonas", NEW, step="create", **form)).status_code == 303
    (row,) = await office.conversations()
    assert (row.meeting_at, row.calendar_sequence, row.notify) == (None, None, True)


@pytest.mark.parametrize("language", ["sv", "nb", "en"])
async def test_everything_that_is_wrong_is_said_at_once_and_what_was_typed_comes_back(
    office: Office, language: str
) -> None:
    await office.here.accounts.set_locale("jonas", language)
    guests = {f"guest.{who}": "yes" for who in ("elias", "maja")}
    wrong = FULL | guests | {"time": "25:00", "responsible": "maja", "routine": "yes"}
    answer = await office.send("jonas", NEW, step="create", **wrong)
    assert answer.status_code == 409
    for place in ("meeting-wrong", "responsible-wrong", "guests-wrong"):
        assert answer.text.count(f'id="{place}"') == 1
    assert 'role="alert"' in answer.text
    assert 'href="#day"' in answer.text
    assert value("place")(answer.text) == "Rum &lt;Två&gt;"
    assert value("day")(answer.text) == "2026-12-01"
    assert is_checked(answer.text, "guest.elias")
    assert is_checked(answer.text, "routine")
    assert '<option value="Europe/Oslo" selected>' in answer.text
    assert await office.conversations() == []


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"day": ""}, "meeting"),
        ({"time": ""}, "meeting"),
        ({"day": "i morgon"}, "meeting"),
        ({"day": "2026-02-30"}, "meeting"),
        ({"day": "2027-03-28", "time": "02:30"}, "meeting"),
        ({"day": "0001-01-01", "time": "00:00"}, "meeting"),
        ({"day": "2036-12-01"}, "meeting"),
        ({"day": "", "time": ""}, "meeting"),
        ({"day": "", "time": "", "place": ""}, "calendar"),
        ({"place": "x" * 301}, "meeting"),
        ({"responsible": ""}, "responsible"),
        ({"responsible": "nobody"}, "responsible"),
        ({"guest.nobody": "yes"}, "guests"),
        ({"guest.jonas": "yes"}, "guests"),
        ({f"guest.g{n}": "yes" for n in range(GUESTS_MAX + 1)}, "guests"),
    ],
)
async def test_each_thing_that_is_wrong_is_said_beside_its_field(
    office: Office, changes: dict[str, str], place: str
) -> None:
    answer = await office.send("jonas", NEW, step="create", **(FULL | changes))
    assert answer.status_code == 409
    assert re.findall(r'id="(\w+)-wrong"', answer.text) == [place]
    assert await office.conversations() == []


@pytest.mark.parametrize("template", ["", "nothing@1", f"{ANNUAL[0]}@2", f"{ANNUAL[0]}@x", f"{ANNUAL[0]}@²"])
async def test_without_a_form_that_is_there_one_is_chosen_first(office: Office, template: str) -> None:
    answer = await office.send("jonas", NEW, step="create", **(FULL | {"template": template}))
    assert answer.status_code == 409
    assert answer.text.count('name="choose"') == 4
    assert carried(answer.text)["place"] == "Rum <Två>"
    assert await office.conversations() == []


async def test_an_unknown_zone_is_no_fault_of_the_person(office: Office) -> None:
    assert (await office.send("jonas", NEW, step="create", **(FULL | {"zone": "Mars/X"}))).status_code == 303
    (row,) = await office.conversations()
    assert row.time_zone == "Europe/Stockholm"


# Worth a look, and no block (F83).


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-11-19", "has passed"),
        ("2026-11-26", "less than 7 days"),
        ("2026-12-05", "more than 14 days"),
    ],
)
async def test_notice_is_told_once_and_pressed_again_it_is_made(office: Office, day: str, said: str) -> None:
    told = await office.send("jonas", NEW, step="create", **(FULL | {"day": day}))
    assert told.status_code == 200
    assert said in told.text
    assert "Create anyway" in told.text
    assert await office.conversations() == []
    held = carried(told.text)
    # Another day is another matter.
    again = await office.send(
        "jonas", NEW, step="create", **(FULL | {"day": "2026-11-25", "seen": held["seen"]})
    )
    assert "less than 7 days" in again.text
    assert await office.conversations() == []
    made = await office.send("jonas", NEW, step="create", **(FULL | {"day": day, "seen": held["seen"]}))
    assert made.status_code == 303
    assert len(await office.conversations()) == 1


async def test_the_organisation_decides_what_is_short(office: Office) -> None:
    await office.features.policies.put(HELENA.actor, Policy(notice_days=(0, 365)))
    made = await office.send("jonas", NEW, step="create", **(FULL | {"day": "2026-11-21"}))
    assert made.status_code == 303


async def test_a_second_one_of_the_same_kind_is_told_once(office: Office) -> None:
    await office.send("jonas", NEW, step="create", **FULL)
    told = await office.send("jonas", NEW, step="create", **FULL)
    assert "already has a conversation of this kind" in told.text
    assert len(await office.conversations()) == 1
    await office.send("jonas", NEW, step="create", **(FULL | {"seen": carried(told.text)["seen"]}))
    assert len(await office.conversations()) == 2


async def test_where_the_form_says_so_its_questions_are_seen_before_it_is_made(office: Office) -> None:
    wanted = FULL | {"template": f"{SHORT}@1", "day": "2026-11-26"}
    looked = await office.send("jonas", NEW, step="create", **wanted)
    assert looked.status_code == 200
    assert "What has happened since last time?" in looked.text
    assert "less than 7 days" in looked.text
    assert await office.conversations() == []
    # What was seen on the way is not shown again.
    made = await office.send("jonas", NEW, **(carried(looked.text) | {"step": "create"}))
    assert made.status_code == 303
    seen = await office.send("jonas", NEW, look=SHORT)
    straight = await office.send(
        "jonas", NEW, step="create", **(wanted | {"day": "2026-12-01", "seen": carried(seen.text)["seen"]})
    )
    assert "already has a conversation of this kind" in straight.text
    assert "What has happened since last time?" not in straight.text


# Who takes part.


async def test_whoever_is_found_alone_is_chosen_and_of_several_one_is_chosen(office: Office) -> None:
    alone = await office.send("jonas", NEW, step="find", guest_name="elias nor", **FULL)
    assert is_checked(alone.text, "guest.elias")
    assert value("guest_name")(alone.text) == ""
    several = await office.send("jonas", NEW, step="find", guest_name="eli", **FULL)
    assert several.text.count('name="guest.eli') == 2
    assert not is_checked(several.text, "guest.elias")
    nobody = await office.send("jonas", NEW, step="find", guest_name="xyz", responsible_name="xyz", **FULL)
    assert nobody.text.count("Nobody of that name or address was found") == 2
    assert await office.conversations() == []


async def test_somebody_else_is_found_to_be_responsible(office: Office) -> None:
    found = await office.send("jonas", NEW, step="find", responsible_name="astrid", **FULL)
    assert '<input type="hidden" name="responsible" value="astrid">' in found.text
    several = await office.send("jonas", NEW, step="find", responsible_name="eli", **FULL)
    assert re.findall(r'type="radio" name="responsible" value="(\w+)"( checked)?', several.text) == [
        ("jonas", " checked"),
        ("elias", ""),
        ("elin", ""),
    ]
    made = await office.send("jonas", NEW, step="create", **(FULL | {"responsible": "astrid"}))
    # He is no party: there is nothing for him to open.
    assert made.headers["location"] == "/people/maja"
    assert (await office.conversations())[0].responsible_id == "astrid"


@pytest.mark.parametrize("name", ["guest", "responsible"])
async def test_a_name_that_is_typed_is_never_left_out_without_a_word(office: Office, name: str) -> None:
    several = await office.send("jonas", NEW, step="create", **FULL, **{f"{name}_name": "eli"})
    assert several.status_code == 409
    assert "Choose somebody for the name that you typed" in several.text
    assert value(f"{name}_name")(several.text) == "eli"
    alone = await office.send("jonas", NEW, step="create", **FULL, **{f"{name}_name": "astrid"})
    assert alone.status_code == 200
    assert "Astrid Lindqvist was found and is chosen." in alone.text
    assert await office.conversations() == []
    # Shown once, and nobody of them wanted.
    made = await office.send(
        "jonas", NEW, step="create", **FULL, **{f"{name}_name": "eli", f"{name}_sought": "eli"}
    )
    assert made.status_code == 303
    assert await office.here.count("guest") == 0


async def test_a_guest_who_is_unchecked_is_gone(office: Office) -> None:
    page = await office.send("jonas", NEW, step="find", **{"guest.elias": "yes"}, **FULL)
    assert is_checked(page.text, "guest.elias")
    await office.send("jonas", NEW, step="create", **FULL)
    assert await office.here.count("guest") == 0


@pytest.mark.parametrize("language", ["sv", "nb", "en"])
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"choose": ROUTINE},
        {"look": ROUTINE},
        {"step": "forms", **FULL},
        {"step": "edit", **FULL},
        {"step": "edit"},
        {"step": "create", **(FULL | {"template": f"{SHORT}@1", "day": "2026-11-21"})},
    ],
    ids=["nothing", "choose", "look", "forms", "edit", "choice", "create"],
)
async def test_every_page_is_there_in_every_language(
    office: Office, language: str, form: dict[str, str]
) -> None:
    await office.here.accounts.set_locale("jonas", language)
    answer = await office.send("jonas", NEW, **form)
    assert answer.status_code == (409 if not form else 200)
    assert f'<html lang="{language}">' in answer.text


# Asking for one (F75).


async def test_an_employee_asks_and_the_manager_answers_with_a_conversation(office: Office) -> None:
    assert "Jonas" in (await office.get("maja", "/conversations/ask")).text
    asked = await office.send("maja", "/conversations/ask", wish="Jouren <nu>", times="Före jul")
    assert (asked.status_code, asked.headers["location"]) == (303, "/conversations/ask")
    (waiting,) = await office.features.asking.requests(JONAS.actor)
    mine = (await office.get("maja", "/conversations/ask")).text
    assert "Jouren &lt;nu&gt;" in mine
    assert "<textarea" not in mine
    read = (await office.get("jonas", f"/requests/{waiting.id}")).text
    assert "Jouren &lt;nu&gt;" in read
    planned = (await office.get("jonas", f"{NEW}?request={waiting.id}")).text
    assert "Jouren &lt;nu&gt;" in planned
    held = carried(planned)
    assert held["request"] == waiting.id
    made = await office.send("jonas", NEW, step="create", **(FULL | {"request": waiting.id}))
    assert made.status_code == 303
    assert await office.answer_of(waiting.id) == "made"
    answered = (await office.get("maja", "/conversations/ask")).text
    assert made.headers["location"] in answered
    assert "<textarea" in answered, "she may ask again"


async def test_the_manager_answers_with_a_sentence_which_only_those_two_read(office: Office) -> None:
    id_ = await office.features.asking.ask(Actor("maja"), "Jouren", "")
    for who in ("maja", "elias", "astrid", "helena", "tomas"):
        assert (await office.get(who, f"/requests/{id_}")).status_code == 404
        assert (await office.send(who, f"/requests/{id_}/decline", reply="Nej.")).status_code == 404
    empty = await office.send("jonas", f"/requests/{id_}/decline", reply=" ")
    assert empty.status_code == 409
    long = await office.send("jonas", f"/requests/{id_}/decline", reply="x" * (WISH_CHARACTERS_MAX + 1))
    assert long.status_code == 409
    assert "x" * (WISH_CHARACTERS_MAX + 1) in long.text
    done = await office.send("jonas", f"/requests/{id_}/decline", reply="Vi tar det <i>i</i> januari.")
    assert done.status_code == 303
    for who, path in (("maja", "/conversations/ask"), ("jonas", f"/requests/{id_}")):
        text = (await office.get(who, path)).text
        assert "Vi tar det &lt;i&gt;i&lt;/i&gt; januari." in text
    twice = await office.send("jonas", f"/requests/{id_}/decline", reply="Nej.")
    assert twice.status_code == 409


async def test_she_takes_it_back_and_nobody_else_does(office: Office) -> None:
    id_ = await office.features.asking.ask(Actor("maja"), "Jouren", "")
    for who in ("jonas", "elias", "helena"):
        assert (await office.send(who, f"/requests/{id_}/take-back")).status_code == 404
    assert (await office.send("maja", f"/requests/{id_}/take-back")).status_code == 303
    assert (await office.send("maja", f"/requests/{id_}/take-back")).status_code == 409
    assert "has taken it back" in (await office.get("jonas", f"/requests/{id_}")).text


async def test_what_cannot_be_asked_comes_back_as_it_was_typed(office: Office) -> None:
    long = "<" * (WISH_CHARACTERS_MAX + 1)
    answer = await office.send("maja", "/conversations/ask", wish=long, times="Före jul")
    assert answer.status_code == 409
    assert "&lt;" * (WISH_CHARACTERS_MAX + 1) in answer.text
    assert "Före jul</textarea>" in answer.text
    await office.send("maja", "/conversations/ask", wish="", times="")
    twice = await office.send("maja", "/conversations/ask", wish="Igen", times="")
    assert twice.status_code == 409
    assert (await office.get("astrid", "/conversations/ask")).status_code == 404


async def test_what_another_employee_asked_is_no_answer_to_this_one(office: Office) -> None:
    other = await office.features.asking.ask(Actor("elias"), "Hemligt", "")
    page = await office.get("jonas", f"{NEW}?request={other}")
    assert "Hemligt" not in page.text
    assert carried(page.text)["request"] == ""
    await office.send("jonas", NEW, step="create", **(FULL | {"request": other}))
    assert await office.answer_of(other) is None


@pytest.mark.parametrize("language", ["sv", "nb", "en"])
async def test_asking_and_answering_are_there_in_every_language(office: Office, language: str) -> None:
    for who in ("maja", "jonas"):
        await office.here.accounts.set_locale(who, language)
    id_ = await office.features.asking.ask(Actor("maja"), "Jouren", "I mars")
    for who, path in (("maja", "/conversations/ask"), ("jonas", f"/requests/{id_}")):
        assert f'<html lang="{language}">' in (await office.get(who, path)).text
    await office.features.asking.decline(JONAS.actor, id_, "Sen.")
    for who, path in (("maja", "/conversations/ask"), ("jonas", f"/requests/{id_}")):
        assert "Sen." in (await office.get(who, path)).text


# Declining what must be held (F100).


async def test_the_employee_reads_why_it_cannot_be_declined(office: Office) -> None:
    plan = Plan("maja", (ROUTINE, 1), "jonas")
    id_ = await office.features.planning.make(JONAS.actor, plan)
    page = (await office.get("maja", f"/conversations/{id_}")).text
    assert "it cannot be declined. Ask Jonas" in page
    assert f"/conversations/{id_}/decline" not in page
    for answer in (
        await office.get("maja", f"/conversations/{id_}/decline"),
        await office.send("maja", f"/conversations/{id_}/decline", reason="Jag vill inte."),
    ):
        assert answer.status_code == 409
        assert "it cannot be declined. Ask Jonas" in answer.text
    assert "cannot be declined" not in (await office.get("jonas", f"/conversations/{id_}")).text
    free = await office.features.planning.make(JONAS.actor, Plan("maja", ANNUAL, "jonas"))
    assert f"/conversations/{free}/decline" in (await office.get("maja", f"/conversations/{free}")).text
