"""Bells between nodes: PostgreSQL's NOTIFY, on a connection that does nothing else.

PostgreSQL loses no notification while it is connected, so what matters is to know when it was not. The
wire therefore rings itself every ``POLL_SECONDS``; if it does not hear itself it connects again and says
``BellsMissed``, whereupon everything is asked again. Behind a pooler that swallows LISTEN that amounts to
asking every few seconds: slow, never wrong.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict

import asyncpg

from server.rules import limits
from server.storage.bells import (
    Bell,
    BellsMissed,
    ConversationChanged,
    LogMoved,
    NodeLeft,
    PersonChanged,
    PresenceSpoken,
    PresenceWanted,
    RoomChanged,
    SessionEnded,
)

CHANNEL = "samsyn"

_KINDS: dict[str, Callable[..., Bell]] = {
    kind.__name__: kind
    for kind in (
        ConversationChanged,
        RoomChanged,
        SessionEnded,
        PersonChanged,
        LogMoved,
        BellsMissed,
        PresenceSpoken,
        PresenceWanted,
        NodeLeft,
    )
}


def encode(bell: Bell, node: str) -> str:
    """Write ``bell``, rung by ``node``, as a notification's payload: at most 7,999 bytes."""
    return json.dumps({"node": node, "kind": type(bell).__name__, "bell": asdict(bell)}, ensure_ascii=False)


def decode(payload: str) -> tuple[Bell, str]:
    """Read a payload. A kind that only a newer version knows becomes ``BellsMissed``."""
    message = json.loads(payload)
    kind = _KINDS.get(message["kind"])
    return (BellsMissed() if kind is None else kind(**message["bell"])), message["node"]


class BellWire:
    """Hears the bells of other nodes and passes them to ``tell``. Its own node's it leaves out."""

    def __init__(
        self,
        connect: "Callable[[], Awaitable[asyncpg.Connection[asyncpg.Record]]]",
        node: str,
        tell: Callable[[list[Bell]], None],
    ) -> None:
        self._connect = connect
        self._node = node
        self._tell = tell
        self._is_listening = asyncio.Event()
        self._heard_itself = asyncio.Event()
        self._has_ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Return once bells are heard. From then on the wire mends itself."""
        self._task = asyncio.create_task(self._keep_listening(), name="bell wire")
        await self._is_listening.wait()

    async def close(self) -> None:
        """Hear no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _keep_listening(self) -> None:
        while True:
            with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection = await self._connect()
                try:
                    await self._listen(connection)
                finally:
                    connection.terminate()
            if not self._has_ended.is_set():
                await asyncio.sleep(limits.POLL_SECONDS)
            self._has_ended.clear()

    async def _listen(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Hear bells on ``connection`` until it ends or no longer carries them."""
        own = f"{CHANNEL}_{self._node}"
        connection.add_termination_listener(lambda _: self._has_ended.set())
        await connection.add_listener(CHANNEL, lambda *message: self._hear(message[-1]))
        await connection.add_listener(own, lambda *_: self._heard_itself.set())
        if self._is_listening.is_set():
            self._tell([BellsMissed()])
        self._is_listening.set()
        while not self._has_ended.is_set():
            self._heard_itself.clear()
            await connection.execute("SELECT pg_notify($1, '')", own)
            # Not wait_for: before Python 3.12 it may swallow the cancellation by which the wire is closed.
            async with asyncio.timeout(limits.POLL_SECONDS):
                await self._heard_itself.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(limits.POLL_SECONDS):
                    await self._has_ended.wait()

    def _hear(self, payload: object) -> None:
        bell, node = decode(str(payload))
        if node != self._node:
            self._tell([bell])
