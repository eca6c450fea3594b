"""Requests that no browser would send, to every address of the application, made by Hypothesis.

What the application's own pages offer is walked through first, so that a form arrives with everything that
it needs and one field of it hostile: whoever sends only rubbish is turned away at the door. A request goes
into the application itself, past sockets, in the shape in which the server gives it one: a path that has been
decoded, headers without line breaks, a body in pieces.

Nothing may come out but an answer below 500 that says nothing of the inside.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from random import Random
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from hypothesis import strategies as st
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from server.sessions import Sessions

NOBODY = ""
ORIGIN = "http://samsyn.example"
HEADERS_PER_PAGE = ("content-security-policy", "x-content-type-options")
INSIDE = re.compile(rb"Traceback|site-packages|sqlalchemy|\.py\b", re.IGNORECASE)
"""What an answer never says."""

TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "\u202egnirts",
    "\u2066\u2069\ufeff\u00a0",
    "\r\nSet-Cookie: samsyn=x",
    "å" * 5_000,
    "😀" * 3_000,
    "e\u0301\u0302" * 500,
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}%s%(x)s{0}",
    "' OR 1=1 --",
    "../../../etc/passwd",
    "//evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "-1",
    "0",
    "1e999",
    "nan",
    "9" * 30,
    "9" * 5_000,
    "١٢",
    "²",
    "0x10",
    "1_000",
    "0000-00-00",
    "9999-12-31",
    "0001-01-01",
    "2026-W01-1",
    "20260101",
    "25:99",
    "00:00",
    "23:59:59",
    "None",
    "true",
    "[]",
    "{" * 3_000,
    "[" * 3_000,
    "a" * 65_000,
)
METHODS = ("GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "X")
LONG = 9_000
HEADERS: dict[str, tuple[str, ...]] = {
    "accept-language": (
        "",
        "*",
        ";q=",
        "sv;q=nan",
        "sv;q=1e999",
        "x" * LONG,
        "sv," * 3_000,
        "å",
        "no-NO;q=-1",
    ),
    "accept": ("", "*/*", "application/json", ",,,;q=0", "text/html;q=\xff"),
    "range": ("bytes=0-", "bytes=-1", "bytes=9-1", "bytes=" + "0-1," * 2_000, f"bytes={'9' * 5_000}-", "å=1"),
    "if-range": ("x", '"', "Thu, 01 Jan 1970 00:00:00 GMT"),
    "if-none-match": ("*", '"', "W/", "x" * LONG),
    "if-modified-since": ("", "never", "Thu, 99 Foo 99999 99:99:99 GMT", "Thu, 01 Jan 1970 00:00:00 +9999"),
    "forwarded": ("for=_x;host=evil.example;proto=https", "for=" + "," * 5_000),
    "x-forwarded-for": ("", "1.2.3.4", "unknown", "::1", "x" * LONG),
    "x-forwarded-proto": ("https", "javascript"),
    "x-forwarded-host": ("evil.example",),
    "origin": ("null", "http://evil.example", "", "http://samsyn.example.evil.example", "\xff"),
    "sec-fetch-site": ("cross-site", "same-site", "none", "", "same-origin"),
    "host": ("evil.example", "", "samsyn.example:99999", "[::1", "[", "samsyn.example:port", "\xff", "a@b:c"),
    "cookie": (
        "samsyn=",
        "samsyn=x",
        "samsyn=\xff",
        "=",
        ";;;",
        "samsyn-language=xx",
        'samsyn="\\',
        "a=" * LONG,
    ),
    "user-agent": ("", "x" * LONG, "\xe5\xff", "Mozilla/5.0 (\x7f)"),
    "content-length": ("0", "-1", "9" * 30, "x", "\xb2"),
    "transfer-encoding": ("chunked", "x"),
    "content-encoding": ("gzip", "x"),
    "expect": ("100-continue",),
    "upgrade": ("websocket", "h2c"),
    "authorization": ("Basic x", "Bearer " + "x" * LONG),
    "referer": ("http://evil.example/", "\xff", "x" * LONG),
}
CHARSETS = ("utf-8", "utf-16", "utf-7", "unicode_escape", "idna", "punycode", "hex", "undefined", "\xff", "")
CONTENT_TYPES = (
    "",
    "text/plain",
    "application/json",
    "application/xml",
    "application/x-www-form-urlencoded; charset=utf-7",
    "multipart/form-data",
    'multipart/form-data; boundary="',
    "multipart/form-data; boundary=" + "b" * 300,
    "multipart/mixed; boundary=b",
    "application/x-www-form-urlencoded;" + ";" * 500,
    "\xff/\xfe",
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request, as an ASGI server hands it over."""

    who: str
    """Person who is signed in; NOBODY for nobody."""
    method: str
    path: str
    query: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    """Over those that an honest browser sends; each value is Latin-1."""
    content_type: str | None = None
    body: tuple[bytes, ...] = ()
    """Pieces, as they arrive."""
    is_broken_off: bool = False
    """The sender goes away before the last piece."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a page offers to send."""

    fields: tuple[tuple[str, str], ...]


@dataclass
class Known:
    """What the pages offer: the real values of each address, and the forms that lead to it."""

    values: dict[str, list[dict[str, str]]] = field(default_factory=lambda: defaultdict(list))
    """Path of a route -> what its parameters can be."""
    forms: dict[str, list[Form]] = field(default_factory=lambda: defaultdict(list))
    names: set[str] = field(default_factory=set)
    """Names of fields."""
    people: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Path of a route -> who has found the way to it."""

    def note(self, routes: Sequence[Route], who: str, path: str) -> Route | None:
        """Take down what an address is made of. Returns its route, if it is one of a page."""
        for route in routes:
            found = route.path_regex.match(path)
            if found:
                given = found.groupdict()
                if given not in self.values[route.path]:
                    self.values[route.path].append(given)
                if who not in self.people[route.path]:
                    self.people[route.path].append(who)
                return route
        return None


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wrong(AssertionError):
    """An answer that may not be. Its text says what is wrong with it."""


class Door:
    """The application, and whose sessions there are."""

    def __init__(
        self, app: ASGIApp, routes: Sequence[BaseRoute], sessions: Sessions, people: Sequence[str] = ()
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._keys: dict[str, str] = {}
        self.people = (NOBODY, *people)
        self.routes = [route for route in routes if isinstance(route, Route)]
        self.mounts = [route.path for route in routes if isinstance(route, Mount)]
        self.known = Known()
        self.asked = 0

    async def walk(self, addresses_of_one_route_max: int) -> None:
        """Look at every page that somebody can come to from her first one, and at what it offers."""
        for who in self.people:
            seen: dict[str, int] = defaultdict(int)
            waiting, met = ["/"], {"/"}
            while waiting:
                path = waiting.pop(0)
                answer = await self.ask(Call(who, "GET", urlsplit(path).path, urlsplit(path).query.encode()))
                if "text/html" not in answer.headers.get("content-type", ""):
                    continue
                page = answer.body.decode()
                for link in dict.fromkeys(_links(page)):
                    route = self.known.note(self.routes, who, urlsplit(link).path)
                    if route is None or link in met:
                        continue
                    met.add(link)
                    seen[route.path] += 1
                    if seen[route.path] <= addresses_of_one_route_max and "GET" in (route.methods or ()):
                        waiting.append(link)
                for address, form in _forms(page, path):
                    route = self.known.note(self.routes, who, urlsplit(address).path)
                    if route is not None and form not in self.known.forms[route.path]:
                        self.known.forms[route.path].append(form)
                        self.known.names |= {name for name, _ in form.fields}

    async def ask(self, call: Call) -> Answered:
        """Ask, and hold the answer to what is promised of every one.

        Raises Wrong, and whatever the application raised.
        """
        self.asked += 1
        headers = {"host": "samsyn.example", "accept": "text/html", "origin": ORIGIN}
        if call.who:
            headers["cookie"] = f"samsyn={await self._key(call.who)}"
        if call.content_type is not None:
            headers["content-type"] = call.content_type
        encoded = [
            (name.encode(), value.encode("latin-1"))
            for name, value in (*({**headers, **dict(call.headers)}).items(), *call.headers[1:])
        ]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": call.method,
            "scheme": "http",
            "path": call.path,
            "raw_path": quote(call.path, errors="surrogatepass").encode(),
            "root_path": "",
            "query_string": call.query,
            "headers": encoded,
            # Wrong passwords are counted by address: each has one of its own.
            "client": (f"10.{self.asked >> 16 & 255}.{self.asked >> 8 & 255}.{self.asked & 255}", 1),
            "server": ("samsyn.example", 80),
            "state": {},
        }
        answer = await self._exchange(scope, call)
        if answer.status == 401 or answer.headers.get("location", "").startswith("/sign-in"):
            # It has ended its own session.
            self._keys.pop(call.who, None)
        _judge(answer)
        return answer

    async def _exchange(self, scope: MutableMapping[str, Any], call: Call) -> Answered:
        pieces = [*call.body] or [b""]
        events = [
            {"type": "http.request", "body": piece, "more_body": number < len(pieces) or call.is_broken_off}
            for number, piece in enumerate(pieces, 1)
        ]
        started: list[MutableMapping[str, Any]] = []
        body = bytearray()

        async def receive() -> MutableMapping[str, Any]:
            return events.pop(0) if events else {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                started.append(message)
            else:
                body.extend(message.get("body", b""))

        await self._app(scope, receive, send)
        if len(started) != 1:
            raise Wrong(f"answered {len(started)} times")
        named = {name.decode("latin-1"): value.decode("latin-1") for name, value in started[0]["headers"]}
        return Answered(started[0]["status"], named, bytes(body))

    async def _key(self, who: str) -> str:
        if who not in self._keys:
            self._keys[who] = await self._sessions.begin(who, "")
        return self._keys[who]


def _judge(answer: Answered) -> None:
    if answer.status >= 500:
        raise Wrong(f"status {answer.status}")
    if any(each in value for value in answer.headers.values() for each in "\r\n\0"):
        raise Wrong("a header that is two")
    missing = [name for name in HEADERS_PER_PAGE if name not in answer.headers]
    if missing and answer.status != 400:
        raise Wrong(f"without {missing}")
    if "html" in answer.headers.get("content-type", "") and (said := INSIDE.search(answer.body)):
        raise Wrong(f"says {said[0]!r}")


def _links(page: str) -> Iterator[str]:
    for link in re.findall(r'(?:href|action|formaction)="(/[^"#]*)', page):
        yield unescape(link)


def _forms(page: str, here: str) -> Iterator[tuple[str, Form]]:
    for attributes, inside in re.findall(r"<form\b([^>]*)>(.*?)</form>", page, re.DOTALL):
        action = re.search(r'action="([^"]*)"', attributes)
        fields: dict[str, str] = {}
        for tag, name in re.findall(
            r'(<(?:input|select|textarea|button)\b[^>]*\bname="([^"]+)"[^>]*>)', inside
        ):
            value = re.search(r'\bvalue="([^"]*)"', tag)
            fields[unescape(name)] = unescape(value[1]) if value else ""
        for name, options in re.findall(
            r'<select\b[^>]*\bname="([^"]+)"[^>]*>(.*?)</select>', inside, re.DOTALL
        ):
            value = re.search(r'<option\b[^>]*\bvalue="([^"]+)"', options)
            fields[unescape(name)] = unescape(value[1]) if value else ""
        yield unescape(action[1]) if action else here, Form(tuple(fields.items()))


def hostile(door: Door, route: Route) -> st.SearchStrategy[Call]:
    """Requests to one route."""
    texts = st.sampled_from(TEXTS) | st.text(max_size=40)
    known = door.known
    honest = st.sampled_from(known.values[route.path] or [{}])
    names = sorted(known.names | {"person", "reason", "state_vector"})
    forms = known.forms[route.path] or [Form(())]
    insiders = known.people[route.path] or door.people

    @st.composite
    def path(draw: st.DrawFn) -> str:
        given = dict(draw(honest))
        parameters = list(route.param_convertors)
        for name in parameters:
            if name not in given:
                given[name] = draw(texts)
        if parameters and draw(st.integers(0, 5)) == 0:
            given[draw(st.sampled_from(parameters))] = draw(texts)
        # The server decodes, and puts another character for what is none.
        decoded = {name: _decodable(value) for name, value in given.items()}
        return re.sub(r"{(\w+)(:\w+)?}", lambda found: decoded[found[1]], route.path)

    @st.composite
    def fields(draw: st.DrawFn) -> list[tuple[str, str]]:
        chosen = list(draw(st.sampled_from(forms)).fields)
        for _ in range(draw(st.integers(0, 3))):
            at = draw(st.integers(0, max(0, len(chosen) - 1)))
            match draw(st.integers(0, 5)):
                case 0 if chosen:
                    del chosen[at]
                case 1 if chosen:
                    chosen += [chosen[at]] * draw(st.sampled_from((1, 120)))
                case 2:
                    chosen.append((draw(st.sampled_from(names) | texts), draw(texts)))
                case _ if chosen:
                    chosen[at] = (chosen[at][0], draw(texts))
        return chosen

    @st.composite
    def call(draw: st.DrawFn) -> Call:
        methods = st.sampled_from(sorted(route.methods or {"GET"}))
        method = draw(methods) if draw(st.integers(0, 9)) else draw(st.sampled_from(METHODS))
        sent = draw(fields())
        random = draw(st.randoms(use_true_random=False))
        headers = draw(st.lists(_header(), max_size=2)) if draw(st.integers(0, 3)) == 0 else []
        query = b""
        if method == "GET" and draw(st.booleans()):
            query = _urlencoded(sent) if draw(st.integers(0, 4)) else draw(_query())
        content_type, body = draw(_body(sent, random)) if method != "GET" else (None, b"")
        cut = draw(st.integers(0, len(body)))
        return Call(
            who=draw(st.sampled_from(door.people if draw(st.integers(0, 3)) == 0 else insiders)),
            method=method,
            path=draw(path()),
            query=query,
            headers=tuple(headers),
            content_type=content_type,
            body=(body[:cut], body[cut:]) if cut else (body,),
            is_broken_off=method != "GET" and draw(st.integers(0, 30)) == 30,
        )

    return call()


def hostile_file(mount: str) -> st.SearchStrategy[Call]:
    """Requests for files of a folder, and past it."""
    names = st.sampled_from((*TEXTS, "client.js", "../templates/base.html", "..", ".", "%2e%2e/", "a/" * 500))
    return st.builds(
        lambda name, method, headers: Call(
            NOBODY, method, f"{mount}/{_decodable(name)}", headers=tuple(headers)
        ),
        names | st.text(max_size=40),
        st.sampled_from(("GET", "HEAD", "POST")),
        st.lists(_header(), max_size=2),
    )


def _query() -> st.SearchStrategy[bytes]:
    """Anything behind the question mark: the server lets ASCII in, and nothing else."""
    return st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=200).map(str.encode)


def _header() -> st.SearchStrategy[tuple[str, str]]:
    return st.sampled_from([(name, value) for name, values in HEADERS.items() for value in values])


def _body(fields: Sequence[tuple[str, str]], random: Random) -> st.SearchStrategy[tuple[str | None, bytes]]:
    """A form in its own clothes, in somebody else's, or no form."""

    def dressed(kind: int) -> tuple[str | None, bytes]:
        match kind:
            case 0:
                return None, b""
            case 1:
                return random.choice(CONTENT_TYPES), _urlencoded(fields)
            case 2:
                return "application/json", _json(fields, random)
            case 3 | 4 | 5:
                charset = random.choice(CHARSETS) if kind > 3 else "utf-8"
                return f"multipart/form-data; boundary=b; charset={charset}", _multipart(fields, random)
            case _:
                return "application/x-www-form-urlencoded", _urlencoded(fields)

    return st.integers(0, 11).map(dressed)


def _urlencoded(fields: Iterable[tuple[str, str]]) -> bytes:
    return "&".join(
        f"{quote_plus(name, errors='surrogatepass')}={quote_plus(value, errors='surrogatepass')}"
        for name, value in fields
    ).encode()


def _json(fields: Sequence[tuple[str, str]], random: Random) -> bytes:
    values = [f'"{name}":{_json_value(value, random)}' for name, value in _quoted(fields)]
    whole = b"{" + ",".join(values).encode("utf-8", "surrogatepass") + b"}"
    return random.choice(
        (whole, whole, whole, b"[" * 50_000, b"null", b'"\\ud800"', b"1e999", b"\xff", whole[:-1])
    )


def _json_value(value: str, random: Random) -> str:
    return random.choice(
        (f'"{value}"', f'"{value}"', "null", "[1]", "{}", "1", "true", '"\\ud800"', "[" * 900 + "]" * 900)
    )


def _quoted(fields: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name.replace('"', ""), value.replace('"', "").replace("\\", "")) for name, value in fields]


def _multipart(fields: Sequence[tuple[str, str]], random: Random) -> bytes:
    parts = []
    for name, value in fields:
        disposition = f'form-data; name="{name}"'
        extra = b""
        match random.randrange(8):
            case 0:
                disposition += '; filename="../../x.csv"'
            case 1:
                disposition = "form-data; name=\"\\ud800\"; filename*=UTF-8''%ED%A0%80"
            case 2:
                extra = b"content-transfer-encoding: base64\r\ncontent-type: text/plain; charset=x\r\n"
            case 3:
                extra = b"x: y\r\n" * 40
            case _:
                pass
        said = random.choice((value, value, "\\ud800", "+2AA-", "xn--\xff"))
        parts.append(
            b"--b\r\ncontent-disposition: "
            + disposition.encode("utf-8", "surrogatepass").replace(b"\r\n", b"")
            + b"\r\n"
            + extra
            + b"\r\n"
            + said.encode("utf-8", "surrogatepass")
            + b"\r\n"
        )
    whole = b"".join(parts) + b"--b--\r\n"
    bomb = b'--b\r\ncontent-disposition: form-data; name="x"\r\n\r\ny\r\n' * 1_500
    return random.choice(
        (
            whole,
            whole,
            whole,
            whole[:-7],
            bomb,
            b"--b\r\n" * 5_000,
            b"--b--",
            b"",
            whole.replace(b"\r\n", b"\n"),
        )
    )


def _decodable(path: str) -> str:
    """What is left of it once the server has decoded the address."""
    return path.encode("utf-8", "replace").decode("utf-8").replace("/", "")


def shown(call: Call) -> str:
    """The request, short enough to be read."""
    body = b"".join(call.body)
    return (
        f"{call.method} {call.path[:120]!r}?{call.query[:200]!r} as {call.who or 'nobody'},"
        f" {dict(call.headers)}, {call.content_type!r}: {body[:400]!r}"
    )
