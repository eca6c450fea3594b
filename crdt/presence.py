"""Who is here, in one document: what each connection says of itself, stamped with who it really is.

Key invariants:

1. A connection speaks for one Yjs client id; what it says of others' ids is ignored (a provider
   reports clients that it thinks have gone).
2. The server owns outgoing clocks: each entry's clock is above every earlier one, also above those
   that another node or an earlier process sent, so that whoever comes back shows up at once.
3. A person who reconnects before the old connection is known to be dead takes the client id over;
   the old connection's end then says nothing, and when the last one ends nobody is left as a ghost.
4. A client id that others have been told of stays its person's, also while she is away: what another
   wrote under it would take the place of what she writes next, and she would be told that hers is saved.
"""

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from crdt.messages import GONE, AwarenessEntry


@dataclass(slots=True)
class _Speaker:
    client: int
    user: Mapping[str, str]
    state: str = GONE


class Presence:
    """The presence of one document.

    ``now`` gives milliseconds since 1970: outgoing clocks start from it, so that they rise across
    nodes and restarts, where browsers remember the last clock that they saw of a client. Of one person
    ``clients_of_person_max`` client ids are remembered, the latest.
    """

    def __init__(self, now: Callable[[], int], clients_of_person_max: int) -> None:
        self._now = now
        self._clients_of_person_max = clients_of_person_max
        self._clock = 0
        self._speakers: dict[Hashable, _Speaker] = {}
        self._persons: dict[int, str] = {}

    @property
    def persons(self) -> Mapping[int, str]:
        """Whose each client id is that others have been told of."""
        return self._persons

    def speak(
        self, connection: Hashable, entries: Sequence[AwarenessEntry], user: Mapping[str, str]
    ) -> tuple[AwarenessEntry, ...]:
        """Take what a connection says. ``user`` (its ``id`` says who) replaces what it says of the user.

        Returns what everybody else is to be sent, also when nothing changed: browsers forget who has
        not been heard of for 30 seconds.
        """
        speaker = self._speakers.get(connection) or self._introduce(connection, entries, user)
        if speaker is None:
            return ()
        said = next((entry.state for entry in reversed(entries) if entry.client == speaker.client), None)
        if said is None or (said == GONE and speaker.state == GONE):
            return ()
        speaker.user = user
        speaker.state = GONE if said == GONE else _stamped(said, user)
        return (self._entry(speaker),)

    def leave(self, connection: Hashable) -> tuple[AwarenessEntry, ...]:
        """Forget a connection. Returns what everybody else is to be sent."""
        speaker = self._speakers.pop(connection, None)
        if speaker is None or speaker.state == GONE:
            return ()
        speaker.state = GONE
        return (self._entry(speaker),)

    def of(self, connection: Hashable) -> tuple[AwarenessEntry, ...]:
        """What one connection has said, for somebody who comes."""
        speaker = self._speakers.get(connection)
        return () if speaker is None or speaker.state == GONE else (self._entry(speaker),)

    def count_from(self, clock: int) -> None:
        """Let outgoing clocks be above ``clock``, which another node has sent."""
        self._clock = max(self._clock, clock)

    def everybody(self) -> tuple[AwarenessEntry, ...]:
        """Who is here, for somebody who comes."""
        return tuple(self._entry(speaker) for speaker in self._speakers.values() if speaker.state != GONE)

    def _introduce(
        self, connection: Hashable, entries: Sequence[AwarenessEntry], user: Mapping[str, str]
    ) -> _Speaker | None:
        """The first client id that is said to be here and is nobody else's is this connection's own."""
        taken = {speaker.client: (other, speaker) for other, speaker in self._speakers.items()}
        for entry in entries:
            if entry.state == GONE:
                continue
            if self._persons.get(entry.client, user["id"]) != user["id"]:
                continue
            other, holder = taken.get(entry.client, (None, None))
            if holder is not None:
                del self._speakers[other]
            self._remember(entry.client, user["id"])
            speaker = self._speakers[connection] = _Speaker(entry.client, user)
            return speaker
        return None

    def _remember(self, client: int, person: str) -> None:
        self._persons.pop(client, None)
        others = [known for known, whose in self._persons.items() if whose == person]
        for oldest in others[: max(0, len(others) + 1 - self._clients_of_person_max)]:
            del self._persons[oldest]
        self._persons[client] = person

    def _entry(self, speaker: _Speaker) -> AwarenessEntry:
        self._clock = max(self._clock + 1, self._now())
        return AwarenessEntry(speaker.client, self._clock, speaker.state)


def _stamped(state: str, user: Mapping[str, str]) -> str:
    return json.dumps(json.loads(state) | {"user": dict(user)}, ensure_ascii=False, separators=(",", ":"))
