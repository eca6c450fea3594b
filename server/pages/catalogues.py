"""The catalogues of ``web/locales``: every sentence of the product in Swedish, Norwegian and English.

Message ids are the English sentences. The ``.po`` files are read when the server starts; nothing is
compiled and nothing is cached on disk.
"""

from collections.abc import Mapping
from functools import cache, cached_property
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

DOMAIN: Final = "samsyn"

LOCALES: Final = {"sv": "Svenska", "nb": "Norsk", "en": "English"}
"""Language -> its own name for itself, in the order in which they are offered."""

DEFAULT_LOCALE: Final = "sv"

# English as it is written in Europe: day before month, and 24 hours.
CALENDARS: Final = {"sv": Locale("sv", "SE"), "nb": Locale("nb", "NO"), "en": Locale("en", "GB")}


class Catalogue:
    """One language: its sentences and its plural forms."""

    def __init__(self, locale: str, translations: Translations) -> None:
        self.locale = locale
        self._translations = translations

    @cached_property
    def calendar(self) -> Locale:
        """The Babel locale for dates, times and numbers."""
        return CALENDARS[self.locale]

    def say(self, sentence: str, /, **fields: str | int) -> str:
        """Return the sentence in this language, its ``%(name)s`` placeholders filled in."""
        translated: str = self._translations.ugettext(sentence)
        return translated % fields if fields else translated

    def say_number(self, one: str, other: str, number: int, /, **fields: str | int) -> str:
        """Return the sentence in the plural form for ``number``, which fills ``%(num)s`` too."""
        return self.form(one, other, number) % {"num": number, **fields}

    def form(self, one: str, other: str, number: int) -> str:
        """Return the plural form for ``number``, its placeholders still empty."""
        form: str = self._translations.ungettext(one, other, number)
        return form


@cache
def read_catalogues(folder: Path) -> Mapping[str, Catalogue]:
    """Read the catalogue of every language below ``folder``. Raises OSError when one is missing.

    Once in a process: it takes half a second, and pages, letters and bundles all want them.
    """
    return {locale: Catalogue(locale, _translations(folder, locale)) for locale in LOCALES}


def catalogue_path(folder: Path, locale: str) -> Path:
    """Where the catalogue of a language lies."""
    return folder / locale / "LC_MESSAGES" / f"{DOMAIN}.po"


def _translations(folder: Path, locale: str) -> Translations:
    with catalogue_path(folder, locale).open("rb") as file:
        catalogue = read_po(file, locale=locale, domain=DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(fp=compiled, domain=DOMAIN)
