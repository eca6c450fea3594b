"""A key press is merged by a shorter way. It says and does what the long one would, or leaves it to that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crdt.document
from crdt.bounds import UpdateBounds
from crdt.document import Document
from crdt.errors import BorrowedClient, CrdtError, DocumentBroken, IncompleteUpdate, OverLimit
from crdt.typed import Begun, Caret, Typed, read_typed
from crdt.update import CLOCK_MAX, Id, Kind, ParsedUpdate, TypeRef, parse, parse_state_vector
from server.rules.limits import UPDATE
from tests.crdt.documents import SCHEMA
from tests.crdt.forged import Pair, deletes, element, item, section, shared, text, update

A, B, STRANGER = 1_001, 1_002, 70_000
KARI, OLA = "kari", "ola"
PARAGRAPH, TEXT = (A, 0), (A, 1)
# A paragraph 0 with the text 1: "hej 🫐" 2-7 (two clocks for the last), and a text 8 behind it: "du" 9-10.
# Then a list 11.
FIRST = update(
    section(
        A,
        0,
        element("paragraph", root="a1"),
        shared(TypeRef.XML_TEXT, parent=PARAGRAPH),
        text("hej 🫐", parent=TEXT),
        shared(TypeRef.XML_TEXT, origin=TEXT),
        text("du", parent=(A, 8)),
        element("bulletList", origin=PARAGRAPH),
    )
)
LIST, END = (A, 11), 12
NOTHING = update()
OF_B = update(section(B, 0, text("x", origin=(A, 3), right=(A, 4))))


def typed(client: int, clock: int, characters: str, *, origin: Pair, right: Pair | None = None) -> bytes:
    return update(section(client, clock, text(characters, origin=origin, right=right)))


def begun(client: int, clock: int, characters: str, *, paragraph: Pair, within: Pair | None = None) -> bytes:
    """A text in a paragraph, and what is typed in it first."""
    first = text(characters, parent=within or (client, clock))
    return update(section(client, clock, shared(TypeRef.XML_TEXT, parent=paragraph), first))


def made(bounds: UpdateBounds = UPDATE) -> Document:
    """Kari has written as A, Ola as B."""
    document = Document.made(SCHEMA, bounds)
    document.merge(FIRST, KARI)
    document.merge(OF_B, OLA)
    document.take_change()
    return document


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (typed(A, 3, "x", origin=(A, 2)), (A, 3, 1, Id(A, 2), None)),
        (
            typed(A, 300, "åä", origin=(STRANGER, 200), right=(B, 0)),
            (A, 300, 2, Id(STRANGER, 200), Id(B, 0)),
        ),
        (typed(A, CLOCK_MAX - 1, "x", origin=(A, 2)), (A, CLOCK_MAX - 1, 1, Id(A, 2), None)),
    ],
)
def test_characters_behind_a_character_are_read_at_a_glance(written: bytes, read: tuple[object, ...]) -> None:
    said = read_typed(written)
    assert said is not None
    assert said[:5] == read
    ((struct,),) = parse(written, UPDATE).sections.values()
    assert (struct.client, struct.clock, struct.length, struct.origin, struct.right_origin) == read
    assert written[said.struct] & 31 == Kind.STRING


@pytest.mark.parametrize(
    ("clock", "characters", "paragraph"),
    [(3, "x", (B, 2)), (300, "åä", (STRANGER, 200)), (CLOCK_MAX - 2, "x", (A, 2))],
)
def test_the_first_characters_of_a_paragraph_are_read_at_a_glance(
    clock: int, characters: str, paragraph: Pair
) -> None:
    said = read_typed(written := begun(A, clock, characters, paragraph=paragraph))
    ((container, first),) = parse(written, UPDATE).sections.values()
    assert said == Begun(
        container.client,
        container.clock,
        container.length + first.length,
        paragraph=Id(*paragraph),
        struct=container.begins,
        text=written.index(characters.encode()),
    )
    assert (container.type_ref, container.parent) == (TypeRef.XML_TEXT, paragraph)
    assert first.parent == (container.client, container.clock)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(FIRST, id="several_structs"),
        pytest.param(typed(A, 3, "x", origin=(A, 2)) + b"\x00", id="bytes_behind_it"),
        pytest.param(typed(A, 3, "x", origin=(A, 2))[:-1], id="cut_off"),
        pytest.param(update(section(A, 3, text("x", parent=TEXT))), id="the_first_of_a_text"),
        pytest.param(update(section(A, 3, text("x", right=(A, 2)))), id="before_all_others"),
        pytest.param(
            update(section(A, 3, text("x", origin=(A, 2))), deletes=deletes((A, 2, 1))), id="with_a_deletion"
        ),
        pytest.param(typed(A, 3, "", origin=(A, 2)), id="no_character"),
        pytest.param(typed(A, 3, "🫐", origin=(A, 2)), id="two_clocks_for_one_character"),
        pytest.param(typed(A, 3, "x", origin=(A, 2), right=(A, 2)), id="between_one_and_the_same"),
        pytest.param(typed(A, CLOCK_MAX, "x", origin=(A, 2)), id="a_clock_out_of_range"),
        pytest.param(update(section(A, 3, item(4, b"\x01\xff", origin=(A, 2)))), id="not_UTF8"),
        pytest.param(update(section(A, 3, item(4, b"\x02x", origin=(A, 2)))), id="another_length"),
        pytest.param(
            begun(A, 3, "x", paragraph=PARAGRAPH, within=TEXT), id="a_text_and_characters_in_another"
        ),
        pytest.param(begun(A, 3, "🫐", paragraph=PARAGRAPH), id="a_text_with_two_clocks_for_one_character"),
        pytest.param(begun(A, 3, "", paragraph=PARAGRAPH), id="a_text_with_no_character"),
        pytest.param(begun(A, CLOCK_MAX - 1, "x", paragraph=PARAGRAPH), id="a_text_out_of_range"),
        pytest.param(
            update(section(A, 3, element("paragraph", parent=PARAGRAPH), text("x", parent=(A, 3)))),
            id="an_element_and_characters",
        ),
        pytest.param(
            update(section(A, 3, shared(TypeRef.XML_FRAGMENT, parent=PARAGRAPH), text("x", parent=(A, 3)))),
            id="another_type_and_characters",
        ),
        pytest.param(
            update(section(A, 3, shared(TypeRef.XML_TEXT, origin=TEXT), text("x", parent=(A, 3)))),
            id="a_text_behind_another",
        ),
    ],
)
def test_everything_else_is_left_to_the_parser(other: bytes) -> None:
    assert read_typed(other) is None


NEIGHBOURS = st.tuples(st.sampled_from((A, B, STRANGER)), st.integers(0, END + 1))
KEY_PRESSES = st.builds(
    typed,
    st.sampled_from((A, A, B, STRANGER)),
    st.sampled_from((END, END, 1, 0, END + 1)),
    st.sampled_from(("x", "å", "ord", "🫐")),
    origin=NEIGHBOURS,
    right=st.none() | NEIGHBOURS,
) | st.builds(
    begun,
    st.sampled_from((A, A, B, STRANGER)),
    st.sampled_from((END, END, 1, END + 1)),
    st.sampled_from(("x", "å", "ord", "🫐")),
    paragraph=st.just(PARAGRAPH) | NEIGHBOURS,
    within=st.none() | st.just(TEXT),
)


def outcome(document: Document, written: bytes, person: str) -> object:
    try:
        return document.merge(written, person)
    except CrdtError as error:
        return type(error), str(error)


@given(presses=st.lists(st.tuples(KEY_PRESSES, st.sampled_from((KARI, OLA))), max_size=4))
def test_both_ways_say_the_same_and_leave_the_same(presses: list[tuple[bytes, str]]) -> None:
    short, long = made(), made()
    said = [outcome(short, *press) for press in presses]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crdt.document, "read_typed", lambda _: None)
        assert [outcome(long, *press) for press in presses] == said
    assert short.content() == long.content()
    assert short.snapshot() == long.snapshot()
    assert short.state_vector() == long.state_vector()
    changes = short.take_change(), long.take_change()
    assert (changes[0] is None) == (changes[1] is None)
    for change in changes:
        # Whose structs come first in it is all that may differ.
        reader = made()
        reader.merge_stored(change or NOTHING)
        assert reader.snapshot() == short.snapshot()
        reader.close()
    short.close()
    long.close()


@pytest.mark.parametrize(
    ("client", "clock", "origin", "right"),
    [
        pytest.param(A, END, (A, 3), None, id="at_the_end_of_the_text"),
        pytest.param(A, END, (A, 3), (B, 0), id="between_two"),
        pytest.param(B, 1, (B, 0), (A, 4), id="behind_ones_own"),
    ],
)
def test_a_key_press_takes_the_short_way(
    monkeypatch: pytest.MonkeyPatch, client: int, clock: int, origin: Pair, right: Pair | None
) -> None:
    document = made()
    monkeypatch.setattr(crdt.document, "parse", None)
    merged = document.merge(
        typed(client, clock, "x", origin=origin, right=right), KARI if client == A else OLA
    )
    assert merged == (frozenset({"a1"}), (), True)
    assert document.take_change() is not None


def test_who_begins_a_paragraph_takes_the_short_way_and_types_on_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document, typist = made(), Typist(A, END, (A, 3))
    monkeypatch.setattr(crdt.document, "parse", None)
    caret = document.merge_typed(typist.begin("å", PARAGRAPH), KARI)
    assert caret is not None
    assert caret.place.field == "a1"
    monkeypatch.setattr(crdt.document, "read_typed", None)
    assert document.merge_typed(typist.press("b"), KARI, caret) is caret
    change = document.take_typed()
    monkeypatch.undo()
    assert change is not None
    reader = made()
    reader.merge_stored(change)
    assert reader.content() == document.content()
    assert "åb" in str(reader.content()["a1"])


@pytest.mark.parametrize(
    "paragraph",
    [
        pytest.param((STRANGER, 0), id="unknown"),
        pytest.param((A, END), id="itself"),
        pytest.param((A, 3), id="a_character"),
        pytest.param(TEXT, id="a_text"),
        pytest.param(LIST, id="a_list"),
    ],
)
def test_at_a_glance_no_text_is_begun_in_anything_else(paragraph: Pair) -> None:
    document, written = made(), begun(A, END, "x", paragraph=paragraph)
    assert document.merge_typed(written, KARI) is None
    with pytest.raises(CrdtError):
        document.merge(written, KARI)


def test_what_builds_on_a_text_begun_at_a_glance_finds_its_place() -> None:
    document, typist = made(), Typist(A, END, (A, 3))
    assert document.merge_typed(typist.begin("b", PARAGRAPH), KARI)
    in_front = text("a", parent=(A, END))
    behind = shared(TypeRef.XML_TEXT, origin=(A, END))
    last = text("c", parent=(A, typist.clock + 1))
    assert document.merge(update(section(A, typist.clock, in_front, behind, last)), KARI).changed
    said = str(document.content()["a1"])
    assert said.index("a") < said.index("b") < said.index("c")


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(lambda typist: typist.begin("x", PARAGRAPH), id="texts_in_a_paragraph"),
        pytest.param(
            lambda typist: typist.press("x", behind=(A, 3)), id="characters_behind_one_and_the_same"
        ),
    ],
)
def test_where_many_items_are_a_key_press_takes_the_long_way(again: Callable[[Typist], bytes]) -> None:
    document, typist = made(replace(UPDATE, step_comparisons_max=40)), Typist(A, END, (A, 3))
    taken = 0
    while taken < 100 and document.merge_typed(again(typist), KARI) is not None:
        taken += 1
        # pycrdt is given it, and need not compare it with what comes.
        document.content()
    assert 10 < taken < 20


def test_pycrdt_is_given_what_was_typed_before_it_is_much_to_compare() -> None:
    document, typist = made(replace(UPDATE, step_comparisons_max=200)), Typist(A, END, (A, 3))
    taken = 0
    while taken < 100 and document.merge_typed(written := typist.begin("x", PARAGRAPH), KARI) is not None:
        taken += 1
    assert 10 < taken < 30
    document.content()
    assert document.merge_typed(written, KARI) is not None


@pytest.mark.parametrize(
    ("origin", "right"),
    [
        pytest.param((STRANGER, 0), None, id="behind_what_is_unknown"),
        pytest.param((A, END), None, id="behind_itself"),
        pytest.param((A, 6), None, id="into_a_character"),
        pytest.param(TEXT, None, id="behind_a_text"),
        pytest.param((A, 3), (STRANGER, 0), id="before_what_is_unknown"),
        pytest.param((A, 5), (A, 7), id="before_half_a_character"),
        pytest.param((A, 3), (A, 9), id="between_two_texts"),
    ],
)
def test_what_is_not_plain_at_first_sight_takes_the_long_one(
    monkeypatch: pytest.MonkeyPatch, origin: Pair, right: Pair | None
) -> None:
    document = made()
    parsed: list[bytes] = []

    def noted(data: bytes, bounds: UpdateBounds) -> ParsedUpdate:
        parsed.append(data)
        return parse(data, bounds)

    monkeypatch.setattr(crdt.document, "parse", noted)
    outcome(document, written := typed(A, END, "x", origin=origin, right=right), KARI)
    assert written in parsed


def test_nobody_types_under_anothers_client_id() -> None:
    with pytest.raises(BorrowedClient):
        made().merge(typed(A, END, "x", origin=(A, 3)), OLA)


def test_a_document_that_is_full_takes_no_key_press() -> None:
    size = made().size_bytes
    document = made(replace(UPDATE, document_bytes_max=size))
    with pytest.raises(OverLimit):
        document.merge(typed(A, END, "x", origin=(A, 3)), KARI)


def test_what_pycrdt_holds_back_of_what_was_typed_breaks_the_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = made()
    document.merge(typed(A, END, "x", origin=(A, 3)), KARI)
    monkeypatch.setattr(document._doc, "apply_update", lambda update: None)
    with pytest.raises(DocumentBroken):
        document.take_change()


# Who types on.


class Typist:
    """Somebody who types on in one text, as her editor says it."""

    def __init__(self, client: int, clock: int, origin: Pair, right: Pair | None = None) -> None:
        self.client, self.clock, self.origin, self.right = client, clock, origin, right

    def press(self, characters: str, behind: Pair | None = None) -> bytes:
        origin = behind or self.origin
        written = typed(self.client, self.clock, characters, origin=origin, right=self.right)
        self._step(0, characters)
        return written

    def begin(self, characters: str, paragraph: Pair) -> bytes:
        """She goes on in a text of her own in a paragraph."""
        written = begun(self.client, self.clock, characters, paragraph=paragraph)
        self._step(1, characters)
        self.right = None
        return written

    def _step(self, types: int, characters: str) -> None:
        self.clock += types + len(characters.encode("utf-16-le")) // 2
        self.origin = (self.client, self.clock - 1)


def pressed_on(document: Document, typist: Typist, person: str, text: str) -> Caret:
    """Let somebody type a text, character by character."""
    caret: Caret | None = None
    for character in text:
        caret = document.merge_typed(typist.press(character), person, caret)
        assert caret is not None
    assert caret is not None
    return caret


KEYS = st.text("ab c\x00å🫐", min_size=1, max_size=3)
STEPS = st.lists(
    st.tuples(st.sampled_from((0, 1, 2)), KEYS, st.sampled_from((False, False, True)))
    | st.sampled_from(("take", "read", "elsewhere")),
    max_size=30,
)


@given(steps=STEPS, held=st.sampled_from((1, 3, 256)))
def test_however_people_type_on_everybody_has_what_the_long_way_gives(
    steps: list[tuple[int, str, bool] | str], held: int
) -> None:
    short, long, reader = made(replace(UPDATE, typed_changes_max=held)), made(), made()
    kari, also_kari = Typist(A, END, (A, 3)), Typist(A, END, (A, 10))
    people = [(kari, KARI), (Typist(B, 1, (B, 0), (A, 4)), OLA), (also_kari, KARI)]
    carets: list[Caret | None] = [None, None, None]

    def take() -> None:
        change = short.take_typed() or short.take_change()
        if change is not None:
            reader.merge_stored(change)

    for step in steps:
        kari.clock = also_kari.clock = max(kari.clock, also_kari.clock)
        if step == "take":
            take()
        elif step == "read":
            assert short.content() == long.content()
            assert short.state_vector() == long.state_vector()
        elif step == "elsewhere":
            # What takes the long way between two key presses.
            written = update(section(A, kari.clock, text("y", parent=(A, 8))))
            kari.clock += 1
            for document in (short, long):
                document.merge(written, KARI)
        elif isinstance(step, tuple):
            who, characters, begins = step
            typist, person = people[who]
            written = typist.begin(characters, PARAGRAPH) if begins else typist.press(characters)
            carets[who] = short.merge_typed(written, person, carets[who])
            if carets[who] is None:
                short.merge(written, person)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(crdt.document, "read_typed", lambda _: None)
                long.merge(written, person)
    take()
    assert short.content() == long.content() == reader.content()
    assert short.snapshot() == long.snapshot() == reader.snapshot()
    for document in (short, long, reader):
        document.close()


def test_who_types_on_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    document, typist = made(), Typist(A, END, (A, 3), (A, 4))
    caret = pressed_on(document, typist, KARI, "a")
    monkeypatch.setattr(crdt.document, "read_typed", None)
    for character in "bcd":
        assert document.merge_typed(typist.press(character), KARI, caret) is caret
    assert "abcd" in str(document.content()["a1"])


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(typed(A, END + 1, "x", origin=(A, END))[:-1] + b"\x01", id="with_deletions"),
        pytest.param(typed(A, END + 1, "x", origin=(A, 3)), id="elsewhere"),
        pytest.param(typed(A, END + 2, "x", origin=(A, END + 1)), id="after_a_gap"),
        pytest.param(typed(A, END + 1, "x", origin=(A, END), right=(A, 4)), id="before_another"),
    ],
)
def test_what_does_not_go_on_is_read(monkeypatch: pytest.MonkeyPatch, written: bytes) -> None:
    document = made()
    caret = pressed_on(document, Typist(A, END, (A, 3)), KARI, "a")
    read: list[bytes] = []

    def noted(data: bytes) -> Typed | Begun | None:
        read.append(data)
        return read_typed(data)

    monkeypatch.setattr(crdt.document, "read_typed", noted)
    document.merge_typed(written, KARI, caret)
    assert read == [written]


def test_a_caret_is_of_one_person_and_of_one_document() -> None:
    document, other = made(), made()
    typist = Typist(A, END, (A, 3))
    caret = pressed_on(document, typist, KARI, "a")
    written = typist.press("b")
    assert document.merge_typed(written, OLA, caret) is None
    assert other.merge_typed(written, KARI, caret) is None
    with pytest.raises(IncompleteUpdate):
        other.merge(written, KARI)
    assert document.merge_typed(written, KARI, caret) is caret


def test_a_key_press_that_comes_twice_is_nothing_new() -> None:
    document, typist = made(), Typist(A, END, (A, 3))
    caret = pressed_on(document, typist, KARI, "ab")
    before = document.content()
    written = typed(A, END + 1, "b", origin=(A, END))
    assert document.merge_typed(written, KARI, caret) is None
    assert not document.merge(written, KARI).changed
    assert document.content() == before


def test_who_types_on_where_another_device_went_on_is_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    document, typist = made(), Typist(A, END, (A, 3))
    caret = pressed_on(document, typist, KARI, "a")
    document.merge(typed(A, END + 1, "x", origin=(A, 3)), KARI)
    assert document.merge_typed(typist.press("b"), KARI, caret) is None


def test_what_is_typed_in_one_turn_is_one_change() -> None:
    document, reader = made(), made()
    kari, ola = Typist(A, END, (A, 3)), Typist(B, 1, (B, 0))
    carets = pressed_on(document, kari, KARI, "ab"), pressed_on(document, ola, OLA, "c")
    document.merge_typed(kari.press("d"), KARI, carets[0])
    change = document.take_typed()
    assert change is not None
    assert document.take_typed() is None
    reader.merge_stored(change)
    assert reader.content() == document.content()


def test_what_is_not_all_typed_is_taken_as_one_change_by_the_long_way() -> None:
    document, reader = made(), made()
    written = update(section(A, END, text("y", parent=(A, 8))))
    document.merge(written, KARI)
    typist = Typist(A, END + 1, (A, 3))
    pressed_on(document, typist, KARI, "ab")
    assert document.take_typed() is None
    change = document.take_change()
    assert change is not None
    reader.merge_stored(change)
    assert reader.content() == document.content()
    assert document.take_change() is None


def test_pycrdt_is_given_what_was_typed_now_and_then() -> None:
    document = made(replace(UPDATE, typed_changes_max=2))
    typist = Typist(A, END, (A, 3))
    caret: Caret | None = None
    for count, character in enumerate("abcd", start=1):
        caret = document.merge_typed(typist.press(character), KARI, caret)
        assert document.take_typed() is not None
        assert pycrdt_has(document, A) == END + count - count % 2


def pycrdt_has(document: Document, client: int) -> int:
    return parse_state_vector(document._doc.get_state(), UPDATE)[client]


def test_a_long_text_with_many_key_presses_takes_the_long_way() -> None:
    document = made(replace(UPDATE, step_comparisons_max=20))
    typist, caret, longer = Typist(A, END, (A, 3)), None, 0
    for _ in range(20):
        written = typist.press("x")
        caret = document.merge_typed(written, KARI, caret)
        if caret is None:
            longer += 1
            document.merge(written, KARI)
    assert 0 < longer < 20


def test_pycrdt_is_never_given_more_than_a_step_of_what_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    document = made(replace(UPDATE, step_comparisons_max=1_000))
    steps: list[int] = []
    integrate = Document._integrate_typed

    def noted(one: Document) -> None:
        steps.append(one._comparisons)
        integrate(one)

    monkeypatch.setattr(Document, "_integrate_typed", noted)
    typist = Typist(A, END, (A, 3))
    for _ in range(200):
        # All at one place, as nobody types.
        typist.origin = (A, 3)
        written = typist.press("x")
        if document.merge_typed(written, KARI) is None:
            document.merge(written, KARI)
    assert len(steps) > 10
    assert max(steps) <= 1_000 + 1_000 // 2
    assert "x" * 201 in str(document.content()["a1"])
