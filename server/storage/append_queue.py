"""Appends that wait, carried together: one transaction takes all, and the next begins when it ends."""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from server.rules import limits
from server.storage.database import Database
from server.storage.log_rows import StoredLog, available
from server.storage.update_log import Append, LogUnavailable

Outcome = int | Exception
"""An append's sequence number, or why there is none."""


class QueuedLog(StoredLog, ABC):
    """All of ``update_log.UpdateLog``, over what one database does in its transaction."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._waiting: list[tuple[Append, asyncio.Future[int]]] = []
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    def append_all(self, appends: Sequence[Append], connection: Connection) -> Sequence[Outcome]:
        """Append all that may be appended, in the transaction of ``connection``; one outcome for each.

        Raises an integrity error, for all of them, when one names what does not exist.
        """

    async def append(self, append: Append) -> int:
        """See ``UpdateLog.append``."""
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((append, answer))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._carry_out(), name="append")
        return await answer

    async def close(self) -> None:
        """Return once everything that waits has been answered."""
        if self._task is not None:
            await self._task

    async def _carry_out(self) -> None:
        while self._waiting:
            batch = self._waiting[: limits.COMMIT_JOBS_MAX]
            del self._waiting[: len(batch)]
            outcomes = await self._commit([append for append, _ in batch])
            for (_, answer), outcome in zip(batch, outcomes, strict=True):
                if answer.done():
                    continue
                if isinstance(outcome, Exception):
                    answer.set_exception(outcome)
                else:
                    answer.set_result(outcome)

    async def _commit(self, appends: Sequence[Append]) -> Sequence[Outcome]:
        try:
            return await available(self._database.write(partial(self.append_all, appends)))
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
