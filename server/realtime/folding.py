"""Compaction: the log's rows become one snapshot, once that was read back and found to say the same."""

import asyncio

from crdt.document import Document
from crdt.errors import CrdtError
from crdt.schema import DocumentSchema
from server.rules import limits
from server.storage.update_log import UpdateLog


class UnfaithfulSnapshot(Exception):
    """A snapshot does not reload to the same content: the log is kept as it is."""


class Folding:
    """One compaction, of the document as it was when it began. Others may write meanwhile."""

    def __init__(
        self, log: UpdateLog, id_: int, sequence: int, schema: DocumentSchema, document: Document
    ) -> None:
        """``document`` holds the log up to ``sequence`` and nothing else. Raises DocumentBroken."""
        self._log = log
        self._id = id_
        self._sequence = sequence
        self._schema = schema
        self._snapshot = document.snapshot()
        self._state_vector = document.state_vector()
        self._content = document.content()
        self._is_faithful = False

    async def finish(self) -> None:
        """Check the snapshot and put it in the place of the rows. May be called again if the log fails.

        Raises UnfaithfulSnapshot, and what the log raises.
        """
        if not self._is_faithful:
            await asyncio.to_thread(self._check)
            self._is_faithful = True
        await self._log.compact(self._id, self._sequence, self._snapshot, self._state_vector)

    def _check(self) -> None:
        try:
            scratch = Document.loaded(self._schema, limits.UPDATE, self._snapshot, (), {})
        except CrdtError as error:
            raise UnfaithfulSnapshot from error
        try:
            if scratch.content() != self._content or scratch.state_vector() != self._state_vector:
                raise UnfaithfulSnapshot
        finally:
            scratch.close()
