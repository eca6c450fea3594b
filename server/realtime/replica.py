"""One document in memory, and how far along the log it is.

Key invariants:

1. ``sequence`` is contiguous: every change up to it is in the document, whichever node wrote it.
2. The document holds what the log holds, plus what the current turn has merged and not yet appended.
   After any failure between the two it is dropped and loaded again.
"""

import asyncio
from collections.abc import Collection, Sequence

from crdt.document import Document
from crdt.errors import DocumentBroken
from crdt.schema import DocumentSchema
from server.realtime.folding import Folding
from server.realtime.ports import Opening
from server.rules import limits
from server.storage.update_log import Append, Summary, UpdateLog


class Replica:
    """See the module. Every method raises what the log raises, DocumentGone among it."""

    def __init__(self, opening: Opening, log: UpdateLog) -> None:
        self.id = opening.document
        self._schema: DocumentSchema = opening.schema
        self._repeated = opening.repeated
        self.is_repeated = opening.repeated is not None
        """Some row repeats what the document says."""
        self._log = log
        self._document: Document | None = None
        self._was_loaded = False
        self.sequence = 0
        self.rows = 0
        """Changes since the snapshot, or since the last folding began."""

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

    def rest(self) -> None:
        """Nobody needs the document for the moment: let go of memory, if it is there again in no time."""
        if self._document is not None:
            self._document.set_aside(limits.SET_ASIDE_AT_ONCE_BYTES)

    def set_aside(self) -> bool:
        """Let go of memory, if the document has not been needed whole since the last call. Whether it did."""
        return self._document is not None and self._document.set_aside_unneeded(limits.QUICK_LOAD_BYTES)

    async def load(self) -> bytes | None:
        """Read the document from the log. Raises CrdtError when the log cannot be made a document of.

        Returns all of it when others have written since it was loaded the last time, for everybody here.
        """
        loaded = await self._log.load(self.id)
        stored = (
            self._schema,
            limits.UPDATE,
            loaded.snapshot,
            loaded.updates,
            loaded.clients,
            loaded.state_vector,
        )
        if len(loaded.snapshot) + sum(map(len, loaded.updates)) <= limits.QUICK_LOAD_BYTES:
            self._document = Document.stored(*stored)
        else:
            self._document = await asyncio.to_thread(Document.stored, *stored)
        is_news = self._was_loaded and loaded.sequence > self.sequence
        self._was_loaded = True
        self.sequence = loaded.sequence
        self.rows = len(loaded.updates)
        return self._document.snapshot() if is_news else None

    async def prepare_for(self, update: bytes) -> None:
        """Make the document ready to merge an update. Raises DocumentBroken, MalformedUpdate or OverLimit."""
        document = self.document
        if not document.is_ready_for(update):
            # Takes a moment where there is much text: whoever only reads does not wait for it.
            await asyncio.to_thread(document.prepare)

    def summary(self, touched: Collection[str]) -> Summary | None:
        """What the document's row is to repeat of it after a change of these fields; None for what it had.

        It counts in every change up to ``sequence`` and what has been merged since. Raises DocumentBroken.
        """
        repeated = self._repeated
        if repeated is None or repeated.fields.isdisjoint(touched):
            return None
        return repeated.summarise(self.document.content(repeated.fields))

    async def append(self, append: Append) -> bool:
        """Make a change of this document durable.

        False when others have written to the log before it: ``catch_up`` is then to be called.
        """
        return self.count(await self._log.append(append))

    def count(self, sequence: int) -> bool:
        """The same, of a change that has been made durable under this number."""
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
        document = self.document
        for _, change in rows:
            await self.prepare_for(change)
        if all(document.is_quick(change) for _, change in rows):
            self._merge(document, rows)
        else:
            await asyncio.to_thread(self._merge, document, rows)
        return document.take_change() if rows else None

    def _merge(self, document: Document, rows: Sequence[tuple[int, bytes]]) -> None:
        for sequence, change in rows:
            document.merge_stored(change)
            self.sequence = sequence
            self.rows += 1

    def fold(self) -> Folding:
        """Begin to fold the log into a snapshot of the document as it is now. Raises DocumentBroken."""
        folding = Folding(self._log, self.id, self.sequence, self._schema, self.document)
        self.rows = 0
        return folding
