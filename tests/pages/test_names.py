"""Names in sentences."""

import pytest

from server.pages.names import whose


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
