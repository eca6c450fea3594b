"""The update log's promises for documents of no conversation: an activity, a note; rights, rows, turns."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, update

from server import activities, erasing, notes
from server.rules.access import State
from server.rules.keeping import Due, Kind
from server.storage import tables
from server.storage.database import add_document, drop_document, lock_document
from server.storage.log_rows import last_change
from server.storage.update_log import (
    ActivitySummary,
    Append,
    AppendRefused,
    Author,
    DocumentGone,
    LogMovedOn,
    NoteSummary,
    Summary,
)
from tests.conftest import connected
from tests.storage.scene import JONAS, MAJA, SNAPSHOT, Scene, typed
from tests.storage.test_postgres import wait_for_a_lock

ASTRID = Author("astrid", "session-astrid")
SAYS = ActivitySummary("Handledarkurs", "jonas", date(2027, 3, 1), date(2027, 6, 1))


@dataclass
class Kept:
    """Maja's activity, whose line manager is Jonas; a note of Maja's; and Astrid, who leads neither."""

    scene: Scene
    activity: int
    note: int

    async def append(self, document: int, author: Author, summary: Summary | None = None) -> int:
        follows = (await self.scene.database.log.load(document)).sequence
        append = typed(document, author=author, field="title")
        return await self.scene.database.log.append(append._replace(summary=summary, follows=follows))

    async def row(self) -> tuple[Any, ...]:
        (row,) = await self.scene.rows(tables.activity)
        return row.title, row.owner_id, row.due_on, row.follow_up_on

    async def refusal(self, append: Append) -> AppendRefused:
        """Nothing of a refused append is stored, in the row neither."""
        before = await self.row()
        with pytest.raises(AppendRefused) as caught:
            await self.scene.database.log.append(append)
        assert (await self.scene.database.log.load(append.document)).updates == ()
        assert await self.scene.rows(tables.change_log) == []
        assert await self.row() == before
        return caught.value


@pytest.fixture
async def kept(scene: Scene) -> Kept:
    def make(rows: Connection) -> tuple[int, int]:
        for table, row in (
            (
                tables.person,
                {"id": "astrid", "name": "Astrid", "email": "astrid@nordljus.example", "title": {}}
                | {"locale": "sv", "roles": ["manager"], "employment": {}, "active": True},
            ),
            (
                tables.session,
                {"id_hash": ASTRID.session, "person_id": "astrid", "device": ""}
                | {"began_at": scene.clock(), "seen_at": scene.clock()},
            ),
        ):
            rows.execute(insert(table).values(**row))
        rows.execute(update(tables.person).where(tables.person.c.id == "maja").values(manager_id="jonas"))
        activity = add_document(rows, "activities/maja/a", None, None, SNAPSHOT)
        note = add_document(rows, "notes/maja/n", None, None, SNAPSHOT)
        rows.execute(
            insert(tables.activity).values(
                id="a",
                employee_id="maja",
                goal_type="work_goal",
                title="Ny jourlista",
                state="active",
                document_id=activity,
            )
        )
        rows.execute(
            insert(tables.note).values(
                id="n", owner_id="maja", document_id=note, beginning="", created_at=scene.clock()
            )
        )
        return activity, note

    return Kept(scene, *await scene.database.write(make))


async def test_the_row_says_what_the_append_says_that_the_document_says(kept: Kept) -> None:
    assert await kept.append(kept.activity, MAJA, SAYS) == 1
    assert await kept.row() == ("Handledarkurs", "jonas", date(2027, 3, 1), date(2027, 6, 1))
    await kept.append(kept.activity, JONAS, ActivitySummary("", None, None, None))
    assert await kept.row() == ("", None, None, None)
    await kept.append(kept.activity, MAJA)
    assert (await kept.scene.database.log.load(kept.activity)).sequence == 3
    await kept.append(kept.note, MAJA, NoteSummary("Fråga om jouren"))
    (note,) = await kept.scene.rows(tables.note)
    assert note.beginning == "Fråga om jouren"


async def test_whoever_does_not_exist_does_nothing(kept: Kept) -> None:
    for nobody in ("nobody", "x" * 10_000, ""):
        await kept.append(kept.activity, MAJA, ActivitySummary("Handledarkurs", nobody, None, None))
        assert await kept.row() == ("Handledarkurs", None, None, None)


async def test_a_summary_that_lacks_a_change_of_another_node_is_not_stored(kept: Kept) -> None:
    await kept.append(kept.activity, JONAS, SAYS)
    late = typed(kept.activity)._replace(summary=ActivitySummary("Ny jourlista", None, None, None))
    with pytest.raises(LogMovedOn):
        await kept.scene.database.log.append(late)
    assert await kept.row() == ("Handledarkurs", "jonas", date(2027, 3, 1), date(2027, 6, 1))
    assert (await kept.scene.database.log.load(kept.activity)).sequence == 1
    assert await kept.scene.database.log.append(late._replace(follows=1)) == 2


async def test_of_appends_at_the_same_time_none_overwrites_anothers_summary(kept: Kept) -> None:
    """Both were made of the same state: one is stored, and the other tries again."""
    appends = [typed(kept.activity)._replace(summary=replace(SAYS, title=title)) for title in ("A", "B")]
    log = kept.scene.database.log
    done = await asyncio.gather(
        *map(log.append, appends), log.append(typed(kept.scene.joint)), return_exceptions=True
    )
    assert sorted(str(type(each).__name__) for each in done) == ["LogMovedOn", "int", "int"]
    assert (await log.load(kept.activity)).sequence == 1


# Rights


async def test_employee_and_line_manager_write_in_an_activity_and_nobody_else(kept: Kept) -> None:
    for author in (MAJA, JONAS):
        await kept.append(kept.activity, author, SAYS)
    with pytest.raises(AppendRefused) as refused:
        await kept.append(kept.activity, ASTRID, SAYS)
    assert (refused.value.reason, refused.value.persons) == ("denied", frozenset({"astrid"}))


@pytest.mark.parametrize("state", list(State))
async def test_whoever_is_responsible_writes_as_long_as_the_conversation_goes_on(
    kept: Kept, state: State
) -> None:
    await kept.scene.change(update(tables.conversation).values(responsible_id="astrid", state=state))
    append = typed(kept.activity, author=ASTRID)._replace(summary=SAYS)
    if state in (State.OPEN, State.FROZEN):
        assert await kept.scene.database.log.append(append) == 1
    else:
        assert (await kept.refusal(append)).reason == "denied"


async def test_a_new_line_manager_writes_and_the_old_one_no_longer(kept: Kept) -> None:
    await kept.scene.change(update(tables.conversation).values(state=State.CLOSED))
    await kept.scene.change(
        update(tables.person).where(tables.person.c.id == "maja").values(manager_id="astrid")
    )
    assert (await kept.refusal(typed(kept.activity, author=JONAS))).persons == {"jonas"}
    assert await kept.append(kept.activity, ASTRID, SAYS) == 1


@pytest.mark.parametrize("state", ["completed", "cancelled", "archived"])
async def test_nothing_is_written_in_what_has_ended(kept: Kept, state: str) -> None:
    await kept.scene.change(update(tables.activity).values(state=state))
    refused = await kept.refusal(typed(kept.activity)._replace(summary=SAYS))
    assert (refused.reason, refused.persons) == ("frozen", frozenset({"maja"}))


async def test_nobody_but_its_owner_writes_in_a_note(kept: Kept) -> None:
    for author in (JONAS, ASTRID):
        refused = await kept.refusal(typed(kept.note, author=author)._replace(summary=NoteSummary("x")))
        assert (refused.reason, refused.persons) == ("denied", frozenset({author.person}))
    assert await kept.append(kept.note, MAJA, NoteSummary("x")) == 1


@pytest.mark.parametrize(
    "statement",
    [
        update(tables.session).values(ended_at=tables.session.c.began_at),
        update(tables.person).values(active=False),
    ],
    ids=["ended session", "inactive person"],
)
async def test_who_has_lost_the_right_writes_in_neither(kept: Kept, statement: Any) -> None:
    await kept.scene.change(statement)
    for document in (kept.activity, kept.note):
        assert (await kept.refusal(typed(document))).persons == {"maja"}


# Beside the panes


async def test_a_refusal_leaves_the_panes_and_activities_that_wait_with_it(kept: Kept) -> None:
    log = kept.scene.database.log
    results = await asyncio.gather(
        log.append(typed(kept.activity)),
        log.append(typed(kept.note, author=JONAS)),
        log.append(typed(kept.scene.joint)),
        log.append(typed(999_999)),
        log.append(typed(kept.note)),
        return_exceptions=True,
    )
    kinds = [result if isinstance(result, int) else type(result) for result in results]
    assert kinds == [1, AppendRefused, 1, DocumentGone, 1]


async def test_an_erased_activity_is_gone_with_everything_that_it_had(kept: Kept) -> None:
    append = typed(kept.activity)._replace(summary=SAYS, new_clients=((7, "maja"),))
    await kept.scene.database.log.append(append)

    def erase(rows: Connection) -> None:
        rows.execute(delete(tables.activity))
        drop_document(rows, kept.activity)

    await kept.scene.database.write(erase)
    with pytest.raises(DocumentGone):
        await kept.scene.database.log.append(typed(kept.activity))
    for table in (tables.document_update, tables.document_client, tables.change_log):
        assert await kept.scene.rows(table) == []


async def test_every_append_is_either_before_the_turn_or_refused(kept: Kept) -> None:
    log = kept.scene.database.log

    is_under_way = asyncio.Event()

    async def write_until_refused(document: int) -> int:
        number = 0
        with suppress(AppendRefused):
            while number < 60:
                number = await log.append(typed(document))
                if document == kept.activity and number == 5:
                    is_under_way.set()
        return number

    def complete(rows: Connection) -> int:
        lock_document(rows, kept.activity)
        rows.execute(update(tables.activity).values(state="completed"))
        return last_change(rows, kept.activity) or 0

    typing = [asyncio.create_task(write_until_refused(each)) for each in (kept.activity, kept.scene.joint)]
    await is_under_way.wait()
    ended_at = await kept.scene.database.write(complete)
    assert (await log.load(kept.activity)).sequence == ended_at
    assert await asyncio.gather(*typing) == [ended_at, 60]
    assert (await log.load(kept.activity)).sequence == ended_at


async def test_compaction_leaves_the_row_and_the_numbers(kept: Kept) -> None:
    for title in ("A", "B"):
        await kept.append(kept.activity, MAJA, replace(SAYS, title=title))
    await kept.scene.database.log.compact(kept.activity, 2, b"folded")
    assert (await kept.scene.database.log.load(kept.activity)).snapshot == b"folded"
    assert await kept.append(kept.activity, JONAS, replace(SAYS, title="C")) == 3
    assert (await kept.row())[0] == "C"


class TestOnPostgres:
    """Locks between nodes, which SQLite has no need of."""

    @pytest.fixture
    def database_url(self, postgres_url: str) -> str:
        return postgres_url

    @pytest.mark.parametrize("what", ["note", "activity", "activity by time"])
    async def test_an_append_and_whoever_erases_meanwhile_do_not_wait_for_each_other(
        self, kept: Kept, database_url: str, what: str
    ) -> None:
        """An append step by step: the lock of its document, then the row that repeats it."""
        table, _, how = what.partition(" ")
        document = kept.note if table == "note" else kept.activity
        row = tables.METADATA.tables[table]
        (id_,) = [each.id for each in await kept.scene.rows(row) if each.document_id == document]
        erase = notes.drop if table == "note" else activities.drop
        past, watching = await connected(database_url), await connected(database_url)
        transaction = past.transaction()
        await transaction.start()
        await past.execute("SELECT FROM document WHERE id = $1 FOR UPDATE", document)

        def work(connection: Connection) -> None:
            if how:
                erasing.lock(connection, Due(Kind.ACTIVITY, date(2026, 11, 20), id_, "maja"))
            erase(connection, id_)

        erasing_it = asyncio.create_task(kept.scene.database.write(work))
        await wait_for_a_lock(watching)
        column = "beginning" if table == "note" else "title"
        await past.execute(f"UPDATE {table} SET {column} = 'Nytt' WHERE document_id = $1", document)
        await transaction.commit()
        await erasing_it
        assert not await kept.scene.rows(row)
        for connection in (past, watching):
            await connection.close()

    @pytest.mark.parametrize(
        ("what", "reason"),
        [
            ("UPDATE activity SET state = 'completed'", "frozen"),
            ("UPDATE person SET manager_id = NULL WHERE id = 'maja'", "denied"),
        ],
        ids=["completed", "led by nobody"],
    )
    async def test_an_append_that_waited_for_a_turn_on_another_node_is_refused(
        self, kept: Kept, database_url: str, what: str, reason: str
    ) -> None:
        await kept.scene.change(update(tables.conversation).values(state=State.CLOSED))
        past, watching = await connected(database_url), await connected(database_url)
        transaction = past.transaction()
        await transaction.start()
        await past.execute("SELECT FROM document WHERE id = $1 FOR UPDATE", kept.activity)
        append = typed(kept.activity, author=JONAS)._replace(summary=SAYS)
        appending = asyncio.create_task(kept.scene.database.log.append(append))
        await wait_for_a_lock(watching)
        await past.execute(what)
        await transaction.commit()
        with pytest.raises(AppendRefused, match=reason):
            await appending
        assert (await kept.row())[0] == "Ny jourlista"
        for connection in (past, watching):
            await connection.close()
