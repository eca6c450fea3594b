"""Which characters are drawn on paper, and how the others are kept."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from server.record import fonts


def drawn(text: str) -> str:
    return "".join(piece for piece, _ in fonts.drawable(text))


def test_the_scripts_of_the_product_are_drawn_as_they_are() -> None:
    for text in (
        "Åäö éü ß ø æ Đ ž",
        "e\u0301 o\u0308",
        "Ωμέγα",
        "Привет",
        "שלום",
        "السلام عليكم",
        "∑ ≤ →",
        "✓ ☂",
    ):
        assert drawn(text) == text


def test_an_emoji_is_drawn_whole_with_what_is_joined_to_it() -> None:
    for text in ("👩\u200d💻", "👨\u200d👩\u200d👧", "👍🏽", "☺\ufe0f", "🇸🇪"):
        assert list(fonts.clusters(text)) == [text]
        assert drawn(text) == text


def test_what_no_font_has_is_written_out_with_its_name() -> None:
    assert drawn("a\U0001f0a1b") != ""
    assert drawn("ไ") == "[U+0E44 THAI CHARACTER SARA AI MAIMALAI]"
    assert drawn("你") == "[U+4F60]"
    assert drawn("\ue000") == "[U+E000]"


def test_what_would_hide_or_turn_a_text_is_written_out() -> None:
    assert drawn("a\x01\x7f") == "a[U+0001][U+007F]"
    assert drawn("\u202eabc") == "[U+202E RIGHT-TO-LEFT OVERRIDE]abc"
    piled = drawn("a" + "\u0301" * 50)
    assert piled == "a" + "[U+0301 COMBINING ACUTE ACCENT]" * 50


@given(text=st.text())
def test_no_character_is_ever_lost(text: str) -> None:
    pieces = list(fonts.drawable(text))
    told = drawn(text)
    for character in text:
        assert character in told or f"[U+{ord(character):04X}" in told
    assert "".join(piece for piece, is_kept in pieces if is_kept) == "".join(
        character for character in text if f"[U+{ord(character):04X}" not in told
    ) or any(unicodedata.category(character)[0] == "M" for character in text)


def test_clusters_take_a_text_apart_and_nothing_away() -> None:
    text = "e\u0301🇸🇪🇳🇴👍🏽a\u200db"
    assert "".join(fonts.clusters(text)) == text
    assert list(fonts.clusters(text))[:3] == ["e\u0301", "🇸🇪", "🇳🇴"]
