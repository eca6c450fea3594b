"""The frames of the wire (Hocuspocus protocol, design section 5): ``decode`` and ``encode``.

    frame = string routing key · uint type · payload

The routing key is the document's name, from some clients followed by NUL and a session of theirs.
Ping and Pong are single bytes without a key.
"""

import json
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NoReturn

from crdt.bounds import WireBounds
from crdt.encoding import Reader, buffer, string, uint
from crdt.errors import MalformedFrame, OverLimit, UnexpectedMessage

READ_WRITE: Final = "read-write"
READONLY: Final = "readonly"

GONE: Final = "null"
"""The state of a client that has left."""


class _Type(IntEnum):
    SYNC = 0
    AWARENESS = 1
    AUTH = 2
    QUERY_AWARENESS = 3
    SYNC_REPLY = 4
    STATELESS = 5
    BROADCAST_STATELESS = 6
    CLOSE = 7
    SYNC_STATUS = 8
    PING = 9
    PONG = 10


class _Sync(IntEnum):
    STEP_1 = 0
    STEP_2 = 1
    UPDATE = 2


class _Auth(IntEnum):
    TOKEN = 0
    DENIED = 1
    GRANTED = 2


@dataclass(frozen=True, slots=True)
class SyncStep1:
    """What the sender has, and thereby a request for what it lacks."""

    state_vector: bytes


@dataclass(frozen=True, slots=True)
class SyncStep2:
    """The answer to a Step1: everything that the other side lacked."""

    update: bytes


@dataclass(frozen=True, slots=True)
class SyncUpdate:
    update: bytes


@dataclass(frozen=True, slots=True)
class AwarenessEntry:
    """One client's presence: ``state`` is a JSON object as text, or GONE."""

    client: int
    clock: int
    state: str


@dataclass(frozen=True, slots=True)
class Awareness:
    entries: tuple[AwarenessEntry, ...]


@dataclass(frozen=True, slots=True)
class AuthToken:
    """The client attaches to a document. ``version`` is that of its provider."""

    token: str
    version: str | None


@dataclass(frozen=True, slots=True)
class AuthRequest:
    """The server asks the client for its token again."""


@dataclass(frozen=True, slots=True)
class AuthDenied:
    reason: str


@dataclass(frozen=True, slots=True)
class AuthGranted:
    """``scope`` is READ_WRITE or READONLY."""

    scope: str


@dataclass(frozen=True, slots=True)
class QueryAwareness:
    """The client asks who is here."""


@dataclass(frozen=True, slots=True)
class Stateless:
    payload: str


@dataclass(frozen=True, slots=True)
class Close:
    """The document leaves the socket, which stays open. A client gives no reason."""

    reason: str | None


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """The answer to one Update or Step2."""

    saved: bool


@dataclass(frozen=True, slots=True)
class Ping:
    pass


@dataclass(frozen=True, slots=True)
class Pong:
    pass


Addressed = (
    SyncStep1
    | SyncStep2
    | SyncUpdate
    | Awareness
    | AuthToken
    | AuthRequest
    | AuthDenied
    | AuthGranted
    | QueryAwareness
    | Stateless
    | Close
    | SyncStatus
)
"""The messages that concern one document."""

Message = Addressed | Ping | Pong


@dataclass(frozen=True, slots=True)
class Frame:
    """A message and the routing key that it came under (empty for Ping and Pong)."""

    document: str
    message: Message

    @property
    def name(self) -> str:
        """The document's name: the routing key without a client's session."""
        return self.document.partition("\0")[0]


def decode(frame: bytes, bounds: WireBounds) -> Frame:
    """One whole frame.

    Raises MalformedFrame, OverLimit, or UnexpectedMessage for the types that no client may send.
    """
    if len(frame) > bounds.frame_bytes_max:
        raise OverLimit("frame_bytes_max")
    if len(frame) == 1:
        return Frame("", _decode_bare(frame[0]))
    reader = Reader(frame)
    document = _bounded(reader, bounds.document_name_bytes_max, "document_name_bytes_max")
    if not document.partition("\0")[0]:
        raise MalformedFrame("no document name")
    message = _decode_addressed(reader, bounds)
    reader.end()
    return Frame(document, message)


def _decode_bare(byte: int) -> Ping | Pong:
    match byte:
        case _Type.PING:
            return Ping()
        case _Type.PONG:
            return Pong()
        case _:
            raise MalformedFrame("a single byte that is neither Ping nor Pong")


def _decode_addressed(reader: Reader, bounds: WireBounds) -> Addressed:
    match reader.uint():
        case _Type.SYNC:
            return _decode_sync(reader, bounds)
        case _Type.AWARENESS:
            return Awareness(_decode_entries(reader.buffer(), bounds))
        case _Type.AUTH:
            return _decode_auth(reader, bounds)
        case _Type.QUERY_AWARENESS:
            return QueryAwareness()
        case _Type.STATELESS:
            return Stateless(_bounded(reader, bounds.stateless_bytes_max, "stateless_bytes_max"))
        case _Type.CLOSE:
            return Close(None if reader.at_end else _reason(reader, bounds))
        case _Type.SYNC_STATUS:
            saved = reader.uint()
            if saved > 1:
                raise MalformedFrame("a status that is neither saved nor not")
            return SyncStatus(saved == 1)
        case _Type.SYNC_REPLY | _Type.BROADCAST_STATELESS as kind:
            raise UnexpectedMessage(f"message type {int(kind)}")
        case _:
            raise MalformedFrame("unknown message type")


def _decode_sync(reader: Reader, bounds: WireBounds) -> SyncStep1 | SyncStep2 | SyncUpdate:
    kind, payload = reader.uint(), reader.buffer()
    match kind:
        case _Sync.STEP_1:
            # Only the count is looked at here: `crdt.update.parse_state_vector` reads the rest.
            if payload and Reader(payload).uint() > bounds.state_vector_clients_max:
                raise OverLimit("state_vector_clients_max")
            return SyncStep1(payload)
        case _Sync.STEP_2:
            return SyncStep2(payload)
        case _Sync.UPDATE:
            return SyncUpdate(payload)
        case _:
            raise MalformedFrame("unknown sync message")


def _decode_auth(reader: Reader, bounds: WireBounds) -> AuthToken | AuthRequest | AuthDenied | AuthGranted:
    match reader.uint():
        case _Auth.TOKEN:
            if reader.at_end:
                return AuthRequest()
            token = _bounded(reader, bounds.token_bytes_max, "token_bytes_max")
            return AuthToken(token, None if reader.at_end else _reason(reader, bounds))
        case _Auth.DENIED:
            return AuthDenied(_reason(reader, bounds))
        case _Auth.GRANTED:
            scope = _reason(reader, bounds)
            if scope not in (READ_WRITE, READONLY):
                raise MalformedFrame("unknown scope")
            return AuthGranted(scope)
        case _:
            raise MalformedFrame("unknown auth message")


def _decode_entries(data: bytes, bounds: WireBounds) -> tuple[AwarenessEntry, ...]:
    reader = Reader(data)
    count = reader.count(3)
    if count > bounds.awareness_clients_max:
        raise OverLimit("awareness_clients_max")
    entries = []
    for _ in range(count):
        client, clock = reader.uint(), reader.uint()
        state = _bounded(reader, bounds.awareness_bytes_max, "awareness_bytes_max")
        if state != GONE:
            _check_state(state)
        entries.append(AwarenessEntry(client, clock, state))
    reader.end()
    return tuple(entries)


def _check_state(state: str) -> None:
    """Other browsers will ``JSON.parse`` it: nothing may get through that they, or UTF-8, cannot take."""
    try:
        value = json.loads(state, parse_constant=_refuse_constant)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise MalformedFrame("presence that is not JSON") from error
    if not isinstance(value, dict):
        raise MalformedFrame("presence that is not a JSON object")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _reason(reader: Reader, bounds: WireBounds) -> str:
    return _bounded(reader, bounds.reason_bytes_max, "reason_bytes_max")


def _bounded(reader: Reader, bytes_max: int, limit: str) -> str:
    text = reader.string()
    if len(text) > bytes_max or len(text.encode()) > bytes_max:
        raise OverLimit(limit)
    return text


def encode(document: str, message: Message) -> bytes:
    """The frame that carries ``message`` under the routing key ``document`` (unused by Ping and Pong)."""
    match message:
        case Ping():
            return uint(_Type.PING)
        case Pong():
            return uint(_Type.PONG)
        case _:
            return string(document) + _encode_addressed(message)


def envelope(document: str) -> bytes:
    """What every frame under the routing key begins with."""
    return string(document)


def update_head(envelope: bytes) -> bytes:
    """What every SyncUpdate begins with; the update follows as a buffer. Each key press is such a frame."""
    return envelope + _UPDATE


def answer_in(envelope: bytes, diff: bytes) -> bytes:
    """The same as ``encode`` of a SyncStep2, which may be a whole document: it is copied once."""
    return b"".join((envelope, _STEP_2, uint(len(diff)), diff))


def saved_in(envelope: bytes) -> bytes:
    """The same as ``encode`` of a SyncStatus that says saved."""
    return envelope + _SAVED


def short_update(frame: bytes) -> tuple[bytes, bytes] | None:
    """What a SyncUpdate of less than 128 bytes begins with, as ``update_head`` has it, and the update.

    None for most other frames; the rest, broken ones among them, begin with something else.
    """
    start = frame[0] + _SHORT_HEAD if frame else 1
    if start > len(frame):
        return None
    size = frame[start - 1]
    return (frame[: start - 1], frame[start:]) if size < _SHORT and size == len(frame) - start else None


_SHORT: Final = 128
"""A length below this is one byte."""
_SHORT_HEAD: Final = 4
"""Bytes beside a short name and a short update: their two lengths and the two types."""
_UPDATE: Final = bytes((_Type.SYNC, _Sync.UPDATE))
_STEP_2: Final = bytes((_Type.SYNC, _Sync.STEP_2))
_SAVED: Final = bytes((_Type.SYNC_STATUS, 1))


def _encode_addressed(message: Addressed) -> bytes:
    match message:
        case SyncStep1() | SyncStep2() | SyncUpdate():
            return uint(_Type.SYNC) + _encode_sync(message)
        case Awareness(entries):
            return uint(_Type.AWARENESS) + buffer(_encode_entries(entries))
        case AuthToken() | AuthRequest() | AuthDenied() | AuthGranted():
            return uint(_Type.AUTH) + _encode_auth(message)
        case QueryAwareness():
            return uint(_Type.QUERY_AWARENESS)
        case Stateless(payload):
            return uint(_Type.STATELESS) + string(payload)
        case Close(reason):
            return uint(_Type.CLOSE) + _optional(reason)
        case _:
            return uint(_Type.SYNC_STATUS) + uint(message.saved)


def _encode_sync(message: SyncStep1 | SyncStep2 | SyncUpdate) -> bytes:
    match message:
        case SyncStep1(state_vector):
            return uint(_Sync.STEP_1) + buffer(state_vector)
        case SyncStep2(update):
            return uint(_Sync.STEP_2) + buffer(update)
        case _:
            return uint(_Sync.UPDATE) + buffer(message.update)


def _encode_auth(message: AuthToken | AuthRequest | AuthDenied | AuthGranted) -> bytes:
    match message:
        case AuthToken(token, version):
            return uint(_Auth.TOKEN) + string(token) + _optional(version)
        case AuthRequest():
            return uint(_Auth.TOKEN)
        case AuthDenied(reason):
            return uint(_Auth.DENIED) + string(reason)
        case _:
            return uint(_Auth.GRANTED) + string(message.scope)


def _optional(text: str | None) -> bytes:
    """A string that may be missing at the end of a frame."""
    return b"" if text is None else string(text)


def _encode_entries(entries: tuple[AwarenessEntry, ...]) -> bytes:
    return uint(len(entries)) + b"".join(
        uint(entry.client) + uint(entry.clock) + string(entry.state) for entry in entries
    )
