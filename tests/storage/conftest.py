"""The scene that every test of the storage plays in."""

import pytest

from server.storage.database import Database
from tests.conftest import SetClock
from tests.storage.scene import Scene


@pytest.fixture
async def scene(database: Database, clock: SetClock) -> Scene:
    made = Scene(database, clock)
    await made.set_up()
    return made
