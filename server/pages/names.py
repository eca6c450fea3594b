"""People's names in sentences."""

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
