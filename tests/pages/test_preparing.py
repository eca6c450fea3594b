"""The page on which one prepares, notes to oneself, and what conversations are for."""

import re

import pytest
from sqlalchemy import update

from server import advice
from server.activities import GoalType
from server.activity_documents import Wording
from server.pages.context import Features
from server.storage import tables
from tests.conftest import SetClock
from tests.organisation import JONAS, MAJA, Organisation, annual_template
from tests.pages.visiting import Place, founded
from tests.queries import QUERIES_MAX, counted

FORM = annual_template(prepare={"employee_must_read": True})


@pytest.fixture
async def here(features: Features, clock: SetClock) -> Organisation:
    return await founded(features, clock, FORM)


async def test_each_party_gets_her_own_advice_and_ticks_it_off(there: Place) -> None:
    id_ = await there.here.conversation()
    page = f"/conversations/{id_}/prepare"
    assert page in (await there.get("maja", f"/conversations/{id_}")).text
    told = advice.read()
    for who, mine, theirs in (("maja", told.employee, told.manager), ("jonas", told.manager, told.employee)):
        words = await there.read(who, page)
        assert all(piece.en in words for piece in mine)
        assert not any(piece.en in words for piece in theirs)
    done = await there.post("maja", page, {"e2": "yes", "m1": "yes", "nothing": "yes"})
    assert (done.status_code, done.headers["location"]) == (303, page)
    html = (await there.get("maja", page)).text
    assert re.findall(r'name="(\w+)" value="yes" checked', html) == ["e2"]
    assert " checked" not in (await there.get("jonas", page)).text


async def test_the_employee_says_that_the_questions_are_read_and_both_see_it(there: Place) -> None:
    id_ = await there.here.conversation()
    page = f"/conversations/{id_}/prepare"
    assert "I have read the questions" in await there.read("maja", page)
    assert "I have read the questions" not in await there.read("jonas", page)
    assert "Maja has not said yet" in await there.read("jonas", page)
    await there.post("maja", f"{page}/read")
    assert "You have read the questions" in await there.read("maja", page)
    assert "Maja has read the questions" in await there.read("jonas", page)


async def test_the_questions_come_on_paper(there: Place) -> None:
    id_ = await there.here.conversation()
    paper = await there.get("maja", f"/conversations/{id_}/questions.pdf")
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")
    assert (await there.get("astrid", f"/conversations/{id_}/questions.pdf")).status_code == 404


async def test_a_note_to_oneself_is_begun_once_and_is_on_nobody_elses_page(there: Place) -> None:
    id_ = await there.here.conversation()
    page = f"/conversations/{id_}/prepare"
    before = (await there.get("jonas", page)).text
    for _ in range(2):
        begun = await there.post("maja", f"{page}/note")
        assert begun.headers["location"] == f"{page}#note"
    (note,) = await there.features.notes.of_conversation(MAJA.actor, id_)
    html = (await there.get("maja", page)).text
    assert note.name in html
    assert 'data-pane="note" data-field="text"' in html
    assert (await there.get("jonas", page)).text == before
    assert (await there.get("jonas", f"/notes/{note.id}")).status_code == 404
    assert (await there.post("jonas", f"/notes/{note.id}/throw-away")).status_code == 303
    assert (await there.features.notes.of_conversation(MAJA.actor, id_)) == [note]
    gone = await there.post("maja", f"/notes/{note.id}/throw-away")
    assert gone.headers["location"] == page
    assert await there.features.notes.of_conversation(MAJA.actor, id_) == []


async def test_the_page_asks_as_little_with_a_note_and_activities_as_without(there: Place) -> None:
    id_ = await there.here.conversation()
    page = f"/conversations/{id_}/prepare"
    with counted() as without:
        await there.get("jonas", page)
    await there.post("jonas", f"{page}/note")
    for title in ("Ny jourlista", "Ny larmrutin"):
        await there.here.new_activities.add(JONAS.actor, "maja", GoalType.WORK, Wording(title))
    with counted() as with_them:
        html = (await there.get("jonas", page)).text
    assert "Ny larmrutin" in html
    assert 'data-pane="note"' in html
    # The note is a document: where it begins, what was written since, and who wrote.
    assert len(with_them) - len(without) <= 3
    assert len(without) <= QUERIES_MAX, "\n".join(without)


async def test_notes_of_ones_own_work_and_about_somebody(there: Place) -> None:
    assert "You have no notes yet." in await there.read("jonas", "/notes")
    own = await there.post("jonas", "/notes")
    about = await there.post("jonas", "/notes", {"about": "maja"})
    listed = await there.read("jonas", "/notes")
    assert "About my own work" in listed
    assert "About Maja Öberg" in listed
    only = await there.read("jonas", "/notes?about=maja")
    assert "About my own work" not in only
    assert "My notes about Maja Öberg" in only
    for written in (own, about):
        assert (await there.get("jonas", written.headers["location"])).status_code == 200
        assert (await there.get("maja", written.headers["location"])).status_code == 404
    assert len(await there.features.notes.mine(JONAS.actor)) == 2
    assert "You have no notes yet." in await there.read("maja", "/notes")


async def test_who_has_left_is_named_to_those_alone_who_keep_a_note_of_them(there: Place) -> None:
    await there.post("jonas", "/notes", {"about": "maja"})
    left = update(tables.person).where(tables.person.c.id == "maja").values(active=False)
    await there.features.database.write(lambda c: c.execute(left))
    assert "Maja Öberg" in (await there.get("jonas", "/notes?about=maja")).text
    for who in ("maja", "nobody"):
        assert (await there.get("astrid", f"/notes?about={who}")).status_code == 404


async def test_everybody_can_read_what_conversations_are_for(there: Place) -> None:
    words = await there.read("maja", "/guidance")
    assert "Everybody has one at least every 12 months." in words
    assert "7 to 14 days ahead" in words
    assert "Årligt" not in words
    assert advice.read().manager[0].en in words
