"""What every command stands on: the settings, an open database, and one sentence for each misuse."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn, TypeVar

import typer
from sqlalchemy import make_url

from server import logs, people, settings
from server.people import Person
from server.rules.errors import NotFound, StorageUnavailable
from server.settings import Settings, SettingsInvalid
from server.storage.database import Database
from server.storage.migrations import DatabaseTooNew
from server.storage.opening import open_database
from server.storage.sqlite_lock import DatabaseInUse

T = TypeVar("T")
NOT_DONE = 2


class Misuse(Exception):
    """What was asked for cannot be done, and nothing was changed. ``sentences`` are for the operator."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(*sentences)
        self.sentences = sentences


class CannotWrite(Exception):
    """The data folder cannot be written in. Its text is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a command works with."""

    settings: Settings
    database: Database

    @property
    def place(self) -> str:
        """Which database it is, without its password."""
        url = make_url(self.settings.database_url)
        is_file = url.get_backend_name() == "sqlite" and url.database
        return str(url.database) if is_file else url.render_as_string(hide_password=True)

    async def person(self, email: str) -> Person:
        """The active person with this address. Raises Misuse when there is none."""
        try:
            return await self.database.read(lambda connection: people.with_email(connection, email))
        except NotFound:
            raise Misuse(f"Nobody active has the address {email} in {self.place}.") from None


def run(work: Callable[[Ground], Awaitable[T]]) -> T:
    """Do ``work`` on the database of the settings, or say in a sentence why not and exit."""
    with said():
        chosen = settings.read(os.environ)
        logs.configure(chosen.log_level)
        require_folder(chosen)
        return asyncio.run(_on_database(chosen, work))


async def _on_database(chosen: Settings, work: Callable[[Ground], Awaitable[T]]) -> T:
    database = await open_database(chosen.database_url, now)
    try:
        return await work(Ground(chosen, database))
    finally:
        await database.close()


@contextmanager
def said(*reasons: type[Exception]) -> Iterator[None]:
    """Say what an operator can mend in a sentence, and exit. ``reasons`` have one as their text, too."""
    try:
        yield
    except SettingsInvalid as invalid:
        _stop(*invalid.errors)
    except Misuse as misuse:
        _stop(*misuse.sentences)
    except (CannotWrite, DatabaseTooNew) as reason:
        _stop(str(reason))
    except reasons as reason:
        _stop(str(reason))
    except DatabaseInUse as reason:
        _stop(f"The database cannot be opened: {reason}. Stop it, and try again.")
    except StorageUnavailable as reason:
        _stop(f"The database cannot be opened: {reason}")


def _stop(*sentences: str) -> NoReturn:
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    raise typer.Exit(NOT_DONE)


def now() -> datetime:
    """The clock of every process of Samsyn."""
    return datetime.now(UTC)


def require_folder(chosen: Settings) -> None:
    """Make the folder of SQLite's file. Raises CannotWrite."""
    url = make_url(chosen.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    folder = Path(url.database).parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The rights alone do not tell: a disk may be mounted read-only.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotWrite(
            f"The folder {folder} cannot be written in ({error.strerror}). Make it writable, or choose "
            "another by SAMSYN_DATA."
        ) from error
