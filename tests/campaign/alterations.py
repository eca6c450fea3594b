"""SIG-2: a sealed record altered in every way that comes to mind, as JSON and on paper; each must be found.

Some alterations know nothing of the format: bytes are flipped, put in, taken out, moved. Others know it well:
the JSON is written in another way that says the same, a value is changed and every hash with it, a signature
of ECDSA is replaced by its twin, which the key's owner never made and which fits just as well.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from server.record.canonical_json import canonical
from server.record.format import sha256
from server.record.verifying import verify
from tests.record.made import SealedRecord, paper, small

P_256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Order of the curve P-256 (SEC 2, 2.4.2)."""
BYTES = (b" ", b"\n", b"\0", b"0", b'"', b",", b"\\", b"\xff", b"{}", b"\xef\xbb\xbf", b"e", b"%%EOF")
Alteration = Callable[[random.Random, bytes], bytes]


@dataclass
class Outcome:
    """What was altered, and what of it nobody would have found."""

    alterations: int = 0
    unseen: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return self.alterations > 0 and not self.unseen


def alter(
    record: bytes, paper: bytes, of_record: int, of_paper: int, seed: int, progress: Callable[[], None]
) -> Outcome:
    """Alter a record.json and its PDF so many times each, and have every outcome verified."""
    outcome = Outcome()
    for original, count, ways in (
        (record, of_record, (*BLIND, *KNOWING)),
        (paper, of_paper, (*BLIND, *ON_PAPER)),
    ):
        for number in range(count):
            dice = random.Random(f"{seed}/{number}")
            way = ways[number % len(ways)]
            altered = way(dice, original)
            while altered == original:
                altered = way(dice, original)
            outcome.alterations += 1
            if verify(altered).is_unchanged:
                outcome.unseen.append(f"{way.__name__} {number}: {_difference(original, altered)}")
            progress()
    return outcome


def _difference(one: bytes, other: bytes) -> str:
    at = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return f"byte {at}: {one[at - 20 : at + 40]!r} -> {other[at - 20 : at + 40]!r}"


# Bytes.


def flip(dice: random.Random, data: bytes) -> bytes:
    """One bit."""
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


def put_in(dice: random.Random, data: bytes) -> bytes:
    """Something that may mean nothing."""
    at = dice.randrange(len(data) + 1)
    return data[:at] + dice.choice((*BYTES, dice.randbytes(dice.randint(1, 20)))) + data[at:]


def take_out(dice: random.Random, data: bytes) -> bytes:
    """A stretch, short or long."""
    at = dice.randrange(len(data))
    return data[:at] + data[at + dice.choice((1, 2, 20, len(data))) :]


def replace(dice: random.Random, data: bytes) -> bytes:
    """A stretch, by other bytes or by another stretch."""
    at, length = dice.randrange(len(data)), dice.randint(1, 30)
    other = dice.randrange(len(data))
    new = dice.choice(
        (dice.randbytes(length), data[other : other + length], data[at : at + length].swapcase())
    )
    return data[:at] + new + data[at + length :]


def change_places(dice: random.Random, data: bytes) -> bytes:
    """Two stretches."""
    a, b, c, d = sorted(dice.sample(range(len(data) + 1), 4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def double(dice: random.Random, data: bytes) -> bytes:
    """A stretch stands there twice, or the whole does."""
    a, b = sorted(dice.sample(range(len(data) + 1), 2))
    return dice.choice((data[:b] + data[a:], data + data, data + dice.choice(BYTES)))


BLIND: tuple[Alteration, ...] = (flip, flip, put_in, take_out, replace, change_places, double)


# JSON.


def write_otherwise(dice: random.Random, data: bytes) -> bytes:
    """The same values in another spelling."""
    value = json.loads(data)
    if dice.random() < 0.5:
        value = _reordered(dice, value)
    indent = dice.choice((None, None, 1))
    separators = dice.choice(((",", ":"), (", ", ":"), (",", ": ")))
    return json.dumps(value, ensure_ascii=dice.random() < 0.5, indent=indent, separators=separators).encode()


def change_a_value(dice: random.Random, data: bytes) -> bytes:
    """Any one, written canonically again, with the hash of the content set right if it is wrong now."""
    value = json.loads(data)
    holder, key = dice.choice([*_places(value)])
    holder[key] = _other(dice, holder[key])
    if dice.random() < 0.5 and isinstance(value.get("content"), dict):
        value["sha256"] = sha256(canonical(value["content"]))
    return canonical(value)


def take_a_value_away(dice: random.Random, data: bytes) -> bytes:
    """A key with its value, or an item of a list; or one more of either."""
    value = json.loads(data)
    holder, key = dice.choice([*_places(value)])
    if dice.random() < 0.5:
        del holder[key]
    elif isinstance(holder, list):
        holder.insert(key, holder[key])
    else:
        holder[f"{key} "] = holder[key]
    return canonical(value)


def exchange_values(dice: random.Random, data: bytes) -> bytes:
    """Two values of one kind: two seals, two answers, two names."""
    value = json.loads(data)
    one, key = dice.choice([*_places(value)])
    like = [(holder, at) for holder, at in _places(value) if type(holder[at]) is type(one[key])]
    other, at = dice.choice(like)
    if isinstance(one[key], str):
        one[key], other[at] = other[at], one[key]
    else:
        one[key] = json.loads(json.dumps(other[at]))
    return canonical(value)


def put_the_twin_of_a_seal(dice: random.Random, data: bytes) -> bytes:
    """(r, n - s) fits wherever (r, s) does, and needs no key."""
    value = json.loads(data)
    holder = dice.choice((value, value, *value["signatures"]))
    holder["seal"] = _twin(bytes.fromhex(holder["seal"])).hex()
    return canonical(value)


KNOWING: tuple[Alteration, ...] = (
    write_otherwise,
    change_a_value,
    take_a_value_away,
    exchange_values,
    put_the_twin_of_a_seal,
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every value that stands in another, as what it stands in and where."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _other(dice: random.Random, value: Any) -> Any:
    match value:
        case bool():
            return not value
        case str():
            at = dice.randrange(len(value) + 1)
            return dice.choice(
                (value[:at], value[:at] + "e\u0301" + value[at:], value.upper(), "", value + " ", None)
            )
        case int():
            return dice.choice((value + 1, -value, str(value), float(value) + 0.5))
        case _:
            return dice.choice((None, [], {}, "", 0))


def _reordered(dice: random.Random, value: Any) -> Any:
    if isinstance(value, dict):
        keys = dice.sample([*value], len(value))
        return {key: _reordered(dice, value[key]) for key in keys}
    return [_reordered(dice, each) for each in value] if isinstance(value, list) else value


def _twin(signature: bytes) -> bytes:
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, P_256_ORDER - s)


# Paper.


def put_a_twin_on_paper(dice: random.Random, data: bytes) -> bytes:
    """The twin of the seal, or of the signature in its certificate."""
    found = re.search(rb"<([0-9A-F]{200,})>", data)
    assert found is not None
    made = cms.ContentInfo.load(bytes.fromhex(found[1].decode()), strict=False)
    signed = made["content"]
    if dice.random() < 0.5:
        signer = signed["signer_infos"][0]
        signer["signature"] = _twin(signer["signature"].native)
    else:
        certificate = signed["certificates"][0].chosen
        certificate["signature_value"] = _twin(certificate["signature_value"].native)
    new: bytes = made.dump(force=True).hex().upper().encode().ljust(len(found[1]), b"0")
    return data[: found.start(1)] + new + data[found.end(1) :]


def add_behind(dice: random.Random, data: bytes) -> bytes:
    """What a PDF reader takes for a newer version of a part."""
    number = dice.randint(1, 30)
    added = b"\n%d 0 obj\n<< /Type /Page >>\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        number,
        dice.randrange(len(data)),
    )
    return data + added


def reach_elsewhere(dice: random.Random, data: bytes) -> bytes:
    """Other digits in a number: what is covered, where a part begins, how long it is."""
    digits = [at for at, byte in enumerate(data) if 48 <= byte < 58]
    at = dice.choice(digits)
    return data[:at] + str(dice.randrange(10)).encode() + data[at + 1 :]


ON_PAPER: tuple[Alteration, ...] = (put_a_twin_on_paper, add_behind, reach_elsewhere)


def alterations(_played: Path, _data: Path, count: int, seed: int, advance: Callable[[], None]) -> Outcome:
    """So many of a record, and a hundredth as many of its paper."""
    record = SealedRecord(small())
    return alter(record.json, paper(record), count, count // 100, seed, advance)
