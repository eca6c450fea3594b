"""What is erased is gone from everywhere, a receipt remains, and the audit is as whole as before."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, make_url, select

from server import audit, conversations, letters, people, policy
from server.asking import Asking
from server.handover import Handovers
from server.keeping import Keeping
from server.letter_format import Kind as LetterKind
from server.own_data import bundles
from server.own_data.bundles import File
from server.policy import Policy, Retention
from server.preparing import Preparing
from server.realtime.ports import OpeningDenied
from server.rules.access import OPERATOR, Pane
from server.rules.errors import ByAnother, HeldAlready, HeldBack, NotFound, WorksHere
from server.rules.keeping import Kind
from server.storage import tables
from server.storage.bells import ConversationChanged, activities_of
from server.storage.database import Database
from server.storage.opening import open_database
from server.storage.tables import METADATA
from tests.conftest import SetClock
from tests.keeping import ACTIVITY, DECLINED, GOING_ON, MEETING, NOTE, SIGNED, Life, everything
from tests.organisation import ANNUAL, HELENA, JONAS, MAJA, TOMAS, Organisation, text


@pytest.fixture
async def life(here: Organisation) -> Life:
    return await everything(here)


@pytest.fixture
def keeping(database: Database, clock: SetClock) -> Keeping:
    return Keeping(database, clock)


def stored(connection: Connection) -> bytes:
    """Every value of every row of every table, as bytes: documents are UTF-8 inside."""
    found = []
    for table in METADATA.sorted_tables:
        for row in connection.execute(select(table)):
            found += [each if isinstance(each, bytes) else str(each).encode() for each in row]
    return b"\n".join(found)


async def seen(here: Organisation, canaries: Iterable[bytes]) -> list[bytes]:
    """Those that are still in some row."""
    whole = await here.database.read(stored)
    return [each for each in canaries if each in whole]


async def is_whole(here: Organisation) -> bool:
    """Whether the audit verifies."""
    entries = await here.database.read(lambda c: audit.batch(c, OPERATOR))
    assert entries
    return audit.verify(entries) is None


async def leave(here: Organisation, who: str) -> None:
    """Make somebody inactive, today."""

    def change(connection: Connection) -> None:
        person = people.get(connection, who)
        people.change(connection, TOMAS.actor, replace(person, active=False), here.clock())

    await here.database.write(change)


# What goes when its time is over.


async def test_nothing_goes_before_its_time(here: Organisation, life: Life, keeping: Keeping) -> None:
    assert await keeping.due() == []
    await keeping.work()
    assert await seen(here, SIGNED) == list(SIGNED)


async def test_an_expired_record_is_gone_from_every_row_and_the_fact_remains(
    here: Organisation, life: Life, keeping: Keeping, clock: SetClock
) -> None:
    before = await here.count("erasure")
    (sha256,) = await here.database.read(
        lambda c: c.scalars(
            select(tables.record.c.sha256).where(
                tables.record.c.conversation_id == life.signed, tables.record.c.version == 2
            )
        ).all()
    )
    clock.pass_time(days=2 * 365 + 2)
    due = await keeping.due()
    assert [(each.kind, each.version) for each in due if each.subject == life.signed] == [
        (Kind.SIGNED, None),
        (Kind.SIGNED, 1),
    ]
    await keeping.work()
    assert await seen(here, (*SIGNED, *DECLINED)) == []
    # What goes on is kept, whatever its age.
    assert await seen(here, (b"kanarieutkast", b"kanarielapp")) == [b"kanarieutkast", b"kanarielapp"]
    (receipt,) = [each for each in await _receipts(here) if each["subject"] == life.signed]
    assert receipt["sha256"] == sha256
    assert receipt["rule"] == "time"
    assert receipt["counts"]["record"] == 2
    assert receipt["counts"]["signature"] == 4
    assert await here.count("erasure") > before
    events = await here.database.read(lambda c: audit.batch(c, OPERATOR, conversation=life.signed))
    assert events[-1].event == "rule:erasure:done"
    assert events[-1].about["erasure"] == receipt["id"]
    assert await is_whole(here)
    # Nothing more is found.
    assert [each for each in await keeping.due() if each.kind is Kind.SIGNED] == []


async def test_an_earlier_version_goes_alone_when_the_conversation_was_closed_again_later(
    here: Organisation, life: Life, keeping: Keeping, clock: SetClock
) -> None:
    clock.pass_time(days=365)
    await here.reopening.reopen(JONAS.actor, life.signed, "Vi går igenom det igen.")
    clock.pass_time(days=366)
    due = [each for each in await keeping.due() if each.subject == life.signed]
    assert [each.version for each in due] == [1, 2]
    assert await keeping.erase_due(due[0])
    assert await here.count("record") == 1
    assert await here.count("signature") == 2
    assert (await here.conversations.see(MAJA.actor, life.signed)).version == 3
    assert await is_whole(here)


async def test_two_nodes_that_erase_at_once_leave_one_receipt(
    here: Organisation, life: Life, database_url: str, keeping: Keeping, clock: SetClock
) -> None:
    clock.pass_time(days=2 * 365 + 2)
    due = [each for each in await keeping.due() if each.subject == life.signed and each.version is None]
    if database_url.startswith("sqlite"):
        others = [keeping, keeping]
        second = None
    else:
        second = await open_database(database_url, clock)
        others = [keeping, Keeping(second, clock)]
    before = await here.count("erasure")
    went = await asyncio.gather(*(each.erase_due(due[0]) for each in others))
    if second is not None:
        await second.close()
    assert sorted(went) == [False, True]
    assert await here.count("erasure") == before + 1
    assert await is_whole(here)


async def test_drafts_notes_and_activities_of_somebody_who_left_go_when_their_days_are_over(
    here: Organisation, life: Life, keeping: Keeping, clock: SetClock
) -> None:
    await leave(here, "maja")
    clock.pass_time(days=89)
    assert await keeping.due() == []
    clock.pass_time(days=1)
    found = {each.kind for each in await keeping.due()}
    assert found == {Kind.DRAFT, Kind.ACTIVITY, Kind.NOTE, Kind.REQUEST, Kind.SESSION}
    # Nobody else ever learns that there was a private note.
    overview = await keeping.overview(HELENA.actor, 0)
    assert Kind.NOTE not in {each.kind for each in overview.preview.due}
    await keeping.work()
    assert await seen(here, (*GOING_ON[:3], *ACTIVITY, *NOTE)) == []
    assert await seen(here, SIGNED) == list(SIGNED)
    assert not [each for each in await _receipts(here) if each["kind"] == "note"]
    assert await is_whole(here)
    # The person goes with the last that names her: here a colleague's conversation, in which she was a guest.
    clock.pass_time(days=2 * 365 + 2)
    await keeping.work()
    assert await here.count("person") == 5
    for each in (await keeping.about(HELENA.actor, "jonas")).conversations:
        await keeping.erase_conversation(HELENA.actor, each.id)
    await keeping.work()
    assert await seen(here, (b"Maja \xc3\x96berg", b"maja@nordljus")) == []
    assert await is_whole(here)


async def test_letters_and_sessions_go_many_at_once_with_one_receipt_each(
    here: Organisation, life: Life, keeping: Keeping, clock: SetClock
) -> None:
    assert await here.count("letter") > 0
    clock.pass_time(days=366)
    await keeping.work()
    assert (await here.count("letter"), await here.count("session"), await here.count("delegation")) == (
        0,
        0,
        0,
    )
    kinds = [each["kind"] for each in await _receipts(here)]
    assert sorted(each for each in kinds if each in ("letter", "session", "delegation")) == [
        "delegation",
        "letter",
        "session",
    ]


async def test_nobody_is_signed_out_by_the_shortest_time(
    here: Organisation, keeping: Keeping, clock: SetClock
) -> None:
    short = Policy(retention=Retention(sessions_days=1))
    await here.database.write(lambda c: policy.put(c, HELENA.actor, short, clock()))
    clock.now = clock.now.replace(hour=23, minute=50)
    key = await here.sessions.begin("maja", "")
    clock.pass_time(hours=1)
    await keeping.work()
    assert (await here.sessions.find(key)).person.id == "maja"
    clock.pass_time(days=2)
    await keeping.work()
    assert await here.count("session") == 0


# What is held back.


async def test_what_is_held_back_stays_until_that_is_lifted(
    here: Organisation, life: Life, keeping: Keeping, clock: SetClock
) -> None:
    await keeping.hold(HELENA.actor, "maja", life.signed, "Tvist om uppsägning.")
    with pytest.raises(HeldAlready):
        await keeping.hold(HELENA.actor, "maja", life.signed, "En gång till.")
    clock.pass_time(days=2 * 365 + 2)
    await keeping.work()
    assert await seen(here, SIGNED) == list(SIGNED)
    with pytest.raises(HeldBack):
        await keeping.erase_conversation(HELENA.actor, life.signed)
    overview = await keeping.overview(HELENA.actor, 0)
    (hold,) = overview.holds
    assert (hold.reason, hold.name) == ("Tvist om uppsägning.", "Maja Öberg")
    assert any(each.held for each in overview.preview.due)
    await keeping.lift(HELENA.actor, hold.id)
    await keeping.work()
    assert await seen(here, SIGNED) == []
    # The reason was for those who keep the records, and is gone with the hold.
    assert await seen(here, (b"Tvist",)) == []


async def test_everything_of_one_person_can_be_held_back(
    here: Organisation, life: Life, keeping: Keeping, clock: SetClock
) -> None:
    await keeping.hold(HELENA.actor, "maja", "", "Tvist.")
    await leave(here, "maja")
    clock.pass_time(days=3 * 365)
    await keeping.work()
    held = (*SIGNED, *GOING_ON[:3], *ACTIVITY, *NOTE)
    assert await seen(here, held) == list(held)
    with pytest.raises(HeldBack):
        await keeping.erase_person(HELENA.actor, "maja", records=True)


# On request.


async def test_one_conversation_is_erased_with_every_trace_of_what_was_drafted_in_it(
    here: Organisation, life: Life, keeping: Keeping
) -> None:
    here.bells.clear()
    await keeping.erase_conversation(HELENA.actor, life.going_on)
    assert await seen(here, GOING_ON[:3]) == []
    assert {ConversationChanged(life.going_on), activities_of("maja")} <= set(here.bells)
    with pytest.raises(NotFound):
        await here.conversations.see(MAJA.actor, life.going_on)
    with pytest.raises(OpeningDenied):
        await here.documents.open((await here.visit("maja")).id, f"{life.going_on}/{Pane.JOINT}/{'0' * 32}")
    (receipt,) = [each for each in await _receipts(here) if each["subject"] == life.going_on]
    assert (receipt["rule"], receipt["by"], receipt["kind"]) == ("request", "helena", "draft")
    assert receipt["counts"]["document"] == 3
    assert receipt["counts"]["letter"] > 0
    # Maja works here, and is told that it was; of what it was the letter knows nothing.
    told = await here.database.read(lambda c: letters.to(c, MAJA.actor))
    assert "erased" in {each.kind for each in told}
    # What the note that prepared it says is Maja's own, and stays.
    assert await seen(here, NOTE) == list(NOTE)
    assert await is_whole(here)


async def test_a_bundle_that_has_something_erased_in_it_is_erased_too(
    here: Organisation, life: Life, keeping: Keeping, clock: SetClock
) -> None:
    await here.database.write(lambda c: bundles.ask(c, MAJA.actor, clock()))
    claim = await here.database.write(lambda c: bundles.claim(c, clock()))
    assert claim is not None
    await here.database.write(
        lambda c: bundles.step(c, claim, 1, 2, [File("a.html", b"kanarieegen")], clock())
    )
    await keeping.erase_conversation(HELENA.actor, life.signed)
    assert await here.count("own_bundle_file") == 0
    with pytest.raises(bundles.Lost):
        await here.database.write(lambda c: bundles.finish(c, claim, clock()))
    assert await seen(here, SIGNED) == []


async def test_no_number_tells_of_what_was_written_and_not_shared(
    here: Organisation, keeping: Keeping
) -> None:
    """Of two conversations that differ in what each wrote for themselves alone."""
    handovers = Handovers(here.database, here.clock)
    silent, written = [
        await here.conversations.create(JONAS.actor, "maja", ANNUAL, MEETING, notify=True) for _ in range(2)
    ]
    before = (await keeping.about(HELENA.actor, "maja")).counts
    await here.write("maja", written, Pane.EMPLOYEE, {"a1": text("Hemligt.")})
    await handovers.reassign(HELENA.actor, silent, "astrid")
    await here.write("jonas", written, Pane.MANAGER, {"a1": text("Hemligt.")})
    await handovers.reassign(HELENA.actor, written, "astrid")
    await Preparing(here.database, here.clock).tick(MAJA.actor, written, ["e1"])
    # Who has not begun is reminded.
    row = select(tables.conversation).where(tables.conversation.c.id == silent)
    await here.database.write(
        lambda c: letters.put(
            c,
            LetterKind.PREPARE,
            silent,
            "maja",
            letters.appointment(c, c.execute(row).one(), None),
            here.clock(),
            day=here.clock().date(),
        )
    )
    after = (await keeping.about(HELENA.actor, "maja")).counts
    # Two letters tell that somebody else is responsible now.
    assert after[Kind.LETTER] - before[Kind.LETTER] == 2
    for id_ in (silent, written):
        await keeping.erase_conversation(HELENA.actor, id_)
    counts = [each["counts"] for each in await _receipts(here)]
    assert counts[0] == counts[1]


@pytest.mark.parametrize("about", ["herself", "ulla"])
async def test_a_private_note_changes_nothing_that_is_known_of_whoever_left(
    here: Organisation, keeping: Keeping, clock: SetClock, about: str
) -> None:
    """Kept by her, or about her: she is on the list all the same, and goes on the same day."""
    for who in ("ulla", "ulf"):
        await _employ(here, who)
    if about == "herself":
        await _write_about(here, "ulla", "ulf", "Hemligt.")
    else:
        await _write_about(here, "jonas", "ulla", "Hemligt.")
    for who in ("ulla", "ulf"):
        await leave(here, who)
    days = Policy().retention.draft_after_leaving_days
    found = (await keeping.overview(HELENA.actor, days + 1)).preview.due
    assert {each.person for each in found if each.kind is Kind.PERSON} == {"ulla", "ulf"}
    clock.pass_time(days=days)
    await keeping.work()
    gone = {each["person"] for each in await _receipts(here) if each["kind"] == "person"}
    assert gone == {"ulla", "ulf"}
    assert await here.count("note") == 0


@pytest.mark.parametrize("is_asked_for", [True, False])
async def test_a_note_of_somebody_who_is_held_back_stays_and_names_whoever_left_no_more(
    here: Organisation, keeping: Keeping, clock: SetClock, is_asked_for: bool
) -> None:
    await _employ(here, "ulla")
    note = await _write_about(here, "jonas", "ulla", "kanarietvist")
    await keeping.hold(HELENA.actor, "jonas", "", "Tvist.")
    await leave(here, "ulla")
    if is_asked_for:
        await keeping.erase_person(HELENA.actor, "ulla", records=True)
    else:
        clock.pass_time(days=Policy().retention.draft_after_leaving_days)
        await keeping.work()
    with pytest.raises(NotFound):
        await here.database.read(lambda c: people.get(c, "ulla"))
    kept, text_of_it = await here.notes.read(JONAS.actor, note)
    assert (kept.about_person, text_of_it) == (None, text("kanarietvist"))


async def _employ(here: Organisation, who: str) -> None:
    person = replace(MAJA, id=who, email=f"{who}@nordljus.example", manager_id=None)
    await here.accounts.add(TOMAS.actor, person, None)


async def _write_about(here: Organisation, who: str, about: str | None, words: str) -> str:
    actor = (await here.database.read(lambda c: people.get(c, who))).actor
    note = await here.notes.add(actor, about_person=about)
    await here.write_in(who, f"notes/{who}/{note}", {"text": text(words)})
    return note


async def test_no_number_of_letters_tells_who_had_not_begun_to_write(
    here: Organisation, keeping: Keeping, clock: SetClock
) -> None:
    """Whoever was reminded to prepare had written nothing: the line of all letters does not count that."""
    id_ = await here.conversations.create(JONAS.actor, "maja", ANNUAL, MEETING, notify=True)
    row = select(tables.conversation).where(tables.conversation.c.id == id_)

    async def remind(who: str) -> None:
        await here.database.write(
            lambda c: letters.put(
                c,
                LetterKind.PREPARE,
                id_,
                who,
                letters.appointment(c, c.execute(row).one(), None),
                here.clock(),
                day=here.clock().date(),
            )
        )

    async def listed() -> list[int]:
        found = (await keeping.overview(HELENA.actor, 3_000)).preview.due
        return [each.count for each in found if each.kind is Kind.LETTER]

    before = await listed()
    await remind("maja")
    assert await listed() == before
    clock.pass_time(days=3_000)
    await keeping.work()
    assert await here.count("letter") == 0
    (receipt,) = [each for each in await _receipts(here) if each["kind"] == "letter"]
    assert receipt["counts"] == {"letter": before[0]}
    # And where there is no other letter, there is nothing to tell of.
    await remind("jonas")
    assert await listed() == []
    clock.pass_time(days=3_000)
    await keeping.work()
    assert await here.count("letter") == 0
    assert len([each for each in await _receipts(here) if each["kind"] == "letter"]) == 1


@pytest.mark.parametrize("what", ["note", "request"])
async def test_what_is_erased_of_whoever_left_leaves_the_bundles_of_others(
    here: Organisation, keeping: Keeping, clock: SetClock, what: str
) -> None:
    if what == "note":
        await here.notes.add(JONAS.actor, about_person="maja")
    else:
        asking = Asking(here.database, here.clock)
        request = await asking.ask(MAJA.actor, "Lönen", "")
        await asking.decline(JONAS.actor, request, "I mars.")
    await here.database.write(lambda c: bundles.ask(c, JONAS.actor, clock()))
    claim = await here.database.write(lambda c: bundles.claim(c, clock()))
    assert claim is not None
    await here.database.write(lambda c: bundles.step(c, claim, 1, 2, [File("a.html", b"om Maja")], clock()))
    await leave(here, "maja")
    await keeping.erase_person(HELENA.actor, "maja", records=False)
    assert await here.count("own_bundle_file") == 0


async def test_only_somebody_who_has_left_is_erased_and_what_others_have_of_her_stays(
    here: Organisation, life: Life, keeping: Keeping
) -> None:
    with pytest.raises(WorksHere):
        await keeping.erase_person(HELENA.actor, "maja", records=False)
    await leave(here, "maja")
    kept = await keeping.about(HELENA.actor, "maja")
    assert kept.left_on is not None
    assert {each.id: each.kind for each in kept.conversations} == {
        life.signed: Kind.SIGNED,
        life.going_on: Kind.DRAFT,
        life.declined: Kind.CALLED_OFF,
    }
    assert kept.with_others == 1
    await keeping.erase_person(HELENA.actor, "maja", records=False)
    assert await seen(here, (*GOING_ON[:3], *DECLINED, *ACTIVITY, *NOTE, b"kanarieonskan")) == []
    assert await seen(here, SIGNED) == list(SIGNED)
    person = await here.database.read(lambda c: people.get(c, "maja"))
    assert (person.name, person.email, dict(person.title)) == ("Maja Öberg", "maja@erased.invalid", {})
    await keeping.erase_person(HELENA.actor, "maja", records=True)
    assert await seen(here, SIGNED) == []
    assert await is_whole(here)


@pytest.mark.parametrize("who", [MAJA, JONAS, TOMAS])
async def test_nobody_but_hr_may_see_or_erase(
    here: Organisation, life: Life, keeping: Keeping, who: Any
) -> None:
    for work in (
        keeping.overview(who.actor, 30),
        keeping.about(who.actor, "maja"),
        keeping.find(who.actor, "Maja"),
        keeping.hold(who.actor, "maja", "", "Därför."),
        keeping.erase_conversation(who.actor, life.signed),
        keeping.erase_person(who.actor, "maja", records=True),
    ):
        with pytest.raises(NotFound):
            await work


async def test_nobody_of_hr_decides_on_what_she_is_or_was_a_party_to(
    here: Organisation, keeping: Keeping
) -> None:
    """Neither erases nor holds back, nor lifts what others have held back, nor reads why they have."""
    mine, was_mine = [
        await here.database.write(
            lambda c: conversations.create(
                c, JONAS.actor, "maja", ANNUAL, None, here.clock(), responsible="helena"
            )
        )
        for _ in range(2)
    ]
    await Handovers(here.database, here.clock).reassign(HELENA.actor, was_mine, "jonas")
    others = await here.conversation()
    second = replace(HELENA, id="hanna", email="hanna@nordljus.example")
    await here.accounts.add(TOMAS.actor, second, None)
    for id_ in (mine, was_mine):
        with pytest.raises(ByAnother):
            await keeping.erase_conversation(HELENA.actor, id_)
        with pytest.raises(ByAnother):
            await keeping.hold(HELENA.actor, "maja", id_, "Därför.")
        await keeping.hold(second.actor, "maja", id_, "Tvist med Helena.")
    with pytest.raises(ByAnother):
        await keeping.hold(HELENA.actor, "helena", "", "Därför.")
    await keeping.hold(second.actor, "helena", "", "Tvist med Helena.")
    await keeping.hold(second.actor, "maja", others, "Tvist med Jonas.")
    seen_by_her = {each.conversation: each for each in (await keeping.overview(HELENA.actor, 1)).holds}
    assert {id_: each.reason for id_, each in seen_by_her.items()} == {
        mine: "",
        was_mine: "",
        "": "",
        others: "Tvist med Jonas.",
    }
    for id_ in (mine, was_mine, ""):
        with pytest.raises(ByAnother):
            await keeping.lift(HELENA.actor, seen_by_her[id_].id)
    await keeping.lift(HELENA.actor, seen_by_her[others].id)
    for id_ in (mine, was_mine):
        await keeping.lift(second.actor, seen_by_her[id_].id)
    await leave(here, "maja")
    with pytest.raises(ByAnother):
        await keeping.erase_person(HELENA.actor, "maja", records=False)
    assert await here.count("conversation") == 3
    await keeping.erase_person(second.actor, "maja", records=False)
    assert await here.count("conversation") == 0


# The disk.


async def test_what_is_erased_leaves_the_file_and_its_write_ahead_log(
    sqlite_url: str, clock: SetClock
) -> None:
    database = await open_database(sqlite_url, clock)
    here = Organisation(database, clock)
    await here.found()
    life = await everything(here)
    keeping = Keeping(database, clock)
    await leave(here, "maja")
    everywhere = (*SIGNED, *GOING_ON[:3], *DECLINED, *ACTIVITY, *NOTE, b"kanarieonskan")
    assert _on_disk(sqlite_url, SIGNED) == list(SIGNED)
    await keeping.erase_person(HELENA.actor, "maja", records=True)
    # While the server runs, with the log beside the file.
    assert _on_disk(sqlite_url, everywhere) == []
    assert life.signed
    await database.close()
    assert _on_disk(sqlite_url, everywhere) == []


def _on_disk(url: str, canaries: Iterable[bytes]) -> list[bytes]:
    file = Path(str(make_url(url).database))
    whole = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*") if each.is_file())
    return [each for each in canaries if each in whole]


async def _receipts(here: Organisation) -> list[dict[str, Any]]:
    return await here.database.read(
        lambda c: [dict(row) for row in c.execute(select(tables.erasure)).mappings()]
    )
