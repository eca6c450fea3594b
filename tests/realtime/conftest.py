"""A conversation of two people, kari (employee) and ola (responsible), on one node."""

from collections.abc import AsyncIterator

import pytest

from server.rules.access import Pane
from tests.realtime.doubles import EMPLOYEE, JOINT, MANAGER, House


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """Rooms whose clock runs when it is moved. Nothing of them is left after the test."""
    house = House()
    house.add(1, JOINT, Pane.JOINT, kari="read-write", ola="read-write", guest="readonly")
    house.add(2, EMPLOYEE, Pane.EMPLOYEE, private=True, kari="read-write")
    house.add(3, MANAGER, Pane.MANAGER, private=True, ola="read-write")
    house.rooms.start()
    yield house
    house.log.gate.set()
    house.log.failures = 0
    await house.rooms.drain()
