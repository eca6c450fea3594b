"""Inviting guests and being one, page by page, through the whole application (F47, F99)."""

import re

import httpx
import pytest

from server.pages.context import Features
from server.rules.access import Pane, Role
from server.rules.limits import SEARCH_RESULTS_MAX
from tests.conftest import SetClock
from tests.organisation import JONAS, MAJA, TOMAS, Organisation, person, text
from tests.pages.visiting import Place, founded

ELIAS = person("elias", "Elias Norén", "jonas", Role.UNION_REPRESENTATIVE)
CANARY = "Jag funderar på att söka det andra jobbet."


@pytest.fixture
async def here(features: Features, clock: SetClock) -> Organisation:
    organisation = await founded(features, clock)
    await organisation.accounts.add(TOMAS.actor, ELIAS, None)
    await organisation.accounts.set_locale(ELIAS.id, "en")
    return organisation


async def beside_maja(here: Organisation) -> str:
    """Maja's conversation, in which Elias takes part by her invitation."""
    id_ = await here.conversation()
    await here.invitations.invite(MAJA.actor, id_, "elias")
    await here.invitations.accept(ELIAS.actor, id_)
    return id_


def content(answer: httpx.Response) -> str:
    """What the page says, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text.split("<main")[1].split("<template")[0]))


async def test_a_colleague_is_found_invited_accepts_and_takes_part(there: Place, here: Organisation) -> None:
    id_ = await here.conversation()
    address = f"/conversations/{id_}"
    async with there.browser("maja") as maja:
        assert f'href="{address}/guests"' in (await maja.get(address)).text
        found = await maja.get(f"{address}/guests", params={"q": "noren"})
        assert "Elias Norén" in content(found)
        assert (await maja.post(f"{address}/guests", data={"person": "elias"})).status_code == 303
        assert "Elias has not answered yet" in content(await maja.get(address))
    async with there.browser("elias") as elias:
        start = (await elias.get("/")).text
        assert f'href="{address}/invitation"' in start
        assert "You have one invitation to answer." in start
        invitation = await elias.get(f"{address}/invitation")
        assert "Maja invites you" in content(invitation)
        assert "Maja Öberg and Jonas Bergman" in content(invitation)
        assert (await elias.get(address)).status_code == 404
        accepted = await elias.post(f"{address}/invitation")
        assert accepted.headers["location"] == address
        assert "As a guest" in content(await elias.get("/"))
        assert "Annual conversation of Maja and Jonas" in content(await elias.get(address))


async def test_everybody_is_told_the_same_of_a_guest(there: Place, here: Organisation) -> None:
    id_ = await here.conversation()
    await here.invitations.invite(JONAS.actor, id_, "elias")
    await here.invitations.agree(MAJA.actor, id_, "elias")
    await here.invitations.accept(ELIAS.actor, id_)
    rights = "Reads what both Maja and Jonas can read, and writes nothing."
    for who in ("maja", "jonas", "elias"):
        for path in ("", "/guests"):
            async with there.browser(who) as one:
                said = content(await one.get(f"/conversations/{id_}{path}"))
            assert "Invited by Jonas. Maja has agreed." in said
            assert rights in said
            assert "union representative" in said.lower()
    await here.invitations.let_write(MAJA.actor, id_, "elias", True)
    async with there.browser("jonas") as jonas:
        said = content(await jonas.get(f"/conversations/{id_}"))
    assert "and writes in the joint pane." in said
    assert rights not in said


async def test_the_employee_is_asked_to_agree_where_she_is(there: Place, here: Organisation) -> None:
    id_ = await here.conversation()
    await here.invitations.invite(JONAS.actor, id_, "elias")
    async with there.browser("maja") as maja, there.browser("jonas") as jonas:
        agrees = f'action="/conversations/{id_}/guests/elias/agree"'
        assert agrees in (await maja.get(f"/conversations/{id_}")).text
        assert agrees not in (await jonas.get(f"/conversations/{id_}")).text
        assert (await maja.post(f"/conversations/{id_}/guests/elias/agree")).status_code == 303
        assert agrees not in (await maja.get(f"/conversations/{id_}")).text


async def test_who_cannot_be_invited_is_said_where_it_was_asked(there: Place, here: Organisation) -> None:
    id_ = await beside_maja(here)
    async with there.browser("maja") as maja:
        for who, sentence in (
            ("jonas", "Jonas Bergman takes part in this conversation already."),
            ("elias", "Elias Norén has been invited already."),
            ("nobody", "There is nobody of that name or address here who could be invited."),
        ):
            refused = await maja.post(f"/conversations/{id_}/guests", data={"person": who})
            assert refused.status_code == 409
            assert sentence in content(refused)
            assert "Name or e-mail address" in content(refused)


async def test_of_many_with_a_name_only_the_first_are_shown_and_that_is_said(
    there: Place, here: Organisation
) -> None:
    id_ = await here.conversation()
    for number in range(SEARCH_RESULTS_MAX + 1):
        await here.accounts.add(TOMAS.actor, person(f"p{number}", f"Person {number:02}", None), None)
    async with there.browser("maja") as maja:
        found = await maja.get(f"/conversations/{id_}/guests", params={"q": "person"})
        assert found.text.count('name="person"') == SEARCH_RESULTS_MAX
        assert f"Only the first {SEARCH_RESULTS_MAX} are shown." in content(found)
        odd = await maja.get(f"/conversations/{id_}/guests", params={"q": "<b>nobody"})
        assert "Nobody of that name" in content(odd)
        assert "<b>nobody" not in odd.text


async def test_a_guest_has_no_pane_and_no_turn_of_the_twos(there: Place, here: Organisation) -> None:
    id_ = await beside_maja(here)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("Larmrutinen fungerar.")})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    async with there.browser("elias") as elias:
        page = (await elias.get(f"/conversations/{id_}")).text
    assert "You take part as a guest." in page
    assert "My pane" not in page
    offered = set(re.findall(r'(?:action|href)="/conversations/[^/"]+/([^"]+)"', page))
    assert offered <= {"guests", "guests/elias/end", "draft.pdf", "changes"}


async def test_of_what_is_not_shared_a_guest_is_answered_nothing(there: Place, here: Organisation) -> None:
    id_ = await beside_maja(here)
    paths = "/", f"/conversations/{id_}", f"/conversations/{id_}/guests", f"/conversations/{id_}/invitation"
    async with there.browser("elias") as elias:
        before = [(await elias.get(path)).text for path in paths]
        await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text(CANARY), "a3": 4})
        await here.write("jonas", id_, Pane.MANAGER, {"a1": text(CANARY)})
        assert [(await elias.get(path)).text for path in paths] == before
        await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
        assert not [path for path in paths if CANARY in (await elias.get(path)).text]
        await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
        assert CANARY in (await elias.get(paths[1])).text


async def test_a_guest_who_leaves_comes_to_the_start_page(there: Place, here: Organisation) -> None:
    id_ = await beside_maja(here)
    async with there.browser("elias") as elias:
        left = await elias.post(f"/conversations/{id_}/guests/elias/end")
        assert (left.status_code, left.headers["location"]) == (303, "/")
        assert (await elias.get(f"/conversations/{id_}")).status_code == 404
        assert "As a guest" not in content(await elias.get("/"))


async def test_a_script_is_answered_without_a_page(there: Place, here: Organisation) -> None:
    id_ = await beside_maja(here)
    data = {"Accept": "application/json"}
    async with there.browser("maja") as maja:
        given = await maja.post(
            f"/conversations/{id_}/guests/elias/writing", data={"writes": "yes"}, headers=data
        )
        assert given.status_code == 204
        refused = await maja.post(f"/conversations/{id_}/guests", data={"person": "jonas"}, headers=data)
        assert refused.json() == {"sentence": "Jonas Bergman takes part in this conversation already."}


async def test_a_colleague_learns_of_no_invitation(there: Place, here: Organisation) -> None:
    id_ = await beside_maja(here)
    async with there.browser("astrid") as astrid:
        for path in ("guests", "invitation"):
            real = await astrid.get(f"/conversations/{id_}/{path}")
            none = await astrid.get(f"/conversations/{'0' * 32}/{path}")
            assert (real.status_code, real.text.replace(id_, "")) == (
                404,
                none.text.replace("0" * 32, ""),
            )
