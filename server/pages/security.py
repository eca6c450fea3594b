"""What stands before every page: where a request comes from, how big it is, what a page may load.

Pure ASGI and outermost, so that a request from another site is refused before its session is looked
at, and so that an error page carries the same headers as any other.
"""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.rules.errors import Refusal, TooLarge, WrongOrigin
from server.rules.limits import FORM_BYTES_MAX

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

STRICT_TRANSPORT: Final = "max-age=31536000"

Refused = Callable[[Scope, Refusal], ASGIApp]
"""Makes the page that tells somebody why the request was not carried out."""


def is_own_request(headers: Headers, own_origin: str) -> bool:
    """Say whether an unsafe request was made by our own pages.

    ``Sec-Fetch-Site`` cannot be set by a page and decides where the browser sends it. Otherwise
    ``Origin`` must be ours. A request with neither is refused: every browser that we support sends one
    of them with a POST.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    return headers.get("origin") == own_origin


def origin_of(scope: Scope, headers: Headers) -> str:
    """Return the origin at which this request reached us, ``https://samsyn.example``."""
    return f"{scope['scheme']}://{headers.get('host', '')}"


def set_headers(headers: MutableHeaders, secure: bool) -> None:
    """Set what every answer carries. ``secure``: people reach the server over https."""
    for name, value in HEADERS.items():
        headers[name] = value
    if secure:
        headers["Strict-Transport-Security"] = STRICT_TRANSPORT
    # What is kept for working offline is kept by our own service worker, by name.
    headers.setdefault("Cache-Control", "no-store")


class Security:
    """Refuses what comes from elsewhere or is too large, and sets the headers of every answer."""

    def __init__(
        self, app: ASGIApp, origin: str | None, refused: Refused, uploads: Mapping[str, int] | None = None
    ) -> None:
        """``origin`` is the public one, as in the settings; None means whatever the request came to.

        ``uploads``: how many bytes may come to an address that takes files; everywhere else it is a form's.
        """
        self.app = app
        self.origin = origin
        self.refused = refused
        self.uploads = uploads or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        own = self.origin or origin_of(scope, headers)
        guarded = _with_headers(send, secure=urlsplit(own).scheme == "https")
        unsafe = scope["method"] not in SAFE_METHODS
        if unsafe and not is_own_request(headers, own):
            await self.refused(scope, WrongOrigin())(scope, receive, guarded)
            return
        if not unsafe:
            await self.app(scope, receive, guarded)
            return
        most = self.uploads.get(scope["path"], FORM_BYTES_MAX)
        body = await _whole_body(headers, receive, most)
        if body is None:
            await self.refused(scope, TooLarge())(scope, receive, guarded)
            return
        await self.app(scope, _again(body, receive), guarded)


def _with_headers(send: Send, secure: bool) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            set_headers(MutableHeaders(scope=message), secure)
        await send(message)

    return guarded


async def _whole_body(headers: Headers, receive: Receive, most: int) -> bytes | None:
    """Read the body, at most so many bytes; None when there are more, or the sender went away."""
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most:
        return None
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > most:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
