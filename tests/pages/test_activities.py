"""The pages of follow-up activities on the real application: the list, one activity, the archive."""

import json
import re
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from server import people
from server.activities import GoalType
from server.activity_documents import Wording
from server.pages.context import Features
from server.rules.access import OPERATOR, Pane
from server.rules.limits import ARCHIVE_BYTES_MAX, FORM_BYTES_MAX
from server.storage.bells import RoomChanged
from tests.conftest import SetClock
from tests.organisation import JONAS, MAJA, PASSWORD, Organisation, text
from tests.pages.visiting import Place
from tests.queries import QUERIES_MAX, counted
from tests.test_closing import rows, sign

LIST = "/people/maja/activities"
HEAD = "Employee,Type of goal,What is to be done,State,Cost centre"
ROW = "maja,Work goal,A new duty roster,Completed,410"


class Site(Place):
    """A place where Jonas has something to do with Maja."""

    async def activity(self, title: str = "The new routine for alarms", **wording: Any) -> str:
        """One that Jonas has added for Maja; its address."""
        id_ = await self.here.new_activities.add(
            JONAS.actor, "maja", GoalType.WORK, Wording(title, **wording)
        )
        return f"{LIST}/{id_}"


@pytest.fixture
async def site(features: Features, app: Starlette, here: Organisation) -> Site:
    await here.accounts.set_password(OPERATOR, "helena", PASSWORD)
    return Site(here, features, app)


def seen(answer: httpx.Response) -> str:
    """What is to be read, without markup."""
    assert answer.status_code == 200, answer.text
    body = answer.text.partition("<main")[2].partition('<script type="application/json"')[0]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def island(answer: httpx.Response) -> Any:
    found = re.search(r'id="samsyn-page">(.*?)</script>', answer.text, re.DOTALL)
    assert found
    return json.loads(found[1])


# The list.


async def test_the_list_says_how_each_stands_and_what_is_over_and_why(site: Site, clock: SetClock) -> None:
    today = clock.now.date()
    await site.activity("Late one", due_on=today - timedelta(3), owner="maja")
    await site.activity("Near one", due_on=today + timedelta(3), follow_up_on=today + timedelta(9))
    await site.activity("Far one", due_on=today + timedelta(90))
    await site.activity("Open one")
    done, dropped = await site.activity("Done one"), await site.activity("Dropped one")
    await site.post("maja", f"{done}/complete")
    await site.post("jonas", f"{dropped}/cancel", data={"reason": "The budget is gone."})
    page = await site.get("maja", LIST)
    text = seen(page)
    assert re.search(r"Late one.*Work goal · Maja Öberg.*Should have been done", text)
    assert re.search(r"Near one.*Followed up", text)
    assert re.search(r"Open one.*Going on.*History", text)
    assert re.search(r"History.*Done one.*Done .*Dropped one.*The budget is gone\..*Cancelled", text)
    tones = re.findall(r'<span class="chip (\w*)">', page.text)
    assert tones == ["late", "due", "", "", "good", ""]


async def test_the_words_are_the_same_for_the_manager_and_each_leads_to_its_page(site: Site) -> None:
    address = await site.activity()
    page = await site.get("jonas", LIST)
    assert "Activities of Maja Öberg" in seen(page)
    assert f'href="{address}"' in page.text
    assert seen(await site.get("jonas", address))


async def test_an_empty_list_says_what_will_come_there(site: Site) -> None:
    assert "Nothing goes on" in seen(await site.get("maja", LIST))


async def test_one_s_own_list_has_an_address_of_its_own(site: Site) -> None:
    answer = await site.get("maja", "/activities")
    assert (answer.status_code, answer.headers["location"]) == (303, LIST)


async def test_whoever_may_not_see_them_is_told_that_there_is_nothing(site: Site) -> None:
    address = await site.activity()
    elsewhere = address.replace("maja", "jonas")
    for who, path in (
        ("astrid", LIST),
        ("helena", LIST),
        ("astrid", address),
        ("astrid", f"{LIST}/new"),
        ("astrid", f"{address}/cancel"),
        ("maja", elsewhere),
        ("maja", f"{LIST}/{'0' * 32}"),
        ("jonas", "/people/astrid/activities"),
        ("jonas", "/people/nobody/activities"),
    ):
        assert (await site.get(who, path)).status_code == 404, (who, path)
    for turn in ("complete", "take-up", "cancel", "comments"):
        for who, path in (("astrid", address), ("maja", elsewhere)):
            form = {"reason": "No", "comment": "No"}
            assert (await site.post(who, f"{path}/{turn}", data=form)).status_code == 404, (who, turn)
    assert "Going on" in seen(await site.get("maja", address))


async def test_whoever_is_responsible_for_a_conversation_that_goes_on_works_with_them_too(
    site: Site, clock: SetClock
) -> None:
    address = await site.activity()
    conversation = await site.here.conversation()
    await site.features.database.write(lambda c: people.place(c, OPERATOR, "maja", None, "astrid", clock.now))
    for who in ("astrid", "jonas"):
        assert "The new routine for alarms" in seen(await site.get(who, LIST))
        answer = await site.post(who, f"{address}/comments", data={"comment": f"{who} was here."})
        assert answer.status_code == 303
    await site.here.declining.cancel(JONAS.actor, conversation, "The manager is another.")
    assert (await site.get("jonas", LIST)).status_code == 404
    assert (await site.get("jonas", address)).status_code == 404
    assert "jonas was here." in seen(await site.get("astrid", address))


async def test_a_list_is_as_many_queries_however_long_it_is(site: Site) -> None:
    async def queries() -> int:
        with counted() as count:
            seen(await site.get("jonas", LIST))
        return len(count)

    await site.activity()
    few = await queries()
    for number in range(12):
        await site.activity(f"Number {number}")
    assert await queries() == few <= QUERIES_MAX


# Adding one.


async def test_one_is_added_outside_a_conversation_and_opens_at_once(site: Site) -> None:
    asked = await site.get("maja", f"{LIST}/new")
    assert "Add an activity" in seen(asked)
    form = {
        "kind": "development_goal",
        "title": " A course for tutors ",
        "owner": "jonas",
        "due": "2027-03-01",
        "follow_up": "2027-04-01",
    }
    answer = await site.post("maja", f"{LIST}/new", data=form)
    assert answer.status_code == 303
    (added,) = await site.here.activities.of_employee(JONAS.actor, "maja")
    assert answer.headers["location"] == f"{LIST}/{added.id}"
    assert (added.title, added.goal_type) == ("A course for tutors", GoalType.DEVELOPMENT)
    assert added.owner is not None
    assert added.owner.id == "jonas"
    assert (added.due_on, added.follow_up_on) == (date(2027, 3, 1), date(2027, 4, 1))


async def test_what_is_wrong_is_said_beside_it_and_what_was_typed_is_still_there(site: Site) -> None:
    form = {"kind": "wish", "title": "", "owner": "astrid", "due": "2027-02-30", "follow_up": "2027-04-01"}
    answer = await site.post("jonas", f"{LIST}/new", data=form)
    assert answer.status_code == 409
    for sentence in (
        "Choose what kind of goal it serves.",
        "Write what is to be done, in a few words.",
        "Choose one of those who can see it.",
        "This is no day. Choose one, or leave it empty.",
    ):
        assert answer.text.count(sentence) == 2, sentence
    assert 'value="2027-04-01"' in answer.text
    answer = await site.post("jonas", f"{LIST}/new", data={"kind": "work_goal", "title": "x" * 301})
    assert "x" * 301 in answer.text
    assert "At most 300 characters" in answer.text
    assert await site.here.activities.of_employee(MAJA.actor, "maja") == []


# One activity.


async def test_its_page_has_everything_that_is_written_and_a_live_document(site: Site) -> None:
    address = await site.activity(
        goal="Fewer outages",
        description="The whole team.\nAll four.",
        develop="To lead",
        how="One evening",
        owner="maja",
        due_on=date(2026, 12, 1),
    )
    page = await site.get("maja", address)
    text = seen(page)
    for said in ("The new routine for alarms", "Fewer outages", "The whole team.", "To lead", "One evening"):
        assert said in text
    assert '<option value="maja" selected>' in page.text
    assert 'value="2026-12-01"' in page.text
    data = island(page)
    name = "activities/maja/" + address.rpartition("/")[2]
    assert data["documents"] == {"activity": {"name": name, "scope": "read-write"}}
    assert (data["path"], data["about"], data["turn"]) == (address, name, "active")
    assert data["me"]["colour"] == "emp"
    assert island(await site.get("jonas", address))["me"]["colour"] == "man"
    assert data["words"]["present"] == "{name} is here now."


async def test_a_comment_stands_there_with_name_and_time_and_the_other_s_page_is_told(site: Site) -> None:
    address = await site.activity()
    site.here.bells.clear()
    answer = await site.post("jonas", f"{address}/comments", data={"comment": "I have\nbooked it."})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}#comments")
    assert RoomChanged("activities/maja") in site.here.bells
    page = await site.get("maja", address)
    assert re.search(r"Comments JB Jonas Bergman .+ at \d\d:\d\d I have booked it\.", seen(page))
    assert "1 comment" in seen(await site.get("maja", LIST))


async def test_a_comment_that_is_refused_comes_back_as_it_was(site: Site) -> None:
    address = await site.activity()
    empty = await site.post("maja", f"{address}/comments", data={"comment": " \n "})
    assert empty.status_code == 409
    assert "Write something before you send it." in empty.text
    long = await site.post("maja", f"{address}/comments", data={"comment": "y" * 4_001})
    assert "y" * 4_001 in long.text
    async with site.browser("maja", Accept="application/json") as client:
        asked = await client.post(f"{address}/comments", data={"comment": ""})
    assert asked.json() == {"sentence": "Write something before you send it."}


async def test_a_script_gets_no_page_for_a_turn(site: Site) -> None:
    address = await site.activity()
    async with site.browser("maja", Accept="application/json") as client:
        assert (await client.post(f"{address}/complete")).status_code == 204
        again = await client.post(f"{address}/complete")
    assert (again.status_code, again.json()["sentence"]) == (
        409,
        "This has changed since the page was shown. Look again.",
    )


async def test_what_is_completed_is_read_and_can_be_taken_up_again(site: Site, clock: SetClock) -> None:
    address = await site.activity(how="One evening")
    await site.post("jonas", f"{address}/complete")
    page = await site.get("maja", address)
    assert re.search(r"Done .+, by Jonas Bergman\.", seen(page))
    assert "One evening" in seen(page)
    assert "data-field" not in page.text
    assert island(page)["documents"]["activity"]["scope"] == "readonly"
    assert island(page)["turn"] == "completed"
    assert (await site.get("maja", f"{address}/cancel")).status_code == 409
    clock.now += timedelta(minutes=1)
    await site.post("maja", f"{address}/comments", data={"comment": "Well done."})
    clock.now += timedelta(minutes=1)
    await site.post("maja", f"{address}/take-up")
    again = await site.get("jonas", address)
    text = seen(again)
    assert re.search(r"Jonas Bergman completed it .* Well done\. .*Maja Öberg took it up again", text)
    assert island(again)["documents"]["activity"]["scope"] == "read-write"


async def test_cancelling_asks_why_and_everybody_reads_it(site: Site) -> None:
    address = await site.activity()
    asked = await site.get("jonas", f"{address}/cancel")
    assert "The new routine for alarms" in seen(asked)
    refused = await site.post("jonas", f"{address}/cancel", data={"reason": "  "})
    assert (refused.status_code, "Write why" in refused.text) == (409, True)
    long = await site.post("jonas", f"{address}/cancel", data={"reason": "z" * 4_001})
    assert "z" * 4_001 in long.text
    done = await site.post("jonas", f"{address}/cancel", data={"reason": "<b>No</b> money"})
    assert (done.status_code, done.headers["location"]) == (303, address)
    page = await site.get("maja", address)
    assert "&lt;b&gt;No&lt;/b&gt; money" in page.text
    assert "Cancelled" in seen(page)


async def test_it_says_from_which_conversation_it_comes_and_leads_there_for_those_who_may_read_it(
    site: Site,
) -> None:
    conversation = await site.here.conversation()
    await site.here.ready(conversation)
    await site.here.write("jonas", conversation, Pane.JOINT, rows("A course for tutors"))
    await sign(site.here, conversation)
    (agreed,) = await site.here.activities.of_employee(MAJA.actor, "maja")
    for who in ("maja", "jonas"):
        page = await site.get(who, f"{LIST}/{agreed.id}")
        assert "Agreed in:" in seen(page)
        assert f'href="/conversations/{conversation}"' in page.text


async def test_the_next_conversation_shows_each_with_its_state_its_comments_and_a_way_to_it(
    site: Site,
) -> None:
    address = await site.activity(owner="jonas")
    await site.post("maja", f"{address}/comments", data={"comment": "Begun."})
    conversation = await site.here.conversation()
    for who in ("maja", "jonas"):
        page = await site.get(who, f"/conversations/{conversation}")
        assert re.search(
            r"The new routine for alarms Work goal · Jonas Bergman · 1 comment Going on", seen(page)
        )
        assert f'href="{address}"' in page.text


async def test_the_start_page_leads_to_what_is_agreed_and_due(site: Site) -> None:
    address = await site.activity(due_on=date(2026, 12, 1))
    assert f'href="{address}"' in (await site.get("maja", "/")).text


async def test_who_wrote_what_is_told_by_day_to_those_who_may_see_it(site: Site, clock: SetClock) -> None:
    address = await site.activity()
    name = "activities/maja/" + address.rpartition("/")[2]
    assert "Nothing is written here yet" in seen(await site.get("maja", f"{address}/changes"))
    await site.here.write_in("maja", name, {"how": text("On Mondays.")})
    clock.now += timedelta(minutes=5)
    await site.here.write_in("jonas", name, {"develop": text("Calm"), "do": "2027-01-01"})
    clock.now += timedelta(minutes=5)
    await site.post("jonas", f"{address}/cancel", data={"reason": "The budget is gone."})
    page = await site.get("maja", f"{address}/changes")
    told = seen(page)
    assert re.search(r"Today, .* Jonas Bergman cancelled it .* The budget is gone\.", told)
    assert re.search(r"Jonas Bergman What is to be developed .* Done by .* Maja Öberg \(you\) How", told)
    assert "On Mondays" not in told
    assert f'href="{address}#' not in page.text
    await site.post("jonas", f"{address}/take-up")
    assert f'href="{address}#f-activity-how"' in (await site.get("maja", f"{address}/changes")).text
    assert (await site.get("astrid", f"{address}/changes")).status_code == 404
    assert (await site.get("jonas", f"{address}/changes".replace("maja", "jonas"))).status_code == 404


# The archive.


async def bring(site: Site, who: str, data: bytes) -> httpx.Response:
    return await site.post(who, "/archive", files={"file": ("old.csv", data, "text/csv")})


async def test_hr_brings_in_what_an_older_system_had_and_the_two_read_it(site: Site) -> None:
    assert "Cost centre" not in seen(await site.get("helena", "/archive"))
    done = await bring(site, "helena", f"{HEAD}\n{ROW}\n".encode())
    assert "1 activity has been brought in." in seen(done)
    again = await bring(site, "helena", f"{HEAD}\n{ROW}\n".encode())
    assert re.search(r"0 activities have been brought in\. 1 was there already\.", seen(again))
    text = seen(await site.get("jonas", LIST))
    assert re.search(r"Archive .*A new duty roster Work goal Completed", text)
    (archived,) = await site.here.activities.archive_of(MAJA.actor, "maja")
    page = await site.get("maja", f"{LIST}/{archived.id}")
    assert re.search(r"nobody can change it\. .*Cost centre 410", seen(page))
    assert island(page)["documents"] == {}
    for what in ("<form", "data-field", "data-action"):
        assert what not in page.text.partition("<main")[2]
    assert (await site.post("maja", f"{LIST}/{archived.id}/take-up")).status_code == 404


async def test_every_row_that_is_wrong_is_named_with_its_line_in_the_reader_s_language(site: Site) -> None:
    await site.here.accounts.set_locale("helena", "sv")
    file = (
        f"{HEAD.replace('State', 'Status')}\nnobody,Wish,<i>x</i>,Completed,\n{ROW}\nmaja,Work goal,,Done,\n"
    )
    answer = await bring(site, "helena", file.encode())
    assert answer.status_code == 409
    lines = re.findall(r'<tr><th scope="row">(\d+)</th><td>', answer.text)
    assert lines == ["2", "2", "4", "4"]
    assert await site.here.activities.archive_of(MAJA.actor, "maja") == []


async def test_a_page_without_a_file_asks_for_one(site: Site) -> None:
    answer = await site.post("helena", "/archive", files={"other": ("x.csv", b"", "text/csv")})
    assert (answer.status_code, "Choose a file first." in answer.text) == (409, True)


async def test_a_file_that_is_too_large_is_refused_and_its_size_named(site: Site) -> None:
    assert "8 MiB" in seen(await site.get("helena", "/archive"))
    answer = await bring(site, "helena", b"x" * (ARCHIVE_BYTES_MAX + 1))
    assert "The file is larger than 8 MiB." in answer.text
    answer = await bring(site, "helena", b"x" * (ARCHIVE_BYTES_MAX + FORM_BYTES_MAX))
    assert answer.status_code == 413


async def test_nothing_but_a_file_may_be_larger_than_a_form(site: Site) -> None:
    address = await site.activity()
    answer = await site.post("maja", f"{address}/comments", data={"comment": "x" * FORM_BYTES_MAX})
    assert answer.status_code == 413


@pytest.mark.parametrize("who", ["maja", "jonas", "astrid"])
async def test_nobody_but_hr_has_the_page(site: Site, who: str) -> None:
    assert (await site.get(who, "/archive")).status_code == 404
    assert (await bring(site, who, f"{HEAD}\n{ROW}\n".encode())).status_code == 404
    assert await site.here.activities.archive_of(MAJA.actor, "maja") == []
