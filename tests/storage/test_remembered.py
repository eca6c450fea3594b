"""What a glance may answer from memory: nothing older than the last change that anybody was told of."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from server.rules.errors import NoLongerPossible, StorageUnavailable
from server.rules.limits import REMEMBERED_MAX
from server.storage import tables
from server.storage.bells import Bell, PersonChanged
from server.storage.database import Database, remembered, ring
from server.storage.sqlite import SqliteDatabase
from tests.storage.scene import Scene, typed


class Asker:
    """Asks what a person is called, and counts how often that is read."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.reads = 0

    async def ask(self, key: str = "maja", kind: str = "name") -> str:
        def look(rows: Connection) -> str:
            return remembered(rows, kind, key, lambda: self.read(rows))

        return await self.database.glance(look)

    def read(self, rows: Connection) -> str:
        self.reads += 1
        asked = select(tables.person.c.name).where(tables.person.c.id == "maja")
        name: str = rows.execute(asked).scalar_one()
        return name


def call(name: str) -> Callable[[Connection], Any]:
    def work(rows: Connection) -> None:
        rows.execute(update(tables.person).where(tables.person.c.id == "maja").values(name=name))
        ring(rows, PersonChanged("maja"))

    return work


@pytest.fixture
def asker(scene: Scene) -> Asker:
    return Asker(scene.database)


async def test_whoever_has_been_told_of_a_change_reads_it(asker: Asker) -> None:
    for number in range(3):
        await asker.database.write(call(f"Maja {number}"))
        assert [await asker.ask(), await asker.ask()] == [f"Maja {number}"] * 2


async def test_a_bell_is_heard_after_what_it_is_about_has_been_forgotten(asker: Asker) -> None:
    heard: list[tuple[Bell, int]] = []
    if not isinstance(asker.database, SqliteDatabase):
        return
    before = asker.database._writer.changes_seen
    writer = asker.database._writer
    asker.database.listen(lambda bell: heard.append((bell, writer.changes_seen)))
    await asker.database.write(call("Maja"))
    assert heard == [(PersonChanged("maja"), before + 1)]


async def test_what_is_typed_leaves_it_remembered(asker: Asker, scene: Scene) -> None:
    await asker.ask()
    await scene.database.log.append(typed(scene.joint, b"typed"))
    await scene.database.log.compact(scene.joint, 1, b"folded")
    await asker.ask()
    assert asker.reads == (1 if isinstance(scene.database, SqliteDatabase) else 2)


async def test_what_was_refused_changes_nothing_and_does_no_harm(asker: Asker) -> None:
    def refuse(rows: Connection) -> None:
        call("Other")(rows)
        raise NoLongerPossible

    name = await asker.ask()
    with pytest.raises(NoLongerPossible):
        await asker.database.write(refuse)
    assert await asker.ask() == name


async def test_after_a_commit_of_which_nobody_knows_it_is_read_again(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not isinstance(asker.database, SqliteDatabase):
        return

    def fail() -> None:
        # The commit has been made when this is asked.
        raise OSError

    await asker.ask()
    with monkeypatch.context() as patched:
        patched.setattr(asker.database._writer, "_check_files", fail)
        with pytest.raises(StorageUnavailable):
            await asker.database.write(call("Unanswered"))
    assert await asker.ask() == "Unanswered"


async def test_so_much_is_remembered_and_no_more(asker: Asker) -> None:
    for number in range(REMEMBERED_MAX + 1):
        await asker.ask(str(number))
    await asker.ask(str(REMEMBERED_MAX))
    before = asker.reads
    await asker.ask("0")
    assert asker.reads == before + 1


async def test_much_of_one_kind_makes_nobody_forget_another(asker: Asker) -> None:
    if not isinstance(asker.database, SqliteDatabase):
        return
    await asker.ask()
    for number in range(REMEMBERED_MAX):
        await asker.ask(str(number), "title")
    before = asker.reads
    await asker.ask()
    assert asker.reads == before


async def test_only_a_glance_remembers(asker: Asker) -> None:
    for way in (asker.database.read, asker.database.write):
        for _ in range(2):
            await way(lambda rows: remembered(rows, "name", "maja", lambda: asker.read(rows)))
    assert asker.reads == 4
