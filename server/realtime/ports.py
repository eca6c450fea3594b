"""What the rooms need from outside, and nothing of how it is done: who may open what, time, a socket."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from crdt.content import Content
from crdt.schema import DocumentSchema
from server.rules.access import Pane
from server.storage.update_log import Author, Summary

Scope = Literal["read-write", "readonly"]


@dataclass(frozen=True, slots=True)
class Repeated:
    """What a row of the document's own repeats of it, for lists and reminders, which read no documents."""

    fields: frozenset[str]
    """The fields from which it is made: only a change that touches one of them changes it."""
    summarise: Callable[[Content], Summary]
    """Makes it of what these fields say."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A document that one session may read, and perhaps write."""

    document: int
    """Row id of the document in the log."""
    name: str
    """Its name on the wire, ``{conversation}/{pane}/{generation}`` for a pane."""
    room: str
    """What it belongs to: a conversation, by its id; somebody's activities or notes, as the bells have it."""
    pane: Pane | None
    """None for what belongs to no conversation."""
    schema: DocumentSchema
    scope: Scope
    author: Author
    user: Mapping[str, str]
    """What others are shown of the person: ``id``, ``name``, ``initials``, ``colour``."""
    private: bool
    """Nobody but its owner may learn anything of it, not even that somebody is there."""
    repeated: Repeated | None = None
    """None for a pane."""


class OpeningDenied(Exception):
    """The document is not to be opened. ``reason`` is ``denied`` for missing and forbidden alike,
    ``moved`` for the owner of a generation that has been replaced."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Desk(Protocol):
    """Decides who may open which document, from the facts as they are stored now."""

    async def open(self, session: str, name: str) -> Opening:
        """Open the document ``name`` for the session with this hashed id.

        Raises OpeningDenied, or StorageUnavailable when the facts cannot be read.
        """
        ...

    async def session_holds(self, session: str) -> bool:
        """Say whether the session has neither ended nor grown too old. Raises StorageUnavailable."""
        ...


class Clock(Protocol):
    """Time as the rooms need it. All waiting goes through it, so that a test can let it pass."""

    def now(self) -> float:
        """Seconds that only go forward."""
        ...

    def epoch_milliseconds(self) -> int:
        """Milliseconds since 1970."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class Transport(Protocol):
    """One socket, from the writing side. ``send`` and ``close`` raise ConnectionError once it is gone."""

    def send_at_once(self, frames: Sequence[bytes]) -> bool:
        """Send binary frames at once. False, and nothing is sent, if they must be given to ``send``."""
        ...

    async def send(self, frame: bytes) -> None:
        """Send one binary frame; returns when the socket is ready to take another."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close in the orderly way, behind everything that was sent."""
        ...

    def abort(self) -> None:
        """Drop the socket at once, with whatever it has not taken."""
        ...
