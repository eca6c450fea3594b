"""Records for tests, made without a database: of any template and any answers, sealed by one key."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

from crdt.content import Content
from server.conversations import Meeting
from server.pages import record_view, record_words
from server.record import content, sealing
from server.record import format as record_format
from server.record import paper as record_paper
from server.record.format import Frozen
from server.record.sealing import OrganisationSeal
from server.rules.access import Pane
from server.template import format as template_format
from server.template.format import Template
from server.template.parts import Column, Part, PartKind, Source
from tests.organisation import JONAS, MAJA
from tests.pages.reading import SWEDISH
from tests.template.bodies import body, element, sample

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
MEETING = Meeting(datetime(2026, 11, 26, 8, 30, tzinfo=UTC), "Europe/Stockholm", "Rum Storsjön")
SEAL = sealing.make("Nordljus Vatten", NOW)

RICH: Any = [
    {
        "type": "paragraph",
        "runs": [
            {"text": "Vi är överens om "},
            {"text": "två", "bold": True},
            {"text": " saker, "},
            {"text": "båda viktiga", "italic": True},
            {"text": ":"},
        ],
    },
    {
        "type": "bulletList",
        "items": [
            [{"type": "paragraph", "runs": [{"text": "kurs i januari"}]}],
            [
                {"type": "paragraph", "runs": [{"text": "mötena, i ordning"}]},
                {
                    "type": "orderedList",
                    "items": [
                        [{"type": "paragraph", "runs": [{"text": "driften"}]}],
                        [{"type": "paragraph", "runs": [{"text": "ledningen"}]}],
                    ],
                    "start": 3,
                },
            ],
        ],
    },
    {"type": "paragraph", "runs": [{"text": "Rad ett"}, {"break": True}, {"text": "rad två"}]},
]


def plain(*paragraphs: str) -> Any:
    """A text of plain paragraphs."""
    return [{"type": "paragraph", "runs": [{"text": each}] if each else []} for each in paragraphs]


def answer(part: Part | Column, text: Any = None) -> Any:
    """Something that part can hold."""
    match part.kind:
        case PartKind.RICH_TEXT:
            return text or RICH
        case PartKind.TEXT:
            return text or plain("En kort text")
        case PartKind.SINGLE_CHOICE:
            return part.options[0].id
        case PartKind.MULTI_CHOICE:
            return [option.id for option in part.options[:2]]
        case PartKind.SCALE:
            assert isinstance(part, Part)
            assert part.scale
            return part.scale.min + 1
        case PartKind.DATE:
            return "2027-02-01"
        case PartKind.NUMBER:
            return 2
        case PartKind.CHECKBOX:
            return True
        case PartKind.PERSON:
            return "maja"
        case PartKind.TABLE:
            assert isinstance(part, Part)
            return [{"id": row} | {each.name: answer(each, text) for each in part.columns} for row in "ab"]


def answers(template: Template, text: Any = None) -> dict[Pane, Content]:
    """Everything that a template asks, answered; every text is ``text`` if one is given."""
    return {
        pane: cast(
            "Content",
            {part.name: answer(part, text) for each in template.elements_in(pane) for part in each.parts()},
        )
        for pane in Pane
    }


def frozen(
    template: Template | None = None, contents: Mapping[Pane, Content] | None = None, text: Any = None
) -> Frozen:
    """What is frozen when Maja and Jonas sign; the short template by default, all of it answered."""
    template = template or template_format.read(sample("short_follow_up"))
    return Frozen(
        conversation="0123456789abcdef" * 2,
        version=1,
        template=template,
        employee=MAJA,
        responsible=JONAS,
        meeting=MEETING,
        frozen_at=NOW,
        salt=bytes(range(32)),
        contents=answers(template, text) if contents is None else contents,
        resolved={
            Source.UNIT_GOALS: [{"sv": "Färre stopp", "nb": "Færre stopp", "en": "Fewer stops"}],
            Source.EMPLOYEE: ["Maja Öberg"],
        },
        names={"maja": "Maja Öberg", "jonas": "Jonas Bergman"},
    )


def small() -> Frozen:
    """One question with one short answer."""
    template = template_format.read(body(element(panes=["joint"])))
    return frozen(template, {**dict.fromkeys(Pane, cast("Content", {})), Pane.JOINT: {"q": plain("Ja.")}})


@dataclass(frozen=True)
class SealedRecord:
    """A record with the signatures of both, and everything that it was made of."""

    source: Frozen = field(default_factory=frozen)
    seal: OrganisationSeal = SEAL
    comment: str = "Jag håller inte med om allt."
    is_signed: bool = True

    @property
    def content(self) -> bytes:
        return record_format.content(self.source)

    @property
    def sha256(self) -> str:
        return record_format.sha256(self.content)

    @property
    def statements(self) -> list[bytes]:
        if not self.is_signed:
            return []
        return [
            record_format.statement(
                record=self.sha256,
                person=self.source.employee,
                party="employee",
                meaning="seen",
                words="Jag har läst det här.",
                language="sv",
                comment="",
                at=NOW,
            ),
            record_format.statement(
                record=self.sha256,
                person=self.source.responsible,
                party="responsible",
                meaning="seen",
                words="I have read this.",
                language="en",
                comment=self.comment,
                at=NOW,
            ),
        ]

    @property
    def json(self) -> bytes:
        """The file record.json."""
        signed = [(each, self.seal.sign(each)) for each in self.statements]
        return record_format.sealed(self.content, signed, NOW, self.seal.certificate, self.seal.sign)

    def of(self, **changes: Any) -> "SealedRecord":
        return replace(self, **changes)


def paper(record: SealedRecord) -> bytes:
    """Its PDF, in Swedish, sealed."""
    sheet = record_view.sheet(
        content.read(record.content),
        [record_format.read_statement(each) for each in record.statements],
        SWEDISH,
        closed_at=NOW,
    )
    words = record_words.record(sheet, record.sha256, [record.seal.fingerprint], "https://x.example", SWEDISH)
    return record_paper.pdf(sheet, words, record.sha256, record.seal, NOW)
