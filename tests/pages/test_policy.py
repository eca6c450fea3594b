"""The rules of the organisation as a form: everything is there, and nothing typed is lost."""

import re
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from server.pages import policy_view
from server.pages.policy_view import NAMES
from server.people import Person
from server.policy import Policy
from tests.organisation import ASTRID, JONAS, MAJA
from tests.pages.visiting import Place
from tests.test_policy import OTHER


def fields(page: str) -> dict[str, str]:
    """What the form would send as it stands."""
    sent = {}
    page = page.partition('<form class="form rules"')[2]
    for tag in re.findall(r"<input [^>]*>", page):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if attributes.get("type") != "checkbox" or " checked" in tag:
            sent[attributes["name"]] = attributes.get("value", "")
    for name, options in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="(\w*)" selected', options)
        sent[name] = chosen.group(1) if chosen else ""
    return sent


def leaves(model: type[BaseModel]) -> int:
    """How many things a policy says: pairs count twice."""
    count = 0
    for field in model.model_fields.values():
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
        inner = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
        is_pair = getattr(field.annotation, "__origin__", None) is tuple
        count += leaves(inner) if inner else 2 if is_pair else 1
    return count


def test_there_is_a_field_for_everything_that_a_policy_says() -> None:
    # One more: the tick by which there is a period at all.
    assert len(NAMES) == leaves(Policy) + 1


@pytest.mark.parametrize("policy", [Policy(), OTHER, Policy(pay_with_annual=False)])
def test_the_form_says_what_the_policy_says(policy: Policy) -> None:
    assert Policy.model_validate(policy_view.body(policy_view.typed(policy))) == policy


@pytest.mark.parametrize("who", ["helena", "tomas"])
async def test_what_is_sent_unchanged_changes_nothing_and_what_is_changed_is_kept(
    there: Place, who: str
) -> None:
    async with there.browser(who) as one:
        page = (await one.get("/policy")).text
        form = fields(page)
        assert set(form) == {*NAMES, "seen"} - {"own_period"}
        await one.post("/policy", data=form)
        assert await there.features.policies.get() == Policy()
        changed = form | {
            "small_group": "7",
            "remind_meet": "",
            "pay_with_annual": "yes",
            "required_since": "2026-09-01",
        }
        del changed["may_decline"]
        answer = await one.post("/policy", data=changed)
        shown = (await one.get(answer.headers["location"])).text
    stored = await there.features.policies.get()
    assert (stored.small_group, stored.reminders.meet, stored.may_decline) == (7, None, False)
    assert stored.pay_with_annual is True
    assert stored.required_since == date(2026, 9, 1)
    assert "Saved." in shown
    assert fields(shown)["small_group"] == "7"


@pytest.mark.parametrize("who", [ASTRID, JONAS, MAJA])
async def test_to_everybody_else_there_is_nothing(there: Place, who: Person) -> None:
    async with there.browser(who.id) as one:
        answers = [await one.get("/policy"), await one.post("/policy", data={"small_group": "2"})]
        assert 'href="/policy"' not in (await one.get("/")).text
    assert [answer.status_code for answer in answers] == [404, 404]
    assert await there.features.policies.get() == Policy()


async def test_every_fault_is_said_beside_its_field_at_once_and_nothing_typed_is_lost(
    there: Place,
) -> None:
    wrong: dict[str, Any] = {
        "small_group": "en <b>handfull</b>",
        "required_every_months": "0",
        "remind_meet": "61",
        "notice_most": "",
        "signed_years": "9" * 5000,
        "own_period": "yes",
        "period_name": "Hösten",
        "required_since": "i våras",
        "period_begins": "31 februari",
        "period_ends": "",
    }
    async with there.browser("helena") as one:
        form = fields((await one.get("/policy")).text) | wrong
        answer = await one.post("/policy", data=form)
    faults = dict(re.findall(r'<p class="fault" id="(\w+)-fault">.*?<span>(.*?)</span>', answer.text))
    assert answer.status_code == 409
    assert faults == {
        "small_group": "Write a whole number from 2 to 50.",
        "required_every_months": "Write a whole number from 1 to 60.",
        "remind_meet": "Write a whole number from 0 to 60.",
        "notice_most": "Write a whole number from 0 to 365.",
        "signed_years": "Write a whole number from 1 to 100.",
        "required_since": "Say which day.",
        "period_begins": "Say which day.",
        "period_ends": "Say which day.",
    }
    assert all(f'href="#{name}"' in answer.text for name in faults)
    kept = fields(answer.text)
    assert kept.pop("small_group") == "en &lt;b&gt;handfull&lt;/b&gt;"
    assert kept == {name: value for name, value in form.items() if name != "small_group"}
    assert await there.features.policies.get() == Policy()


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        (
            {"notice_least": "14", "notice_most": "7"},
            "notice_most",
            "The longest notice is shorter than the shortest.",
        ),
        (
            {"own_period": "yes", "period_begins": "2026-12-02", "period_ends": "2026-12-01"},
            "period_ends",
            "The last day comes before the first.",
        ),
        (
            {
                "own_period": "yes",
                "period_begins": "2026-12-01",
                "period_ends": "2026-12-02",
                "period_name": "x" * 201,
            },
            "period_name",
            "Write a shorter name.",
        ),
    ],
)
async def test_of_two_that_do_not_fit_the_second_is_marked(
    there: Place, changed: dict[str, str], field: str, sentence: str
) -> None:
    async with there.browser("helena") as one:
        form = fields((await one.get("/policy")).text) | changed
        answer = await one.post("/policy", data=form)
    assert f'id="{field}-fault"' in answer.text
    assert sentence in answer.text


async def test_two_who_change_it_at_once_hear_of_each_other_and_lose_nothing(there: Place) -> None:
    async with there.browser("helena") as helena, there.browser("tomas") as tomas:
        form = fields((await helena.get("/policy")).text) | {"small_group": "7"}
        theirs = fields((await tomas.get("/policy")).text) | {"required_every_months": "24"}
        await tomas.post("/policy", data=theirs)
        answer = await helena.post("/policy", data=form)
        assert answer.status_code == 409
        assert "Somebody else has changed this" in answer.text
        again = fields(answer.text)
        assert again["small_group"] == "7"
        assert (await there.features.policies.get()).small_group == 5
        await helena.post("/policy", data=again)
    assert (await there.features.policies.get()).small_group == 7
