"""Every sentence of the product, gathered from templates, Python, refusals and the client's words.

``python -m tests.pages.messages`` brings the catalogues up to date: new sentences are added untranslated,
those that are gone are dropped. The tests fail until the new ones are translated.
"""

import inspect
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from server.archive_format import Wrong
from server.pages import words
from server.pages.catalogues import DOMAIN, LOCALES, catalogue_path
from server.rules import errors

ROOT = Path(__file__).parents[2]
LOCALES_FOLDER = ROOT / "web" / "locales"

METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
OPTIONS = {"**.html": {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "say": None, "say_number": (1, 2), "form": (1, 2)}

HEADER = "# The sentences of Samsyn: {}."
CHANGING = tuple(
    f'"{name}' for name in ("Project-Id", "Report-", "POT-", "PO-Rev", "Last-", "Language-Team", "Generated")
)

MessageId = str | tuple[str, ...]


def extracted() -> Catalog:
    """Gather every message id."""
    catalog = Catalog(project="Samsyn", domain=DOMAIN, charset="utf-8", fuzzy=False)
    for folder in (ROOT / "server" / "pages", ROOT / "web" / "templates"):
        for file, _, message, _, context in extract_from_dir(folder, METHODS, OPTIONS, keywords=KEYWORDS):
            catalog.add(message, locations=[(f"{folder.name}/{file}", 0)], context=context)
    for message, place in (*refusals(), *client_words(), *file_faults()):
        catalog.add(message, locations=[(place, 0)])
    return catalog


def refusals() -> Iterator[tuple[MessageId, str]]:
    """The sentence of every refusal."""
    for _, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.Refusal):
            yield kind.sentence, "rules/errors.py"


def client_words() -> Iterator[tuple[MessageId, str]]:
    """Every sentence that the client shows."""
    for message in (*words.SENTENCES.values(), *words.AT_AN_ACTIVITY.values()):
        yield message, "pages/words.py"
    for forms in words.NUMBERS.values():
        yield forms, "pages/words.py"


def file_faults() -> Iterator[tuple[MessageId, str]]:
    """Everything that can be wrong in a row of a file that HR brings in."""
    for message in Wrong:
        yield message.value, "archive_format.py"


def read_catalogue(locale: str) -> Catalog:
    """Read one language's catalogue as it is in the project."""
    with catalogue_path(LOCALES_FOLDER, locale).open("rb") as file:
        return read_po(file, locale=locale, domain=DOMAIN)


def update() -> None:
    """Write every catalogue anew, keeping what is translated."""
    wanted = extracted()
    for locale in LOCALES:
        path = catalogue_path(LOCALES_FOLDER, locale)
        catalog = (
            read_catalogue(locale) if path.exists() else Catalog(locale=locale, domain=DOMAIN, fuzzy=False)
        )
        catalog.update(wanted, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        write(locale, catalog)


def write(locale: str, catalog: Catalog) -> None:
    """Write one catalogue, without the headers that change at every writing."""
    catalog.header_comment = HEADER.format(catalog.locale.english_name if catalog.locale else locale)
    written = BytesIO()
    write_po(written, catalog, width=100, sort_output=True)
    path = catalogue_path(LOCALES_FOLDER, locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = written.getvalue().decode().splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith(CHANGING)) + "\n", "utf-8")


if __name__ == "__main__":
    update()
