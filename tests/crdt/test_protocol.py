"""The protocol's state machine, as frames in and events and frames out."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from crdt.errors import MalformedFrame, OverLimit, UnexpectedMessage
from crdt.messages import (
    AuthDenied,
    AuthGranted,
    AuthRequest,
    AuthToken,
    Awareness,
    AwarenessEntry,
    Close,
    Message,
    Ping,
    QueryAwareness,
    Stateless,
    SyncStatus,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    decode,
    encode,
)
from crdt.messages import Pong as PongMessage
from crdt.protocol import (
    Attachment,
    Authenticate,
    Connection,
    Detached,
    Event,
    Pong,
    Presence,
    PresenceAsked,
    StateVector,
    Update,
    Violation,
)
from server.rules.limits import WIRE

NAME = "conv/1/employee"
EMPTY_VECTOR = b"\x00"
EMPTY_UPDATE = b"\x00\x00"
RECORDED = json.loads((Path(__file__).parent / "recorded_frames.json").read_text())


def say(connection: Connection, message: Message, name: str = NAME) -> list[Event]:
    return connection.receive(encode(name, message))


def attach(connection: Connection, name: str = NAME) -> Attachment:
    """A client that asked for a document and has not been answered."""
    (event,) = say(connection, AuthToken("token", "4.8.0"), name)
    assert isinstance(event, Authenticate)
    return event.key


def opened(connection: Connection, name: str = NAME) -> Attachment:
    key = attach(connection, name)
    connection.grant(key, "read-write")
    return key


def messages(frames: list[bytes]) -> list[Message]:
    return [decode(frame, WIRE).message for frame in frames]


def test_token_asks_for_the_document_and_says_who_asks() -> None:
    (event,) = say(Connection(WIRE), AuthToken("secret", "4.8.0"))
    assert isinstance(event, Authenticate)
    assert (event.document, event.token, event.version, event.again) == (NAME, "secret", "4.8.0", False)


@pytest.mark.parametrize("name", [NAME, "å" * 40, "a" * 200])
def test_a_key_press_is_told_from_other_frames_and_says_what_it_would_say(name: str) -> None:
    connection = Connection(WIRE)
    key = opened(connection, name)
    frame = encode(name, SyncUpdate(b"\x00\x00"))
    pressed = connection.pressed(frame)
    assert connection.receive(frame) == [Update(key, b"\x00\x00", step2=False, worth=1)]
    assert pressed == (None if len(name) > 127 else (key, b"\x00\x00"))


@pytest.mark.parametrize(
    "message", [SyncStep1(EMPTY_VECTOR), SyncStep2(EMPTY_UPDATE), QueryAwareness(), SyncUpdate(bytes(200))]
)
def test_what_is_no_key_press_is_left_to_be_read(message: Message) -> None:
    connection = Connection(WIRE)
    opened(connection)
    assert connection.pressed(encode(NAME, message)) is None


def test_there_is_no_key_press_in_a_document_that_is_not_open() -> None:
    connection = Connection(WIRE)
    frame = encode(NAME, SyncUpdate(EMPTY_UPDATE))
    assert connection.pressed(frame) is None
    key = attach(connection)
    assert connection.pressed(frame) is None
    connection.grant(key, "read-write")
    assert connection.pressed(frame) == (key, EMPTY_UPDATE)
    connection.close_document(key, "frozen")
    assert connection.pressed(frame) is None


def test_the_document_of_a_routing_key_with_a_session_is_the_part_before_nul() -> None:
    connection = Connection(WIRE)
    key = attach(connection, f"{NAME}\0session")
    assert key.document == NAME
    frames, _ = connection.grant(key, "readonly")
    assert frames == [encode(f"{NAME}\0session", AuthGranted("readonly"))]


def test_two_sessions_of_one_document_are_two_attachments() -> None:
    connection = Connection(WIRE)
    first, second = opened(connection, f"{NAME}\0a"), opened(connection, f"{NAME}\0b")
    say(connection, Close(None), f"{NAME}\0a")
    assert connection.deliver(first, 0, EMPTY_UPDATE) == []
    assert connection.deliver(second, 0, EMPTY_UPDATE) != []


def test_what_comes_before_the_answer_is_held_and_released_in_order() -> None:
    connection = Connection(WIRE)
    assert say(connection, SyncUpdate(b"0")) == []
    key = attach(connection)
    assert say(connection, SyncStep1(EMPTY_VECTOR)) == []
    assert say(connection, SyncUpdate(b"1")) == []
    frames, events = connection.grant(key, "read-write")
    assert frames == [encode(NAME, AuthGranted("read-write"))]
    assert events == [
        Update(key, b"0", step2=False, worth=1),
        StateVector(key, EMPTY_VECTOR),
        Update(key, b"1", step2=False, worth=1),
    ]


def test_a_token_shown_twice_before_the_answer_asks_once_and_is_asked_again_afterwards() -> None:
    connection = Connection(WIRE)
    key = attach(connection)
    assert say(connection, AuthToken("second", None)) == []
    _, events = connection.grant(key, "read-write")
    assert events == [Authenticate(key, NAME, "second", None, again=True)]


def test_held_frames_are_bounded_over_the_whole_connection() -> None:
    connection = Connection(replace(WIRE, held_frames_max=2))
    say(connection, QueryAwareness(), "a")
    say(connection, QueryAwareness(), "b")
    with pytest.raises(OverLimit, match="held_frames_max"):
        say(connection, QueryAwareness(), "c")


def test_held_bytes_are_bounded_over_the_whole_connection() -> None:
    size = len(encode("a", SyncUpdate(b"x" * 100)))
    connection = Connection(replace(WIRE, held_bytes_max=2 * size))
    say(connection, SyncUpdate(b"x" * 100), "a")
    say(connection, SyncUpdate(b"x" * 100), "b")
    with pytest.raises(OverLimit, match="held_bytes_max"):
        say(connection, SyncUpdate(b""), "c")


@pytest.mark.parametrize("way_out", ["grant", "deny", "close"])
def test_what_is_no_longer_held_no_longer_counts(way_out: str) -> None:
    connection = Connection(replace(WIRE, held_frames_max=1))
    for number in range(5):
        key = attach(connection, f"{number}")
        say(connection, QueryAwareness(), f"{number}")
        match way_out:
            case "grant":
                connection.grant(key, "read-write")
            case "deny":
                connection.deny(key, "denied")
            case _:
                say(connection, Close(None), f"{number}")


def test_documents_are_bounded() -> None:
    connection = Connection(replace(WIRE, documents_per_connection_max=2))
    attach(connection, "a")
    attach(connection, "b")
    with pytest.raises(OverLimit, match="documents_per_connection_max"):
        attach(connection, "c")


def test_a_detached_document_makes_place_for_another() -> None:
    connection = Connection(replace(WIRE, documents_per_connection_max=1))
    for name in "abc":
        attach(connection, name)
        say(connection, Close(None), name)


def test_a_denied_document_says_why_and_drops_what_the_client_says_until_a_new_token() -> None:
    connection = Connection(WIRE)
    key = attach(connection)
    say(connection, SyncStep1(EMPTY_VECTOR))
    assert connection.deny(key, "moved") == [encode(NAME, AuthDenied("moved"))]
    assert say(connection, SyncStep1(EMPTY_VECTOR)) == []
    assert say(connection, SyncUpdate(EMPTY_UPDATE)) == []
    (event,) = say(connection, AuthToken("again", None))
    assert isinstance(event, Authenticate)
    assert event.key != key
    assert event.again is False
    assert connection.grant(event.key, "read-write") == ([encode(NAME, AuthGranted("read-write"))], [])


def test_a_closed_document_leaves_the_others_and_drops_late_frames() -> None:
    connection = Connection(WIRE)
    key, other = opened(connection), opened(connection, "other")
    assert connection.close_document(key, "frozen") == [encode(NAME, Close("frozen"))]
    assert connection.close_document(key, "frozen") == []
    assert say(connection, SyncUpdate(EMPTY_UPDATE)) == []
    assert connection.deliver(key, 0, EMPTY_UPDATE) == []
    assert say(connection, SyncUpdate(EMPTY_UPDATE), "other") == [Update(other, EMPTY_UPDATE, False, 1)]


def test_the_clients_close_is_never_answered() -> None:
    connection = Connection(WIRE)
    key = opened(connection)
    assert say(connection, Close(None)) == [Detached(key)]
    assert say(connection, Close(None)) == []
    assert connection.close_document(key, "late") == []
    assert connection.deny(key, "late") == []


def test_detach_and_attach_in_one_tick_makes_a_new_attachment_that_old_answers_do_not_reach() -> None:
    connection = Connection(WIRE)
    old = attach(connection)
    assert say(connection, Close(None)) == [Detached(old)]
    new = attach(connection)
    say(connection, SyncStep1(EMPTY_VECTOR))
    assert connection.grant(old, "read-write") == ([], [])
    assert connection.deliver(old, 1, None) == []
    assert connection.handshake(old, EMPTY_VECTOR, EMPTY_UPDATE) == []
    assert connection.resync(old, EMPTY_VECTOR, 1) == []
    frames, events = connection.grant(new, "readonly")
    assert messages(frames) == [AuthGranted("readonly")]
    assert events == [StateVector(new, EMPTY_VECTOR)]


def test_a_token_on_an_open_document_asks_again_without_closing_it() -> None:
    connection = Connection(WIRE)
    key = opened(connection)
    assert messages(connection.ask_token(key)) == [AuthRequest()]
    assert say(connection, AuthToken("new", None)) == [Authenticate(key, NAME, "new", None, again=True)]
    assert say(connection, SyncUpdate(EMPTY_UPDATE)) == [Update(key, EMPTY_UPDATE, False, 1)]
    assert connection.grant(key, "readonly") == ([encode(NAME, AuthGranted("readonly"))], [])
    assert connection.deny(key, "denied") == [encode(NAME, AuthDenied("denied"))]
    assert connection.grant(key, "read-write") == ([], [])


def test_presence_comes_and_goes() -> None:
    connection = Connection(WIRE)
    key = opened(connection)
    entries = (AwarenessEntry(7, 1, "{}"),)
    assert say(connection, Awareness(entries)) == [Presence(key, entries)]
    assert say(connection, QueryAwareness()) == [PresenceAsked(key)]
    assert messages(connection.presence(key, entries)) == [Awareness(entries)]
    assert connection.presence(key, ()) == []


def test_a_handshake_is_answered_with_what_we_have_and_what_they_lack() -> None:
    connection = Connection(WIRE)
    key = opened(connection)
    assert say(connection, SyncStep1(EMPTY_VECTOR)) == [StateVector(key, EMPTY_VECTOR)]
    frames = connection.handshake(key, EMPTY_VECTOR, EMPTY_UPDATE)
    assert messages(frames) == [SyncStep1(EMPTY_VECTOR), SyncStep2(EMPTY_UPDATE)]


def test_the_step2_of_a_handshake_settles_the_handshake() -> None:
    connection = Connection(WIRE)
    key = opened(connection)
    connection.handshake(key, EMPTY_VECTOR, EMPTY_UPDATE)
    assert say(connection, SyncStep2(b"2")) == [Update(key, b"2", step2=True, worth=1)]
    assert messages(connection.deliver(key, 1, None)) == [SyncStatus(True)]


def test_a_step2_settles_every_update_that_was_refused_before_it_and_is_asked_for_once() -> None:
    connection = Connection(WIRE)
    key = opened(connection)
    assert messages(connection.resync(key, EMPTY_VECTOR, 1)) == [SyncStep1(EMPTY_VECTOR)]
    assert connection.resync(key, EMPTY_VECTOR, 1) == []
    (event,) = say(connection, SyncStep2(b"2"))
    assert event == Update(key, b"2", step2=True, worth=2)
    assert messages(connection.deliver(key, 2, None)) == [SyncStatus(True), SyncStatus(True)]
    assert messages(connection.resync(key, EMPTY_VECTOR, 1)) == [SyncStep1(EMPTY_VECTOR)]


def test_an_update_refused_during_the_handshake_waits_for_its_step2() -> None:
    connection = Connection(WIRE)
    key = opened(connection)
    connection.handshake(key, EMPTY_VECTOR, EMPTY_UPDATE)
    assert connection.resync(key, EMPTY_VECTOR, 1) == []
    assert say(connection, SyncStep2(b"2")) == [Update(key, b"2", step2=True, worth=2)]


def test_a_refused_step2_keeps_its_worth_for_the_next() -> None:
    connection = Connection(WIRE)
    key = opened(connection)
    connection.handshake(key, EMPTY_VECTOR, EMPTY_UPDATE)
    say(connection, SyncStep2(b"2"))
    assert messages(connection.resync(key, EMPTY_VECTOR, 1)) == [SyncStep1(EMPTY_VECTOR)]
    assert say(connection, SyncStep2(b"3")) == [Update(key, b"3", step2=True, worth=1)]


def test_a_step2_that_nobody_asked_for_settles_nothing() -> None:
    connection = Connection(WIRE)
    key = opened(connection)
    assert say(connection, SyncStep2(b"2")) == [Update(key, b"2", step2=True, worth=0)]
    assert connection.deliver(key, 0, None) == []


def test_what_is_not_saved_is_said_once() -> None:
    connection = Connection(WIRE)
    assert messages(connection.refuse(opened(connection))) == [SyncStatus(False)]


def test_the_page_is_told_things_beside_the_document() -> None:
    connection = Connection(WIRE)
    assert messages(connection.stateless(opened(connection), "{}")) == [Stateless("{}")]


def test_nothing_is_sent_to_who_waits_for_an_answer() -> None:
    connection = Connection(WIRE)
    key = attach(connection)
    assert connection.deliver(key, 0, EMPTY_UPDATE) == []
    assert connection.handshake(key, EMPTY_VECTOR, EMPTY_UPDATE) == []


@pytest.mark.parametrize(
    "message",
    [Stateless("x"), SyncStatus(True), AuthGranted("read-write"), AuthDenied("no"), AuthRequest()],
    ids=lambda message: type(message).__name__,
)
def test_a_message_that_no_client_may_send_shuts_that_document_alone(message: Message) -> None:
    connection = Connection(WIRE)
    key, other = opened(connection), opened(connection, "other")
    (event,) = say(connection, message)
    assert isinstance(event, Violation)
    assert event.key == key
    assert isinstance(event.error, UnexpectedMessage)
    assert messages(list(event.frames)) == [Close("protocol error")]
    assert say(connection, SyncUpdate(EMPTY_UPDATE)) == []
    assert connection.deliver(other, 0, EMPTY_UPDATE) != []


@pytest.mark.parametrize("kind", [4, 6])
def test_sync_reply_and_broadcasts_are_refused_from_clients(kind: int) -> None:
    connection = Connection(WIRE)
    key = opened(connection)
    (event,) = connection.receive(encode(NAME, QueryAwareness())[:-1] + bytes([kind, 0]))
    assert isinstance(event, Violation)
    assert event.key == key


def test_a_violation_among_held_messages_ends_their_release() -> None:
    connection = Connection(WIRE)
    key = attach(connection)
    for message in (SyncUpdate(b"1"), Stateless("x"), SyncUpdate(b"2")):
        say(connection, message)
    _, events = connection.grant(key, "read-write")
    assert [type(event) for event in events] == [Update, Violation]


def test_pong_is_heard_and_ping_is_the_servers_alone() -> None:
    connection = Connection(WIRE)
    assert connection.receive(encode("", PongMessage())) == [Pong()]
    with pytest.raises(UnexpectedMessage):
        connection.receive(encode("", Ping()))


def test_a_frame_that_cannot_be_read_is_the_sockets_end() -> None:
    with pytest.raises(MalformedFrame):
        Connection(WIRE).receive(b"\x05conv")


def recorded_sections() -> list[tuple[str, list[tuple[str, bytes]]]]:
    sections: list[tuple[str, list[tuple[str, bytes]]]] = []
    for direction, data, _ in RECORDED:
        if direction == "--":
            sections.append((data, []))
        else:
            sections[-1][1].append((direction, bytes.fromhex(data)))
    return sections


# The recorded server answered a client's CLOSE, which hits whoever attached next under the name.
NEVER_ANSWERED = "client detaches readonly doc"


def test_the_recorded_conversation_is_understood_and_answered_byte_for_byte() -> None:
    connection = Connection(WIRE)
    keys: dict[str, Attachment] = {}
    answered = 0
    for section, frames in recorded_sections():
        pending: list[bytes] = []
        for direction, recorded in frames:
            frame = decode(recorded, WIRE)
            # The recorded clients steered their server with Stateless: no client of ours may say it.
            if direction == "C>S" and not isinstance(frame.message, Stateless):
                for event in connection.receive(recorded):
                    assert not isinstance(event, Violation | Pong)
                    keys[frame.document] = event.key
            elif direction == "S>C" and section != NEVER_ANSWERED:
                sent = answer(connection, keys[frame.document], frame.message, pending)
                assert sent == recorded, section
                answered += 1
    assert answered > 20


def answer(connection: Connection, key: Attachment, message: Message, pending: list[bytes]) -> bytes:
    """What the connection sends where the recorded server sent this."""
    match message:
        case AuthGranted(scope):
            return connection.grant(key, scope)[0][0]
        case AuthDenied(reason):
            return connection.deny(key, reason)[0]
        case AuthRequest():
            return connection.ask_token(key)[0]
        case SyncStep1(state_vector):
            step1, step2 = connection.handshake(key, state_vector, EMPTY_UPDATE)
            pending.append(step2)
            return step1
        case SyncStep2(_):
            return pending.pop()
        case SyncUpdate(update):
            return connection.deliver(key, 0, update)[0]
        case SyncStatus(saved):
            return (connection.deliver(key, 1, None) if saved else connection.refuse(key))[0]
        case Awareness(entries):
            return connection.presence(key, entries)[0]
        case Stateless(payload):
            return connection.stateless(key, payload)[0]
        case Close(str(reason)):
            return connection.close_document(key, reason)[0]
        case _:
            raise AssertionError(message)
