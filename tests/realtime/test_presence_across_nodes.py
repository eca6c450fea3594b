"""Who is here, whichever node they are connected to."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from crdt.messages import Awareness, AwarenessEntry
from server.rules import limits
from server.rules.access import Pane
from server.rules.errors import StorageUnavailable
from server.storage.bell_wire import decode, encode
from server.storage.bells import Bell, BellsMissed, NodeLeft, PresenceSpoken
from tests.realtime.doubles import EMPLOYEE, JOINT, MANAGER, House, MemoryLog, Page, shown


@dataclass
class Wire:
    """``OtherNodes`` of one node: what it tells arrives at once, written and read as on the real wire."""

    node: str
    houses: list[House] = field(default_factory=list)
    told: list[Bell] = field(default_factory=list)
    payloads: list[str] = field(default_factory=list)
    is_cut: bool = False
    """What is told is lost, and nobody notices."""
    is_down: bool = False

    async def tell_others(self, bells: Sequence[Bell]) -> None:
        if self.is_down:
            raise StorageUnavailable
        for bell in bells:
            payload = encode(bell, self.node)
            self.told.append(bell)
            self.payloads.append(payload)
            for house in [] if self.is_cut else self.houses:
                house.rooms.hear(decode(payload)[0])


@dataclass
class Node:
    house: House
    wire: Wire


@pytest.fixture
async def nodes(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Node, Node]]:
    """Two nodes on one log that hear each other."""
    monkeypatch.setattr(limits, "PRESENCE_PAUSE_SECONDS", 0)
    log = MemoryLog()
    made = []
    for name in ("first", "second"):
        wire = Wire(name)
        house = House(log=log, others=wire)
        house.add(1, JOINT, Pane.JOINT, kari="read-write", ola="read-write")
        house.add(2, EMPLOYEE, Pane.EMPLOYEE, private=True, kari="read-write", ola="readonly")
        house.add(3, MANAGER, Pane.MANAGER, private=True, ola="read-write")
        house.rooms.start()
        made.append(Node(house, wire))
    first, second = made
    first.wire.houses.append(second.house)
    second.wire.houses.append(first.house)
    yield first, second
    for node in made:
        await node.house.rooms.drain()


async def _kari_and_ola(nodes: tuple[Node, Node]) -> tuple[Page, Page]:
    """Kari on the first node, shown to Ola on the second."""
    kari, ola = nodes[0].house.page("kari"), nodes[1].house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.speak(JOINT)
    await ola.until(lambda: shown(ola, JOINT) == {"Kari"})
    return kari, ola


async def test_who_is_on_another_node_is_shown_with_the_name_of_the_login(nodes: tuple[Node, Node]) -> None:
    kari, ola = nodes[0].house.page("kari"), nodes[1].house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.speak(JOINT, state='{"cursor":{"anchor":7},"user":{"name":"Konungen"}}')
    await ola.until(lambda: shown(ola, JOINT) == {"Kari"})
    state = json.loads(ola.all(JOINT, Awareness)[-1].entries[0].state)
    assert state["cursor"] == {"anchor": 7}
    assert state["user"] == {"id": "kari", "name": "Kari", "initials": "k", "colour": "emp"}
    assert kari.count(JOINT, Awareness) == 0


async def test_a_node_that_loads_the_document_later_is_told_who_is_there(nodes: tuple[Node, Node]) -> None:
    kari, ola = nodes[0].house.page("kari"), nodes[1].house.page("ola")
    await kari.join(JOINT)
    kari.speak(JOINT)
    kari.type(JOINT, "hei")
    await kari.until_saved(JOINT, 2)
    ola.attach(JOINT)
    await ola.until(lambda: shown(ola, JOINT) == {"Kari"})
    late = nodes[1].house.page("ola")
    late.attach(JOINT)
    await late.until(lambda: shown(late, JOINT) == {"Kari"})


async def test_who_leaves_is_gone_on_the_other_node(nodes: tuple[Node, Node]) -> None:
    kari, ola = await _kari_and_ola(nodes)
    kari.vanish(nodes[0].house.rooms)
    await ola.until(lambda: shown(ola, JOINT) == set())


async def test_a_node_that_goes_down_takes_its_people_along(nodes: tuple[Node, Node]) -> None:
    _, ola = await _kari_and_ola(nodes)
    await nodes[0].house.rooms.drain()
    await ola.until(lambda: shown(ola, JOINT) == set())
    assert nodes[0].wire.told[-1] == NodeLeft("first")


async def test_a_node_that_went_down_is_believed_though_it_named_nobody(nodes: tuple[Node, Node]) -> None:
    _, ola = await _kari_and_ola(nodes)
    nodes[1].house.rooms.hear(NodeLeft("third"))
    nodes[1].house.rooms.hear(NodeLeft("first"))
    await ola.until(lambda: shown(ola, JOINT) == set())


async def test_who_is_not_heard_of_for_forty_seconds_is_gone(nodes: tuple[Node, Node]) -> None:
    _, ola = await _kari_and_ola(nodes)
    nodes[0].wire.is_cut = True
    await nodes[1].house.clock.advance(limits.PRESENCE_SECONDS_MAX)
    assert shown(ola, JOINT) == {"Kari"}
    await nodes[1].house.clock.advance(2)
    await ola.until(lambda: shown(ola, JOINT) == set())


async def test_who_is_heard_of_every_fifteen_seconds_stays(nodes: tuple[Node, Node]) -> None:
    kari, ola = await _kari_and_ola(nodes)
    for time in range(4):
        await nodes[1].house.clock.advance(15)
        before = ola.count(JOINT, Awareness)
        kari.speak(JOINT, clock=time + 2)
        await ola.until(lambda before=before: ola.count(JOINT, Awareness) > before)  # type: ignore[misc]
    assert shown(ola, JOINT) == {"Kari"}


async def test_who_moves_to_the_other_node_stays_shown_on_both_and_leaves_no_ghost(
    nodes: tuple[Node, Node],
) -> None:
    kari, ola = await _kari_and_ola(nodes)
    watching = nodes[0].house.page("ola")
    await watching.join(JOINT)
    assert shown(watching, JOINT) == {"Kari"}
    again = nodes[1].house.page("kari")
    again.docs = kari.docs
    again.attach(JOINT)
    before = watching.count(JOINT, Awareness)
    again.speak(JOINT)
    await watching.until(lambda: watching.count(JOINT, Awareness) > before)
    kari.vanish(nodes[0].house.rooms)
    watching.type(JOINT, "hei")
    await watching.until_saved(JOINT, 2)
    assert shown(watching, JOINT) == shown(ola, JOINT) == {"Kari"}
    again.vanish(nodes[1].house.rooms)
    await watching.until(lambda: shown(watching, JOINT) == set())
    await ola.until(lambda: shown(ola, JOINT) == set())


async def test_a_private_pane_shows_its_owner_on_another_node_to_her_own_devices_only(
    nodes: tuple[Node, Node],
) -> None:
    kari, tablet = nodes[0].house.page("kari"), nodes[1].house.page("kari")
    ola, late = nodes[1].house.page("ola"), nodes[1].house.page("ola")
    await kari.join(EMPLOYEE)
    await tablet.join(EMPLOYEE)
    await ola.join(EMPLOYEE, JOINT, MANAGER)
    kari.speak(EMPLOYEE)
    await tablet.until(lambda: shown(tablet, EMPLOYEE) == {"Kari"})
    await late.join(EMPLOYEE)
    assert all(ola.count(name, Awareness) == 0 for name in (EMPLOYEE, JOINT, MANAGER))
    assert late.count(EMPLOYEE, Awareness) == 0


async def test_a_pane_that_only_one_of_the_nodes_still_takes_for_private_shows_nobody(
    nodes: tuple[Node, Node],
) -> None:
    ola = nodes[1].house.page("ola")
    await ola.join(EMPLOYEE, JOINT)
    spoken = PresenceSpoken(2, "first", 7, 1, '{"user":{"id":"kari","name":"Kari"}}', private=False)
    nodes[1].house.rooms.hear(spoken)
    nodes[1].house.rooms.hear(replace(spoken, document=1))
    nodes[1].house.rooms.hear(replace(spoken, document=1, client=8, private=True))
    nodes[1].house.rooms.hear(replace(spoken, document=1, client=9))
    await ola.until(lambda: ola.count(JOINT, Awareness) == 2)
    assert [said.entries[0].client for said in ola.all(JOINT, Awareness)] == [7, 9]
    late = nodes[1].house.page("ola")
    await late.join(EMPLOYEE)
    assert ola.count(EMPLOYEE, Awareness) == late.count(EMPLOYEE, Awareness) == 0


async def test_nobody_speaks_for_somebody_on_another_node(nodes: tuple[Node, Node]) -> None:
    kari, ola = await _kari_and_ola(nodes)
    watching = nodes[0].house.page("ola")
    await watching.join(JOINT)
    ola.say(JOINT, Awareness((AwarenessEntry(kari.docs[JOINT].client_id, 99, '{"cursor":1}'),)))
    ola.say(JOINT, Awareness((AwarenessEntry(kari.docs[JOINT].client_id, 100, "null"),)))
    ola.type(JOINT, "hei")
    await ola.until_saved(JOINT, 2)
    assert not any(isinstance(bell, PresenceSpoken) for bell in nodes[1].wire.told)
    assert shown(watching, JOINT) == shown(ola, JOINT) == {"Kari"}


async def test_of_whoever_says_more_than_a_notification_carries_it_is_shown_that_she_is_here(
    nodes: tuple[Node, Node],
) -> None:
    kari, ola = await _kari_and_ola(nodes)
    before = ola.count(JOINT, Awareness)
    kari.speak(JOINT, clock=2, state=json.dumps({"noise": '"' * 2_000}))
    await ola.until(lambda: ola.count(JOINT, Awareness) > before)
    kari.speak(JOINT, clock=3, state=json.dumps({"noise": "å" * 2_000}, ensure_ascii=False))
    await ola.until(lambda: ola.count(JOINT, Awareness) > before + 1)
    first, second = (json.loads(said.entries[0].state) for said in ola.all(JOINT, Awareness)[-2:])
    assert set(first) == {"user"}
    assert second["noise"] == "å" * 2_000
    assert max(len(payload.encode()) for payload in nodes[0].wire.payloads) < 8_000


async def test_where_a_caret_was_meanwhile_is_not_told(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    kari, ola = await _kari_and_ola(nodes)
    monkeypatch.setattr(limits, "PRESENCE_PAUSE_SECONDS", 0.5)
    before = len(nodes[0].wire.told)
    kari.speak(JOINT, clock=2, state='{"cursor":2}')
    await ola.until(lambda: '"cursor":2' in ola.all(JOINT, Awareness)[-1].entries[0].state)
    await nodes[0].house.clock.until_asleep(2)
    for caret in range(3, 9):
        kari.speak(JOINT, clock=caret, state=json.dumps({"cursor": caret}))
    kari.type(JOINT, "hei")
    await kari.until_saved(JOINT, 2)
    await nodes[0].house.clock.advance(1)
    await ola.until(lambda: '"cursor":8' in ola.all(JOINT, Awareness)[-1].entries[0].state)
    assert len(nodes[0].wire.told) == before + 2


async def test_what_was_lost_with_the_database_is_told_again(nodes: tuple[Node, Node]) -> None:
    kari, ola = nodes[0].house.page("kari"), nodes[1].house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    nodes[0].wire.is_down = True
    kari.speak(JOINT)
    kari.type(JOINT, "hei")
    await kari.until_saved(JOINT, 2)
    nodes[0].wire.is_down = False
    assert shown(ola, JOINT) == set()
    nodes[0].house.rooms.hear(BellsMissed())
    await ola.until(lambda: shown(ola, JOINT) == {"Kari"})


async def test_a_node_that_could_not_hear_asks_who_is_there(nodes: tuple[Node, Node]) -> None:
    kari, ola = nodes[0].house.page("kari"), nodes[1].house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    nodes[0].wire.is_cut = True
    kari.speak(JOINT)
    kari.type(JOINT, "hei")
    await kari.until_saved(JOINT, 2)
    nodes[0].wire.is_cut = False
    nodes[1].house.rooms.hear(BellsMissed())
    await ola.until(lambda: shown(ola, JOINT) == {"Kari"})


async def test_who_comes_from_a_node_whose_clock_is_ahead_believes_this_one(nodes: tuple[Node, Node]) -> None:
    ola = nodes[1].house.page("ola")
    await ola.join(JOINT)
    ahead = nodes[1].house.clock.epoch_milliseconds() + 60_000
    state = '{"user":{"id":"kari","name":"Kari"}}'
    nodes[1].house.rooms.hear(PresenceSpoken(1, "first", 7, ahead, state, private=False))
    await ola.until(lambda: ola.count(JOINT, Awareness) == 1)
    assert ola.all(JOINT, Awareness)[0].entries[0].clock > ahead
