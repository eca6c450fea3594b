"""Waiting for a database that has gone away: what is asked of it is asked again until it answers."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from server.realtime.ports import Clock
from server.rules import limits
from server.storage.update_log import LogUnavailable

T = TypeVar("T")
log = logging.getLogger(__name__)


class Insistence:
    """Of one document, ``id_`` in the log."""

    __slots__ = ("_clock", "_id")

    def __init__(self, id_: int, clock: Clock) -> None:
        self._id = id_
        self._clock = clock

    async def on(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do it again, ever more slowly, until the database answers."""
        wait = limits.STORAGE_RETRY_SECONDS_MIN
        while True:
            try:
                return await work()
            except LogUnavailable as error:
                log.warning("document %d waits for the database: %s", self._id, error)
                await self._clock.sleep(wait)
                wait = min(2 * wait, limits.STORAGE_RETRY_SECONDS_MAX)
