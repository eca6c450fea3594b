"""PRI-1, PRI-3: what happens in a private pane is no frame, and no byte, of anybody else's."""

import pycrdt

from crdt.messages import SyncStatus
from server.rules import limits
from server.rules.access import Pane
from tests.realtime.doubles import EMPLOYEE, JOINT, MANAGER, House

CANARY = "kanarifugl"


async def _what_ola_receives(kari_writes_privately: bool) -> list[bytes]:
    house = House()
    house.add(1, JOINT, Pane.JOINT, kari="read-write", ola="read-write")
    house.add(2, EMPLOYEE, Pane.EMPLOYEE, private=True, kari="read-write")
    house.add(3, MANAGER, Pane.MANAGER, private=True, ola="read-write")
    house.rooms.start()
    kari, ola = house.page("kari"), house.page("ola")
    # Chosen here, because they are part of what the other receives of the joint document.
    kari.docs[JOINT], ola.docs[JOINT] = pycrdt.Doc(client_id=101), pycrdt.Doc(client_id=102)
    await kari.join(JOINT, EMPLOYEE)
    await ola.join(JOINT, MANAGER)
    for step in range(2 * limits.PING_SECONDS):
        if kari_writes_privately:
            kari.speak(EMPLOYEE, clock=step + 1)
            kari.type(EMPLOYEE, f"{CANARY}{step} ")
            await kari.until(lambda step=step: kari.count(EMPLOYEE, SyncStatus) == 2 + step)  # type: ignore[misc]
        kari.type(JOINT, str(step))
        await ola.until(lambda step=step: ola.text(JOINT).endswith(str(step)))  # type: ignore[misc]
        await house.clock.advance(1)
    # Long enough for her log to be folded as well.
    await house.clock.advance(2 * limits.COMPACTION_IDLE_SECONDS)
    if kari_writes_privately:
        await house.log.until(lambda: house.log.snapshots[2][0] > 0)
        assert CANARY in house.text(2)
    await ola.until(lambda: ola.pings() == (2 * limits.PING_SECONDS + 10) // limits.PING_SECONDS)
    received = list(ola.received)
    await house.rooms.drain()
    assert len(ola.received) == len(received)
    return received


async def test_the_others_frames_are_the_same_with_and_without_private_typing() -> None:
    quiet = await _what_ola_receives(kari_writes_privately=False)
    busy = await _what_ola_receives(kari_writes_privately=True)
    assert busy == quiet
    assert CANARY.encode() not in b"".join(busy)


async def test_nobody_can_ask_for_a_private_pane(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(EMPLOYEE)
    kari.type(EMPLOYEE, CANARY)
    await kari.until_saved(EMPLOYEE, 2)
    ola.attach(EMPLOYEE, "talk/employee/2")
    await ola.until(lambda: ola.denied("talk/employee/2") is not None)
    denials = {frame.replace(b"employee/1", b"employee/2") for frame in ola.received}
    assert len(denials) == 1
    assert CANARY.encode() not in b"".join(ola.received)
