"""Everything that can be wrong with what a client sends, or with a document, as one tree.

    CrdtError
    ├── ProtocolError            the bytes break the rules: the sender's document (or socket) is closed
    │   ├── MalformedFrame       a frame that cannot be decoded
    │   ├── UnexpectedMessage    a message that a client may not send, or not in this state
    │   ├── MalformedUpdate      an update or state vector that cannot be decoded
    │   ├── ForeignContent       an update that writes what the document's schema does not have
    │   ├── BorrowedClient       an update that writes under a client id which is another person's
    │   └── OverLimit            more than a named limit allows
    ├── IncompleteUpdate         nobody's fault: something before it is missing, ask for a resync
    └── DocumentBroken           pycrdt failed: the document in memory must be thrown away and loaded

No other exception leaves this package because of bytes from outside.
"""


class CrdtError(Exception):
    """Root of the tree."""


class ProtocolError(CrdtError):
    """The sender broke the rules. The message is for the log: it never quotes the sender's bytes."""


class MalformedFrame(ProtocolError):
    """A frame that cannot be decoded."""


class UnexpectedMessage(ProtocolError):
    """A message that a client may not send, or may not send in this state."""


class MalformedUpdate(ProtocolError):
    """An update or a state vector that cannot be decoded."""


class ForeignContent(ProtocolError):
    """An update that writes what the document's schema does not have."""


class BorrowedClient(ProtocolError):
    """An update that writes under a Yjs client id which belongs to another person."""


class OverLimit(ProtocolError):
    """More than a named limit allows. ``limit`` is the name of a field of a bounds class."""

    def __init__(self, limit: str) -> None:
        super().__init__(f"over the limit {limit}")
        self.limit = limit


class IncompleteUpdate(CrdtError):
    """Something that the update builds on is not in the document: ask its sender for a resync."""


class DocumentBroken(CrdtError):
    """pycrdt failed while the document was read or changed: load it again from snapshot and log."""
