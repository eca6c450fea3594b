"""A password that somebody chooses is none that anybody would try first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.rules.limits import PASSWORD_CHARACTERS_MAX
from server.rules.passwords import is_guessable

ABOUT = ("Maja Öberg", "maja.oberg@nordljus.example")


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Password123!",
        "P@ssw0rd2026!",
        "passord123456",
        "Lösenord2026",
        "Sommar2026!!",
        "vinter-2026-vinter-2026",
        "välkommen1234",
        "qwertyuiop12",
        "qwertyuiopasdfgh",
        "1qaz2wsx3edc",
        "123456789012",
        "abcdefghijkl",
        "aaaaaaaaaaaaaaaa",
        "abababababab",
        "abc123abc123abc123",
        "iloveyou2026",
        "MajaÖberg2026",
        "maja-oberg-nordljus",
        "nordljus12345",
        "Stockholm2026!",
        "            ",
        "",
    ],
)
def test_what_a_guesser_tries_first_is_found_out(password: str) -> None:
    assert is_guessable(password, ABOUT)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "pqzk-7h2m-xw3n-9vtd",
        "lila tåg över bron",
        "Sommarens tolv blåbärspajer",
        "Xk9#vQ2!pLm7",
        "снег идёт вторую неделю",
    ],
)
def test_what_nobody_would_think_of_is_taken(password: str) -> None:
    assert not is_guessable(password, ABOUT)


@given(st.text(max_size=PASSWORD_CHARACTERS_MAX), st.lists(st.text(max_size=40), max_size=3))
def test_whatever_is_typed_there_is_an_answer(password: str, about: list[str]) -> None:
    assert is_guessable(password, about) in {True, False}
