"""What the client is told of a page with live documents (``web/client/src/page_data.ts``)."""

from collections.abc import Mapping

from server.pages import words
from server.pages.rendering import View

SOCKET = "/live"


def island(
    view: View,
    me: Mapping[str, str],
    *,
    path: str,
    about: str,
    turn: str,
    documents: Mapping[str, tuple[str, bool]],
    instead: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """What a page says in ``#samsyn-page``.

    ``me``: how others are shown this person, as the documents' openings have it. ``path`` shows the page
    again; with another ``turn`` it is another page. ``about``: what the names of its documents begin with.
    ``documents``: of those that this person may read, what the page's elements call it -> its name on the
    wire, and whether the person writes in it. ``instead``: message ids of sentences that read otherwise here.
    """
    return {
        "me": dict(me),
        "path": path,
        "about": about,
        "turn": turn,
        "locale": view.locale,
        "socket": SOCKET,
        "documents": {
            key: {"name": name, "scope": "read-write" if writable else "readonly"}
            for key, (name, writable) in documents.items()
        },
        **words.for_client(view.catalogue, instead),
    }
