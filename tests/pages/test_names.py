"""Names in sentences."""

import pytest

from server.pages.names import place, whose


@pytest.mark.parametrize(
    ("name", "locale", "genitive"),
    [
        ("Maja", "sv", "Majas"),
        ("Jonas", "sv", "Jonas"),
        ("Fritz", "sv", "Fritz"),
        ("Kari", "nb", "Karis"),
        ("Jonas", "nb", "Jonas’"),
        ("Maja", "en", "Maja’s"),
        ("Jonas", "en", "Jonas’s"),
    ],
)
def test_the_genitive_is_written_as_in_its_language(name: str, locale: str, genitive: str) -> None:
    assert whose(name, locale) == genitive


@pytest.mark.parametrize(
    ("locale", "ordered"),
    [
        ("sv", ["Zoe Ek", "Åsa Ek", "Ängla Ek", "Ærlend Ek", "Öde Ek"]),
        ("nb", ["Zoe Ek", "Ærlend Ek", "Øde Ek", "Östen Ek", "Åse Ek", "Aasen Ek"]),
        ("en", ["Åsa Ek", "Björn Ek", "Øde Ek", "Östen Ek", "Zoe Ek"]),
    ],
)
def test_names_stand_as_the_readers_alphabet_has_them(locale: str, ordered: list[str]) -> None:
    assert sorted(reversed(ordered), key=lambda each: place(each, locale)) == ordered


@pytest.mark.parametrize("locale", ["sv", "nb", "en"])
def test_capitals_accents_and_hyphens_move_no_name(locale: str) -> None:
    for name, same in (("José Ek", "jose ek"), ("Anna-Karin", "anna karin"), ("O’Hara", "OHara")):
        assert place(name, locale) == place(same, locale)
    # Written with a letter and a ring apart, as some systems do, it is the same name.
    assert place("A\u030asa", locale) == place("Åsa", locale)
