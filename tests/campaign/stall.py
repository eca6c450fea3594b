"""ROB-2: of 200 who read along, one stops reading. It alone is cut off, and the others notice nothing.

All have the joint pane of one conversation open: the two parties and six guests, 25 windows each. What is
timed is how long after a keystroke each of the other 199 has it, before and after one stalls and meanwhile.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from crdt.messages import AuthToken, SyncStep1, SyncUpdate, decode, encode
from server.pages.cookies import PLAIN_NAME
from server.rules import limits
from server.rules.access import Pane
from tests.campaign.killing import stored
from tests.organisation import JONAS, MAJA, TOMAS, Organisation, person
from tests.running import RunningServer
from tests.typist import PROVIDER_VERSION, Device

READERS = 200
GUESTS = tuple(person(f"guest{number}", f"Gäst {number}", None) for number in range(limits.GUESTS_MAX))
FIELD = "a5"
CALM_SECONDS = 15.0
"""Before, and again afterwards."""
STALLED_SECONDS = limits.SEND_SECONDS_MAX + 10.0
"""Once the reader has stopped: until all buffers are full, and then longer than the server is patient."""
PAUSE_SECONDS = 0.1
KEY_CHARACTERS = 4_000
"""Of each keystroke: a pasted paragraph, so that what is not read fills all buffers on the way."""
FACTOR_MAX = 2.0
"""What the others' median and 99th percentile may grow by."""
SECONDS_TO_HEAR = 10.0
"""For the one who reads again to hear that it was cut off."""
SMALL_BUFFER_BYTES = 1
"""The system then takes the least that it has."""
SMALL_SEGMENT_BYTES = 536


@dataclass
class Outcome:
    """What was seen. Times in ms from a keystroke until one reader has it."""

    stalls: int = 0
    calm: list[float] = field(default_factory=list)
    stalled: list[float] = field(default_factory=list)
    cut_off: int = 0
    """Those who did not read that were."""
    others_lost: int = 0
    """Others who were cut off, or lack a keystroke."""

    def __str__(self) -> str:
        calm, stalled = _percentiles(self.calm), _percentiles(self.stalled)
        return (
            f"{self.stalls} of {READERS} readers each; calm p50 {calm[0]:.1f} ms, p99 {calm[1]:.1f} ms; "
            f"while one stalls {stalled[0]:.1f} and {stalled[1]:.1f} ms (x {self.factor:.2f} at most); "
            f"cut off: {self.cut_off}; others that suffered: {self.others_lost}"
        )

    @property
    def factor(self) -> float:
        """How much slower the others had it while one stalled: the worse of median and 99th percentile."""
        pairs = zip(_percentiles(self.calm), _percentiles(self.stalled), strict=True)
        return max(stalled / calm for calm, stalled in pairs)

    @property
    def holds(self) -> bool:
        return self.cut_off == self.stalls > 0 and not self.others_lost and self.factor <= FACTOR_MAX

    def add(self, other: Outcome) -> None:
        """Count what was seen elsewhere as well."""
        self.stalls += other.stalls
        self.calm += other.calm
        self.stalled += other.stalled
        self.cut_off += other.cut_off
        self.others_lost += other.others_lost


def _percentiles(times: list[float]) -> tuple[float, float]:
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


class Reader:
    """A socket that takes note of when updates come, and of nothing else."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[float] = []
        """When each update came, by the monotonic clock."""
        self.is_cut_off = False
        self._is_leaving = False
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def of(cls, url: str, cookie: str, document: str, through: socket.socket | None = None) -> Reader:
        """Open the document on a socket of its own."""
        socket = await connect(
            url.replace("http", "ws", 1) + "/live",
            origin=url,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookie},
            compression=None,
            sock=through,
        )
        for message in (AuthToken("", PROVIDER_VERSION), SyncStep1(b"\x00")):
            await socket.send(encode(document, message))
        return cls(socket)

    def read(self) -> None:
        """Begin to read."""
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for raw in self.socket:
                at = time.monotonic()
                assert isinstance(raw, bytes)
                if isinstance(decode(raw, limits.WIRE).message, SyncUpdate):
                    self.heard.append(at)
        except WebSocketException:
            pass
        self.is_cut_off = not self._is_leaving

    async def until_ended(self, seconds: float) -> None:
        """Wait until it has been cut off, or for so long."""
        if self._task is not None:
            await asyncio.wait((self._task,), timeout=seconds)

    async def close(self) -> None:
        """Close the socket."""
        self._is_leaving = True
        await self.socket.close()
        if self._task is not None:
            await self._task


async def stall_one(data: Path) -> Outcome:
    """Let one of 200 readers stall on a server on the empty folder `data`."""
    async with stored(data) as here:
        document, cookies = await _meet(here)
    server = RunningServer(data, demo=False)
    await asyncio.to_thread(server.start)
    try:
        return await _stall_one(server, document, cookies)
    finally:
        await asyncio.to_thread(server.stop)


async def _stall_one(server: RunningServer, document: str, cookies: list[str]) -> Outcome:
    others = [
        await Reader.of(server.url, cookies[number % len(cookies)], document) for number in range(READERS - 1)
    ]
    stalling = await Reader.of(server.url, cookies[-1], document, through=_narrow(server.url))
    writer = Device(server.url, cookies[0])
    await writer.connect(document)
    await writer.until_synced()
    await writer.until_acknowledged(document)
    for reader in (*others, stalling):
        reader.read()
    before = await _write(writer, document, CALM_SECONDS)
    stalling.socket.transport.pause_reading()
    meanwhile = await _write(writer, document, STALLED_SECONDS)
    stalling.socket.transport.resume_reading()
    await stalling.until_ended(SECONDS_TO_HEAR)
    after = await _write(writer, document, CALM_SECONDS)
    sent = [*before, *meanwhile, *after]
    outcome = Outcome(
        stalls=1,
        cut_off=stalling.is_cut_off,
        others_lost=sum(one.is_cut_off or len(one.heard) != len(sent) for one in others),
    )
    for reader in others:
        delays = [(heard - at) * 1000 for at, heard in zip(sent, reader.heard, strict=False)]
        one_stalls = slice(len(before), len(before) + len(meanwhile))
        outcome.stalled += delays[one_stalls]
        del delays[one_stalls]
        outcome.calm += delays
    await asyncio.gather(writer.close(), *(reader.close() for reader in (*others, stalling)))
    return outcome


async def _write(writer: Device, document: str, seconds: float) -> list[float]:
    """Write for so long, each keystroke when the one before is stored. Returns when each began."""
    sent: list[float] = []
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        sent.append(time.monotonic())
        await writer.type(document, FIELD, f"{len(sent)} ".ljust(KEY_CHARACTERS, "x"))
        await writer.until_acknowledged(document)
        await asyncio.sleep(PAUSE_SECONDS)
    return sent


async def _meet(here: Organisation) -> tuple[str, list[str]]:
    """A conversation with guests: its joint pane's document, and a cookie of everybody, Jonas first."""
    await here.found()
    id_ = await here.conversation()
    for guest in GUESTS:
        await here.accounts.add(TOMAS.actor, guest, None)
        await here.invitations.invite(MAJA.actor, id_, guest.id)
        await here.invitations.accept(guest.actor, id_)
    keys = [await here.sessions.begin(one.id, "") for one in (JONAS, MAJA, *GUESTS)]
    return await here.name(id_, Pane.JOINT), [f"{PLAIN_NAME}={key}" for key in keys]


def _narrow(url: str) -> socket.socket:
    """A socket on whose way little fits, as to a far phone: a loopback has room for megabytes."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
    narrow.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SMALL_SEGMENT_BYTES)
    address = urlsplit(url)
    assert address.hostname is not None
    assert address.port is not None
    narrow.connect((address.hostname, address.port))
    narrow.setblocking(False)
    return narrow
