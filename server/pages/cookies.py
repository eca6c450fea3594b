"""The two cookies: the session's, and the language of somebody who has not signed in.

On https their names carry the ``__Host-`` prefix: the browser then refuses them from another host, from
plain http and for a part of the site. Neither can be read by a script.
"""

from collections.abc import Mapping

from starlette.requests import HTTPConnection
from starlette.responses import Response

SECURE_NAME = "__Host-samsyn"
PLAIN_NAME = "samsyn"
LANGUAGE_NAMES = ("__Host-samsyn-language", "samsyn-language")
"""On https and on plain http."""

LANGUAGE_SECONDS = 365 * 24 * 3600


def session_name(secure: bool) -> str:
    """Name of the session's cookie on https (``secure``) or on plain http."""
    return SECURE_NAME if secure else PLAIN_NAME


def session_key(cookies: Mapping[str, str], secure: bool) -> str | None:
    """Return the session's secret key as the browser sent it, or None. ``cookies``: values by name."""
    return cookies.get(session_name(secure)) or None


def set_session(response: Response, key: str, secure: bool) -> None:
    """Give the browser its session. It lasts as long as the browser's own session at most."""
    response.set_cookie(session_name(secure), key, httponly=True, secure=secure, samesite="lax", path="/")


def clear_session(response: Response, secure: bool) -> None:
    """Take the session's cookie back."""
    response.delete_cookie(session_name(secure), httponly=True, secure=secure, samesite="lax", path="/")


def language(connection: HTTPConnection) -> str | None:
    """Return the language that was chosen in this browser, or None."""
    found = (connection.cookies.get(name) for name in LANGUAGE_NAMES)
    return next(filter(None, found), None)


def set_language(response: Response, locale: str, secure: bool) -> None:
    """Remember a language for somebody who is not signed in."""
    response.set_cookie(
        LANGUAGE_NAMES[0] if secure else LANGUAGE_NAMES[1],
        locale,
        max_age=LANGUAGE_SECONDS,
        httponly=True,
        secure=secure,
        samesite="lax",
        path="/",
    )
