"""What the rooms are told after a commit: that something changed, never what it says.

A feature rings within its transaction; the bell is heard once that transaction has committed, on
every node, the same one included. A lost bell costs latency only.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    """A share, its withdrawal, an opening, a freeze, a change of people: ask for the rights again."""

    conversation: str


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


Bell = ConversationChanged | SessionEnded | PersonChanged | LogMoved | BellsMissed
