"""Whatever a browser really writes is accepted, and judged as pycrdt integrates it."""

from collections.abc import Iterator
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, XmlFragment

from crdt.errors import IncompleteUpdate
from crdt.schema import SERVER_CLIENT
from crdt.shape import Shape, Skeleton
from crdt.update import ParsedUpdate, encode_state_vector, parse, parse_state_vector
from server.rules.limits import UPDATE
from tests.crdt import forged
from tests.crdt.forged import element, gc, section
from tests.crdt.recordings import SCHEMA, scenes

SCENES = pytest.mark.parametrize("name", scenes())


def pycrdt_doc() -> Doc[Any]:
    doc: Doc[Any] = Doc()
    for root in ("rich", "short"):
        doc.get(root, type=XmlFragment)
    doc.get("values", type=Map)
    doc.get("table", type=Array)
    return doc


def shapes_on_the_way(updates: tuple[bytes, ...]) -> Iterator[tuple[Shape, Doc[Any], bytes]]:
    """Before each update of a browser: the shape and the document as they are, and the update."""
    shape, doc = Shape(SCHEMA, UPDATE), pycrdt_doc()
    shape.admit(parse(updates[0], UPDATE))
    doc.apply_update(updates[0])
    for update in updates[1:]:
        yield shape, doc, update
        shape.admit(parse(update, UPDATE))
        doc.apply_update(update)


@SCENES
def test_what_a_browser_writes_is_accepted(name: str) -> None:
    for shape, _, update in shapes_on_the_way(scenes()[name]):
        shape.check(parse(update, UPDATE))


@SCENES
def test_clocks_are_those_that_pycrdt_integrated(name: str) -> None:
    for shape, doc, update in shapes_on_the_way(scenes()[name]):
        assert shape.clocks == parse_state_vector(doc.get_state(), UPDATE)
        assert update


@SCENES
def test_a_shape_made_from_a_snapshot_accepts_what_comes_next(name: str) -> None:
    for _, doc, update in shapes_on_the_way(scenes()[name]):
        reloaded = Shape(SCHEMA, UPDATE)
        reloaded.admit(parse(doc.get_update(), UPDATE))
        checked = reloaded.check(parse(update, UPDATE))
        reloaded.admit(parse(update, UPDATE))
        before = doc.get_update()
        after = pycrdt_doc()
        after.apply_update(before)
        after.apply_update(update)
        assert checked.adds == (after.get_update() != before)


@SCENES
def test_a_document_that_shares_what_it_was_made_with_is_judged_as_one_that_does_not(name: str) -> None:
    skeleton = Skeleton.of(SCHEMA, UPDATE, parse(scenes()[name][0], UPDATE))
    for _, doc, update in shapes_on_the_way(scenes()[name]):
        stored = parse(doc.get_update(), UPDATE)
        assert skeleton.bears(stored)
        own, sharing = Shape(SCHEMA, UPDATE), Shape(SCHEMA, UPDATE, skeleton)
        for shape in (own, sharing):
            shape.admit(stored)
        assert own.check(parse(update, UPDATE)) == sharing.check(parse(update, UPDATE))
        for shape in (own, sharing):
            shape.admit(parse(update, UPDATE))
        assert not sharing.check(parse(doc.get_update(), UPDATE)).adds
        assert own.clocks == sharing.clocks
    fresh = Shape(SCHEMA, UPDATE, skeleton)
    assert fresh.clocks == {SERVER_CLIENT: skeleton.runs.end}
    assert not fresh.check(parse(scenes()[name][0], UPDATE)).adds


def _by_the_server(clock: int, *structs: bytes) -> ParsedUpdate:
    return parse(forged.update(*([section(SERVER_CLIENT, clock, *structs)] if structs else [])), UPDATE)


def test_a_document_that_was_made_with_something_else_shares_nothing() -> None:
    skeleton = Skeleton.of(SCHEMA, UPDATE, parse(next(iter(scenes().values()))[0], UPDATE))
    other = forged.update(
        section(SERVER_CLIENT, 0, *[element("bulletList", root="rich")] * skeleton.runs.end)
    )
    for stored in (
        other,
        forged.update(),
        forged.update(section(SERVER_CLIENT, 0, gc(skeleton.runs.end + 1))),
    ):
        assert not skeleton.bears(parse(stored, UPDATE))
    assert skeleton.bears(parse(forged.update(section(SERVER_CLIENT, 0, gc(skeleton.runs.end))), UPDATE))


def test_what_the_server_writes_in_one_document_stands_in_no_other() -> None:
    skeleton = Skeleton.of(SCHEMA, UPDATE, parse(next(iter(scenes().values()))[0], UPDATE))
    end = skeleton.runs.end
    written, other = Shape(SCHEMA, UPDATE, skeleton), Shape(SCHEMA, UPDATE, skeleton)
    written.admit(
        parse(forged.update(section(SERVER_CLIENT, end, element("paragraph", root="rich"))), UPDATE)
    )
    assert written.clocks == {SERVER_CLIENT: end + 1}
    assert other.clocks == {SERVER_CLIENT: end}


@SCENES
def test_an_update_that_came_already_adds_and_touches_nothing(name: str) -> None:
    for shape, _, update in shapes_on_the_way(scenes()[name]):
        shape.admit(parse(update, UPDATE))
        again = shape.check(parse(update, UPDATE))
        assert not again.adds
        assert not again.touched
        assert not again.writers


@SCENES
def test_everything_at_once_is_accepted_as_one_update(name: str) -> None:
    whole = pycrdt_doc()
    for update in scenes()[name]:
        whole.apply_update(update)
    seed = scenes()[name][0]
    shape = Shape(SCHEMA, UPDATE)
    shape.admit(parse(seed, UPDATE))
    assert shape.check(parse(whole.get_update(), UPDATE)).adds
    assert shape.check(parse(whole.get_update(encode_state_vector(shape.clocks)), UPDATE)).adds


@SCENES
def test_an_update_whose_predecessor_is_missing_is_incomplete(name: str) -> None:
    updates = scenes()[name]
    shape = Shape(SCHEMA, UPDATE)
    with pytest.raises(IncompleteUpdate):
        shape.check(parse(updates[-1], UPDATE))


def test_scenes_hold_what_they_are_named_after() -> None:
    touched = {
        name: frozenset().union(
            *(
                shape.check(parse(update, UPDATE)).touched
                for shape, _, update in shapes_on_the_way(scenes()[name])
            )
        )
        for name in scenes()
    }
    assert touched["typing"] == {"rich"}
    assert touched["short text"] == {"short"}
    assert touched["values"] == {"scale", "date", "check", "choice", "number", "person", "chosen"}
    assert touched["rows"] == {"table"}
