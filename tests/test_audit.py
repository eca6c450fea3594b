"""The audit: a chain in which every event has its place, and nothing can be changed unseen."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, text, update
from typer.testing import CliRunner

from crdt.content import Content
from server import audit
from server.audit import NOTHING, Entry, Event
from server.cli import whole_cli
from server.rules.access import OPERATOR, Pane
from server.rules.errors import NotFound, SignInRefused, WrongPassword
from server.storage import tables
from server.storage.database import Database
from server.storage.opening import open_database
from tests.conftest import SetClock
from tests.organisation import ANNUAL, HELENA, JONAS, MAJA, PASSWORD, TOMAS, Organisation
from tests.organisation import text as paragraphs

NOW = datetime(2026, 11, 20, 9, 0, 0, 120, tzinfo=UTC)
ANSWERS: Content = {"a1": paragraphs("Hemligt"), "a3": 2}
Change = Callable[[Connection], None]


def chain(length: int) -> list[Entry]:
    """A whole chain."""
    made: list[Entry] = []
    previous = NOTHING
    for number in range(1, length + 1):
        entry = Entry(
            number,
            NOW + timedelta(seconds=number),
            Event.PANE_SHARED,
            "maja",
            f"c{number % 3}",
            {"pane": "employee", "version": str(number)},
            previous,
            "",
        )
        made.append(replace(entry, hash=entry.hashed()))
        previous = made[-1].hash
    return made


async def stored(database: Database) -> list[Entry]:
    """The chain as it is stored, whole."""
    return await database.read(lambda connection: audit.batch(connection, OPERATOR))


async def told(database: Database) -> list[tuple[str, str, str, dict[str, str]]]:
    """What the events of pages say, but for sessions: event, person, conversation, about."""
    return [
        (entry.event, entry.person, entry.conversation, dict(entry.about))
        for entry in await stored(database)
        if not entry.event.startswith(("command:", "page:session:", "page:conversation:created"))
    ]


# The chain.


def test_a_chain_that_nobody_touched_is_whole() -> None:
    entries = chain(7)

    assert audit.verify(entries) is None
    assert audit.verify([]) is None
    assert audit.verify(entries[3:], before=entries[2]) is None


def test_the_hash_stays_what_it_was() -> None:
    # Chains that are stored must be whole under every later version as well.
    entry = Entry(1, NOW, "page:pane:shared", "maja", "c1", {"pane": "employee"}, NOTHING, "")

    assert entry.hashed() == "5d49689738eb808b95589d2846c37f6a2423907ebac7a06f5a05cb47b840b8dd"


class Tampering:
    """Every way in which somebody who writes to the database can change a chain, but for its end."""

    @staticmethod
    def altered(entries: Sequence[Entry], place: int, name: str, value: Any) -> list[Entry]:
        return [
            replace(entry, **{name: value}) if number == place else entry
            for number, entry in enumerate(entries)
        ]

    @staticmethod
    def other(value: Any, draw: Any) -> Any:
        """Something else of the same kind."""
        match value:
            case int():
                return draw(st.integers(-5, 50).filter(lambda each: each != value))
            case datetime():
                return value + draw(st.timedeltas().filter(lambda each: 0 < abs(each.days) < 9_000))
            case dict():
                changed = st.dictionaries(st.sampled_from(sorted(audit.ABOUT)), st.text(max_size=8))
                return draw(changed.filter(lambda each: each != value))
            case _:
                return draw(st.text(max_size=70).filter(lambda each: each != value))


@given(st.data())
def test_any_altered_event_is_found_where_it_stands(data: st.DataObject) -> None:
    entries = chain(6)
    place = data.draw(st.integers(0, 5))
    name = data.draw(st.sampled_from([field.name for field in fields(Entry)]))
    value = Tampering.other(getattr(entries[place], name), data.draw)

    assert audit.verify(Tampering.altered(entries, place, name, value)) == place + 1


@given(st.data())
def test_any_altered_event_that_got_a_fitting_hash_is_found_at_the_next(data: st.DataObject) -> None:
    entries = chain(6)
    place = data.draw(st.integers(0, 4))
    name = data.draw(st.sampled_from(["at", "event", "person", "conversation", "about"]))
    value = Tampering.other(getattr(entries[place], name), data.draw)
    forged = replace(entries[place], **{name: value})
    entries[place] = replace(forged, hash=forged.hashed())

    assert audit.verify(entries) == place + 2


@given(st.data())
def test_any_removed_inserted_or_moved_event_is_found(data: st.DataObject) -> None:
    entries = chain(6)
    place = data.draw(st.integers(0, 4))
    match data.draw(st.sampled_from(["remove", "insert", "swap"])):
        case "remove":
            del entries[place]
        case "insert":
            # With a sequence and a hash that fit where it is put.
            made = replace(entries[place], previous=entries[place].hash, sequence=place + 2)
            entries.insert(place + 1, replace(made, hash=made.hashed()))
            place += 1
        case "swap":
            other = data.draw(st.integers(place + 1, 5))
            entries[place], entries[other] = entries[other], entries[place]

    assert audit.verify(entries) in (place + 1, place + 2)


@pytest.mark.parametrize(
    "about", [None, "pane", ["pane"], {"pane": 1.5e400}, {"pane": "\ud800"}, {1: "pane"}]
)
def test_what_is_no_event_is_found_and_not_tripped_over(about: Any) -> None:
    assert audit.verify(Tampering.altered(chain(3), 1, "about", about)) == 2


# Recording.


async def test_an_event_is_stored_with_what_it_tells_of_or_neither_is(database: Database) -> None:
    def done(connection: Connection) -> None:
        audit.record(connection, Event.PANE_SHARED, "maja", NOW, "c1", pane="employee")

    def failed(connection: Connection) -> None:
        done(connection)
        raise NotFound

    await database.write(done)
    with pytest.raises(NotFound):
        await database.write(failed)
    await database.write(done)

    first, second = await stored(database)
    assert (first.sequence, first.previous, first.at) == (1, NOTHING, NOW)
    assert (first.event, first.person, first.conversation) == ("page:pane:shared", "maja", "c1")
    assert first.about == {"pane": "employee"}
    assert (second.sequence, second.previous) == (2, first.hash)
    assert audit.verify([first, second]) is None


async def test_events_of_one_transaction_stand_in_the_order_in_which_they_happened(
    database: Database,
) -> None:
    def done(connection: Connection) -> None:
        for number in range(5):
            audit.record(connection, Event.PERSON_ADDED, "", NOW, person=f"p{number}")

    await database.write(done)

    entries = await stored(database)
    assert [entry.about["person"] for entry in entries] == ["p0", "p1", "p2", "p3", "p4"]
    assert audit.verify(entries) is None


@pytest.mark.parametrize(
    ("actor", "conversation", "about"),
    [
        ("maja", "c1", {"pane": "I do not want to"}),
        ("maja", "c1", {"pane": ""}),
        ("maja", "c1", {"pane": "employee\n"}),
        ("maja", "c1", {"sha256": "a" * 129}),
        ("maja", "c1", {"reason": "tired"}),
        ("Maja Öberg", "c1", {}),
        ("maja", "c 1", {}),
    ],
)
async def test_content_cannot_get_into_an_event(
    database: Database, actor: str, conversation: str, about: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="event"):
        await database.write(lambda c: audit.record(c, Event.PANE_SHARED, actor, NOW, conversation, **about))

    assert await stored(database) == []


async def test_nobody_of_the_organisation_reads_the_audit(database: Database) -> None:
    for one in (TOMAS, HELENA, JONAS, MAJA):
        with pytest.raises(NotFound):
            await database.read(lambda c, one=one: audit.batch(c, one.actor))  # type: ignore[misc]


async def test_several_nodes_write_one_chain_without_gaps(postgres_url: str, clock: SetClock) -> None:
    """On a real PostgreSQL: many transactions at once, in which rows are locked in any order as well."""
    nodes = [await open_database(postgres_url, clock) for _ in range(3)]

    def work(number: int, connection: Connection) -> None:
        wanted_by_all = update(tables.unit).where(tables.unit.c.id == "all").values(name={"sv": "x"})
        # Some record first and lock a row afterwards, some the other way round, some lock none. If the head
        # were locked in between, two of them would wait for each other.
        if number % 4 == 0:
            connection.execute(wanted_by_all)
        audit.record(connection, Event.UNIT_ADDED, "", NOW, unit=f"u{number}")
        connection.execute(insert(tables.unit).values(id=f"u{number}", name={}, parent=None, goals=[]))
        if number % 4 == 2:
            connection.execute(wanted_by_all)
        if number % 7 == 0:
            raise NotFound

    try:
        await nodes[0].write(
            lambda c: c.execute(insert(tables.unit).values(id="all", name={}, parent=None, goals=[])) and None
        )
        outcomes = await asyncio.gather(
            *(
                nodes[number % 3].write(lambda c, number=number: work(number, c))  # type: ignore[misc]
                for number in range(1, 61)
            ),
            return_exceptions=True,
        )
        entries = await stored(nodes[0])
        units = await nodes[0].read(lambda c: set(c.scalars(select(tables.unit.c.id))))
    finally:
        for node in nodes:
            await node.close()

    assert sum(isinstance(outcome, NotFound) for outcome in outcomes) == 8
    assert sum(outcome is None for outcome in outcomes) == 52
    assert [entry.sequence for entry in entries] == list(range(1, 53))
    assert audit.verify(entries) is None
    assert {entry.about["unit"] for entry in entries} == units - {"all"}


# What leaves an event.


async def test_founding_leaves_an_event_for_each_person_and_template(here: Organisation) -> None:
    entries = await stored(here.database)

    assert [(entry.event, entry.person, dict(entry.about)) for entry in entries[:2]] == [
        ("command:person:added", "", {"person": "tomas"}),
        ("command:person:added", "tomas", {"person": "helena"}),
    ]
    last = entries[-1]
    assert (last.event, last.person) == ("command:template:added", "helena")
    assert last.about == {"template": ANNUAL[0], "version": "1"}


async def test_sharing_withdrawing_and_opening_leave_events(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, ANSWERS)
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    await here.sharing.withdraw(MAJA.actor, id_, Pane.EMPLOYEE)
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)
    await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)

    pane = {"pane": "employee"}
    assert await told(here.database) == [
        ("page:pane:shared", "maja", id_, pane),
        ("page:pane:withdrawn", "maja", id_, pane),
        ("page:pane:shared", "maja", id_, pane),
        ("page:pane:opened", "jonas", id_, pane),
    ]
    entries = await stored(here.database)
    assert audit.verify(entries) is None
    assert "Hemligt" not in str(entries)


async def test_what_is_refused_leaves_no_event(here: Organisation) -> None:
    id_ = await here.conversation()
    before = await here.count("audit")
    with pytest.raises(NotFound):
        await here.sharing.open_pane(JONAS.actor, id_, Pane.EMPLOYEE)

    assert await here.count("audit") == before


async def test_typing_leaves_no_event_in_any_pane(here: Organisation) -> None:
    id_ = await here.conversation()
    before = [entry.event for entry in await stored(here.database)]
    for who, pane in (("maja", Pane.EMPLOYEE), ("jonas", Pane.MANAGER), ("maja", Pane.JOINT)):
        await here.write(who, id_, pane, {"a1": paragraphs("Något")})
    after = [entry.event for entry in await stored(here.database)]

    # Only the three visits in which it was written.
    assert after == [*before, *["page:session:began"] * 3]


async def test_a_session_leaves_its_beginning_and_its_end(here: Organisation) -> None:
    phone, desk = await here.visit("maja"), await here.visit("maja")
    await here.sessions.end_others(desk)
    await here.accounts.set_password(OPERATOR, "maja", "a new long password")
    with pytest.raises(SignInRefused):
        await here.accounts.sign_in(MAJA.email, PASSWORD, "192.0.2.1")
    with pytest.raises(SignInRefused):
        await here.accounts.sign_in("nobody at all", PASSWORD, "192.0.2.1")

    assert [(each.event, each.person, dict(each.about)) for each in (await stored(here.database))[-7:]] == [
        ("page:session:began", "maja", {"session": phone.id}),
        ("page:session:began", "maja", {"session": desk.id}),
        ("page:session:ended", "maja", {"session": phone.id}),
        ("command:password:set", "", {"person": "maja"}),
        ("command:session:ended", "", {"person": "maja", "session": desk.id}),
        ("page:session:refused", "", {"person": "maja"}),
        # Whatever was typed as the address is kept nowhere: it may be a password.
        ("page:session:refused", "", {}),
    ]


async def test_a_wrong_password_before_signing_leaves_an_event(here: Organisation) -> None:
    with pytest.raises(WrongPassword):
        await here.accounts.confirm(MAJA.actor, "not my password")
    await here.accounts.confirm(MAJA.actor, PASSWORD)

    newest = (await stored(here.database))[-1]
    assert (newest.event, newest.person, newest.about) == ("page:password:refused", "maja", {})


async def test_a_conversation_s_whole_life_stands_in_the_audit(here: Organisation) -> None:
    id_, sha256 = await here.closed()
    await here.reopening.reopen(JONAS.actor, id_, "En siffra är fel.")
    entries = await stored(here.database)
    life = [
        (entry.event, entry.person)
        for entry in entries
        if entry.conversation == id_ and not entry.event.startswith("page:pane:")
    ]

    assert life == [
        ("page:conversation:created", "jonas"),
        ("page:conversation:frozen", "maja"),
        ("page:record:signed", "maja"),
        ("page:record:signed", "jonas"),
        ("page:conversation:closed", "jonas"),
        ("page:conversation:reopened", "jonas"),
    ]
    assert sha256 in {entry.about.get("sha256") for entry in entries}
    assert "siffra" not in str(entries)
    assert audit.verify(entries) is None


async def test_erasing_a_conversation_leaves_the_chain_whole(here: Organisation) -> None:
    id_ = await here.conversation()
    await here.write("maja", id_, Pane.EMPLOYEE, ANSWERS)
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)

    def erase(connection: Connection) -> None:
        connection.execute(delete(tables.pane).where(tables.pane.c.conversation_id == id_))
        connection.execute(delete(tables.conversation).where(tables.conversation.c.id == id_))

    await here.database.write(erase)

    assert await here.count("conversation") == 0
    assert audit.verify(await stored(here.database)) is None
    assert await told(here.database) == [("page:pane:shared", "maja", id_, {"pane": "employee"})]


# The command.


class Auditor:
    """Somebody at the machine on which the database lies."""

    def __init__(self, url: str) -> None:
        self.url = url

    def runs(self, *arguments: str) -> tuple[int, str, str]:
        """How the command ends, and what it says on both ways."""
        result = CliRunner().invoke(whole_cli(), ["audit", *arguments], env={"SAMSYN_DATABASE": self.url})
        return result.exit_code, result.stdout, result.stderr

    def changes(self, work: Change) -> None:
        async def change() -> None:
            database = await open_database(self.url, lambda: NOW)
            try:
                await database.write(work)
            finally:
                await database.close()

        asyncio.run(change())


def five_shares(connection: Connection) -> None:
    for number in range(5):
        audit.record(connection, Event.PANE_SHARED, "maja", NOW, f"c{2 - number % 2}", pane="employee")


@pytest.fixture
def auditor(database_url: str) -> Auditor:
    """With a chain of five events."""
    made = Auditor(database_url)
    made.changes(five_shares)
    return made


def changed(**values: Any) -> Change:
    """A change of the third event."""

    def work(connection: Connection) -> None:
        connection.execute(update(tables.audit).where(tables.audit.c.sequence == 3).values(**values))

    return work


def removed(sequence: int) -> Change:
    def work(connection: Connection) -> None:
        connection.execute(delete(tables.audit).where(tables.audit.c.sequence == sequence))

    return work


def test_the_command_says_that_the_chain_is_whole_and_what_to_keep(auditor: Auditor) -> None:
    code, said, _ = auditor.runs("verify")

    assert code == 0
    sentence, kept = said.splitlines()
    assert "is whole: 5 events, the newest at 2026-11-20T09:00:00+00:00" in sentence
    assert re.fullmatch("5:[0-9a-f]{64}", kept)
    assert auditor.runs("verify", "--expect", kept)[0] == 0


def test_the_command_walks_a_long_chain_in_batches(auditor: Auditor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "AUDIT_BATCH_EVENTS", 2)

    assert "5 events" in auditor.runs("verify")[1]
    assert len(auditor.runs("list")[1].splitlines()) == 5
    auditor.changes(changed(person="jonas"))
    assert "broken at event 3" in auditor.runs("verify")[2]


@pytest.mark.parametrize(
    "change",
    [
        changed(person="jonas"),
        changed(at=NOW + timedelta(microseconds=1)),
        changed(about={"pane": "manager"}),
        changed(sequence=33),
        removed(3),
    ],
)
def test_the_command_says_where_the_chain_is_broken(auditor: Auditor, change: Change) -> None:
    auditor.changes(change)
    code, said, wrong = auditor.runs("verify")

    assert (code, said) == (1, "")
    assert "is broken at event 3: " in wrong


@pytest.mark.parametrize("column", ["at", "about", "hash"])
def test_the_command_is_not_tripped_over_by_what_is_no_event(sqlite_url: str, column: str) -> None:
    def spoil(connection: Connection) -> None:
        connection.execute(text(f"UPDATE audit SET {column} = x'ff7b' WHERE sequence = 3"))

    auditor = Auditor(sqlite_url)
    auditor.changes(five_shares)
    auditor.changes(spoil)
    code, _, wrong = auditor.runs("verify")

    assert (code, "is broken at event 3: " in wrong) == (1, True)


def test_a_chain_whose_end_was_cut_off_is_found_by_what_was_kept(auditor: Auditor) -> None:
    kept = auditor.runs("verify")[1].splitlines()[1]
    auditor.changes(removed(5))

    assert auditor.runs("verify")[0] == 0
    code, _, wrong = auditor.runs("verify", "--expect", kept)
    assert (code, "Event 5 is not there any more" in wrong) == (1, True)


def test_a_chain_that_was_written_anew_is_found_by_what_was_kept(auditor: Auditor) -> None:
    kept = auditor.runs("verify")[1].splitlines()[1]
    auditor.changes(removed(5))
    auditor.changes(lambda c: audit.record(c, Event.PANE_OPENED, "jonas", NOW, "c1", pane="employee"))

    assert auditor.runs("verify")[0] == 0
    code, _, wrong = auditor.runs("verify", "--expect", kept)
    assert (code, "Event 5 is another one than it was" in wrong) == (1, True)


@pytest.mark.parametrize("kept", ["5", "5:abc", f"0:{NOTHING}", f"five:{NOTHING}"])
def test_what_is_kept_must_be_what_was_printed(sqlite_url: str, kept: str) -> None:
    code, _, wrong = Auditor(sqlite_url).runs("verify", "--expect", kept)

    assert (code, "a number and a hash" in wrong) == (2, True)


def test_the_command_lists_events_as_ids(auditor: Auditor) -> None:
    lines = auditor.runs("list")[1].splitlines()

    assert lines[0] == "1 2026-11-20T09:00:00+00:00 page:pane:shared maja c2 pane=employee"
    assert len(lines) == 5
    of_one = auditor.runs("list", "--conversation", "c1")[1].splitlines()
    assert [line.split()[0] for line in of_one] == ["2", "4"]
    assert auditor.runs("list", "--conversation", "c3")[:2] == (0, "")


def test_an_empty_audit_is_whole(sqlite_url: str) -> None:
    code, said, _ = Auditor(sqlite_url).runs("verify")

    assert (code, "is empty" in said) == (0, True)
