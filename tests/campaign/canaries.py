"""PRI-1 and PRI-2: words typed, deleted and written offline in a private pane, looked for everywhere else.

For every unshared pane of the sample organisation its owner's device plays a random sequence; the other
party's devices listen, knock at every door and, after the share, read what they are given. A canary that
was deleted before the share may be in no byte that reached anybody else, in no line of the log, and in no
file of the database once the server has stopped.
"""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from tests.running import RunningServer
from tests.typist import Device, documents_with, sign_in

PANES = ("employee", "manager", "joint")
PRIVATE_PANES = (
    ("maja", "Jonas", "jonas", "Maja", "employee"),
    ("jonas", "Maja", "maja", "Jonas", "manager"),
    ("ola", "Jonas", "jonas", "Ola", "employee"),
    ("jonas", "Ola", "ola", "Jonas", "manager"),
    ("ingrid", "Priya", "priya", "Ingrid", "manager"),
)
"""(owner, whom she finds on her start page, the other party, whom that one finds, the pane)."""


@dataclass
class Outcome:
    """What was played and where a canary was seen that may not be there."""

    sequences: int = 0
    canaries: int = 0
    frames: int = 0
    hits: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.hits and self.sequences == len(PRIVATE_PANES)


async def play_canaries(server: RunningServer, seed: int, progress: Callable[[], None]) -> Outcome:
    """Play one sequence for every private pane, then stop the server and search its files."""
    dice = random.Random(seed)
    outcome = Outcome()
    forgotten: list[str] = []
    for owner, finds, other, is_found, pane in PRIVATE_PANES:
        forgotten += await _play(server, dice, outcome, (owner, finds, other, is_found, pane))
        progress()
    await asyncio.to_thread(server.stop)
    for path in server.data.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        outcome.hits += [f"{word} in {path.name}" for word in forgotten if word.encode() in content]
    return outcome


async def _play(
    server: RunningServer, dice: random.Random, outcome: Outcome, who: tuple[str, str, str, str, str]
) -> list[str]:
    owner, finds, other, is_found, pane = who
    own_cookie, other_cookie = await sign_in(server.url, owner), await sign_in(server.url, other)
    documents = await documents_with(server.url, own_cookie, finds)
    name = documents[pane]
    writer, spy = Device(server.url, own_cookie), Device(server.url, other_cookie)
    await writer.connect(*documents.values())
    # The spy knows the private document's name and knocks.
    await spy.connect(documents["joint"], name)
    await writer.until_synced()
    await spy.until_synced()
    assert spy.documents[name].denied == "denied"

    canaries = [f"kanarie{dice.getrandbits(64):016x}" for _ in range(dice.randint(2, 5))]
    clock = 1
    for canary in canaries:
        clock += 1
        await writer.present(name, clock, f'{{"user":{{"name":"{canary}"}},"where":"{canary}"}}')
        if dice.random() < 0.5:
            await writer.close()
            await writer.type(name, "a4", canary + " ")
            if dice.random() < 0.5:
                await writer.delete_all(name, "a4")
            await writer.connect()
            await writer.until_synced()
        else:
            await writer.type(name, "a4", canary + " ")
        await writer.delete_all(name, "a4")
    await writer.type(name, "a1", "slutlig ")
    await writer.until_acknowledged(name)

    pages = await _everything_that(server, other_cookie, is_found)
    await _post(server, own_cookie, name, pane, "share", writer)
    await _post(server, other_cookie, name, pane, "open", writer)
    shared = (await documents_with(server.url, other_cookie, is_found))[pane]
    reader = Device(server.url, other_cookie)
    await reader.connect(shared)
    await reader.until_synced()
    assert "slutlig" in reader.text(shared, "a1")
    pages += await _everything_that(server, other_cookie, is_found)
    for received in (*spy.received, *reader.received, *pages):
        outcome.hits += [f"{word} reached {other}" for word in canaries if word.encode() in received]
    outcome.sequences += 1
    outcome.canaries += len(canaries)
    outcome.frames += len(spy.received) + len(reader.received)
    for device in (writer, spy, reader):
        await device.close()
    return canaries


async def _everything_that(server: RunningServer, cookie: str, is_found: str) -> list[bytes]:
    """The bodies of every page that the other party can ask for."""
    conversation = (await documents_with(server.url, cookie, is_found))["joint"].split("/")[0]
    paths = ["/", "/sessions", "/kept", f"/conversations/{conversation}"]
    paths += [
        f"/conversations/{conversation}/panes/{pane}/preview" for pane in ("employee", "manager", "joint")
    ]
    async with httpx.AsyncClient(base_url=server.url, headers={"Cookie": cookie}) as client:
        return [(await client.get(path)).content for path in paths]


async def _post(
    server: RunningServer, cookie: str, name: str, pane: str, action: str, writer: Device
) -> None:
    conversation = name.split("/", maxsplit=1)[0]
    state = base64.b64encode(writer.documents[name].doc.get_state()).decode()
    async with httpx.AsyncClient(
        base_url=server.url, headers={"Cookie": cookie, "Origin": server.url}
    ) as client:
        answer = await client.post(
            f"/conversations/{conversation}/panes/{pane}/{action}", json={"state_vector": state}
        )
        assert answer.status_code < 400, answer.text[:500]
