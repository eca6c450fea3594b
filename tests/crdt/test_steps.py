"""A costly update in steps: the same document comes of it, and nothing is parked on the way."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from crdt.document import Document
from crdt.encoding import uint
from crdt.errors import OverLimit
from crdt.shape import Shape
from crdt.steps import steps
from crdt.update import parse, parse_state_vector
from server.rules.limits import UPDATE
from tests.crdt.documents import SCHEMA
from tests.crdt.forged import Pair, deletes, section, text, update
from tests.crdt.recordings import SCHEMA as RECORDED
from tests.crdt.recordings import scenes

KEYSTROKES = 20_000


def in_steps(document: bytes, change: bytes, cost_max: int) -> Iterator[bytes]:
    shape = Shape(SCHEMA, UPDATE)
    shape.admit(parse(document, UPDATE))
    parsed = parse(change, UPDATE)
    yield from steps(change, parsed, shape.admit(parsed), 0, cost_max)


def offline(keystrokes: int, jumps: float, backspaces: float) -> tuple[bytes, bytes]:
    """An empty document, and what somebody wrote in one paragraph of it while there was no connection."""
    made = Document.made(SCHEMA, UPDATE)
    seed = made.snapshot()
    made.close()
    doc: Doc[Any] = Doc(client_id=77_000_001)
    doc.apply_update(seed)
    before = doc.get_state()
    paragraph = doc.get("a1", type=XmlFragment).children[0]
    assert isinstance(paragraph, XmlElement)
    written = paragraph.children[0]
    assert isinstance(written, XmlText)
    written.insert(0, " ".join(f"word{number}" for number in range(300)))
    length = at = len(str(written))
    random = Random(1)
    for _ in range(keystrokes):
        if random.random() < jumps:
            at = random.randint(0, length)
        if random.random() < backspaces and at > 0:
            del written[at - 1 : at]
            at, length = at - 1, length - 1
        else:
            written.insert(at, "x")
            at, length = at + 1, length + 1
    return seed, doc.get_update(before)


def test_an_update_that_costs_little_stays_as_it_is() -> None:
    seed, change = offline(50, 0.2, 0.2)
    assert list(in_steps(seed, change, 1_000_000)) == [change]


def test_steps_build_on_each_other_and_nothing_is_parked_on_the_way() -> None:
    seed, change = offline(500, 0.3, 0.3)
    doc, whole = Doc[Any](), Doc[Any]()
    for each in (doc, whole):
        each.apply_update(seed)
    whole.apply_update(change)
    portions = list(in_steps(seed, change, 500))
    assert len(portions) > 50
    for portion in portions:
        before = parse_state_vector(doc.get_state(), UPDATE)
        doc.apply_update(portion)
        for client, structs in parse(portion, UPDATE).sections.items():
            assert structs[0].clock == before.get(client, 0)
            assert parse_state_vector(doc.get_state(), UPDATE)[client] == structs[-1].end
    assert doc.get_update() == whole.get_update()


def test_structs_of_several_clients_come_in_the_order_in_which_they_build_on_each_other() -> None:
    root = (1, 1)
    fives = [text("a", parent=root), *[text("a", origin=(6, clock)) for clock in range(9)]]
    sixes = [text("b", origin=(5, clock)) for clock in range(10)]
    made = Document.made(SCHEMA, replace(UPDATE, step_comparisons_max=8))
    merged = made.merge(update(section(6, 0, *sixes), section(5, 0, *fives), deletes=deletes((6, 2, 3))), "a")
    assert merged.new_clients == (5, 6)
    assert made.content()["a1"] == [{"type": "paragraph", "runs": [{"text": "ab" * 2 + "aaa" + "ab" * 5}]}]
    made.close()


def test_deletions_of_several_clients_are_all_carried_out() -> None:
    document = Document.made(SCHEMA, replace(UPDATE, step_comparisons_max=20))
    ones, twos = text("ab" * 50, parent=(1, 1)), text("cd" * 50, origin=(5, 99))
    document.merge(update(section(5, 0, ones), section(6, 0, twos)), "a")
    every_second = b"\x32" + b"".join(bytes([clock, 1]) for clock in range(0, 100, 2))
    document.merge(b"\x00\x02\x05" + every_second + b"\x06" + every_second, "a")
    assert document.content()["a1"] == [{"type": "paragraph", "runs": [{"text": "b" * 50 + "d" * 50}]}]
    document.close()


@pytest.mark.parametrize("name", scenes())
def test_whatever_a_browser_writes_comes_to_the_same_in_the_smallest_steps(name: str) -> None:
    contents = []
    for cost_max in (1, 1_000_000):
        bounds = replace(UPDATE, step_comparisons_max=cost_max)
        document = Document.loaded(RECORDED, bounds, scenes()[name][0], (), {})
        for change in scenes()[name][1:]:
            document.merge(change, "a")
        contents.append((document.content(), document.state_vector()))
        document.close()
    assert contents[0] == contents[1]


@pytest.mark.no_cover  # Nothing is covered here alone, and counting lines takes most of its time.
@pytest.mark.parametrize(("jumps", "backspaces"), [(1 / 30, 0.06), (1, 0.3)])
def test_a_paste_and_twenty_thousand_keystrokes_without_a_connection_are_accepted(
    jumps: float, backspaces: float
) -> None:
    """At places that follow each other, as people write; and each at a place of its own, as nobody does."""
    seed, change = offline(KEYSTROKES, jumps, backspaces)
    document = Document.loaded(SCHEMA, UPDATE, seed, (), {})
    assert document.merge(change, "a").touched == {"a1"}
    assert not document.is_quick(change)
    document.close()


def test_what_is_long_or_meets_much_is_not_quick() -> None:
    document = Document.made(SCHEMA, UPDATE)
    key = update(section(2, 0, text("x", parent=(1, 1))))
    assert document.is_quick(key)
    assert not document.is_quick(update(section(2, 0, *[text("x", parent=(1, 1))] * 1_000)))
    document.merge(update(section(2, 0, text("x" * 1_000_000, parent=(1, 1)))), "a")
    assert not document.is_quick(key)
    document.close()


def test_deletions_are_counted_with_the_structs() -> None:
    small = replace(UPDATE, update_structs_max=3)
    one = section(2, 0, text("xyz", parent=(1, 1)))
    assert parse(update(one, deletes=deletes((2, 0, 1), (3, 2, 1))), small).deletes
    with pytest.raises(OverLimit) as refused:
        parse(update(one, deletes=deletes((2, 0, 1), (3, 2, 1), (4, 2, 1))), small)
    assert refused.value.limit == "update_structs_max"


def key_presses_at_once(document: Document, origin: Pair, right: Pair | None) -> int:
    """How many of somebody who types in front of what she typed are taken before pycrdt is given them."""
    document.merge(update(section(6, 0, text("x", origin=origin, right=right))), "b")
    document.take_change()
    for clock in range(1, 1_000):
        press = update(section(6, clock, text("y", origin=origin, right=right)))
        if document.merge_typed(press, "b") is None:
            return clock
    return 1_000


def test_what_is_typed_is_given_to_pycrdt_sooner_where_parts_were_deleted_or_the_document_is_large() -> None:
    counts = []
    for characters, is_cut in ((400, False), (400, True), (40_000, False)):
        document = Document.made(SCHEMA, replace(UPDATE, step_comparisons_max=2_000))
        document.merge(update(section(5, 0, text("a" * characters, parent=(1, 1)))), "a")
        if is_cut:
            every_second = b"".join(uint(clock) + b"\x01" for clock in range(1, 400, 2))
            document.merge(b"\x00\x01\x05" + uint(200) + every_second, "a")
        counts.append(key_presses_at_once(document, (5, 0), (5, characters - 2)))
        document.close()
    plain, cut, large = counts
    assert cut < plain / 5
    assert large < plain


def test_typing_on_in_a_text_of_many_parts_is_nothing_to_compare() -> None:
    document = Document.made(SCHEMA, replace(UPDATE, step_comparisons_max=2_000))
    document.merge(update(section(6, 0, text("x", parent=(1, 1)))), "b")
    for clock in range(300):
        document.merge(update(section(5, clock, text("a", origin=(6, 0)))), "a")
    document.take_change()
    caret = None
    for clock in range(1, 500):
        press = update(section(6, clock, text("y", origin=(6, clock - 1))))
        caret = document.merge_typed(press, "b", caret)
        assert caret is not None
    document.close()
