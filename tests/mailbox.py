"""A mail server of the tests' own, on loopback: it takes letters, refuses them, or is away."""

import asyncio
import ssl
import threading
import warnings
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import vobject
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from server.mail_server import MailServer, Protection

USER, SECRET = "samsyn", "sju:sjösjuka@sjömän"


class Mailbox:
    """What arrived, and what is answered. Also the handler that aiosmtpd asks."""

    def __init__(self) -> None:
        self.arrived: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.answers: dict[str, deque[str]] = {"MAIL": deque(), "RCPT": deque(), "DATA": deque()}
        """What the next commands of a kind are answered with, instead of taking them."""
        self._came = asyncio.Event()
        self.comes = threading.Condition()
        """Told of each letter, for a test in another thread than the mailbox."""
        self.port = 0
        self.options: dict[str, Any] = {}
        self.tls: ssl.SSLContext | None = None
        self._server: asyncio.Server | None = None
        self._sessions: list[SMTP] = []

    async def come(self) -> None:
        """Listen, on the same port as before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def go(self) -> None:
        """Be away: nobody can connect, and whoever is connected no longer is."""
        if self._server is not None:
            self._server.close()
            for session in self._sessions:
                if session.transport is not None:
                    session.transport.close()
            await self._server.wait_closed()
            self._server = None

    def _session(self) -> SMTP:
        with warnings.catch_warnings():
            # That passwords are taken without TLS, or that aiosmtpd itself did not begin it.
            warnings.simplefilter("ignore", UserWarning)
            session = SMTP(self, hostname="mail.example", loop=asyncio.get_running_loop(), **self.options)
        self._sessions.append(session)
        return session

    def server(self, protection: Protection = Protection.NONE, *, signs_in: bool = False) -> MailServer:
        """Where it is, as the settings say it."""
        user, password = (USER, SECRET) if signs_in else (None, None)
        return MailServer("localhost", self.port, protection, user, password)

    async def has(self, number: int) -> None:
        """Return when so many letters have arrived."""
        while len(self.arrived) < number:
            self._came.clear()
            await self._came.wait()

    def received(self, who: str) -> list[EmailMessage]:
        """What arrived for somebody's address, in order."""
        return [
            letter
            for letter, envelope in zip(self.arrived, self.envelopes, strict=True)
            if envelope.rcpt_tos == [who]
        ]

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's name)
        self, _server: Any, _session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answers["MAIL"]:
            return self.answers["MAIL"].popleft()
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.answers["RCPT"]:
            return self.answers["RCPT"].popleft()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.answers["DATA"]:
            return self.answers["DATA"].popleft()
        content = envelope.content
        assert isinstance(content, bytes)
        letter = message_from_bytes(content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        with self.comes:
            self.arrived.append(letter)
            self.envelopes.append(envelope)
            self.comes.notify_all()
        self._came.set()
        return "250 OK"

    def authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        fits = (given.login, given.password) == (USER.encode(), SECRET.encode())
        return AuthResult(success=fits, handled=False)


@asynccontextmanager
async def open_mailbox(tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[Mailbox]:
    """A mailbox that listens. ``tls`` protects it from the first byte; the options are aiosmtpd's."""
    mailbox = Mailbox()
    mailbox.tls, mailbox.options = tls, options
    await mailbox.come()
    try:
        yield mailbox
    finally:
        await mailbox.go()


def event_of(letter: EmailMessage) -> Any:
    """The calendar that goes with a letter, read by another library than wrote it; None without one."""
    part = calendar_part(letter)
    return None if part is None else vobject.readOne(part.get_content())


def calendar_part(letter: EmailMessage) -> EmailMessage | None:
    """The part of a letter that a calendar takes."""
    found = [part for part in letter.walk() if part.get_content_type() == "text/calendar"]
    assert len(found) <= 1
    part = found[0] if found else None
    assert part is None or isinstance(part, EmailMessage)
    return part


class Calendar:
    """Somebody's calendar, which does with what arrives what RFC 5546 says."""

    def __init__(self) -> None:
        self.events: dict[str, Any] = {}
        """UID -> event."""

    def take(self, letter: EmailMessage) -> None:
        """Take the event that goes with a letter, if it is newer than the one there."""
        calendar = event_of(letter)
        if calendar is None:
            return
        event = calendar.vevent
        known = self.events.get(event.uid.value)
        if known is not None and int(event.sequence.value) <= int(known.sequence.value):
            return
        if calendar.method.value == "CANCEL":
            self.events.pop(event.uid.value, None)
        else:
            self.events[event.uid.value] = event
