"""A record on paper: PDF/A-2a, its structure read back, every character kept, and nothing of it executed."""

import io
import re
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any, cast

import pdfplumber
import pypdfium2
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader

from crdt.content import Content
from server.pages import record_view, record_words
from server.record import fonts
from server.record import paper as record_paper
from server.record.content import read
from server.record.format import Frozen, read_statement
from server.rules.access import Pane
from server.rules.errors import TooMuchForPaper
from server.template import format as template_format
from tests.pages.reading import SWEDISH, view
from tests.record.made import NOW, SealedRecord, answers, frozen, plain
from tests.template.bodies import body, column, element, sample

ROUTINE = template_format.read(sample("routine_with_plan"))
ANNUAL = template_format.read(sample("annual_three_panes"))


def paper(source: Frozen, *, is_draft: bool = False, locale: str = "sv") -> bytes:
    record = SealedRecord(source)
    reader = view(locale)
    statements = [] if is_draft else [read_statement(each) for each in record.statements]
    sheet = record_view.sheet(
        read(record.content), statements, reader, closed_at=None if is_draft else NOW, is_draft=is_draft
    )
    if is_draft:
        return record_paper.pdf(sheet, record_words.draft(sheet, reader), "", None, NOW)
    words = record_words.record(sheet, record.sha256, [record.seal.fingerprint], "https://x.example", reader)
    return record_paper.pdf(sheet, words, record.sha256, record.seal, NOW)


class Tree:
    """The structure tree of a PDF, with the text that each part of it marks, in its order."""

    def __init__(self, data: bytes) -> None:
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            marked: dict[tuple[int, int], str] = {}
            for page in pdf.pages:
                mcid: int | None = None
                for character in page.chars:
                    if character["tag"] == "Artifact":
                        continue
                    # What is read from the right is marked once more within its mark.
                    mcid = mcid if character["tag"] == "ReversedChars" else character["mcid"]
                    if mcid is not None:
                        key = (page.page_number, mcid)
                        marked[key] = marked.get(key, "") + character["text"]
            (self.root,) = pdf.structure_tree
        self._marked = marked

    def parts(self, node: dict[str, Any] | None = None, page: int = 0) -> Iterator[tuple[str, str]]:
        """Each part with its own text, in the order of reading."""
        node = node or self.root
        page = node.get("page_number") or page
        yield node["type"], "".join(self._marked.get((page, mcid), "") for mcid in node.get("mcids", ()))
        for child in node.get("children", ()):
            yield from self.parts(child, page)

    def whole(self, kind: str, node: dict[str, Any] | None = None, page: int = 0) -> list[str]:
        """The whole text of every part of a kind."""
        node = node or self.root
        page = node.get("page_number") or page
        if node["type"] == kind:
            return ["".join(text for _, text in self.parts(node, page)).strip()]
        return [text for child in node.get("children", ()) for text in self.whole(kind, child, page)]

    def count(self, kind: str) -> int:
        return sum(each == kind for each, _ in self.parts())

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.parts())


def without_spaces(text: str) -> str:
    return re.sub(r"\s", "", text)


def one_text(*paragraphs: str) -> Frozen:
    template = template_format.read(body(element(panes=["joint"])))
    return frozen(
        template, {**dict.fromkeys(Pane, cast("Content", {})), Pane.JOINT: {"q": plain(*paragraphs)}}
    )


def test_it_says_that_it_is_pdf_a_2a_in_a_language_with_a_title() -> None:
    data = paper(frozen(ANNUAL))
    reader = PdfFileReader(io.BytesIO(data))
    root = reader.root
    metadata = root["/Metadata"].data.decode("utf-8")
    assert re.search(r"pdfaid:part>2<|pdfaid:part=\"2\"", metadata)
    assert re.search(r"pdfaid:conformance>A<|pdfaid:conformance=\"A\"", metadata)
    assert root["/MarkInfo"]["/Marked"]
    assert str(root["/Lang"]).startswith("sv")
    assert "Maja Öberg" in str(reader.trailer["/Info"]["/Title"])
    assert SealedRecord(frozen(ANNUAL)).sha256 in str(reader.trailer["/Info"]["/Keywords"])


def test_the_seal_keeps_it_an_archive_file() -> None:
    reader = PdfFileReader(io.BytesIO(paper(frozen())))
    (field,) = [each.get_object() for each in reader.root["/AcroForm"]["/Fields"]]
    assert field["/F"] & 4, "an annotation must be one that is printed"
    assert not field["/F"] & 0b100011, "and neither hidden nor without a view"
    assert list(field["/Rect"]) == [0, 0, 0, 0], "one that takes no room needs no appearance"
    assert field["/V"]["/SubFilter"] == "/ETSI.CAdES.detached"
    assert "/NeedAppearances" not in reader.root["/AcroForm"]
    for number in range(reader.root["/Pages"]["/Count"]):
        for font in reader.root["/Pages"]["/Kids"][number]["/Resources"]["/Font"].values():
            (inner,) = [each.get_object() for each in font.get_object()["/DescendantFonts"]]
            assert {"/FontFile2", "/FontFile3"} & set(inner["/FontDescriptor"]), "every font is embedded"
            assert "/ToUnicode" in font.get_object()


def test_headings_go_from_the_record_to_its_chapters_to_its_questions() -> None:
    tree = Tree(paper(frozen(ANNUAL)))
    assert tree.whole("H1") == [ANNUAL.name.sv]
    chapters = [chapter.title.sv for chapter in ANNUAL.chapters]
    assert list(map(without_spaces, tree.whole("H2")))[: len(chapters)] == list(map(without_spaces, chapters))
    labels = [each.label.sv for chapter in ANNUAL.chapters for each in chapter.elements]
    found = [re.sub(r"^\d+\s*", "", each) for each in tree.whole("H3")]
    assert [without_spaces(each) for each in found[: len(labels)]] == [
        without_spaces(each) for each in labels
    ]
    kinds = [kind for kind, _ in tree.parts() if re.fullmatch(r"H\d", kind)]
    assert kinds[0] == "H1"
    assert all(int(after[1]) <= int(before[1]) + 1 for before, after in pairwise(kinds))


def test_the_panes_are_read_employee_manager_joint() -> None:
    marked = {
        pane: cast(
            "Content",
            {
                name: plain(f"[{pane}|{name}]") if _is_text(value) else value
                for name, value in content.items()
            },
        )
        for pane, content in answers(ANNUAL).items()
    }
    told = re.findall(r"\[(\w+)\|(\w+)\]", Tree(paper(frozen(ANNUAL, marked))).text)
    wanted = [
        (pane.value, part.name)
        for each in ANNUAL.elements
        for pane in each.lives_in
        for part in each.parts()
        if _is_text(marked[pane].get(part.name))
    ]
    assert told == wanted


def _is_text(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and "type" in value[0]


def test_a_plan_is_a_table_with_header_cells() -> None:
    tree = Tree(paper(frozen(ROUTINE)))
    tables = sum(part.kind == "table" for each in ROUTINE.elements for part in each.parts())
    assert tables >= 2
    assert tree.count("Table") == tables
    headers = [without_spaces(each).replace("\u00ad", "").replace("-", "") for each in tree.whole("TH")]
    for each in ROUTINE.elements:
        for part in each.parts():
            for one in part.columns:
                label = (one.pair or one.label).sv
                assert without_spaces(label).replace("-", "") in headers
    assert tree.count("TD") > 10


def test_lists_are_lists() -> None:
    tree = Tree(paper(frozen(ANNUAL)))
    assert tree.count("L") >= 2
    items = [without_spaces(each) for each in tree.whole("LBody")]
    assert any("kursijanuari" in each for each in items)
    assert any("3." in text for text in tree.whole("Lbl"))


def test_signatures_hash_and_fingerprint_are_on_it() -> None:
    record = SealedRecord(frozen())
    text = without_spaces(Tree(paper(record.source)).text)
    for word in ("Maja Öberg", "Jonas Bergman", "I have read this.", "Jag håller inte med om allt."):
        assert without_spaces(word) in text
    assert record.sha256 in text
    assert record.seal.fingerprint in text
    assert "https://x.example" in text


@pytest.mark.parametrize("locale", ["sv", "nb", "en"])
def test_it_is_in_the_language_of_whoever_downloads_it(locale: str) -> None:
    data = paper(frozen(ANNUAL), locale=locale)
    assert str(PdfFileReader(io.BytesIO(data)).root["/Lang"]).startswith(locale)
    assert Tree(data).whole("H1") == [ANNUAL.name.to(locale)]


def test_a_draft_says_so_on_every_page_and_has_no_seal() -> None:
    data = paper(frozen(ANNUAL), is_draft=True)
    assert not PdfFileReader(io.BytesIO(data)).embedded_signatures
    words = record_words.draft(record_view.sheet(read(SealedRecord().content), (), SWEDISH), SWEDISH).draft
    document = pypdfium2.PdfDocument(data)
    assert len(document) > 1
    for page in document:
        assert words in page.get_textpage().get_text_range()
    document.close()


def test_what_looks_like_markup_is_text() -> None:
    hostile = (
        '#eval("1+1") #panic("x") #import "x": * #include "/etc/passwd" #read("/etc/passwd")',
        "= no heading  *not bold* _not_ `raw` $x^2$ @reference <label> // no comment /* none */",
        "-- --- ... ~ \\ \\u{41}",
        "</script><script>alert(1)</script> &amp; {{ 7*7 }} %(name)s ${x} \"double\" 'single'",
        "[U+1F600 GRINNING FACE] ]} #{ } #[ ]",
    )
    text = without_spaces(Tree(paper(one_text(*hostile))).text)
    for each in hostile:
        assert without_spaces(each) in text


def test_a_word_of_ten_thousand_letters_stays_within_the_page() -> None:
    word = "abcdefghij" * 1_000
    contents: Any = {
        Pane.EMPLOYEE: {},
        Pane.MANAGER: {},
        Pane.JOINT: {"q": plain(word), "t": [{"id": "1", "c": plain(word)}]},
    }
    template = template_format.read(
        body(element(panes=["joint"]), element(id="t", type="table", panes=["joint"], columns=[column("c")]))
    )
    data = paper(frozen(template, contents))
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        characters = (each for page in pdf.pages for each in page.chars if each["tag"] != "Artifact")
        assert without_spaces("".join(each["text"] for each in characters)).count(word) == 2
        for page in pdf.pages:
            assert all(each["x0"] > 0 and each["x1"] < page.width - 30 for each in page.chars)


@pytest.mark.parametrize(
    "text",
    [
        "Ä ö é ß Đ ž",
        "e\u0301 q\u0307\u0323 o\u0308\u0301",
        "👩\u200d💻 👨\u200d👩\u200d👧 ☺\ufe0f 👍🏽 🇸🇪",
        "שלום עולם",
        "السلام عليكم",
        "abc שלום 123 السلام def",
        "a\u200bb\u00adc\u2060d\u00a0e",
        "∑ ≤ → ✓ ⟨x⟩",
    ],
)
def test_what_people_write_can_be_read_out_again(text: str) -> None:
    assert_kept(text, paper(one_text(text)))


def test_what_no_font_has_is_written_out_and_the_paper_says_what_that_is() -> None:
    text = Tree(paper(one_text("你好 ไทย \U0001fae8"))).text
    assert "[U+4F60]" in text
    assert "[U+0E44 THAI CHARACTER SARA AI MAIMALAI]" in text
    assert "Unicode" in text
    assert "Unicode" not in Tree(paper(one_text("Hej"))).text


def assert_kept(text: str, data: bytes) -> None:
    """Every character is on the paper: itself, or written out, or as the space or line that it is.

    Two readers are asked: one of them knows what stands for a mark without glyphs, the other every glyph.
    """
    told = Tree(data).text
    document = pypdfium2.PdfDocument(data)
    for page in document:
        told += page.get_textpage().get_text_range().replace("\r\n", "")
    document.close()
    for character in text:
        code = ord(character)
        is_unseen = character.isspace() or unicodedata.category(character)[0] == "Z" or fonts.is_unseen(code)
        assert is_unseen or character in told or f"U+{code:04X}" in told, hex(code)


@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(text=st.text(min_size=1, max_size=200))
def test_no_text_breaks_it_and_no_character_is_lost(text: str) -> None:
    assert_kept(text, paper(one_text(text)))


def test_names_titles_and_comments_are_text_as_any_other() -> None:
    source = frozen()
    odd = replace(
        source.employee, name="Maja #eval(1) 你 $x$", title={"sv": "*Chef* @a", "nb": "x", "en": "x"}
    )
    text = Tree(paper(replace(source, employee=odd))).text
    assert without_spaces("Maja #eval(1) [U+4F60] $x$") in without_spaces(text)
    assert without_spaces("*Chef* @a") in without_spaces(text)


def test_what_would_take_the_server_with_it_is_not_put_on_paper() -> None:
    # Each accent is written out in words, thirty characters for one.
    with pytest.raises(TooMuchForPaper):
        paper(one_text("a" + "\u0301" * 100_000))


def test_every_font_that_it_names_is_there() -> None:
    named = set(re.findall(r'"((?:Noto|Inter|Newsreader)[\w ]*)"', record_paper.SOURCE.read_text("utf-8")))
    assert named == set(record_paper._fonts().families())
    assert len(fonts.coverage()) >= len(named)


def test_sixty_texts_in_three_panes_are_on_paper_and_sealed_in_time() -> None:
    elements = [element(id=f"e{n}", panes=["employee", "manager", "joint"]) for n in range(60)]
    long = plain(*["Vi har talat om hur arbetet går och vad som behöver ändras till nästa år. " * 6] * 3)
    source = frozen(template_format.read(body(*elements)), text=long)
    paper(source)
    began = time.process_time()
    paper(source)
    assert time.process_time() - began < 1.5
