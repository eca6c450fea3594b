"""One socket's conversation as a state machine, sans-I/O: frames in, events out, and back.

One socket carries many documents. Under each routing key (the document's name, or ``name NUL session``)
the client attaches, speaks and detaches, and may attach anew in the same tick: every attachment is a
value of its own, so that an answer to the one before can never reach the one after.

    waiting ──grant──▶ open ──CLOSE from the client──▶ (forgotten)
       └──deny──▶ shut ◀──close_document, violation──┘      shut ──token──▶ a new attachment, waiting

Key invariants:

1. Before ``grant`` nothing of a document leaves ``receive`` but Authenticate; what came early is held,
   within bounds, and released in its order.
2. A CLOSE from the client is never answered: the answer would hit whoever attached next under the key.
3. What arrives for a shut document is dropped without a word: the client had not yet heard.
4. ``Update.worth`` summed over what is acknowledged is what the client counts as unsynced.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from crdt.bounds import WireBounds
from crdt.encoding import Reader, buffer
from crdt.errors import OverLimit, ProtocolError, UnexpectedMessage
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
    answer_in,
    decode,
    encode,
    envelope,
    saved_in,
    short_update,
    update_head,
)
from crdt.messages import Pong as PongMessage


@dataclass(frozen=True, slots=True, eq=False)
class Attachment:
    """One client's presence under one routing key, from its first frame to its last. Hashable by identity."""

    routing_key: str
    number: int
    """Tells attachments under the same routing key apart. Rises."""

    @property
    def document(self) -> str:
        """The document's name: the routing key without the session that may follow it."""
        return self.routing_key.partition("\0")[0]


@dataclass(frozen=True, slots=True)
class Authenticate:
    """The client asks for a document, or (``again``) shows its token for one that is open."""

    key: Attachment
    document: str
    token: str
    version: str | None
    again: bool = False


@dataclass(frozen=True, slots=True)
class StateVector:
    """The client says what it has. Answer with ``handshake``."""

    key: Attachment
    state_vector: bytes


class Update(NamedTuple):
    """The client writes. Answer with ``deliver``, ``refuse`` or ``resync``."""

    key: Attachment
    update: bytes
    step2: bool
    """Carries everything that the client has and the server had not."""
    worth: int
    """How many of the client's unsynced changes an acknowledgement of this one settles."""


@dataclass(frozen=True, slots=True)
class Presence:
    key: Attachment
    entries: tuple[AwarenessEntry, ...]


@dataclass(frozen=True, slots=True)
class PresenceAsked:
    key: Attachment


@dataclass(frozen=True, slots=True)
class Detached:
    """The client has left this document. There is nothing to answer."""

    key: Attachment


@dataclass(frozen=True, slots=True)
class Violation:
    """The client broke a rule in one document, which is shut from now on: send ``frames``."""

    key: Attachment
    error: ProtocolError
    frames: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Pong:
    """The client is there."""


Event = Authenticate | StateVector | Update | Presence | PresenceAsked | Detached | Violation | Pong


@dataclass(slots=True)
class _Waiting:
    held: list[tuple[Message, int]] = field(default_factory=list)
    """Messages that came before the answer, with the bytes that each counts for."""
    asked: bool = False


@dataclass(slots=True)
class _Open:
    envelope: bytes
    """What every frame of the attachment begins with."""
    update: bytes
    """What those with an update begin with."""
    saved: bytes
    """The frame that says that a change is durable."""
    unanswered: list[bool] = field(default_factory=list)
    """Our Step1s that the client has yet to answer: whether each was part of a handshake. A handshake
    is one unsynced change to the client; a resync is none."""
    refused_worth: int = 0
    """What the refused updates were worth: the next Step2 carries them all."""


@dataclass(slots=True)
class _Shut:
    pass


_State = _Waiting | _Open | _Shut

VIOLATION_REASON = "protocol error"


class Connection:
    """The protocol of one socket. Outgoing methods return the frames to send, in order; for an
    attachment that is no longer open they return none."""

    def __init__(self, bounds: WireBounds) -> None:
        self._bounds = bounds
        self._attachments: dict[str, Attachment] = {}
        self._states: dict[Attachment, _State] = {}
        self._open: dict[bytes, Attachment] = {}
        """The open ones by what their updates begin with."""
        self._last_number = 0
        self._held_frames = 0
        self._held_bytes = 0

    # What the client sends.

    def receive(self, frame: bytes) -> list[Event]:
        """Read one binary frame.

        Raises MalformedFrame or OverLimit when the socket must be closed; what concerns one document
        only is a Violation.
        """
        try:
            decoded = decode(frame, self._bounds)
        except UnexpectedMessage as error:
            return [self._violate(self._attachment(Reader(frame).string()), error)]
        if isinstance(decoded.message, PongMessage):
            return [Pong()]
        if isinstance(decoded.message, Ping):
            raise UnexpectedMessage("a ping from the client")
        if isinstance(decoded.message, Close):
            return self._detach(decoded.document)
        attachment = self._attachment(decoded.document)
        state = self._states[attachment]
        if isinstance(state, _Waiting):
            return self._wait(attachment, state, decoded.message, len(frame))
        if isinstance(state, _Open):
            return [self._speak(attachment, state, decoded.message)]
        return self._knock(attachment, decoded.message)

    def pressed(self, frame: bytes) -> tuple[Attachment, bytes] | None:
        """Read a short Update in an open document, as nearly all frames are: whose it is, and the update.

        None for every other frame, which is to be given to ``receive``; of this one it would say the same.
        """
        if (short := short_update(frame)) is None or (key := self._open.get(short[0])) is None:
            return None
        return key, short[1]

    def _attachment(self, routing: str) -> Attachment:
        key = self._attachments.get(routing)
        return self._attach(routing)[0] if key is None else key

    def _attach(self, routing: str) -> tuple[Attachment, _Waiting]:
        if len(self._attachments) >= self._bounds.documents_per_connection_max:
            raise OverLimit("documents_per_connection_max")
        self._last_number += 1
        key = Attachment(routing, self._last_number)
        self._attachments[routing] = key
        waiting = self._states[key] = _Waiting()
        return key, waiting

    def _detach(self, routing: str) -> list[Event]:
        key = self._attachments.get(routing)
        if key is None:
            return []
        self._forget(key)
        return [Detached(key)]

    def _forget(self, key: Attachment) -> None:
        self._let_go(self._states.pop(key))
        del self._attachments[key.routing_key]

    def _let_go(self, state: _State) -> None:
        if isinstance(state, _Waiting):
            self._held_frames -= len(state.held)
            self._held_bytes -= sum(size for _, size in state.held)
        elif isinstance(state, _Open):
            del self._open[state.update]

    def _wait(self, key: Attachment, waiting: _Waiting, message: Message, size: int) -> list[Event]:
        if isinstance(message, AuthToken) and not waiting.asked:
            return self._ask(key, waiting, message)
        if self._held_frames + 1 > self._bounds.held_frames_max:
            raise OverLimit("held_frames_max")
        if self._held_bytes + size > self._bounds.held_bytes_max:
            raise OverLimit("held_bytes_max")
        self._held_frames += 1
        self._held_bytes += size
        waiting.held.append((message, size))
        return []

    def _ask(self, key: Attachment, waiting: _Waiting, message: AuthToken) -> list[Event]:
        waiting.asked = True
        return [Authenticate(key, key.document, message.token, message.version)]

    def _knock(self, key: Attachment, message: Message) -> list[Event]:
        if not isinstance(message, AuthToken):
            return []
        self._forget(key)
        fresh, waiting = self._attach(key.routing_key)
        return self._ask(fresh, waiting, message)

    def _speak(self, key: Attachment, opened: _Open, message: Message) -> Event:
        match message:
            case SyncStep1(state_vector):
                return StateVector(key, state_vector)
            case SyncStep2(update):
                return Update(key, update, step2=True, worth=self._settle(opened))
            case SyncUpdate(update):
                return Update(key, update, step2=False, worth=1)
            case Awareness(entries):
                return Presence(key, entries)
            case QueryAwareness():
                return PresenceAsked(key)
            case AuthToken(token, version):
                return Authenticate(key, key.document, token, version, again=True)
            case _:
                return self._violate(
                    key, UnexpectedMessage(f"a client may not send {type(message).__name__}")
                )

    @staticmethod
    def _settle(opened: _Open) -> int:
        handshake = opened.unanswered.pop(0) if opened.unanswered else False
        worth, opened.refused_worth = opened.refused_worth + handshake, 0
        return worth

    def _violate(self, key: Attachment, error: ProtocolError) -> Violation:
        return Violation(key, error, tuple(self.close_document(key, VIOLATION_REASON)))

    # What the server sends.

    def grant(self, key: Attachment, scope: str) -> tuple[list[bytes], list[Event]]:
        """Let the client in with a scope, or give it another one. Returns the frames to send first,
        and what the client had said while it waited."""
        state = self._states.get(key)
        if state is None or isinstance(state, _Shut):
            return [], []
        frames = [encode(key.routing_key, AuthGranted(scope))]
        events: list[Event] = []
        if isinstance(state, _Waiting):
            self._let_go(state)
            begins = envelope(key.routing_key)
            opened = self._states[key] = _Open(begins, update_head(begins), saved_in(begins))
            self._open[opened.update] = key
            for message, _ in state.held:
                if self._states[key] is opened:
                    events.append(self._speak(key, opened, message))
        return frames, events

    def deny(self, key: Attachment, reason: str) -> list[bytes]:
        """Refuse a document, or take it back. What was held is dropped."""
        return self._shut(key, AuthDenied(reason))

    def close_document(self, key: Attachment, reason: str) -> list[bytes]:
        """End the attachment from this side. The socket and its other documents stay open."""
        return self._shut(key, Close(reason))

    def _shut(self, key: Attachment, message: Message) -> list[bytes]:
        state = self._states.get(key)
        if state is None or isinstance(state, _Shut):
            return []
        self._let_go(state)
        self._states[key] = _Shut()
        return [encode(key.routing_key, message)]

    def ask_token(self, key: Attachment) -> list[bytes]:
        """Make the client show its token again."""
        return self._send(key, AuthRequest())

    def handshake(self, key: Attachment, state_vector: bytes, diff: bytes) -> list[bytes]:
        """Answer a StateVector: what the document has, and what the client lacks."""
        opened = self._states.get(key)
        if not isinstance(opened, _Open):
            return []
        opened.unanswered.append(True)
        return [*self._send(key, SyncStep1(state_vector)), answer_in(opened.envelope, diff)]

    def resync(self, key: Attachment, state_vector: bytes, worth: int) -> list[bytes]:
        """Refuse an update as incomplete and ask, once, for everything that the document lacks."""
        opened = self._states.get(key)
        if not isinstance(opened, _Open):
            return []
        opened.refused_worth += worth
        if opened.unanswered:
            return []
        opened.unanswered.append(False)
        return self._send(key, SyncStep1(state_vector))

    def deliver(self, key: Attachment, worth: int, update: bytes | None) -> list[bytes]:
        """Say that updates are durable, once for each change that they settle; then what others wrote."""
        opened = self._states.get(key)
        if not isinstance(opened, _Open):
            return []
        frames = [opened.saved] * worth
        if update is not None:
            frames.append(opened.update + buffer(update))
        return frames

    def refuse(self, key: Attachment) -> list[bytes]:
        """Say that an update is not kept."""
        return self._send(key, SyncStatus(saved=False))

    def presence(self, key: Attachment, entries: tuple[AwarenessEntry, ...]) -> list[bytes]:
        """Pass on who is here. Nothing is sent for no entries."""
        return self._send(key, Awareness(entries)) if entries else []

    def stateless(self, key: Attachment, payload: str) -> list[bytes]:
        """Tell the page something that is not part of the document."""
        return self._send(key, Stateless(payload))

    def _send(self, key: Attachment, message: Message) -> list[bytes]:
        return [] if self._envelope(key) is None else [encode(key.routing_key, message)]

    def _envelope(self, key: Attachment) -> bytes | None:
        """What its frames begin with, if it is open."""
        opened = self._states.get(key)
        return opened.envelope if isinstance(opened, _Open) else None
