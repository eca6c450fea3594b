"""One document in memory, and how far along the log it is.

Key invariants:

1. ``sequence`` is contiguous: every change up to it is in the document, whichever node wrote it.
2. The document holds what the log holds, plus what the current turn has merged and not yet appended.
   After any failure between the two it is dropped and loaded again.
3. The log is only folded into a snapshot that was read back and found to say the same.
"""

import asyncio

from crdt.document import Document
from crdt.errors import CrdtError, DocumentBroken
from crdt.schema import DocumentSchema
from server.realtime.ports import Opening
from server.rules import limits
from server.storage.update_log import Append, UpdateLog


class UnfaithfulSnapshot(Exception):
    """A snapshot does not reload to the same content: the log is kept as it is."""


class Replica:
    """See the module. Every method raises what the log raises, DocumentGone among it."""

    def __init__(self, opening: Opening, log: UpdateLog) -> None:
        self.id = opening.document
        self._schema: DocumentSchema = opening.schema
        self._log = log
        self._document: Document | None = None
        self._was_loaded = False
        self.sequence = 0
        self.rows = 0
        """Changes in the log since its snapshot."""

    @property
    def is_loaded(self) -> bool:
        return self._document is not None

    @property
    def was_loaded(self) -> bool:
        """Whether it has ever been loaded."""
        return self._was_loaded

    @property
    def document(self) -> Document:
        """Raises DocumentBroken after ``drop``."""
        if self._document is None:
            raise DocumentBroken("dropped, to be loaded again")
        return self._document

    def drop(self) -> None:
        """Throw the document away. The log is untouched."""
        if self._document is not None:
            self._document.close()
            self._document = None

    async def load(self) -> bytes | None:
        """Read the document from the log. Raises CrdtError when the log cannot be made a document of.

        Returns all of it when others have written since it was loaded the last time, for everybody here.
        """
        loaded = await self._log.load(self.id)
        self._document = await asyncio.to_thread(
            Document.loaded, self._schema, limits.UPDATE, loaded.snapshot, loaded.updates, loaded.clients
        )
        is_news = self._was_loaded and loaded.sequence > self.sequence
        self._was_loaded = True
        self.sequence = loaded.sequence
        self.rows = len(loaded.updates)
        return self._document.snapshot() if is_news else None

    async def append(self, append: Append) -> bool:
        """Make a change of this document durable.

        False when others have written to the log before it: ``catch_up`` is then to be called.
        """
        sequence = await self._log.append(append)
        if sequence != self.sequence + 1:
            return False
        self.sequence = sequence
        self.rows += 1
        return True

    async def catch_up(self) -> bytes | None:
        """Read the log to its end. Returns what was new, as one update for everybody here, or None."""
        if not self.is_loaded:
            return await self.load()
        rows = await self._log.read_after(self.id, self.sequence)
        if rows and rows[0][0] != self.sequence + 1:
            # What follows has been folded into a snapshot.
            self.drop()
            return await self.load()
        for sequence, change in rows:
            self.document.merge_stored(change)
            self.sequence = sequence
            self.rows += 1
        return self.document.take_change() if rows else None

    def fold(self) -> "Folding":
        """Begin to fold the log into a snapshot, of the document as it is now."""
        return Folding(self, self.document, self._schema, self._log)


class Folding:
    """One compaction: what the document was when it began. Goes on while others write."""

    def __init__(self, replica: Replica, document: Document, schema: DocumentSchema, log: UpdateLog) -> None:
        self._replica = replica
        self._schema = schema
        self._log = log
        self._sequence = replica.sequence
        self._rows = replica.rows
        self._snapshot = document.snapshot()
        self._content = document.content()
        self._is_faithful = False

    async def finish(self) -> None:
        """Check the snapshot and put it in the place of the rows. May be called again if the log fails.

        Raises UnfaithfulSnapshot, and what the log raises.
        """
        if not self._is_faithful:
            await asyncio.to_thread(self._check)
            self._is_faithful = True
        await self._log.compact(self._replica.id, self._sequence, self._snapshot)
        self._replica.rows -= self._rows

    def _check(self) -> None:
        try:
            scratch = Document.loaded(self._schema, limits.UPDATE, self._snapshot, (), {})
        except CrdtError as error:
            raise UnfaithfulSnapshot from error
        try:
            if scratch.content() != self._content:
                raise UnfaithfulSnapshot
        finally:
            scratch.close()
