"""The port of the durable update log: what the rooms need of a database, and nothing of SQL.

``sqlite_log`` and ``postgres_log`` keep it; one contract suite tests both. Key invariants:

1. An append either commits whole or leaves no trace. Nothing is acknowledged before it returns.
2. A document's sequence numbers become visible in order and without gaps.
3. State, generation and rights are read in the append's own transaction: after a freeze or a share
   has committed, no append to what was frozen or moved does.
4. Loading that fails raises; it never gives an empty document.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

# What is made at every key press is made as a tuple, in half the time.


class Author(NamedTuple):
    """Who wrote a part of a change: ids of the person and of the session (its hash)."""

    person: str
    session: str


class Touch(NamedTuple):
    """That a person changed a field; never what was written. For the change log (F6)."""

    person: str
    field: str


@dataclass(frozen=True, slots=True)
class ActivitySummary:
    """What an activity's row repeats of its document."""

    title: str
    owner: str | None
    """Whoever the document names: the row has it only if there is such a person."""
    due_on: date | None
    follow_up_on: date | None


@dataclass(frozen=True, slots=True)
class NoteSummary:
    """What a note's row repeats of its document."""

    beginning: str


Summary = ActivitySummary | NoteSummary


class Append(NamedTuple):
    """One document's change, as it comes from the document itself, never from a client."""

    document: int
    """Row id of the document."""
    change: bytes
    """A Yjs update (v1)."""
    authors: tuple[Author, ...]
    touched: tuple[Touch, ...]
    new_clients: tuple[tuple[int, str], ...] = ()
    """Yjs client ids seen for the first time, with the person that each belongs to."""
    summary: Summary | None = None
    """What an activity or a note says with this change; None for a pane, which has no such row."""
    follows: int = 0
    """Number of the last change that the summary counts in, beside this one."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document as it is stored: the snapshot, and every change after it in order."""

    snapshot: bytes
    updates: tuple[bytes, ...]
    sequence: int
    """Number of the last change that is in here."""
    clients: dict[int, str]
    """Yjs client id -> the person that it belongs to."""
    state_vector: bytes | None = None
    """Of the snapshot, if that is known."""


class LogError(Exception):
    """Root of what the log raises."""


class AppendRefused(LogError):
    """The append's rights do not hold. ``persons`` lost theirs; ``reason`` is ``frozen`` or ``moved``
    when nobody may write here any more, ``denied`` when only those persons may not."""

    def __init__(self, reason: str, persons: frozenset[str]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.persons = persons


class DocumentGone(LogError):
    """The document's row is no longer there: its generation has been dropped."""


class LogMovedOn(LogError):
    """Another node has written what this append should have counted in: read the log, and try again.

    Its summary is of less than stands there, or it brings a Yjs client id as new that belongs to somebody."""


class LogIncomplete(LogError):
    """A change is missing between two others: what is stored has been damaged."""


class LogUnavailable(LogError):
    """The database could not be read or written: nothing was kept, try again."""


Appended = int | Exception
"""What came of an append: its sequence number, or what ``UpdateLog.append`` raises."""


class UpdateLog(Protocol):
    """Appends, loads and compacts. Methods are safe to call from any number of tasks at once."""

    async def append(self, append: Append) -> int:
        """Store one change and return its sequence number once it is durable.

        Calls that wait at the same time are carried by one transaction; a refused one leaves no trace in it.
        Where the append has a summary, the row that repeats it is written in the same transaction.
        Raises AppendRefused, DocumentGone, LogMovedOn or LogUnavailable.
        """
        ...

    async def append_all(self, appends: Sequence[Append]) -> Sequence[Appended]:
        """Store changes of different documents as if by ``append``. One outcome for each; raises nothing."""
        ...

    async def load(self, document: int) -> Loaded:
        """Read the snapshot and all later changes. Raises DocumentGone, LogIncomplete or LogUnavailable."""
        ...

    async def read_after(self, document: int, sequence: int) -> Sequence[tuple[int, bytes]]:
        """Changes after ``sequence``, in order. Raises DocumentGone or LogUnavailable."""
        ...

    async def compact(
        self, document: int, sequence: int, snapshot: bytes, state_vector: bytes | None = None
    ) -> None:
        """Replace everything up to ``sequence`` by ``snapshot``, so that deleted text leaves the disk.

        The caller has checked that the snapshot reloads to the same content. ``state_vector``: the
        snapshot's, to be given with it to whoever loads it.
        Raises DocumentGone or LogUnavailable.
        """
        ...
