"""The client's sentences: everything that a script shows comes from here, in the person's language.

The client fills ``{placeholders}``; message ids have them as ``%(placeholders)s``, as everywhere else.
"""

from collections.abc import Mapping
from typing import Final

from server.pages.catalogues import Catalogue

PLACEHOLDERS: Final = {name: f"{{{name}}}" for name in ("t", "n", "name", "question")}

SENTENCES: Final = {
    # The line about saving.
    "saved": "Everything saved at %(t)s.",
    "offline": "No network right now.",
    "saving": "Saving …",
    "not_saved": "Not saved. Do not leave the page.",
    # Who is here, and where they write.
    "you": "%(name)s, you",
    "here": "%(name)s, here now",
    "present": "%(name)s is in the conversation.",
    "left": "%(name)s has left the conversation.",
    "writes": "%(name)s writes in “%(question)s”",
    "at": "%(name)s is at “%(question)s”",
    "typing": "%(name)s is writing",
    # Rows of a table.
    "row_added": "A row has been added.",
    "row_removed": "The row has been removed.",
    "row_back": "A removed row is back, because somebody wrote in it.",
    # Sharing, and what could not be received.
    "share_waits": "Wait: the last that you wrote is being saved.",
    "share_offline": "There is no network right now. Share when it is back.",
    "sign_out_offline": "There is no network right now. Sign out when it is back.",
    "failed": "That did not work. Try again.",
    "moved": "What you wrote on this device could not be received. It is kept here, under Kept text.",
    "signed_out": "You have been signed out.",
    "copied": "Copied.",
    "deleted": "Deleted.",
}
"""Key -> message id, for sentences without a number."""

AT_AN_ACTIVITY: Final = {
    "present": "%(name)s is here now.",
    "left": "%(name)s has left.",
    "share_offline": "There is no network right now. Try again when it is back.",
}
"""What reads otherwise where there is no conversation."""

NUMBERS: Final = {
    "saved_on_device": (
        "Saved on this device, %(n)s change waiting for the network.",
        "Saved on this device, %(n)s changes waiting for the network.",
    ),
    "kept": (
        "%(n)s text that could not be received is kept on this device.",
        "%(n)s texts that could not be received are kept on this device.",
    ),
    "room_left": (
        "Room for %(n)s more character.",
        "Room for %(n)s more characters.",
    ),
    "too_long": (
        "%(n)s character too many. All of it is kept, but it must be shorter before you finish.",
        "%(n)s characters too many. All of it is kept, but it must be shorter before you finish.",
    ),
    "sign_out_unsent": (
        "%(n)s change has not been sent. Sign out all the same? It stays on this device, as kept text.",
        "%(n)s changes have not been sent. Sign out all the same? They stay on this device, as kept text.",
    ),
}
"""Key -> message ids for one and for several."""


def for_client(
    catalogue: Catalogue, instead: Mapping[str, str] | None = None
) -> dict[str, dict[str, object]]:
    """Return ``words`` and ``plurals`` for the page's island. Plurals by CLDR category.

    ``instead``: key -> message id, of sentences that read otherwise on the page.
    """
    sentences = {**SENTENCES, **(instead or {})}
    return {
        "words": {key: catalogue.say(sentence, **PLACEHOLDERS) for key, sentence in sentences.items()},
        "plurals": {key: _forms(catalogue, *forms) for key, forms in NUMBERS.items()},
    }


def _forms(catalogue: Catalogue, one: str, other: str) -> dict[str, str]:
    """Swedish, Norwegian and English have the same two categories."""
    return {
        "one": catalogue.form(one, other, 1) % PLACEHOLDERS,
        "other": catalogue.form(one, other, 2) % PLACEHOLDERS,
    }
