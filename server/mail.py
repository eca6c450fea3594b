"""Sending letters: from the table of those that wait to the organisation's mail server.

A letter leaves once in the ordinary case. A node that dies between the mail server's yes and the note of
it leaves a letter that goes out again, with the same Message-ID and the same calendar event.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from server import calendar
from server.calendar import one_line
from server.letter_format import Letter, Party
from server.mail_server import MailServer, Protection
from server.outbox import Outbox
from server.rules.errors import StorageUnavailable
from server.rules.limits import DRAIN_SECONDS_MAX, LETTER_POLL_SECONDS, LETTER_SECONDS_MAX
from server.storage.bells import Bell, BellsMissed, ConversationChanged

REFUSED_FOR_GOOD = 500
"""From here on a mail server's answers are final (RFC 5321, 4.2.1)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Written:
    """A letter in its receiver's language."""

    subject: str
    text: str
    html: str
    summary: str
    """What the event is called in a calendar."""
    description: str
    """What stands in the event."""
    url: str
    """Where to read on: the conversation, or the page about somebody."""
    enclosed: tuple["Enclosed", ...] = ()


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A PDF that goes with a letter."""

    name: str
    """Of the file, with its ending."""
    content: bytes


Write = Callable[[Letter], Awaitable[Written]]


class _NotTaken(Exception):
    """A letter was not taken by the mail server."""

    def __init__(self, why: str, *, for_good: bool = False, is_away: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good
        self.is_away = is_away
        """Whether it is the server rather than the letter, so that others need not be tried now."""


def message(letter: Letter, written: Written, came_from: Address) -> EmailMessage:
    """Return the letter as it goes over the wire. Raises ValueError for a receiver without an address."""
    made = EmailMessage(WIRE)
    made["From"] = came_from
    made["To"] = _address(letter.to)
    made["Subject"] = one_line(written.subject)
    made["Date"] = format_datetime(letter.made_at)
    made["Message-ID"] = f"<{letter.id}@{came_from.domain}>"
    # Nobody's "out of office" answers it (RFC 3834).
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(written.text, cte="quoted-printable")
    made.add_alternative(written.html, subtype="html", cte="quoted-printable")
    if asked := calendar.method(letter):
        organizer = Party("", came_from.display_name, came_from.addr_spec)
        event = calendar.event(letter, organizer, written.summary, written.description, written.url)
        made.add_alternative(
            event, maintype="text", subtype="calendar", params={"method": asked, "charset": "utf-8"}
        )
    for file in written.enclosed:
        made.add_attachment(file.content, maintype="application", subtype="pdf", filename=file.name)
    # Said last: it would go with the first part otherwise.
    made["Content-Language"] = letter.locale
    return made


def _address(party: Party) -> Address:
    try:
        return Address(one_line(party.name), addr_spec=party.email)
    except (ValueError, IndexError, MessageError):
        raise ValueError("this is no e-mail address") from None


class Postman:
    """Sends what waits, as long as the server runs. One a node."""

    def __init__(self, outbox: Outbox, server: MailServer, came_from: Address, write: Write) -> None:
        self._outbox = outbox
        self._server = server
        self._from = came_from
        self._write = write
        self._heard = asyncio.Event()
        self._is_stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send, in a task of its own."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Let the letter that is being sent leave, for DRAIN_SECONDS_MAX at most, and send no other."""
        if self._task is None:
            return
        self._is_stopping = True
        self._heard.set()
        await asyncio.wait((self._task,), timeout=DRAIN_SECONDS_MAX)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def hear(self, bell: Bell) -> None:
        """Look for letters now, if they may have come."""
        if isinstance(bell, ConversationChanged | BellsMissed):
            self._heard.set()

    async def deliver(self) -> None:
        """Send everything that is due, until there is nothing more or the mail server is away.

        Raises StorageUnavailable.
        """
        client = self._client()
        try:
            while not self._is_stopping and (letter := await self._outbox.claim()) is not None:
                try:
                    await self._send(client, letter)
                except _NotTaken as refused:
                    again = await self._outbox.failed(letter, str(refused), for_good=refused.for_good)
                    log.warning("letter %s was not sent%s", letter.id, "; it is tried again" if again else "")
                    if refused.is_away:
                        return
                else:
                    await self._outbox.sent(letter)
        finally:
            await _leave(client)

    async def _run(self) -> None:
        while not self._is_stopping:
            self._heard.clear()
            try:
                await self.deliver()
            except StorageUnavailable:
                log.warning("letters wait for the database")
            except Exception:
                # Nobody waits for this task, so nobody would see that letters no longer leave.
                log.exception("letters could not be sent; they are tried again")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LETTER_POLL_SECONDS):
                    await self._heard.wait()

    def _client(self) -> SMTP:
        return SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.user,
            password=self._server.password,
            use_tls=self._server.protection is Protection.TLS,
            start_tls=self._server.protection is Protection.STARTTLS,
            timeout=LETTER_SECONDS_MAX,
        )

    async def _send(self, client: SMTP, letter: Letter) -> None:
        """Hand one letter over. Raises _NotTaken."""
        try:
            made = message(letter, await self._write(letter), self._from)
        except StorageUnavailable:
            raise
        except ValueError as error:
            raise _NotTaken(str(error), for_good=True) from error
        except Exception as error:
            # A letter that cannot be written must not keep others from leaving.
            log.exception("letter %s could not be written", letter.id)
            raise _NotTaken("it could not be written") from error
        try:
            async with asyncio.timeout(LETTER_SECONDS_MAX):
                await self._connect(client)
                await client.send_message(made, sender=self._from.addr_spec, recipients=[letter.to.email])
        except SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            raise _NotTaken(_said(refused), for_good=refused.code >= REFUSED_FOR_GOOD) from error
        except SMTPDataError as error:
            raise _NotTaken(_said(error), for_good=error.code >= REFUSED_FOR_GOOD) from error
        except (SMTPNotSupported, ValueError) as error:
            # An address that this server cannot take, or that nobody can.
            raise _NotTaken(str(error), for_good=True) from error
        except SMTPResponseException as error:
            # The sender was refused, or the server has no time: it is not this letter.
            raise _NotTaken(_said(error), is_away=True) from error
        except (SMTPException, OSError) as error:
            client.close()
            raise _NotTaken(str(error) or type(error).__name__, is_away=True) from error

    async def _connect(self, client: SMTP) -> None:
        """Connect and sign in, unless that is done. Whatever fails here is the server's or the operator's."""
        if client.is_connected:
            return
        try:
            await client.connect()
        except SMTPResponseException as error:
            client.close()
            raise _NotTaken(_said(error), is_away=True) from error
        except (SMTPException, OSError, ValueError) as error:
            client.close()
            raise _NotTaken(str(error) or type(error).__name__, is_away=True) from error


def _said(answer: SMTPResponseException) -> str:
    return f"{answer.code} {answer.message}"


async def _leave(client: SMTP) -> None:
    """Say goodbye, if there is anybody to say it to."""
    if client.is_connected:
        with contextlib.suppress(SMTPException, OSError):
            await client.quit()
    client.close()
