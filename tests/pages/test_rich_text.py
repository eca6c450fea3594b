"""A text as HTML: nothing executes, and no character is lost."""

from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.pages.rich_text import markup

ALLOWED = {"p", "ul", "ol", "li", "strong", "em", "br"}

# NUL cannot stand in HTML, and a lone surrogate in no UTF-8 at all.
characters = st.characters(exclude_characters="\0", codec="utf-8")
dangerous = st.sampled_from(
    ["<script>alert(1)</script>", '"><img src=x onerror=y>', "&lt;", "</p>", "]]>", "<!--"]
)
words = st.one_of(st.text(characters, min_size=1), dangerous)
runs = st.one_of(
    st.fixed_dictionaries({"text": words}, optional={"bold": st.just(True), "italic": st.just(True)}),
    st.just({"break": True}),
)
paragraphs = st.fixed_dictionaries({"type": st.just("paragraph"), "runs": st.lists(runs, max_size=5)})
blocks = st.recursive(
    paragraphs,
    lambda inner: st.fixed_dictionaries(
        {
            "type": st.sampled_from(["bulletList", "orderedList"]),
            "items": st.lists(st.lists(inner, min_size=1, max_size=3), min_size=1, max_size=3),
        }
    ),
    max_leaves=8,
)


class Reader(HTMLParser):
    """Reads markup back, as a browser does: what it holds as text and as elements."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        assert not attrs
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def plain(part: Any) -> str:
    """Every character of blocks, in order."""
    if isinstance(part, list):
        return "".join(plain(each) for each in part)
    if "runs" in part:
        return "".join(run.get("text", "") for run in part["runs"])
    return plain(part["items"])


@given(st.lists(blocks, max_size=4))
def test_nothing_but_our_elements_comes_out_and_no_character_is_lost(content: Any) -> None:
    reader = Reader(str(markup(content)))
    assert not reader.open
    assert reader.text == plain(content)


def test_marks_lists_and_breaks_become_their_elements() -> None:
    content: Any = [
        {"type": "paragraph", "runs": [{"text": "a", "bold": True, "italic": True}, {"break": True}]},
        {"type": "orderedList", "items": [[{"type": "paragraph", "runs": []}]], "start": 3},
    ]
    assert markup(content) == '<p><strong><em>a</em></strong><br></p><ol start="3"><li><p><br></p></li></ol>'
