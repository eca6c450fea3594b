"""Making a record: the frozen content, each signature's statement, and the sealed whole.

Pure: what is frozen comes in as plain data, and bytes come out. All of them are canonical JSON (RFC 8785) in
UTF-8, so that there is one way only to write a thing and its SHA-256 is the thing's name.

content     "samsyn-record/1", as ``server/record/content.py`` describes it. Its SHA-256 is what people sign.

statement   "samsyn-signature/1": who says what about which content. ``words`` are those that the signer was
            shown, in ``language``. The organisation's key seals the statement when it is made.

sealed      "samsyn-sealed-record/2", the file record.json of a bundle:

    {
      "format":      "samsyn-sealed-record/2",
      "content":     the content
      "sha256":      its SHA-256, in hexadecimal
      "signatures":  [{"statement": …, "seal": …}], in the order in which they were given
      "closed_at":   an instant
      "certificate": the organisation's certificate, X.509 in PEM
      "seal":        the organisation's seal over the canonical JSON of all the above
    }

Every seal is ECDSA on the curve P-256 with SHA-256, in DER, written in hexadecimal in lower case. That over
the whole is the lower of the two that fit (``sealing.lower``); in "samsyn-sealed-record/1" it may be either.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import StringConstraints, ValidationError

from crdt.content import Content, is_empty
from server.conversations import Meeting
from server.people import Person
from server.record.canonical_json import RecordUnreadable, canonical, parsed
from server.record.content import (
    FORMAT,
    Instant,
    Meaning,
    Party,
    RecordColumn,
    RecordContent,
    RecordElement,
    RecordMeeting,
    RecordOption,
    RecordPart,
    RecordPerson,
    RecordScale,
    RecordSection,
    RecordTemplate,
    Sha256,
    Shape,
    Words,
    content_of,
    read,
)
from server.rules.access import Pane
from server.template.elements import Element
from server.template.format import Section, Template
from server.template.parts import Column, Option, Part, ScaleSteps, Source
from server.template.words import LOCALES
from server.template.words import Words as TemplateWords

__all__ = [
    "Frozen",
    "RecordContent",
    "RecordUnreadable",
    "Sealed",
    "Signature",
    "Statement",
    "content",
    "drawn",
    "read",
    "read_sealed",
    "read_statement",
    "sealed",
    "sha256",
    "statement",
]

Seal = Callable[[bytes], bytes]
"""The organisation's key: bytes -> ECDSA signature with SHA-256, DER."""
S = TypeVar("S", bound=Shape)
SealInHex = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2}){8,128}$")]


@dataclass(frozen=True, slots=True)
class Frozen:
    """All that a record is made of, of one moment. Of a draft, ``contents`` has only what may be read."""

    conversation: str
    version: int
    template: Template
    employee: Person
    responsible: Person
    meeting: Meeting | None
    frozen_at: datetime
    salt: bytes
    """32 random bytes."""
    contents: Mapping[Pane, Content]
    resolved: Mapping[Source, Sequence[str | Mapping[str, str]]]
    """What an element without parts of its own shows: texts, or words in every language."""
    names: Mapping[str, str]
    """Person id -> name, of everybody whom an answer names."""


class Statement(Shape):
    """What somebody says with a signature."""

    format: Literal["samsyn-signature/1"]
    record: Sha256
    """SHA-256 of the canonical content that was shown."""
    signer: str
    """Person id."""
    name: str
    party: Party
    meaning: Meaning
    words: str
    """The sentence that was shown, in ``language``."""
    language: str
    comment: str
    """"" for none."""
    method: Literal["password"]
    at: Instant


class Signature(Shape):
    """A statement, and the organisation's seal over its canonical JSON."""

    statement: Statement
    seal: SealInHex


SEALED_FORMAT = "samsyn-sealed-record/2"
EARLIER_FORMAT = "samsyn-sealed-record/1"


class Sealed(Shape):
    """The whole: what the file record.json holds."""

    format: Literal["samsyn-sealed-record/1", "samsyn-sealed-record/2"]
    content: RecordContent
    sha256: Sha256
    signatures: list[Signature]
    closed_at: Instant
    certificate: str
    seal: SealInHex


def content(frozen: Frozen) -> bytes:
    """The canonical content: what is signed, stored and never changed."""
    return canonical(drawn(frozen).model_dump())


def drawn(frozen: Frozen) -> RecordContent:
    """The content as an object, to be shown."""
    template = frozen.template
    return RecordContent(
        format=FORMAT,
        conversation=frozen.conversation,
        version=frozen.version,
        template=RecordTemplate(
            id=template.id, version=template.version, kind=template.kind, name=_words(template.name)
        ),
        languages=list(LOCALES),
        employee=_person(frozen.employee, "employee"),
        responsible=_person(frozen.responsible, "responsible"),
        meeting=_meeting(frozen.meeting),
        panes=[pane.value for pane in Pane if pane in frozen.contents],
        meaning=template.sign.meaning if template.sign.enabled else None,
        people=dict(frozen.names),
        frozen_at=instant(frozen.frozen_at),
        salt=frozen.salt.hex(),
        sections=[_section(section, frozen) for section in template.chapters],
    )


def sha256(data: bytes) -> str:
    """In hexadecimal, lower case."""
    return hashlib.sha256(data).hexdigest()


def instant(moment: datetime) -> str:
    """As the format writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(written: str) -> datetime:
    """The other way."""
    return datetime.strptime(written, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def statement(
    *,
    record: str,
    person: Person,
    party: Party,
    meaning: Meaning,
    words: str,
    language: str,
    comment: str,
    at: datetime,
    method: Literal["password"] = "password",
) -> bytes:
    """The canonical JSON of one signature. ``record``: SHA-256 of the content, in hexadecimal."""
    made = Statement(
        format="samsyn-signature/1",
        record=record,
        signer=person.id,
        name=person.name,
        party=party,
        meaning=meaning,
        words=words,
        language=language,
        comment=comment,
        method=method,
        at=instant(at),
    )
    return canonical(made.model_dump())


def sealed(
    content: bytes,
    signatures: Sequence[tuple[bytes, bytes]],
    closed_at: datetime,
    certificate: str,
    seal: Seal,
) -> bytes:
    """The whole record. ``signatures``: (statement, the organisation's seal over it in DER), in order."""
    # What is canonical already is put together as it is: writing a long content anew takes a while.
    said = (
        _canonical_object({"statement": statement, "seal": canonical(its_seal.hex())})
        for statement, its_seal in signatures
    )
    before_seal = {
        "format": canonical(SEALED_FORMAT),
        "content": content,
        "sha256": canonical(sha256(content)),
        "signatures": b"[%b]" % b",".join(said),
        "closed_at": canonical(instant(closed_at)),
        "certificate": canonical(certificate),
    }
    made = seal(_canonical_object(before_seal))
    return _canonical_object(before_seal | {"seal": canonical(made.hex())})


def _canonical_object(members: Mapping[str, bytes]) -> bytes:
    """Canonical JSON of an object whose names are plain letters: name -> canonical JSON of the value."""
    return b"{%b}" % b",".join(canonical(name) + b":" + members[name] for name in sorted(members))


def read_statement(data: bytes) -> Statement:
    """Read the canonical JSON of a signature. Raises RecordUnreadable."""
    return _read(Statement, parsed(data), "signature")


def read_sealed(data: bytes) -> Sealed:
    """Read a whole record. It is not verified here. Raises RecordUnreadable."""
    value = parsed(data)
    made = _read(Sealed, value, "sealed record")
    content_of(value["content"])
    return made


def _read(shape: type[S], value: Any, what: str) -> S:
    try:
        return shape.model_validate(value)
    except (ValidationError, RecursionError) as error:
        where = ""
        if isinstance(error, ValidationError):
            first = error.errors(include_url=False, include_input=False)[0]
            where = f": {'.'.join(map(str, first['loc']))[:200]}: {first['msg']}"
        raise RecordUnreadable(f"It is no {what} as Samsyn makes them{where}.") from error


def _words(words: TemplateWords) -> Words:
    return {locale: words.to(locale) for locale in LOCALES}


def _words_if(words: TemplateWords | None) -> Words | None:
    return None if words is None else _words(words)


def _person(person: Person, party: Party) -> RecordPerson:
    return RecordPerson(id=person.id, name=person.name, title=dict(person.title), party=party)


def _meeting(meeting: Meeting | None) -> RecordMeeting | None:
    if meeting is None:
        return None
    return RecordMeeting(at=instant(meeting.at), time_zone=meeting.time_zone, place=meeting.place)


def _section(section: Section, frozen: Frozen) -> RecordSection:
    return RecordSection(
        id=section.id,
        title=_words(section.title),
        help=_words_if(section.help),
        note=_words_if(section.note_rule),
        is_plan=section.is_plan,
        elements=[_element(element, frozen) for element in section.elements],
    )


def _element(element: Element, frozen: Frozen) -> RecordElement:
    return RecordElement(
        id=element.id,
        type=element.type,
        label=_words(element.label),
        help=_words_if(element.help),
        sensitive=element.sensitive,
        panes=[pane.value for pane in element.lives_in],
        shown=_shown(element.source, frozen),
        parts=[_part(part, element, frozen) for part in element.parts()],
    )


def _shown(source: Source | None, frozen: Frozen) -> list[str | Words]:
    if source is None:
        return []
    return [each if isinstance(each, str) else dict(each) for each in frozen.resolved.get(source, ())]


def _part(part: Part, element: Element, frozen: Frozen) -> RecordPart:
    found = {
        pane: frozen.contents[pane].get(part.name) for pane in element.lives_in if pane in frozen.contents
    }
    return RecordPart(
        name=part.name,
        kind=part.kind.value,
        label=_words_if(part.label),
        help=_words_if(part.help),
        sensitive=part.sensitive,
        grounds=part.grounds.model_dump(mode="json") if part.grounds else {},
        choice=part.choice,
        unit=_words_if(part.unit),
        options=[_option(option) for option in part.options],
        scale=_scale(part.scale),
        columns=[_column(column) for column in part.columns],
        answers={
            pane.value: answer
            for pane, answer in found.items()
            if answer is not None and not is_empty(answer, part.field)
        },
    )


def _option(option: Option) -> RecordOption:
    return RecordOption(id=option.id, label=_words(option.label), free_text=option.free_text)


def _scale(scale: ScaleSteps | None) -> RecordScale | None:
    if scale is None:
        return None
    return RecordScale(
        min=scale.min,
        max=scale.max,
        labels={str(step): _words(label) for step, label in scale.labels.items()},
    )


def _column(column: Column) -> RecordColumn:
    return RecordColumn(
        name=column.name,
        kind=column.kind.value,
        label=_words(column.label),
        group=_words_if(column.group),
        pair=_words_if(column.pair),
        unit=_words_if(column.unit),
        options=[_option(option) for option in column.options],
    )
