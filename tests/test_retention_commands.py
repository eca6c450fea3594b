"""``samsyn retention`` and ``samsyn person erase``: what goes is said first, and done when it is meant."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from server.cli import whole_cli
from server.storage.opening import open_database
from tests.conftest import SetClock
from tests.keeping import SIGNED, everything
from tests.organisation import Organisation
from tests.test_erasing import leave, seen

MISUSE = 2


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An organisation of some three years ago, in the data folder of the commands."""
    monkeypatch.setenv("SAMSYN_DATA", str(tmp_path))
    url = f"sqlite:///{tmp_path / 'samsyn.sqlite3'}"

    async def play(here: Organisation) -> None:
        await here.found()
        await everything(here)

    asyncio.run(_on(url, play, datetime.now(UTC) - timedelta(days=3 * 365)))
    return url


async def _on(url: str, work: Callable[[Organisation], Awaitable[Any]], at: datetime) -> Any:
    clock = SetClock()
    clock.now = at
    database = await open_database(url, clock)
    try:
        return await work(Organisation(database, clock))
    finally:
        await database.close()


def run(*arguments: str, typed: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(whole_cli(), arguments, input=typed)
    return done.exit_code, done.output


def test_what_goes_is_listed_without_content_and_erased_when_it_is_run(played: str) -> None:
    code, listed = run("retention", "preview", "--days", "0")
    assert code == 0
    assert " signed maja " in listed
    assert "version=1" in listed
    assert "kanarie" not in listed
    assert " note" not in listed
    code, said = run("retention", "run")
    assert code == 0
    # The earlier version goes with the whole.
    assert "signed: 1" in said
    assert run("retention", "run")[1].endswith("nothing.\n")
    assert "Nothing in" in run("retention", "preview", "--days", "0")[1]
    assert run("audit", "verify")[0] == 0
    assert asyncio.run(_on(played, lambda here: seen(here, SIGNED), datetime.now(UTC))) == []


def test_a_person_is_erased_when_that_is_meant_and_not_while_she_works_here(played: str) -> None:
    code, said = run("person", "erase", "nobody")
    assert (code, "There is nobody with the id nobody" in said) == (MISUSE, True)
    code, said = run("person", "erase", "maja", "--yes")
    assert code == MISUSE
    assert "maja works here" in said
    asyncio.run(_on(played, lambda here: leave(here, "maja"), datetime.now(UTC)))
    code, said = run("person", "erase", "maja", "--records", typed="n\n")
    assert "3 conversations" in said
    assert "Erased in" not in said
    assert asyncio.run(_on(played, lambda here: seen(here, SIGNED), datetime.now(UTC))) == list(SIGNED)
    code, said = run("person", "erase", "maja", "--records", typed="y\n")
    assert (code, "Erased in" in said) == (0, True)
    assert asyncio.run(_on(played, lambda here: seen(here, SIGNED), datetime.now(UTC))) == []
    assert run("audit", "verify")[0] == 0
