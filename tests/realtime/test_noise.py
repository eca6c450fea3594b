"""ROB-1: whatever bytes one socket sends, its neighbour notices nothing, and nothing fails unforeseen."""

import logging
import random

import pytest

from crdt.messages import (
    AuthToken,
    Awareness,
    AwarenessEntry,
    Close,
    QueryAwareness,
    Stateless,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    encode,
)
from tests.realtime.doubles import EMPLOYEE, JOINT, House

FRAMES = 3000
SEED = 20261120


def _mutated(frame: bytes, chance: random.Random) -> bytes:
    bytes_ = bytearray(frame)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(bytes_))
        match chance.randrange(4):
            case 0:
                bytes_[at] = chance.randrange(256)
            case 1:
                bytes_[at : at + 1] = b""
            case 2:
                bytes_.insert(at, chance.randrange(256))
            case _:
                del bytes_[at + 1 :]
        if not bytes_:
            return b"\x00"
    return bytes(bytes_)


async def test_noise_on_one_socket_is_unheard_on_the_next(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(SEED)
    ola, kari = house.page("ola"), house.page("kari")
    await ola.join(JOINT)
    await kari.join(JOINT, EMPLOYEE)
    good = [
        encode(JOINT, AuthToken("", "4.8.0")),
        encode(JOINT, SyncStep1(kari.docs[JOINT].get_state())),
        encode(JOINT, SyncStep2(kari.docs[JOINT].get_update())),
        encode(JOINT, SyncUpdate(kari.write(JOINT, "støy"))),
        encode(JOINT, Awareness((AwarenessEntry(kari.docs[JOINT].client_id, 1, '{"a":1}'),))),
        encode(EMPLOYEE, QueryAwareness()),
        encode(JOINT, Stateless("hei")),
        encode(JOINT, Close(None)),
    ]
    kari.answers_sync = False
    with caplog.at_level(logging.WARNING):
        for number in range(FRAMES):
            if kari.connection.is_closed:
                kari.vanish(house.rooms)
                kari = house.page("kari")
                kari.answers_sync = False
                kari.attach(JOINT, EMPLOYEE)
            kari.connection.receive(_mutated(chance.choice(good), chance))
            if number % 100 == 0:
                before = len(ola.saved(JOINT))
                ola.type(JOINT, "o")
                await ola.until_saved(JOINT, before + 1)
    assert caplog.records == []
    assert ola.ended(JOINT) is None
    assert ola.closed is None
    assert house.text(1).count("o") >= FRAMES // 100
