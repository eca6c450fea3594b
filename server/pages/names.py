"""People's names: in sentences, and in lists."""

import unicodedata
from collections.abc import Mapping
from typing import Final

# Letters after which nothing more is heard: "Jonas ruta", "Jonas’ felt".
HISSING: Final = ("s", "x", "z")


def whose(name: str, locale: str) -> str:
    """Return the genitive of a name: ``Majas``, ``Jonas`` (sv), ``Jonas’`` (nb), ``Maja’s`` (en)."""
    if locale == "en":
        return f"{name}’s"
    if not name.casefold().endswith(HISSING):
        return f"{name}s"
    return f"{name}’" if locale == "nb" else name


# What stands between or above letters is not heard; "{", "|" and "}" come after "z". The letters of the
# neighbours' alphabets stand with their like.
_HEARD: Final[Mapping[int, int | str | None]] = str.maketrans("-", " ", "’'")
_ALPHABETS: Final[Mapping[str, Mapping[int, int | str | None]]] = {
    "sv": {**_HEARD, **str.maketrans("åäæöø", "{||}}")},
    "nb": {**_HEARD, **str.maketrans("æäøöå", "{{||}")},
    "en": {**_HEARD, ord("æ"): "ae", ord("ø"): "o"},
}


def place(name: str, locale: str) -> str:
    """What to sort a name by: as the reader's alphabet has it, å ä ö last in Swedish, æ ø å in Norwegian.

    Capitals, accents, hyphens and apostrophes make no difference. In Norwegian "aa" is an "å", as in Aasen.
    """
    composed = name if name.isascii() else unicodedata.normalize("NFC", name)
    plain = composed.casefold().translate(_ALPHABETS[locale])
    if locale == "nb":
        plain = plain.replace("aa", "}")
    if plain.isascii():
        return plain
    apart = unicodedata.normalize("NFKD", plain)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
