"""One input of the guided fuzzing: what its bytes mean, and the way they go through the core.

    byte 0   which way: a frame, an update, a state vector, presence (the rest of dividing by four)
    byte 1   which document it meets: a scene, and how far it has been written
    rest     the bytes from outside

Nothing is left of an input when the next one comes: a document that was changed is loaded anew. So an input
does the same whenever it is played, whatever was played before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

from crdt.document import Document
from crdt.encoding import buffer, string, uint
from crdt.errors import CrdtError, DocumentBroken
from crdt.messages import Awareness, Message, SyncStep1, SyncStep2, SyncUpdate, decode, encode
from crdt.presence import Presence
from crdt.update import parse_state_vector
from server.rules.limits import PRESENCE_CLIENTS_OF_PERSON_MAX, UPDATE, WIRE
from tests.crdt.recordings import SCHEMA, frames, scenes
from tests.fuzz.mutations import DOCUMENT, generated_message, generated_update, mutated
from tests.fuzz.reloading import loads_in_another_order

FRAME, WRITTEN, STATE_VECTOR, PRESENCE = range(4)
ACCEPTED = "accepted"
REORDERED = "accepted, reorders"
HEADER = 2
AWARENESS_TYPE = 1
USER = {"id": "somebody", "name": "Somebody"}


class Target:
    """Plays inputs, and makes new ones of them."""

    def __init__(self) -> None:
        self._scenes = list(scenes().values())
        self._stages = [
            (scene, step) for scene in self._scenes for step in sorted({1, len(scene) // 2 or 1, len(scene)})
        ]
        self._loaded: dict[int, Document] = {}
        self._others = [*frames(), *(update for scene in self._scenes for update in scene)]

    def play(self, data: bytes) -> str:
        """Gives what became of it: a refusal's name, or ACCEPTED. What it raises is a fault."""
        if len(data) < HEADER:
            return "too short to be anything"
        way, at, rest = data[0] % 4, data[1] % len(self._stages), data[HEADER:]
        try:
            match way:
                case 0:
                    return self._take(decode(rest, WIRE).message, at)
                case 1:
                    return self._take(SyncUpdate(rest), at)
                case 2:
                    return self._take(SyncStep1(rest), at)
                case _:
                    frame = string(DOCUMENT) + uint(AWARENESS_TYPE) + buffer(rest)
                    return self._take(decode(frame, WIRE).message, at)
        except DocumentBroken:
            # Documented, and yet what the parser is there to keep away: found, as any other.
            self._forget(at)
            raise
        except CrdtError as error:
            return type(error).__name__
        except BaseException:
            self._forget(at)
            raise

    def _take(self, message: Message, at: int) -> str:
        match message:
            case SyncStep1(state_vector):
                document = self._document(at)
                document.is_ahead_of(state_vector)
                document.diff(state_vector)
            case SyncStep2(update) | SyncUpdate(update):
                return self._merge(update, at)
            case Awareness(entries):
                presence = Presence(lambda: 1, PRESENCE_CLIENTS_OF_PERSON_MAX)
                for connection in ("one", "other"):
                    told = presence.speak(connection, entries, USER)
                    decode(encode(DOCUMENT, Awareness(told)), WIRE)
                presence.everybody()
                presence.leave("one")
            case _:
                encode(DOCUMENT, message)
        return ACCEPTED

    def _merge(self, update: bytes, at: int) -> str:
        document = self._document(at)
        document.is_quick(update)
        document.contains(update)
        merged = document.merge(update, "somebody")
        if not merged.changed:
            return ACCEPTED
        document.take_change()
        reorders = loads_in_another_order(document)
        self._forget(at)
        return REORDERED if reorders else ACCEPTED

    def _document(self, at: int) -> Document:
        if at not in self._loaded:
            scene, step = self._stages[at]
            self._loaded[at] = Document.loaded(SCHEMA, UPDATE, scene[0], scene[1:step], {})
        return self._loaded[at]

    def _forget(self, at: int) -> None:
        document = self._loaded.pop(at, None)
        if document is not None:
            document.close()

    # Inputs.

    def recorded(self) -> Iterator[bytes]:
        """What was really sent, as inputs: where the guidance begins."""
        for frame in frames():
            yield bytes([FRAME, 0]) + frame
        for at, (scene, step) in enumerate(self._stages):
            for update in scene[step : step + 3]:
                yield bytes([WRITTEN, at]) + update
            yield bytes([STATE_VECTOR, at]) + self._document(at).state_vector()
        for state in ('{"user":{"name":"Å"},"cursor":null}', "null"):
            for client, clock in product((1, 1001), (0, 2**31)):
                entry = uint(1) + uint(client) + uint(clock) + string(state)
                yield bytes([PRESENCE, 0]) + entry

    def varied(self, data: bytes, random: Random) -> bytes:
        """Another input like this one, by what is known of the format."""
        header = bytearray((data + bytes(HEADER))[:HEADER])
        if random.random() < 0.1:
            header[random.randrange(HEADER)] = random.randrange(256)
        rest = data[HEADER:]
        match random.randrange(8):
            case 0:
                clocks = parse_state_vector(
                    self._document(header[1] % len(self._stages)).state_vector(), UPDATE
                )
                return bytes([WRITTEN, header[1]]) + generated_update(random, clocks)
            case 1:
                return bytes([FRAME, header[1]]) + encode(DOCUMENT, generated_message(random))
            case _:
                return bytes(header) + mutated(random, rest, self._others)
