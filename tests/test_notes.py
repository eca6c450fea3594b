"""Notes: whose they are, what they are about, and that they go for good."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select

from server import notes
from server.rules.errors import NotFound
from server.storage import tables
from server.storage.bells import notes_of
from tests.conftest import SetClock
from tests.organisation import ASTRID, HELENA, JONAS, MAJA, TOMAS, Organisation, text


async def test_somebody_keeps_notes_of_three_kinds_and_reads_them_back(
    here: Organisation, clock: SetClock
) -> None:
    talk = await here.conversation()
    own = await here.notes.add(MAJA.actor)
    clock.pass_time(minutes=1)
    prepared = await here.notes.add(MAJA.actor, about_conversation=talk)
    clock.pass_time(minutes=1)
    praise = await here.notes.add(MAJA.actor, about_person="jonas")
    await here.write_in("maja", notes.name_of("maja", praise), {"text": text("", " Bra hållet! ", "Mer.")})
    mine = await here.notes.mine(MAJA.actor)
    assert [each.id for each in mine] == [praise, prepared, own]
    assert [(each.about_person and each.about_person.id, each.about_conversation) for each in mine] == [
        ("jonas", None),
        (None, talk),
        (None, None),
    ]
    assert [each.beginning for each in mine] == ["Bra hållet!", "", ""]
    assert [each.id for each in await here.notes.of_conversation(MAJA.actor, talk)] == [prepared]
    assert [each.id for each in await here.notes.of_person(MAJA.actor, "jonas")] == [praise]
    _, said = await here.notes.read(MAJA.actor, praise)
    assert said == text("", " Bra hållet! ", "Mer.")


async def test_nobody_else_learns_that_there_is_one(here: Organisation) -> None:
    talk = await here.conversation()
    note = await here.notes.add(JONAS.actor, about_conversation=talk)
    about = await here.notes.add(JONAS.actor, about_person="maja")
    for actor in (MAJA.actor, ASTRID.actor, HELENA.actor, TOMAS.actor):
        assert await here.notes.mine(actor) == []
        assert await here.notes.of_conversation(actor, talk) == []
        assert await here.notes.of_person(actor, "maja") == []
        for id_ in (note, about, "0" * 32):
            with pytest.raises(NotFound):
                await here.notes.read(actor, id_)
            with pytest.raises(NotFound):
                await here.notes.throw_away(actor, id_)
    # Nor does whoever reads the audit.
    about_notes = select(func.count()).where(tables.audit.c.event.like("%note%"))
    assert await here.database.read(lambda connection: connection.scalar(about_notes)) == 0
    assert notes_of("jonas") not in here.bells


async def test_a_note_is_about_what_its_owner_sees(here: Organisation) -> None:
    talk = await here.conversation()
    for actor, about in (
        (ASTRID.actor, {"about_conversation": talk}),
        (MAJA.actor, {"about_conversation": "0" * 32}),
        (MAJA.actor, {"about_person": "nobody"}),
    ):
        with pytest.raises(NotFound):
            await here.notes.add(actor, **about)
    assert await here.count("note") == 0


async def test_what_is_thrown_away_is_gone_from_every_table(here: Organisation) -> None:
    before = await here.count("document")
    id_ = await here.notes.add(MAJA.actor)
    await here.write_in("maja", notes.name_of("maja", id_), {"text": text("Jag vill byta jobb.")})
    await here.notes.throw_away(MAJA.actor, id_)
    assert await here.count("note") == 0
    assert await here.count("document") == before
    for table in ("document_update", "document_client", "change_log"):
        assert await here.count(table) == 0


class TestOnSqlite:
    """Where one file has everything."""

    @pytest.fixture
    def database_url(self, sqlite_url: str) -> str:
        return sqlite_url

    async def test_what_is_thrown_away_leaves_the_disk(self, here: Organisation, sqlite_url: str) -> None:
        canary = "Jag vill byta jobb."
        id_ = await here.notes.add(MAJA.actor)
        name = notes.name_of("maja", id_)
        await here.write_in("maja", name, {"text": text(canary)})
        _, document = await here.database.read(lambda connection: notes.get(connection, MAJA.actor, id_))
        stored = await here.load(await here.documents.open((await here.visit("maja")).id, name))
        await here.database.log.compact(document, 1, stored.snapshot())
        stored.close()
        file = Path(str(make_url(sqlite_url).database))
        assert canary.encode() in _on_disk(file)
        await here.notes.throw_away(MAJA.actor, id_)
        assert canary.encode() not in _on_disk(file)


def _on_disk(file: Path) -> bytes:
    """Every byte of the file and of what SQLite keeps beside it."""
    return b"".join(path.read_bytes() for path in sorted(file.parent.glob(f"{file.name}*")))


@pytest.mark.parametrize("about", [{}, {"about_person": "jonas"}, {"about_conversation": "talk"}])
async def test_a_button_that_is_pressed_twice_begins_one_note(
    here: Organisation, about: dict[str, str]
) -> None:
    talk = await here.conversation()
    about = {key: talk if key == "about_conversation" else each for key, each in about.items()}
    first, second = await asyncio.gather(*(here.notes.add(MAJA.actor, **about) for _ in range(2)))
    assert first == second
    # Of somebody, and of what one does, one keeps as many as one writes; of a conversation one.
    await here.write_in("maja", f"notes/maja/{first}", {"text": text("Skrivet.")})
    third = await here.notes.add(MAJA.actor, **about)
    assert (third == first) is ("about_conversation" in about)
