"""The audit: a chain in which every event has its place, and nothing can be changed unseen."""

import asyncio
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, update

from server import audit
from server.audit import NOTHING, Entry, Event
from server.rules.access import OPERATOR
from server.rules.errors import NotFound
from server.storage import tables
from server.storage.database import Database
from server.storage.opening import open_database
from tests.conftest import SetClock
from tests.organisation import HELENA, JONAS, MAJA, TOMAS

NOW = datetime(2026, 11, 20, 9, 0, 0, 120, tzinfo=UTC)


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
    return await database.read(lambda connection: audit.batch(connection, OPERATOR, after=0))


async def told(database: Database) -> list[tuple[str, str, str, dict[str, str]]]:
    """What the events of pages say, but for sessions: event, person, conversation, about."""
    return [
        (entry.event, entry.person, entry.conversation, dict(entry.about))
        for entry in await stored(database)
        if not entry.event.startswith(("command:", "page:session:"))
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
                return draw(st.integers(0, 50).filter(lambda each: each != value))
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
            await database.read(lambda c, one=one: audit.batch(c, one.actor, 0))  # type: ignore[misc]


async def test_several_nodes_write_one_chain_without_gaps(postgres_url: str, clock: SetClock) -> None:
    """On a real PostgreSQL: many transactions at once, in which rows are locked in any order as well."""
    nodes = [await open_database(postgres_url, clock) for _ in range(3)]

    def work(number: int, connection: Connection) -> None:
        audit.record(connection, Event.UNIT_ADDED, "", NOW, unit=f"u{number}")
        connection.execute(insert(tables.unit).values(id=f"u{number}", name={}, parent=None, goals=[]))
        # A row that all want, after the event: whoever held the chain's head by now would wait for ever.
        connection.execute(update(tables.unit).where(tables.unit.c.id == "all").values(name={"sv": "x"}))
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
