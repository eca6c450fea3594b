"""The contract of the update log: SQLite and PostgreSQL keep the same promises (DUR-1, CON-2, SIG-1)."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from server.rules import limits
from server.rules.access import Pane, State
from server.storage import tables
from server.storage.opening import open_database
from server.storage.update_log import (
    Append,
    AppendRefused,
    Author,
    DocumentGone,
    LogIncomplete,
    LogMovedOn,
    Touch,
)
from tests.storage.scene import JONAS, MAJA, SNAPSHOT, Scene, typed


async def refusal(scene: Scene, append: Append) -> AppendRefused:
    with pytest.raises(AppendRefused) as caught:
        await scene.database.log.append(append)
    assert (await scene.database.log.load(append.document)).updates == ()
    assert await scene.rows(tables.change_log) == []
    return caught.value


# Appending


async def test_an_append_that_has_returned_is_there_after_the_database_is_opened_again(
    scene: Scene, database_url: str
) -> None:
    await scene.database.log.append(typed(scene.joint, b"kept"))
    await scene.database.close()
    again = await open_database(database_url, scene.clock)
    assert (await again.log.load(scene.joint)).updates == (b"kept",)
    await again.close()


async def test_numbers_follow_each_other_from_one(scene: Scene) -> None:
    assert [await scene.database.log.append(typed(scene.joint)) for _ in range(3)] == [1, 2, 3]


async def test_each_document_counts_for_itself(scene: Scene) -> None:
    await scene.database.log.append(typed(scene.joint))
    assert await scene.database.log.append(typed(scene.private)) == 1


async def test_appends_at_the_same_time_get_numbers_without_gap_or_double(scene: Scene) -> None:
    numbers = await asyncio.gather(
        *(scene.database.log.append(typed(scene.joint, b"%d" % number)) for number in range(40))
    )
    assert sorted(numbers) == list(range(1, 41))
    stored = await scene.database.log.read_after(scene.joint, 0)
    assert [number for number, _ in stored] == list(range(1, 41))
    assert {number: change for number, change in stored} == {
        number: b"%d" % position for position, number in enumerate(numbers)
    }


async def test_a_refused_append_leaves_those_that_wait_with_it(scene: Scene) -> None:
    await scene.add_conversation("frozen")
    await scene.freeze("frozen")
    frozen = scene.documents["frozen", Pane.JOINT]
    results = await asyncio.gather(
        *(
            scene.database.log.append(typed(document))
            for document in (scene.joint, frozen, scene.joint, 999_999, scene.private)
        ),
        return_exceptions=True,
    )
    kinds = [result if isinstance(result, int) else type(result) for result in results]
    assert kinds == [1, AppendRefused, 2, DocumentGone, 1]
    assert (await scene.database.log.load(frozen)).sequence == 0


async def test_an_append_that_breaks_the_tables_rules_leaves_those_that_wait_with_it(scene: Scene) -> None:
    broken = Append(scene.private, b"change", (MAJA,), (Touch("nobody", "a1"),))
    results = await asyncio.gather(
        *(scene.database.log.append(append) for append in (typed(scene.joint), broken, typed(scene.joint))),
        return_exceptions=True,
    )
    assert results[0] == 1
    assert isinstance(results[1], Exception)
    assert results[2] == 2
    assert (await scene.database.log.load(scene.private)).sequence == 0
    assert await scene.database.log.append(typed(scene.private)) == 1


async def test_an_append_to_a_missing_document_says_so(scene: Scene) -> None:
    with pytest.raises(DocumentGone):
        await scene.database.log.append(typed(999_999))


# Rights, asked in the append's transaction


@pytest.mark.parametrize("state", [state for state in State if state is not State.OPEN])
async def test_nothing_is_appended_unless_the_conversation_is_open(scene: Scene, state: State) -> None:
    await scene.change(update(tables.conversation).values(state=state))
    refused = await refusal(scene, typed(scene.joint))
    assert (refused.reason, refused.persons) == ("frozen", frozenset({"maja"}))


async def test_nothing_is_appended_to_a_generation_that_was_replaced(scene: Scene) -> None:
    await scene.replace_private(drop=False)
    refused = await refusal(scene, typed(scene.private))
    assert (refused.reason, refused.persons) == ("moved", frozenset({"maja"}))


async def test_a_dropped_generation_is_gone_with_everything_that_it_had(scene: Scene) -> None:
    await scene.database.log.append(
        Append(scene.private, b"draft", (MAJA,), (Touch("maja", "a1"),), ((7, "maja"),))
    )
    await scene.replace_private(drop=True)
    with pytest.raises(DocumentGone):
        await scene.database.log.append(typed(scene.private))
    for table in (tables.document_update, tables.document_client, tables.change_log):
        assert await scene.rows(table) == []


async def test_nobody_appends_to_another_persons_pane(scene: Scene) -> None:
    refused = await refusal(scene, typed(scene.private, author=JONAS))
    assert (refused.reason, refused.persons) == ("denied", frozenset({"jonas"}))


async def test_only_those_whose_right_is_gone_are_named(scene: Scene) -> None:
    await scene.change(
        update(tables.session).where(tables.session.c.id_hash == JONAS.session).values(ended_at=scene.clock())
    )
    refused = await refusal(scene, Append(scene.joint, b"change", (MAJA, JONAS), ()))
    assert (refused.reason, refused.persons) == ("denied", frozenset({"jonas"}))


@pytest.mark.parametrize(
    "statement",
    [
        update(tables.session).values(ended_at=tables.session.c.began_at),
        delete(tables.session),
        update(tables.person).values(active=False),
        update(tables.conversation).values(employee_id="jonas"),
    ],
    ids=["ended session", "no session", "inactive person", "no longer a party"],
)
async def test_who_has_lost_the_right_appends_nothing(scene: Scene, statement: Any) -> None:
    await scene.change(statement)
    assert (await refusal(scene, typed(scene.joint))).persons == {"maja"}


async def test_a_session_speaks_for_its_own_person_only(scene: Scene) -> None:
    borrowed = Author("maja", JONAS.session)
    assert (await refusal(scene, typed(scene.joint, author=borrowed))).persons == {"maja"}


async def test_a_session_that_was_idle_too_long_appends_nothing(scene: Scene) -> None:
    scene.clock.pass_time(hours=limits.SESSION_IDLE_HOURS_MAX)
    assert (await refusal(scene, typed(scene.joint))).reason == "denied"


async def test_a_session_that_is_too_old_appends_nothing_however_active_it_is(scene: Scene) -> None:
    scene.clock.pass_time(hours=limits.SESSION_HOURS_MAX)
    await scene.change(update(tables.session).values(seen_at=scene.clock()))
    assert (await refusal(scene, typed(scene.joint))).reason == "denied"


@pytest.mark.parametrize("others", [0, 5])
async def test_every_append_is_either_before_the_freeze_or_refused(scene: Scene, others: int) -> None:
    for number in range(others):
        await scene.add_conversation(f"other {number}")
    documents = [document for (_, pane), document in scene.documents.items() if pane is Pane.JOINT]

    is_under_way = asyncio.Event()

    async def write_until_refused(document: int) -> int:
        number = 0
        with suppress(AppendRefused):
            while number < 100:
                number = await scene.database.log.append(typed(document))
                if document == scene.joint and number == 10:
                    is_under_way.set()
        return number

    typing = [asyncio.create_task(write_until_refused(document)) for document in documents]
    typing.append(asyncio.create_task(write_until_refused(scene.joint)))
    await is_under_way.wait()
    frozen_at = await scene.freeze()
    assert (await scene.database.log.load(scene.joint)).sequence == frozen_at
    acknowledged = await asyncio.gather(*typing)
    assert max(acknowledged[0], acknowledged[-1]) == frozen_at
    assert acknowledged[1:-1] == [100] * others
    assert (await scene.database.log.load(scene.joint)).sequence == frozen_at


# Loading


async def test_a_new_document_is_its_snapshot(scene: Scene) -> None:
    loaded = await scene.database.log.load(scene.joint)
    assert (loaded.snapshot, loaded.updates, loaded.sequence, loaded.clients) == (SNAPSHOT, (), 0, {})


async def test_a_document_is_its_snapshot_and_every_later_change_in_order(scene: Scene) -> None:
    for change in (b"first", b"second", b"third"):
        await scene.database.log.append(typed(scene.joint, change))
    loaded = await scene.database.log.load(scene.joint)
    assert loaded.snapshot == SNAPSHOT
    assert loaded.updates == (b"first", b"second", b"third")
    assert loaded.sequence == 3


async def test_a_missing_document_is_an_error_and_never_empty(scene: Scene) -> None:
    with pytest.raises(DocumentGone):
        await scene.database.log.load(999_999)
    with pytest.raises(DocumentGone):
        await scene.database.log.read_after(999_999, 0)


async def test_reading_on_gives_only_what_is_new(scene: Scene) -> None:
    for change in (b"first", b"second", b"third"):
        await scene.database.log.append(typed(scene.joint, change))
    assert list(await scene.database.log.read_after(scene.joint, 1)) == [(2, b"second"), (3, b"third")]
    assert list(await scene.database.log.read_after(scene.joint, 3)) == []


async def test_a_yjs_client_belongs_to_the_person_who_came_with_it_first(scene: Scene) -> None:
    largest = 2**53 - 1
    await scene.database.log.append(
        Append(scene.joint, b"change", (MAJA,), (), ((largest, "maja"), (5, "maja")))
    )
    await scene.database.log.append(Append(scene.joint, b"change", (MAJA,), (), ((largest, "maja"),)))
    await scene.database.log.append(Append(scene.private, b"change", (MAJA,), (), ((6, "maja"),)))
    with pytest.raises(LogMovedOn):
        await scene.database.log.append(
            Append(scene.joint, b"forged", (MAJA, JONAS), (), ((7, "maja"), (largest, "jonas")))
        )
    loaded = await scene.database.log.load(scene.joint)
    assert loaded.clients == {largest: "maja", 5: "maja"}
    assert b"forged" not in loaded.updates


async def test_a_log_with_a_change_missing_is_not_loaded(scene: Scene) -> None:
    for change in (b"first", b"second", b"third"):
        await scene.database.log.append(typed(scene.joint, change))
    await scene.change(delete(tables.document_update).where(tables.document_update.c.sequence == 2))
    with pytest.raises(LogIncomplete):
        await scene.database.log.load(scene.joint)


# Compaction


async def test_compaction_replaces_what_it_folded_and_keeps_what_came_later(scene: Scene) -> None:
    for change in (b"first", b"second", b"third"):
        await scene.database.log.append(typed(scene.joint, change))
    await scene.database.log.compact(scene.joint, 2, b"folded")
    loaded = await scene.database.log.load(scene.joint)
    assert (loaded.snapshot, loaded.updates, loaded.sequence) == (b"folded", (b"third",), 3)
    assert await scene.database.log.append(typed(scene.joint)) == 4


async def test_what_a_snapshot_knows_is_given_back_with_it_and_with_no_other(scene: Scene) -> None:
    log = scene.database.log
    assert (await log.load(scene.joint)).state_vector is None
    for number, change in enumerate((b"first", b"second"), start=1):
        await log.append(typed(scene.joint, change))
        await log.compact(scene.joint, number, b"folded " + change, b"knows " + change)
        assert (await log.load(scene.joint)).state_vector == b"knows " + change
    # As a program writes it that does not know of it, or a disk that fails.
    for damage in ({"snapshot": b"other"}, {"snapshot": b"folded second", "state_vector": b"other"}):
        await scene.change(update(tables.document_snapshot).values(damage))
        loaded = await log.load(scene.joint)
        assert (loaded.snapshot, loaded.state_vector) == (damage["snapshot"], None)
    await log.append(typed(scene.joint, b"third"))
    await log.compact(scene.joint, 3, b"folded third")
    assert (await log.load(scene.joint)).state_vector is None


async def test_compaction_leaves_other_documents(scene: Scene) -> None:
    await scene.database.log.append(typed(scene.private, b"mine"))
    await scene.database.log.append(typed(scene.joint))
    await scene.database.log.compact(scene.joint, 1, b"folded")
    assert (await scene.database.log.load(scene.private)).updates == (b"mine",)


async def test_an_older_snapshot_never_replaces_a_newer_one(scene: Scene) -> None:
    for change in (b"first", b"second"):
        await scene.database.log.append(typed(scene.joint, change))
    await scene.database.log.compact(scene.joint, 2, b"newer")
    await scene.database.log.compact(scene.joint, 1, b"older")
    loaded = await scene.database.log.load(scene.joint)
    assert (loaded.snapshot, loaded.sequence) == (b"newer", 2)


async def test_a_snapshot_of_changes_that_do_not_exist_is_not_stored(scene: Scene) -> None:
    with pytest.raises(ValueError, match="ends at 0"):
        await scene.database.log.compact(scene.joint, 1, b"from nowhere")
    assert (await scene.database.log.load(scene.joint)).snapshot == SNAPSHOT


async def test_a_missing_document_is_not_compacted(scene: Scene) -> None:
    with pytest.raises(DocumentGone):
        await scene.database.log.compact(999_999, 0, b"folded")


async def test_who_reads_on_from_before_a_compaction_gets_the_snapshot_in_place_of_its_changes(
    scene: Scene,
) -> None:
    for change in (b"first", b"second", b"third"):
        await scene.database.log.append(typed(scene.joint, change))
    await scene.database.log.compact(scene.joint, 2, b"folded")
    assert list(await scene.database.log.read_after(scene.joint, 1)) == [(2, b"folded"), (3, b"third")]
    assert list(await scene.database.log.read_after(scene.joint, 2)) == [(3, b"third")]


# The change log


async def test_the_change_log_says_who_and_which_field_first_and_last(scene: Scene) -> None:
    began = scene.clock()
    await scene.database.log.append(typed(scene.joint, field="a1"))
    scene.clock.pass_time(minutes=5)
    await scene.database.log.append(typed(scene.joint, field="a1"))
    await scene.database.log.append(typed(scene.joint, field="a2", author=JONAS))
    later = began + timedelta(minutes=5)
    assert [tuple(row) for row in await scene.rows(tables.change_log)] == [
        (scene.joint, "a1", "maja", began, later),
        (scene.joint, "a2", "jonas", later, later),
    ]
