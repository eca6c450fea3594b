"""Why a document, or a whole socket, is closed: the words that go over the wire, each in one place."""

from dataclasses import dataclass
from enum import StrEnum


class DocumentClosing(StrEnum):
    """The reason in a CLOSE or PermissionDenied frame. The socket and its other documents stay open."""

    MOVED = "moved"
    """The generation has been replaced: load the page's facts again and attach to the new name."""
    FROZEN = "frozen"
    """Nobody may write here any more; what was not acknowledged is kept on the device."""
    DENIED = "denied"
    """Missing or forbidden, never said which."""
    REFUSED = "refused"
    """What was sent can never be part of this document; sending it again cannot help."""
    UNAVAILABLE = "unavailable"
    """The document could not be loaded now: attach again in a while."""


@dataclass(frozen=True, slots=True)
class SocketClosing:
    """The code and reason of a WebSocket's closing frame."""

    code: int
    reason: str


SERVICE_RESTART = SocketClosing(1012, "Service Restart")
STALLED = SocketClosing(1013, "Try Again Later")
RESET = SocketClosing(4205, "Reset Connection")
"""An undecodable frame, or more than a limit of the connection allows."""
UNAUTHORIZED = SocketClosing(4401, "Unauthorized")
TIMEOUT = SocketClosing(4408, "Connection Timeout")
TOO_MUCH = SocketClosing(4429, "Too Much")
"""Too many connections for one person, or too many bytes a second."""
