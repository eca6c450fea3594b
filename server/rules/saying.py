"""What somebody says in a form, a reason or a comment, in the one form in which it is kept."""

import unicodedata

from server.rules.errors import ReasonMissing, TextTooLong


def said(text: str, characters_max: int) -> str:
    """The text without what no database takes and without space around it. Raises TextTooLong."""
    whole = text.encode(errors="replace").decode().replace("\0", "")
    kept = whole.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(kept) > characters_max:
        raise TextTooLong(characters=characters_max)
    return kept


def reason(text: str, characters_max: int) -> str:
    """As ``said``, for what must be given: at least one character that can be seen. Raises ReasonMissing."""
    kept = said(text, characters_max)
    if all(unicodedata.category(character)[0] in "ZC" for character in kept):
        raise ReasonMissing
    return kept
