"""Settings from the environment: every ``SAMSYN_…`` name, its meaning and its default.

``read`` lists all that is wrong at once, in plain sentences. A name that is not known is wrong too, so
that a misspelt setting is never silently a default.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from server import mail_server
from server.mail_server import MailServer
from server.rules.limits import PASSWORD_CHARACTERS_MAX

PREFIX = "SAMSYN_"
NOT_OURS = "SAMSYN_TEST_"
"""Names that only the project's own tests read."""


LOOPBACK = ("127.0.0.1", "localhost")


class SettingsInvalid(Exception):
    """Some settings are wrong. ``errors`` has a sentence for each."""

    def __init__(self, errors: tuple[str, ...]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


class Settings(BaseModel):
    """What an operator can choose."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path = Path(".data")
    """The folder that holds the database file of a small installation."""
    database: str = ""
    """``sqlite:///…`` or ``postgresql://…``; without it a file in the data folder."""
    host: str = "127.0.0.1"
    """The address to listen on. Only this machine unless it is changed."""
    port: Annotated[int, Field(ge=1, le=65_535)] = 8000
    origin: str | None = None
    """The public address, ``https://samsyn.example``. On https the cookie is a ``__Host-`` one."""
    demo: bool = False
    """Load the sample organisation, and let anybody sign in as any of its people."""
    demo_password: Annotated[str, Field(min_length=4, max_length=PASSWORD_CHARACTERS_MAX)] = "nordljus"  # noqa: S105 (no secret: it is shown to everybody)
    """The one password of everybody in the sample organisation."""
    seal_key: Path | None = None
    """The organisation's own key for sealing records: a PEM file, EC on P-256. Without it one is made."""
    seal_certificate: Path | None = None
    """The certificate of that key: a PEM file."""
    smtp_url: str = ""
    """What takes letters, ``smtps://user:password@mail.example.org``. Without it none leaves."""
    mail_from: str = ""
    """Who letters come from, ``Samsyn <samsyn@example.org>``."""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"

    @field_validator("database")
    @classmethod
    def _is_a_known_database(cls, value: str) -> str:
        if value and urlsplit(value).scheme.split("+")[0] not in ("sqlite", "postgresql"):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value

    @field_validator("origin")
    @classmethod
    def _is_an_origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        is_bare = parts.hostname and not parts.path.strip("/") and not parts.query and not parts.username
        if parts.scheme not in ("http", "https") or not is_bare:
            raise ValueError("must be an address without a path, as https://samsyn.example")
        return f"{parts.scheme}://{parts.netloc}".lower()

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, value: str) -> str:
        if value:
            mail_server.read(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_a_sender(cls, value: str) -> str:
        if value:
            mail_server.sender(value)
        return value

    @model_validator(mode="after")
    def _keeps_the_demo_at_home(self) -> Self:
        # Anybody who reaches a demo is let in as anybody: it must not be reachable by mistake.
        if self.demo and self.origin is None and self.host not in LOOPBACK:
            raise ValueError(
                "SAMSYN_HOST lets other machines reach a demo, in which anybody signs in as anybody: "
                "set SAMSYN_ORIGIN too if that is meant."
            )
        return self

    @model_validator(mode="after")
    def _seals_with_both(self) -> Self:
        if (self.seal_key is None) != (self.seal_certificate is None):
            raise ValueError(
                "SAMSYN_SEAL_KEY and SAMSYN_SEAL_CERTIFICATE belong together: set both, or neither."
            )
        return self

    @model_validator(mode="after")
    def _mails_with_both(self) -> Self:
        if bool(self.smtp_url) != bool(self.mail_from):
            raise ValueError("SAMSYN_SMTP_URL and SAMSYN_MAIL_FROM belong together: set both, or neither.")
        return self

    @property
    def mail_server(self) -> MailServer | None:
        """Where letters are handed over; None when there is nowhere, and they cannot be chosen."""
        return mail_server.read(self.smtp_url) if self.smtp_url else None

    @property
    def database_url(self) -> str:
        """The database to open."""
        return self.database or f"sqlite:///{(self.data / 'samsyn.sqlite3').absolute()}"

    @property
    def secure(self) -> bool:
        """Whether people reach the server over https."""
        return self.origin is not None and self.origin.startswith("https://")

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names under which a browser may ask for this server.

        On loopback only its own: a page elsewhere could give its own name this machine's address, and
        would then pass for a page of ours.
        """
        return ("127.0.0.1", "localhost") if self.origin is None and self.host in LOOPBACK else ("*",)

    @property
    def address(self) -> str:
        """Where a browser finds the server."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.origin or f"http://{host}:{self.port}"


def read(environment: Mapping[str, str]) -> Settings:
    """Read the settings. Raises SettingsInvalid with everything that is wrong."""
    given = {
        name.removeprefix(PREFIX).lower(): value.strip()
        for name, value in environment.items()
        if name.startswith(PREFIX) and not name.startswith(NOT_OURS) and value.strip()
    }
    try:
        return Settings.model_validate(given)
    except ValidationError as invalid:
        raise SettingsInvalid(tuple(_sentence(error) for error in invalid.errors())) from None


def _sentence(error: Any) -> str:
    if not error["loc"]:
        return str(error["msg"]).removeprefix("Value error, ")
    name = PREFIX + str(error["loc"][0]).upper()
    if error["type"] == "extra_forbidden":
        known = ", ".join(PREFIX + field.upper() for field in Settings.model_fields)
        return f"{name} is not a setting. The settings are {known}."
    # The value itself is left out: it may be a password or an address with one.
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return f"{name} {message[0].lower()}{message[1:]}."
