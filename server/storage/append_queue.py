"""Appends that wait, carried together: one transaction takes all, and the next begins when it ends."""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from functools import partial
from itertools import islice

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from server.rules import limits
from server.storage.database import Database
from server.storage.log_rows import StoredLog, available
from server.storage.update_log import Append, Appended, LogUnavailable


class QueuedLog(StoredLog, ABC):
    """All of ``update_log.UpdateLog``, over what one database does in its transaction."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._waiting: deque[tuple[Sequence[Append], asyncio.Future[Sequence[Appended]]]] = deque()
        self._is_carrying = False
        self._task: asyncio.Task[None] | None = None
        """Kept, as the event loop does not."""

    @abstractmethod
    def store_all(self, appends: Sequence[Append], connection: Connection) -> Sequence[Appended]:
        """Append all that may be appended, in the transaction of ``connection``; one outcome for each.

        Raises an integrity error, for all of them, when one names what does not exist.
        """

    async def append(self, append: Append) -> int:
        """See ``UpdateLog.append``."""
        # Others append in the same turn of the event loop: they are carried together.
        (outcome,) = await self._carried((append,))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def append_all(self, appends: Sequence[Append]) -> Sequence[Appended]:
        """See ``UpdateLog.append_all``."""
        if self._is_carrying:
            return await self._carried(appends)
        # Here and now: a task would begin only when all that has come meanwhile has been read.
        self._is_carrying = True
        try:
            return await self._commit(appends)
        finally:
            self._is_carrying = False
            self._go_on()

    async def close(self) -> None:
        """Return once everything that waits has been answered."""
        if self._is_carrying:
            await self._carried(())

    def _carried(self, appends: Sequence[Append]) -> asyncio.Future[Sequence[Appended]]:
        """Have them carried after what waits already."""
        answer: asyncio.Future[Sequence[Appended]] = asyncio.get_running_loop().create_future()
        self._waiting.append((appends, answer))
        self._go_on()
        return answer

    def _go_on(self) -> None:
        """See to it that what waits is carried, unless somebody is at it."""
        if self._waiting and not self._is_carrying:
            self._is_carrying = True
            self._task = asyncio.create_task(self._carry_out(), name="append")

    async def _carry_out(self) -> None:
        try:
            while self._waiting:
                batch: list[tuple[Sequence[Append], asyncio.Future[Sequence[Appended]]]] = []
                appends: list[Append] = []
                while self._waiting and len(appends) < limits.COMMIT_JOBS_MAX:
                    batch.append(self._waiting.popleft())
                    appends += batch[-1][0]
                outcomes = iter(await self._commit(appends))
                for group, answer in batch:
                    mine = list(islice(outcomes, len(group)))
                    if not answer.done():
                        answer.set_result(mine)
        finally:
            self._is_carrying = False

    async def _commit(self, appends: Sequence[Append]) -> Sequence[Appended]:
        carry = self._database.jot if _is_small(appends) else self._database.write
        try:
            return await available(carry(partial(self.store_all, appends)))
        except (IntegrityError, sqlite3.IntegrityError) as error:
            if len(appends) == 1:
                return [error]
            # One of them names what does not exist. Each on its own, so that only that one fails.
            return [outcome for append in appends for outcome in await self._commit([append])]
        except LogUnavailable as error:
            return [error] * len(appends)
        except Exception as error:  # noqa: BLE001
            # Whatever it is, those who wait are told, and the next ones are carried.
            return [error] * len(appends)


def _is_small(appends: Sequence[Append]) -> bool:
    return (
        len(appends) <= limits.JOTTED_APPENDS_MAX
        and sum(len(append.change) for append in appends) <= limits.JOTTED_BYTES_MAX
    )
