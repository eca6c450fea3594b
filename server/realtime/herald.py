"""What this node tells the others of who is where: the latest of each, one message at a time."""

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Final

from crdt.messages import AwarenessEntry
from server.realtime.ports import Clock
from server.realtime.tasks import Tasks
from server.rules import limits
from server.rules.errors import StorageUnavailable
from server.storage.bells import Bell, NodeLeft, OtherNodes, PresenceSpoken, PresenceWanted

log = logging.getLogger(__name__)

_EVERYBODY: Final = -1
"""In the place of a client id: the question who is there."""


class Herald:
    """One of a node. ``tell`` and ``ask`` return at once; what cannot be delivered is dropped.

    Browsers repeat themselves, and who is not heard of expires: a lost message costs time only.
    """

    def __init__(self, others: OtherNodes, clock: Clock, tasks: Tasks) -> None:
        self._others = others
        self._clock = clock
        self._tasks = tasks
        self._waiting: dict[tuple[int, int], PresenceSpoken | PresenceWanted] = {}
        self._is_under_way = False
        self._has_left = False
        self._speaking = asyncio.Lock()

    def tell(self, document: int, entry: AwarenessEntry, private: bool) -> None:
        """Say where somebody is in a document, or that she has gone."""
        state = _carried(entry.state)
        self._put(
            (document, entry.client),
            PresenceSpoken(document, self._others.node, entry.client, entry.clock, state, private),
        )

    def ask(self, document: int) -> None:
        """Ask who is in a document."""
        self._put((document, _EVERYBODY), PresenceWanted(document))

    async def leave(self) -> None:
        """This node goes down: nobody is here any more. The last word."""
        self._has_left = True
        await self._say((NodeLeft(self._others.node),))

    def _put(self, key: tuple[int, int], bell: PresenceSpoken | PresenceWanted) -> None:
        if self._has_left:
            return
        self._waiting.pop(key, None)
        self._waiting[key] = bell
        if not self._is_under_way:
            self._is_under_way = True
            self._tasks.start(self._deliver())

    async def _deliver(self) -> None:
        try:
            while self._waiting and not self._has_left:
                bells = tuple(self._waiting.values())
                self._waiting.clear()
                await self._say(bells)
                await self._clock.sleep(limits.PRESENCE_PAUSE_SECONDS)
        finally:
            self._is_under_way = False

    async def _say(self, bells: Sequence[Bell]) -> None:
        async with self._speaking:
            try:
                await self._others.tell_others(bells)
            except StorageUnavailable as error:
                log.info("the other nodes were not told who is where: %s", error)


def _carried(state: str) -> str:
    """As much of what somebody says as a notification has room for."""
    if len(json.dumps(state, ensure_ascii=False).encode()) <= limits.PRESENCE_ELSEWHERE_BYTES_MAX:
        return state
    shortened = {"user": json.loads(state)["user"]}
    return json.dumps(shortened, ensure_ascii=False, separators=(",", ":"))
