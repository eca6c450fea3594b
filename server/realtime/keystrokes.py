"""The short way of a turn: what is typed, in all documents, is made durable together.

    inbox → merge → one append for all documents, COMMIT → acknowledge → broadcast

Nearly everything that happens is that somebody types. With a task, a future and a wait for each document the
event loop would have more work than with the text. So there is one task here for all documents in which it is
plain what is to be done, and it waits for the database once.

Whatever is not plain, and whatever fails, is left to the document's own task: nobody has been told anything
by then, and it takes the same items once more.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from server.realtime.outbox import Post
from server.realtime.ports import Clock
from server.realtime.tasks import Tasks
from server.rules import limits
from server.storage.update_log import Append, Appended, UpdateLog


class Typed(Protocol):
    """A document in which somebody types."""

    def begin_typed(self) -> Append | None:
        """Merge what has been typed; None if there is nothing, or if the document does it by itself."""
        ...

    def end_typed(self, outcome: Appended) -> None:
        """Tell everybody that it is stored, or begin anew."""
        ...


class Keystrokes:
    """Of a node. What comes while one commit is under way waits for the next, which carries all of it."""

    def __init__(self, log: UpdateLog, clock: Clock, tasks: Tasks, post: Post) -> None:
        self._log = log
        self._clock = clock
        self._tasks = tasks
        self._post = post
        self._due: list[Typed] = []
        self._task: asyncio.Task[None] | None = None

    def add(self, document: Typed) -> None:
        """Have what waits in the document's inbox carried out, once the event loop has read what came."""
        self._due.append(document)
        if self._task is None:
            self._task = self._tasks.start(self._carry_out())

    async def rest(self) -> None:
        """Return when nothing is due."""
        while self._task is not None:
            await asyncio.wait((self._task,))

    async def _carry_out(self) -> None:
        try:
            while self._due:
                due, self._due = self._due, []
                begun = [(document, append) for document in due if (append := document.begin_typed())]
                if begun:
                    outcomes = await self._append([append for _, append in begun])
                    for (document, _), outcome in zip(begun, outcomes, strict=True):
                        document.end_typed(outcome)
                if len(begun) < limits.BUSY_DOCUMENTS_MIN:
                    # It would wait until all that has come meanwhile has been read.
                    self._post.write()
                else:
                    await self._clock.sleep(limits.BUSY_PAUSE_SECONDS)
        finally:
            self._task = None

    async def _append(self, appends: Sequence[Append]) -> Sequence[Appended]:
        try:
            return await self._log.append_all(appends)
        except Exception as error:  # noqa: BLE001
            # Each document finds out for itself what is the matter.
            return [error] * len(appends)
