"""What Yjs writes is read struct by struct; everything that pycrdt does not survive is refused."""

import struct
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Text

from crdt.encoding import UINT_MAX, buffer, string, uint
from crdt.errors import MalformedUpdate, OverLimit, ProtocolError
from crdt.update import (
    CLOCK_MAX,
    DeleteRange,
    Id,
    Kind,
    ParsedUpdate,
    Struct,
    TypeRef,
    encode_state_vector,
    parse,
    parse_state_vector,
)
from crdt.values import NESTED
from server.rules.limits import UPDATE
from tests.crdt import forged
from tests.crdt.forged import item, section, update
from tests.crdt.recordings import scenes

ROOT: dict[str, Any] = {"root": "t"}


def only_struct(*structs: bytes) -> Struct:
    return parse(update(section(7, 0, *structs)), UPDATE).sections[7][-1]


def test_an_empty_update_has_nothing() -> None:
    assert parse(b"\x00\x00", UPDATE) == ParsedUpdate({}, [])


def test_every_part_of_an_item_is_read() -> None:
    parsed = parse(
        update(
            section(
                7,
                5,
                forged.element("paragraph", root="t"),
                forged.text("hé", parent=(7, 5)),
                forged.mark("bold", {}, origin=(7, 6), right=(8, 1)),
                forged.values(forged.TRUE, root="m", key="k"),
                forged.gc(3),
                forged.skip(2),
                forged.deleted(4, right=(8, 1)),
            ),
            section(2, 0, forged.shared(TypeRef.XML_TEXT, parent=(7, 5))),
            deletes=forged.deletes((7, 1, 2), (8, 0, 1)),
        ),
        UPDATE,
    )
    assert parsed.sections == {
        7: [
            Struct(7, 5, 1, Kind.TYPE, root="t", type_ref=TypeRef.XML_ELEMENT, name="paragraph"),
            Struct(7, 6, 2, Kind.STRING, parent=Id(7, 5)),
            Struct(7, 8, 1, Kind.FORMAT, origin=Id(7, 6), right_origin=Id(8, 1), name="bold", values=(True,)),
            Struct(7, 9, 1, Kind.ANY, root="m", parent_sub="k", values=(True,)),
            Struct(7, 10, 3, Kind.GC),
            Struct(7, 13, 2, Kind.SKIP),
            Struct(7, 15, 4, Kind.DELETED, right_origin=Id(8, 1)),
        ],
        2: [Struct(2, 0, 1, Kind.TYPE, parent=Id(7, 5), type_ref=TypeRef.XML_TEXT)],
    }
    assert parsed.deletes == [DeleteRange(7, 1, 3), DeleteRange(8, 0, 1)]


def test_a_text_is_as_long_as_its_utf16() -> None:
    found = only_struct(forged.gc(2), forged.text("a😀é𝄞", **ROOT))
    assert found.length == 6
    assert found.splits == (4, 7)


def test_a_key_is_not_read_after_an_origin() -> None:
    assert only_struct(forged.values(forged.TRUE, origin=(1, 0), key="unread")).parent_sub is None


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        (forged.NULL, None),
        (forged.UNDEFINED, None),
        (forged.TRUE, True),
        (b"\x79", False),
        (forged.integer_value(63), 63),
        (forged.integer_value(-5), -5),
        (b"\x7d\x80\x01", 64),
        (b"\x7d\xc1\x01", -65),
        (b"\x7d\xbf" + b"\xff" * 6 + b"\x1f", UINT_MAX),
        (b"\x7b" + struct.pack(">d", 2.5), 2.5),
        (b"\x7c" + struct.pack(">f", -0.5), -0.5),
        (b"\x7a" + struct.pack(">q", -(2**62)), -(2**62)),
        (forged.string_value("å"), "å"),
        (forged.bytes_value(b"x"), NESTED),
        (forged.nested_value(3), NESTED),
        (forged.nested_value(3, keyed=True), NESTED),
        (b"\x75\x02\x76\x00\x75\x00", NESTED),
    ],
)
def test_a_value_is_read(encoded: bytes, value: object) -> None:
    assert only_struct(forged.values(encoded, **ROOT)).values == (value,)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("undefined", None),
        ("{}", True),
        ("true", True),
        ('"x"', "x"),
        ("3", 3),
        ("2.5", 2.5),
        ('{"a":1}', NESTED),
        ("[]", NESTED),
    ],
)
def test_a_json_value_is_read(text: str, value: object) -> None:
    assert only_struct(item(Kind.EMBED, string(text), **ROOT)).values == (value,)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (uint(2) + string("1") + string("undefined"), Kind.JSON),
        (buffer(b"x"), Kind.BINARY),
        (string("guid") + b"\x76\x00", Kind.SUBDOCUMENT),
        (uint(TypeRef.XML_HOOK) + string("hook"), Kind.TYPE),
    ],
)
def test_what_no_schema_has_is_read_too(content: bytes, kind: Kind) -> None:
    assert only_struct(item(kind, content, **ROOT)).kind is kind


@pytest.mark.parametrize("name", scenes())
def test_what_a_browser_writes_is_read(name: str) -> None:
    for recorded in scenes()[name]:
        parse(recorded, UPDATE)


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 1000), st.text(min_size=1, max_size=4)),
        min_size=1,
        max_size=8,
    )
)
def test_clocks_are_those_that_pycrdt_counts(edits: list[tuple[bool, int, str]]) -> None:
    doc: Doc[Any] = Doc(client_id=9)
    text = doc.get("t", type=Text)
    for inserts, at, characters in edits:
        boundaries = [len(str(text)[:index].encode()) for index in range(len(str(text)) + 1)]
        index = at % len(boundaries)
        if inserts or index == len(boundaries) - 1:
            text.insert(boundaries[index], characters)
        else:
            del text[boundaries[index] : boundaries[index + 1]]
    structs = parse(doc.get_update(), UPDATE).sections[9]
    assert {9: structs[-1].end} == parse_state_vector(doc.get_state(), UPDATE)


WORD = forged.text("x", **ROOT)


@pytest.mark.parametrize(
    ("what", "forgery"),
    [
        ("nothing", b""),
        ("no delete set", b"\x00"),
        ("bytes after the end", b"\x00\x00\x00"),
        ("a flood of sections", uint(10**12)),
        ("a flood of structs", b"\x01" + uint(10**12) + b"\x01\x00"),
        ("an empty section", update(section(1, 0)) + b"\x00" * 5),
        ("two sections of one client", update(section(1, 0, WORD), section(1, 1, WORD))),
        ("a section that ends early", update(section(1, 0, WORD))[:-3]),
        ("flags on a GC struct", update(section(1, 0, bytes([Kind.GC | 0x80]) + uint(1)))),
        ("flags on a Skip struct", update(section(1, 0, bytes([Kind.SKIP | 0x20]) + uint(1)))),
        ("a GC struct of no length", update(section(1, 0, forged.gc(0)))),
        ("a Skip struct of no length", update(section(1, 0, forged.skip(0)))),
        ("a tombstone of no length", update(section(1, 0, forged.deleted(0, **ROOT)))),
        ("an empty text", update(section(1, 0, forged.text("", **ROOT)))),
        ("values of no length", update(section(1, 0, forged.values(**ROOT)))),
        ("a clock beyond 2**31", update(section(1, 2**31, WORD))),
        ("a clock that crosses 2**31", update(section(1, CLOCK_MAX, WORD))),
        ("a GC struct that crosses 2**31", update(section(1, 5, forged.gc(CLOCK_MAX - 4)))),
        ("a tombstone that crosses 2**32", update(section(1, 0, forged.deleted(2**32, **ROOT)))),
        ("an origin beyond 2**31", update(section(1, 0, forged.text("x", origin=(2, CLOCK_MAX))))),
        ("an item that is its own origin", update(section(1, 0, forged.text("x", origin=(1, 0))))),
        (
            "an item around its neighbour",
            update(section(1, 0, forged.text("x", origin=(2, 1), right=(2, 1)))),
        ),
        ("an item that is its own parent", update(section(1, 0, forged.text("x", parent=(1, 0))))),
        ("a parent that is neither root nor item", update(section(1, 0, b"\x04\x02" + string("t")))),
        ("a root that is not UTF-8", update(section(1, 0, b"\x04\x01" + buffer(b"\xff") + string("x")))),
        ("a text that is not UTF-8", update(section(1, 0, item(Kind.STRING, buffer(b"\xc3"), **ROOT)))),
        ("half a character", update(section(1, 0, item(Kind.STRING, buffer(b"\xed\xa0\xbd"), **ROOT)))),
        ("a key that is not UTF-8", update(section(1, 0, b"\x28\x01\x01t" + buffer(b"\xff") + b"\x01\x7e"))),
        ("an unknown kind", update(section(1, 0, item(11, uint(1), **ROOT)))),
        (
            "a kind that yrs takes for a text",
            update(section(1, 0, item(16 | Kind.STRING, string("x"), **ROOT))),
        ),
        ("an unknown type", update(section(1, 0, item(Kind.TYPE, uint(7), **ROOT)))),
        ("a padded type", update(section(1, 0, item(Kind.TYPE, b"\x86\x00", **ROOT)))),
        ("a type of a huge number", update(section(1, 0, item(Kind.TYPE, uint(2**40), **ROOT)))),
        ("a flood of values", update(section(1, 0, item(Kind.ANY, uint(10**12), **ROOT)))),
        ("a flood of JSON", update(section(1, 0, item(Kind.JSON, uint(10**12), **ROOT)))),
        ("a flood in an array", update(section(1, 0, forged.values(b"\x75" + uint(10**12), **ROOT)))),
        ("a flood in a map", update(section(1, 0, forged.values(b"\x76" + uint(10**12), **ROOT)))),
        ("an unknown kind of value", update(section(1, 0, forged.values(b"\x73", **ROOT)))),
        ("an integer of too many bits", update(section(1, 0, forged.values(b"\x7d" + b"\x80" * 9, **ROOT)))),
        (
            "an integer out of range",
            update(section(1, 0, forged.values(b"\x7d" + b"\xff" * 7 + b"\x3f", **ROOT))),
        ),
        ("a value that ends early", update(section(1, 0, item(Kind.ANY, b"\x01\x7b\x00", **ROOT)))),
        (
            "a mark that is not JSON",
            update(section(1, 0, item(Kind.FORMAT, string("b") + string("{"), **ROOT))),
        ),
        ("JSON that is no number", update(section(1, 0, item(Kind.EMBED, string("NaN"), **ROOT)))),
        ("JSON of endless digits", update(section(1, 0, item(Kind.EMBED, string("9" * 5000), **ROOT)))),
        ("a delete range of no length", update(deletes=forged.deletes((1, 0, 0)))),
        ("a delete range that crosses 2**31", update(deletes=forged.deletes((1, CLOCK_MAX, 1)))),
        ("two delete sets of one client", update(deletes=forged.deletes((1, 0, 1), (1, 1, 1)))),
        ("a flood of delete sets", b"\x00" + uint(10**12)),
        ("a flood of delete ranges", b"\x00\x01\x01" + uint(10**12)),
        ("a number of too many bytes", b"\x01\x01" + b"\xff" * 9 + b"\x00"),
    ],
)
def test_what_is_malformed_is_refused(what: str, forgery: bytes) -> None:
    with pytest.raises(MalformedUpdate):
        parse(forgery, UPDATE)


@pytest.mark.parametrize("keyed", [False, True])
def test_values_nested_so_deep_that_pycrdt_dies_are_refused(keyed: bool) -> None:
    deep = forged.nested_value(26_000, keyed=keyed)
    with pytest.raises(OverLimit) as refused:
        parse(update(section(1, 0, forged.values(deep, **ROOT))), UPDATE)
    assert refused.value.limit == "any_depth_max"


def test_json_nested_deep_is_refused() -> None:
    with pytest.raises(OverLimit) as refused:
        parse(update(section(1, 0, item(Kind.EMBED, string("[" * 9 + "]" * 9), **ROOT))), UPDATE)
    assert refused.value.limit == "any_depth_max"


@pytest.mark.parametrize(
    ("limit", "forgery"),
    [
        ("update_bytes_max", update(section(1, 0, forged.text("x" * 100, **ROOT)))),
        ("update_clients_max", update(section(1, 0, WORD), section(2, 0, WORD), section(3, 0, WORD))),
        ("update_structs_max", update(section(1, 0, *[WORD] * 5))),
        ("update_structs_max", update(section(1, 0, *[WORD] * 3), section(2, 0, *[WORD] * 2))),
    ],
)
def test_over_a_limit_the_limit_is_named(limit: str, forgery: bytes) -> None:
    small = replace(UPDATE, update_bytes_max=80, update_clients_max=2, update_structs_max=4)
    with pytest.raises(OverLimit) as refused:
        parse(forgery, small)
    assert refused.value.limit == limit


@given(st.sampled_from([u for scene in scenes().values() for u in scene]), st.data())
def test_a_mutated_update_is_read_or_refused(recorded: bytes, data: st.DataObject) -> None:
    mutated = bytearray(recorded)
    for _ in range(data.draw(st.integers(1, 3))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ProtocolError):
        parse(bytes(mutated), UPDATE)


@given(st.dictionaries(st.integers(0, UINT_MAX), st.integers(0, CLOCK_MAX)))
def test_a_state_vector_comes_back(clocks: dict[int, int]) -> None:
    assert parse_state_vector(encode_state_vector(clocks), UPDATE) == clocks


def test_a_state_vector_is_the_one_that_yjs_writes() -> None:
    assert encode_state_vector({1: 5, 300: 2}) == b"\x02\xac\x02\x02\x01\x05"


@pytest.mark.parametrize(
    "forgery",
    [
        b"",
        uint(2**33) + b"\x01\x01",
        b"\x02\x01\x01\x01\x02",
        b"\x01\x01\x01\x00",
        b"\x01\x01" + uint(2**31),
    ],
    ids=["nothing", "a flood", "one client twice", "bytes after the end", "a clock beyond 2**31"],
)
def test_a_malformed_state_vector_is_refused(forgery: bytes) -> None:
    with pytest.raises(MalformedUpdate):
        parse_state_vector(forgery, UPDATE)


def test_a_state_vector_of_too_many_clients_is_refused() -> None:
    with pytest.raises(OverLimit) as refused:
        parse_state_vector(b"\x02\x01\x01\x02\x01", replace(UPDATE, document_clients_max=1))
    assert refused.value.limit == "document_clients_max"
