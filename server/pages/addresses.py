"""Addresses within the site: where to come back to after signing in, and nowhere else."""

from urllib.parse import urlencode

START = "/"
ARCHIVE = "/archive"


def own_path(path: str | None) -> str:
    """Return ``path`` if it surely is a path of this site, else the start page.

    ``//elsewhere``, ``/\\\\elsewhere`` and control characters lead away in some browsers.
    """
    if path is None or not path.startswith("/") or path[1:2] in ("/", "\\"):
        return START
    if not path.isascii() or not path.isprintable():
        return START
    return path


def sign_in_address(back: str) -> str:
    """The sign-in page, which leads back to ``back``."""
    return "/sign-in" if back == START else f"/sign-in?{urlencode({'next': back})}"
