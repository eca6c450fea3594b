"""Every sentence is there in every language, in proper plural forms, with its placeholders."""

import re
from collections.abc import Iterator, Mapping

import pytest
from babel.messages.catalog import Catalog, Message

from server.pages import words
from server.pages.catalogues import LOCALES, Catalogue, read_catalogues
from tests.pages import messages

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
TRANSLATED = [locale for locale in LOCALES if locale != "en"]


def untranslated(catalog: Catalog, wanted: Catalog) -> Iterator[str]:
    """Sentences without a translation, or with one that somebody still has to look at."""
    for message in wanted:
        found = catalog.get(message.id)
        if message.id and (found is None or found.fuzzy or not all(forms(found))):
            yield str(message.id)


def forms(message: Message) -> tuple[str, ...]:
    """The translation, one string for each plural form."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_sentence_is_translated(locale: str) -> None:
    missing = list(untranslated(messages.read_catalogue(locale), messages.extracted()))
    assert not missing, f"{locale} lacks:\n" + "\n".join(missing)


@pytest.mark.parametrize("locale", LOCALES)
def test_no_catalogue_holds_a_sentence_that_is_gone(locale: str) -> None:
    wanted = messages.extracted()
    held = messages.read_catalogue(locale)
    assert not [str(message.id) for message in held if message.id and message.id not in wanted]


@pytest.mark.parametrize("locale", TRANSLATED)
def test_a_translation_has_the_placeholders_of_its_sentence(locale: str) -> None:
    for message in messages.read_catalogue(locale):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        wanted = set(PLACEHOLDER.findall(ids[-1]))
        for form in forms(message):
            if message.id:
                assert set(PLACEHOLDER.findall(form)) <= wanted, form
                assert form.replace("%%", "").count("%") == len(PLACEHOLDER.findall(form)), form
        if message.id:
            assert set(PLACEHOLDER.findall(forms(message)[-1])) == wanted, message.id


def test_a_sentence_that_nobody_translated_is_found() -> None:
    wanted = Catalog()
    wanted.add("Nobody has said this before.")
    assert list(untranslated(messages.read_catalogue("sv"), wanted)) == ["Nobody has said this before."]


def test_the_catalogues_hold_what_templates_python_refusals_and_the_client_say() -> None:
    wanted = messages.extracted()
    for sentence in ("Show the answers", "Begin with %(name)s.", "Saving …"):
        assert sentence in wanted
    assert "There is nothing here, or it is not yours to see." in wanted


@pytest.fixture(scope="module")
def catalogues() -> Mapping[str, Catalogue]:
    return read_catalogues(messages.LOCALES_FOLDER)


def test_the_client_gets_its_sentences_with_its_own_placeholders(catalogues: dict[str, Catalogue]) -> None:
    swedish = words.for_client(catalogues["sv"])
    assert swedish["words"]["saved"] == "Allt är sparat kl. {t}."
    assert swedish["plurals"]["saved_on_device"] == {
        "one": "Sparat på den här enheten, {n} ändring väntar på nätet.",
        "other": "Sparat på den här enheten, {n} ändringar väntar på nätet.",
    }


def test_the_client_asks_for_no_sentence_that_it_is_not_given_and_is_given_none_in_vain() -> None:
    client = "\n".join(path.read_text("utf-8") for path in (messages.ROOT / "web/client/src").glob("*.ts"))
    asked = set(re.findall(r"words\.(?:say|count|around)\('(\w+)'", client))
    given = {*words.SENTENCES, *words.NUMBERS}
    assert asked
    assert not asked - given
    assert not [key for key in given if f"'{key}'" not in client]


@pytest.mark.parametrize(
    ("locale", "one", "several"),
    [
        ("sv", "Ett samtal väntar på dig.", "3 samtal väntar på dig."),
        ("nb", "Én samtale venter på deg.", "3 samtaler venter på deg."),
        ("en", "One conversation waits for you.", "3 conversations wait for you."),
    ],
)
def test_numbers_choose_the_plural_form(
    catalogues: dict[str, Catalogue], locale: str, one: str, several: str
) -> None:
    ids = "One conversation waits for you.", "%(num)s conversations wait for you."
    assert catalogues[locale].say_number(*ids, 1) == one
    assert catalogues[locale].say_number(*ids, 3) == several
