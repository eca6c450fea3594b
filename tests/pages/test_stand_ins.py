"""Stand-ins, page by page, through the whole application: naming one, being one, and ending it."""

import re
from datetime import UTC, date, datetime

import pytest

from server.conversations import Meeting
from server.people import Person
from server.rules.access import OPERATOR
from server.stand_ins import Days
from tests.organisation import JONAS, MAJA, TOMAS, Organisation, person
from tests.pages.visiting import Place

ADDRESS = "/staff/stand-in"
TEN_DAYS = Days(date(2026, 11, 20), date(2026, 11, 30))
DAYS = {"begins": "2026-11-20", "ends": "2026-11-30"}
MEETING = Meeting(datetime(2026, 12, 1, 8, 30, tzinfo=UTC), "Europe/Stockholm", "Rum Storsjön")


def faults(page: str) -> dict[str, str]:
    """What is said beside which field."""
    return dict(re.findall(r'<p class="fault" id="(\w+)-fault">.*?<span>(.*?)</span>', page))


async def test_a_manager_names_somebody_and_ends_it(there: Place, here: Organisation) -> None:
    async with there.browser("jonas") as jonas:
        given = DAYS | {"who": "tomas eklund", "reason": "Semester <3"}
        named = await jonas.post(ADDRESS, data=given)
        page = (await jonas.get(ADDRESS)).text
        assert (named.status_code, named.headers["location"]) == (303, ADDRESS)
        assert "Tomas Eklund" in page
        assert "20 November to 30 November" in page
        assert "Semester &lt;3" in page
        (end,) = re.findall(r'action="(/staff/stand-in/\w+/end)"', page)
        assert (await jonas.post(end)).status_code == 303
        assert "Nobody, today or later." in (await jonas.get(ADDRESS)).text
        assert (await jonas.post(end)).status_code == 404


async def test_hr_names_one_for_a_manager_who_is_away_and_sees_all(there: Place, here: Organisation) -> None:
    async with there.browser("helena") as helena:
        nobody = await helena.post(ADDRESS, data=DAYS | {"who": "Tomas"})
        without_staff = await helena.post(ADDRESS, data=DAYS | {"who": "Tomas", "manager": "Maja"})
        named = await helena.post(ADDRESS, data=DAYS | {"who": "Tomas", "manager": "jonas@nordljus.example"})
        page = (await helena.get(ADDRESS)).text
    for refused in (nobody, without_staff):
        assert faults(refused.text) == {"manager": "Nobody of that name or address has staff."}
    assert named.status_code == 303
    assert "Tomas Eklund stands in for Jonas Bergman" in page


@pytest.mark.parametrize("who", [MAJA, TOMAS])
async def test_whoever_has_no_staff_finds_nothing_there(
    there: Place, here: Organisation, who: Person
) -> None:
    id_ = await there.features.stand_ins.name(JONAS.actor, "jonas", "astrid", TEN_DAYS, "Semester")
    async with there.browser(who.id) as one:
        answers = [
            await one.get(ADDRESS),
            await one.post(ADDRESS, data=DAYS | {"who": "Tomas", "manager": "Jonas"}),
            await one.post(f"{ADDRESS}/{id_}/end"),
        ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert await here.count("delegation") == 1


async def test_of_several_of_a_name_one_is_picked_and_nothing_typed_is_lost(
    there: Place, here: Organisation
) -> None:
    for number in (1, 2):
        one = person(f"elsa{number}", f"Elsa Ek {number}", None)
        await here.accounts.add(OPERATOR, one, None)
    given = DAYS | {"who": "Elsa", "reason": "Semester"}
    async with there.browser("jonas") as jonas:
        asked = await jonas.post(ADDRESS, data=given)
        assert (asked.status_code, faults(asked.text)) == (
            409,
            {"who": "There are several of that name: pick one."},
        )
        assert re.findall(r'name="who_id" value="(\w+)"', asked.text) == ["elsa1", "elsa2"]
        for kept in ('value="Elsa"', 'value="2026-11-20"', 'value="2026-11-30"', ">Semester</textarea>"):
            assert kept in asked.text
        # Nobody who was not among them can be picked.
        odd = await jonas.post(ADDRESS, data=given | {"who_id": "maja"})
        assert odd.status_code == 409
        assert (await jonas.post(ADDRESS, data=given | {"who_id": "elsa2"})).status_code == 303
        assert "Elsa Ek 2" in (await jonas.get(ADDRESS)).text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"who": "Nobody"}, {"who": "Nobody of that name or address works here."}),
        ({"who": "Jonas"}, {"who": "Nobody stands in for themselves. Name somebody else."}),
        ({"begins": "", "ends": "x"}, {"begins": "Say from which day.", "ends": "Say until which day."}),
        ({"ends": "2026-11-19"}, {"ends": "The last day comes before the first."}),
        ({"begins": "2026-11-01", "ends": "2026-11-19"}, {"ends": "The last day has passed already."}),
        ({"reason": "x" * 501}, {"reason": "This is too long: at most 500 characters."}),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field(
    there: Place, here: Organisation, wrong: dict[str, str], said: dict[str, str]
) -> None:
    async with there.browser("jonas") as jonas:
        answer = await jonas.post(ADDRESS, data=DAYS | {"who": "Tomas"} | wrong)
    told = faults(answer.text)
    assert (answer.status_code, set(told)) == (409, set(said))
    assert "reason" in said or told == said
    assert await here.count("delegation") == 0


async def test_a_stand_in_moves_a_meeting_and_never_sees_the_conversation(
    there: Place, here: Organisation
) -> None:
    id_ = await here.conversation(MEETING)
    async with there.browser("tomas") as tomas:
        assert (await tomas.get(f"/conversations/{id_}/meeting")).status_code == 404
        await there.features.stand_ins.name(JONAS.actor, "jonas", "tomas", TEN_DAYS)
        page = (await tomas.get(f"/conversations/{id_}/meeting")).text
        assert "Maja Öberg meets Jonas Bergman. You stand in for Jonas Bergman" in page
        assert f'href="/conversations/{id_}"' not in page
        moved = await tomas.post(
            f"/conversations/{id_}/meeting", data={"day": "2026-12-02", "time": "10:00", "place": "Labbet"}
        )
        assert (moved.status_code, moved.headers["location"]) == (303, "/staff")
        for part in ("", "/changes", "/record", "/draft.pdf", "/guests", "/cancel", "/decline"):
            assert (await tomas.get(f"/conversations/{id_}{part}")).status_code == 404, part
    seen = await here.conversations.see(MAJA.actor, id_)
    assert seen.meeting
    assert seen.meeting.place == "Labbet"
