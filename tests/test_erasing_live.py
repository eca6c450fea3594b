"""Whoever has an erased conversation open is told at once, and what is typed afterwards is kept by nobody."""

import asyncio

import httpx

from tests.running import RunningServer
from tests.typist import Device, documents_with, sign_in

CLOSED_SECONDS_MAX = 20


async def test_the_rooms_of_an_erased_conversation_close(server: RunningServer) -> None:
    maja, helena = await sign_in(server.url, "maja"), await sign_in(server.url, "helena")
    documents = await documents_with(server.url, maja, "Jonas")
    id_ = documents["joint"].split("/")[0]
    device = Device(server.url, maja)
    await device.connect(*documents.values())
    await device.until_synced()
    await device.type(documents["employee"], "a4", "kanarieoppen ")
    await device.until_acknowledged(documents["employee"])
    async with httpx.AsyncClient(
        base_url=server.url, headers={"Cookie": helena, "Origin": server.url}
    ) as client:
        answer = await client.post(f"/retention/people/maja/conversations/{id_}/erase", data={"sure": "yes"})
        assert answer.status_code == 303, answer.text[:500]
    attached = [device.documents[documents[pane]] for pane in ("employee", "joint")]
    async with asyncio.timeout(CLOSED_SECONDS_MAX), device.changed:
        await device.changed.wait_for(lambda: all(each.closed is not None for each in attached))
    await device.close()
    # Nothing that the rooms had in memory was written back when they closed.
    await asyncio.to_thread(server.stop)
    for path in server.data.glob("samsyn.sqlite3*"):
        assert b"kanarieoppen" not in path.read_bytes(), path.name
