"""A conversation gets another responsible, page by page, through the whole application (S11, PRI-1)."""

import html
import re

import httpx
import pytest

from server import people
from server.pages.context import Features
from server.rules.access import Pane, Role
from tests.conftest import SetClock
from tests.organisation import HELENA, JONAS, MAJA, TOMAS, Organisation, person, text
from tests.pages.visiting import Place, founded

INGRID = person("ingrid", "Ingrid Solheim", "astrid", Role.MANAGER)
CANARY = "Kanariefågel: hon tar för mycket själv."
SAID, MINE, OURS = "Du har lyft hela laget.", "Larmrutinen sitter.", "Mot driftledning."
REASON = "Maja har bytt enhet."


@pytest.fixture
async def here(features: Features, clock: SetClock) -> Organisation:
    organisation = await founded(features, clock)
    await organisation.accounts.add(TOMAS.actor, INGRID, None)
    await organisation.accounts.set_locale(INGRID.id, "en")
    return organisation


def content(answer: httpx.Response) -> str:
    """What the page says, on one line."""
    said = re.sub(r"<[^>]+>", " ", answer.text.split("<main")[1].split("<template")[0])
    return html.unescape(re.sub(r"\s+", " ", said))


def fields(answer: httpx.Response, value: str) -> dict[str, str]:
    """The answers' form, filled in: this for every question."""
    given = {name: value for name in re.findall(r'name="(part-[^"]+)"', answer.text)}
    hidden = re.findall(r'name="(seen-[^"]+)" value="([^"]*)"', answer.text)
    return given | {name: html.unescape(vector) for name, vector in hidden}


async def handed_over(here: Organisation, there: Place) -> str:
    """Maja's conversation with Jonas: shared, opened, then written on, and Ingrid's."""
    id_ = await here.conversation()
    await here.ready(id_)
    await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    await here.sharing.open_pane(MAJA.actor, id_, Pane.MANAGER)
    await there.features.handovers.reassign(HELENA.actor, id_, "ingrid", REASON)
    return id_


async def test_hr_finds_the_conversation_and_hands_it_over(there: Place, here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("jonas", id_, Pane.MANAGER, {"a1": text(CANARY)})
    async with there.browser("helena") as helena:
        address = f"/conversations/{id_}/responsible"
        assert "There are none" in content(await helena.get("/conversations/to-reassign"))
        await here.database.write(
            lambda c: people.place(c, TOMAS.actor, "maja", None, "ingrid", here.clock())
        )
        listed = await helena.get("/conversations/to-reassign")
        assert "Maja Öberg" in content(listed)
        assert f'href="{address}"' in listed.text
        asked = await helena.get(address)
        assert "Manager of Maja" in content(asked)
        found = await helena.post(address, data={"step": "find", "name": "astrid", "reason": REASON})
        assert "Astrid Lindqvist" in content(found)
        assert REASON in found.text
        refused = await helena.post(address, data={"step": "hand", "person": "helena", "reason": REASON})
        assert refused.status_code == 409
        assert REASON in refused.text
        done = await helena.post(address, data={"step": "hand", "person": "ingrid", "reason": REASON})
        assert (done.status_code, done.headers["location"]) == (303, "/conversations/to-reassign")
        for answer in (listed, asked, found, refused):
            assert CANARY not in answer.text
        assert (await helena.get(f"/conversations/{id_}")).status_code == 404
        assert "There are none" in content(await helena.get("/conversations/to-reassign"))
    async with there.browser("ingrid") as ingrid:
        page = await ingrid.get(f"/conversations/{id_}")
        assert "You are responsible for this conversation now, after Jonas." in content(page)
        assert REASON in content(page)
        assert (await ingrid.get("/conversations/to-reassign")).status_code == 404


async def test_no_byte_of_the_draft_is_in_anybody_elses_page_or_file(
    there: Place, here: Organisation, capfd: pytest.CaptureFixture[str]
) -> None:
    id_ = await here.conversation()
    await here.write("jonas", id_, Pane.MANAGER, {"a1": text(CANARY)})
    await there.features.handovers.reassign(JONAS.actor, id_, "ingrid")
    (part,) = (await there.features.formers.of(JONAS.actor, id_)).parts
    of = f"/conversations/{id_}"
    kept = f"{of}/former/{part.handover}/manager"
    pages = ("/", of, f"{of}/changes", f"{of}/guests", f"{of}/former", f"{of}/handover", f"{kept}.pdf")
    for who in ("maja", "ingrid", "helena"):
        async with there.browser(who) as one:
            for page in (*pages, f"{of}/draft.pdf", f"{of}/responsible"):
                answer = await one.get(page)
                assert CANARY.encode() not in answer.content, (who, page)
                if page.startswith(kept) or page == f"{of}/former":
                    assert answer.status_code == 404, (who, page)
            assert (await one.post(f"{kept}/remove")).status_code in (404, 409)
    said = capfd.readouterr()
    assert CANARY not in said.out + said.err
    async with there.browser("jonas") as jonas:
        assert CANARY in (await jonas.get(f"{of}/former")).text


async def test_the_predecessor_reads_downloads_and_erases_what_is_kept(
    there: Place, here: Organisation
) -> None:
    id_ = await here.conversation()
    await here.write("jonas", id_, Pane.MANAGER, {"a1": text(CANARY)})
    async with there.browser("jonas") as jonas:
        page = await jonas.get(f"/conversations/{id_}")
        assert f'href="/conversations/{id_}/responsible"' in page.text
        done = await jonas.post(
            f"/conversations/{id_}/responsible", data={"step": "hand", "person": "ingrid"}
        )
        assert done.headers["location"] == f"/conversations/{id_}/former"
        back = await jonas.get(f"/conversations/{id_}")
        assert (back.status_code, back.headers["location"]) == (303, f"/conversations/{id_}/former")
        assert f'href="/conversations/{id_}/former"' in (await jonas.get("/")).text
        kept = await jonas.get(f"/conversations/{id_}/former")
        assert CANARY in content(kept)
        assert "Only you read this." in content(kept)
        (paper,) = re.findall(r'href="([^"]+\.pdf)"', kept.text)
        assert (await jonas.get(paper)).content.startswith(b"%PDF-")
        (erase,) = re.findall(r'action="([^"]+/remove)"', kept.text)
        assert (await jonas.post(erase)).headers["location"] == "/"
        assert (await jonas.get(f"/conversations/{id_}/former")).status_code == 404
        assert (await jonas.get(f"/conversations/{id_}")).status_code == 404


async def test_the_employee_is_asked_and_what_she_answers_is_done(there: Place, here: Organisation) -> None:
    id_ = await handed_over(here, there)
    address = f"/conversations/{id_}/handover"
    async with there.browser("ingrid") as ingrid, there.browser("maja") as maja:
        before = await ingrid.get(f"/conversations/{id_}")
        for words in (SAID, MINE, OURS):
            assert words not in before.text
        assert "Maja has not said yet what goes over to you" in content(before)
        page = await maja.get(f"/conversations/{id_}")
        assert "Ingrid Solheim is responsible for your conversation now." in content(page)
        assert f'href="{address}"' in page.text
        start = await maja.get("/")
        assert f'href="{address}"' in start.text or "goes over" in content(start)
        asked = await maja.get(address)
        for words in (SAID, MINE, OURS, "What Jonas shared with you", "What you and Jonas wrote together"):
            assert words in content(asked)
        assert len(set(re.findall(r'id="([^"]+)"', asked.text))) == len(
            re.findall(r'id="([^"]+)"', asked.text)
        )
        # One question without an answer, and all that was chosen comes back.
        some = fields(asked, "goes")
        left_out = next(name for name in some if name.endswith("-joint"))
        refused = await maja.post(address, data={name: some[name] for name in some if name != left_out})
        assert refused.status_code == 409
        assert refused.text.count(" checked") == 2
        # What no page of hers ever had changes nothing, and is no fault of the server.
        seen = next(name for name in some if name.startswith("seen-") and name.endswith("-employee"))
        assert (await maja.post(address, data=some | {seen: "/////w=="})).status_code == 409
        done = await maja.post(address, data=fields(asked, "goes"))
        assert done.headers["location"] == f"/conversations/{id_}"
        assert (await maja.get(address)).status_code == 409
        page = await maja.get(f"/conversations/{id_}")
        assert OURS in page.text
        assert SAID in page.text
        after = await ingrid.get(f"/conversations/{id_}")
        assert "What Jonas had shared" in after.text
        assert SAID in after.text
        assert OURS in after.text
        assert MINE not in after.text
        await ingrid.post(f"/conversations/{id_}/panes/employee/open")
        assert MINE in (await ingrid.get(f"/conversations/{id_}")).text
        assert (await ingrid.get(address)).status_code == 404


async def test_what_stays_is_not_shown_to_the_successor(there: Place, here: Organisation) -> None:
    id_ = await handed_over(here, there)
    address = f"/conversations/{id_}/handover"
    async with there.browser("ingrid") as ingrid, there.browser("maja") as maja:
        await maja.post(address, data=fields(await maja.get(address), "stays"))
        after = await ingrid.get(f"/conversations/{id_}")
        for words in (SAID, MINE, OURS):
            assert words not in after.text
        kept = content(await maja.get(f"/conversations/{id_}/former"))
        assert SAID in kept
        assert OURS in kept
    async with there.browser("jonas") as jonas:
        kept = content(await jonas.get(f"/conversations/{id_}/former"))
        assert SAID in kept
        assert OURS in kept
        assert "Only you and Maja read this." in kept


async def test_what_is_being_signed_says_that_it_must_be_opened_again(
    there: Place, here: Organisation
) -> None:
    id_, _ = await here.frozen()
    for who in ("helena", "jonas"):
        async with there.browser(who) as one:
            page = await one.get(f"/conversations/{id_}/responsible")
            assert "One of those who sign must open it again first" in content(page)
            refused = await one.post(f"/conversations/{id_}/responsible", data={"person": "ingrid"})
            assert refused.status_code == 409
    async with there.browser("maja") as maja:
        assert (await maja.get(f"/conversations/{id_}/responsible")).status_code == 404


async def test_a_record_stays_with_the_two_who_signed_it(there: Place, here: Organisation) -> None:
    id_, _ = await here.closed()
    await here.reopening.reopen(MAJA.actor, id_, "Något fattas.")
    await there.features.handovers.reassign(HELENA.actor, id_, "ingrid")
    record = f"/conversations/{id_}/records/1"
    async with there.browser("jonas") as jonas:
        assert MINE in (await jonas.get(record)).text
        assert (await jonas.get(f"{record}.pdf")).status_code == 200
        assert f'href="{record}"' in (await jonas.get(f"/conversations/{id_}/former")).text
        assert (await jonas.get(f"/conversations/{id_}/changes")).status_code == 404
    async with there.browser("maja") as maja:
        assert "Jonas Bergman" in content(await maja.get(record))
    async with there.browser("ingrid") as ingrid:
        for page in (record, f"{record}.pdf", f"{record}.zip", f"/conversations/{id_}/record"):
            assert (await ingrid.get(page)).status_code == 404
        changes = await ingrid.get(f"/conversations/{id_}/changes")
        assert "Något fattas." not in changes.text
        assert "Helena Wik handed the conversation over to Ingrid Solheim" in content(changes)
        assert "Något fattas." not in (await ingrid.get(f"/conversations/{id_}")).text
