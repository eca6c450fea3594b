"""What every part of a template is made of: words in each language, ids, and strictness."""

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, model_validator

LOCALES = ("sv", "nb", "en")


def _shown(value: str) -> str:
    if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in value):
        raise ValueError("there is a control character in it, which cannot be shown")
    return value


Sentence = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000),
    AfterValidator(_shown),
]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Party = Literal["employee", "manager"]
Step = Literal["share", "sign", "complete"]


def _some(value: tuple[object, ...]) -> tuple[object, ...]:
    if not value:
        raise ValueError("at least one must be given")
    return value


NotEmpty = AfterValidator(_some)
"""For a list. Looks at it last, so that an error within it is not also reported as an empty list."""


def _once(value: tuple[object, ...]) -> tuple[object, ...]:
    if repeated := [each for at, each in enumerate(value) if each in value[:at]]:
        raise ValueError(f"{repeated[0]} is given twice")
    return value


Once = AfterValidator(_once)
"""For a list in which nothing may stand twice."""


class Strict(BaseModel):
    """A part of a template: unknown keys are errors, and nothing in it changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Words(Strict):
    """A text in every language of the product."""

    sv: Sentence
    nb: Sentence
    en: Sentence

    def to(self, locale: str) -> str:
        """The text in ``locale``, which is one of LOCALES."""
        return {"sv": self.sv, "nb": self.nb, "en": self.en}[locale]


class WordLists(Strict):
    """A list of words in every language of the product, each as long as the others."""

    sv: Annotated[tuple[Sentence, ...], NotEmpty]
    nb: Annotated[tuple[Sentence, ...], NotEmpty]
    en: Annotated[tuple[Sentence, ...], NotEmpty]

    @model_validator(mode="after")
    def _say_the_same(self) -> "WordLists":
        if not len(self.sv) == len(self.nb) == len(self.en):
            raise ValueError("the list must be equally long in every language")
        return self

    @property
    def words(self) -> tuple[Words, ...]:
        """The list, each of its words in every language."""
        return tuple(Words(sv=sv, nb=nb, en=en) for sv, nb, en in zip(self.sv, self.nb, self.en, strict=True))


class Grounds(Strict):
    """Grounds that a law names (F128): in the languages in which it has words for them, one at least."""

    sv: tuple[Sentence, ...] = ()
    nb: tuple[Sentence, ...] = ()
    en: tuple[Sentence, ...] = ()

    @model_validator(mode="after")
    def _names_some(self) -> "Grounds":
        if not (self.sv or self.nb or self.en):
            raise ValueError("at least one must be given, in one language")
        return self

    def to(self, locale: str) -> tuple[str, ...]:
        """The grounds in ``locale``, or else in the first language that has them."""
        told = {"sv": self.sv, "nb": self.nb, "en": self.en}
        return told[locale] or next(words for words in told.values() if words)
