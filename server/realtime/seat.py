"""One connection's place in one live document: what each of the two needs to know of the other."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Protocol

from crdt.messages import AwarenessEntry
from crdt.protocol import Attachment
from crdt.typed import Caret
from server.realtime.ports import Opening, Scope
from server.rules import limits
from server.storage.update_log import Author


class Line(Protocol):
    """The connection, as its seats see it: what can be said to one attachment."""

    def granted(self, seat: "Seat", scope: Scope) -> None: ...
    def denied(self, seat: "Seat", closing: str) -> None: ...
    def closed(self, seat: "Seat", closing: str) -> None: ...
    def over_limit(self) -> None: ...
    def handshake(self, key: Attachment, state_vector: bytes, diff: bytes) -> None: ...
    def resync(self, key: Attachment, state_vector: bytes, worth: int) -> None: ...
    def deliver(self, key: Attachment, worth: int, update: bytes | None) -> None: ...
    def refuse(self, key: Attachment) -> None: ...
    def presence(self, key: Attachment, entries: tuple[AwarenessEntry, ...]) -> None: ...
    def stateless(self, key: Attachment, payload: str) -> None: ...


class Stage(Enum):
    """How far an attachment has come."""

    WAITING = auto()
    """Opened, and not yet told so: the document is being loaded."""
    SEATED = auto()
    LEFT = auto()
    """The client has gone. What it had sent is still stored."""
    EXPELLED = auto()
    """The server closed it. What it had sent and was not stored is dropped, and never acknowledged."""


class Seat:
    """See the module. Hashable by identity."""

    __slots__ = (
        "_line",
        "_waiting_bytes",
        "_waiting_items",
        "caret",
        "is_lacking",
        "key",
        "listens",
        "may_write",
        "opening",
        "stage",
    )

    def __init__(self, line: Line, key: Attachment, opening: Opening) -> None:
        self.key = key
        self.opening = opening
        self.may_write = opening.scope == "read-write"
        self.caret: Caret | None = None
        """Where it types on, if it does."""
        self.stage = Stage.WAITING
        self.listens = False
        """Has been sent the document, and is therefore sent what changes in it."""
        self.is_lacking = False
        """Has been asked for what the document lacks, and has not answered yet."""
        self._line = line
        self._waiting_items = 0
        self._waiting_bytes = 0

    @property
    def line(self) -> Line:
        """The connection: the same for all seats of one page."""
        return self._line

    @property
    def author(self) -> Author:
        return self.opening.author

    @property
    def user(self) -> Mapping[str, str]:
        return self.opening.user

    @property
    def is_present(self) -> bool:
        return self.stage is Stage.SEATED

    # What waits in the document's inbox, bounded for each seat, so that nobody fills it for others.

    def wait(self, size: int) -> bool:
        """Count an item of ``size`` bytes in. False when the connection has gone over its limit."""
        self._waiting_items += 1
        self._waiting_bytes += size
        if (
            self._waiting_items <= limits.WAITING_ITEMS_MAX
            and self._waiting_bytes <= limits.WAITING_BYTES_MAX
        ):
            return True
        self._line.over_limit()
        return False

    def waited(self, size: int) -> None:
        """Count an item out."""
        self._waiting_items -= 1
        self._waiting_bytes -= size

    # What is said to the client. Nothing is, once either side has ended the attachment.

    def grant(self) -> None:
        if self.stage is Stage.WAITING:
            self.stage = Stage.SEATED
            self._line.granted(self, self.opening.scope)

    def reopen(self, opening: Opening) -> None:
        """The rights have been read again, and hold: tell the client if they are others."""
        changed = opening.scope != self.opening.scope
        self.opening = opening
        self.may_write = opening.scope == "read-write"
        if changed and self.is_present:
            self._line.granted(self, opening.scope)

    def expel(self, closing: str) -> None:
        """End the attachment from this side, with a word of DocumentClosing."""
        stage, self.stage = self.stage, Stage.EXPELLED
        if stage is Stage.WAITING:
            self._line.denied(self, closing)
        elif stage is Stage.SEATED:
            self._line.closed(self, closing)

    def leave(self) -> None:
        """The client has gone."""
        if self.stage is not Stage.EXPELLED:
            self.stage = Stage.LEFT

    def answer(self, state_vector: bytes, diff: bytes) -> None:
        if self.is_present:
            self.listens = True
            self._line.handshake(self.key, state_vector, diff)

    def resync(self, state_vector: bytes, worth: int) -> None:
        if self.is_present:
            self._line.resync(self.key, state_vector, worth)

    def acknowledge(self, saved: bool, worth: int) -> None:
        if saved:
            self.deliver(worth, None)
        elif self.is_present:
            self._line.refuse(self.key)

    def deliver(self, worth: int, change: bytes | None) -> None:
        """Say that what it wrote is durable, so many changes, and pass on what others did, if anything."""
        if self.stage is Stage.SEATED and (worth or change is not None):
            self._line.deliver(self.key, worth, change if self.listens else None)

    def presence(self, entries: tuple[AwarenessEntry, ...]) -> None:
        if self.is_present:
            self._line.presence(self.key, entries)

    def tell(self, payload: str) -> None:
        if self.is_present:
            self._line.stateless(self.key, payload)
