"""Where e-mail is handed over and who it comes from: what SAMSYN_SMTP_URL and SAMSYN_MAIL_FROM say."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from email.headerregistry import Address


class Protection(StrEnum):
    """How the connection to the mail server is protected, as the address begins."""

    NONE = "smtp"
    STARTTLS = "smtp+starttls"
    TLS = "smtps"


PORTS = {Protection.NONE: 25, Protection.STARTTLS: 587, Protection.TLS: 465}
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server that takes letters."""

    host: str
    port: int
    protection: Protection
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def read(url: str) -> MailServer:
    """Read ``smtp+starttls://user:password@mail.example:587``. Raises ValueError with what it must be."""
    parts = urlsplit(url)
    try:
        protection = Protection(parts.scheme)
        port = parts.port or PORTS[protection]
    except ValueError:
        raise ValueError("must begin with smtps://, smtp+starttls:// or smtp://") from None
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must be an address without a path, as smtps://user:password@mail.example.org")
    if (parts.username is None) != (parts.password is None):
        raise ValueError("must have both a user and a password, or neither")
    if parts.password is not None and protection is Protection.NONE and parts.hostname not in LOOPBACK:
        raise ValueError("would send the password where others can read it: use smtps:// or smtp+starttls://")
    return MailServer(
        host=parts.hostname,
        port=port,
        protection=protection,
        user=unquote(parts.username) if parts.username is not None else None,
        password=unquote(parts.password) if parts.password is not None else None,
    )


def sender(mail_from: str) -> "Address":
    """Read ``samsyn@example.org`` or ``Samsyn <samsyn@example.org>``. Raises ValueError as ``read``."""
    # Imported on demand: a server that sends no letters has no use for what reads their headers.
    from email.errors import MessageError
    from email.headerregistry import Address
    from email.utils import parseaddr

    name, email = parseaddr(mail_from)
    try:
        address = Address(name or "Samsyn", addr_spec=email)
    except (ValueError, IndexError, MessageError):
        address = Address()
    if not address.username or not address.domain or not email.isascii() or not mail_from.isprintable():
        raise ValueError("must be an e-mail address, as Samsyn <samsyn@example.org>")
    return address
