"""Many open conversations with two people each on one server: what they cost, and how a keystroke fares."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from server import conversations, people, sessions, templates
from server.pages.cookies import PLAIN_NAME
from server.people import Person
from server.rules.access import OPERATOR, Pane, Role
from server.settings import Settings
from server.storage.database import Database
from server.storage.opening import open_database
from tests.figures.answers import Writer, now
from tests.organisation import ANNUAL, HELENA, TOMAS, annual_template, person
from tests.running import RunningServer
from tests.typist import Device

REPORTS_PER_MANAGER = 10
FIELD = "a8"
"""Of the joint pane: where the keystrokes go."""
CONNECTING_AT_ONCE = 50
KEYSTROKES = 500


@dataclass(frozen=True, slots=True)
class Seat:
    """One person's browser in one conversation: a session, and the documents that its page opens."""

    cookie: str
    own: str
    joint: str


@dataclass(frozen=True, slots=True)
class CrowdFigures:
    """Memory is the server process's resident set, in bytes."""

    conversations: int
    connections: int
    connecting_seconds: float
    """From the first connection's opening until the last one has all its documents."""
    connecting_processor_seconds: float
    """Of the server alone: the other side runs on the same machine."""
    before: int
    """With nobody connected."""
    after: int
    acknowledged_ms: tuple[float, ...]
    """From each keystroke until its writer knew that it was stored."""
    delivered_ms: tuple[float, ...]
    """From each keystroke until the other had it."""

    @property
    def growth(self) -> int:
        return self.after - self.before


async def settle(
    data: Path, count: int, advance: Callable[[], None] = lambda: None
) -> list[tuple[Seat, Seat]]:
    """Make `count` conversations, with answers in all panes, in the empty folder `data`.

    No server runs there. Returns for each the employee's seat and the responsible's.
    `advance` is called for each.
    """
    database = await open_database(Settings(data=data).database_url, now)
    try:
        await database.write(_found)
        seats: list[tuple[Seat, Seat]] = []
        for first in range(0, count, REPORTS_PER_MANAGER):
            manager = person(f"manager-{first}", f"Chef {first}", "tomas", Role.MANAGER)
            await database.write(lambda c, manager=manager: people.add(c, TOMAS.actor, manager, None, now()))  # type: ignore[misc]
            team = [
                person(f"employee-{number}", f"Medarbetare {number}", manager.id)
                for number in range(first, min(first + REPORTS_PER_MANAGER, count))
            ]
            for pair in await asyncio.gather(*(_meet(database, manager, one) for one in team)):
                seats.append(pair)
                advance()
        return seats
    finally:
        await database.close()


def _found(connection: Connection) -> None:
    people.add(connection, OPERATOR, TOMAS, None, now())
    people.add(connection, TOMAS.actor, HELENA, None, now())
    templates.add(connection, HELENA.actor, annual_template(), now())


async def _meet(database: Database, manager: Person, employee: Person) -> tuple[Seat, Seat]:
    def make(connection: Connection) -> tuple[dict[Pane, str], str, str]:
        people.add(connection, TOMAS.actor, employee, None, now())
        id_ = conversations.create(connection, manager.actor, employee.id, ANNUAL, None, now())
        made = conversations.see(connection, manager.actor, id_)
        key_of_employee, key_of_manager = (
            sessions.begin(connection, one.id, "", now()) for one in (employee, manager)
        )
        return {pane: one.name for pane, one in made.panes.items()}, key_of_employee, key_of_manager

    names, key_of_employee, key_of_manager = await database.write(make)
    writer = Writer(database)
    await writer.answer(key_of_employee, names[Pane.EMPLOYEE])
    await writer.answer(key_of_manager, names[Pane.MANAGER])
    await writer.answer(key_of_manager, names[Pane.JOINT])
    return (
        Seat(f"{PLAIN_NAME}={key_of_employee}", names[Pane.EMPLOYEE], names[Pane.JOINT]),
        Seat(f"{PLAIN_NAME}={key_of_manager}", names[Pane.MANAGER], names[Pane.JOINT]),
    )


async def gather_crowd(
    server: RunningServer,
    seats: list[tuple[Seat, Seat]],
    keystrokes: int = KEYSTROKES,
    seed: int = 1,
    advance: Callable[[], None] = lambda: None,
) -> CrowdFigures:
    """Open every seat on the running server, type while all are open, and leave. `advance` per connection."""
    before = resident_bytes(server)
    began, processor_began = time.perf_counter(), processor_seconds(server)
    turns = asyncio.Semaphore(CONNECTING_AT_ONCE)

    async def sit(seat: Seat) -> Device:
        async with turns:
            device = Device(server.url, seat.cookie)
            await device.connect(seat.own, seat.joint)
            await device.until_synced()
            assert all(one.synced for one in device.documents.values()), "the server let go of a connection"
            advance()
            return device

    devices = await asyncio.gather(*(sit(seat) for pair in seats for seat in pair))
    connecting = time.perf_counter() - began
    processor = processor_seconds(server) - processor_began
    pairs = list(zip(devices[::2], devices[1::2], strict=True))
    after = resident_bytes(server)
    dice = random.Random(seed)
    times = []
    for number in range(keystrokes):
        chosen = dice.randrange(len(pairs))
        writer, other = dice.sample(pairs[chosen], 2)
        times.append(await _keystroke(writer, other, seats[chosen][0].joint, f"{number} "))
    assert all(device.connected for device in devices), "the server let go of a connection"
    await asyncio.gather(*(device.close() for device in devices))
    return CrowdFigures(
        conversations=len(seats),
        connections=len(devices),
        connecting_seconds=connecting,
        connecting_processor_seconds=processor,
        before=before,
        after=after,
        acknowledged_ms=tuple(acknowledged for acknowledged, _ in times),
        delivered_ms=tuple(delivered for _, delivered in times),
    )


async def _keystroke(writer: Device, other: Device, joint: str, key: str) -> tuple[float, float]:
    began = time.perf_counter()

    async def acknowledged() -> float:
        await writer.until_acknowledged(joint)
        return (time.perf_counter() - began) * 1000

    async def delivered() -> float:
        async with other.changed:
            await other.changed.wait_for(lambda: key in other.text(joint, FIELD))
        return (time.perf_counter() - began) * 1000

    await writer.type(joint, FIELD, key)
    return await asyncio.gather(acknowledged(), delivered())


def resident_bytes(server: RunningServer) -> int:
    """What the server's process holds in memory."""
    lines = _of_process(server, "status").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def processor_seconds(server: RunningServer) -> float:
    """What the server's process has used of the processors so far."""
    # Behind the name, which may hold spaces: utime and stime are the 14th and 15th of the line.
    fields = _of_process(server, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _of_process(server: RunningServer, name: str) -> str:
    assert server.process is not None
    return Path(f"/proc/{server.process.pid}/{name}").read_text()
