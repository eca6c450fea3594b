"""ACC-2: two server processes on one PostgreSQL are one Samsyn, within two seconds."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from crdt.messages import Awareness, decode
from server import people
from server.rules.access import OPERATOR
from server.rules.limits import WIRE
from server.storage import tables
from server.storage.opening import open_database
from tests.campaign.stop_postgres import stop_while_typing
from tests.conftest import connected, made_database
from tests.running import RunningServer
from tests.typist import Device, documents_with, sign_in

WITHIN_SECONDS = 2
FIELD = "a8"


async def within(device: Device, predicate: Callable[[], bool]) -> None:
    """Wait until something that reaches the device makes it true: two seconds at most."""
    async with asyncio.timeout(WITHIN_SECONDS), device.changed:
        await device.changed.wait_for(predicate)


def shown(device: Device, name: str) -> set[str]:
    """The names of those whom the device shows in a document."""
    seen: dict[int, tuple[int, str]] = {}
    for received in device.received:
        frame = decode(received, WIRE)
        if frame.document == name and isinstance(frame.message, Awareness):
            for entry in frame.message.entries:
                if entry.clock > seen.get(entry.client, (-1, ""))[0]:
                    seen[entry.client] = (entry.clock, entry.state)
    return {json.loads(state)["user"]["name"] for _, state in seen.values() if state != "null"}


@dataclass
class Nodes:
    """Maja's device on the first node, Jonas' and her other one on the second."""

    first: RunningServer
    second: RunningServer
    cookie: str
    maja: Device
    tablet: Device
    jonas: Device
    joint: str
    own: str


@pytest.fixture(scope="module")
def servers(
    postgres_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningServer, RunningServer]]:
    """Both, with the sample organisation."""
    with ExitStack() as stack:
        environment = {"SAMSYN_DATABASE": made_database(postgres_server)}

        def started(name: str) -> RunningServer:
            server = RunningServer(tmp_path_factory.mktemp(name), environment=environment)
            stack.callback(server.stop)
            server.start()
            return server

        yield started("first"), started("second")


@pytest.fixture
async def nodes(servers: tuple[RunningServer, RunningServer]) -> AsyncIterator[Nodes]:
    first, second = servers
    cookie, theirs = await sign_in(first.url, "maja"), await sign_in(second.url, "jonas")
    documents = await documents_with(first.url, cookie, "Jonas")
    joint, own = documents["joint"], documents["employee"]
    maja, tablet, jonas = Device(first.url, cookie), Device(second.url, cookie), Device(second.url, theirs)
    for device, names in ((maja, (joint, own)), (tablet, (joint, own)), (jonas, (joint,))):
        await device.connect(*names)
        await device.until_synced()
    yield Nodes(first, second, cookie, maja, tablet, jonas, joint, own)
    for device in (maja, tablet, jonas):
        await device.close()


async def _post(server: RunningServer, cookie: str, path: str, **data: str) -> None:
    headers = {"Cookie": cookie, "Origin": server.url}
    async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
        answer = await client.post(path, json=data)
        assert answer.is_success or answer.is_redirect, answer.text[:300]


async def test_acc_2_text_and_presence_cross_nodes(nodes: Nodes) -> None:
    await nodes.maja.type(nodes.joint, FIELD, "Hej Jonas")
    await within(nodes.jonas, lambda: "Hej Jonas" in nodes.jonas.text(nodes.joint, FIELD))
    await nodes.jonas.type(nodes.joint, FIELD, "Hej Maja")
    await within(nodes.maja, lambda: "Hej Maja" in nodes.maja.text(nodes.joint, FIELD))
    assert nodes.maja.text(nodes.joint, FIELD) == nodes.jonas.text(nodes.joint, FIELD)

    await nodes.maja.present(nodes.joint, 1, '{"cursor":null}')
    await within(nodes.jonas, lambda: bool(shown(nodes.jonas, nodes.joint)))
    await nodes.maja.present(nodes.own, 1, '{"cursor":null}')
    await within(nodes.tablet, lambda: bool(shown(nodes.tablet, nodes.own)))
    assert shown(nodes.jonas, nodes.joint) == shown(nodes.tablet, nodes.own)
    await nodes.maja.close()
    await within(nodes.jonas, lambda: not shown(nodes.jonas, nodes.joint))


async def test_acc_2_a_share_reaches_the_devices_on_the_other_node(nodes: Nodes) -> None:
    await nodes.maja.type(nodes.own, "a1", "Mitt svar")
    await nodes.maja.until_acknowledged(nodes.own)
    await within(nodes.tablet, lambda: "Mitt svar" in nodes.tablet.text(nodes.own, "a1"))
    id_ = nodes.own.split("/", maxsplit=1)[0]
    state = base64.b64encode(nodes.maja.documents[nodes.own].doc.get_state()).decode()
    await _post(nodes.first, nodes.cookie, f"/conversations/{id_}/panes/employee/share", state_vector=state)
    await within(nodes.tablet, lambda: nodes.tablet.documents[nodes.own].closed == "moved")
    await within(nodes.jonas, lambda: '{"event":"changed"}' in nodes.jonas.stateless)
    await within(nodes.maja, lambda: nodes.maja.documents[nodes.own].closed == "moved")


async def _submit(server: RunningServer, cookie: str, path: str, **form: str) -> None:
    headers = {"Cookie": cookie, "Origin": server.url}
    async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
        answer = await client.post(path, data=form)
        assert answer.is_redirect, answer.text[:300]


async def test_acc_2_what_a_guest_may_is_followed_on_the_other_node(nodes: Nodes) -> None:
    talk = f"/conversations/{nodes.joint.partition('/')[0]}"
    theirs = await sign_in(nodes.second.url, "elias")
    await _submit(nodes.first, nodes.cookie, f"{talk}/guests", person="elias")
    await _submit(nodes.second, theirs, f"{talk}/invitation")
    elias = Device(nodes.second.url, theirs)
    await elias.connect(nodes.joint)
    await elias.until_synced()
    attached = elias.documents[nodes.joint]
    assert attached.scope == "readonly"

    await _submit(nodes.first, nodes.cookie, f"{talk}/guests/elias/writing", writes="yes")
    await within(elias, lambda: attached.scope == "read-write")
    await elias.type(nodes.joint, FIELD, "Facket också")
    await within(nodes.maja, lambda: "Facket också" in nodes.maja.text(nodes.joint, FIELD))

    await _submit(nodes.first, nodes.cookie, f"{talk}/guests/elias/end")
    await within(elias, lambda: attached.closed == "denied")
    heard = len(elias.received)
    await nodes.jonas.type(nodes.joint, FIELD, "Nu är vi två")
    await within(nodes.maja, lambda: "Nu är vi två" in nodes.maja.text(nodes.joint, FIELD))
    assert not [frame for frame in elias.received[heard:] if nodes.joint.encode() in frame]
    await elias.close()


def has_all(device: Device, name: str) -> bool:
    """Whether a device has every letter that the two have typed after the title."""
    return len(device.text(name, "title")) == len("<paragraph>Handledarkurs</paragraph>") + len(
        "abcdefghABCDEFGH"
    )


async def test_acc_2_two_people_write_in_one_activity_on_two_nodes_until_another_leads(
    nodes: Nodes, servers: tuple[RunningServer, RunningServer]
) -> None:
    """And the row in the database says what both devices show."""
    url = servers[0].environment["SAMSYN_DATABASE"]
    past = await connected(url)
    name = await past.fetchval(
        "SELECT name FROM document JOIN activity ON activity.document_id = document.id"
        " WHERE employee_id = 'maja' AND title = 'Handledarkurs'"
    )
    maja, jonas = nodes.maja, Device(nodes.second.url, await sign_in(nodes.second.url, "jonas"))
    phone = Device(nodes.first.url, nodes.cookie)
    for device in (phone, jonas):
        await device.connect(name)
        await device.until_synced()
    for mine, theirs in zip("abcdefgh", "ABCDEFGH", strict=True):
        await asyncio.gather(phone.type(name, "title", mine), jonas.type(name, "title", theirs))
    for device in (phone, jonas):
        await device.until_acknowledged(name)
    for device in (phone, jonas):
        # Whichever hears of the other last.
        await within(device, partial(has_all, device, name))
    assert jonas.text(name, "title") == phone.text(name, "title")
    title = await past.fetchval(
        "SELECT title FROM activity JOIN document ON document_id = document.id WHERE name = $1", name
    )
    assert f"<paragraph>{title}</paragraph>" == phone.text(name, "title")
    assert sorted(title.removeprefix("Handledarkurs")) == sorted("abcdefghABCDEFGH")

    # She gets another manager; the conversation with Jonas is over before.
    before = await past.fetch("SELECT id, responsible_id FROM conversation WHERE employee_id = 'maja'")

    def clock() -> datetime:
        return datetime.now(UTC)

    database = await open_database(url, clock)
    try:
        await database.write(
            lambda c: (
                c.execute(
                    update(tables.conversation)
                    .where(tables.conversation.c.employee_id == "maja")
                    .values(responsible_id="astrid")
                )
                and None
            )
        )
        await database.write(lambda c: people.place(c, OPERATOR, "maja", "drift", "astrid", clock()))
        await within(jonas, lambda: jonas.documents[name].closed == "denied")
        astrid = Device(nodes.second.url, await sign_in(nodes.second.url, "astrid"))
        await astrid.connect(name)
        await astrid.until_synced()
        assert astrid.documents[name].scope == "read-write"
        heard = len(jonas.received)
        await astrid.type(name, "title", "!")
        await within(phone, lambda: "!" in phone.text(name, "title"))
        assert not [frame for frame in jonas.received[heard:] if name.encode() in frame]
        await astrid.close()
    finally:
        for row in before:
            await past.execute(
                "UPDATE conversation SET responsible_id = $1 WHERE id = $2", row["responsible_id"], row["id"]
            )
        await database.write(lambda c: people.place(c, OPERATOR, "maja", "drift", "jonas", clock()))
        await database.close()
    assert maja.connected
    for device in (phone, jonas):
        await device.close()
    await past.close()


async def test_acc_2_a_logout_closes_the_sockets_on_the_other_node(nodes: Nodes) -> None:
    await _post(nodes.first, nodes.cookie, "/sign-out")
    await within(nodes.tablet, lambda: not nodes.tablet.connected)
    await within(nodes.maja, lambda: not nodes.maja.connected)
    assert nodes.jonas.connected


async def test_a_node_that_is_killed_leaves_the_other_at_work(nodes: Nodes) -> None:
    await nodes.maja.type(nodes.joint, FIELD, "från den första")
    await nodes.maja.until_acknowledged(nodes.joint)
    await asyncio.to_thread(nodes.first.kill)
    await nodes.jonas.type(nodes.joint, FIELD, "från den andra")
    await nodes.jonas.until_acknowledged(nodes.joint)
    nodes.maja.url = nodes.second.url
    await nodes.maja.connect()
    await nodes.maja.until_synced()
    for words in ("från den första", "från den andra"):
        assert words in nodes.maja.text(nodes.joint, FIELD)
    await asyncio.to_thread(nodes.first.start)


async def test_dur_1_a_database_that_is_stopped_at_once_has_every_keystroke_that_was_acknowledged(
    servers: tuple[RunningServer, RunningServer], postgres_server: Any
) -> None:
    uri = servers[0].environment["SAMSYN_DATABASE"]
    outcome = await stop_while_typing(postgres_server, uri, servers, 2, 20261120, lambda: None)
    assert outcome.stops == outcome.recovered == 2
    assert outcome.typed > 50
    assert (outcome.lost, outcome.doubled) == (0, 0)
