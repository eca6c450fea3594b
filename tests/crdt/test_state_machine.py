"""CON-1 and CON-2 as a state machine: Hypothesis looks for a life in which a promise breaks."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pycrdt import Doc, Map, XmlElement, XmlFragment

from crdt.document import Document
from crdt.schema import SERVER_CLIENT
from server.rules.limits import UPDATE
from tests.crdt.documents import SCHEMA
from tests.crdt.world import TEXT, Browser, World

ANY = st.integers(0, 2**16)
STRANGER = 2**31
"""A client id that nobody has."""


class Lives(RuleBasedStateMachine):
    """Two to four browsers on one or two nodes. ``at`` chooses where, of whatever there is."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(2, 1)

    @initialize(browsers=st.integers(2, 4), nodes=st.integers(1, 2))
    def begin(self, browsers: int, nodes: int) -> None:
        self.world = World(browsers, nodes)

    def _browser(self, at: int) -> Browser:
        return self.world.browsers[at % len(self.world.browsers)]

    @rule(at=ANY, where=ANY)
    def type(self, at: int, where: int) -> None:
        self.world.type(self._browser(at), where)

    @rule(at=ANY, where=ANY)
    def erase(self, at: int, where: int) -> None:
        self.world.erase(self._browser(at), where)

    @rule(at=ANY, where=ANY)
    def embolden(self, at: int, where: int) -> None:
        self.world.embolden(self._browser(at), where)

    @rule(at=ANY, where=ANY)
    def choose(self, at: int, where: int) -> None:
        self.world.choose(self._browser(at), where)

    @rule(at=ANY, where=ANY)
    def change_rows(self, at: int, where: int) -> None:
        browser = self._browser(at)
        if where % 3:
            self.world.change_row(browser, where)
        else:
            self.world.add_row(browser)

    @rule(at=st.one_of(st.just(0), ANY))
    def deliver(self, at: int) -> None:
        self.world.deliver(at)

    @rule(at=ANY)
    def lose(self, at: int) -> None:
        self.world.lose(at)

    @rule(at=ANY)
    def double(self, at: int) -> None:
        self.world.double(at)

    @rule(at=ANY)
    def commit(self, at: int) -> None:
        self.world.commit(at)

    @rule(at=ANY)
    def hear(self, at: int) -> None:
        self.world.hear(at)

    @rule(at=ANY)
    def crash(self, at: int) -> None:
        self.world.crash(at)

    @rule(at=ANY)
    def disconnect(self, at: int) -> None:
        self.world.disconnect(self._browser(at))

    @rule(at=ANY, node=ANY)
    def connect(self, at: int, node: int) -> None:
        self.world.connect(self._browser(at), node)

    @rule(at=ANY)
    def reopen(self, at: int) -> None:
        self.world.reopen(self._browser(at))

    @rule(at=ANY)
    def set_aside(self, at: int) -> None:
        document = self.world.nodes[at % len(self.world.nodes)].document
        document.set_aside(bytes_max=2**20)
        assert document._subscribed is None

    @rule()
    def compact(self) -> None:
        self.world.compact()

    @rule()
    def share(self) -> None:
        self.world.share()

    @rule(update=st.sampled_from(["foreign", "borrowed", "servers", "gap", "torn"]), at=ANY)
    def refuse(self, update: str, at: int) -> None:
        if update == "borrowed":
            self._refuse_borrowed(at)
        else:
            self.world.refuse(MADE[update](), at)

    def _refuse_borrowed(self, at: int) -> None:
        """Somebody else goes on where a person's device left off."""
        node = self.world.nodes[at % len(self.world.nodes)]
        for client in self.world.owners.keys() & node.document._clients.keys():
            impostor: Doc[XmlFragment] = Doc(client_id=client)
            impostor.apply_update(node.document.snapshot())
            vector = impostor.get_state()
            impostor.get(TEXT, type=XmlFragment).children.append(XmlElement("paragraph"))
            self.world.refuse(impostor.get_update(vector), at)

    @rule()
    def settle(self) -> None:
        self.world.settle()
        self.world.verify()

    @invariant()
    def nothing_is_held_back(self) -> None:
        """What each node says that it has is what it holds: a reload of its bytes has it all."""
        for node in self.world.nodes:
            again = Document.loaded(SCHEMA, UPDATE, node.document.snapshot(), (), {})
            assert again.state_vector() == node.document.state_vector()
            again.close()

    def teardown(self) -> None:
        self.world.settle()
        self.world.verify()
        self.world.close()


def _foreign() -> bytes:
    doc: Doc[Map[bool]] = Doc(client_id=STRANGER)
    doc.get("elsewhere", type=Map)["x"] = True
    return doc.get_update()


def _servers() -> bytes:
    doc: Doc[XmlFragment] = Doc(client_id=SERVER_CLIENT)
    fragment = doc.get(TEXT, type=XmlFragment)
    for _ in range(100):
        fragment.children.append(XmlElement("paragraph"))
    return doc.get_update()


def _gap() -> bytes:
    doc: Doc[XmlFragment] = Doc(client_id=STRANGER)
    fragment = doc.get(TEXT, type=XmlFragment)
    fragment.children.append(XmlElement("paragraph"))
    vector = doc.get_state()
    fragment.children.append(XmlElement("paragraph"))
    return doc.get_update(vector)


def _torn() -> bytes:
    return _gap()[:-1]


MADE = {"foreign": _foreign, "servers": _servers, "gap": _gap, "torn": _torn}


# Nothing is covered here alone, and counting lines takes most of its time.
TestLives = pytest.mark.no_cover(Lives.TestCase)
TestLives.settings = settings(
    max_examples=40,
    stateful_step_count=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
