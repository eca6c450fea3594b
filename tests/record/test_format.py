"""The record's format: canonical, whole, and read again as it was."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.record import format as record_format
from server.record.canonical_json import RecordUnreadable, canonical, parsed
from server.record.content import panes_of, read
from server.record.format import read_sealed, read_statement
from server.rules import limits
from server.rules.access import Pane
from server.template import format as template_format
from tests.record.made import NOW, RICH, SealedRecord, answers, frozen, plain, small
from tests.template.bodies import SAMPLES, body, element, sample

NAMES = [path.stem.removeprefix("template_") for path in SAMPLES]


@pytest.mark.parametrize("name", NAMES)
def test_every_template_makes_a_record_that_reads_again_as_it_was(name: str) -> None:
    content = record_format.content(frozen(template_format.read(sample(name))))
    assert canonical(read(content).model_dump()) == content
    assert canonical(json.loads(content)) == content


@pytest.mark.parametrize("name", NAMES)
def test_the_questions_are_in_it_as_they_were_asked_in_every_language(name: str) -> None:
    template = template_format.read(sample(name))
    content = read(record_format.content(frozen(template)))
    asked = [each for chapter in template.chapters for each in chapter.elements]
    kept = [each for section in content.sections for each in section.elements]
    assert [each.id for each in kept] == [each.id for each in asked]
    for before, after in zip(asked, kept, strict=True):
        assert after.label == before.label.model_dump()
        assert after.help == (before.help.model_dump() if before.help else None)
        assert panes_of(after, content) == list(before.lives_in)
        assert [part.name for part in after.parts] == [part.name for part in before.parts()]
        for part, kept_part in zip(before.parts(), after.parts, strict=True):
            assert [each.label["nb"] for each in kept_part.options] == [
                each.label.nb for each in part.options
            ]
            assert [each.label["en"] for each in kept_part.columns] == [
                each.label.en for each in part.columns
            ]


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_in_it_where_it_was_given(name: str) -> None:
    template = template_format.read(sample(name))
    contents = answers(template)
    content = read(record_format.content(frozen(template, contents)))
    for section in content.sections:
        for each in section.elements:
            for part in each.parts:
                assert part.answers == {pane: contents[Pane(pane)][part.name] for pane in each.panes}


def test_what_nobody_answered_is_left_out_and_what_was_blank_is_kept() -> None:
    template = template_format.read(body(element(panes=["employee", "manager", "joint"])))
    contents: Any = {
        Pane.EMPLOYEE: {"q": plain("")},
        Pane.MANAGER: {},
        Pane.JOINT: {"q": plain("", " ")},
    }
    (section,) = read(record_format.content(frozen(template, contents))).sections
    assert section.elements[0].parts[0].answers == {"joint": plain("", " ")}


def test_a_draft_has_only_the_panes_that_its_reader_may_read() -> None:
    template = template_format.read(body(element(panes=["employee", "manager", "joint"])))
    contents: Any = {Pane.EMPLOYEE: {"q": RICH}, Pane.JOINT: {}}
    content = record_format.drawn(frozen(template, contents))
    assert content.panes == ["employee", "joint"]
    assert panes_of(content.sections[0].elements[0], content) == [Pane.EMPLOYEE, Pane.JOINT]


def test_the_same_is_written_in_one_way_only() -> None:
    assert record_format.content(small()) == record_format.content(small())
    assert record_format.content(small()) != record_format.content(frozen())


@given(number=st.integers(-(10**300), 10**300) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_the_same_when_it_is_read_again(number: float) -> None:
    written = canonical([number])
    assert parsed(written) == [float(number)]
    assert canonical(parsed(written)) == written


@given(text=st.text())
def test_every_text_is_kept_to_the_character(text: str) -> None:
    if text:
        content: Any = {Pane.EMPLOYEE: {}, Pane.MANAGER: {}, Pane.JOINT: {"q": plain(text)}}
        made = record_format.content(frozen(template_format.read(body(element(panes=["joint"]))), content))
        assert read(made).sections[0].elements[0].parts[0].answers["joint"] == plain(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {1: 2}, object()])
def test_what_json_cannot_hold_is_not_written(value: Any) -> None:
    with pytest.raises(RecordUnreadable):
        canonical([value])


def test_a_file_larger_than_any_record_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.record.canonical_json.RECORD_BYTES_MAX", 10)
    with pytest.raises(RecordUnreadable, match="larger than 10 bytes"):
        parsed(b"[1,2,3,4,5,6]")
    assert 3 * limits.UPDATE.document_bytes_max <= limits.RECORD_BYTES_MAX


def test_a_statement_names_the_content_and_says_what_was_shown() -> None:
    record = SealedRecord(small())
    first, second = map(read_statement, record.statements)
    assert first.record == second.record == record.sha256
    assert (second.name, second.party, second.words, second.language) == (
        "Jonas Bergman",
        "responsible",
        "I have read this.",
        "en",
    )
    assert (second.comment, second.method) == ("Jag håller inte med om allt.", "password")
    assert record_format.moment(second.at) == NOW


def test_the_sealed_record_holds_everything() -> None:
    record = SealedRecord(small())
    sealed = read_sealed(record.json)
    assert canonical(sealed.content.model_dump()) == record.content
    assert sealed.sha256 == record.sha256
    assert [canonical(each.statement.model_dump()) for each in sealed.signatures] == record.statements
    assert sealed.certificate == record.seal.certificate


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "samsyn-record/2"),
        (("version",), 0),
        (("salt",), "00"),
        (("frozen_at",), "2026-11-26T10:00:00+01:00"),
        (("sections", 0, "elements", 0, "parts", 0, "kind"), "film"),
        (("sections", 0, "elements", 0, "parts", 0, "answers", "joint"), "text"),
        (("sections", 0, "elements", 0, "parts", 0, "answers", "joint"), [{"type": "script", "runs": []}]),
        (("sections", 0, "more"), 1),
    ],
)
def test_what_breaks_the_format_is_not_read(path: tuple[Any, ...], value: Any) -> None:
    told = json.loads(record_format.content(small()))
    place = told
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(RecordUnreadable, match="no record of the format samsyn-record/1"):
        read(canonical(told))
