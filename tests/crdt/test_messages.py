"""Every frame of the protocol is read and written, byte for byte; everything else is refused."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.encoding import UINT_MAX, buffer, string, uint
from crdt.errors import MalformedFrame, OverLimit, ProtocolError, UnexpectedMessage
from crdt.messages import (
    GONE,
    READ_WRITE,
    READONLY,
    AuthDenied,
    AuthGranted,
    AuthRequest,
    AuthToken,
    Awareness,
    AwarenessEntry,
    Close,
    Frame,
    Message,
    Ping,
    Pong,
    QueryAwareness,
    Stateless,
    SyncStatus,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    answer_in,
    decode,
    encode,
    envelope,
    saved_in,
    short_update,
    update_head,
)
from server.rules.limits import WIRE
from tests.crdt.recordings import frames

NAME = string("c/joint/1")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
states = st.just(GONE) | st.dictionaries(st.text(max_size=5), json_values, max_size=3).map(json.dumps)
short = st.text(max_size=20)
clients = st.integers(0, UINT_MAX)
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(SyncStep1, st.just(b"\x01") | st.just(b"")),
    st.builds(SyncStep2, st.binary()),
    st.builds(SyncUpdate, st.binary()),
    st.builds(
        Awareness, st.lists(st.builds(AwarenessEntry, clients, clients, states), max_size=4).map(tuple)
    ),
    st.builds(AuthToken, short, st.none() | short),
    st.just(AuthRequest()),
    st.builds(AuthDenied, short),
    st.builds(AuthGranted, st.sampled_from([READ_WRITE, READONLY])),
    st.just(QueryAwareness()),
    st.builds(Stateless, short),
    st.builds(Close, st.none() | short),
    st.builds(SyncStatus, st.booleans()),
)
names = st.text(min_size=1, max_size=20).filter(lambda name: not name.startswith("\0"))


@pytest.mark.parametrize("frame", frames())
def test_a_recorded_frame_comes_back_byte_for_byte(frame: bytes) -> None:
    decoded = decode(frame, WIRE)
    assert encode(decoded.document, decoded.message) == frame


@given(names, messages)
def test_every_message_comes_back(name: str, message: Message) -> None:
    assert decode(encode(name, message), WIRE) == Frame(name, message)


@given(names, st.binary() | st.integers(100, 20_000).map(bytes))
def test_what_is_put_together_quickly_is_the_same(name: str, update: bytes) -> None:
    start = envelope(name)
    assert answer_in(start, update) == encode(name, SyncStep2(update))
    assert update_head(start) + buffer(update) == encode(name, SyncUpdate(update))
    assert saved_in(start) == encode(name, SyncStatus(saved=True))


@given(st.text(max_size=40), st.binary(max_size=127))
def test_a_short_update_is_found_without_reading_the_frame(name: str, update: bytes) -> None:
    found = short_update(encode(name, SyncUpdate(update)))
    is_short_name = len(name.encode()) < 128
    assert found == ((update_head(envelope(name)), update) if is_short_name else None)


@given(names, messages, st.binary(max_size=3))
def test_nothing_else_is_taken_for_a_short_update(name: str, message: Message, more: bytes) -> None:
    found = short_update(encode(name, message) + more)
    if found is not None and found[0] == update_head(envelope(name)):
        assert more == b""
        assert message == SyncUpdate(found[1])


@pytest.mark.parametrize("broken", [b"", b"\x00", b"\x01a", b"\x01a\x00\x02\x05x", b"\x01a\x00\x02\x80\x01"])
def test_a_broken_frame_is_no_short_update(broken: bytes) -> None:
    assert short_update(broken) is None


@pytest.mark.parametrize(("message", "byte"), [(Ping(), b"\x09"), (Pong(), b"\x0a")])
def test_ping_and_pong_are_one_byte(message: Message, byte: bytes) -> None:
    assert encode("ignored", message) == byte
    assert decode(byte, WIRE) == Frame("", message)


@given(
    st.binary(max_size=80) | st.sampled_from(frames()).flatmap(lambda f: st.binary(max_size=9).map(f.__add__))
)
def test_any_bytes_are_a_frame_or_a_protocol_error(data: bytes) -> None:
    try:
        decoded = decode(data, WIRE)
    except ProtocolError:
        return
    assert decode(encode(decoded.document, decoded.message), WIRE) == decoded


def test_the_name_is_the_key_without_the_clients_session() -> None:
    assert Frame("conv/2\0w62jju78mf", Close(None)).name == "conv/2"
    assert Frame("conv/2", Close(None)).name == "conv/2"


@pytest.mark.parametrize(
    ("what", "frame"),
    [
        ("an empty frame", b""),
        ("one byte that is neither Ping nor Pong", b"\x08"),
        ("an empty name", b"\x00\x03"),
        ("a name that is only a session", string("\0s") + b"\x03"),
        ("a name without a message", NAME),
        ("an unknown type", NAME + uint(11)),
        ("Ping with a name", NAME + uint(9)),
        ("bytes after the end", NAME + uint(3) + b"\x00"),
        ("an unknown sync message", NAME + uint(0) + uint(3) + buffer(b"")),
        ("a sync message without its buffer", NAME + uint(0) + uint(2)),
        ("an unknown auth message", NAME + uint(2) + uint(3)),
        ("an unknown scope", NAME + uint(2) + uint(2) + string("owner")),
        ("a status that is neither saved nor not", NAME + uint(8) + uint(2)),
        ("a name that is not UTF-8", buffer(b"\xff") + b"\x03"),
        ("presence with a flood of clients", NAME + uint(1) + buffer(uint(10**9))),
        ("presence with bytes after the end", NAME + uint(1) + buffer(uint(0) + b"\x00")),
        ("presence that is not JSON", NAME + uint(1) + buffer(b"\x01\x01\x01" + string("{"))),
        ("presence that is no object", NAME + uint(1) + buffer(b"\x01\x01\x01" + string("[]"))),
        ("presence that no browser parses", NAME + uint(1) + buffer(b"\x01\x01\x01" + string('{"a":NaN}'))),
        ("presence nested deep", NAME + uint(1) + buffer(b"\x01\x01\x01" + string('{"a":' + "[" * 3000))),
        (
            "presence with half a character",
            NAME + uint(1) + buffer(b"\x01\x01\x01" + string('{"a":"\\ud83d"}')),
        ),
    ],
)
def test_what_is_malformed_is_refused(what: str, frame: bytes) -> None:
    with pytest.raises(MalformedFrame):
        decode(frame, WIRE)


@pytest.mark.parametrize("kind", [4, 6])
def test_what_no_client_may_send_is_unexpected(kind: int) -> None:
    with pytest.raises(UnexpectedMessage):
        decode(NAME + uint(kind) + string("x"), WIRE)


@pytest.mark.parametrize(
    ("limit", "frame"),
    [
        ("frame_bytes_max", encode("d", Stateless("x" * 50))),
        ("document_name_bytes_max", encode("d" * 9, Close(None))),
        ("token_bytes_max", encode("d", AuthToken("x" * 9, None))),
        ("reason_bytes_max", encode("d", AuthToken("x", "9.9.99999"))),
        ("reason_bytes_max", encode("d", AuthDenied("x" * 9))),
        ("reason_bytes_max", encode("d", Close("x" * 9))),
        ("stateless_bytes_max", encode("d", Stateless("å" * 5))),
        ("awareness_bytes_max", encode("d", Awareness((AwarenessEntry(1, 1, '{"a":"aaa"}'),)))),
        ("awareness_clients_max", encode("d", Awareness((AwarenessEntry(1, 1, "{}"),) * 3))),
        ("state_vector_clients_max", encode("d", SyncStep1(uint(3)))),
    ],
)
def test_over_a_limit_the_limit_is_named(limit: str, frame: bytes) -> None:
    small = replace(
        WIRE,
        frame_bytes_max=40,
        document_name_bytes_max=8,
        token_bytes_max=8,
        reason_bytes_max=8,
        stateless_bytes_max=8,
        awareness_bytes_max=8,
        awareness_clients_max=2,
        state_vector_clients_max=2,
    )
    with pytest.raises(OverLimit) as refused:
        decode(frame, small)
    assert refused.value.limit == limit
