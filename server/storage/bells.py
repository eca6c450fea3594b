"""What the rooms are told after a commit: that something changed, never what it says.

A feature rings within its transaction; the bell is heard once that transaction has committed, on
every node, the same one included. A lost bell costs latency only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    """A share, its withdrawal, an opening, a freeze, a change of people: ask for the rights again."""

    conversation: str


@dataclass(frozen=True, slots=True)
class RoomChanged:
    """The same of documents that belong to no conversation: an employee's activities, somebody's notes."""

    room: str
    """As ``activities_of`` and ``notes_of`` name it."""


def activities_of(employee: str) -> RoomChanged:
    """Something about an employee's activities, or about who may see them."""
    return RoomChanged(f"activities/{employee}")


def notes_of(owner: str) -> RoomChanged:
    """Something about what somebody keeps for themselves."""
    return RoomChanged(f"notes/{owner}")


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A logout: the sockets of that session close."""

    session: str
    """The session's hashed id."""


@dataclass(frozen=True, slots=True)
class PersonChanged:
    """Rights, roles or activity of a person changed: ask again on all of the person's sockets."""

    person: str


@dataclass(frozen=True, slots=True)
class LogMoved:
    """Another node appended: the document's log now ends at ``sequence``."""

    document: int
    sequence: int
    node: str


@dataclass(frozen=True, slots=True)
class BellsMissed:
    """This node could not hear for a while (PostgreSQL): any of the others may have been rung. Ask for
    all rights again, and read every loaded document's log from where it is."""


@dataclass(frozen=True, slots=True)
class PresenceSpoken:
    """Where somebody is in a document, who is connected to another node. Stored nowhere."""

    document: int
    node: str
    client: int
    clock: int
    """As that node counts. What this node sends afterwards counts from there."""
    state: str
    """A JSON object that her node has stamped with who she is, or ``null``: she has gone."""
    private: bool
    """Only her own connections may be told."""


@dataclass(frozen=True, slots=True)
class PresenceWanted:
    """A node has loaded the document: the others are to say who is there."""

    document: int


@dataclass(frozen=True, slots=True)
class NodeLeft:
    """A node has gone down in good order: nobody is connected to it any more."""

    node: str


Bell = (
    ConversationChanged
    | RoomChanged
    | SessionEnded
    | PersonChanged
    | LogMoved
    | BellsMissed
    | PresenceSpoken
    | PresenceWanted
    | NodeLeft
)


class OtherNodes(Protocol):
    """The way to the other nodes past every table, for what is worth nothing a minute later."""

    node: str
    """The name of this one."""

    async def tell_others(self, bells: Sequence[Bell]) -> None:
        """Have ``bells`` heard on the other nodes, in order. Who cannot hear just then is not told again.

        Raises StorageUnavailable.
        """
        ...
