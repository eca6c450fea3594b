"""DUR-2 at the protocol: what a browser counts as unsynced is 0 when all it wrote is kept, never before."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from crdt.messages import (
    AuthToken,
    Message,
    SyncStatus,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    decode,
    encode,
)
from crdt.protocol import Authenticate, Connection, StateVector, Update
from server.rules.limits import WIRE

NAME = "conv/1/joint"
EMPTY = b"\x00"


class Browser:
    """Counts as the provider does. What it has written are bytes, each a change of its own."""

    def __init__(self) -> None:
        self.written: set[int] = set()
        self.unsynced = 1
        self.sent: deque[Message] = deque([AuthToken("token", None), SyncStep1(EMPTY)])

    def write(self) -> None:
        change = len(self.written)
        self.written.add(change)
        self.unsynced += 1
        self.sent.append(SyncUpdate(bytes([change])))

    def hear(self, message: Message) -> None:
        match message:
            case SyncStep1():
                self.sent.append(SyncStep2(bytes(sorted(self.written))))
            case SyncStatus(True):
                assert self.unsynced, "settled more than there was"
                self.unsynced -= 1
            case _:
                pass


class Server:
    """Keeps what it accepts; ``accepts`` says of each update whether it does."""

    def __init__(self) -> None:
        self.connection = Connection(WIRE)
        self.kept: set[int] = set()
        self.sent: deque[bytes] = deque()

    def hear(self, message: Message, accepts: bool) -> None:
        events = deque(self.connection.receive(encode(NAME, message)))
        while events:
            event = events.popleft()
            match event:
                case Authenticate(key):
                    frames, released = self.connection.grant(key, "read-write")
                    self.sent.extend(frames)
                    events.extend(released)
                case StateVector(key):
                    self.sent.extend(self.connection.handshake(key, EMPTY, EMPTY))
                case Update(key, update, _, worth):
                    if accepts:
                        self.kept |= set(update)
                        self.sent.extend(self.connection.deliver(key, worth, None))
                    else:
                        self.sent.extend(self.connection.resync(key, EMPTY, worth))
                case _:
                    raise AssertionError(event)


Step = st.sampled_from(["write", "up", "up, refused", "down"])


@given(st.lists(Step, max_size=60))
def test_a_browser_counts_nothing_as_unsynced_exactly_when_all_that_it_wrote_is_kept(
    steps: list[str],
) -> None:
    browser, server = Browser(), Server()

    def up(accepts: bool) -> None:
        if browser.sent:
            server.hear(browser.sent.popleft(), accepts)

    def down() -> None:
        if server.sent:
            browser.hear(decode(server.sent.popleft(), WIRE).message)
        assert browser.unsynced or browser.written <= server.kept

    for step in steps:
        match step:
            case "write":
                browser.write()
            case "down":
                down()
            case _:
                up(step == "up")
    while browser.sent or server.sent:
        up(accepts=True)
        down()
    assert browser.unsynced == 0
    assert browser.written <= server.kept
